package graph_test

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"
)

// oracleClocks finds the starts of time buckets by trying one quarter of an hour
// after the other: in the years of the test no clock changes at any other time.
type oracleClocks struct {
	found sync.Map // of time.Time, by zone, interval and what the clock shows
}

const quarter = 15 * time.Minute

// start is the first instant of the bucket that holds an instant.
func (c *oracleClocks) start(at time.Time, interval, zone string) time.Time {
	location, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	shows := func(t time.Time) string { return clockShows(t.In(location), interval) }
	label := shows(at)
	key := zone + interval + label
	if start, ok := c.found.Load(key); ok {
		return start.(time.Time)
	}
	var start time.Time
	switch interval {
	case "HOUR": // what the clock shows twice differs by its offset
		for start = at.Truncate(quarter); shows(start.Add(-quarter)) == label; {
			start = start.Add(-quarter)
		}
	case "DAY":
		for start = at.Truncate(quarter).Add(-50 * time.Hour); shows(start) != label; {
			start = start.Add(quarter)
		}
	default:
		for start = c.start(at, "DAY", zone); shows(start.Add(-quarter)) == label; {
			start = c.start(start.Add(-quarter), "DAY", zone)
		}
	}
	c.found.Store(key, start)
	return start
}

func clockShows(t time.Time, interval string) string {
	switch interval {
	case "HOUR":
		return t.Format("2006-01-02 15 -0700")
	case "DAY":
		return t.Format("2006-01-02")
	case "WEEK":
		year, week := t.ISOWeek()
		return fmt.Sprint(year, " ", week)
	default:
		return t.Format("2006-01")
	}
}

// statsRow is a row of sessionStats, the oracle's and the server's.
type statsRow struct {
	Bucket                 *time.Time
	Intention              *string
	WorkflowID             *string `json:"workflowId"`
	WorkflowName           *string
	Channel                *string
	RobotID                *string `json:"robotId"`
	EndReason              *string
	Status                 *string
	NerSlotValue           *string
	SessionCount           int
	Share                  float64
	ContactCount           int
	MessageCount           int
	AverageTalkRound       float64
	AverageDurationSeconds float64
	EngagedCount           int
	HandoverCount          int
	AbandonedCount         int
	HandoverRate           float64
	DeflectionRate         float64
	CallbackCount          int
	AtOnce                 int // callbackCount(hours: 0)
	InAWeek                int // callbackCount(hours: 168)
	MedianWaitSeconds      *float64
	P90WaitSeconds         *float64
}

// group names the row by all that it is grouped by.
func (r statsRow) group() string {
	name := ""
	for _, part := range []*string{r.Intention, r.WorkflowID, r.WorkflowName, r.Channel, r.RobotID, r.EndReason,
		r.Status, r.NerSlotValue} {
		if part == nil {
			name += " null"
		} else {
			name += fmt.Sprintf(" %q", *part)
		}
	}
	if r.Bucket == nil {
		return "null" + name
	}
	return r.Bucket.UTC().Format(time.RFC3339Nano) + name
}

// stats are the rows of a question, all of them, in their order.
func (o *oracle) stats(arguments map[string]any) []statsRow {
	filter, _ := arguments["filter"].(map[string]any)
	those := o.under(sessionPasses(filter))
	names := map[string]string{} // a workflow's name is that of its latest session under the filter
	for _, s := range slices.Backward(sorted(those, nil)) {
		names[s.texts["workflowId"]] = s.texts["workflowName"]
	}
	groups := map[string][]*oracleSession{}
	rows := map[string]statsRow{}
	for _, s := range those {
		row := o.groupOf(s, arguments, names)
		rows[row.group()] = row
		groups[row.group()] = append(groups[row.group()], s)
	}
	slot, interval := arguments["nerSlot"], arguments["interval"]
	if slot == nil && interval == nil && len(listOr(arguments["groupBy"])) == 0 {
		rows[statsRow{}.group()] = statsRow{}
	}
	list := make([]statsRow, 0, len(rows))
	for name, row := range rows {
		list = append(list, o.measured(row, groups[name], len(those)))
	}
	slices.SortFunc(list, func(a, b statsRow) int {
		byBucket := 0
		if a.Bucket != nil {
			byBucket = a.Bucket.Compare(*b.Bucket)
		}
		order := []int{byBucket, b.SessionCount - a.SessionCount}
		for _, dimension := range listOr(arguments["groupBy"]) {
			order = append(order, cmp.Compare(*a.dimension(dimension), *b.dimension(dimension)))
		}
		return cmp.Or(append(order, nullLast(a.NerSlotValue, b.NerSlotValue))...)
	})
	return list
}

// dimension is what the row has of a dimension.
func (r statsRow) dimension(name any) *string {
	return map[any]*string{
		"INTENTION": r.Intention, "WORKFLOW": r.WorkflowID, "CHANNEL": r.Channel, "ROBOT": r.RobotID,
		"END_REASON": r.EndReason, "STATUS": r.Status,
	}[name]
}

func nullLast(a, b *string) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*a, *b)
}

