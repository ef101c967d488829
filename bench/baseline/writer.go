package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// maxBatch bounds the notifications of one transaction.
const maxBatch = 64

// writer commits whatever is queued in one transaction, with one flush to disk.
type writer struct {
	conn  *sql.Conn
	begin string
	queue chan *pending
	done  chan struct{}

	database   *database
	session    *sql.Stmt
	inserts    map[insertion]*sql.Stmt
	deletes    []*sql.Stmt // of a session's children
	statements []*sql.Stmt // all of them
}

// insertion is an INSERT of so many rows.
type insertion struct {
	table string
	rows  int
}

// maxRows bounds the rows of one INSERT, and with them the statements that are prepared.
const maxRows = 32

type pending struct {
	notification *notification
	stored       chan error
}

func newWriter(ctx context.Context, d *database) (*writer, error) {
	conn, err := d.write.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open connection: %w", err)
	}
	w := &writer{
		conn: conn, begin: "BEGIN IMMEDIATE", queue: make(chan *pending, 1024), done: make(chan struct{}),
		database: d, inserts: map[insertion]*sql.Stmt{},
	}
	if d.postgres {
		w.begin = "BEGIN"
	}
	if err := w.prepareAll(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare: %w", err), conn.Close())
	}
	go w.run()
	return w, nil
}

// A notification that is older than the session that it names changes nothing.
const upsertSession = `INSERT INTO sessions (call_id, revision, workflow_id, workflow_name, nodetask_id, nodetask_name,
	waba_task_id, wfdetail_uuid, channel, channel_id, callee, robot_id, status, started_at, ended_at, notified_at,
	received_at, end_reason, intention, talk_round, message_count)
VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (call_id) DO UPDATE SET revision = sessions.revision + 1, workflow_id = excluded.workflow_id,
	workflow_name = excluded.workflow_name, nodetask_id = excluded.nodetask_id, nodetask_name = excluded.nodetask_name,
	waba_task_id = excluded.waba_task_id, wfdetail_uuid = excluded.wfdetail_uuid, channel = excluded.channel,
	channel_id = excluded.channel_id, callee = excluded.callee, robot_id = excluded.robot_id, status = excluded.status,
	started_at = excluded.started_at, ended_at = excluded.ended_at, notified_at = excluded.notified_at,
	received_at = excluded.received_at, end_reason = excluded.end_reason, intention = excluded.intention,
	talk_round = excluded.talk_round, message_count = excluded.message_count
WHERE excluded.notified_at >= sessions.notified_at
RETURNING id, revision`

// columns of the tables that hold a session's children.
var columns = map[string]string{
	"messages":     messageColumns,
	"ner_slots":    namedValueColumns,
	"event_labels": namedValueColumns,
	"variables":    namedValueColumns,
}

const namedValueColumns = "session_id, name, position, value"

func (w *writer) prepareAll(ctx context.Context) (err error) {
	if w.session, err = w.prepare(ctx, upsertSession); err != nil {
		return err
	}
	for table := range columns {
		statement, err := w.prepare(ctx, "DELETE FROM "+table+" WHERE session_id = ?")
		if err != nil {
			return err
		}
		w.deletes = append(w.deletes, statement)
	}
	return nil
}

func (w *writer) prepare(ctx context.Context, statement string) (*sql.Stmt, error) {
	s, err := w.conn.PrepareContext(ctx, w.database.sql(statement))
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	w.statements = append(w.statements, s)
	return s, nil
}

// close stores what is queued; nothing may be saved afterwards.
func (w *writer) close() error {
	close(w.queue)
	<-w.done
	var errs []error
	for _, statement := range w.statements {
		errs = append(errs, statement.Close())
	}
	return errors.Join(append(errs, w.conn.Close())...)
}

// save returns once the notification is committed.
func (w *writer) save(ctx context.Context, n *notification) error {
	item := &pending{n, make(chan error, 1)}
	select {
	case w.queue <- item:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-item.stored:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) run() {
	defer close(w.done)
	for first := range w.queue {
		batch := []*pending{first}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case next, open := <-w.queue:
				if more = open; open {
					batch = append(batch, next)
				}
			default:
				more = false
			}
		}
		notifications := make([]*notification, len(batch))
		for i, item := range batch {
			notifications[i] = item.notification
		}
		err := w.commit(context.Background(), notifications)
		for _, item := range batch {
			item.stored <- err
		}
	}
}

// commit stores all of them or none.
func (w *writer) commit(ctx context.Context, batch []*notification) error {
	if _, err := w.conn.ExecContext(ctx, w.begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for _, n := range batch {
		if err := w.insert(ctx, n); err != nil {
			_, rollback := w.conn.ExecContext(ctx, "ROLLBACK")
			return errors.Join(fmt.Errorf("store session %s: %w", n.CallID, err), rollback)
		}
	}
	if _, err := w.conn.ExecContext(ctx, "COMMIT"); err != nil {
		_, rollback := w.conn.ExecContext(ctx, "ROLLBACK")
		return errors.Join(fmt.Errorf("commit: %w", err), rollback)
	}
	return nil
}

func (w *writer) insert(ctx context.Context, n *notification) error {
	var id, revision int64
	err := w.session.QueryRowContext(ctx, n.CallID, n.WorkflowID, n.WorkflowName, n.NodeTaskID, n.NodeTaskName,
		n.WabaTaskID, n.WfDetailUUID, n.Channel, n.ChannelID, n.Callee, n.RobotID, n.Status,
		n.SessionStartTime.UnixMicro(), n.SessionEndTime.UnixMicro(), n.Timestamp, n.receivedAt.UnixMicro(),
		n.SessionEndReason, n.Intention,
		n.TalkRound,
		len(n.Messages)).Scan(&id, &revision)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if revision > 1 {
		for _, statement := range w.deletes {
			if _, err := statement.ExecContext(ctx, id); err != nil {
				return err
			}
		}
	}

	messages := make([][]any, len(n.Messages))
	for position, m := range n.Messages {
		reply := sql.NullString{String: string(m.Reply), Valid: m.Reply != nil}
		messages[position] = []any{id, position, m.MsgID, m.SenderType, m.Timestamp, m.Status, m.contentType, m.text,
			string(m.Content), reply}
	}
	return errors.Join(
		w.insertRows(ctx, "messages", messages),
		w.insertRows(ctx, "ner_slots", n.NerSlots.rows(id)),
		w.insertRows(ctx, "event_labels", n.EventLabel.rows(id)),
		w.insertRows(ctx, "variables", n.Variables.rows(id)),
	)
}

func (n namedValues) rows(id int64) [][]any {
	rows := make([][]any, len(n))
	for position, v := range n {
		rows[position] = []any{id, v.name, position, v.value}
	}
	return rows
}

// insertRows inserts many rows with each statement, which stays prepared.
func (w *writer) insertRows(ctx context.Context, table string, rows [][]any) error {
	for chunk := range slices.Chunk(rows, maxRows) {
		key := insertion{table, len(chunk)}
		if w.inserts[key] == nil {
			row := placeholders(len(chunk[0]))
			statement, err := w.prepare(ctx, "INSERT INTO "+table+" ("+columns[table]+") VALUES "+
				row+strings.Repeat(", "+row, len(chunk)-1))
			if err != nil {
				return err
			}
			w.inserts[key] = statement
		}
		if _, err := w.inserts[key].ExecContext(ctx, slices.Concat(chunk...)...); err != nil {
			return err
		}
	}
	return nil
}
