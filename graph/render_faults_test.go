package graph_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"

	"sessiongraph/graph"
	"sessiongraph/models"
)

// faultyReader reads from a store, and now and then fails, panics or returns nil
// where rows have to be: which method does is decided by the seed alone, so that two
// renderers meet the same.
type faultyReader struct {
	graph.Reader
	seed  uint64
	every uint64 // one method of so many; 0 for none
}

var errBroken = errors.New("broken on purpose")

// meet is what a call of the method meets.
func meet[K comparable, V any](r *faultyReader, method string, rows map[K]V, err error) (map[K]V, error) {
	switch r.draw(method) {
	case 1:
		return nil, fmt.Errorf("%s: %w", method, errBroken)
	case 2:
		return nil, models.InputErrorf("%s is not to be read", method)
	case 3:
		return nil, context.Canceled
	case 4:
		panic(method)
	case 5:
		clear(rows)
	case 6:
		var none V
		for key := range rows {
			rows[key] = none
		}
	}
	return rows, err
}

// meetLists is meet where a list can have a nil in it.
func meetLists[K comparable, V any](r *faultyReader, method string, rows map[K][]*V, err error) (map[K][]*V, error) {
	if r.draw(method) == 7 {
		for _, list := range rows {
			if len(list) > 1 {
				list[1] = nil
			}
		}
	}
	return meet(r, method, rows, err)
}

func meetOne[V any](r *faultyReader, method string, value V, err error) (V, error) {
	values, err := meet(r, method, map[int]V{0: value}, err)
	return values[0], err
}

func (r *faultyReader) draw(method string) uint64 {
	if r.every == 0 {
		return 0
	}
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, r.seed, method)
	drawn := hash.Sum64() >> 8
	if drawn%r.every != 0 {
		return 0
	}
	return 1 + drawn/r.every%7
}

func (r *faultyReader) SessionPages(
	ctx context.Context, l models.SessionList, w models.PageSpec[models.SessionKey], owners []string,
) (map[string][]*models.Session, error) {
	rows, err := r.Reader.SessionPages(ctx, l, w, owners)
	return meetLists(r, "SessionPages"+string(l.Scope), rows, err)
}

func (r *faultyReader) SessionsBeyond(
	ctx context.Context, l models.SessionList, places map[string]models.SessionKey, later bool,
) (map[string]bool, error) {
	rows, err := r.Reader.SessionsBeyond(ctx, l, places, later)
	return meet(r, fmt.Sprint("SessionsBeyond", later), rows, err)
}

func (r *faultyReader) CountSessions(
	ctx context.Context, l models.SessionList, owners []string,
) (map[string]int, error) {
	rows, err := r.Reader.CountSessions(ctx, l, owners)
	return meet(r, "CountSessions"+string(l.Scope), rows, err)
}

func (r *faultyReader) SessionsByCallID(ctx context.Context, callIDs []string) (map[string]*models.Session, error) {
	rows, err := r.Reader.SessionsByCallID(ctx, callIDs)
	return meet(r, "SessionsByCallID", rows, err)
}

func (r *faultyReader) SessionsByID(ctx context.Context, ids []int64) (map[int64]*models.Session, error) {
	rows, err := r.Reader.SessionsByID(ctx, ids)
	return meet(r, "SessionsByID", rows, err)
}

func (r *faultyReader) NerSlotsOf(ctx context.Context, ids []int64) (map[int64][]*models.NerSlot, error) {
	rows, err := r.Reader.NerSlotsOf(ctx, ids)
	return meetLists(r, "NerSlotsOf", rows, err)
}

func (r *faultyReader) EventLabelsOf(ctx context.Context, ids []int64) (map[int64][]*models.EventLabel, error) {
	rows, err := r.Reader.EventLabelsOf(ctx, ids)
	return meetLists(r, "EventLabelsOf", rows, err)
}

func (r *faultyReader) VariablesOf(ctx context.Context, ids []int64) (map[int64][]*models.Variable, error) {
	rows, err := r.Reader.VariablesOf(ctx, ids)
	return meetLists(r, "VariablesOf", rows, err)
}

func (r *faultyReader) BodiesOf(ctx context.Context, ids []int64) (map[int64]models.JSON, error) {
	rows, err := r.Reader.BodiesOf(ctx, ids)
	return meet(r, "BodiesOf", rows, err)
}

func (r *faultyReader) ContactsOf(ctx context.Context, callees []string) (map[string]*models.ContactSummary, error) {
	rows, err := r.Reader.ContactsOf(ctx, callees)
	return meet(r, "ContactsOf", rows, err)
}

