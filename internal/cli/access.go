package cli

import (
	"errors"

	"sessiongraph/internal/access"
)

// Access is who may send queries.
type Access struct {
	Tokens      Given `env:"SESSIONGRAPH_TOKENS" group:"Access:" placeholder:"FILE" help:"File of API tokens, one a line: TOKEN SCOPE[,SCOPE...] [workflow=ID,...] [robot=ID,...] [channel=NAME,...] [until=TIME] [# name]. Changes are taken up."`
	JWKS        Given `name:"jwks" env:"SESSIONGRAPH_JWKS" group:"Access:" placeholder:"URL" help:"URL or file of a JSON Web Key Set: JWTs that its keys have signed are tokens, too."`
	JWTIssuer   Given `name:"jwt-issuer" env:"SESSIONGRAPH_JWT_ISSUER" group:"Access:" placeholder:"ISSUER" help:"iss of the JWTs; required with --jwks."`
	JWTAudience Given `name:"jwt-audience" env:"SESSIONGRAPH_JWT_AUDIENCE" group:"Access:" placeholder:"AUDIENCE" help:"aud of the JWTs; required with --jwks."`
	JWTClaim    Given `name:"jwt-claim" env:"SESSIONGRAPH_JWT_CLAIM" group:"Access:" default:"sessiongraph" placeholder:"NAME" help:"Claim of the JWTs that has the rights (${default})."`
	Pseudonyms
	Unmasked Given `env:"SESSIONGRAPH_UNMASKED" group:"Access:" placeholder:"NAME" help:"Names of NER slots and variables whose values tokens without pii see, too, comma separated, or @FILE with one on each line. Changes of the file are taken up."`
}

// Pseudonyms are how personal data is masked.
type Pseudonyms struct {
	MaskKey Given `name:"mask-key" env:"SESSIONGRAPH_MASK_KEY" secret:"" group:"Access:" placeholder:"KEY" help:"Secret that pseudonyms are made with, in place of the database's own. With another one all pseudonyms change at the next start."`
}

// Validate refuses settings of JWTs that lack another.
func (a Access) Validate() error {
	switch {
	case a.JWKS == "" && (a.JWTIssuer != "" || a.JWTAudience != ""):
		return errors.New("--jwt-issuer and --jwt-audience need --jwks")
	case a.JWKS != "" && (a.JWTIssuer == "" || a.JWTAudience == ""):
		return errors.New("--jwks needs --jwt-issuer and --jwt-audience")
	}
	return nil
}

func (a Access) settings() access.Settings {
	return access.Settings{Tokens: string(a.Tokens), JWT: access.JWTSettings{
		KeySet: string(a.JWKS), Issuer: string(a.JWTIssuer),
		Audience: string(a.JWTAudience), Claim: string(a.JWTClaim),
	}}
}
