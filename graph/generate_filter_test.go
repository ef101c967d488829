package graph_test

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// asker makes the random questions of one test. Most of what it asks for is taken
// from one session, so that conditions that are joined still find something.
type asker struct {
	*rand.Rand
	w      *differentialWorld
	target *oracleSession
}

func newAsker(w *differentialWorld, seed, question uint64) *asker {
	r := rand.New(rand.NewPCG(seed, question))
	return &asker{r, w, draw(r, w.oracle.sessions)}
}

func (a *asker) once(n int) bool { return once(a.Rand, n) }

func (a *asker) session() *oracleSession {
	if a.once(5) {
		return draw(a.Rand, a.w.oracle.sessions)
	}
	return a.target
}

func (a *asker) message() *oracleMessage {
	if messages := a.session().messages; len(messages) > 0 {
		return draw(a.Rand, messages)
	}
	return &oracleMessage{senderType: "UNKNOWN", status: "UNKNOWN"}
}

// filter is any tree, of that depth at most; nil now and then.
func (a *asker) filter() map[string]any {
	if a.once(8) {
		return nil
	}
	return a.sessionFilter(a.IntN(5))
}

var filterOperators = []string{"and", "or", "not"}

var sessionFilterFields = slices.Concat(
	slices.Sorted(maps.Keys(oracleTextFields)),
	[]string{"endReason", "startedAt", "endedAt", "receivedAt", "notifiedAt", "version", "deliveries", "talkRound",
		"durationSeconds", "messageCount"},
	[]string{"engaged", "handedOver", "abandoned"},
	[]string{"nerSlots", "nerSlots", "nerSlots", "eventLabels", "eventLabels", "variables", "variables"},
	[]string{"messages", "messages", "messages", "messages", "search", "search", "search", "search"},
)

func (a *asker) sessionFilter(depth int) map[string]any {
	filter := map[string]any{}
	for range []int{0, 1, 1, 1, 1, 1, 2, 2, 3}[a.IntN(9)] {
		if depth > 0 && !a.once(3) {
			a.addBranch(filter, depth, a.sessionFilter)
			continue
		}
		name := draw(a.Rand, sessionFilterFields)
		filter[name] = a.sessionLeaf(name)
	}
	if a.once(30) {
		filter[draw(a.Rand, []string{"and", "or", "not", "callId", "endReason", "startedAt", "nerSlots",
			"messages", "search"})] = nil
	}
	return filter
}

// addBranch joins other filters of the kind that make makes.
func (a *asker) addBranch(filter map[string]any, depth int, make func(depth int) map[string]any) {
	name := draw(a.Rand, filterOperators)
	if name == "not" {
		filter[name] = make(depth - 1)
		return
	}
	subs := []any{}
	for range []int{0, 1, 2, 2, 2, 2, 2, 3, 3, 3}[a.IntN(10)] {
		subs = append(subs, make(depth-1))
	}
	filter[name] = a.listed(subs)
}

// listed is the list, or what GraphQL takes for one.
func (a *asker) listed(list []any) any {
	if len(list) == 1 && a.once(4) {
		return list[0]
	}
	return list
}

func (a *asker) sessionLeaf(name string) any {
	switch name {
	case "endReason":
		return a.enums(a.session().endReason, "ROBOT", "AGENT", "ERROR", "EXPIRE", "USER", "UNKNOWN")
	case "startedAt", "endedAt", "receivedAt", "notifiedAt":
		return a.timeFilter(func() time.Time { return a.session().times[name] })
	case "version", "deliveries", "talkRound", "durationSeconds", "messageCount":
		return a.intFilter(func() int { return a.session().number(name) })
	case "nerSlots", "eventLabels", "variables":
		entries := []any{}
		for range []int{0, 1, 1, 1, 1, 1, 2, 2}[a.IntN(8)] {
			entries = append(entries, a.entryFilter(name))
		}
		return a.listed(entries)
	case "engaged", "handedOver", "abandoned":
		return a.once(2)
	case "messages":
		return a.messageFilter()
	case "search":
		return a.search(a.session().messages)
	default:
		return a.textFilter(func() string { return a.session().texts[name] })
	}
}

func (a *asker) enums(likely string, all ...string) any {
	values := []any{}
	for range []int{0, 1, 1, 1, 2, 2, 3}[a.IntN(7)] {
		value := likely
		if a.once(2) {
			value = draw(a.Rand, all)
		}
		values = append(values, value)
	}
	return a.listed(values)
}

func (a *asker) messageFilter() map[string]any {
	return a.messageFilterTree([]int{0, 0, 1, 2}[a.IntN(4)])
}

