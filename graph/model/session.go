package model

import (
	"context"
	"slices"

	"sessiongraph/models"
)

// sessionBatch is sessions whose fields are loaded together.
type sessionBatch struct {
	source   Source
	sessions []*models.Session

	intentions  loadOnce[*intentionBatch]
	contacts    loadOnce[*contactBatch]
	nerSlots    loadOnce[map[int64][]*models.NerSlot]
	eventLabels loadOnce[map[int64][]*models.EventLabel]
	variables   loadOnce[map[int64][]*models.Variable]
	messages    batchCache[models.TranscriptRange, map[int64][]*Message]
	raw         loadOnce[map[int64]models.JSON]
	versions    loadOnce[*versions]
}

func newSessionBatch(source Source) *sessionBatch { return &sessionBatch{source: source} }

// Session is a session in its batch.
type Session struct {
	*models.Session
	batch *sessionBatch
}

// add adds sessions. It is called before any field is loaded.
func (s *sessionBatch) add(rows []*models.Session) []*Session {
	s.sessions = append(s.sessions, rows...)
	added := make([]*Session, len(rows))
	sessions := make([]Session, len(rows))
	for i, row := range rows {
		sessions[i] = Session{row, s}
		added[i] = &sessions[i]
	}
	return added
}

// SessionsByCallID returns sessions by AIRudder's call_id.
func SessionsByCallID(ctx context.Context, source Source, callIDs []string) (map[string]*Session, error) {
	rows, err := source.Store.SessionsByCallID(ctx, callIDs)
	if err != nil {
		return nil, err
	}
	all := newSessionBatch(source)
	found := make(map[string]*Session, len(rows))
	for callID, row := range rows {
		found[callID] = all.add([]*models.Session{row})[0]
	}
	return found, nil
}

func (s *sessionBatch) ids() []int64 {
	return distinct(s.sessions, func(session *models.Session) int64 { return session.ID })
}

