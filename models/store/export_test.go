package store

import (
	"crypto/sha256"
	"log/slog"
	"time"

	"github.com/klauspost/compress/zstd"
	"gorm.io/gorm"

	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"sessiongraph/models"
	"sessiongraph/models/store/body"
	"sessiongraph/models/store/dialect"
	"sessiongraph/models/store/postgres"
	"sessiongraph/models/store/sqlite"
)

// Explain is the plan of a statement that OnStatement was told: a line for each
// step, what belongs to a step indented below it. SQLite plans without the values.
func (s *Store) Explain(ctx context.Context, statement string) ([]string, error) {
	var steps []struct {
		ID, Parent int
		Detail     string
	}
	values := make([]any, strings.Count(statement, "?"))
	for i := range values {
		values[i] = 1
	}
	if err := s.read.WithContext(ctx).Raw("EXPLAIN QUERY PLAN "+statement, values...).Scan(&steps).Error; err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	depth := map[int]int{0: -1}
	lines := make([]string, len(steps))
	for i, step := range steps {
		depth[step.ID] = depth[step.Parent] + 1
		lines[i] = strings.Repeat("  ", depth[step.ID]) + step.Detail
	}
	return lines, nil
}

// MakeOld makes a database as the first version of this program did, and stores
// bodies as it did: those of one session in the order of their versions. As its texts
// are kept what oldText makes of them, and that in lower case is searched.
func MakeOld(ctx context.Context, address string, bodies [][]byte, decode Decode, oldText func(string) string) error {
	codec, err := body.NewCodec(maxRestoredBody)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	var db dialect.Database
	if postgres.IsAddress(address) {
		db, err = postgres.Open(ctx, postgres.Addresses{Primary: address}, dialect.Config{Log: log})
	} else {
		db, err = sqlite.Open(address, codec, dialect.Config{Log: log})
	}
	if err != nil {
		return err
	}
	s := newStore(db, address, log, codec, newMasking([]byte("key"), nil))
	defer func() { _ = s.Close() }()
	steps, err := migrations(s.db)
	if err != nil {
		return err
	}
	if err := s.runMigrations(ctx, steps[:2]); err != nil {
		return err
	}
	return s.write.Transaction(func(tx *gorm.DB) error { return storeOld(tx, s.db, bodies, decode, oldText) })
}

func storeOld(tx *gorm.DB, d dialect.Dialect, bodies [][]byte, decode Decode, oldText func(string) string) error {
	sessions := map[string]*models.Session{}
	projections := map[string]*models.Projection{}
	packer, err := zstd.NewWriter(nil)
	if err != nil {
		return err
	}
	for i, sent := range bodies {
		p, outcome, reason := decode(sent)
		sum := sha256.Sum256(sent)
		seq := int64(i + 1)
		n := &models.Notification{ID: seq, SHA256: sum[:], Body: packer.EncodeAll(sent, nil), BodySize: len(sent),
			FirstReceivedAt: models.TimeOf(time.UnixMicro(seq)),
			LastReceivedAt:  models.TimeOf(time.UnixMicro(seq)), Deliveries: 2, EventSeq: &seq}
		setDecoded(n, p, outcome, reason)
		err := intoNotifications.run(tx, d, 1, func(_ int, values []any) []any {
			return append(values, notificationFields(n)...)
		})
		if err != nil {
			return err
		}
		if p == nil {
			continue
		}
		session := p.Session
		session.ID, session.Version, session.Deliveries = n.ID, 1, 2
		session.NotificationID, session.ReceivedAt = n.ID, n.FirstReceivedAt
		if before := sessions[session.CallID]; before != nil {
			session.ID, session.Version, session.Deliveries = before.ID, before.Version+1, before.Deliveries+2
		}
		sessions[session.CallID], projections[session.CallID] = &session, p
	}
	for callID, session := range sessions {
		p := projections[callID]
		old := oldColumns()
		into := insertInto("sessions", strings.ReplaceAll(old.sql(), "s.", ""))
		if err := into.run(tx, d, 1, func(_ int, values []any) []any {
			return append(values, old.fields(session)...)
		}); err != nil {
			return err
		}
		for i := range p.Messages {
			m := &p.Messages[i]
			text := oldText(m.Text())
			m.SearchText = strings.ToLower(text)
			err := tx.Exec("INSERT INTO messages (session_id, position, msg_id, sender_type, sent_at, status,"+
				" content_type, text, folded, raw) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
				session.ID, m.Position, m.MsgID, m.SenderType, optionalTimeColumn{&m.SentAt}, m.Status, m.ContentType,
				text, m.SearchText, []byte(m.Raw)).Error
			if err != nil {
				return err
			}
		}
		if d.NumberedPlaceholders() { // PostgreSQL searches the messages themselves
			continue
		}
		var transcript strings.Builder
		for _, m := range p.Messages {
			transcript.WriteString(m.SearchText + "\n\n")
		}
		if err := tx.Exec("INSERT INTO session_search (rowid, transcript) VALUES (?, ?)", session.ID,
			transcript.String()).Error; err != nil {
			return err
		}
	}
	return tx.Exec("UPDATE ledger_clock SET last_notification_id = ?, last_stored_seq = ?",
		len(bodies), len(bodies)).Error
}