func (a *asker) messageFilterTree(depth int) map[string]any {
	filter := map[string]any{}
	m := a.message()
	for range []int{0, 1, 1, 1, 1, 2, 2, 3}[a.IntN(8)] {
		if depth > 0 && !a.once(3) {
			a.addBranch(filter, depth, a.messageFilterTree)
			continue
		}
		switch a.IntN(12) {
		case 9:
			filter["hasReply"] = a.once(2)
		case 8:
			filter["position"] = a.intFilter(func() int { return m.position })
		case 0:
			filter["senderType"] = a.enums(m.senderType, "SYSTEM", "USER", "ROBOT", "AGENT", "CHATBOT", "UNKNOWN")
		case 1:
			filter["status"] = a.enums(m.status, "SENT", "DELIVERY", "READ", "UNKNOWN")
		case 2:
			filter["contentType"] = a.enums(m.kind, "text", "Text", "", "template", "interactive",
				"sticker", "system", "%")
		case 3:
			filter["msgId"] = a.textFilter(func() string { return m.msgID })
		case 4:
			filter["sentAt"] = a.timeFilter(func() time.Time {
				if m.sentAt == nil {
					return time.Unix(1749000000, 0)
				}
				return *m.sentAt
			})
		default:
			filter["search"] = a.search([]*oracleMessage{m})
		}
	}
	if a.once(20) {
		filter[draw(a.Rand, []string{"and", "or", "not", "position", "hasReply", "senderType", "status", "contentType",
			"msgId", "sentAt", "search"})] = nil
	}
	return filter
}

func (a *asker) entryFilter(kind string) map[string]any {
	entries := a.session().entries[kind]
	name := draw(a.Rand, awkwardNames)
	if names := slices.Sorted(maps.Keys(entries)); len(names) > 0 && !a.once(5) {
		name = draw(a.Rand, names)
	}
	filter := map[string]any{"name": name}
	if !a.once(3) {
		filter["value"] = a.textFilter(func() string { return entries[name] })
	}
	if a.once(3) {
		filter["number"] = a.floatFilter(entries[name])
	}
	if a.once(2) {
		filter["exists"] = draw(a.Rand, []any{true, true, false, false, nil})
	}
	return filter
}

// piece is a part of the text that an operator finds there.
func (a *asker) piece(text, operator string) string {
	runes := []rune(text)
	if len(runes) == 0 {
		return ""
	}
	from := a.IntN(len(runes))
	switch operator {
	case "startsWith":
		from = 0
	case "endsWith":
		return string(runes[from:])
	}
	return string(runes[from:min(len(runes), from+1+a.IntN(4))])
}

var textOperators = []string{"eq", "ne", "in", "in", "notIn", "contains", "contains", "startsWith", "startsWith",
	"endsWith", "endsWith",
	"eqIgnoreCase", "eqIgnoreCase", "containsIgnoreCase", "containsIgnoreCase"}

func (a *asker) textFilter(value func() string) map[string]any {
	filter := map[string]any{}
	text := func() string {
		switch a.IntN(8) {
		case 0:
			return draw(a.Rand, awkwardTexts)
		case 1:
			return a.swapCase(value())
		default:
			return value()
		}
	}
	for range []int{0, 1, 1, 1, 1, 1, 1, 2}[a.IntN(8)] {
		switch operator := draw(a.Rand, textOperators); operator {
		case "in", "notIn":
			list := []any{}
			for range []int{0, 1, 1, 2, 3, 3}[a.IntN(6)] {
				list = append(list, text())
			}
			filter[operator] = a.listed(list)
		case "contains", "startsWith", "endsWith":
			filter[operator] = a.piece(text(), operator)
		case "eqIgnoreCase":
			filter[operator] = a.swapForm(a.swapCase(text()))
		case "containsIgnoreCase":
			filter[operator] = a.swapForm(a.swapCase(a.piece(text(), operator)))
		default:
			filter[operator] = text()
		}
	}
	if a.once(20) {
		filter[draw(a.Rand, textOperators)] = nil
	}
	return filter
}

// floatFilter is about the number that the text is, or any.
func (a *asker) floatFilter(text string) map[string]any {
	filter := map[string]any{}
	for range []int{0, 1, 1, 1, 2, 2}[a.IntN(6)] {
		n := draw(a.Rand, []float64{0, 5, 5.5, 1.1, -1, 1e18, 1e308, -1e308, 5e-324})
		if number := oracleNumber(text); number != nil && !math.IsInf(*number, 0) && !a.once(4) {
			n = *number + draw(a.Rand, []float64{0, 0, 0, 1, -1, 0.5})
		}
		filter[draw(a.Rand, []string{"eq", "ne", "gte", "gt", "lte", "lt"})] = n
	}
	return filter
}

func (a *asker) intFilter(value func() int) map[string]any {
	filter := map[string]any{}
	for range []int{0, 1, 1, 1, 2, 2}[a.IntN(6)] {
		n := value() + draw(a.Rand, []int{0, 0, 0, 1, -1, 7, -7})
		filter[draw(a.Rand, []string{"eq", "ne", "gte", "gt", "lte", "lt"})] = max(-2147483648, min(2147483647, n))
	}
	if a.once(20) {
		filter[draw(a.Rand, []string{"eq", "ne", "gte", "gt", "lte", "lt"})] = nil
	}
	return filter
}

