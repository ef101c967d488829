package store_test

import (
	"context"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm/logger"

	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// planner is a store with some thousand sessions that says how it runs what is asked.
type planner struct {
	*store.Store
	mu         sync.Mutex
	statements []string
}

func newPlanner(t *testing.T) *planner {
	t.Helper()
	// GORM's Scan writes values into the text that it reports, whatever its logger wants.
	before := logger.RecorderParamsFilter
	logger.RecorderParamsFilter = func(_ context.Context, sql string, _ ...any) (string, []any) { return sql, nil }
	t.Cleanup(func() { logger.RecorderParamsFilter = before })
	p := &planner{}
	database, err := store.Open(t.Context(), filepath.Join(t.TempDir(),
		"plans.db"), store.Options{OnStatement: func(sql string) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.statements = append(p.statements, sql)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	p.Store = database
	generator := simulate.New(1)
	for batch := range slices.Chunk(makeRange(2000), 500) {
		deliveries := make([]store.PreparedDelivery, len(batch))
		for i, n := range batch {
			deliveries[i] = database.Prepare(ingest.NewDelivery(generator.Notification(n), "", time.Now()))
		}
		if err := database.Save(t.Context(), deliveries); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func makeRange(n int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i
	}
	return numbers
}

// plan is how the statements of a question are run.
func (p *planner) plan(t *testing.T, ask func(context.Context, *store.Store) error) string {
	t.Helper()
	p.mu.Lock()
	p.statements = nil
	p.mu.Unlock()
	if err := ask(t.Context(), p.Store); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	asked := slices.Clone(p.statements)
	p.mu.Unlock()
	if len(asked) == 0 {
		t.Fatal("nothing was asked of the database")
	}
	var lines []string
	for _, statement := range asked {
		steps, err := p.Explain(t.Context(), statement)
		if err != nil {
			t.Fatalf("%v: %s", err, statement)
		}
		lines = append(append(lines, statement), steps...)
	}
	return strings.Join(lines, "\n")
}

var (
	// A page in an order that has an index is read along it, and nothing else is touched.
	wholeTable = regexp.MustCompile(`(?m)^ *SCAN ` +
		`(sessions|messages|notifications|ner_slots|event_labels|variables|contacts|s|m|n|v|e|c)( USING ` +
		`COVERING INDEX \S+)?$`)
	sorted      = regexp.MustCompile(`USE TEMP B-TREE FOR ORDER BY`)
	byKey       = regexp.MustCompile(`(?m)^ *SEARCH \S+ USING PRIMARY KEY \(session_id=\?`)
	bySessionID = regexp.MustCompile(`(?m)^ *SEARCH \S+ USING INTEGER PRIMARY KEY \(rowid=\?\)$`)
)

// The questions that people ask first are read along an index, on every page and in
// both directions.
func TestPagesAreReadAlongAnIndex(t *testing.T) {
	tools.SkipUnderRace(t, "one question follows the other")
	p := newPlanner(t)
	eq := func(value string) *models.StringFilter { return &models.StringFilter{Eq: &value} }
	at := func(text string) *models.Time {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		converted := models.TimeOf(moment)
		return &converted
	}
	june := &models.TimeFilter{Gte: at("2025-06-01T00:00:00Z"), Lt: at("2025-07-01T00:00:00Z")}
	descending := func(field models.SessionOrderField) models.SessionOrder {
		return models.SessionOrder{Field: field, Direction: models.Descending}
	}
	for _, test := range []struct {
		name  string
		list  models.SessionList
		owner string
		index string // that is searched, or read from an end where it is not
		scan  bool
	}{
		{name: "all", index: "sessions_started_at", scan: true},
		{name: "start", list: models.SessionList{Filters: []*models.SessionFilter{{StartedAt: june}}},
			index: "sessions_started_at"},
		{name: "workflow", list: models.SessionList{Filters: []*models.SessionFilter{{WorkflowID: eq("w"),
			StartedAt: june}}}, index: "sessions_workflow"},
		{name: "intention", list: models.SessionList{Filters: []*models.SessionFilter{{Intention: eq("A"),
			StartedAt: june}}}, index: "sessions_intention"},
		{name: "channel", list: models.SessionList{Filters: []*models.SessionFilter{{Channel: eq("WhatsApp"),
			StartedAt: june}}}, index: "sessions_channel"},
		{name: "callee", list: models.SessionList{Filters: []*models.SessionFilter{{Callee: eq("+1"),
			StartedAt: june}}}, index: "sessions_callee"},
		{name: "robot", list: models.SessionList{Filters: []*models.SessionFilter{{RobotID: eq("1"),
			StartedAt: june}}}, index: "sessions_robot"},
		{name: "end reason",
			list: models.SessionList{Filters: []*models.SessionFilter{{
				EndReason: []models.SessionEndReason{models.EndRobot}, StartedAt: june}}},
			index: "sessions_end_reason"},
		{name: "workflow ever", list: models.SessionList{Filters: []*models.SessionFilter{{WorkflowID: eq("w")}}},
			index: "sessions_workflow"},
		{name: "of an intention", list: models.SessionList{Scope: models.OfIntention}, owner: "A",
			index: "sessions_intention"},
		{name: "of an intention in a time", list: models.SessionList{Scope: models.OfIntention,
			Filters: []*models.SessionFilter{{StartedAt: june}}}, owner: "A", index: "sessions_intention"},
		{name: "of a callee", list: models.SessionList{Scope: models.OfCallee}, owner: "+1", index: "sessions_callee"},
		{name: "by end", list: models.SessionList{Order: descending(models.OrderEndedAt),
			Filters: []*models.SessionFilter{{EndedAt: june}}}, index: "sessions_ended_at"},
		{name: "by arrival", list: models.SessionList{Order: descending(models.OrderReceivedAt),
			Filters: []*models.SessionFilter{{ReceivedAt: june}}}, index: "sessions_received_at"},
	} {
		if test.list.Order == (models.SessionOrder{}) {
			test.list.Order = models.DefaultSessionOrder()
		}
		place := models.SessionKey{Value: at("2025-06-15T00:00:00Z").UnixMicro(), ID: 1000}
		for _, window := range []struct {
			name string
			models.PageSpec[models.SessionKey]
		}{
			{"first page", models.PageSpec[models.SessionKey]{Limit: 50}},
			{"later page", models.PageSpec[models.SessionKey]{Limit: 50, After: &place}},
			{"last page", models.PageSpec[models.SessionKey]{Limit: 50, Backward: true}},
			{"page before", models.PageSpec[models.SessionKey]{Limit: 50, Backward: true, Before: &place}},
		} {
			t.Run(test.name+"/"+window.name, func(t *testing.T) {
				plan := p.plan(t, func(ctx context.Context, s *store.Store) error {
					_, err := s.SessionPages(ctx, test.list, window.PageSpec, []string{test.owner})
					return err
				})
				along(t, test.index, test.scan && window.After == nil && window.Before == nil, plan)
			})
		}
		t.Run(test.name+"/is there more", func(t *testing.T) {
			along(t, test.index, false, p.plan(t, func(ctx context.Context, s *store.Store) error {
				_, err := s.SessionsBeyond(ctx, test.list, map[string]models.SessionKey{test.owner: place}, true)
				return err
			}))
		})
	}
}

func TestPagesOfContactsAreReadAlongAnIndex(t *testing.T) {
	tools.SkipUnderRace(t, "one question follows the other")
	p := newPlanner(t)
	for field, index := range map[models.ContactOrderField]string{
		models.OrderLastSeen: "contacts_last_seen", models.OrderFirstSeen: "contacts_first_seen",
		models.OrderSessionCount: "contacts_session_count",
	} {
		intention := "A"
		for name, filter := range map[string]*models.ContactFilter{
			"all":         nil,
			"of sessions": {Sessions: &models.SessionFilter{Intention: &models.StringFilter{Eq: &intention}}},
		} {
			list := models.ContactList{Filter: filter,
				Order: models.ContactOrder{Field: field, Direction: models.Descending}}
			place := &models.ContactKey{Value: 1000, Callee: "+1"}
			for page, window := range map[string]models.PageSpec[models.ContactKey]{
				"first page": {Limit: 50}, "later page": {Limit: 50, After: place},
				"last page": {Limit: 50, Backward: true},
			} {
				t.Run(string(field)+"/"+name+"/"+page, func(t *testing.T) {
					along(t, index, window.After == nil, p.plan(t, func(ctx context.Context, s *store.Store) error {
						_, err := s.ContactPage(ctx, list, window)
						return err
					}))
				})
			}
			t.Run(string(field)+"/"+name+"/is there more", func(t *testing.T) {
				along(t, index, false, p.plan(t, func(ctx context.Context, s *store.Store) error {
					_, err := s.ContactsBeyond(ctx, list, *place, true, false)
					return err
				}))
			})
		}
	}
}

func along(t *testing.T, index string, scan bool, plan string) {
	t.Helper()
	way := "SEARCH [sc] USING (COVERING )?INDEX "
	if scan {
		way = "SCAN [sc] USING (COVERING )?INDEX "
	}
	if !regexp.MustCompile(way+index+`\b`).MatchString(plan) || wholeTable.MatchString(plan) ||
		sorted.MatchString(plan) {
		t.Error(plan)
	} else {
		t.Log(plan)
	}
}

// That there is nothing to upgrade is read in an index that is empty then.
func TestOutdatedSessionsAreFoundByTheirIndex(t *testing.T) {
	plan := newPlanner(t).plan(t, func(ctx context.Context, s *store.Store) error {
		_, err := s.Outdated(ctx)
		return err
	})
	if !strings.Contains(plan, "sessions USING COVERING INDEX sessions_outdated") {
		t.Error(plan)
	}
}

// Messages are found by their msg_id in few sessions, whatever else they have to pass.
func TestMessagesAreFoundByTheirMsgID(t *testing.T) {
	p := newPlanner(t)
	msgID := "m"
	filter := &models.MessageFilter{And: []*models.MessageFilter{{MsgID: &models.StringFilter{In: []string{msgID,
		"other"}}}}}
	for name, ask := range map[string]func(context.Context, *store.Store) error{
		"page": func(ctx context.Context, s *store.Store) error {
			_, err := s.MessagePage(ctx, models.MessageList{Filter: filter},
				models.PageSpec[models.MessageListKey]{Limit: 20})
			return err
		},
		"is there more": func(ctx context.Context, s *store.Store) error {
			_, err := s.MessagesBeyond(ctx, models.MessageList{Filter: filter},
				models.MessageListKey{StartedAt: 1, SessionID: 1}, true, false)
			return err
		},
		"count": func(ctx context.Context, s *store.Store) error {
			_, err := s.CountMessages(ctx, models.MessageList{Filter: filter})
			return err
		},
		"sessions": func(ctx context.Context, s *store.Store) error {
			list := models.SessionList{Order: models.DefaultSessionOrder(),
				Filters: []*models.SessionFilter{{Messages: filter}}}
			_, err := s.SessionPages(ctx, list, models.PageSpec[models.SessionKey]{Limit: 20}, []string{""})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := p.plan(t, ask)
			if !strings.Contains(plan, "session_msg_ids VIRTUAL TABLE") ||
				!regexp.MustCompile(`(?m)^ *SEARCH s USING INTEGER PRIMARY KEY \(rowid=\?\)$`).MatchString(plan) ||
				wholeTable.MatchString(plan) {
				t.Error(plan)
			}
		})
	}
}

// What belongs to the sessions of a page is found by its key.
func TestChildrenAreFoundByTheirKey(t *testing.T) {
	tools.SkipUnderRace(t, "one question follows the other")
	p := newPlanner(t)
	ids, three := []int64{1, 2, 3}, 3
	for _, test := range []struct {
		name string
		way  *regexp.Regexp
		ask  func(context.Context, *store.Store) error
	}{
		{"messages", bySessionID, func(ctx context.Context, s *store.Store) error {
			_, err := s.MessagesOf(ctx, ids, models.TranscriptRange{})
			return err
		}},
		{"last messages", bySessionID, func(ctx context.Context, s *store.Store) error {
			_, err := s.MessagesOf(ctx, ids, models.TranscriptRange{Last: &three})
			return err
		}},
		{"messages that pass", byKey, func(ctx context.Context, s *store.Store) error {
			_, err := s.MessagesOf(ctx, ids, models.TranscriptRange{First: &three,
				Filter: &models.MessageFilter{SenderType: []models.SenderType{models.SenderUser}}})
			return err
		}},
		{"answered messages", bySessionID, func(ctx context.Context, s *store.Store) error {
			_, err := s.MessagesByMsgID(ctx, []models.MsgKey{{SessionID: 1, MsgID: "m"}, {SessionID: 2, MsgID: "m"}})
			return err
		}},
		{"messages by place", bySessionID, func(ctx context.Context, s *store.Store) error {
			_, err := s.MessagesByKey(ctx,
				[]models.MessageKey{{MsgKey: models.MsgKey{SessionID: 1, MsgID: "m"}, Ordinal: 2}})
			return err
		}},
		{"slots", byKey, func(ctx context.Context, s *store.Store) error {
			_, err := s.NerSlotsOf(ctx, ids)
			return err
		}},
		{"labels", byKey, func(ctx context.Context, s *store.Store) error {
			_, err := s.EventLabelsOf(ctx, ids)
			return err
		}},
		{"variables", byKey, func(ctx context.Context, s *store.Store) error {
			_, err := s.VariablesOf(ctx, ids)
			return err
		}},
		{"bodies", bySessionID, func(ctx context.Context, s *store.Store) error {
			_, err := s.BodiesOf(ctx, ids)
			return err
		}},
		{"sessions", bySessionID, func(ctx context.Context, s *store.Store) error {
			_, err := s.SessionsByID(ctx, ids)
			return err
		}},
		{"sessions by call_id", regexp.MustCompile(`SEARCH s USING INDEX sqlite_autoindex_sessions_\d ` +
			`\(call_id=\?\)`), func(ctx context.Context, s *store.Store) error {
			_, err := s.SessionsByCallID(ctx, []string{"a", "b"})
			return err
		}},
		{"contacts", regexp.MustCompile(`SEARCH c USING PRIMARY KEY \(callee=\?\)`),
			func(ctx context.Context, s *store.Store) error {
				_, err := s.ContactsOf(ctx, []string{"+1", "+2"})
				return err
			}},
		{"messages of a contact", byKey, func(ctx context.Context, s *store.Store) error {
			callee := "+1"
			_, err := s.MessagePage(ctx,
				models.MessageList{Sessions: &models.SessionFilter{Callee: &models.StringFilter{Eq: &callee}}},
				models.PageSpec[models.MessageListKey]{Limit: 20})
			return err
		}},
		{"what was stored since", regexp.MustCompile(`SEARCH e USING INDEX sqlite_autoindex_notifications_\d ` +
			`\(stored_seq>\? AND stored_seq<\?\)`), func(ctx context.Context, s *store.Store) error {
			_, err := s.EventsSince(ctx, 1, 10, 100)
			return err
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan := p.plan(t, test.ask)
			if !test.way.MatchString(plan) || wholeTable.MatchString(plan) || sorted.MatchString(plan) {
				t.Error(plan)
			} else {
				t.Log(plan)
			}
		})
	}
}
