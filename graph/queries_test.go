package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"sessiongraph/graph"
	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/store"
)

// countingServer answers GraphQL over a store of its own, and notes its statements.
type countingServer struct {
	handler http.Handler
	store   *store.Store
	mu      sync.Mutex
	seen    []string
}

// newCountingServer holds so many invented sessions.
func newCountingServer(t *testing.T, kind testdb.Kind, sessions int) *countingServer {
	t.Helper()
	s := &countingServer{}
	database, err := store.Open(t.Context(), kind.Fresh(t), store.Options{OnStatement: func(sql string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.seen = append(s.seen, sql)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Close() })
	generator := simulate.New(1)
	var deliveries []store.PreparedDelivery
	for n := range sessions {
		deliveries = append(deliveries,
			database.Prepare(ingest.NewDelivery(generator.Notification(n), "", time.Unix(1744699269+int64(n), 0))))
	}
	if err := database.Save(t.Context(), deliveries); err != nil {
		t.Fatal(err)
	}
	s.store = database
	s.handler = graph.Handler(t.Context(), database, graph.Settings{MaxPage: 200, MaxComplexity: 1_000_000},
		slog.New(slog.DiscardHandler))
	return s
}

// ask runs an operation that has to succeed, and returns its data and its statements.
func (s *countingServer) ask(
	t *testing.T, query string, variables map[string]any,
) (data map[string]any, statements []string) {
	t.Helper()
	s.forget()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	response := post(s.handler, bytes.NewReader(body))
	var answer struct {
		Data   map[string]any
		Errors []any
	}
	if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil || answer.Errors != nil ||
		response.Code != http.StatusOK {
		t.Fatalf("status %d: %.1000s", response.Code, response.Body)
	}
	return answer.Data, s.statements()
}

func (s *countingServer) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = nil
}

func (s *countingServer) statements() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

func post(handler http.Handler, body io.Reader) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodPost, "/query", body)
	request.Header.Set("Content-Type", "application/json")
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	return response
}

const (
	scalarsOfSession = `id callId workflowId workflowName nodeTaskId nodeTaskName wabaTaskId wfDetailUuid channel
		channelId callee robotId status
		startedAt endedAt durationSeconds notifiedAt receivedAt endReason endReasonRaw engaged abandoned
		handover { takenOverAt seatIds firstReplyAt waitSeconds } talkRound messageCount version deliveries`
	contentOfMessage = `content {
		... on Content { type text raw }
		... on TextContent { type text raw }
		... on SystemContent { type text raw event fromSeatId toSeatId }
		... on TemplateContent { type text raw provider templateId name language header { type text media { url name }
		} body footer buttons { id type title } }
		... on ButtonContent { type text raw chosen { id type title index section match } }
		... on ImageContent { type text raw media { url name } caption }
		... on VideoContent { type text raw media { url name } caption }
		... on AudioContent { type text raw media { url name } caption }
		... on FileContent { type text raw media { url name } caption }
		... on InteractiveButtonsContent { type text raw header { type text media { url name } } body footer buttons {
		id type title } }
		... on InteractiveListContent { type text raw header { type text media { url name } } body footer button
		sections { title rows { id title description } } }
		... on InteractiveAnswerContent { type text raw chosen { id type title index section match } }
		... on LocationContent { type text raw latitude longitude address name }
		... on ContactsContent { type text raw contacts { name phoneNumber } }
		... on UnknownContent { type text raw } }`
	wholeMessage = `id position msgId senderType senderTypeRaw sentAt status statusRaw contentType text raw ` +
		contentOfMessage + `
		replyTo { msgId senderType sentAt ` + contentOfMessage + ` message { id text replyTo { msgId } } }`
	wholePage = `pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`
)