func listOr(v any) []any {
	if v == nil {
		return nil
	}
	return listOf(v)
}

func (o *oracle) groupOf(s *oracleSession, arguments map[string]any, workflowNames map[string]string) statsRow {
	text := func(name string) *string {
		value := s.texts[name]
		return &value
	}
	var row statsRow
	for _, dimension := range listOr(arguments["groupBy"]) {
		switch dimension {
		case "INTENTION":
			row.Intention = text("intention")
		case "WORKFLOW":
			name := workflowNames[s.texts["workflowId"]]
			row.WorkflowID, row.WorkflowName = text("workflowId"), &name
		case "CHANNEL":
			row.Channel = text("channel")
		case "ROBOT":
			row.RobotID = text("robotId")
		case "END_REASON":
			row.EndReason = &s.endReason
		case "STATUS":
			row.Status = text("status")
		}
	}
	if slot := arguments["nerSlot"]; slot != nil {
		if value, has := s.entries["nerSlots"][slot.(string)]; has {
			row.NerSlotValue = &value
		}
	}
	if interval := arguments["interval"]; interval != nil {
		zone, given := arguments["timeZone"].(string)
		if !given {
			zone = "UTC"
		}
		start := o.clocks.start(s.times["startedAt"], interval.(string), zone)
		row.Bucket = &start
	}
	return row
}

func (o *oracle) measured(row statsRow, sessions []*oracleSession, all int) statsRow {
	callees := map[string]bool{}
	rounds, seconds := 0, 0
	for _, s := range sessions {
		if callee := s.texts["callee"]; callee != "" {
			callees[callee] = true
		}
		row.MessageCount += len(s.messages)
		rounds += s.numbers["talkRound"]
		seconds += s.numbers["durationSeconds"]
	}
	row.SessionCount, row.ContactCount = len(sessions), len(callees)
	if n := float64(len(sessions)); n > 0 {
		row.Share = n / float64(all)
		row.AverageTalkRound, row.AverageDurationSeconds = float64(rounds)/n, float64(seconds)/n
	}
	return o.outcomes(row, sessions)
}

// outcomes are the measures of how sessions went.
func (o *oracle) outcomes(row statsRow, sessions []*oracleSession) statsRow {
	deflected := 0
	var waits []float64
	count := func(n *int, counts bool) {
		if counts {
			*n++
		}
	}
	for _, s := range sessions {
		count(&row.EngagedCount, s.engaged())
		count(&row.HandoverCount, s.handedOver())
		count(&row.AbandonedCount, s.abandoned())
		count(&deflected, s.engaged() && !s.handedOver())
		count(&row.CallbackCount, o.calledBack(s, 24))
		count(&row.AtOnce, o.calledBack(s, 0))
		count(&row.InAWeek, o.calledBack(s, 168))
		if wait := s.waitSeconds(); wait != nil {
			waits = append(waits, float64(*wait))
		}
	}
	if row.SessionCount > 0 {
		row.HandoverRate = float64(row.HandoverCount) / float64(row.SessionCount)
	}
	if row.EngagedCount > 0 {
		row.DeflectionRate = float64(deflected) / float64(row.EngagedCount)
	}
	row.MedianWaitSeconds = oracleMedian(waits)
	for _, wait := range waits {
		within := 0
		for _, other := range waits {
			if other <= wait {
				within++
			}
		}
		if 10*within >= 9*len(waits) && (row.P90WaitSeconds == nil || wait < *row.P90WaitSeconds) {
			row.P90WaitSeconds = &wait
		}
	}
	return row
}

// calledBack says whether the session's customer had another session soon after it.
func (o *oracle) calledBack(s *oracleSession, hours int) bool {
	end, callee := s.times["endedAt"], s.texts["callee"]
	return callee != "" && slices.ContainsFunc(o.byCallee(callee), func(other *oracleSession) bool {
		start := other.times["startedAt"]
		return other != s && !start.Before(end) && !start.After(end.Add(time.Duration(hours)*time.Hour))
	})
}

// byCallee are the sessions of a callee, once all have been delivered.
func (o *oracle) byCallee(callee string) []*oracleSession {
	o.callees.Do(func() {
		o.ofCallee = map[string][]*oracleSession{}
		for _, s := range o.sessions {
			o.ofCallee[s.texts["callee"]] = append(o.ofCallee[s.texts["callee"]], s)
		}
	})
	return o.ofCallee[callee]
}

// oracleMedian is the middle one, or the mean of the two in the middle.
func oracleMedian(numbers []float64) *float64 {
	if len(numbers) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(numbers))
	median := sorted[len(sorted)/2]
	if len(sorted)%2 == 0 {
		median = (median + sorted[len(sorted)/2-1]) / 2
	}
	return &median
}

// tally counts sessions by what they have: any number of labels each.
func tally(sessions []*oracleSession, labels func(*oracleSession) []string) map[string]int {
	counts := map[string]int{}
	for _, s := range sessions {
		for _, label := range labels(s) {
			counts[label]++
		}
	}
	return counts
}
