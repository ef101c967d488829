package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

const (
	sessionColumns = "id, call_id, started_at, ended_at, workflow_name, channel, callee, end_reason, talk_round, " +
		"message_count, intention"
	messageColumns = "session_id, position, msg_id, sender_type, sent_at, status, content_type, text, content, reply"
)

// reader answers from prepared statements.
type reader struct {
	database  *database
	page, one *sql.Stmt

	mu          sync.Mutex
	transcripts map[int]*sql.Stmt // by number of sessions
}

func newReader(ctx context.Context, d *database) (*reader, error) {
	r := &reader{database: d, transcripts: map[int]*sql.Stmt{}}
	var err error
	if r.page, err = d.read.PrepareContext(ctx, d.sql("SELECT "+sessionColumns+
		" FROM sessions WHERE (started_at, id) < (?, ?) ORDER BY started_at DESC, id DESC LIMIT ?")); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	r.one, err = d.read.PrepareContext(ctx, d.sql("SELECT "+sessionColumns+" FROM sessions WHERE call_id = ?"))
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	return r, nil
}

func (r *reader) close() error {
	errs := []error{r.page.Close(), r.one.Close()}
	for _, statement := range r.transcripts {
		errs = append(errs, statement.Close())
	}
	return errors.Join(errs...)
}

// place is where a page begins: behind this session.
type place struct{ startedAt, id int64 }

var beginning = place{math.MaxInt64, math.MaxInt64}

// sessions is a page of them, the latest first, and whether there are more.
func (r *reader) sessions(ctx context.Context, after place, size int) (
	page []*session, last place, more bool, err error,
) {
	rows, err := r.page.QueryContext(ctx, after.startedAt, after.id, size+1)
	if err != nil {
		return nil, place{}, false, fmt.Errorf("read sessions: %w", err)
	}
	defer func() { _ = rows.Close() }()
	page = make([]*session, 0, size)
	for rows.Next() {
		if len(page) == size {
			more = true
			break
		}
		s, at, err := scanSession(rows)
		if err != nil {
			return nil, place{}, false, err
		}
		page, last = append(page, s), at
	}
	return page, last, more, rows.Err()
}

// session is one by its call_id, nil where there is none.
func (r *reader) session(ctx context.Context, callID string) (*session, error) {
	s, _, err := scanSession(r.one.QueryRowContext(ctx, callID))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return s, err
}

func scanSession(row interface{ Scan(...any) error }) (*session, place, error) {
	s, startedAt, endedAt, endReason := &session{}, int64(0), int64(0), ""
	err := row.Scan(&s.id, &s.CallID, &startedAt, &endedAt, &s.WorkflowName, &s.Channel, &s.Callee, &endReason,
		&s.TalkRound, &s.MessageCount, &s.Intention.Label)
	if err != nil {
		return nil, place{}, fmt.Errorf("read session: %w", err)
	}
	s.StartedAt, s.EndedAt = time.UnixMicro(startedAt).UTC(), time.UnixMicro(endedAt).UTC()
	s.EndReason = presentEndReason(endReason)
	return s, place{startedAt, s.id}, nil
}

// readTranscripts fills in the messages of all these sessions with one statement.
func (r *reader) readTranscripts(ctx context.Context, sessions []*session) error {
	if len(sessions) == 0 {
		return nil
	}
	statement, err := r.transcriptsOf(ctx, len(sessions))
	if err != nil {
		return err
	}
	ids, byID := make([]any, len(sessions)), make(map[int64]*session, len(sessions))
	for i, s := range sessions {
		s.Messages = make([]message, 0, s.MessageCount)
		ids[i], byID[s.id] = s.id, s
	}
	rows, err := statement.QueryContext(ctx, ids...)
	if err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		id, m, err := scanMessage(rows)
		if err != nil {
			return err
		}
		byID[id].Messages = append(byID[id].Messages, m)
	}
	return rows.Err()
}

func (r *reader) transcriptsOf(ctx context.Context, sessions int) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if statement := r.transcripts[sessions]; statement != nil {
		return statement, nil
	}
	statement, err := r.database.read.PrepareContext(ctx, r.database.sql("SELECT "+messageColumns+
		" FROM messages WHERE session_id IN "+placeholders(sessions)+" ORDER BY session_id, position"))
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	r.transcripts[sessions] = statement
	return statement, nil
}

func scanMessage(rows *sql.Rows) (id int64, m message, err error) {
	var sentAt *int64
	var sender, status, text string
	var raw, snapshot []byte
	err = rows.Scan(&id, &m.Position, &m.MsgID, &sender, &sentAt, &status, &m.ContentType, &text, &raw, &snapshot)
	if err != nil {
		return 0, message{}, fmt.Errorf("read message: %w", err)
	}
	m.SenderType, m.Status, m.SentAt = presentSender(sender), presentStatus(status), presentTime(sentAt)
	var answered *wireContent
	if snapshot != nil {
		if m.ReplyTo, answered, err = decodeReply(snapshot); err != nil {
			return 0, message{}, err
		}
	}
	c := &wireContent{Type: m.ContentType}
	if m.ContentType != "text" { // of a text the columns have everything
		c = decodeContent(raw)
	}
	m.Content = present(c, text, answered)
	return id, m, nil
}

// wireReply is AIRudder's `reply`: the message that is answered, as it was.
type wireReply struct {
	MsgID      string       `json:"msg_id"`
	SenderType string       `json:"sender_type"`
	Timestamp  *int64       `json:"timestamp"`
	Content    *wireContent `json:"content"`
}

func decodeReply(snapshot []byte) (*reply, *wireContent, error) {
	wire := wireReply{Content: &wireContent{}}
	if err := json.Unmarshal(snapshot, &wire); err != nil {
		return nil, nil, fmt.Errorf("read reply: %w", err)
	}
	c := wire.Content
	r := &reply{wire.MsgID, presentSender(wire.SenderType), presentTime(wire.Timestamp), present(c, c.text(), nil)}
	return r, c, nil
}
