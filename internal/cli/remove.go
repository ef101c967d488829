package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sessiongraph/models"
)

// exitNothingFound is the exit status of erase where nothing was received of the
// customer: a mistyped number must not pass for an erased one.
const exitNothingFound = 3

// NothingFoundError says that there was nothing to erase.
type NothingFoundError struct{ error }

// Removing is what erase and prune share.
type Removing struct {
	Database
	DryRun bool `help:"Print what would be removed, and remove nothing."`
}

// open opens the database; a dry run leaves it as it is.
func (r Removing) open(ctx context.Context, s Streams, work func(*models.Store) error) error {
	if r.DryRun {
		return r.withStore(ctx, work)
	}
	return r.withCurrent(ctx, s, work)
}

// Erase are the settings of erase.
type Erase struct {
	Removing
	Callee string `required:"" placeholder:"X" help:"The customer, exactly as AIRudder's callee names it."`
}

// Help is what --help adds.
func (Erase) Help() string {
	return "Exit status 3: nothing was received of that callee; other spellings of the number are named.\n" + removingHelp
}

const removingHelp = "It can run beside the server, which goes on storing. Rows are deleted in short transactions, then the files are cleaned" +
	" of what deleted rows leave: on SQLite about a minute per GB. Interrupted, run it again. On SQLite the file keeps its size; freed space is used again."

// Run removes all that was received of one callee.
func (c Erase) Run(ctx context.Context, s Streams) error {
	return c.open(ctx, s, func(store *models.Store) error {
		spellings, err := store.Spellings(ctx, c.Callee)
		if err != nil {
			return err
		}
		counted, err := store.Erasable(ctx, c.Callee)
		if err != nil {
			return err
		}
		nothing := counted == (models.Removed{})

		switch {
		case !c.DryRun: // also where there is nothing: it finishes what was interrupted
			err = c.run(s, "erased", func(progress models.RemovalProgress) (models.Removed, error) {
				return store.Erase(ctx, c.Callee, progress)
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
		return mention(ctx, s.Out, store, c.Callee, spellings)
	})
}

func nothingFound(callee string, spellings []string) error {
	message := fmt.Sprintf("nothing was received of %q", callee)
	if len(spellings) > 0 {
		message += "; other spellings of this number are callees: " + quoteAll(spellings)
	}
	return NothingFoundError{errors.New(message)}
}

// mention says what an erasure leaves.
func mention(ctx context.Context, out io.Writer, store *models.Store, callee string, spellings []string) error {
	mentions, err := store.Mentions(ctx, callee)
	if err != nil {
		return err
	}
	if len(spellings) > 0 {
		_, err = fmt.Fprintf(out, "other spellings of this number are callees, too, and stay: %s\n", quoteAll(spellings))
	}
	if err == nil && mentions > 0 {
		_, err = fmt.Fprintf(out, "%d sessions of other callees have this number in their messages, and stay\n", mentions)
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

// Prune are the settings of prune.
type Prune struct {
	Removing
	Before Moment `required:"" placeholder:"TIME" help:"Remove sessions that ended before this time, in RFC 3339 (2025-01-01T00:00:00Z) or as a date in UTC (2025-01-01), or more than this long ago (90d, 12w, 36h)."`
}

// Help is what --help adds.
func (Prune) Help() string { return removingHelp }

// Validate refuses a time to come, before which everything ended.
func (c Prune) Validate() error {
	if at := c.Before.Time(time.Now()); at.After(time.Now()) {
		return fmt.Errorf("--before: %s is in the future", at.Format(time.RFC3339))
	}
	return nil
}

// Run removes old sessions.
func (c Prune) Run(ctx context.Context, s Streams) error {
	before := models.TimeOf(c.Before.Time(time.Now()))
	return c.open(ctx, s, func(store *models.Store) error {
		if c.DryRun {
			counted, err := store.Prunable(ctx, before)
			if err != nil {
				return err
			}
			return printRemoved(s.Out, "would prune", counted)
		}
		return c.run(s, "pruned", func(progress models.RemovalProgress) (models.Removed, error) {
			return store.Prune(ctx, before, progress)
		})
	})
}

// run removes with progress, and prints what was removed also where it then fails.
func (Removing) run(s Streams, what string, work func(models.RemovalProgress) (models.Removed, error)) error {
	shown, cleaned := newProgress(s.Err, what, 0), newProgress(s.Err, "cleaning the files:", 0)
	removed, err := work(models.RemovalProgress{Removed: shown.set, Cleaned: cleaned.set})
	shown.end()
	cleaned.end()
	return errors.Join(err, printRemoved(s.Out, what, removed))
}

func printRemoved(out io.Writer, what string, removed models.Removed) error {
	_, err := fmt.Fprintf(out, "%s %d sessions with %d messages, %d notifications\n", what, removed.Sessions, removed.Messages, removed.Notifications)
	return err
}