func (r *faultyReader) MessagePage(
	ctx context.Context, l models.MessageList, w models.PageSpec[models.MessageListKey],
) ([]*models.ListedMessage, error) {
	rows, err := r.Reader.MessagePage(ctx, l, w)
	return meetOne(r, "MessagePage", rows, err)
}

func (r *faultyReader) MessagesBeyond(
	ctx context.Context, l models.MessageList, place models.MessageListKey, later, inclusive bool,
) (bool, error) {
	found, err := r.Reader.MessagesBeyond(ctx, l, place, later, inclusive)
	return meetOne(r, fmt.Sprint("MessagesBeyond", later), found, err)
}

func (r *faultyReader) CountMessages(ctx context.Context, l models.MessageList) (int, error) {
	count, err := r.Reader.CountMessages(ctx, l)
	return meetOne(r, "CountMessages", count, err)
}

func (r *faultyReader) MessagesOf(
	ctx context.Context, ids []int64, selected models.TranscriptRange,
) (map[int64][]*models.Message, error) {
	rows, err := r.Reader.MessagesOf(ctx, ids, selected)
	return meetLists(r, fmt.Sprint("MessagesOf", selected.Filter != nil, selected.First != nil, selected.Last != nil),
		rows, err)
}

func (r *faultyReader) MessagesByMsgID(
	ctx context.Context, keys []models.MsgKey,
) (map[models.MsgKey]*models.Message, error) {
	rows, err := r.Reader.MessagesByMsgID(ctx, keys)
	return meet(r, "MessagesByMsgID", rows, err)
}

func (r *faultyReader) MessagesByKey(
	ctx context.Context, keys []models.MessageKey,
) (map[models.MessageKey]*models.Message, error) {
	rows, err := r.Reader.MessagesByKey(ctx, keys)
	return meet(r, "MessagesByKey", rows, err)
}

func (r *faultyReader) Intentions(ctx context.Context, filter *models.SessionFilter) ([]models.IntentionCount, error) {
	rows, err := r.Reader.Intentions(ctx, filter)
	return meetOne(r, "Intentions", rows, err)
}

func (r *faultyReader) EntryNames(
	ctx context.Context, of models.OpenMap, filter *models.SessionFilter,
) ([]models.NameCount, error) {
	rows, err := r.Reader.EntryNames(ctx, of, filter)
	return meetOne(r, fmt.Sprint("EntryNames", of), rows, err)
}

func (r *faultyReader) DistinctEntryValues(
	ctx context.Context, of models.OpenMap, filter *models.SessionFilter,
) (map[string]int, error) {
	rows, err := r.Reader.DistinctEntryValues(ctx, of, filter)
	return meet(r, fmt.Sprint("DistinctEntryValues", of), rows, err)
}

func (r *faultyReader) TopEntryValues(
	ctx context.Context, of models.OpenMap, filter *models.SessionFilter, limit int,
) (map[string][]*models.EntryValue, error) {
	rows, err := r.Reader.TopEntryValues(ctx, of, filter, limit)
	return meetLists(r, fmt.Sprint("TopEntryValues", of), rows, err)
}

func (r *faultyReader) Stats(ctx context.Context, q models.StatsQuery) ([]*models.SessionStats, error) {
	rows, err := r.Reader.Stats(ctx, q)
	lists, err := meetLists(r, "Stats", map[int][]*models.SessionStats{0: rows}, err)
	return lists[0], err
}

func (r *faultyReader) WorkflowNames(
	ctx context.Context, filter *models.SessionFilter, ids []string,
) (map[string]string, error) {
	rows, err := r.Reader.WorkflowNames(ctx, filter, ids)
	return meet(r, "WorkflowNames", rows, err)
}

func (r *faultyReader) VersionsOf(ctx context.Context, callIDs []string) (map[string][]*models.Notification, error) {
	rows, err := r.Reader.VersionsOf(ctx, callIDs)
	return meetLists(r, "VersionsOf", rows, err)
}

func (r *faultyReader) ContactPage(
	ctx context.Context, l models.ContactList, w models.PageSpec[models.ContactKey],
) ([]*models.ContactSummary, error) {
	rows, err := r.Reader.ContactPage(ctx, l, w)
	return meetOne(r, "ContactPage", rows, err)
}

func (r *faultyReader) ContactsBeyond(
	ctx context.Context, l models.ContactList, place models.ContactKey, later, inclusive bool,
) (bool, error) {
	found, err := r.Reader.ContactsBeyond(ctx, l, place, later, inclusive)
	return meetOne(r, fmt.Sprint("ContactsBeyond", later), found, err)
}

func (r *faultyReader) CountContacts(ctx context.Context, l models.ContactList) (int, error) {
	count, err := r.Reader.CountContacts(ctx, l)
	return meetOne(r, "CountContacts", count, err)
}