func distinct[T any, K comparable](rows []T, key func(T) K) []K {
	seen := make(map[K]bool, len(rows))
	keys := make([]K, 0, len(rows))
	for _, row := range rows {
		if k := key(row); !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}

// IsNode marks the members of GraphQL's Node.
func (*Session) IsNode() {}

// ID is the session's node id.
func (s *Session) ID() string { return nodeID{kind: sessionNode, key: s.CallID}.String() }

// Intention is the label that the robot recognised, with its figures over all sessions.
func (s *Session) Intention() (*Intention, error) {
	all, err := s.batch.intentions.get(func() (*intentionBatch, error) {
		labels := distinct(s.batch.sessions, func(row *models.Session) string { return row.Intention })
		return &intentionBatch{source: s.batch.source, labels: labels}, nil
	})
	return &Intention{s.Session.Intention, all}, err
}

// Contact is the callee; nil if the session has none.
func (s *Session) Contact() (*Contact, error) {
	if s.Callee == "" {
		return nil, nil
	}
	all, err := s.batch.contacts.get(func() (*contactBatch, error) {
		callees := distinct(s.batch.sessions, func(row *models.Session) string { return row.Callee })
		callees = slices.DeleteFunc(callees, func(callee string) bool { return callee == "" })
		return &contactBatch{source: s.batch.source, callees: callees}, nil
	})
	return &Contact{s.Callee, all}, err
}

// NerSlots are the slots of those names, or all if names is nil.
func (s *Session) NerSlots(ctx context.Context, names []string) ([]*models.NerSlot, error) {
	all, err := s.batch.nerSlots.get(func() (map[int64][]*models.NerSlot, error) {
		return s.batch.source.Store.NerSlotsOf(ctx, s.batch.ids())
	})
	slots := all[s.Session.ID]
	if names == nil || err != nil {
		return nonNil(slots), err
	}
	return nonNil(slices.DeleteFunc(slices.Clone(slots), func(slot *models.NerSlot) bool {
		return !slices.Contains(names, slot.Name)
	})), nil
}

// NerSlot is the slot of that name; nil if there is none.
func (s *Session) NerSlot(ctx context.Context, name string) (*models.NerSlot, error) {
	slots, err := s.NerSlots(ctx, []string{name})
	if err != nil || len(slots) == 0 {
		return nil, err
	}
	return slots[0], nil
}

// EventLabels are the session's event labels.
func (s *Session) EventLabels(ctx context.Context) ([]*models.EventLabel, error) {
	all, err := s.batch.eventLabels.get(func() (map[int64][]*models.EventLabel, error) {
		return s.batch.source.Store.EventLabelsOf(ctx, s.batch.ids())
	})
	return nonNil(all[s.Session.ID]), err
}

// Variables are the session's variables.
func (s *Session) Variables(ctx context.Context) ([]*models.Variable, error) {
	all, err := s.batch.variables.get(func() (map[int64][]*models.Variable, error) {
		return s.batch.source.Store.VariablesOf(ctx, s.batch.ids())
	})
	return nonNil(all[s.Session.ID]), err
}

// Messages is the transcript, or the selected part of it.
func (s *Session) Messages(ctx context.Context, filter *models.MessageFilter, first, last *int) ([]*Message, error) {
	if err := checkEnds(first, last, s.batch.source.MaxPage); err != nil {
		return nil, err
	}
	selected := models.TranscriptRange{Filter: filter, First: first, Last: last}
	all, err := s.batch.messages.of(selected).get(func() (map[int64][]*Message, error) {
		rows, err := s.batch.source.Store.MessagesOf(ctx, s.batch.ids(), selected)
		if err != nil {
			return nil, err
		}
		bySession := make(map[int64][]*Message, len(rows))
		batch := newMessageBatch(s.batch.source)
		for _, session := range s.batch.sessions {
			bySession[session.ID] = batch.add(session.CallID, rows[session.ID])
		}
		return bySession, nil
	})
	return nonNil(all[s.Session.ID]), err
}

// SessionVersion is one of a session's notifications.
type SessionVersion struct {
	NotifiedAt models.Time
	ReceivedAt models.Time
	Deliveries int
	id         int64 // in the ledger
	all        *versions
}

// versions are the versions of a batch of sessions.
type versions struct {
	source    Source
	ids       []int64
	byCallIDs map[string][]*SessionVersion
	raw       loadOnce[map[int64]models.JSON]
}

// Versions are the session's notifications, newest first.
func (s *Session) Versions(ctx context.Context) ([]*SessionVersion, error) {
	all, err := s.batch.versions.get(func() (*versions, error) {
		callIDs := distinct(s.batch.sessions, func(row *models.Session) string { return row.CallID })
		rows, err := s.batch.source.Store.VersionsOf(ctx, callIDs)
		if err != nil {
			return nil, err
		}
		all := &versions{source: s.batch.source, byCallIDs: map[string][]*SessionVersion{}}
		for callID, notifications := range rows {
			for _, n := range notifications {
				version := &SessionVersion{*n.NotifiedAt, n.FirstReceivedAt, n.Deliveries, n.ID, all}
				all.byCallIDs[callID] = append(all.byCallIDs[callID], version)
				all.ids = append(all.ids, n.ID)
			}
		}
		return all, nil
	})
	if err != nil {
		return nil, err
	}
	return nonNil(all.byCallIDs[s.CallID]), nil
}

// Raw is the notification as it was sent.
func (v *SessionVersion) Raw(ctx context.Context) (models.JSON, error) {
	all, err := v.all.raw.get(func() (map[int64]models.JSON, error) {
		return v.all.source.Store.BodiesOf(ctx, v.all.ids)
	})
	return all[v.id], err
}

// Raw is the notification as it was sent.
func (s *Session) Raw(ctx context.Context) (models.JSON, error) {
	all, err := s.batch.raw.get(func() (map[int64]models.JSON, error) {
		ids := distinct(s.batch.sessions, func(row *models.Session) int64 { return row.NotificationID })
		return s.batch.source.Store.BodiesOf(ctx, ids)
	})
	return all[s.NotificationID], err
}

// nonNil returns an empty list in place of a nil one, which would be rendered as null.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
