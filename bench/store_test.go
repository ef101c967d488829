// Package bench measures what people ask, on as many sessions as a busy year has.
package bench

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm/logger"
	"modernc.org/sqlite"

	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
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

// database is one that was filled.
type database struct {
	testdb.Kind
	address string
}

// filled is a database with so many sessions.
func filled(b *testing.B, kind testdb.Kind, count int) database {
	b.Helper()
	if kind.Name == testdb.SQLite.Name {
		return database{kind, filledFile(b, count)}
	}
	cluster, err := testdb.StartCluster(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(cluster.Remove)
	cluster.Execute(b, "CREATE DATABASE bench")
	db := database{kind, cluster.Address("bench")}
	fill(b, db.address, count)
	connection := db.connect(b)
	for _, statement := range []string{"VACUUM ANALYZE", "CHECKPOINT"} { // what it does by itself, sooner or later
		if _, err := connection.Exec(statement); err != nil {
			b.Fatal(err)
		}
	}
	return db
}

// filledFile is made once for each number and kept for the next run, until the
// tables change.
func filledFile(b *testing.B, count int) string {
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
	fill(b, unfinished, count)
	if err := os.Rename(unfinished, file); err != nil {
		b.Fatal(err)
	}
	return file
}

// tables is a short name of what a new database looks like.
func tables(b *testing.B) string {
	b.Helper()
	db := database{testdb.SQLite, filepath.Join(b.TempDir(), "empty.db")}
	open(b, db, store.Options{})
	var all string
	err := db.connect(b).QueryRow("SELECT group_concat(sql, ';') FROM (SELECT sql" +
		" FROM sqlite_schema ORDER BY name)").Scan(&all)
	if err != nil {
		b.Fatal(err)
	}
	return fmt.Sprintf("%.6x", sha256.Sum256([]byte(all)))
}

func open(b *testing.B, db database, options store.Options) *store.Store {
	b.Helper()
	database, err := store.Open(context.Background(), db.address, options)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = database.Close() })
	return database
}

func (db database) connect(b *testing.B) *sql.DB {
	b.Helper()
	connection, err := sql.Open(db.Driver, db.address)
	if err != nil {
		b.Fatal(err)
	}
	connection.SetMaxOpenConns(1)
	b.Cleanup(func() { _ = connection.Close() })
	return connection
}

// size is in bytes.
func (db database) size(b *testing.B) (bytes int64) {
	b.Helper()
	query := "SELECT pg_database_size(current_database())"
	if db.Name == testdb.SQLite.Name {
		query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
	}
	if err := db.connect(b).QueryRow(query).Scan(&bytes); err != nil {
		b.Fatal(err)
	}
	return bytes
}