// An operation's statements depend on what it selects, never on how many rows there
// are. Each has its number, so that one more is noticed too.
var countedOperations = []struct {
	name       string
	query      string
	variables  func(ids nodeIDs) map[string]any
	statements int
}{
	{"the viewer", `{ viewer { name scopes workflowIds robotIds channels } }`, nil, 0},
	{"drift", `{ drift { kind path value notificationCount firstSeenAt lastSeenAt } }`, nil, 1},
	{"nothing of the database", `{ __typename sessions { __typename } }`, nil, 0},
	{"scalars", `{ sessions(first: 100) { nodes { ` + scalarsOfSession + ` } } }`, nil, 1},
	{"edges and nodes", `{ sessions(first: 100) { nodes { id } edges { cursor node { id callId } } } }`, nil, 1},
	{"a page's ends", `{ sessions(first: 3) { nodes { id } ` + wholePage + ` } }`, nil, 1},
	{"a count alone", `{ sessions(first: 100) { totalCount } }`, nil, 1},
	{"a page with its count", `{ sessions(last: 100) { totalCount nodes { id } ` + wholePage + ` } }`, nil, 2},
	{"entries", `{ sessions(first: 100) { nodes { nerSlots { name value json } eventLabels { name value json } ` +
		`variables { name value json } } } }`, nil, 4},
	{"one slot beside all",
		`{ sessions(first: 100) { nodes { amount: nerSlot(name: "amount") { value } city: nerSlot(name: "city") {
			value }
		some: nerSlots(names: ["amount", "city"]) { name } nerSlots { name } } } }`, nil, 2},
	{"messages", `{ sessions(first: 100) { nodes { messages { ` + wholeMessage + ` } } } }`, nil, 3},
	{"the last message", `{ sessions(first: 100) { nodes { messages(last: 1) { text } } } }`, nil, 2},
	{"the first message", `{ sessions(first: 100) { nodes { messages(first: 1) { text } } } }`, nil, 2},
	{"filtered messages", `{ sessions(first: 100) { nodes { messages(filter: {senderType: [USER], search: ` +
		`"a"}) { text } } } }`, nil, 2},
	{"messages in several ways",
		`{ sessions(first: 100) { nodes { a: messages { text } b: messages { msgId } c: messages(last: 1) { text }
		d: messages(filter: {senderType: [USER]}, first: 2) { text } e:
		messages(filter: {senderType: [USER]}, first: 2) { id } } } }`, nil, 4},
	{"versions", `{ sessions(first: 100) { nodes { versions { notifiedAt receivedAt deliveries } } } }`, nil, 2},
	{"versions as they were sent", `{ sessions(first: 100) { nodes { versions { raw } } } }`, nil, 3},
	{"contacts", `{ sessions(first: 100) { nodes { contact { id callee pseudonym sessionCount firstSeenAt
		lastSeenAt } } } }`,
		nil, 2},
	{"contacts by name alone", `{ sessions(first: 100) { nodes { contact { id callee } } } }`, nil, 1},
	{"sessions of contacts",
		`{ sessions(first: 100) { nodes { contact { sessions(first: 3, filter: {talkRound: {gte: 0}}, orderBy: {field:
			ENDED_AT, direction: ASC}) {
		totalCount nodes { callId messages { text replyTo { message { id } } } } ` + wholePage + ` } } } } }`, nil, 5},
	{"contacts of sessions of contacts",
		`{ sessions(first: 100) { nodes { contact { sessions(first: 2) { edges { cursor node { contact { sessionCount
			sessions(first: 1) { nodes {
		nerSlots { name } intention { sessionCount } } } } } } } } } } }`, nil, 6},
	{"intentions of sessions", `{ sessions(first: 100) { nodes { intention { label sessionCount share } } } }`, nil,
		3},
	{"sessions of intentions of sessions", `{ sessions(first: 100) { nodes { intention { sessions(first: 2) { ` +
		`totalCount edges { cursor node { raw variables { value } } } ` + wholePage + ` } } } } }`, nil, 5},
	{"raw", `{ sessions(first: 100) { nodes { raw } } }`, nil, 2},
	{"all of a session", `query($callId: String!) { session(callId: $callId) { ` + scalarsOfSession +
		` nerSlots { name } eventLabels { name } variables { name }
		messages { ` + wholeMessage + ` } contact { sessionCount } intention { sessionCount share } raw } }`,
		func(ids nodeIDs) map[string]any { return map[string]any{"callId": ids.callID} }, 10},
	{"a filter of everything",
		`{ sessions(first: 100, filter: {and: [{or: [{nerSlots: [{name: "amount", exists: true}]}, {search: "a"}]},
			{not: {messages: {search: "xyz"}}}]}) {
		totalCount nodes { id } } }`, nil, 2},

	{"nodes of all kinds", `query($ids: [ID!]!) { nodes(ids: $ids) { id
		... on Session { callId messages(first: 2) { text } nerSlots { name } contact { sessionCount } }
		... on Message { text replyTo { message { text } } }
		... on Contact { sessionCount sessions(first: 1) { nodes { callId } } } } }`,
		func(ids nodeIDs) map[string]any { return map[string]any{"ids": ids.all()} }, 8},
	{"nodes of sessions", `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Session { callId } } }`,
		func(ids nodeIDs) map[string]any { return map[string]any{"ids": ids.sessions} }, 1},
	{"a node", `query($id: ID!) { node(id: $id) { id ... on Message { text } } }`, func(ids nodeIDs) map[string]any {
		return map[string]any{"id": ids.messages[0]}
	}, 2},

	{"a list of messages", `{ messages(first: 100) { nodes { ` + wholeMessage + ` } ` + wholePage + ` totalCount } }`,
		nil, 3},
	{"messages with their sessions",
		`{ messages(last: 100, filter: {senderType: [USER, ROBOT]}, sessions: {talkRound: {gte: 0}}) {
			edges { cursor node { id text }
		session { callId nerSlots { name } contact { sessionCount } messages(last: 1) { text } } } } }`, nil, 5},
	{"messages found", `{ messages(first: 100, filter: {search: "a"}) { totalCount nodes { text } } }`, nil, 2},

	{"intentions", `{ intentions { label sessionCount share } }`, nil, 1},
	{"intentions with their sessions", `{ intentions(filter: {talkRound: {gte: 0}}) { label sessionCount share ` +
		`sessions(first: 3) { totalCount nodes { callId messages { text } } ` + wholePage + ` } } }`, nil, 4},
	{"the catalogue of slots", `{ nerSlots { name sessionCount } }`, nil, 1},
	{"the catalogue with values", `{ nerSlots { name sessionCount distinctValues values(first: 5) { value ` +
		`sessionCount } } }`, nil, 3},
	{"the catalogue of variables", `{ variables(filter: {talkRound: {gte: 0}}) { name sessionCount distinctValues ` +
		`values(first: 5) { value sessionCount } } }`, nil, 3},
	{"the catalogue of event labels", `{ eventLabels { name sessionCount distinctValues values(first: 5) { value ` +
		`sessionCount } } }`, nil, 3},
	{"a list of contacts", `{ contacts(first: 100) { nodes { id callee sessionCount firstSeenAt lastSeenAt } edges ` +
		`{ cursor node { id } } ` + wholePage + ` } }`, nil, 1},
	{"a count of contacts", `{ contacts { totalCount } }`, nil, 1},
	{"contacts found, with their sessions",
		`{ contacts(last: 100, orderBy: {field: SESSION_COUNT}, filter: {callee: {ne: "x"},
			sessions: {talkRound: {gte: 0}}}) {
		totalCount nodes { callee sessions(first: 2) { totalCount nodes { callId messages(last: 1) { text } } } } } }`,
		nil, 5},
	{"a contact", `query($callee: String!) { contact(callee: $callee) { id callee sessionCount firstSeenAt lastSeenAt
		sessions(first: 5) { totalCount nodes { callId messages { text } } edges { cursor } ` + wholePage + ` } } }`,
		func(ids nodeIDs) map[string]any { return map[string]any{"callee": ids.callee} }, 4},
	{"the total",
		`{ sessionStats { bucket intention workflowId workflowName channel robotId endReason status nerSlotValue
			sessionCount share contactCount messageCount
		averageTalkRound averageDurationSeconds engagedCount handoverCount abandonedCount handoverRate
			deflectionRate medianWaitSeconds p90WaitSeconds } }`, nil, 2},
	{"prompts", `{ promptStats { kind templateId name language body sentCount sessionCount answeredCount offMenuCount
		silentCount answerRate medianAnswerSeconds options { index type title section pickedCount share } } }`,
		nil, 2},
	{"callbacks", `{ sessionStats(groupBy: INTENTION) { callbackCount again: callbackCount(hours: 24)
		inAWeek: callbackCount(hours: 168) } }`, nil, 3},
	{"a group-by",
		`{ sessionStats(groupBy: [WORKFLOW, INTENTION], nerSlot: "amount", interval: WEEK, timeZone: "Asia/Jakarta",
			first: 100) {
		bucket intention workflowId workflowName nerSlotValue sessionCount share averageTalkRound } }`, nil, 3},
}

