package models

import (
	"context"
	"fmt"
	"strings"
)

// Explain is the plan of a statement that OnStatement was told: a line for each
// step, what belongs to a step indented below it. SQLite plans without the values.
func (s *Store) Explain(ctx context.Context, statement string) ([]string, error) {
	var steps []struct {
		ID, Parent int
		Detail     string
	}
	values := make([]any, strings.Count(statement, "?"))
	for i := range values {
		values[i] = 1
	}
	if err := s.read.WithContext(ctx).Raw("EXPLAIN QUERY PLAN "+statement, values...).Scan(&steps).Error; err != nil {
		return nil, fmt.Errorf("explain: %w", err)
	}
	depth := map[int]int{0: -1}
	lines := make([]string, len(steps))
	for i, step := range steps {
		depth[step.ID] = depth[step.Parent] + 1
		lines[i] = strings.Repeat("  ", depth[step.ID]) + step.Detail
	}
	return lines, nil
}
