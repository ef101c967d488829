package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"time"

	"sessiongraph/internal/simulate"
)

// maxStored bounds one measurement of storing.
const maxStored = time.Minute

// withServer runs work beside sessiongraph on some of the processors, "" for all of them.
func (m sizing) withServer(ctx context.Context, processors, database string, work func(*server) error) (err error) {
	command := []string{m.program, "serve", "--addr", "127.0.0.1:0", "--db", database}
	if processors != "" {
		command = append([]string{"taskset", "--cpu-list", processors}, command...)
	}
	p, err := start(ctx, "sessiongraph", graphQL{}, command[0], command[1:]...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	return work(p)
}

// notifications are the requests that store simulated sessions from the n-th on.
func notifications(generator *simulate.Generator, n, count int) []request {
	sent := make([]request, count)
	for i := range sent {
		sent[i] = request{http.MethodPost, "/ingest", generator.Notification(n + i)}
	}
	return sent
}

// storing reports the rate and the processor time of notifications over HTTP.
func (m sizing) storing(ctx context.Context, d dataset) error {
	m.heading(fmt.Sprintf("Storing over HTTP beside %d sessions", d.sessions),
		"program on, connections", "sessions a second", "processor time of a session", "written to disk or WAL")
	generator, next := simulate.New(storedSeed), 0
	for _, pinned := range []struct{ name, processors string }{{"one core", "0"}, {"all cores", ""}} {
		err := m.withServer(ctx, pinned.processors, d.file, func(p *server) error {
			for _, connections := range []int{1, 8, writeConnections} {
				sent := notifications(generator, next, m.counts[0]/20*min(connections, 4))
				next += len(sent)
				name := fmt.Sprintf("%s, %d", pinned.name, connections)
				if err := m.stored(ctx, p, d.file, name, sent, connections); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// stored reports what it takes to store notifications.
func (m sizing) stored(ctx context.Context, p *server, database, name string, sent []request, connections int) error {
	written := func() (int64, error) {
		if m.cluster == nil {
			return procNumber(p.pid(), "io", "write_bytes"), nil
		}
		return position(ctx, database)
	}
	bytesBefore, err := written()
	if err != nil {
		return err
	}
	before, err := m.usedBy(p.pid())
	if err != nil {
		return err
	}
	rate, err := load(ctx, p, sent, connections, len(sent), maxStored)
	if err != nil {
		return err
	}
	after, err := m.usedBy(p.pid())
	if err != nil {
		return err
	}
	bytesAfter, err := written()
	row(m.out, name, format("%.0f", rate), m.each(after.minus(before), len(sent)),
		format("%.0f kB", float64(bytesAfter-bytesBefore)/1000/float64(len(sent))))
	return err
}

// reading reports the processor time of each question of --flat, and what it takes one after the other.
func (m sizing) reading(ctx context.Context, d dataset) error {
	m.heading(fmt.Sprintf("Reading from %d sessions", d.sessions), "question", "processor time", "time", "answer")
	return m.withServer(ctx, "", d.file, func(p *server) error {
		c := newClient(p, 1)
		defer c.close()
		k, err := takeSamples(ctx, c, d.sessions)
		if err != nil {
			return err
		}
		for _, q := range questions() {
			if err := m.read(ctx, p, c, q.name, q.ask(k)); err != nil {
				return err
			}
		}
		return nil
	})
}

// read reports what a question takes that is asked again and again.
func (m sizing) read(ctx context.Context, p *server, c *client, name string, asked request) error {
	var answer bytes.Buffer
	if err := c.send(ctx, asked, &answer); err != nil { // warms the caches
		return err
	}
	before, err := m.usedBy(p.pid())
	if err != nil {
		return err
	}
	began, n := time.Now(), 0
	for ; n == 0 || time.Since(began) < m.round; n++ {
		answer.Reset()
		if err := c.send(ctx, asked, &answer); err != nil {
			return err
		}
	}
	took := time.Since(began)
	after, err := m.usedBy(p.pid())
	row(m.out, name, m.each(after.minus(before), n), format("%.1f ms", milliseconds(took)/float64(n)),
		format("%.1f kB", float64(answer.Len())/1000))
	return err
}

// walAfterCheckpoint reports what sessions write to PostgreSQL's log after a checkpoint, when the first change of
// each page writes all of it.
func (m sizing) walAfterCheckpoint(ctx context.Context, d dataset) error {
	m.heading("Storing after a checkpoint, over 2 connections", "wal_compression, sessions",
		"sessions a second", "processor time of a session", "written to the log")
	generator, next := simulate.New(storedSeed+1), 0
	for _, compression := range []string{"off", "on"} {
		if err := execute(ctx, d.file, "ALTER ROLE postgres SET wal_compression = "+compression); err != nil {
			return err
		}
		err := m.withServer(ctx, "", d.file, func(p *server) error {
			for _, part := range []int{1000, 100, 10} {
				sent := notifications(generator, next, m.counts[0]/part)
				next += len(sent)
				if err := m.vacuum(ctx, d.file); err != nil {
					return err
				}
				if err := execute(ctx, d.file, "CHECKPOINT"); err != nil {
					return err
				}
				name := fmt.Sprintf("%s, %d", compression, len(sent))
				if err := m.stored(ctx, p, d.file, name, sent, 2); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// halfTime is in the middle of the 90 days of simulated sessions.
const halfTime = "2025-05-16"

// removing reports what it takes to remove the older half of the sessions, and how the database grows when as many
// others are stored in their place.
func (m sizing) removing(ctx context.Context, d dataset) error {
	_, full, err := m.sizes(ctx, d.file)
	if err != nil {
		return err
	}
	before, err := m.usedBy(0)
	if err != nil {
		return err
	}
	began := time.Now()
	command := exec.CommandContext(ctx, m.program, "prune", "--db", d.file, "--before", halfTime)
	output, err := command.CombinedOutput()
	if err != nil {
		return fmt.Errorf("prune: %w: %s", err, output)
	}
	took := time.Since(began).Seconds()
	spent, err := m.usedByCommand(command, before)
	if err != nil {
		return err
	}
	if err := m.vacuum(ctx, d.file); err != nil {
		return err
	}
	half := d.sessions / 2
	if _, err := m.fill(ctx, d.file, kinds()[0].notifications(storedSeed+4, half)); err != nil {
		return err
	}
	_, again, err := m.sizes(ctx, d.file)
	m.heading("Removing the older half", "sessions", "removed a second", "processor time of a removed session",
		"size with as many new ones")
	row(m.out, fmt.Sprint(d.sessions), format("%.0f", float64(half)/took), m.each(spent, half),
		format("%.2f of before", float64(again)/float64(full)))
	return err
}
