package graph_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The oracle reads a filter as it is sent: the JSON of a variable. All that is in
// an object has to hold; null is as if absent.

func allHold[T any](tests []func(T) bool) func(T) bool {
	return func(value T) bool {
		for _, test := range tests {
			if !test(value) {
				return false
			}
		}
		return true
	}
}

func oracleTests[T any](filter map[string]any, test func(name string, want any) func(T) bool) func(T) bool {
	var tests []func(T) bool
	for name, want := range filter {
		if want != nil {
			tests = append(tests, test(name, want))
		}
	}
	return allHold(tests)
}

// listOf is a list as GraphQL reads it: one value alone is a list of it.
func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func sessionPasses(filter map[string]any) func(*oracleSession) bool {
	return oracleTests(filter, sessionTest)
}

// joinedTest is a filter's and, or or not; nil for any other name.
func joinedTest[T any](name string, want any, passes func(map[string]any) func(T) bool) func(T) bool {
	var subs []func(T) bool
	switch name {
	case "and", "or", "not":
		for _, sub := range listOf(want) {
			subs = append(subs, passes(sub.(map[string]any)))
		}
	}
	switch name {
	case "and":
		return allHold(subs)
	case "or":
		return func(v T) bool { return slices.ContainsFunc(subs, func(sub func(T) bool) bool { return sub(v) }) }
	case "not":
		return func(v T) bool { return !subs[0](v) }
	}
	return nil
}

func sessionTest(name string, want any) func(*oracleSession) bool {
	if test := joinedTest(name, want, sessionPasses); test != nil {
		return test
	}
	switch name {
	case "endReason":
		return func(s *oracleSession) bool { return slices.Contains(listOf(want), any(s.endReason)) }
	case "startedAt", "endedAt", "receivedAt", "notifiedAt":
		test := timePasses(want.(map[string]any))
		return func(s *oracleSession) bool { return test(s.times[name]) }
	case "version", "deliveries", "talkRound", "durationSeconds", "messageCount":
		test := intPasses(want.(map[string]any))
		return func(s *oracleSession) bool { return test(s.number(name)) }
	case "engaged":
		return func(s *oracleSession) bool { return s.engaged() == want }
	case "handedOver":
		return func(s *oracleSession) bool { return s.handedOver() == want }
	case "abandoned":
		return func(s *oracleSession) bool { return s.abandoned() == want }
	case "nerSlots", "eventLabels", "variables":
		var tests []func(map[string]string) bool
		for _, entry := range listOf(want) {
			tests = append(tests, entryPasses(entry.(map[string]any)))
		}
		test := allHold(tests)
		return func(s *oracleSession) bool { return test(s.entries[name]) }
	case "messages":
		test := messagePasses(want.(map[string]any))
		return func(s *oracleSession) bool { return slices.ContainsFunc(s.messages, test) }
	case "search":
		words := wordsOf(want.(string))
		return func(s *oracleSession) bool {
			for _, word := range words {
				if !slices.ContainsFunc(s.transcript, func(text string) bool { return strings.Contains(text, word) }) {
					return false
				}
			}
			return true
		}
	}
	if oracleTextFields[name] == "" {
		panic("oracle does not know the filter " + name)
	}
	test := textPasses(want.(map[string]any))
	return func(s *oracleSession) bool { return test(s.texts[name]) }
}

func wordsOf(search string) []string {
	words := strings.Fields(search)
	for i := range words {
		words[i] = oracleFold(words[i])
	}
	return words
}

func messagePasses(filter map[string]any) func(*oracleMessage) bool {
	return oracleTests(filter, messageTest)
}

func messageTest(name string, want any) func(*oracleMessage) bool {
	if test := joinedTest(name, want, messagePasses); test != nil {
		return test
	}
	switch name {
	case "hasReply":
		return func(m *oracleMessage) bool { return m.hasReply == want }
	case "position":
		test := intPasses(want.(map[string]any))
		return func(m *oracleMessage) bool { return test(m.position) }
	case "senderType":
		return func(m *oracleMessage) bool { return slices.Contains(listOf(want), any(m.senderType)) }
	case "status":
		return func(m *oracleMessage) bool { return slices.Contains(listOf(want), any(m.status)) }
	case "contentType":
		return func(m *oracleMessage) bool { return slices.Contains(listOf(want), any(m.kind)) }
	case "msgId":
		test := textPasses(want.(map[string]any))
		return func(m *oracleMessage) bool { return test(m.msgID) }
	case "sentAt":
		bounds := want.(map[string]any)
		test := timePasses(bounds)
		bounded := false
		for _, bound := range bounds {
			bounded = bounded || bound != nil
		}
		return func(m *oracleMessage) bool {
			if m.sentAt == nil {
				return !bounded // it is within no bound, and {} has none
			}
			return test(*m.sentAt)
		}
	case "search":
		words := wordsOf(want.(string))
		return func(m *oracleMessage) bool {
			for _, word := range words {
				if !strings.Contains(m.folded, word) {
					return false
				}
			}
			return true
		}
	}
	panic("oracle does not know the message filter " + name)
}

