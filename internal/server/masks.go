package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"sessiongraph/models/mask"
	"sessiongraph/models/store"
)

// unmaskedNames are the names of NER slots and variables whose values everybody sees: given as they are, or in a file
// that is read again and again.
type unmaskedNames struct {
	file    string // "" for names that stay
	content []byte
	current atomic.Pointer[mask.Names]
}

// maxUnmasked bounds the file of names.
const maxUnmasked = 1 << 20 // bytes

// newUnmaskedNames reads a list of names that are separated by commas, or @FILE with one on each line.
func newUnmaskedNames(given string) (*unmaskedNames, error) {
	n := &unmaskedNames{}
	file, named := strings.CutPrefix(given, "@")
	if !named {
		n.current.Store(mask.NewNames(trimmedNames(strings.Split(given, ","))))
		return n, nil
	}
	n.file = file
	if _, err := n.load(); err != nil {
		return nil, fmt.Errorf("--unmasked: %w", err)
	}
	return n, nil
}

// names are the present names.
func (n *unmaskedNames) names() *mask.Names { return n.current.Load() }

// load reads the file, and reports whether it has other names than before.
func (n *unmaskedNames) load() (changed bool, err error) {
	content, err := readAtMost(n.file, maxUnmasked)
	switch {
	case err != nil:
		return false, err
	case len(content) > maxUnmasked:
		return false, fmt.Errorf("%s: more than %d MiB", n.file, maxUnmasked>>20)
	case !utf8.Valid(content):
		return false, errors.New(n.file + ": not UTF-8")
	case n.current.Load() != nil && bytes.Equal(content, n.content):
		return false, nil
	}
	names := mask.NewNames(trimmedNames(slices.Collect(strings.Lines(string(content)))))
	changed = !slices.Equal(names.List(), n.names().List())
	n.content = content
	if changed || n.names() == nil {
		n.current.Store(names)
	}
	return changed, nil
}

func trimmedNames(names []string) []string {
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// Intervals at which the file of names is read again, and at which sessions with other masks are looked for: another
// program may have stored them.
const (
	unmaskedInterval = 2 * time.Second
	remaskInterval   = time.Minute
)

// watchMasks takes up changed names until ctx ends, and masks again what was stored with other masks. A file that
// cannot be read leaves the names in force.
func watchMasks(
	ctx context.Context, names *unmaskedNames, database *store.Store, reload <-chan struct{}, log *slog.Logger,
) {
	ticker := time.NewTicker(unmaskedInterval)
	defer ticker.Stop()
	failed := "" // the last error, which is logged once
	next := time.Now().Add(remaskInterval)
	for {
		select {
		case <-ticker.C:
		case <-reload:
		case <-ctx.Done():
			return
		}

		if names.file != "" {
			changed, err := names.load()
			switch {
			case err == nil:
				failed = ""
			case err.Error() != failed:
				failed = err.Error()
				log.Error("changed names not taken up, the old ones stay unmasked", "error", err)
			}
			if changed {
				log.Info("names that are not masked", "file", names.file, "count", len(names.names().List()))
				next = time.Now()
			}
		}
		if time.Now().Before(next) {
			continue
		}
		next = time.Now().Add(remaskInterval)
		if err := remask(ctx, database, log); err != nil && ctx.Err() == nil {
			log.Error("sessions not masked again", "error", err)
		}
	}
}

// remask masks again what was stored with other masks.
func remask(ctx context.Context, database *store.Store, log *slog.Logger) error {
	var logged time.Time
	done, err := database.Remask(ctx, func(done, of int) {
		if time.Since(logged) >= upgradeLogInterval {
			logged = time.Now()
			log.Info("masking sessions again", "done", done, "total", of)
		}
	})
	if err == nil && done > 0 {
		log.Info("sessions masked again", "total", done)
	}
	return err
}
