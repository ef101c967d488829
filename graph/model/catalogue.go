package model

import (
	"context"
	"math"
	"time"

	"sessiongraph/models"
)

// Intentions returns every label under the filter, most frequent first.
func Intentions(ctx context.Context, source Source, filter *models.SessionFilter) ([]*Intention, error) {
	rows, err := source.Store.Intentions(ctx, filter)
	if err != nil {
		return nil, err
	}
	all := &intentionBatch{source: source, filter: filter}
	counts := map[string]int{}
	total := 0
	list := make([]*Intention, len(rows))
	for i, row := range rows {
		all.labels = append(all.labels, row.Intention)
		counts[row.Intention] = row.Count
		total += row.Count
		list[i] = &Intention{row.Intention, all}
	}
	all.counts.set(counts)
	all.total.set(total)
	return list, nil
}

// entryKeyBatch is the names of one catalogue.
type entryKeyBatch struct {
	source   Source
	of       models.OpenMap
	filter   *models.SessionFilter
	distinct loadOnce[map[string]int]
	values   batchCache[int, map[string][]*models.EntryValue]
}

// EntryKey is a name of one of a session's open maps, with its figures under a
// filter: NerSlotKey, VariableKey and EventLabelKey of GraphQL.
type EntryKey struct {
	Name         string
	SessionCount int
	batch        *entryKeyBatch
}

// EntryKeys returns the catalogue of an open map's names under the filter, most frequent
// first.
func EntryKeys(
	ctx context.Context, source Source, of models.OpenMap, filter *models.SessionFilter,
) ([]*EntryKey, error) {
	rows, err := source.Store.EntryNames(ctx, of, filter)
	if err != nil {
		return nil, err
	}
	all := &entryKeyBatch{source: source, of: of, filter: filter}
	list := make([]*EntryKey, len(rows))
	for i, row := range rows {
		list[i] = &EntryKey{row.Name, row.Count, all}
	}
	return list, nil
}

// DistinctValues is the number of the name's different values.
func (k *EntryKey) DistinctValues(ctx context.Context) (int, error) {
	counts, err := k.batch.distinct.get(func() (map[string]int, error) {
		return k.batch.source.Store.DistinctEntryValues(ctx, k.batch.of, k.batch.filter)
	})
	return counts[k.Name], err
}

// Values are the name's most frequent values.
func (k *EntryKey) Values(ctx context.Context, first *int) ([]*models.EntryValue, error) {
	if err := CheckLimit("first", first, k.batch.source.MaxPage); err != nil {
		return nil, err
	}
	limit := min(DefaultPage, k.batch.source.MaxPage)
	if first != nil {
		limit = *first
	}
	values, err := k.batch.values.of(limit).get(func() (map[string][]*models.EntryValue, error) {
		return k.batch.source.Store.TopEntryValues(ctx, k.batch.of, k.batch.filter, limit)
	})
	return nonNil(values[k.Name]), err
}

// DriftList returns what notifications have that this program does not know, what most of them have first.
func DriftList(ctx context.Context, source Source, first *int) ([]*models.Drift, error) {
	if err := CheckLimit("first", first, source.MaxPage); err != nil {
		return nil, err
	}
	return source.Store.Drift(ctx, first)
}

// statsRows are the rows of one group-by.
type statsRows struct {
	source        Source
	query         models.StatsQuery
	rows          []*SessionStats
	total         loadOnce[int]
	workflowNames loadOnce[map[string]string]
	callbacks     batchCache[int, []int] // of each row, by hours
}

// SessionStats is a row of a group-by.
type SessionStats struct {
	*models.SessionStats
	all *statsRows
	row int
}

// StatsArguments are the arguments of sessionStats.
type StatsArguments struct {
	Filter   *models.SessionFilter
	GroupBy  []models.SessionDimension
	NerSlot  *string
	Interval *models.TimeInterval
	TimeZone *string // IANA's name; nil for UTC
	First    *int
}

// Stats groups sessions and computes measures of the groups.
func Stats(
	ctx context.Context, source Source, a StatsArguments, measures models.StatsMeasures,
) ([]*SessionStats, error) {
	if err := CheckLimit("first", a.First, source.MaxPage); err != nil {
		return nil, err
	}
	zone := time.UTC
	if a.TimeZone != nil {
		var err error
		if zone, err = time.LoadLocation(*a.TimeZone); err != nil || *a.TimeZone == "Local" || *a.TimeZone == "" {
			return nil, models.InputErrorf(
				"timeZone: want a name of the IANA database, such as \"Asia/Jakarta\", got %q", *a.TimeZone)
		}
	}

	all := &statsRows{source: source, query: models.StatsQuery{
		Filter: a.Filter, GroupBy: a.GroupBy, NerSlot: a.NerSlot, Interval: a.Interval, Zone: zone, First: a.First,
		Measures: measures,
	}}
	rows, err := source.Store.Stats(ctx, all.query)
	if err != nil {
		return nil, err
	}
	all.rows = make([]*SessionStats, len(rows))
	for i, row := range rows {
		all.rows[i] = &SessionStats{row, all, i}
	}
	return all.rows, nil
}

// Share is SessionCount as a fraction (0 to 1) of all sessions under the filter.
func (s *SessionStats) Share(ctx context.Context) (float64, error) {
	total, err := s.all.total.get(func() (int, error) {
		list := models.SessionList{Filters: filters(s.all.query.Filter)}
		counts, err := s.all.source.Store.CountSessions(ctx, list, []string{""})
		return counts[""], err
	})
	if err != nil || total == 0 {
		return 0, err
	}
	return float64(s.SessionCount) / float64(total), nil
}

// WorkflowName is the name that the row's workflow had in its latest session.
func (s *SessionStats) WorkflowName(ctx context.Context) (*string, error) {
	if s.WorkflowID == nil {
		return nil, nil
	}
	names, err := s.all.workflowNames.get(func() (map[string]string, error) {
		ids := distinct(s.all.rows, func(row *SessionStats) string { return *row.WorkflowID })
		return s.all.source.Store.WorkflowNames(ctx, s.all.query.Filter, ids)
	})
	name := names[*s.WorkflowID]
	return &name, err
}

// Prompts counts prompts, and what was picked of them.
func Prompts(
	ctx context.Context, source Source, filter *models.SessionFilter, first *int,
) ([]*models.PromptStats, error) {
	if err := CheckLimit("first", first, source.MaxPage); err != nil {
		return nil, err
	}
	return source.Store.PromptStats(ctx, filter, first)
}

// defaultCallbackHours is the default of callbackCount's hours.
const defaultCallbackHours = 24

// CallbackCount is the number of the row's sessions whose customer had another session at most so many hours later.
func (s *SessionStats) CallbackCount(ctx context.Context, hours *int) (int, error) {
	within := defaultCallbackHours
	if hours != nil {
		within = *hours
	}
	if err := CheckHours(within); err != nil {
		return 0, err
	}
	counts, err := s.all.callbacks.of(within).get(func() ([]int, error) {
		query := s.all.query
		query.Measures = models.StatsMeasures{CallbackHours: &within}
		rows, err := s.all.source.Store.Stats(ctx, query)
		counts := make([]int, len(rows))
		for i, row := range rows {
			counts[i] = row.CallbackCount
		}
		return counts, err
	})
	if err != nil {
		return 0, err
	}
	return counts[s.row], nil
}

// CheckHours returns the error of hours that callbackCount does not take.
func CheckHours(hours int) error {
	if hours < 0 || hours > math.MaxInt32 {
		return models.InputErrorf("hours: want 0 or more, got %d", hours)
	}
	return nil
}
