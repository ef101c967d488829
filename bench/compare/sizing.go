package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

// sizing measures what docs/scaling.md computes with, on one kind of database.
type sizing struct {
	settings
	folder  string
	cluster *testdb.Cluster // nil on SQLite
	out     io.Writer
	log     *log.Logger
}

// runSizing reports bytes by traffic and by table, processor time of writing and reading, and memory by connections.
func runSizing(ctx context.Context, s settings, folder string, out io.Writer, log *log.Logger) (err error) {
	m := sizing{settings: s, folder: folder, out: out, log: log}
	if s.postgres {
		if m.cluster, err = testdb.StartCluster(nil); err != nil {
			return err
		}
		defer m.cluster.Remove()
	}
	if err := m.traffic(ctx); err != nil {
		return err
	}
	var filled [2]dataset
	for i, sessions := range s.counts {
		filled[i].sessions = sessions
		if filled[i].file, err = m.create(ctx, fmt.Sprintf("sessions_%d", sessions)); err != nil {
			return err
		}
	}
	if err := m.tables(ctx, filled); err != nil {
		return err
	}
	for _, d := range filled {
		if err := m.reading(ctx, d); err != nil {
			return err
		}
	}
	if err := m.connections(ctx, filled[1]); err != nil {
		return err
	}
	if err := m.storing(ctx, filled[1]); err != nil {
		return err
	}
	if m.cluster != nil {
		if err := m.walAfterCheckpoint(ctx, filled[1]); err != nil {
			return err
		}
	}
	return m.removing(ctx, filled[0])
}

// create makes an empty database and returns its address.
func (m sizing) create(ctx context.Context, name string) (string, error) {
	if m.cluster == nil {
		return filepath.Join(m.folder, name+".db"), nil
	}
	return m.cluster.Address(name), execute(ctx, m.cluster.Address("postgres"), "CREATE DATABASE "+name)
}

// drop removes a database that create made.
func (m sizing) drop(ctx context.Context, name, database string) error {
	if m.cluster == nil {
		return os.Remove(database)
	}
	return execute(ctx, m.cluster.Address("postgres"), "DROP DATABASE "+name)
}

// imported is what an import stored, and what it took.
type imported struct {
	sessions, messages, bytes int
	took                      time.Duration
	used
}

// used is processor time.
type used struct{ program, postgres time.Duration }

func (u used) minus(before used) used {
	return used{u.program - before.program, u.postgres - before.postgres}
}

// each formats the time of one of n, in microseconds: the program's, and PostgreSQL's if it runs.
func (m sizing) each(u used, n int) string {
	text := fmt.Sprintf("%.0f µs", float64(u.program.Microseconds())/float64(n))
	if m.cluster != nil {
		text += fmt.Sprintf(" + %.0f µs", float64(u.postgres.Microseconds())/float64(n))
	}
	return text
}

// usedBy is the processor time so far of the program, 0 for none, and of PostgreSQL.
func (m sizing) usedBy(pid int) (u used, err error) {
	if pid != 0 {
		if u.program, err = processorTime(pid); err != nil {
			return u, err
		}
	}
	if m.cluster != nil {
		pids, err := m.cluster.Processes()
		if err != nil {
			return u, err
		}
		u.postgres, err = processorTime(pids...)
		return u, err
	}
	return u, nil
}

// fill imports notifications into a database.
func (m sizing) fill(ctx context.Context, database string, bodies iter.Seq2[[]byte, int]) (done imported, err error) {
	command := exec.CommandContext(ctx, m.program, "import", "--db", database)
	messages := new(bytes.Buffer)
	command.Stderr = messages
	in, err := command.StdinPipe()
	if err != nil {
		return done, err
	}
	before, err := m.usedBy(0)
	if err != nil {
		return done, err
	}
	began := time.Now()
	if err := command.Start(); err != nil {
		return done, err
	}
	for body, count := range bodies {
		done.sessions, done.messages, done.bytes = done.sessions+1, done.messages+count, done.bytes+len(body)
		if _, err = in.Write(append(body, '\n')); err != nil {
			break
		}
	}
	if err := errors.Join(err, in.Close(), command.Wait()); err != nil {
		return done, fmt.Errorf("import: %w: %s", err, messages.String())
	}
	done.took = time.Since(began)
	done.used, err = m.usedByCommand(command, before)
	return done, err
}

// usedByCommand is the processor time of a command that has ended, and of PostgreSQL since before.
func (m sizing) usedByCommand(command *exec.Cmd, before used) (used, error) {
	after, err := m.usedBy(0)
	after.program = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	return after.minus(before), err
}

