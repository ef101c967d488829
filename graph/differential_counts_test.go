package graph_test

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

type contactAnswer struct {
	Callee       string
	SessionCount int
	FirstSeenAt  time.Time
	LastSeenAt   time.Time
	Sessions     *connection
}

type intentionAnswer struct {
	Label        string
	SessionCount int
	Share        float64
	Sessions     *connection
}

type keyAnswer struct {
	Name           string
	SessionCount   int
	DistinctValues int
	Values         []struct {
		Value        string
		SessionCount int
	}
}

const (
	intentionsDocument = "query (" + pageArguments + ", $filter: SessionFilter, $inner: SessionFilter, $orderBy: " +
		"SessionOrder) " +
		"{ intentions(filter: $filter) { label sessionCount share sessions(" + passOn +
		", filter: $inner, orderBy: $orderBy) { " + sessionPage + " } } }"
	contactDocument = "query (" + pageArguments + ", $callee: String!, $filter: SessionFilter, $orderBy: " +
		"SessionOrder) " +
		"{ contact(callee: $callee) { callee sessionCount firstSeenAt lastSeenAt sessions(" + passOn +
		", filter: $filter, orderBy: $orderBy) { " + sessionPage + " } } }"
	catalogueDocument = "query ($filter: SessionFilter, $first: Int) " +
		"{ keys: %s(filter: $filter) { name sessionCount distinctValues values(first: $first) { " +
		"value sessionCount } } }"
	catalogueDefaultDocument = "query ($filter: SessionFilter) " +
		"{ keys: %s(filter: $filter) { name sessionCount distinctValues values { value sessionCount } } }"
	statsFields = "bucket intention workflowId workflowName channel robotId endReason status nerSlotValue " +
		"sessionCount share contactCount messageCount averageTalkRound averageDurationSeconds engagedCount " +
		"handoverCount abandonedCount handoverRate deflectionRate callbackCount atOnce:callbackCount(hours:0) " +
		"inAWeek:callbackCount(hours:168) medianWaitSeconds p90WaitSeconds"
	statsHead = "query ($filter: SessionFilter, $groupBy: [SessionDimension!], $nerSlot: String, $interval: " +
		"TimeInterval, $timeZone: String, $first: Int) " +
		"{ sessionStats(filter: $filter, groupBy: $groupBy, nerSlot: $nerSlot, interval: $interval, timeZone: " +
		"$timeZone, first: $first) { "
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

// counted holds a list to a tally: the most frequent first, then by name, up to a limit.
func (q *question) counted(what string, names []string, counts []int, want map[string]int, limit int) {
	q.Helper()
	wanted := slices.SortedFunc(maps.Keys(want), func(a, b string) int {
		return cmp.Or(want[b]-want[a], cmp.Compare(a, b))
	})
	wanted = wanted[:min(limit, len(wanted))]
	if !slices.Equal(names, wanted) {
		q.Fatalf("%s: got %q, want %q of %v", what, names, wanted, want)
	}
	for i, name := range names {
		if counts[i] != want[name] {
			q.Fatalf("%s: %q has %d, want %d", what, name, counts[i], want[name])
		}
	}
}

func (q *question) askIntentions() {
	filter, order := q.filter(), q.order()
	var inner map[string]any
	if !q.once(3) {
		inner = q.sessionFilter(1)
	}
	those := q.w.oracle.under(sessionPasses(filter))
	q.w.count(len(those), len(q.w.oracle.sessions))
	limit := 1 + q.IntN(12)
	got := q.send(intentionsDocument,
		map[string]any{"filter": filter, "inner": inner, "orderBy": order, "first": limit, "counted": true}).Intentions
	want := tally(those, func(s *oracleSession) []string { return []string{s.texts["intention"]} })
	labels, counts := make([]string, len(got)), make([]int, len(got))
	lists := map[string][]string{}
	for i, intention := range got {
		labels[i], counts[i] = intention.Label, intention.SessionCount
		if share := float64(intention.SessionCount) / float64(len(those)); !near(intention.Share, share) {
			q.Fatalf("share of %q is %v, want %v", intention.Label, intention.Share, share)
		}
		passes := sessionPasses(inner)
		for _, s := range sorted(those, order) {
			if s.texts["intention"] == intention.Label && passes(s) {
				lists[intention.Label] = append(lists[intention.Label], s.callID())
			}
		}
		list := lists[intention.Label]
		page := make([]string, len(intention.Sessions.Edges))
		for k, edge := range intention.Sessions.Edges {
			page[k] = edge.key()
		}
		if cut := list[:min(limit, len(list))]; !slices.Equal(page, cut) {
			q.Fatalf("sessions of %q: %s", intention.Label, q.w.difference(page, cut))
		}
		if *intention.Sessions.TotalCount != len(list) ||
			intention.Sessions.PageInfo.HasNextPage != (len(list) > limit) ||
			intention.Sessions.PageInfo.HasPreviousPage {
			q.Fatalf("sessions of %q, %d of them: totalCount %d, pageInfo %+v", intention.Label, len(list),
				*intention.Sessions.TotalCount, intention.Sessions.PageInfo)
		}
	}
	q.counted("intentions", labels, counts, want, len(want))
	if len(labels) == 0 {
		return
	}
	// A cursor is of one label's list: the walk asks for that label alone.
	label := draw(q.Rand, labels)
	alone := map[string]any{"and": []any{map[string]any{"intention": map[string]any{"eq": label}}}}
	if filter != nil {
		alone["and"] = append(alone["and"].([]any), filter)
	}
	l := connectionList{
		document:  intentionsDocument,
		variables: map[string]any{"filter": alone, "inner": inner, "orderBy": order},
		find: func(a answer) *connection {
			for _, intention := range a.Intentions {
				if intention.Label == label {
					return intention.Sessions
				}
			}
			return nil
		},
		want: lists[label],
	}
	if q.once(2) {
		q.walk(l)
	} else {
		q.windows(l)
	}
}

func (q *question) askContact() {
	callee := q.session().texts["callee"]
	if q.once(8) {
		callee = q.swapCase(callee) + draw(q.Rand, []string{"", "0"})
	}
	filter, order := q.filter(), q.order()
	variables := map[string]any{"callee": callee, "filter": filter, "orderBy": order}
	those := q.w.oracle.under(func(s *oracleSession) bool { return s.texts["callee"] == callee })
	asked := maps.Clone(variables)
	asked["counted"] = false
	got := q.send(contactDocument, asked).Contact
	if len(those) == 0 || callee == "" {
		if got != nil {
			q.Fatalf("contact %q is %+v, want null", callee, got)
		}
		return
	}
	if got == nil {
		q.Fatalf("contact %q is null, want %d sessions", callee, len(those))
	}
	got.Sessions = nil
	got.FirstSeenAt, got.LastSeenAt = got.FirstSeenAt.UTC(), got.LastSeenAt.UTC()
	if want := contactOf(callee, those); !reflect.DeepEqual(*got, want) {
		q.Fatalf("contact is %+v, want %+v", *got, want)
	}
	l := connectionList{
		document:  contactDocument,
		variables: variables,
		find: func(a answer) *connection {
			if a.Contact == nil {
				return nil
			}
			return a.Contact.Sessions
		},
	}
	passes := sessionPasses(filter)
	l.want = callIDs(slices.DeleteFunc(sorted(those, order), func(s *oracleSession) bool { return !passes(s) }))
	if q.once(2) {
		q.walk(l)
	} else {
		q.windows(l)
	}
}

func contactOf(callee string, those []*oracleSession) contactAnswer {
	want := contactAnswer{Callee: callee, SessionCount: len(those)}
	for i, s := range those {
		if start := s.times["startedAt"].UTC(); i == 0 || start.Before(want.FirstSeenAt) {
			want.FirstSeenAt = start
		}
		if end := s.times["endedAt"].UTC(); i == 0 || end.After(want.LastSeenAt) {
			want.LastSeenAt = end
		}
	}
	return want
}

func (q *question) askCatalogue() {
	field := draw(q.Rand, []string{"nerSlots", "nerSlots", "variables", "eventLabels"})
	filter := q.filter()
	those := q.w.oracle.under(sessionPasses(filter))
	q.w.count(len(those), len(q.w.oracle.sessions))
	limit := draw(q.Rand, []int{0, 1, 2, 3, 5, 50, differentialMaxPage})
	document, variables := catalogueDocument, map[string]any{"filter": filter, "first": limit}
	if q.once(4) {
		limit = 20
		document, variables = catalogueDefaultDocument, map[string]any{"filter": filter}
	}
	got := q.send(fmt.Sprintf(document, field), variables).Keys
	names, counts := make([]string, len(got)), make([]int, len(got))
	for i, key := range got {
		names[i], counts[i] = key.Name, key.SessionCount
		want := tally(those, func(s *oracleSession) []string {
			if value, has := s.entries[field][key.Name]; has {
				return []string{value}
			}
			return nil
		})
		if key.DistinctValues != len(want) {
			q.Fatalf("%s %q has %d distinct values, want %d: %v", field, key.Name, key.DistinctValues, len(want), want)
		}
		values, frequencies := make([]string, len(key.Values)), make([]int, len(key.Values))
		for k, value := range key.Values {
			values[k], frequencies[k] = value.Value, value.SessionCount
		}
		q.counted("values of "+key.Name, values, frequencies, want, limit)
	}
	want := tally(those, func(s *oracleSession) []string { return slices.Collect(maps.Keys(s.entries[field])) })
	q.counted(field, names, counts, want, len(want))
}

var differentialZones = []string{
	"UTC", "Asia/Jakarta", "Asia/Kathmandu", "America/New_York", "Europe/Berlin", "America/Sao_Paulo",
	"Asia/Beirut", "America/Havana",
	"America/Santiago", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham",
	"Africa/Casablanca", "America/St_Johns",
}

func (q *question) askStats() {
	arguments := map[string]any{"filter": q.filter()}
	groupBy := []any{}
	for _, dimension := range []string{"INTENTION", "WORKFLOW", "CHANNEL", "ROBOT", "END_REASON", "STATUS"} {
		if q.once(4) {
			groupBy = append(groupBy, dimension)
		}
	}
	q.Shuffle(len(groupBy), reflect.Swapper(groupBy))
	if len(groupBy) > 0 || q.once(2) {
		arguments["groupBy"] = q.listed(groupBy)
	}
	if q.once(4) {
		name := draw(q.Rand, awkwardNames)
		if names := slices.Sorted(maps.Keys(q.target.entries["nerSlots"])); len(names) > 0 {
			name = draw(q.Rand, names)
		}
		arguments["nerSlot"] = name
	}
	if q.once(2) {
		arguments["interval"] = draw(q.Rand, []string{"HOUR", "DAY", "WEEK", "MONTH"})
	}
	if !q.once(3) {
		arguments["timeZone"] = draw(q.Rand, differentialZones)
	}
	want := q.w.oracle.stats(arguments)
	total := len(want)
	if q.once(3) {
		first := q.IntN(len(want) + 3)
		arguments["first"] = first
		total = min(first, total)
	}
	got := q.send(statsHead+q.measures()+"} }", arguments).SessionStats
	q.checkStats(got, want, total)
}

// measures are fields to select: all of them, or some of those that are computed
// only when they are asked for.
func (q *question) measures() string {
	if !q.once(4) {
		return statsFields
	}
	fields := strings.Fields(statsFields)
	measured := slices.Index(fields, "share")
	fields = slices.Concat(fields[:measured], slices.DeleteFunc(fields[measured:], func(string) bool {
		return q.once(2)
	}))
	q.Shuffle(len(fields), reflect.Swapper(fields))
	return strings.Join(fields, " ")
}

// checkStats holds rows to those wanted, in their order.
func (q *question) checkStats(got, want []statsRow, total int) {
	q.Helper()
	if len(got) != total {
		q.Fatalf("%d rows, want %d of %d", len(got), total, len(want))
	}
	asked := strings.Fields(q.document)
	for i, row := range got {
		expected := want[i]
		if row.group() != expected.group() || !sameBucket(row.Bucket, expected.Bucket) ||
			row.SessionCount != expected.SessionCount {
			q.Fatalf("row %d is %s with %d sessions, want %s with %d", i, row.group(), row.SessionCount,
				expected.group(), expected.SessionCount)
		}
		for _, field := range strings.Fields(statsFields[strings.Index(statsFields, "share"):]) {
			if slices.Contains(asked, field) && !near(row.measure(field), expected.measure(field)) {
				q.Fatalf("row %d, %s:\n got %s\nwant %s", i, field, encodeJSON(row), encodeJSON(expected))
			}
		}
	}
}

// measure is the measure that a field of statsFields selects; -1 for null.
func (r statsRow) measure(field string) float64 {
	name, _, _ := strings.Cut(field, ":")
	value := reflect.ValueOf(r).FieldByNameFunc(func(of string) bool { return strings.EqualFold(of, name) })
	switch {
	case value.CanInt():
		return float64(value.Int())
	case value.CanFloat():
		return value.Float()
	case value.IsNil():
		return -1
	default:
		return value.Elem().Float()
	}
}

func sameBucket(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
