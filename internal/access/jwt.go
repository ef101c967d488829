package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"

	"sessiongraph/models"
)

// JWTSettings say which JSON Web Tokens are accepted.
type JWTSettings struct {
	KeySet   string // URL or file of the JSON Web Key Set that signs them; empty for no JWTs
	Issuer   string
	Audience string
	Claim    string // name of the claim with the rights
}

// Check returns the error of a key set that cannot be read.
func (s JWTSettings) Check(ctx context.Context) error {
	if s.KeySet == "" {
		return nil
	}
	client := newClient()
	defer client.CloseIdleConnections()
	content, err := contentOf(client, s.KeySet)(ctx)
	if err != nil {
		return err
	}
	if _, err := parseKeySet(content); err != nil {
		return fmt.Errorf("%s: %w", s.KeySet, err)
	}
	return nil
}

// algorithms are those of signatures that a JWT may have: none that a public key or no key at all could make.
func algorithms() []string { return []string{"RS256", "PS256", "ES256", "EdDSA"} }

func newJWTParser(settings JWTSettings) *jwt.Parser {
	return jwt.NewParser(jwt.WithValidMethods(algorithms()), jwt.WithExpirationRequired(),
		jwt.WithIssuer(settings.Issuer), jwt.WithAudience(settings.Audience))
}

// parseKeySet reads a JSON Web Key Set. Keys of an unknown type are left out.
func parseKeySet(text []byte) (keyfunc.Keyfunc, error) {
	var set struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("not a JSON Web Key Set: not a JSON object")
	}
	if set.Keys == nil {
		return nil, errors.New(`not a JSON Web Key Set: "keys" is missing`)
	}
	var keys []jwkset.JWK
	for _, text := range *set.Keys {
		var key jwkset.JWKMarshal
		if json.Unmarshal(text, &key) != nil || key.USE == jwkset.UseEnc {
			continue
		}
		// Only what verifies is read: the public part.
		read, err := jwkset.NewJWKFromMarshal(key, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
		if err == nil {
			keys = append(keys, read)
		}
	}
	storage := jwkset.NewMemoryStorage()
	for _, key := range keys {
		if err := storage.KeyWrite(context.Background(), key); err != nil {
			return nil, fmt.Errorf("keep a key: %w", err)
		}
	}
	return keyfunc.New(keyfunc.Options{Storage: storage})
}

// claims are those of a JWT, and their text.
type claims struct {
	jwt.MapClaims
	text models.JSON
}

// UnmarshalJSON reads claims and keeps their text.
func (c *claims) UnmarshalJSON(text []byte) error {
	c.text = slices.Clone(text)
	return json.Unmarshal(text, &c.MapClaims)
}

// parseJWT returns the viewer of a JWT, and the time at which it ends.
func parseJWT(parser *jwt.Parser, keys keyfunc.Keyfunc, claim, token string) (*models.Viewer, time.Time, error) {
	var c claims
	parsed, err := parser.ParseWithClaims(token, &c, keys.Keyfunc)
	if err != nil {
		return nil, time.Time{}, err
	}
	if _, critical := parsed.Header["crit"]; critical { // it has to be refused by who does not know what it names
		return nil, time.Time{}, jwt.ErrTokenUnverifiable
	}
	until, err := c.GetExpirationTime()
	if err != nil {
		return nil, time.Time{}, err
	}
	name, err := c.GetSubject()
	if err != nil {
		return nil, time.Time{}, err
	}
	viewer := &models.Viewer{Name: name}
	if scopes, rows, ok := rightsOf(c.text, claim); ok {
		viewer.Scopes, viewer.RowRules = scopes, rows
	}
	return viewer, until.Time, nil
}

// rightsOf reads the rights in a claim of a JWT. It is not ok, and there are none, where anything is odd about it.
func rightsOf(claimsText models.JSON, name string) (scopes []models.Scope, rows models.RowRules, ok bool) {
	var rights models.JSON
	for key, value := range claimsText.Fields() {
		if key == name && rights != nil {
			return nil, models.RowRules{}, false
		}
		if key == name {
			rights = value
		}
	}

	seen := map[string]bool{}
	for key, value := range rights.Fields() {
		list, isList := texts(value)
		if !isList || seen[key] {
			return nil, models.RowRules{}, false
		}
		seen[key] = true
		switch key {
		case "scopes":
			var err error
			if scopes, err = parseScopes(list); err != nil {
				return nil, models.RowRules{}, false
			}
		case "workflow":
			rows.WorkflowIDs = list
		case "robot":
			rows.RobotIDs = list
		case "channel":
			rows.Channels = list
		default:
			return nil, models.RowRules{}, false
		}
	}
	return models.ImpliedScopes(scopes), rows, len(scopes) > 0
}

// texts reads a list of texts, which is not empty.
func texts(list models.JSON) ([]string, bool) {
	if list.Kind() != models.IsArray {
		return nil, false
	}
	var all []string
	for element := range list.Items() {
		if element.Kind() != models.IsString {
			return nil, false
		}
		all = append(all, element.Text())
	}
	return all, len(all) > 0
}
