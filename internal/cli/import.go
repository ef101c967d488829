package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// Import are the settings of import.
type Import struct {
	Database
	Receiving
	Files []string `arg:"" optional:"" help:"Files of notifications: JSON objects, one a line or pretty-printed, or what export wrote. - or none is standard input."`
}

// Help returns the text that --help adds to the summary.
func (Import) Help() string {
	return "It can run beside the server; a missing database is created. " +
		"A known notification counts as one more delivery; lines that export wrote keep their own count. " +
		"An interrupted import can be run again. " +
		"Values that are too large or not JSON objects are reported and left out;" +
		" after 10 of them the import stops.\n\n" +
		"  sessiongraph export --db old.db | sessiongraph import --db new.db"
}

// maxExportedOverhead is the size of an exported line without its body, which base64 makes
// a third longer.
const maxExportedOverhead = 64 << 10

// Limits of one transaction: notifications, and bytes of their bodies.
const (
	importBatch      = 256
	importBatchBytes = 16 << 20
)

// maxBadValues is the number of invalid values at which an import stops: the file is the
// wrong one.
const maxBadValues = 10

// Run stores the notifications of all files.
func (c Import) Run(ctx context.Context, s Streams) error {
	database, err := store.Open(ctx, string(c.DB), store.Options{Direct: string(c.DBDirect)})
	if err != nil {
		return err
	}
	if err := upgrade(ctx, database, s); err != nil {
		return errors.Join(err, database.Close())
	}
	files := c.Files
	if len(files) == 0 {
		files = []string{"-"}
		if isTerminal(s.In) {
			_, _ = fmt.Fprintln(s.Err, "reading from standard input, Ctrl-D ends it")
		}
	}
	i := importer{store: database, maxBody: int(c.MaxBody), streams: s, progress: newProgress(s.Err, "imported", 0)}
	i.progress.ofBytes(totalSize(files), func() int64 { return i.earlier + i.at.byte })
	for _, name := range files {
		if err = i.file(ctx, name); err != nil {
			break
		}
	}
	err = errors.Join(err, database.Close())
	i.progress.end()
	if i.stored() > 0 || err == nil {
		_, _ = fmt.Fprintln(s.Out, i.summary())
	}
	if err == nil && i.bad > 0 {
		err = fmt.Errorf("import: %d values were left out", i.bad)
	}
	return err
}

// totalSize returns the size of all files in bytes, 0 if one of them is not a regular file.
func totalSize(names []string) int64 {
	total := int64(0)
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return 0
		}
		total += info.Size()
	}
	return total
}

type importer struct {
	store    *store.Store
	maxBody  int
	streams  Streams
	progress *progress

	earlier int64 // bytes of the previous files
	at      place // of the reader
	pending place // of the first notification that is not yet stored
	batch   []store.PreparedDelivery
	bytes   int // of the batch

	sessions, versions, repeats, quarantined int
	bad                                      int // values left out
}

func (i *importer) count(stored store.Stored) {
	switch {
	case stored.Repeat:
		i.repeats++
	case stored.Outcome != models.Projected:
		i.quarantined++
	case stored.Version:
		i.versions++
	default:
		i.sessions++
	}
}

func (i *importer) stored() int { return i.sessions + i.versions + i.repeats + i.quarantined }

func (i *importer) summary() string {
	return fmt.Sprintf("%d notifications stored: %d new sessions, %d versions of known sessions, %d repeats,"+
		" %d quarantined; %d values left out",
		i.stored(), i.sessions, i.versions, i.repeats, i.quarantined, i.bad)
}

