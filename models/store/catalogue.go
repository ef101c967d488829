package store

import (
	"context"
	"fmt"
	"slices"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

func tooManyRows(what string) error {
	return models.InputErrorf("there are more than %d %s: narrow the filter", models.MaxRows, what)
}

// Intentions counts the sessions of each label under the filter, most frequent first.
func (s *Store) Intentions(ctx context.Context, filter *models.SessionFilter) ([]models.IntentionCount, error) {
	c := s.filters(ctx).session(visible(ctx, filter))
	var rows []models.IntentionCount
	err := s.reader(ctx).Raw(fmt.Sprintf("SELECT s.intention, COUNT(*) AS count FROM sessions s WHERE %s"+
		" GROUP BY s.intention ORDER BY count DESC, s.intention LIMIT %d", c.SQL, maxRows(ctx)+1),
		c.Args...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count intentions: %w", err)
	}
	if len(rows) > maxRows(ctx) {
		return nil, tooManyRows("intentions")
	}
	return rows, nil
}

// entriesOfMap passes the rows n of an open map whose sessions pass the filter.
func (s *Store) entriesOfMap(ctx context.Context, filter *models.SessionFilter) dialect.Predicate {
	c := s.filters(ctx).session(visible(ctx, filter))
	if c.SQL == dialect.AlwaysTrue.SQL {
		return dialect.AlwaysTrue
	}
	return dialect.Where("n.session_id IN (SELECT s.id FROM sessions s WHERE "+c.SQL+")", c.Args...)
}

// EntryNames counts the sessions that have each name in an open map, most frequent
// first, then by name.
func (s *Store) EntryNames(
	ctx context.Context, of models.OpenMap, filter *models.SessionFilter,
) ([]models.NameCount, error) {
	c := s.entriesOfMap(ctx, filter)
	var rows []models.NameCount
	err := s.reader(ctx).Raw(fmt.Sprintf("SELECT n.name, COUNT(*) AS count FROM %s n WHERE %s"+
		" GROUP BY n.name ORDER BY count DESC, n.name LIMIT %d", of, c.SQL, maxRows(ctx)+1),
		c.Args...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count names of %s: %w", of, err)
	}
	if len(rows) > maxRows(ctx) {
		return nil, tooManyRows("names")
	}
	return rows, nil
}

// DistinctEntryValues counts the different values of each name in an open map.
func (s *Store) DistinctEntryValues(
	ctx context.Context, of models.OpenMap, filter *models.SessionFilter,
) (map[string]int, error) {
	c, table := s.entriesOfMap(ctx, filter), s.masksOf(ctx).entriesTable(of)
	var rows []models.NameCount
	err := s.reader(ctx).Raw("SELECT n.name, COUNT(DISTINCT n.value) AS count FROM "+table.SQL+" WHERE "+c.SQL+
		" GROUP BY n.name", slices.Concat(table.Args, c.Args)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count values of %s: %w", of, err)
	}
	counts := make(map[string]int, len(rows))
	for _, row := range rows {
		counts[row.Name] = row.Count
	}
	return counts, nil
}

// TopEntryValues reads the most frequent values of each name in an open map, so many
// of each, those of equal frequency by value.
func (s *Store) TopEntryValues(
	ctx context.Context, of models.OpenMap, filter *models.SessionFilter, limit int,
) (map[string][]*models.EntryValue, error) {
	c, table := s.entriesOfMap(ctx, filter), s.masksOf(ctx).entriesTable(of)
	var rows []*models.EntryValue
	err := s.reader(ctx).Raw("SELECT name, value, session_count FROM ("+
		"SELECT name, value, session_count, ROW_NUMBER() OVER (PARTITION BY name"+
		" ORDER BY session_count DESC, value) AS place FROM ("+
		"SELECT n.name, n.value, COUNT(*) AS session_count FROM "+table.SQL+" WHERE "+c.SQL+
		" GROUP BY n.name, n.value) counted) ranked"+
		" WHERE place <= ? ORDER BY name, place", slices.Concat(table.Args, c.Args, []any{limit})...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read values of %s: %w", of, err)
	}
	found := map[string][]*models.EntryValue{}
	for _, row := range rows {
		found[row.Name] = append(found[row.Name], row)
	}
	return found, nil
}
