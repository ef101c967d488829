// Package bench measures what people ask, on as many sessions as a busy year has.
package bench

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/models"
)

// sessions is how many the measured database has.
func sessions(b *testing.B) int {
	b.Helper()
	text := os.Getenv("BENCH_SESSIONS")
	if text == "" {
		return 100_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 {
		b.Fatalf("BENCH_SESSIONS=%s: expected a number from 1000 on", text)
	}
	return n
}

// filled is a database file with so many sessions. It is made once for each number
// and kept for the next run, until the tables change.
func filled(b *testing.B, count int) string {
	b.Helper()
	folder := filepath.Join(os.TempDir(), "sessiongraph-bench")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(folder, fmt.Sprintf("%d-%s.db", count, tables(b)))
	if _, err := os.Stat(file); err == nil {
		return file
	} else if !errors.Is(err, fs.ErrNotExist) {
		b.Fatal(err)
	}
	unfinished := file + ".unfinished"
	for _, old := range []string{unfinished, unfinished + "-wal", unfinished + "-shm"} {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			b.Fatal(err)
		}
	}
	began := time.Now()
	fill(b, unfinished, count)
	_, _ = fmt.Fprintf(os.Stderr, "%s: %d sessions, stored in %v\n", file, count, time.Since(began).Round(time.Second))
	if err := os.Rename(unfinished, file); err != nil {
		b.Fatal(err)
	}
	return file
}

// tables is a short name of what a new database looks like.
func tables(b *testing.B) string {
	b.Helper()
	file := filepath.Join(b.TempDir(), "empty.db")
	open(b, file, models.Options{})
	db, err := sql.Open("sqlite", file)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	var all string
	if err := db.QueryRow("SELECT group_concat(sql, ';') FROM (SELECT sql FROM sqlite_schema ORDER BY name)").Scan(&all); err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("%.6x", sha256.Sum256([]byte(all)))
}

func open(b *testing.B, file string, options models.Options) *models.Store {
	b.Helper()
	store, err := models.Open(context.Background(), file, options)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = store.Close() })
	return store
}

// fill stores notifications as import does, several batches being decoded at once.
func fill(b *testing.B, file string, count int) {
	b.Helper()
	const size = 500
	store, err := models.Open(context.Background(), file, models.Options{})
	if err != nil {
		b.Fatal(err)
	}
	generator := simulate.New(1)
	batches := make(chan []models.Arrival)
	starts := make(chan int)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for start := range starts {
				var batch []models.Arrival
				for n := start; n < min(start+size, count); n++ {
					batch = append(batch, store.Arrive(ingest.NewDelivery(generator.Notification(n), "", time.Now())))
				}
				batches <- batch
			}
		})
	}
	go func() {
		for start := 0; start < count; start += size {
			starts <- start
		}
		close(starts)
		workers.Wait()
		close(batches)
	}()
	for batch := range batches {
		if err := store.Save(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}

// planner explains statements.
type planner struct {
	db         *sql.DB
	mu         sync.Mutex
	statements []string
}

func (p *planner) hear(statement string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.statements = append(p.statements, statement)
}

// plans is how what was heard is run, one plan a statement.
func (p *planner) plans(b *testing.B) []string {
	b.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	var plans []string
	for _, statement := range p.statements {
		plans = append(plans, p.explain(b, statement))
	}
	p.statements = nil
	return plans
}

func (p *planner) explain(b *testing.B, statement string) string {
	b.Helper()
	values := make([]any, strings.Count(statement, "?"))
	for i := range values {
		values[i] = 1
	}
	rows, err := p.db.Query("EXPLAIN QUERY PLAN "+statement, values...)
	if err != nil {
		b.Fatalf("%v: %s", err, statement)
	}
	defer func() { _ = rows.Close() }()
	var steps []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			b.Fatal(err)
		}
		steps = append(steps, detail)
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	return shorten(steps)
}

// shorten says once what a statement does for each of many parents.
func shorten(steps []string) string {
	arms, first := 1, steps
	for i, step := range steps {
		if step == "UNION ALL" {
			if arms == 1 {
				first = steps[2:i] // behind COMPOUND QUERY and LEFT-MOST SUBQUERY
			}
			arms++
		}
	}
	if arms == 1 {
		return strings.Join(steps, "; ")
	}
	return fmt.Sprintf("%d times: %s", arms, strings.Join(first, "; "))
}