func (i *importer) file(ctx context.Context, name string) error {
	in, shown := io.Reader(interruptible{ctx, i.streams.In}), "standard input"
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		defer func() { _ = file.Close() }()
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return fmt.Errorf("import %s: it is a folder: name its files", name)
		}
		in, shown = file, name
	}
	objects := newObjectReader(in, 2*i.maxBody+maxExportedOverhead)
	i.pending = place{line: 1}
	err := i.objects(ctx, objects, shown)
	i.earlier += objects.byte
	i.at = place{}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("import: interrupted at %s:%d, everything before is stored: run it again",
			shown, i.pending.line)
	case err != nil:
		return fmt.Errorf("import %s: %w", shown, err)
	}
	return nil
}

// objects stores all objects of a file.
func (i *importer) objects(ctx context.Context, objects *objectReader, shown string) error {
	for {
		object, at, err := objects.read()
		var bad *badValue
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, io.EOF):
			return i.flush(ctx)
		case err != nil && !errors.As(err, &bad):
			return errors.Join(fmt.Errorf("read line %d: %w", at.line, err), i.flush(ctx))
		}
		i.at = objects.place()
		if bad == nil {
			if bad, err = i.add(ctx, shown, at, object); bad == nil && err != nil {
				return err
			}
		}
		if bad == nil {
			continue
		}
		_, _ = fmt.Fprintf(i.streams.Err, "%s:%v\n", shown, bad)
		if i.bad++; i.bad == maxBadValues {
			return errors.Join(i.flush(ctx), fmt.Errorf("stopped after %d values that cannot be imported", i.bad))
		}
	}
}

// add adds an object to the batch, or returns why it cannot be imported.
func (i *importer) add(ctx context.Context, shown string, at place, object []byte) (*badValue, error) {
	d := readDelivery(object, time.Now())
	switch {
	case len(d.Body) > i.maxBody:
		return &badValue{at, fmt.Sprintf("more than %d bytes", i.maxBody)}, nil
	case d.Outcome == models.Refused:
		return &badValue{at, d.Reason}, nil
	case d.Outcome == models.Quarantined:
		_, _ = fmt.Fprintf(i.streams.Err, "%s:%d: quarantined: %s\n", shown, at.line, visible(d.Reason))
	}
	if len(i.batch) == 0 {
		i.pending = at
	}
	i.batch = append(i.batch, i.store.Prepare(d))
	i.bytes += len(d.Body)
	if len(i.batch) < importBatch && i.bytes < importBatchBytes {
		return nil, nil
	}
	return nil, i.flush(ctx)
}

func (i *importer) flush(ctx context.Context) error {
	if err := i.store.SaveWithRetry(ctx, i.batch); err != nil {
		return err
	}
	for _, d := range i.batch {
		i.count(d.Stored)
	}
	i.progress.add(len(i.batch))
	clear(i.batch)
	i.batch, i.bytes = i.batch[:0], 0
	i.pending = i.at
	return nil
}

// interruptible is a reader that returns when a context ends: reading a terminal or a pipe
// may block for ever.
type interruptible struct {
	ctx context.Context
	in  io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	type result struct {
		n   int
		err error
	}
	read := make(chan result, 1)
	buffer := make([]byte, len(p)) // the caller may use p again once Read has returned
	go func() {
		n, err := r.in.Read(buffer)
		read <- result{n, err}
	}()
	select {
	case got := <-read:
		return copy(p, buffer[:got.n]), got.err
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	}
}

// readDelivery reads a line of import: a notification, or a row of a ledger as
// export writes it.
func readDelivery(line []byte, now time.Time) models.Delivery {
	var row exported
	begins := bytes.TrimLeft(bytes.TrimPrefix(line, []byte("{")), " \t\r\n")
	if bytes.HasPrefix(begins, []byte(`"sessiongraph"`)) &&
		json.Unmarshal(line, &row) == nil && row.Format == exportFormat {
		d := ingest.NewDelivery(row.Body, row.Sign, row.FirstReceivedAt)
		d.Imported = &models.ImportedCounters{LastReceivedAt: models.TimeOf(row.LastReceivedAt),
			Deliveries: row.Deliveries}
		return d
	}
	return ingest.NewDelivery(line, "", now)
}
