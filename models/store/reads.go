package store

import (
	"context"
	"fmt"
	"slices"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// SessionsByCallID reads sessions by AIRudder's call_id; what is not there is not
// in the answer.
func (s *Store) SessionsByCallID(ctx context.Context, callIDs []string) (map[string]*models.Session, error) {
	columns := s.shownColumns(ctx)
	statement := columns.by("call_id", dialect.ToAny(callIDs), s.visibleSessions(ctx))
	sessions, err := columns.read(s.reader(ctx), s.db, statement)
	if err != nil {
		return nil, fmt.Errorf("read sessions by call_id: %w", err)
	}
	found := make(map[string]*models.Session, len(sessions))
	for _, session := range sessions {
		found[session.CallID] = session
	}
	return found, nil
}

// NerSlotsOf reads the NER slots of several sessions in the order they were sent.
func (s *Store) NerSlotsOf(ctx context.Context, sessionIDs []int64) (map[int64][]*models.NerSlot, error) {
	return entriesBySession[models.NerSlot](ctx, s, models.NerSlotMap, sessionIDs)
}

// EventLabelsOf reads the event labels of several sessions in the order they were sent.
func (s *Store) EventLabelsOf(ctx context.Context, sessionIDs []int64) (map[int64][]*models.EventLabel, error) {
	return entriesBySession[models.EventLabel](ctx, s, models.EventLabelMap, sessionIDs)
}

// VariablesOf reads the variables of several sessions in the order they were sent.
func (s *Store) VariablesOf(ctx context.Context, sessionIDs []int64) (map[int64][]*models.Variable, error) {
	return entriesBySession[models.Variable](ctx, s, models.VariableMap, sessionIDs)
}

// namedEntry is a pointer to a NerSlot, an EventLabel or a Variable.
type namedEntry[E any] interface {
	*E
	Entry() *models.NamedValue
}

func entriesBySession[E any, P namedEntry[E]](
	ctx context.Context, s *Store, table models.OpenMap, sessionIDs []int64,
) (map[int64][]*E, error) {
	found := make(map[int64][]*E, len(sessionIDs))
	masks, masked := s.masksOf(ctx), "''"
	if masks != nil && table.IsMasked() {
		masked = "e.masked_value"
	}
	for ids := range slices.Chunk(sessionIDs, sessionsOfStatement) {
		statement := dialect.Select("SELECT e.session_id, e.name, e.value, e.number, e.json, "+masked+" FROM "+
			string(table)+" e"+
			" WHERE e.session_id IN ("+dialect.Placeholders(len(ids))+") ORDER BY e.session_id, e.position",
			dialect.ToAny(ids)...)
		err := s.eachRow(ctx, statement, func(scan scanner) error {
			e := new(E)
			v := P(e).Entry()
			err := scan(&v.SessionID, &v.Name, &v.Value, &v.Number, (*[]byte)(&v.JSON), &v.Masked)
			if err != nil {
				return err
			}
			restoreJSON(v)
			if masks.masksEntry(table, v.Name) && v.JSON.Kind() != models.IsNull {
				v.Value, v.JSON = v.Masked, models.AppendQuoted(nil, v.Masked)
			}
			found[v.SessionID] = append(found[v.SessionID], e)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", table, err)
		}
	}
	return found, nil
}

// BodiesOf reads notifications, as they were sent, by their ids in the ledger.
func (s *Store) BodiesOf(ctx context.Context, notificationIDs []int64) (map[int64]models.JSON, error) {
	found := make(map[int64]models.JSON, len(notificationIDs))
	masks := s.masksOf(ctx)
	statement := dialect.Select("SELECT id, body, NULL FROM notifications WHERE id IN ?", notificationIDs)
	if masks != nil {
		// What the version that is shown has to mask is masked in the others, too.
		statement = dialect.Select("SELECT n.id, n.body, shown.body FROM notifications n"+
			" LEFT JOIN sessions s ON s.call_id = n.call_id AND s.notification_id <> n.id"+
			" LEFT JOIN notifications shown ON shown.id = s.notification_id WHERE n.id IN ?", notificationIDs)
	}
	err := s.eachRow(ctx, statement, func(scan scanner) error {
		var id int64
		var packed, shown []byte
		if err := scan(&id, &packed, &shown); err != nil {
			return err
		}
		body, err := s.unpackBody(packed)
		if err == nil && masks != nil {
			body, err = s.maskBody(masks, body, shown)
		}
		if err != nil {
			return fmt.Errorf("number %d: %w", id, err)
		}
		found[id] = body
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	return found, nil
}

// maskBody masks a notification by its own values and by those of the one that its session shows, if that is another.
func (s *Store) maskBody(masks *masks, body, packedShown []byte) (models.JSON, error) {
	if packedShown == nil {
		return masks.Session(body).Notification(body), nil
	}
	shown, err := s.unpackBody(packedShown)
	if err != nil {
		return nil, err
	}
	return masks.Session(body, shown).Notification(body), nil
}

// VersionsOf reads the projected notifications of several sessions by call_id, without
// bodies, newest first: the first of each is the one that the session shows. Versions that the viewer's row rules do
// not pass are left out.
func (s *Store) VersionsOf(ctx context.Context, callIDs []string) (map[string][]*models.Notification, error) {
	found := make(map[string][]*models.Notification, len(callIDs))
	body, rules := "NULL", versionRules(ctx)
	if !rules.All() {
		body = "body"
	}
	statement := dialect.Select("SELECT id, call_id, notified_at, first_received_at, deliveries, "+body+
		" FROM notifications WHERE call_id IN ? AND outcome = ? ORDER BY notified_at DESC, id DESC",
		callIDs, models.Projected)
	err := s.eachRow(ctx, statement, func(scan scanner) error {
		n, packed := &models.Notification{}, []byte(nil)
		err := scan(&n.ID, &n.CallID, optionalTimeColumn{&n.NotifiedAt},
			(*timeColumn)(&n.FirstReceivedAt), &n.Deliveries, &packed)
		if err != nil {
			return err
		}
		if passes, err := s.passVersion(rules, packed); err != nil || !passes {
			return err
		}
		found[*n.CallID] = append(found[*n.CallID], n)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read versions of sessions: %w", err)
	}
	return found, nil
}

// storedJSON is JSON as it is stored: nothing where it is Value in quotes.
func storedJSON(v *models.NamedValue) []byte {
	if n := len(v.JSON); n == len(v.Value)+2 && v.JSON[0] == '"' && string(v.JSON[1:n-1]) == v.Value {
		return []byte{}
	}
	return v.JSON
}

// restoreJSON gives JSON back what storedJSON left out.
func restoreJSON(v *models.NamedValue) {
	if len(v.JSON) == 0 {
		v.JSON = append(append(append(make(models.JSON, 0, len(v.Value)+2), '"'), v.Value...), '"')
	}
}
