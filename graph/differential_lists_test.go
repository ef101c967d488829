package graph_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// connection is a page as the server answers it.
type connection struct {
	TotalCount *int
	PageInfo   pageInfo
	Edges      []edge
	Nodes      []node
}

type pageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

type edge struct {
	Cursor  string
	Node    node
	Session *node // of a message
}

// node is a session, a message or a contact.
type node struct {
	Callee       string
	SessionCount int
	FirstSeenAt  time.Time
	LastSeenAt   time.Time
	CallID       string `json:"callId"`
	Position     int
	MsgID        string `json:"msgId"`
	SenderType   string
	Status       string
	ContentType  string
	SentAt       *time.Time
	Text         string
}

const (
	pageArguments  = "$first: Int, $after: String, $last: Int, $before: String, $counted: Boolean!"
	passOn         = "first: $first, after: $after, last: $last, before: $before"
	connectionHead = "totalCount @include(if: $counted) pageInfo { hasNextPage hasPreviousPage " +
		"startCursor endCursor } "
	sessionPage   = connectionHead + "edges { cursor node { callId } } nodes { callId }"
	messageFields = "position msgId senderType status contentType sentAt text"
	messagePage   = connectionHead + "edges { cursor node { " + messageFields + " } session { callId } } nodes { " +
		messageFields + " }"

	contactFields = "callee sessionCount firstSeenAt lastSeenAt"
	contactPage   = connectionHead + "edges { cursor node { " + contactFields + " } } nodes { " + contactFields + " }"

	contactsDocument = "query (" + pageArguments + ", $filter: ContactFilter, $orderBy: ContactOrder) " +
		"{ contacts(" + passOn + ", filter: $filter, orderBy: $orderBy) { " + contactPage + " } }"
	sessionsDocument = "query (" + pageArguments + ", $filter: SessionFilter, $orderBy: SessionOrder) " +
		"{ sessions(" + passOn + ", filter: $filter, orderBy: $orderBy) { " + sessionPage + " } }"
	messagesDocument = "query (" + pageArguments + ", $filter: MessageFilter, $sessions: SessionFilter) " +
		"{ messages(" + passOn + ", filter: $filter, sessions: $sessions) { " + messagePage + " } }"
)

// connectionList is a list that is read in pages, by one document and variables
// without the page's own.
type connectionList struct {
	document  string
	variables map[string]any
	find      func(answer) *connection
	want      []string
}

func (e edge) key() string {
	if e.Node.SessionCount > 0 {
		return contactKey(contactAnswer{Callee: e.Node.Callee, SessionCount: e.Node.SessionCount,
			FirstSeenAt: e.Node.FirstSeenAt, LastSeenAt: e.Node.LastSeenAt})
	}
	if e.Session == nil {
		return e.Node.CallID
	}
	return messageKey(e.Session.CallID, e.Node)
}

func messageKey(callID string, m node) string {
	sentAt := "null"
	if m.SentAt != nil {
		sentAt = m.SentAt.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%s %d %q %s %s %q %s %q", callID, m.Position, m.MsgID, m.SenderType, m.Status,
		m.ContentType, sentAt, m.Text)
}

func (m *oracleMessage) key() string {
	return messageKey(m.session.callID(), node{
		Position: m.position, MsgID: m.msgID, SenderType: m.senderType, Status: m.status, ContentType: m.kind,
		SentAt: m.sentAt, Text: m.text,
	})
}

func (q *question) sessionList() connectionList {
	filter, order := q.filter(), q.order()
	want := q.w.oracle.under(sessionPasses(filter))
	if len(want) == len(q.w.oracle.sessions) && !q.once(4) {
		return q.sessionList() // everything takes long and proves little
	}
	q.w.count(len(want), len(q.w.oracle.sessions))
	return connectionList{
		document:  sessionsDocument,
		variables: map[string]any{"filter": filter, "orderBy": order},
		find:      func(a answer) *connection { return a.Sessions },
		want:      callIDs(sorted(want, order)),
	}
}

func (q *question) contactList() connectionList {
	var filter map[string]any
	if !q.once(5) {
		filter = q.contactFilter()
	}
	order := q.contactOrder()
	contacts := q.w.oracle.contacts(filter, order)
	q.w.count(len(contacts), len(q.w.oracle.contacts(nil, nil)))
	want := make([]string, len(contacts))
	for i, c := range contacts {
		want[i] = contactKey(c)
	}
	return connectionList{
		document:  contactsDocument,
		variables: map[string]any{"filter": filter, "orderBy": order},
		find:      func(a answer) *connection { return a.Contacts },
		want:      want,
	}
}

func contactKey(c contactAnswer) string {
	return fmt.Sprintf("%q %d %s %s", c.Callee, c.SessionCount, c.FirstSeenAt.UTC().Format(time.RFC3339Nano),
		c.LastSeenAt.UTC().Format(time.RFC3339Nano))
}