// fill stores notifications as import does, several batches being decoded at once.
func fill(b *testing.B, address string, count int) {
	b.Helper()
	const size = 500
	began := time.Now()
	database, err := store.Open(context.Background(), address, store.Options{})
	if err != nil {
		b.Fatal(err)
	}
	generator := simulate.New(1)
	batches := make(chan []store.PreparedDelivery)
	starts := make(chan int)
	var workers sync.WaitGroup
	for range runtime.NumCPU() {
		workers.Go(func() {
			for start := range starts {
				var batch []store.PreparedDelivery
				for n := start; n < min(start+size, count); n++ {
					batch = append(batch,
						database.Prepare(ingest.NewDelivery(generator.Notification(n), "", time.Now())))
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
		if err := database.Save(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := database.Close(); err != nil {
		b.Fatal(err)
	}
	_, _ = fmt.Fprintf(os.Stderr, "%d sessions stored in %v\n", count, time.Since(began).Round(time.Second))
}

// planner explains statements.
type planner struct {
	explain    func(b *testing.B, statement string) string
	mu         sync.Mutex
	statements []string
}

func (p *planner) hear(statement string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.statements = append(p.statements, statement)
}

func (p *planner) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.statements = nil
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
	return plans
}

func newPlanner(b *testing.B, db database) *planner {
	b.Helper()
	connection := db.connect(b)
	if db.Name == testdb.Postgres.Name {
		return &planner{explain: func(b *testing.B, statement string) string {
			return explainPostgres(b, connection, statement)
		}}
	}
	// The store's own functions, as far as a plan needs them.
	stub := func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) { return int64(0), nil }
	for name, arguments := range map[string]int32{
		"bucket_start": 3, "case_fold": 1, "ascii_digits": 1, "transcript_holds": 2, "message_holds": -1,
	} {
		sqlite.MustRegisterDeterministicScalarFunction(name, arguments, stub)
	}
	// GORM's Scan writes values into the text that it reports, whatever its logger wants.
	withValues := logger.RecorderParamsFilter
	logger.RecorderParamsFilter = func(_ context.Context, sql string, _ ...any) (string, []any) { return sql, nil }
	b.Cleanup(func() { logger.RecorderParamsFilter = withValues })
	return &planner{explain: func(b *testing.B, statement string) string {
		return explainSQLite(b, connection, statement)
	}}
}

func explainSQLite(b *testing.B, db *sql.DB, statement string) string {
	b.Helper()
	values := make([]any, strings.Count(statement, "?"))
	for i := range values {
		values[i] = 1
	}
	rows, err := db.Query("EXPLAIN QUERY PLAN "+statement, values...)
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

// GORM leaves a placeholder whose value it keeps for itself between two dollars.
var placeholder = regexp.MustCompile(`(\$\d+)\$`)

// explainPostgres plans for the values that a statement has; one that has none, a
// plain look-up by key, for any.
func explainPostgres(b *testing.B, db *sql.DB, statement string) string {
	b.Helper()
	explain := "EXPLAIN (COSTS OFF) " + statement
	if n := len(placeholder.FindAllString(statement, -1)); n > 0 {
		prepare := "SET plan_cache_mode = force_generic_plan; PREPARE q AS " +
			placeholder.ReplaceAllString(statement, "$1")
		if _, err := db.Exec(prepare); err != nil {
			b.Fatalf("%v: %s", err, prepare)
		}
		defer func() { _, _ = db.Exec("DEALLOCATE q") }()
		explain = "EXPLAIN (COSTS OFF) EXECUTE q(" + strings.TrimSuffix(strings.Repeat("NULL,", n), ",") + ")"
	}
	rows, err := db.Query(explain)
	if err != nil {
		b.Fatalf("%v: %s", err, statement)
	}
	defer func() { _ = rows.Close() }()
	var steps []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			b.Fatal(err)
		}
		if _, step, inner := strings.Cut(line, "->  "); inner {
			steps = append(steps, step)
		} else if len(steps) == 0 {
			steps = append(steps, line)
		}
	}
	if err := rows.Err(); err != nil {
		b.Fatal(err)
	}
	if arms := count(steps, steps[min(1, len(steps)-1)]); steps[0] == "Append" {
		return fmt.Sprintf("%d times: %s", arms, strings.Join(steps[1:1+(len(steps)-1)/arms], "; "))
	}
	return strings.Join(steps, "; ")
}

func count(all []string, one string) (times int) {
	for _, s := range all {
		if s == one {
			times++
		}
	}
	return times
}

// shorten shows once what a statement does for each of many parents.
func shorten(steps []string) string {
	all := strings.Join(steps, "; ")
	first, others, found := strings.Cut(strings.TrimPrefix(all, "COMPOUND QUERY; LEFT-MOST SUBQUERY; "),
		"; UNION ALL; ")
	if !found {
		return all
	}
	arms := strings.Split(others, "; UNION ALL; ")
	if slices.ContainsFunc(arms, func(arm string) bool { return arm != first }) {
		return all
	}
	return fmt.Sprintf("%d times: %s", 1+len(arms), first)
}
