package models

import (
	"context"
	"errors"

	"gorm.io/gorm"
)

// scanner is the Scan of a row.
type scanner func(into ...any) error

// eachRow reads the rows of a statement for an answer.
func (s *Store) eachRow(ctx context.Context, statement condition, each func(scanner) error) error {
	return eachRow(s.answers(ctx), s.dialect, statement, each)
}

// eachRow reads the rows of a statement, each with what it scans into: GORM's reflection takes several times as long.
func eachRow(db *gorm.DB, d dialect, statement condition, each func(scanner) error) (err error) {
	rows, err := db.Raw(statement.sql, statement.args...).Rows()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, translate(rows.Close(), d)) }()
	scan := scanner(rows.Scan)
	for rows.Next() {
		if err := each(scan); err != nil {
			return err
		}
	}
	return translate(rows.Err(), d)
}

// sessionFields are the fields of the columns of sessionColumns.
func (s *Session) sessionFields() []any {
	return []any{&s.ID, &s.NotificationID, &s.CallID, &s.WorkflowID, &s.WorkflowName, &s.NodeTaskID, &s.NodeTaskName, &s.WabaTaskID, &s.WfDetailUUID,
		&s.Channel, &s.ChannelID, &s.Callee, &s.RobotID, &s.Status, &s.StartedAt, &s.EndedAt, &s.DurationSeconds, &s.NotifiedAt, &s.ReceivedAt,
		&s.EndReason, &s.Intention, &s.TalkRound, &s.MessageCount, &s.Version, &s.Deliveries, &s.Projection, &s.EndReasonRaw, &s.Engaged, &s.HandedOver,
		&s.Abandoned, &s.TakenOverAt, &s.FirstReplyAt, &s.WaitSeconds, &s.SeatIDs}
}

// scanSession reads a row of sessionColumns.
func scanSession(scan scanner) (*Session, error) {
	session := &Session{}
	return session, scan(session.sessionFields()...)
}

// readSessions reads rows of sessionColumns.
func readSessions(db *gorm.DB, d dialect, statement condition) (sessions []*Session, err error) {
	err = eachRow(db, d, statement, func(scan scanner) error {
		session, err := scanSession(scan)
		sessions = append(sessions, session)
		return err
	})
	return sessions, err
}
