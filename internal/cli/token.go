package cli

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"sessiongraph/internal/access"
)

// Token are the settings of token.
type Token struct {
	Scope access.Scopes `default:"read" placeholder:"SCOPE,..." help:"What the token may do: read, pii, adhoc, admin, metrics (${default})."`
	Name  string        `placeholder:"NAME" help:"Name of the token, for the log and the metrics."`
}

// Help returns the text that --help adds to the summary.
func (Token) Help() string {
	return "The first line is the token, which its owner sends as Authorization: Bearer TOKEN." +
		" The second one is for the file that --tokens names: it has the token's hash alone." +
		" Behind its scopes it takes workflow=ID, robot=ID and channel=NAME, for the sessions that" +
		" the token sees, and until=TIME.\n\n" +
		"read sees everything with personal data masked, pii without masks; adhoc beside either lets" +
		" assistants send queries of their own; admin may do all; metrics reads /metrics alone.\n\n" +
		"  sessiongraph token --name Ana | tee /dev/stderr | tail -1 >> tokens"
}

// Validate refuses a name that does not fit into a line.
func (c Token) Validate() error {
	if strings.ContainsFunc(c.Name, unicode.IsControl) {
		return errors.New("--name has control characters")
	}
	return nil
}

// Run prints a new token and its line.
func (c Token) Run(s Streams) error {
	token, line := access.NewToken(c.Scope, c.Name)
	_, err := fmt.Fprintf(s.Out, "%s\n%s\n", token, line)
	return err
}