func (a *asker) timeFilter(value func() time.Time) map[string]any {
	filter := map[string]any{}
	for range []int{0, 1, 1, 1, 2, 2}[a.IntN(6)] {
		at := value().Add(draw(a.Rand, []time.Duration{0, 0, 0, 1, -1, time.Microsecond, -time.Microsecond,
			time.Second, time.Hour, -24 * time.Hour}))
		text := at.In(time.FixedZone("", draw(a.Rand, []int{0, 0, 7 * 3600, -12600}))).Format(time.RFC3339Nano)
		if a.once(12) {
			text = draw(a.Rand, []string{"0001-01-01T00:00:00Z", "0000-01-01T00:00:00+10:00",
				"9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-10:00", "1969-12-31T23:59:59.9999999Z"})
		}
		filter[draw(a.Rand, []string{"gte", "gt", "lte", "lt"})] = text
	}
	if a.once(20) {
		filter[draw(a.Rand, []string{"gte", "gt", "lte", "lt"})] = nil
	}
	return filter
}

// search is up to three words, most of them cut out of the messages.
func (a *asker) search(messages []*oracleMessage) string {
	search := draw(a.Rand, []string{"", "", " "})
	for range []int{0, 1, 1, 1, 1, 1, 2, 2, 3}[a.IntN(9)] {
		search += a.word(messages) + draw(a.Rand, awkwardSpaces)
	}
	return search
}

// word is one to six characters, written in any case, width or normal form.
func (a *asker) word(messages []*oracleMessage) string {
	for range 20 {
		text := draw(a.Rand, awkwardWords)
		if i := a.IntN(len(messages) + 1); i < len(messages) && !a.once(6) {
			text = messages[i].text
			if i > 0 && a.once(10) { // across two messages, which is nowhere
				before, behind := []rune(messages[i-1].text), []rune(text)
				text = string(before[max(0, len(before)-1-a.IntN(3)):]) + string(behind[:min(len(behind),
					1+a.IntN(3))])
			}
		}
		if words := strings.Fields(text); len(words) > 0 {
			text = draw(a.Rand, words)
		}
		runes := []rune(text)
		if len(runes) == 0 {
			continue
		}
		from := a.IntN(len(runes))
		word := a.swapForm(a.swapCase(string(runes[from:min(len(runes), from+1+a.IntN(6))])))
		if len(strings.Fields(word)) == 1 {
			return word
		}
	}
	return fmt.Sprint(a.IntN(10))
}

// swapForm writes a text in one of Unicode's normal forms, or leaves it.
func (a *asker) swapForm(text string) string {
	switch a.IntN(8) {
	case 0:
		return norm.NFC.String(text)
	case 1:
		return norm.NFD.String(text)
	case 2:
		return norm.NFKC.String(text)
	case 3:
		return norm.NFKD.String(text)
	default:
		return text
	}
}

// swapCase writes some of the text's runes in another of their cases.
func (a *asker) swapCase(text string) string {
	return strings.Map(func(r rune) rune {
		if a.once(2) {
			r = unicode.SimpleFold(r)
		}
		return r
	}, text)
}

func (a *asker) order() map[string]any {
	if a.once(4) {
		return nil
	}
	order := map[string]any{"field": draw(a.Rand,
		[]string{"STARTED_AT", "ENDED_AT", "RECEIVED_AT", "TALK_ROUND", "DURATION", "MESSAGE_COUNT"})}
	if !a.once(4) {
		order["direction"] = draw(a.Rand, []string{"ASC", "DESC"})
	}
	return order
}

func (a *asker) contactFilter() map[string]any {
	filter := map[string]any{}
	callee := a.session().texts["callee"]
	contact := contactOf(callee, a.w.oracle.under(func(s *oracleSession) bool { return s.texts["callee"] == callee }))
	for range []int{0, 1, 1, 1, 2, 2, 3}[a.IntN(7)] {
		switch a.IntN(6) {
		case 0:
			filter["callee"] = a.textFilter(func() string { return callee })
		case 1:
			filter["digits"] = fmt.Sprint(100 + a.IntN(900))
			if digits := digitsOf(callee); len(digits) >= 3 && !a.once(4) {
				from := a.IntN(len(digits) - 2)
				filter["digits"] = digits[from : from+3+a.IntN(len(digits)-from-2)]
			}
		case 2:
			filter["sessionCount"] = a.intFilter(func() int { return contact.SessionCount })
		case 3:
			filter["lastSeenAt"] = a.timeFilter(func() time.Time { return contact.LastSeenAt })
		default:
			filter["sessions"] = a.filter()
		}
	}
	return filter
}

func (a *asker) contactOrder() map[string]any {
	if a.once(4) {
		return nil
	}
	order := map[string]any{"field": draw(a.Rand, []string{"LAST_SEEN", "FIRST_SEEN", "SESSION_COUNT"})}
	if !a.once(4) {
		order["direction"] = draw(a.Rand, []string{"ASC", "DESC"})
	}
	return order
}