// oldColumns are the columns that the first version had.
func oldColumns() sessionColumns {
	columns := onlyColumns("id", "notification_id", "started_at", "ended_at", "duration_seconds",
		"notified_at", "received_at",
		"end_reason", "talk_round", "message_count", "version", "deliveries")
	return append(columns, slices.DeleteFunc(sessionColumnList(), func(c sessionColumn) bool {
		return c.text == nil
	})...)
}

// KeepEvents sets how many events are kept for subscribers that are behind.
func (s *Store) KeepEvents(count int) { s.events.most = count }

// RunForever runs a query that does not end by itself, in a snapshot as an operation's, and counts the rows that it
// reads.
func (s *Store) RunForever(ctx context.Context, query string) (read int, err error) {
	ctx, end := Snapshot(ctx)
	defer end()
	err = s.eachRow(ctx, dialect.Select(query), func(scanner) error {
		read++
		return nil
	})
	return read, err
}

// OpenCounted opens a database as Open does. On SQLite search may unpack no more than most bodies; unpacked counts
// them.
func OpenCounted(ctx context.Context, address string, most int64) (s *Store, unpacked *atomic.Int64, err error) {
	unpacked = &atomic.Int64{}
	if postgres.IsAddress(address) {
		s, err = Open(ctx, address, Options{})
		return s, unpacked, err
	}
	codec, err := body.NewCodec(maxRestoredBody)
	if err != nil {
		return nil, nil, err
	}
	log, masking := slog.New(slog.DiscardHandler), newMasking([]byte("key"), nil)
	config := dialect.Config{Log: log, Blank: masking.blank}
	db, err := sqlite.Open(address, countedBodies{codec, unpacked, most}, config)
	if err != nil {
		return nil, nil, err
	}
	s = newStore(db, address, log, codec, masking)
	return s, unpacked, errors.Join(s.migrate(ctx), s.readKeys(ctx))
}

type countedBodies struct {
	*body.Codec
	unpacked *atomic.Int64
	most     int64
}

// Restore counts a body.
func (c countedBodies) Restore(dst, compressed []byte) ([]byte, error) {
	if c.unpacked.Add(1) > c.most {
		return nil, fmt.Errorf("more than %d bodies unpacked", c.most)
	}
	return c.Codec.Restore(dst, compressed)
}

// BusyQueries counts the connections that queries hold.
func (s *Store) BusyQueries() (int, error) {
	pool, err := s.queries.DB()
	if err != nil {
		return 0, err
	}
	return pool.Stats().InUse, nil
}

// SettingWhileWriting is what PostgreSQL is set to in a transaction that writes.
func (s *Store) SettingWhileWriting(ctx context.Context, name string) (value string, err error) {
	err = s.transaction(ctx, 0, func(tx *gorm.DB) error {
		return tx.Raw("SELECT current_setting(?)", name).Scan(&value).Error
	})
	return value, err
}
