package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"strconv"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"
)

const schema = `
CREATE TABLE IF NOT EXISTS sessions (
	id            {ID},
	call_id       TEXT NOT NULL UNIQUE,
	revision      INTEGER NOT NULL,
	workflow_id   TEXT NOT NULL,
	workflow_name TEXT NOT NULL,
	nodetask_id   TEXT NOT NULL,
	nodetask_name TEXT NOT NULL,
	waba_task_id  TEXT NOT NULL,
	wfdetail_uuid TEXT NOT NULL,
	channel       TEXT NOT NULL,
	channel_id    TEXT NOT NULL,
	callee        TEXT NOT NULL,
	robot_id      TEXT NOT NULL,
	status        TEXT NOT NULL,
	started_at    BIGINT NOT NULL,
	ended_at      BIGINT NOT NULL,
	notified_at   BIGINT NOT NULL,
	received_at   BIGINT NOT NULL,
	end_reason    TEXT NOT NULL,
	intention     TEXT NOT NULL,
	talk_round    INTEGER NOT NULL,
	message_count INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS sessions_started_at ON sessions (started_at, id);
CREATE INDEX IF NOT EXISTS sessions_workflow ON sessions (workflow_id, started_at);
CREATE INDEX IF NOT EXISTS sessions_callee ON sessions (callee, started_at);
CREATE TABLE IF NOT EXISTS messages (
	session_id   BIGINT NOT NULL,
	position     INTEGER NOT NULL,
	msg_id       TEXT NOT NULL,
	sender_type  TEXT NOT NULL,
	sent_at      BIGINT,
	status       TEXT NOT NULL,
	content_type TEXT NOT NULL,
	text         TEXT NOT NULL,
	content      TEXT NOT NULL,
	reply        TEXT,
	PRIMARY KEY (session_id, position)
);
CREATE TABLE IF NOT EXISTS ner_slots (
	session_id BIGINT NOT NULL,
	name       TEXT NOT NULL,
	position   INTEGER NOT NULL,
	value      TEXT NOT NULL,
	PRIMARY KEY (session_id, name)
){CLUSTERED};
CREATE TABLE IF NOT EXISTS event_labels (
	session_id BIGINT NOT NULL,
	name       TEXT NOT NULL,
	position   INTEGER NOT NULL,
	value      TEXT NOT NULL,
	PRIMARY KEY (session_id, name)
){CLUSTERED};
CREATE TABLE IF NOT EXISTS variables (
	session_id BIGINT NOT NULL,
	name       TEXT NOT NULL,
	position   INTEGER NOT NULL,
	value      TEXT NOT NULL,
	PRIMARY KEY (session_id, name)
){CLUSTERED};
`

// database has one pool for writing and one for reading.
type database struct {
	postgres    bool
	write, read *sql.DB
}

func openDatabase(ctx context.Context, address string) (*database, error) {
	d := &database{postgres: strings.HasPrefix(address, "postgres://")}
	driver, writing, reading := "pgx", address, address
	replacer := strings.NewReplacer("{ID}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "{CLUSTERED}", "")
	if !d.postgres {
		driver = "sqlite"
		writing = sqliteName(address, "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-65536)")
		reading = sqliteName(address, "query_only(ON)", "cache_size(-32768)")
		replacer = strings.NewReplacer("{ID}", "INTEGER PRIMARY KEY", "{CLUSTERED}", " WITHOUT ROWID")
	}

	var err error
	if d.write, err = sql.Open(driver, writing); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d.write.SetMaxOpenConns(1)
	if _, err = d.write.ExecContext(ctx, replacer.Replace(schema)); err != nil {
		return nil, errors.Join(fmt.Errorf("make tables: %w", err), d.write.Close())
	}
	if d.read, err = sql.Open(driver, reading); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), d.write.Close())
	}
	connections := max(4, 2*runtime.NumCPU())
	d.read.SetMaxOpenConns(connections)
	d.read.SetMaxIdleConns(connections)
	return d, nil
}

func sqliteName(file string, pragmas ...string) string {
	parameters := url.Values{"_pragma": append(pragmas, "busy_timeout(5000)")}
	return "file:" + (&url.URL{Path: file}).EscapedPath() + "?" + parameters.Encode()
}

func (d *database) close() error { return errors.Join(d.read.Close(), d.write.Close()) }

// sql is a statement with the database's own placeholders.
func (d *database) sql(statement string) string {
	if !d.postgres {
		return statement
	}
	parts := strings.Split(statement, "?")
	var numbered strings.Builder
	for i, part := range parts {
		if i > 0 {
			numbered.WriteString("$" + strconv.Itoa(i))
		}
		numbered.WriteString(part)
	}
	return numbered.String()
}

// placeholders are n of them, in parentheses.
func placeholders(n int) string {
	return "(" + strings.TrimSuffix(strings.Repeat("?, ", n), ", ") + ")"
}
