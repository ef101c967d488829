package models

import (
	"context"
	"fmt"
)

// MaxRows is the most rows that a list without paging arguments has.
const MaxRows = 10_000

func tooManyRows(what string) error {
	return InputErrorf("there are more than %d %s: narrow the filter", MaxRows, what)
}

// IntentionCount is a label and how many sessions have it.
type IntentionCount struct {
	Intention string
	Count     int
}

// Intentions counts the sessions of each label under the filter, most frequent first.
func (s *Store) Intentions(ctx context.Context, filter *SessionFilter) ([]IntentionCount, error) {
	c := filterSQL{s.dialect}.session(filter)
	var rows []IntentionCount
	err := s.answers(ctx).Raw(fmt.Sprintf("SELECT s.intention, COUNT(*) AS count FROM sessions s WHERE %s"+
		" GROUP BY s.intention ORDER BY count DESC, s.intention LIMIT %d", c.sql, MaxRows+1), c.args...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count intentions: %w", err)
	}
	if len(rows) > MaxRows {
		return nil, tooManyRows("intentions")
	}
	return rows, nil
}

// NerSlotCount is the name of a NER slot and how many sessions have it.
type NerSlotCount struct {
	Name  string
	Count int
}

// slotsOf passes the rows n of ner_slots whose sessions pass the filter.
func (s *Store) slotsOf(filter *SessionFilter) condition {
	c := filterSQL{s.dialect}.session(filter)
	if c.sql == everything.sql {
		return everything
	}
	return condition{"n.session_id IN (SELECT s.id FROM sessions s WHERE " + c.sql + ")", c.args}
}

// NerSlotNames counts the sessions that have each slot, most frequent first.
func (s *Store) NerSlotNames(ctx context.Context, filter *SessionFilter) ([]NerSlotCount, error) {
	c := s.slotsOf(filter)
	var rows []NerSlotCount
	err := s.answers(ctx).Raw(fmt.Sprintf("SELECT n.name, COUNT(*) AS count FROM ner_slots n WHERE %s"+
		" GROUP BY n.name ORDER BY count DESC, n.name LIMIT %d", c.sql, MaxRows+1), c.args...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count NER slots: %w", err)
	}
	if len(rows) > MaxRows {
		return nil, tooManyRows("names of NER slots")
	}
	return rows, nil
}

// DistinctSlotValues counts the different values of each slot.
func (s *Store) DistinctSlotValues(ctx context.Context, filter *SessionFilter) (map[string]int, error) {
	c := s.slotsOf(filter)
	var rows []NerSlotCount
	err := s.answers(ctx).Raw("SELECT n.name, COUNT(DISTINCT n.value) AS count FROM ner_slots n WHERE "+c.sql+" GROUP BY n.name", c.args...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count values of NER slots: %w", err)
	}
	counts := make(map[string]int, len(rows))
	for _, row := range rows {
		counts[row.Name] = row.Count
	}
	return counts, nil
}

// NerSlotValue is a value of a slot and how many sessions have it.
type NerSlotValue struct {
	Name         string
	Value        string
	SessionCount int
}

// TopSlotValues reads the most frequent values of each slot, so many of each.
func (s *Store) TopSlotValues(ctx context.Context, filter *SessionFilter, limit int) (map[string][]*NerSlotValue, error) {
	c := s.slotsOf(filter)
	var rows []*NerSlotValue
	err := s.answers(ctx).Raw("SELECT name, value, session_count FROM ("+
		"SELECT name, value, session_count, ROW_NUMBER() OVER (PARTITION BY name ORDER BY session_count DESC, value) AS place FROM ("+
		"SELECT n.name, n.value, COUNT(*) AS session_count FROM ner_slots n WHERE "+c.sql+" GROUP BY n.name, n.value) counted) ranked"+
		" WHERE place <= ? ORDER BY name, place", append(c.args, limit)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read values of NER slots: %w", err)
	}
	found := map[string][]*NerSlotValue{}
	for _, row := range rows {
		found[row.Name] = append(found[row.Name], row)
	}
	return found, nil
}
