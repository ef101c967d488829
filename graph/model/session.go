package model

import (
	"context"
	"slices"

	"sessiongraph/models"
)

// siblings are sessions that were read together.
type siblings struct {
	source   Source
	sessions []*models.Session

	intentions  loadOnce[*intentions]
	contacts    loadOnce[*contacts]
	nerSlots    loadOnce[map[int64][]*models.NerSlot]
	eventLabels loadOnce[map[int64][]*models.EventLabel]
	variables   loadOnce[map[int64][]*models.Variable]
	messages    batchCache[models.Selected, map[int64][]*Message]
	raw         loadOnce[map[int64]models.JSON]
	versions    loadOnce[*versions]
}

func newSiblings(source Source) *siblings { return &siblings{source: source} }

// Session is a session among its siblings.
type Session struct {
	*models.Session
	siblings *siblings
}

// add makes rows siblings of those already there; all are added before any is asked.
func (s *siblings) add(rows []*models.Session) []*Session {
	s.sessions = append(s.sessions, rows...)
	added := make([]*Session, len(rows))
	together := make([]Session, len(rows))
	for i, row := range rows {
		together[i] = Session{row, s}
		added[i] = &together[i]
	}
	return added
}

// SessionsByCallID reads sessions by AIRudder's call_id, nil for one that is not there.
func SessionsByCallID(ctx context.Context, source Source, callIDs []string) (map[string]*Session, error) {
	rows, err := source.Store.SessionsByCallID(ctx, callIDs)
	if err != nil {
		return nil, err
	}
	all := newSiblings(source)
	found := make(map[string]*Session, len(rows))
	for callID, row := range rows {
		found[callID] = all.add([]*models.Session{row})[0]
	}
	return found, nil
}

func (s *siblings) ids() []int64 {
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

// Intention is the label that the robot recognised, among all sessions.
func (s *Session) Intention() (*Intention, error) {
	all, err := s.siblings.intentions.get(func() (*intentions, error) {
		labels := distinct(s.siblings.sessions, func(row *models.Session) string { return row.Intention })
		return &intentions{source: s.siblings.source, labels: labels}, nil
	})
	return &Intention{s.Session.Intention, all}, err
}

// Contact is the callee, with all its sessions; nil where the session has none.
func (s *Session) Contact() (*Contact, error) {
	if s.Callee == "" {
		return nil, nil
	}
	all, err := s.siblings.contacts.get(func() (*contacts, error) {
		callees := distinct(s.siblings.sessions, func(row *models.Session) string { return row.Callee })
		callees = slices.DeleteFunc(callees, func(callee string) bool { return callee == "" })
		return &contacts{source: s.siblings.source, callees: callees}, nil
	})
	return &Contact{s.Callee, all}, err
}

// NerSlots are the slots of those names, all of them where names is nil.
func (s *Session) NerSlots(ctx context.Context, names []string) ([]*models.NerSlot, error) {
	all, err := s.siblings.nerSlots.get(func() (map[int64][]*models.NerSlot, error) {
		return s.siblings.source.Store.NerSlotsOf(ctx, s.siblings.ids())
	})
	slots := all[s.Session.ID]
	if names == nil || err != nil {
		return some(slots), err
	}
	return some(slices.DeleteFunc(slices.Clone(slots), func(slot *models.NerSlot) bool { return !slices.Contains(names, slot.Name) })), nil
}

// NerSlot is the slot of that name, nil where the session has none.
func (s *Session) NerSlot(ctx context.Context, name string) (*models.NerSlot, error) {
	slots, err := s.NerSlots(ctx, []string{name})
	if err != nil || len(slots) == 0 {
		return nil, err
	}
	return slots[0], nil
}

// EventLabels are the session's event labels.
func (s *Session) EventLabels(ctx context.Context) ([]*models.EventLabel, error) {
	all, err := s.siblings.eventLabels.get(func() (map[int64][]*models.EventLabel, error) {
		return s.siblings.source.Store.EventLabelsOf(ctx, s.siblings.ids())
	})
	return some(all[s.Session.ID]), err
}

// Variables are the session's variables.
func (s *Session) Variables(ctx context.Context) ([]*models.Variable, error) {
	all, err := s.siblings.variables.get(func() (map[int64][]*models.Variable, error) {
		return s.siblings.source.Store.VariablesOf(ctx, s.siblings.ids())
	})
	return some(all[s.Session.ID]), err
}

// Messages is the transcript, or the part of it that is asked for.
func (s *Session) Messages(ctx context.Context, filter *models.MessageFilter, first, last *int) ([]*Message, error) {
	if err := checkEnds(first, last, s.siblings.source.MaxPage); err != nil {
		return nil, err
	}
	selected := models.Selected{Filter: filter, First: first, Last: last}
	all, err := s.siblings.messages.of(selected).get(func() (map[int64][]*Message, error) {
		rows, err := s.siblings.source.Store.MessagesOf(ctx, s.siblings.ids(), selected)
		if err != nil {
			return nil, err
		}
		bySession := make(map[int64][]*Message, len(rows))
		transcripts := newTranscripts(s.siblings.source)
		for _, session := range s.siblings.sessions {
			bySession[session.ID] = transcripts.add(session.CallID, rows[session.ID])
		}
		return bySession, nil
	})
	return some(all[s.Session.ID]), err
}

// SessionVersion is one of a session's notifications.
type SessionVersion struct {
	NotifiedAt models.Time
	ReceivedAt models.Time
	Deliveries int
	id         int64 // in the ledger
	all        *versions
}

// versions are those of all siblings.
type versions struct {
	source    Source
	ids       []int64
	byCallIDs map[string][]*SessionVersion
	raw       loadOnce[map[int64]models.JSON]
}

// Versions are the session's notifications, newest first.
func (s *Session) Versions(ctx context.Context) ([]*SessionVersion, error) {
	all, err := s.siblings.versions.get(func() (*versions, error) {
		callIDs := distinct(s.siblings.sessions, func(row *models.Session) string { return row.CallID })
		rows, err := s.siblings.source.Store.VersionsOf(ctx, callIDs)
		if err != nil {
			return nil, err
		}
		all := &versions{source: s.siblings.source, byCallIDs: map[string][]*SessionVersion{}}
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
	return some(all.byCallIDs[s.CallID]), nil
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
	all, err := s.siblings.raw.get(func() (map[int64]models.JSON, error) {
		return s.siblings.source.Store.BodiesOf(ctx, distinct(s.siblings.sessions, func(row *models.Session) int64 { return row.NotificationID }))
	})
	return all[s.NotificationID], err
}

// some is an empty list in place of a nil one, which GraphQL would show as null.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
