package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// statsColumn is an expression that a group-by reads, and where a row has it.
type statsColumn struct {
	sql   string
	field func(*statsRow) any
}

// dimensionColumn is the column that sessions are grouped by.
func dimensionColumn(d models.SessionDimension) statsColumn {
	switch d {
	case models.ByIntention:
		return statsColumn{"s.intention", func(r *statsRow) any { return &r.Intention }}
	case models.ByWorkflow:
		return statsColumn{"s.workflow_id", func(r *statsRow) any { return &r.WorkflowID }}
	case models.ByChannel:
		return statsColumn{"s.channel", func(r *statsRow) any { return &r.Channel }}
	case models.ByRobot:
		return statsColumn{"s.robot_id", func(r *statsRow) any { return &r.RobotID }}
	case models.ByEndReason:
		return statsColumn{"s.end_reason", func(r *statsRow) any { return &r.EndReason }}
	default:
		return statsColumn{"s.status", func(r *statsRow) any { return &r.Status }}
	}
}

// statsRow is a row as it is read. Means are divided here, not in SQL, so that they
// are the same on each database to the last bit.
type statsRow struct {
	models.SessionStats
	talkRoundSum    int64
	durationSeconds int64
	waitSeconds     *string // separated by commas
}

// statsSQL is a group-by as it is put together.
type statsSQL struct {
	columns        []statsColumn
	groups, order  []string
	from           string
	args, fromArgs []any // of the columns, and of from
}

// groupSessions is the SQL of a group-by up to its WHERE.
//
// Others are the sessions s that count as the ones that follow.
func (s *Store) groupSessions(q models.StatsQuery, seen *masks, others dialect.Predicate) statsSQL {
	g := statsSQL{
		columns: []statsColumn{{"COUNT(*) AS session_count", func(r *statsRow) any { return &r.SessionCount }}},
		from:    "sessions s",
	}
	if q.Interval != nil {
		bucket, joined := s.db.Bucket(*q.Interval, q.Zone)
		g.from, g.fromArgs, g.args = g.from+joined.SQL, slices.Clone(joined.Args), bucket.Args
		g.columns = append(g.columns, statsColumn{bucket.SQL + " AS bucket", func(r *statsRow) any {
			return optionalTimeColumn{&r.Bucket}
		}})
		g.groups, g.order = append(g.groups, "bucket"), append(g.order, "bucket")
	}
	g.order = append(g.order, "session_count DESC")
	for _, dimension := range q.GroupBy {
		column := dimensionColumn(dimension)
		if !slices.Contains(g.groups, column.sql) {
			g.columns = append(g.columns, column)
			g.groups, g.order = append(g.groups, column.sql), append(g.order, column.sql)
		}
	}
	if q.NerSlot != nil {
		g.from += " LEFT JOIN ner_slots n ON n.session_id = s.id AND n.name = ?"
		g.fromArgs = append(g.fromArgs, *q.NerSlot)
		value := "n.value"
		if seen.masksEntry(models.NerSlotMap, *q.NerSlot) {
			value = "n.masked_value"
		}
		g.columns = append(g.columns, statsColumn{value, func(r *statsRow) any { return &r.NerSlotValue }})
		g.groups, g.order = append(g.groups, value), append(g.order, value+" NULLS LAST")
	}

	for _, measure := range []struct {
		asked bool
		statsColumn
	}{
		{q.Measures.Contacts, statsColumn{
			"COUNT(DISTINCT NULLIF(s." + seen.calleeColumn() + ", ''))",
			func(r *statsRow) any { return &r.ContactCount },
		}},
		{q.Measures.Messages, statsColumn{sumOf("message_count"), func(r *statsRow) any { return &r.MessageCount }}},
		{q.Measures.TalkRound, statsColumn{sumOf("talk_round"), func(r *statsRow) any { return &r.talkRoundSum }}},
		{q.Measures.Duration, statsColumn{sumOf("duration_seconds"), func(r *statsRow) any {
			return &r.durationSeconds
		}}},
		{q.Measures.Outcomes, statsColumn{countOf("s.engaged"), func(r *statsRow) any { return &r.EngagedCount }}},
		{q.Measures.Outcomes, statsColumn{countOf("s.handed_over"), func(r *statsRow) any {
			return &r.HandoverCount
		}}},
		{q.Measures.Outcomes, statsColumn{countOf("s.abandoned"), func(r *statsRow) any {
			return &r.AbandonedCount
		}}},
		{q.Measures.Outcomes, statsColumn{countOf("s.engaged AND NOT s.handed_over"), func(r *statsRow) any {
			return &r.DeflectedCount
		}}},
		{q.Measures.Waits, statsColumn{"string_agg(CAST(s.wait_seconds AS TEXT), ',')", func(r *statsRow) any {
			return &r.waitSeconds
		}}},
	} {
		if measure.asked {
			g.columns = append(g.columns, measure.statsColumn)
		}
	}
	if hours := q.Measures.CallbackHours; hours != nil {
		called := calledBack(*hours, seen.calleeColumn(), others)
		g.columns = append(g.columns, statsColumn{countOf(called.SQL), func(r *statsRow) any {
			return &r.CallbackCount
		}})
		g.args = slices.Concat(g.args, called.Args)
	}
	return g
}