// nodeIDs are names of what a server holds: callID and callee are of a session in
// which a message answers another.
type nodeIDs struct {
	callID, callee               string
	sessions, messages, contacts []string
}

func (ids nodeIDs) all() []string {
	return slices.Concat(ids.sessions, ids.messages, ids.contacts, []string{"nobody's"})
}

func readNodeIDs(t *testing.T, s *countingServer, count int) nodeIDs {
	t.Helper()
	data, _ := s.ask(t, `query($first: Int) { sessions(first: $first) { nodes { id callId callee contact { id } `+
		`messages(filter: {msgId: {ne: ""}}) { id replyTo { msgId } } } } }`,
		map[string]any{"first": count})
	var ids nodeIDs
	for _, n := range data["sessions"].(map[string]any)["nodes"].([]any) {
		session := n.(map[string]any)
		ids.sessions = append(ids.sessions, session["id"].(string))
		ids.contacts = append(ids.contacts, session["contact"].(map[string]any)["id"].(string))
		for _, m := range session["messages"].([]any) {
			if m.(map[string]any)["replyTo"] != nil {
				ids.callID, ids.callee = session["callId"].(string), session["callee"].(string)
				ids.messages = append(ids.messages, m.(map[string]any)["id"].(string))
				break
			}
		}
	}
	if len(ids.messages) == 0 {
		t.Fatal("no message answers another")
	}
	return ids
}

