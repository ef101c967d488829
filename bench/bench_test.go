package bench

import (
	"bytes"
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

	"sessiongraph/graph"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

// BenchmarkQueries asks each question over and over, of the same sessions on each
// kind of database. Into the file that BENCH_TABLE names it writes what it measured,
// and how the database runs each question.
func BenchmarkQueries(b *testing.B) {
	count := sessions(b)
	table := &table{count: count, results: map[string]map[string]result{}}
	for _, kind := range []testdb.Kind{testdb.SQLite, testdb.Postgres} {
		b.Run(kind.Name, func(b *testing.B) { table.measure(b, kind) })
	}
	if file := os.Getenv("BENCH_TABLE"); file != "" {
		if err := os.WriteFile(file, []byte(table.String()), 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

func (t *table) measure(b *testing.B, kind testdb.Kind) {
	db := filled(b, kind, t.count)
	plan := newPlanner(b, db)
	t.sizes = append(t.sizes, fmt.Sprintf("%.1f GB on %s", float64(db.size(b))/1e9, shown[kind.Name]))
	settings := graph.Settings{MaxPage: 200, MaxComplexity: 250_000, QueryTimeout: 10 * time.Minute}
	heard := graph.Handler(b.Context(), open(b, db, store.Options{OnStatement: plan.hear}), settings,
		slog.New(slog.DiscardHandler))
	h := graph.Handler(b.Context(), open(b, db, store.Options{}), settings, slog.New(slog.DiscardHandler))
	for _, q := range questions(t.count) {
		b.Run(strings.ReplaceAll(q.name, " ", "_"), func(b *testing.B) {
			var variables object
			if q.variables != nil {
				variables = q.variables(b, h)
			}
			plan.forget()
			answer := ask(b, heard, q.query, variables)
			plans := plan.plans(b)
			for b.Loop() {
				ask(b, h, q.query, variables)
			}
			b.ReportMetric(float64(len(answer)), "bytes/answer")
			t.add(q.name, kind, result{b.Elapsed() / time.Duration(b.N), len(answer), plans})
		})
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

var shown = map[string]string{testdb.SQLite.Name: "SQLite", testdb.Postgres.Name: "PostgreSQL"}

// table is what was measured of all questions.
type table struct {
	count     int
	sizes     []string
	questions []string // in order
	results   map[string]map[string]result
}

type result struct {
	took  time.Duration
	bytes int // of the answer
	plans []string
}

func (t *table) add(question string, kind testdb.Kind, r result) {
	if t.results[question] == nil {
		t.questions = append(t.questions, question)
		t.results[question] = map[string]result{}
	}
	t.results[question][kind.Name] = r
}

// String is the page that docs has.
func (t *table) String() string {
	var out strings.Builder
	fmt.Fprintf(&out, `# Benchmarks

Questions about %d simulated sessions (%s) on both databases, through the whole GraphQL handler, one request
after the other, on a machine with %d cores, with PostgreSQL as installed on the same machine. Machines differ,
and other work weighs on single figures: the ratios of PostgreSQL to SQLite say more than the milliseconds.
[Two databases](scaling.md#two-databases) has the conclusions; [performance](performance.md) compares the server with a
hand-written one, and small databases with large ones.

%[4]smake benchmarks%[4]s writes this file. It keeps the SQLite database, which takes some minutes to fill, in the
folder for temporary files; %[4]sBENCH_SESSIONS%[4]s sets another number of sessions.

| question | SQLite ms | PostgreSQL ms | ratio | answer | statements |
| --- | --: | --: | --: | --: | --: |
`, t.count, strings.Join(t.sizes, ", "), runtime.NumCPU(), "`")
	for _, q := range t.questions {
		lite, server := t.results[q][testdb.SQLite.Name], t.results[q][testdb.Postgres.Name]
		fmt.Fprintf(&out, "| %s | %.1f | %.1f | %.1f | %.1f kB | %d |\n", q,
			ms(lite.took), ms(server.took), ms(server.took)/ms(lite.took), float64(lite.bytes)/1000, len(lite.plans))
	}

	for _, kind := range []testdb.Kind{testdb.SQLite, testdb.Postgres} {
		fmt.Fprintf(&out, "\n## Plans of %s\n\n| question | plan of each statement |\n| --- | --- |\n",
			shown[kind.Name])
		for _, q := range t.questions {
			fmt.Fprintf(&out, "| %s | %s |\n", q, strings.Join(t.results[q][kind.Name].plans, "<br>"))
		}
	}
	return out.String()
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
