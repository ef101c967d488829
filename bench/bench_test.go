package bench

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm/logger"
	"modernc.org/sqlite"

	"sessiongraph/graph"
	"sessiongraph/models"
)

// BenchmarkQueries asks each question over and over. Into the file that BENCH_TABLE
// names it writes what it measured, and how the database runs each question.
func BenchmarkQueries(b *testing.B) {
	count := sessions(b)
	file := filled(b, count)
	plan := newPlanner(b, file)
	settings := graph.Settings{MaxPage: 200, MaxComplexity: 250_000}
	heard := graph.Handler(b.Context(), open(b, file, models.Options{OnStatement: plan.hear}), settings, slog.New(slog.DiscardHandler))
	h := graph.Handler(b.Context(), open(b, file, models.Options{}), settings, slog.New(slog.DiscardHandler))
	var results []result
	for _, q := range questions(count) {
		b.Run(strings.ReplaceAll(q.name, " ", "_"), func(b *testing.B) {
			var variables object
			if q.variables != nil {
				variables = q.variables(b, h)
			}
			plan.plans(b)
			answer := ask(b, heard, q.query, variables)
			plans := plan.plans(b)
			for b.Loop() {
				ask(b, h, q.query, variables)
			}
			b.ReportMetric(float64(len(answer)), "bytes/answer")
			results = append(results, result{q.name, b.Elapsed() / time.Duration(b.N), len(answer), plans})
		})
	}
	if table := os.Getenv("BENCH_TABLE"); table != "" {
		if err := write(table, file, count, results); err != nil {
			b.Fatal(err)
		}
	}
}

// ask returns the answer; one with errors ends the benchmark.
func ask(b *testing.B, h http.Handler, query string, variables object) []byte {
	b.Helper()
	body, err := json.Marshal(object{"query": query, "variables": variables})
	if err != nil {
		b.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, "/query", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, request)
	answer := recorder.Body.Bytes()
	if bytes.HasPrefix(answer, []byte(`{"errors"`)) || recorder.Code != http.StatusOK {
		b.Fatalf("%s: %.500s", query, answer)
	}
	return answer
}

func newPlanner(b *testing.B, file string) *planner {
	b.Helper()
	// The store's own function, as far as a plan needs it.
	stub := func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) { return int64(0), nil }
	sqlite.MustRegisterDeterministicScalarFunction("bucket_start", 3, stub)
	// GORM's Scan writes values into the text that it reports, whatever its logger wants.
	logger.RecorderParamsFilter = func(_ context.Context, sql string, _ ...any) (string, []any) { return sql, nil }
	db, err := sql.Open("sqlite", file)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return &planner{db: db}
}

// result is what was measured of a question.
type result struct {
	name  string
	took  time.Duration
	bytes int // of the answer
	plans []string
}

func write(table, database string, count int, results []result) error {
	info, err := os.Stat(database)
	if err != nil {
		return err
	}
	var out strings.Builder
	out.WriteString("# Benchmarks\n\n")
	fmt.Fprintf(&out, "What people ask, of %d simulated sessions in a database of %.1f GB, through the whole GraphQL handler, one request after the other, on a machine with %d cores.\n"+
		"Machines differ: the ratio to the first page says more than the milliseconds.\n\n", count, float64(info.Size())/1e9, runtime.NumCPU())
	out.WriteString("`make bench` measures again and writes this file. It keeps the database, which takes some minutes to fill, in the folder for temporary files; `BENCH_SESSIONS` sets another number of sessions.\n\n")
	out.WriteString("| question | ms | ratio | answer | statements |\n| --- | --: | --: | --: | --: |\n")
	for _, r := range results {
		fmt.Fprintf(&out, "| %s | %.1f | %.1f | %.1f kB | %d |\n", r.name, ms(r.took), ms(r.took)/ms(results[0].took), float64(r.bytes)/1000, len(r.plans))
	}
	out.WriteString("\n## Plans\n\nHow SQLite runs the statements of each question.\n\n| question | plan |\n| --- | --- |\n")
	for _, r := range results {
		fmt.Fprintf(&out, "| %s | %s |\n", r.name, strings.Join(r.plans, "<br>"))
	}
	return os.WriteFile(table, []byte(out.String()), 0o644)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