// vacuum does at once what PostgreSQL does in its time, so that nothing else that is measured has it.
func (m sizing) vacuum(ctx context.Context, database string) error {
	if m.cluster == nil {
		return nil
	}
	return execute(ctx, database, "VACUUM ANALYZE")
}

// sizes are the bytes of tables and indexes by name.
func (m sizing) sizes(ctx context.Context, database string) (sizes map[string]int64, total int64, err error) {
	if err := m.vacuum(ctx, database); err != nil {
		return nil, 0, err
	}
	opened, err := store.Open(ctx, database, store.Options{MustExist: true})
	if err != nil {
		return nil, 0, err
	}
	status, err := opened.Status(ctx)
	if err := errors.Join(err, opened.Close()); err != nil {
		return nil, 0, err
	}
	sizes = map[string]int64{}
	for _, size := range status.Sizes {
		name := size.Name
		if size.IsIndex {
			name += " (index)"
		}
		sizes[name] = size.Bytes
		total += size.Bytes
	}
	return sizes, total, nil
}

// traffic reports what sessions of different kinds take.
func (m sizing) traffic(ctx context.Context) error {
	m.heading("Bytes by traffic", "traffic", "messages", "bytes of JSON", "bytes stored", "of each byte of JSON",
		"import, processor time")
	for n, k := range kinds() {
		name := fmt.Sprintf("kind_%d", n)
		database, err := m.create(ctx, name)
		if err != nil {
			return err
		}
		done, err := m.fill(ctx, database, k.notifications(filledSeed, m.counts[0]/2))
		if err != nil {
			return err
		}
		_, total, err := m.sizes(ctx, database)
		if err := errors.Join(err, m.drop(ctx, name, database)); err != nil {
			return err
		}
		m.log.Printf("%d sessions, %s: %v", done.sessions, k.name, done.took.Round(100*time.Millisecond))
		each := float64(done.sessions)
		row(m.out, k.name, format("%.1f", float64(done.messages)/each), format("%.0f", float64(done.bytes)/each),
			format("%.0f", float64(total)/each), format("%.2f", float64(total)/float64(done.bytes)),
			m.each(done.used, done.sessions))
	}
	return nil
}

// tables reports what each table and index takes of a session in a small and in a large database.
func (m sizing) tables(ctx context.Context, filled [2]dataset) error {
	var sizes [2]map[string]int64
	var totals [2]int64
	var imports [2]imported
	for i, d := range filled {
		done, err := m.fill(ctx, d.file, kinds()[0].notifications(filledSeed, d.sessions))
		if err != nil {
			return err
		}
		imports[i] = done
		if sizes[i], totals[i], err = m.sizes(ctx, d.file); err != nil {
			return err
		}
		m.log.Printf("%d sessions: %v", d.sessions, done.took.Round(100*time.Millisecond))
	}
	m.heading("Bytes a session", "table or index", fmt.Sprintf("%d sessions", filled[0].sessions),
		fmt.Sprintf("%d sessions", filled[1].sessions))
	each := func(bytes int64, i int) string {
		return format("%.0f", float64(bytes)/float64(filled[i].sessions))
	}
	row(m.out, "all", each(totals[0], 0), each(totals[1], 1))
	names := slices.SortedFunc(maps.Keys(sizes[1]), func(a, b string) int {
		return cmp.Or(cmp.Compare(sizes[1][b], sizes[1][a]), strings.Compare(a, b))
	})
	for _, name := range names {
		if sizes[1][name] >= int64(filled[1].sessions) {
			row(m.out, name, each(sizes[0][name], 0), each(sizes[1][name], 1))
		}
	}
	m.heading("Import", "sessions", "sessions a second", "processor time of a session")
	for i, done := range imports {
		row(m.out, fmt.Sprint(filled[i].sessions), format("%.0f", float64(done.sessions)/done.took.Seconds()),
			m.each(done.used, done.sessions))
	}
	return nil
}

// heading begins a table.
func (m sizing) heading(title string, columns ...string) {
	_, _ = fmt.Fprintf(m.out, "\n%s:\n\n", title)
	row(m.out, columns...)
	row(m.out, append([]string{"---"}, slices.Repeat([]string{"--:"}, len(columns)-1)...)...)
}

// position is PostgreSQL's place in its write-ahead log.
func position(ctx context.Context, database string) (bytes int64, err error) {
	connection, err := pgx.Connect(ctx, database)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, connection.Close(ctx)) }()
	err = connection.QueryRow(ctx, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint").Scan(&bytes)
	return bytes, err
}
