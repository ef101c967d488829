// Command baseline is what sessiongraph is measured against: the same notifications
// received, stored and answered by hand with net/http, database/sql and encoding/json,
// without GORM, gqlgen or a ledger. Its answers are the JSON of the operations in
// bench/compare.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "baseline:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends; with --import it stores notifications from in instead.
func run(ctx context.Context, args []string, in io.Reader, log io.Writer) error {
	flags := flag.NewFlagSet("baseline", flag.ContinueOnError)
	addr := flags.String("addr", "127.0.0.1:0", "listen address")
	address := flags.String("db", "baseline.db", "a file (SQLite) or a postgres:// URL")
	importing := flags.Bool("import", false, "store notifications from standard input, one a line, and exit")
	if err := flags.Parse(args); err != nil {
		return err
	}

	database, err := openDatabase(ctx, *address)
	if err != nil {
		return err
	}
	writer, err := newWriter(ctx, database)
	if err != nil {
		return errors.Join(err, database.close())
	}
	if *importing {
		err = importLines(ctx, writer, in)
	} else {
		err = serve(ctx, *addr, database, writer, log)
	}
	return errors.Join(err, writer.close(), database.close())
}

func serve(ctx context.Context, addr string, database *database, writer *writer, log io.Writer) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	reader, err := newReader(ctx, database)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: routes(reader, writer), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	_, _ = fmt.Fprintf(log, "serving url=http://%s\n", listener.Addr())

	select {
	case err = <-failed:
	case <-ctx.Done():
		stopping, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = server.Shutdown(stopping)
	}
	return errors.Join(err, reader.close())
}

// importLines stores in the order of the lines, in transactions of importBatch.
func importLines(ctx context.Context, writer *writer, in io.Reader) error {
	const importBatch = 256
	lines := bufio.NewReaderSize(in, 1<<20)
	var batch []*notification
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("import: %w", err)
		}
		ended := err != nil
		if line = bytes.TrimSpace(line); len(line) > 0 {
			n, err := decodeNotification(line)
			if err != nil {
				return fmt.Errorf("import: %w", err)
			}
			batch = append(batch, n)
		}
		if len(batch) == importBatch || ended {
			if err := writer.commit(ctx, batch); err != nil {
				return fmt.Errorf("import: %w", err)
			}
			batch = batch[:0]
		}
		if ended {
			return nil
		}
	}
}
