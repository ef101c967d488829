package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// migrations are the steps from an empty database to today's tables. A step that
// was ever released is never changed: what comes later is a step of its own, which
// only adds, with defaults: instances that were started before it go on storing.
func migrations(d Dialect) []*gormigrate.Migration {
	step := func(id string, statements string) *gormigrate.Migration {
		return &gormigrate.Migration{ID: id, Migrate: func(tx *gorm.DB) error {
			for statement := range strings.SplitSeq(d.ddl(statements), ";\n") {
				if statement = strings.TrimSpace(statement); statement == "" {
					continue
				}
				if err := tx.Exec(statement).Error; err != nil {
					return fmt.Errorf("%s: %w", strings.SplitN(statement, "\n", 2)[0], err)
				}
			}
			return nil
		}}
	}
	return []*gormigrate.Migration{
		step("0001_ledger", ledgerTables),
		step("0002_projection", projectionTables+d.searchTables()),
		{ID: "0003_settings", Migrate: func(tx *gorm.DB) error {
			if err := step("", settingsTable).Migrate(tx); err != nil {
				return err
			}
			return makeCursorKey(tx)
		}},
		step("0004_message_ordinals", messageOrdinals),
		step("0005_session_facts", sessionFacts),
		step("0006_removals", removalTables),
		step("0007_filters", filterColumns),
		step("0008_counts", countTables+d.countTriggers()+countLedger),
		step("0009_contacts", contactsTable),
		step("0010_histories", historyTable),
		step("0011_slim_search", d.slimSearchTables()+outdatedIndex),
		step("0012_msg_ids", d.msgIDTables()),
		step("0013_search_merging", d.searchMerging()),
	}
}

func (s *Store) migrate(ctx context.Context, steps []*gormigrate.Migration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	// A step that was begun ends: the library panics where its context does.
	db := s.write.WithContext(context.WithoutCancel(ctx))
	err := db.Transaction(func(tx *gorm.DB) error {
		if err := s.dialect.LockMigrations(tx); err != nil {
			return err
		}
		return gormigrate.New(tx, &gormigrate.Options{
			TableName:                 "migrations",
			IDColumnName:              "id",
			IDColumnSize:              255,
			ValidateUnknownMigrations: true,
		}, steps).Migrate()
	})
	switch {
	case errors.Is(err, gormigrate.ErrUnknownPastMigration):
		return ErrNewer
	case err != nil:
		return fmt.Errorf("migrate: %w", s.dialect.DescribeError(err))
	}
	return nil
}

const ledgerTables = `
CREATE TABLE notifications (
	id BIGINT PRIMARY KEY,
	sha256 BLOB NOT NULL UNIQUE,
	body BLOB NOT NULL,
	body_size BIGINT NOT NULL,
	sign TEXT NOT NULL,
	call_id TEXT,
	callee TEXT,
	notified_at BIGINT,
	first_received_at BIGINT NOT NULL,
	last_received_at BIGINT NOT NULL,
	deliveries BIGINT NOT NULL,
	outcome TEXT NOT NULL,
	reason TEXT NOT NULL,
	stored_seq BIGINT UNIQUE
);
CREATE INDEX notifications_call_id ON notifications (call_id);
CREATE INDEX notifications_callee ON notifications (callee);
CREATE INDEX notifications_outcome ON notifications (outcome, id);
CREATE TABLE ledger_clock (
	id BIGINT PRIMARY KEY,
	last_notification_id BIGINT NOT NULL,
	last_stored_seq BIGINT NOT NULL
);
INSERT INTO ledger_clock (id, last_notification_id, last_stored_seq) VALUES (1, 0, 0);
`

const projectionTables = `
CREATE TABLE sessions (
	id BIGINT PRIMARY KEY,
	notification_id BIGINT NOT NULL,
	call_id TEXT NOT NULL UNIQUE,
	workflow_id TEXT NOT NULL,
	workflow_name TEXT NOT NULL,
	node_task_id TEXT NOT NULL,
	node_task_name TEXT NOT NULL,
	waba_task_id TEXT NOT NULL,
	wf_detail_uuid TEXT NOT NULL,
	channel TEXT NOT NULL,
	channel_id TEXT NOT NULL,
	callee TEXT NOT NULL,
	robot_id TEXT NOT NULL,
	status TEXT NOT NULL,
	started_at BIGINT NOT NULL,
	ended_at BIGINT NOT NULL,
	duration_seconds BIGINT NOT NULL,
	notified_at BIGINT NOT NULL,
	received_at BIGINT NOT NULL,
	end_reason TEXT NOT NULL,
	intention TEXT NOT NULL,
	talk_round BIGINT NOT NULL,
	message_count BIGINT NOT NULL,
	version BIGINT NOT NULL,
	deliveries BIGINT NOT NULL
);
CREATE INDEX sessions_started_at ON sessions (started_at, id);
CREATE INDEX sessions_ended_at ON sessions (ended_at, id);
CREATE INDEX sessions_received_at ON sessions (received_at, id);
CREATE INDEX sessions_workflow ON sessions (workflow_id, started_at, id);
CREATE INDEX sessions_intention ON sessions (intention, started_at, id);
CREATE INDEX sessions_channel ON sessions (channel, started_at, id);
CREATE INDEX sessions_callee ON sessions (callee, started_at, id);
CREATE INDEX sessions_robot ON sessions (robot_id, started_at, id);
CREATE INDEX sessions_end_reason ON sessions (end_reason, started_at, id);
CREATE TABLE messages (
	session_id BIGINT NOT NULL,
	position BIGINT NOT NULL,
	msg_id TEXT NOT NULL,
	sender_type TEXT NOT NULL,
	sent_at BIGINT,
	status TEXT NOT NULL,
	content_type TEXT NOT NULL,
	text TEXT NOT NULL,
	folded TEXT NOT NULL,
	raw BLOB NOT NULL,
	PRIMARY KEY (session_id, position)
) WITHOUT ROWID;
` + namedValueTables

