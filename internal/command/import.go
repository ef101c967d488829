package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"sessiongraph/models"
)

// Import are the settings of import.
type Import struct {
	Database
	Receiving
	Files []string `arg:"" optional:"" help:"Files of notifications, one JSON object a line; - or none is standard input."`
}

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Bytes of an exported line beside its body, which is a third longer there.
const maxExportedOverhead = 64 << 10

// Lines of one transaction, and bytes of their bodies.
const (
	importBatch      = 256
	importBatchBytes = 16 << 20
)

// Run stores the notifications of all files.
func (c Import) Run(ctx context.Context, s Streams) error {
	store, err := models.Open(ctx, string(c.DB), models.Options{})
	if err != nil {
		return err
	}
	if err := upgrade(ctx, store, s); err != nil {
		return errors.Join(err, store.Close())
	}
	i := importer{store: store, maxBody: int(c.MaxBody), streams: s, progress: newProgress(s.Err, "imported", 0)}
	files := c.Files
	if len(files) == 0 {
		files = []string{"-"}
	}
	for _, name := range files {
		if err = i.file(ctx, name); err != nil {
			break
		}
	}
	err = errors.Join(err, store.Close())
	i.progress.end()
	if err != nil && i.projected+i.quarantined+i.refused == 0 {
		return err
	}
	_, _ = fmt.Fprintf(s.Out, "%d notifications read: %d sessions or versions of them, %d quarantined, %d refused\n",
		i.projected+i.quarantined+i.refused, i.projected, i.quarantined, i.refused)
	if err == nil && i.refused > 0 {
		err = fmt.Errorf("%d lines are no JSON object or too large", i.refused)
	}
	return err
}

type importer struct {
	store    *models.Store
	maxBody  int
	streams  Streams
	progress *progress
	batch    []models.Arrival
	bytes    int // of the batch

	projected, quarantined, refused int
}

func (i *importer) file(ctx context.Context, name string) error {
	in := i.streams.In
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("import: %w", err)
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	reader := bufio.NewReaderSize(in, 1<<20)
	for number := 1; ; number++ {
		line, tooLong, err := readLine(reader, 2*i.maxBody+maxExportedOverhead)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("import %s: %w", name, err)
		}
		if tooLong {
			i.tooLarge(name, number)
		} else if line = bytes.TrimSpace(line); len(line) > 0 {
			if addErr := i.add(ctx, name, number, line); addErr != nil {
				return addErr
			}
		}
		if err != nil {
			return i.flush(ctx)
		}
	}
}

func (i *importer) tooLarge(name string, number int) {
	i.refused++
	_, _ = fmt.Fprintf(i.streams.Err, "%s:%d: more than %d bytes\n", name, number, i.maxBody)
}

func (i *importer) add(ctx context.Context, name string, number int, line []byte) error {
	d := readDelivery(line, time.Now())
	if len(d.Body) > i.maxBody {
		i.tooLarge(name, number)
		return nil
	}
	switch d.Outcome {
	case models.Projected:
		i.projected++
	case models.Quarantined:
		i.quarantined++
		_, _ = fmt.Fprintf(i.streams.Err, "%s:%d: quarantined: %s\n", name, number, d.Reason)
	default:
		i.refused++
		_, _ = fmt.Fprintf(i.streams.Err, "%s:%d: %s\n", name, number, d.Reason)
	}
	i.batch = append(i.batch, i.store.Arrive(d))
	i.bytes += len(d.Body)
	if len(i.batch) < importBatch && i.bytes < importBatchBytes {
		return nil
	}
	return i.flush(ctx)
}

func (i *importer) flush(ctx context.Context) error {
	if err := i.store.SaveInTime(ctx, i.batch); err != nil {
		return fmt.Errorf("import: %w", err)
	}
	i.progress.add(len(i.batch))
	clear(i.batch)
	i.batch, i.bytes = i.batch[:0], 0
	return nil
}

// readLine reads a line without keeping more than most bytes of it.
func readLine(r *bufio.Reader, most int) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if !tooLong {
			line = append(line, part...)
		}
		if len(line) > most+1 {
			line, tooLong = nil, true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}
