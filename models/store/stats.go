package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// dimensionColumn is the column that sessions are grouped by.
func dimensionColumn(d models.SessionDimension) string {
	switch d {
	case models.ByIntention:
		return "intention"
	case models.ByWorkflow:
		return "workflow_id"
	case models.ByChannel:
		return "channel"
	case models.ByRobot:
		return "robot_id"
	case models.ByEndReason:
		return "end_reason"
	default:
		return "status"
	}
}

// statsRow is a row as it is read. Means are divided here, not in SQL, so that they
// are the same on each database to the last bit.
type statsRow struct {
	models.SessionStats `gorm:"embedded"`
	TalkRoundSum        int64
	DurationSeconds     int64
}

// Stats groups sessions: rows by bucket, then by count, most frequent first, then by
// the values of the dimensions in the order of GroupBy and of the slot, NULL last.
func (s *Store) Stats(ctx context.Context, q models.StatsQuery) ([]*models.SessionStats, error) {
	if q.First != nil && *q.First == 0 {
		return nil, nil
	}
	columns, groups, order := []string{"COUNT(*) AS session_count"}, []string{}, []string{}
	var args []any
	from := "sessions s"
	var fromArgs []any
	if q.Interval != nil {
		bucket, joined := s.db.Bucket(*q.Interval, q.Zone)
		from += joined.SQL
		fromArgs = append(fromArgs, joined.Args...)
		columns = append(columns, bucket.SQL+" AS bucket")
		args = append(args, bucket.Args...)
		groups, order = append(groups, "bucket"), append(order, "bucket")
	}
	order = append(order, "session_count DESC")
	for _, dimension := range q.GroupBy {
		column := "s." + dimensionColumn(dimension)
		if !slices.Contains(groups, column) {
			columns, groups, order = append(columns, column), append(groups, column), append(order, column)
		}
	}
	if q.NerSlot != nil {
		from += " LEFT JOIN ner_slots n ON n.session_id = s.id AND n.name = ?"
		fromArgs = append(fromArgs, *q.NerSlot)
		columns, groups, order = append(columns, "n.value AS ner_slot_value"), append(groups, "n.value"), append(order, "n.value NULLS LAST")
	}
	for _, measure := range []struct {
		asked bool
		sql   string
	}{
		{q.Measures.Contacts, "COUNT(DISTINCT NULLIF(s.callee, '')) AS contact_count"},
		{q.Measures.Messages, sumOf("message_count", "message_count")},
		{q.Measures.TalkRound, sumOf("talk_round", "talk_round_sum")},
		{q.Measures.Duration, sumOf("duration_seconds", "duration_seconds")},
	} {
		if measure.asked {
			columns = append(columns, measure.sql)
		}
	}
	c := filterSQL{s.db}.session(q.Filter)
	sql := "SELECT " + strings.Join(columns, ", ") + " FROM " + from + " WHERE " + c.SQL
	if len(groups) > 0 {
		limit := models.MaxRows + 1
		if q.First != nil {
			limit = *q.First
		}
		sql += fmt.Sprintf(" GROUP BY %s ORDER BY %s LIMIT %d", strings.Join(groups, ", "), strings.Join(order, ", "), limit)
	}
	var rows []*statsRow
	if err := s.reader(ctx).Raw(sql, slices.Concat(args, fromArgs, c.Args)...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("group sessions: %w", err)
	}
	if len(rows) > models.MaxRows {
		return nil, tooManyRows("groups")
	}
	list := make([]*models.SessionStats, len(rows))
	for i, row := range rows {
		row.AverageTalkRound = mean(row.TalkRoundSum, row.SessionCount)
		row.AverageDurationSeconds = mean(row.DurationSeconds, row.SessionCount)
		list[i] = &row.SessionStats
	}
	return list, nil
}

// sumOf is the exact sum of a column of whole numbers of the sessions s.
func sumOf(column, name string) string {
	return "CAST(COALESCE(SUM(s." + column + "), 0) AS BIGINT) AS " + name
}

func mean(sum int64, count int) float64 {
	if count == 0 {
		return 0
	}
	return float64(sum) / float64(count)
}

// WorkflowNames reads the name that each workflow had in its latest session under the filter.
func (s *Store) WorkflowNames(ctx context.Context, filter *models.SessionFilter, workflowIDs []string) (map[string]string, error) {
	c := filterSQL{s.db}.session(filter)
	rows, err := unionAll[*models.Session](ctx, s, len(workflowIDs), func(i int) dialect.Predicate {
		return dialect.Where("SELECT s.workflow_id, s.workflow_name FROM sessions s WHERE s.workflow_id = ? AND ("+c.SQL+
			") ORDER BY s.started_at DESC, s.id DESC LIMIT 1", append([]any{workflowIDs[i]}, c.Args...)...)
	})
	if err != nil {
		return nil, fmt.Errorf("read names of workflows: %w", err)
	}
	names := make(map[string]string, len(rows))
	for _, row := range rows {
		names[row.WorkflowID] = row.WorkflowName
	}
	return names, nil
}
