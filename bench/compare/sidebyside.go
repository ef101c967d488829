package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5"

	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/testdb"
)

const (
	readConnections  = 8
	writeConnections = 64
	// Seeds of the sessions that are read and of those whose storing is measured.
	filledSeed, storedSeed = 1, 2
)

// work is one row of the report.
type work struct {
	name     string
	measured [2]series // requests per second, by program
}

// sideBySide stores the same notifications with both programs, compares their answers, and
// measures them in alternation.
func sideBySide(ctx context.Context, s settings, folder string, out io.Writer, log *log.Logger) (err error) {
	baseline := filepath.Join(folder, "baseline")
	if err := build(ctx, baseline, "sessiongraph/bench/baseline"); err != nil {
		return err
	}
	databases := [2]string{filepath.Join(folder, "sessiongraph.db"), filepath.Join(folder, "baseline.db")}
	if s.postgres {
		cluster, err := testdb.StartCluster(nil)
		if err != nil {
			return err
		}
		defer cluster.Remove()
		for i, name := range []string{"sessiongraph", "baseline"} {
			databases[i] = cluster.Address(name)
			if err := execute(ctx, cluster.Address("postgres"), "CREATE DATABASE "+name); err != nil {
				return err
			}
		}
	}

	size, err := fill(ctx, s, baseline, databases, log)
	if err != nil {
		return err
	}
	var onDisk [2]int64
	for i, database := range databases {
		if onDisk[i], err = diskSize(ctx, s, database); err != nil {
			return err
		}
	}
	var programs [2]*server
	if s.masked {
		programs[0], err = serveWithTokens(ctx, s.program, databases[0], folder)
	} else {
		programs[0], err = serve(ctx, s.program, databases[0])
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, programs[0].stop()) }()
	programs[1], err = start(ctx, "baseline", rest{}, baseline, "--addr", "127.0.0.1:0", "--db", databases[1])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, programs[1].stop()) }()

	q, err := compareAnswers(ctx, programs)
	if err != nil {
		return err
	}
	log.Printf("%d pages and as many sessions: equal answers", len(q.lists[0]))
	if s.masked {
		programs[0].token = maskedToken
	}
	works, err := measure(ctx, s, programs, q, log)
	if err != nil {
		return err
	}
	report(out, s, works, onDisk, size, programs)
	return nil
}

// fill stores the same notifications in the same order with both programs, and returns the
// size of their JSON in bytes.
func fill(ctx context.Context, s settings, baseline string, databases [2]string, log *log.Logger) (
	size int64, err error,
) {
	names := [2]string{"sessiongraph", "baseline"}
	stores := [2]*exec.Cmd{
		exec.CommandContext(ctx, s.program, "import", "--db", databases[0]),
		exec.CommandContext(ctx, baseline, "--import", "--db", databases[1]),
	}
	for i, store := range stores {
		began := time.Now()
		piped, err := pipe(ctx, simulation(ctx, s.program, s.sessions), store)
		if err != nil {
			return 0, err
		}
		size = piped - int64(s.sessions) // line feeds
		log.Printf("%s stored %d sessions in %v", names[i], s.sessions, time.Since(began).Round(100*time.Millisecond))
	}
	return size, nil
}

// measure alternates between the programs in each round of each work.
func measure(ctx context.Context, s settings, programs [2]*server, q workload, log *log.Logger) ([]*work, error) {
	reads := []struct {
		name     string
		requests [2][]request
	}{
		{"50 sessions, whole transcripts, every content member", q.transcripts},
		{"one session with its transcript", q.sessions},
		{"50 sessions without messages", q.lists},
	}
	var works []*work
	for _, read := range reads {
		w := &work{name: read.name}
		works = append(works, w)
		for i, p := range programs { // warm up
			if _, err := turn(ctx, p, read.requests[i], s.round/3); err != nil {
				return nil, err
			}
		}
		for range s.rounds {
			for i, p := range programs {
				runtime.GC()
				rate, err := turn(ctx, p, read.requests[i], s.round)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", p.name, err)
				}
				w.measured[i] = append(w.measured[i], rate)
			}
		}
		log.Printf("%s: %.1f, %.1f", w.name, w.measured[0], w.measured[1])
	}
	w := &work{name: "storing a notification, 64 connections, committed"}
	works = append(works, w)
	generator := simulate.New(storedSeed)
	each := s.sessions / 8
	for round := range s.rounds {
		sent := notifications(generator, round*each, each)
		for i, p := range programs {
			runtime.GC()
			rate, err := load(ctx, p, sent, writeConnections, each, time.Minute)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			w.measured[i] = append(w.measured[i], rate)
		}
	}
	log.Printf("%s: %.1f, %.1f", w.name, w.measured[0], w.measured[1])
	return works, nil
}

func report(out io.Writer, s settings, works []*work, onDisk [2]int64, size int64, programs [2]*server) {
	database := "SQLite"
	if s.postgres {
		database = "PostgreSQL"
	}
	_, _ = fmt.Fprintf(out, "%s, %d sessions, %.1f kB of JSON each; medians of %d rounds, minimum and maximum "+
		"in parentheses.\n\n",
		database, s.sessions, float64(size)/float64(s.sessions)/1000, s.rounds)
	row(out, "work", "sessiongraph", "baseline", "ratio")
	row(out, "---", "--:", "--:", "--:")
	for _, w := range works {
		row(out, w.name, spread(w.measured[0], "%.0f")+"/s", spread(w.measured[1], "%.0f")+"/s",
			"**"+spread(w.measured[0].ratios(w.measured[1]), "%.2f")+"**")
	}
	var disk, memory [2]float64
	for i, p := range programs {
		disk[i], memory[i] = float64(onDisk[i])/float64(size), float64(p.peakMemory())/1e6
	}
	row(out, "bytes on disk for each byte of JSON", format("%.2f", disk[0]), format("%.2f", disk[1]),
		format("%.2f", disk[0]/disk[1]))
	row(out, "peak memory under this load", format("%.0f MB", memory[0]), format("%.0f MB", memory[1]),
		format("%.2f", memory[0]/memory[1]))
}

func diskSize(ctx context.Context, s settings, database string) (size int64, err error) {
	if !s.postgres {
		return fileSize(database)
	}
	connection, err := pgx.Connect(ctx, database)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, connection.Close(ctx)) }()
	err = connection.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&size)
	return size, err
}

func execute(ctx context.Context, database, statement string) (err error) {
	connection, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, connection.Close(ctx)) }()
	_, err = connection.Exec(ctx, statement)
	return err
}
