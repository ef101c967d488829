package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sessiongraph/models"
	"sessiongraph/models/mask"
	"sessiongraph/models/store/dialect"
)

// sessionsOfStatement bounds how many sessions' bodies one statement reads.
const sessionsOfStatement = 10_000

// bodyRow is the body of the notification that a session shows.
type bodyRow struct {
	sessionID int64
	packed    []byte
	positions string // of the messages that pass a filter, separated by commas
}

// bodies reads the bodies that sessions show, where a filter is given those that have a message that passes.
func (s *Store) bodiesOf(
	ctx context.Context, sessionIDs []int64, filter dialect.Predicate, each func(bodyRow) error,
) error {
	positions, passes := dialect.Fragment{SQL: "''"}, ""
	if filter.SQL != dialect.AlwaysTrue.SQL {
		positions = dialect.Fragment{
			SQL: "(SELECT string_agg(CAST(m.position AS TEXT), ',') FROM messages m WHERE m.session_id = s.id AND (" +
				filter.SQL + "))",
			Args: filter.Args,
		}
		passes = " WHERE x.positions IS NOT NULL"
	}
	rules := s.visibleSessions(ctx)
	for ids := range slices.Chunk(sessionIDs, sessionsOfStatement) {
		sessions := dialect.AllOf(
			dialect.Where("s.id IN ("+dialect.Placeholders(len(ids))+")", dialect.ToAny(ids)...), rules)
		statement := dialect.Select(
			"SELECT x.id, n.body, x.positions FROM (SELECT s.id, s.notification_id, "+positions.SQL+
				" AS positions FROM sessions s"+
				" WHERE "+sessions.SQL+") x JOIN notifications n ON n.id = "+
				"x.notification_id"+passes,
			slices.Concat(positions.Args, sessions.Args)...)
		if err := s.readBodies(ctx, statement, each); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) readBodies(ctx context.Context, statement dialect.Statement, each func(bodyRow) error) error {
	return s.eachRow(ctx, statement, func(scan scanner) error {
		var row bodyRow
		if err := scan(&row.sessionID, &row.packed, &row.positions); err != nil {
			return err
		}
		return each(row)
	})
}

// transcript is a session's messages.
type transcript struct {
	messages []models.Message
	masker   *mask.Masker // for a viewer who sees masks, else nil
}

// transcriptOf reads a session's messages out of a compressed body.
func (s *Store) transcriptOf(ctx context.Context, sessionID int64, packed []byte) (transcript, error) {
	body, err := s.unpackBody(packed)
	if err != nil {
		return transcript{}, fmt.Errorf("session number %d: %w", sessionID, err)
	}
	t := transcript{messages: models.ReadTranscript(models.JSON(body).Get("messages"))}
	for i := range t.messages {
		t.messages[i].SessionID = sessionID
	}
	if masks := s.masksOf(ctx); masks != nil {
		t.masker = masks.Session(body)
	}
	return t, nil
}

// message is a message as the viewer sees it. It is taken once.
func (t transcript) message(i int) *models.Message {
	m := &t.messages[i]
	if t.masker != nil {
		m.Raw = t.masker.Message(m.Raw)
	}
	return m
}

// at reads the positions out of a row, in order.
func (r bodyRow) at() ([]int, error) {
	positions := make([]int, 0, strings.Count(r.positions, ",")+1)
	for text := range strings.SplitSeq(r.positions, ",") {
		position, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("read position of message: %w", err)
		}
		positions = append(positions, position)
	}
	slices.Sort(positions)
	return positions, nil
}

// MessagesOf reads the messages of several sessions, each session's in
// conversation order.
func (s *Store) MessagesOf(
	ctx context.Context, sessionIDs []int64, selected models.TranscriptRange,
) (map[int64][]*models.Message, error) {
	filter := s.filters(ctx).message(selected.Filter)
	found := make(map[int64][]*models.Message, len(sessionIDs))
	err := s.bodiesOf(ctx, sessionIDs, filter, func(row bodyRow) error {
		transcript, err := s.transcriptOf(ctx, row.sessionID, row.packed)
		if err != nil {
			return err
		}
		from, to := 0, len(transcript.messages)
		var positions []int
		if filter.SQL != dialect.AlwaysTrue.SQL {
			if positions, err = row.at(); err != nil {
				return err
			}
			to = len(positions)
		}
		switch {
		case selected.First != nil:
			to = min(to, *selected.First)
		case selected.Last != nil:
			from = max(0, to-*selected.Last)
		}
		messages := make([]*models.Message, 0, to-from)
		for at := from; at < to; at++ {
			position := at
			if positions != nil {
				position = positions[at]
			}
			if position < len(transcript.messages) {
				messages = append(messages, transcript.message(position))
			}
		}
		if len(messages) > 0 {
			found[row.sessionID] = messages
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return found, nil
}

// MessagesByMsgID reads the messages that replies answer: of those with one
// msg_id in one session the first.
func (s *Store) MessagesByMsgID(ctx context.Context, keys []models.MsgKey) (map[models.MsgKey]*models.Message, error) {
	first := make([]models.MessageKey, len(keys))
	for i, key := range keys {
		first[i] = models.MessageKey{MsgKey: key}
	}
	messages, err := s.messagesByKey(ctx, first)
	if err != nil {
		return nil, fmt.Errorf("read answered messages: %w", err)
	}
	found := make(map[models.MsgKey]*models.Message, len(messages))
	for key, m := range messages {
		found[key.MsgKey] = m
	}
	return found, nil
}

// MessagesByKey reads messages by their keys.
func (s *Store) MessagesByKey(
	ctx context.Context, keys []models.MessageKey,
) (map[models.MessageKey]*models.Message, error) {
	found, err := s.messagesByKey(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("read messages by key: %w", err)
	}
	return found, nil
}

func (s *Store) messagesByKey(
	ctx context.Context, keys []models.MessageKey,
) (map[models.MessageKey]*models.Message, error) {
	bySession := map[int64][]models.MessageKey{}
	var ids []int64
	for _, key := range keys {
		if bySession[key.SessionID] == nil {
			ids = append(ids, key.SessionID)
		}
		bySession[key.SessionID] = append(bySession[key.SessionID], key)
	}
	found := make(map[models.MessageKey]*models.Message, len(keys))
	err := s.bodiesOf(ctx, ids, dialect.AlwaysTrue, func(row bodyRow) error {
		transcript, err := s.transcriptOf(ctx, row.sessionID, row.packed)
		if err != nil {
			return err
		}
		wanted := make(map[models.MessageKey]bool, len(bySession[row.sessionID]))
		for _, key := range bySession[row.sessionID] {
			wanted[key] = true
		}
		for i := range transcript.messages {
			m := &transcript.messages[i]
			key := models.MessageKey{MsgKey: models.MsgKey{SessionID: m.SessionID, MsgID: m.MsgID},
				Ordinal: m.MsgOrdinal}
			if wanted[key] {
				found[key] = transcript.message(i)
			}
		}
		return nil
	})
	return found, err
}