// What a session's messages say of it as a whole, and the version of the projection
// that it was made with. The index has the rows that Upgrade has to find; it belongs
// to ProjectionVersion, a larger one needs another.
const sessionFacts = `
ALTER TABLE sessions ADD COLUMN projection BIGINT NOT NULL DEFAULT 1;
ALTER TABLE sessions ADD COLUMN end_reason_raw TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN engaged BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN handed_over BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN abandoned BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE sessions ADD COLUMN taken_over_at BIGINT;
ALTER TABLE sessions ADD COLUMN first_reply_at BIGINT;
ALTER TABLE sessions ADD COLUMN wait_seconds BIGINT;
ALTER TABLE sessions ADD COLUMN seat_ids TEXT NOT NULL DEFAULT '[]';
CREATE INDEX sessions_outdated ON sessions (id, projection) WHERE projection < 2;
`

const outdatedIndex = `
DROP INDEX sessions_outdated;
CREATE INDEX sessions_outdated ON sessions (id, projection) WHERE projection < 3;
`

const namedValueTables = `
CREATE TABLE ner_slots (
	session_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	position BIGINT NOT NULL,
	value TEXT NOT NULL,
	json BLOB NOT NULL,
	PRIMARY KEY (session_id, name)
) WITHOUT ROWID;
CREATE INDEX ner_slots_name ON ner_slots (name, value);
CREATE TABLE event_labels (
	session_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	position BIGINT NOT NULL,
	value TEXT NOT NULL,
	json BLOB NOT NULL,
	PRIMARY KEY (session_id, name)
) WITHOUT ROWID;
CREATE INDEX event_labels_name ON event_labels (name, value);
CREATE TABLE variables (
	session_id BIGINT NOT NULL,
	name TEXT NOT NULL,
	position BIGINT NOT NULL,
	value TEXT NOT NULL,
	json BLOB NOT NULL,
	PRIMARY KEY (session_id, name)
) WITHOUT ROWID;
CREATE INDEX variables_name ON variables (name, value);
`

// What the program keeps for itself, by name. An export does not carry it, a backup does.
const settingsTable = `
CREATE TABLE settings (
	name TEXT PRIMARY KEY,
	value BLOB NOT NULL
);
`

// Messages that were stored before have theirs when their sessions are projected again.
const messageOrdinals = `
ALTER TABLE messages ADD COLUMN msg_ordinal BIGINT NOT NULL DEFAULT 0;
`

// What an earlier version left of an interrupted removal is cleaned once.
const removalTables = `
CREATE TABLE removals (
	id BIGINT PRIMARY KEY,
	removals BIGINT NOT NULL,
	purged BIGINT NOT NULL
);
INSERT INTO removals (id, removals, purged) SELECT 1, CASE WHEN EXISTS (SELECT 1 FROM notifications) THEN 1 ELSE 0 END, 0;
`

const filterColumns = `
ALTER TABLE sessions ADD COLUMN folded TEXT NOT NULL DEFAULT '';
ALTER TABLE messages ADD COLUMN msg_id_folded TEXT;
ALTER TABLE messages ADD COLUMN has_reply BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE ner_slots ADD COLUMN folded TEXT;
ALTER TABLE ner_slots ADD COLUMN number DOUBLE PRECISION;
ALTER TABLE event_labels ADD COLUMN folded TEXT;
ALTER TABLE event_labels ADD COLUMN number DOUBLE PRECISION;
ALTER TABLE variables ADD COLUMN folded TEXT;
ALTER TABLE variables ADD COLUMN number DOUBLE PRECISION;
`

// Rows of ledger_counts are kept by triggers: whatever changes the ledger, an older program
// too, keeps them right.
const countTables = `
CREATE TABLE ledger_counts (
	outcome TEXT PRIMARY KEY,
	notifications BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE write_probe (
	id BIGINT PRIMARY KEY,
	data BLOB NOT NULL
);
INSERT INTO write_probe (id, data) VALUES (1, '');
`

const countLedger = `
INSERT INTO ledger_counts (outcome, notifications) SELECT outcome, COUNT(*) FROM notifications GROUP BY outcome;
`

const contactsTable = `
CREATE TABLE contacts (
	callee TEXT NOT NULL PRIMARY KEY,
	session_count BIGINT NOT NULL,
	first_seen_at BIGINT NOT NULL,
	last_seen_at BIGINT NOT NULL
) WITHOUT ROWID;
INSERT INTO contacts SELECT callee, COUNT(*), MIN(started_at), MAX(ended_at) FROM sessions WHERE callee <> '' GROUP BY callee;
CREATE INDEX contacts_last_seen ON contacts (last_seen_at, callee);
CREATE INDEX contacts_first_seen ON contacts (first_seen_at, callee);
CREATE INDEX contacts_session_count ON contacts (session_count, callee);
`