const hourMicroseconds = 3600 * 1e6

// calledBack passes the sessions s whose callee had another session that started at or after their end, at most so
// many hours later. Others passes the sessions s that count as another one.
func calledBack(hours int, callee string, others dialect.Predicate) dialect.Predicate {
	another := dialect.Where("o.id <> s.id AND o.started_at >= s.ended_at"+
		" AND o.started_at <= s.ended_at + CAST(? AS BIGINT)", int64(hours)*hourMicroseconds)
	if others.SQL != dialect.AlwaysTrue.SQL { // its s is another than that of the sessions that are counted
		another = dialect.AllOf(another, dialect.Exists("sessions s WHERE s.id = o.id", others))
	}
	return dialect.AllOf(dialect.Where("s."+callee+" <> ''"),
		dialect.Exists("sessions o WHERE o."+callee+" = s."+callee, another))
}

// Stats groups sessions: rows by bucket, then by count, most frequent first, then by
// the values of the dimensions in the order of GroupBy and of the slot, NULL last.
func (s *Store) Stats(ctx context.Context, q models.StatsQuery) ([]*models.SessionStats, error) {
	if q.First != nil && *q.First == 0 {
		return nil, nil
	}
	g := s.groupSessions(q, s.masksOf(ctx), s.visibleSessions(ctx))
	expressions := make([]string, len(g.columns))
	for i, column := range g.columns {
		expressions[i] = column.sql
	}
	c := s.filters(ctx).session(visible(ctx, q.Filter))
	sql := "SELECT " + strings.Join(expressions, ", ") + " FROM " + g.from + " WHERE " + c.SQL
	if len(g.groups) > 0 {
		limit := maxRows(ctx) + 1
		if q.First != nil {
			limit = *q.First
		}
		sql += fmt.Sprintf(" GROUP BY %s ORDER BY %s LIMIT %d", strings.Join(g.groups, ", "),
			strings.Join(g.order, ", "), limit)
	}

	var list []*models.SessionStats
	err := s.eachRow(ctx, dialect.Select(sql, slices.Concat(g.args, g.fromArgs, c.Args)...), func(scan scanner) error {
		row := &statsRow{}
		fields := make([]any, len(g.columns))
		for i, column := range g.columns {
			fields[i] = column.field(row)
		}
		if err := scan(fields...); err != nil {
			return err
		}
		row.AverageTalkRound = mean(row.talkRoundSum, row.SessionCount)
		row.AverageDurationSeconds = mean(row.durationSeconds, row.SessionCount)
		var err error
		if row.WaitSeconds, err = sortedNumbers(row.waitSeconds); err != nil {
			return fmt.Errorf("read times of waiting: %w", err)
		}
		list = append(list, &row.SessionStats)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("group sessions: %w", err)
	}
	if q.First == nil && len(list) > maxRows(ctx) {
		return nil, tooManyRows("groups")
	}
	return list, nil
}

// countOf counts the sessions s that pass a condition.
func countOf(condition string) string {
	return "COUNT(CASE WHEN " + condition + " THEN 1 END)"
}

// sortedNumbers reads numbers that commas separate.
func sortedNumbers(list *string) ([]int, error) {
	if list == nil {
		return nil, nil
	}
	numbers := make([]int, 0, strings.Count(*list, ",")+1)
	for text := range strings.SplitSeq(*list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers, nil
}

// sumOf is the exact sum of a column of whole numbers of the sessions s.
func sumOf(column string) string {
	return "CAST(COALESCE(SUM(s." + column + "), 0) AS BIGINT)"
}

func mean(sum int64, count int) float64 {
	if count == 0 {
		return 0
	}
	return float64(sum) / float64(count)
}

// WorkflowNames reads the name that each workflow had in its latest session under the filter.
func (s *Store) WorkflowNames(
	ctx context.Context, filter *models.SessionFilter, workflowIDs []string,
) (map[string]string, error) {
	c := s.filters(ctx).session(visible(ctx, filter))
	columns := onlyColumns("workflow_id", "workflow_name")
	rows, err := unionAllSessions(ctx, s, columns, len(workflowIDs), func(i int) dialect.Statement {
		return dialect.Select("SELECT "+columns.sql()+" FROM sessions s WHERE s.workflow_id = ? AND ("+c.SQL+
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
