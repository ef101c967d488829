package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"sessiongraph/models/store"
)

// exitNothingFound is the exit status of erase for a callee without notifications, so that
// a mistyped number does not pass for an erased one.
const exitNothingFound = 3

// nothingFoundError is the error for exitNothingFound.
type nothingFoundError struct{ error }

// Erase are the settings of erase.
type Erase struct {
	Removing
	Callee string `required:"" placeholder:"X" help:"The callee, spelt exactly as in the notifications, e.g. +6591234567."`
}

// Help returns the text that --help adds to the summary.
func (Erase) Help() string {
	return "Exit status 3: no notification has that callee; other spellings of the number are printed.\n" +
		removingHelp
}

// Validate refuses an empty callee, which a script may have by mistake.
func (c Erase) Validate() error {
	if c.Callee == "" {
		return errors.New("--callee: empty value: name the callee to erase")
	}
	return nil
}

// Run removes all notifications of a callee.
func (c Erase) Run(ctx context.Context, s Streams) error {
	return c.open(ctx, s, func(database *store.Store) error {
		spellings, err := database.Spellings(ctx, c.Callee)
		if err != nil {
			return err
		}
		counted, err := database.Erasable(ctx, c.Callee)
		if err != nil {
			return err
		}
		nothing := counted == (store.Removed{})

		switch {
		case !c.DryRun: // also with nothing to erase: it finishes an interrupted removal
			err = c.run(s, "erased", func(progress store.RemovalProgress) (store.Removed, error) {
				return database.Erase(ctx, c.Callee, progress)
			})
		case !nothing:
			err = printRemoved(s.Out, "would erase", counted)
		}
		switch {
		case err != nil:
			return err
		case nothing:
			return nothingFound(c.Callee, spellings)
		}
		return mention(ctx, s.Out, database, c.Callee, spellings)
	})
}

func nothingFound(callee string, spellings []string) error {
	message := fmt.Sprintf("nothing was received of %q", callee)
	if len(spellings) > 0 {
		message += "; other spellings of this number are callees: " + quoteAll(spellings)
	}
	return nothingFoundError{errors.New(message)}
}

// mention prints what an erasure leaves.
func mention(ctx context.Context, out io.Writer, database *store.Store, callee string, spellings []string) error {
	mentions, err := database.Mentions(ctx, callee)
	if err != nil {
		return err
	}
	if len(spellings) > 0 {
		_, err = fmt.Fprintf(out, "other spellings of this number are callees, too, and stay: %s\n",
			quoteAll(spellings))
	}
	if err == nil && mentions > 0 {
		_, err = fmt.Fprintf(out, "%d sessions of other callees have this number in their messages, and stay\n",
			mentions)
	}
	return err
}

func quoteAll(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = fmt.Sprintf("%+q", text)
	}
	return strings.Join(quoted, ", ")
}
