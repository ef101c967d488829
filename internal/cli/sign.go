package cli

import (
	"fmt"
	"io"
	"os"

	"sessiongraph/ingest"
)

// Sign are the settings of sign.
type Sign struct {
	Secret
	File string `arg:"" help:"File with the body, which is signed byte for byte; - is standard input."`
}

// Run prints the signature.
func (c Sign) Run(s Streams) error {
	sign, err := c.signer()
	if err != nil {
		return err
	}
	if sign == nil {
		return usagef("sign: no secret (--sign-secret)")
	}
	body, err := readAll(s, c.File)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	_, err = fmt.Fprintln(s.Out, sign(body))
	return err
}

// signer returns a function that signs a body with the first secret, nil without secrets.
func (c Secret) signer() (func(body []byte) string, error) {
	if len(c.SignSecret) == 0 {
		return nil, nil
	}
	scheme, err := ingest.ParseScheme(string(c.SignScheme))
	if err != nil {
		return nil, err
	}
	return func(body []byte) string { return scheme.Sign(c.SignSecret[0], body) }, nil
}

func readAll(s Streams, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(s.In)
	}
	return os.ReadFile(name)
}