func entryPasses(filter map[string]any) func(map[string]string) bool {
	name := filter["name"].(string)
	value, _ := filter["value"].(map[string]any)
	number, _ := filter["number"].(map[string]any)
	exists, _ := filter["exists"].(bool)
	return func(entries map[string]string) bool {
		text, has := entries[name]
		if filter["value"] != nil && (!has || !textPasses(value)(text)) {
			return false
		}
		if n := oracleNumber(text); filter["number"] != nil && (!has || n == nil || !floatPasses(number)(*n)) {
			return false
		}
		if filter["exists"] != nil {
			return has == exists
		}
		return has
	}
}

func textPasses(filter map[string]any) func(string) bool {
	return oracleTests(filter, func(operator string, want any) func(string) bool {
		return func(text string) bool {
			switch operator {
			case "eq":
				return text == want
			case "ne":
				return text != want
			case "in":
				return slices.Contains(listOf(want), any(text))
			case "notIn":
				return !slices.Contains(listOf(want), any(text))
			case "contains":
				return strings.Contains(text, want.(string))
			case "startsWith":
				return strings.HasPrefix(text, want.(string))
			case "endsWith":
				return strings.HasSuffix(text, want.(string))
			case "eqIgnoreCase":
				return oracleFold(text) == oracleFold(want.(string))
			case "containsIgnoreCase":
				return strings.Contains(oracleFold(text), oracleFold(want.(string)))
			}
			panic("oracle does not know the operator " + operator)
		}
	})
}

func compares(operator string, order int) bool {
	switch operator {
	case "eq":
		return order == 0
	case "ne":
		return order != 0
	case "gte":
		return order >= 0
	case "gt":
		return order > 0
	case "lte":
		return order <= 0
	case "lt":
		return order < 0
	}
	panic("oracle does not know the operator " + operator)
}

func intPasses(filter map[string]any) func(int) bool {
	return oracleTests(filter, func(operator string, want any) func(int) bool {
		return func(n int) bool { return compares(operator, n-want.(int)) }
	})
}

func floatPasses(filter map[string]any) func(float64) bool {
	return oracleTests(filter, func(operator string, want any) func(float64) bool {
		return func(n float64) bool { return compares(operator, cmp.Compare(n, want.(float64))) }
	})
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// oracleNumber is the number that a value is, or is the text of: both are the same text.
func oracleNumber(text string) *float64 {
	text = strings.TrimSpace(text)
	if !jsonNumber.MatchString(text) {
		return nil
	}
	n, _ := strconv.ParseFloat(text, 64) // beyond its range it is infinite
	return &n
}

func timePasses(filter map[string]any) func(time.Time) bool {
	return oracleTests(filter, func(operator string, want any) func(time.Time) bool {
		bound, err := time.Parse(time.RFC3339, want.(string))
		if err != nil {
			panic(fmt.Sprintf("oracle cannot read the bound %v: %v", want, err))
		}
		return func(at time.Time) bool { return compares(operator, at.Compare(bound)) }
	})
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, text)
}

// contacts are those that pass a filter, in the order of an input ContactOrder, nil for the default.
func (o *oracle) contacts(filter, order map[string]any) []contactAnswer {
	byCallee := map[string][]*oracleSession{}
	for _, s := range o.sessions {
		if callee := s.texts["callee"]; callee != "" {
			byCallee[callee] = append(byCallee[callee], s)
		}
	}
	var list []contactAnswer
	passes := oracleTests(filter, func(name string, want any) func(contactAnswer) bool {
		switch name {
		case "callee":
			test := textPasses(want.(map[string]any))
			return func(c contactAnswer) bool { return test(c.Callee) }
		case "digits":
			return func(c contactAnswer) bool { return strings.Contains(digitsOf(c.Callee), want.(string)) }
		case "sessionCount":
			test := intPasses(want.(map[string]any))
			return func(c contactAnswer) bool { return test(c.SessionCount) }
		case "lastSeenAt":
			test := timePasses(want.(map[string]any))
			return func(c contactAnswer) bool { return test(c.LastSeenAt) }
		case "sessions":
			test := sessionPasses(want.(map[string]any))
			return func(c contactAnswer) bool { return slices.ContainsFunc(byCallee[c.Callee], test) }
		}
		panic("oracle does not know the filter " + name)
	})
	for callee, sessions := range byCallee {
		if contact := contactOf(callee, sessions); passes(contact) {
			list = append(list, contact)
		}
	}
	field, direction := "LAST_SEEN", "DESC"
	if order != nil {
		field = order["field"].(string)
		if d, given := order["direction"]; given {
			direction = d.(string)
		}
	}
	slices.SortFunc(list, func(a, b contactAnswer) int {
		if direction == "DESC" {
			a, b = b, a
		}
		byField := map[string]int{
			"LAST_SEEN": a.LastSeenAt.Compare(b.LastSeenAt), "FIRST_SEEN": a.FirstSeenAt.Compare(b.FirstSeenAt),
			"SESSION_COUNT": a.SessionCount - b.SessionCount,
		}[field]
		return cmp.Or(byField, cmp.Compare(a.Callee, b.Callee))
	})
	return list
}