func (q *question) messageList() connectionList {
	var sessions, filter map[string]any
	if !q.once(4) {
		sessions = q.filter()
	}
	if !q.once(6) {
		filter = q.messageFilter()
	}
	messages := q.w.oracle.messagesUnder(sessionPasses(sessions), messagePasses(filter))
	if len(messages) > 3000 && !q.once(8) {
		return q.messageList()
	}
	want := make([]string, len(messages))
	for i, m := range messages {
		want[i] = m.key()
	}
	return connectionList{
		document:  messagesDocument,
		variables: map[string]any{"filter": filter, "sessions": sessions},
		find:      func(a answer) *connection { return a.Messages },
		want:      want,
	}
}

func (q *question) askSessions()       { q.walk(q.sessionList()) }
func (q *question) askMessages()       { q.walk(q.messageList()) }
func (q *question) askSessionWindows() { q.windows(q.sessionList()) }
func (q *question) askContacts()       { q.walk(q.contactList()) }
func (q *question) askContactWindows() { q.windows(q.contactList()) }
func (q *question) askMessageWindows() { q.windows(q.messageList()) }

// page asks for one page and holds all that it says to what the list is: the
// items from one place up to another.
func (q *question) page(l connectionList, arguments map[string]any, from, to int) *connection {
	q.Helper()
	variables := maps.Clone(l.variables)
	maps.Copy(variables, arguments)
	counted := q.once(3)
	variables["counted"] = counted
	got := l.find(q.send(l.document, variables))
	if got == nil {
		q.Fatal("there is no such list")
	}
	keys := make([]string, len(got.Edges))
	nodes := make([]node, len(got.Edges))
	for i, edge := range got.Edges {
		keys[i], nodes[i] = edge.key(), edge.Node
	}
	if want := l.want[from:to]; !slices.Equal(keys, want) {
		q.Fatalf("items %d to %d of %d: %s", from, to, len(l.want), q.w.difference(keys, want))
	}
	if len(nodes) != len(got.Nodes) || len(nodes) > 0 && !reflect.DeepEqual(nodes, got.Nodes) {
		q.Fatalf("nodes are not those of edges: %v and %v", got.Nodes, nodes)
	}
	if counted && (got.TotalCount == nil || *got.TotalCount != len(l.want)) {
		q.Fatalf("totalCount is %d, want %d", *got.TotalCount, len(l.want))
	}
	want := pageInfo{HasNextPage: to < len(l.want), HasPreviousPage: from > 0}
	if n := len(got.Edges); n > 0 {
		want.StartCursor, want.EndCursor = &got.Edges[0].Cursor, &got.Edges[n-1].Cursor
	}
	if !reflect.DeepEqual(got.PageInfo, want) {
		q.Fatalf("items %d to %d of %d: pageInfo is %s, want %s", from, to, len(l.want),
			encodeJSON(got.PageInfo), encodeJSON(want))
	}
	return got
}

// walk reads the whole list from one end to the other in pages of any sizes.
func (q *question) walk(l connectionList) {
	q.Helper()
	size := func() int { return min(differentialMaxPage, 1+q.IntN(1+max(3, len(l.want)/4))) }
	if q.once(2) {
		q.walkBackwards(l, size)
		return
	}
	arguments := map[string]any{}
	for from, first := 0, true; first || from < len(l.want) || q.once(4); first = false {
		limit := size()
		arguments["first"] = limit
		if first && q.once(4) {
			limit = 20
			delete(arguments, "first")
		}
		to := min(from+limit, len(l.want))
		page := q.page(l, arguments, from, to)
		if page.PageInfo.EndCursor != nil {
			arguments["after"] = *page.PageInfo.EndCursor
		}
		from = to
	}
}

func (q *question) walkBackwards(l connectionList, size func() int) {
	q.Helper()
	arguments := map[string]any{}
	for to, first := len(l.want), true; first || to > 0 || q.once(4); first = false {
		limit := size()
		arguments["last"] = limit
		from := max(0, to-limit)
		page := q.page(l, arguments, from, to)
		if page.PageInfo.StartCursor != nil {
			arguments["before"] = *page.PageInfo.StartCursor
		}
		to = from
	}
}

// windows reads parts of the list between any two of its cursors.
func (q *question) windows(l connectionList) {
	q.Helper()
	known := min(len(l.want), differentialMaxPage)
	all := q.page(l, map[string]any{"first": differentialMaxPage}, 0, known)
	for range 4 {
		arguments := map[string]any{}
		start, end := 0, len(l.want)
		if known > 0 && !q.once(4) {
			i := q.IntN(known)
			arguments["after"], start = all.Edges[i].Cursor, i+1
		}
		if start < known && !q.once(4) {
			i := start + q.IntN(known-start)
			arguments["before"], end = all.Edges[i].Cursor, i
		}
		limit := draw(q.Rand, []int{0, 1, 2, 5, end - start, end - start + 1, 1 + (end-start)/2})
		limit = min(limit, differentialMaxPage)
		from, to := start, min(end, start+limit)
		if q.once(2) {
			arguments["last"] = limit
			from, to = max(start, end-limit), end
		} else {
			arguments["first"] = limit
		}
		q.page(l, arguments, from, to)
	}
}