func TestStatementsDoNotGrowWithRows(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		few, many := newCountingServer(t, kind, 5), newCountingServer(t, kind, 60)
		fewIDs, manyIDs := readNodeIDs(t, few, 5), readNodeIDs(t, many, 50)
		for _, c := range countedOperations {
			t.Run(c.name, func(t *testing.T) {
				var fewVariables, manyVariables map[string]any
				if c.variables != nil {
					fewVariables, manyVariables = c.variables(fewIDs), c.variables(manyIDs)
				}
				_, fewStatements := few.ask(t, c.query, fewVariables)
				_, manyStatements := many.ask(t, c.query, manyVariables)
				if len(manyStatements) != c.statements {
					t.Errorf("%d statements with many sessions, want %d:\n%s", len(manyStatements), c.statements,
						listed(manyStatements))
				}
				if len(fewStatements) != len(manyStatements) {
					t.Errorf("%d statements with few sessions, %d with many:\n%s", len(fewStatements),
						len(manyStatements), listed(fewStatements))
				}
			})
		}
	})
}

// A page between two cursors needs to look beyond its ends, once for all its siblings.
func TestStatementsOfPagesBetweenCursors(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		s := newCountingServer(t, kind, 60)
		for _, list := range []string{"sessions", "messages", "contacts"} {
			t.Run(list, func(t *testing.T) {
				data, _ := s.ask(t, fmt.Sprintf(`{ list: %s(first: 40) { pageInfo { startCursor endCursor } } }`,
					list), nil)
				ends := data["list"].(map[string]any)["pageInfo"].(map[string]any)
				between := map[string]any{"after": ends["startCursor"], "before": ends["endCursor"]}
				// a full page knows already that there is more behind it
				for first, want := range map[int]int{10: 2, 100: 3} {
					query := fmt.Sprintf(`query($after: String, $before: String) { %s(first: %d, after: $after, `+
						`before: $before) { nodes { id } %s } }`, list, first, wholePage)
					if _, statements := s.ask(t, query, between); len(statements) != want {
						t.Errorf("%d statements for a page of %d, want %d:\n%s", len(statements), first,
							want, listed(statements))
					}
				}
			})
		}
	})
}

func listed(statements []string) string {
	var out strings.Builder
	for _, sql := range statements {
		fmt.Fprintf(&out, "  %.200s\n", sql)
	}
	return out.String()
}

// A field that no counted operation selects could read row by row unnoticed.
func TestEveryFieldIsCounted(t *testing.T) {
	schema := loadSchema(t, "../schema.graphqls")
	selected := map[string]bool{}
	for _, c := range countedOperations {
		document, err := gqlparser.LoadQueryWithRules(schema, c.query, rules.NewDefaultRules())
		if err != nil {
			t.Fatal(c.name, err)
		}
		for _, operation := range document.Operations {
			noteFields(operation.SelectionSet, selected)
		}
	}
	for _, definition := range ownTypes(schema) {
		if definition.Kind != ast.Object || definition.Name == "Subscription" || definition.Name == "SessionStored" {
			continue
		}
		for _, field := range ownFields(definition) {
			if name := definition.Name + "." + field.Name; !selected[name] {
				t.Errorf("no operation selects %s", name)
			}
		}
	}
}

func noteFields(set ast.SelectionSet, selected map[string]bool) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			selected[s.ObjectDefinition.Name+"."+s.Name] = true
			noteFields(s.SelectionSet, selected)
		case *ast.InlineFragment:
			noteFields(s.SelectionSet, selected)
		}
	}
}
