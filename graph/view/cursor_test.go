package view

import (
	"encoding/base64"
	"errors"
	"math"
	"testing"

	"sessiongraph/models"
)

var allOrders = func() []models.SessionOrder {
	var all []models.SessionOrder
	for _, field := range []models.SessionOrderField{models.OrderStartedAt, models.OrderEndedAt, models.OrderReceivedAt,
		models.OrderTalkRound, models.OrderDuration, models.OrderMessageCount} {
		for _, direction := range []models.OrderDirection{models.Ascending, models.Descending} {
			all = append(all, models.SessionOrder{Field: field, Direction: direction})
		}
	}
	return all
}()

func inOrder(order models.SessionOrder) models.SessionList { return models.SessionList{Order: order} }

// A list of one contact's sessions is another than that of all.
func TestSessionCursorKnowsItsList(t *testing.T) {
	owners := []models.SessionOwner{models.OfAll, models.OfIntention, models.OfCallee}
	for _, mine := range owners {
		cursor := encodeSessionCursor(models.SessionList{Owner: mine, Order: models.DefaultSessionOrder()}, models.SessionKey{Value: 1, ID: 2})
		for _, other := range owners {
			_, err := decodeSessionCursor("after", cursor, models.SessionList{Owner: other, Order: models.DefaultSessionOrder()})
			if (err == nil) != (other == mine) {
				t.Errorf("a cursor of %q is taken in %q: %v", mine, other, err)
			}
		}
	}
}

func TestSessionCursorRoundTrip(t *testing.T) {
	for _, order := range allOrders {
		for _, key := range []models.SessionKey{{Value: 0, ID: 0}, {Value: 1744699269000000, ID: 42}, {Value: -1, ID: 1}, {Value: math.MinInt64, ID: math.MaxInt64}} {
			cursor := encodeSessionCursor(inOrder(order), key)
			if got, err := decodeSessionCursor("after", cursor, inOrder(order)); err != nil || got != key {
				t.Errorf("%v in %v comes back as %v, %v", key, order, got, err)
			}
			for _, other := range allOrders {
				if _, err := decodeSessionCursor("after", cursor, inOrder(other)); (err == nil) != (other == order) {
					t.Errorf("a cursor of %v is taken in %v: %v", order, other, err)
				}
			}
		}
	}
}

func TestMessageCursorRoundTrip(t *testing.T) {
	for _, key := range []models.MessageListKey{{}, {StartedAt: 1744699269000000, SessionID: 42, Position: 7}, {StartedAt: math.MinInt64, SessionID: math.MaxInt64, Position: math.MaxInt32}} {
		if got, err := decodeMessageCursor("before", encodeMessageCursor(key)); err != nil || *got != key {
			t.Errorf("%v comes back as %v, %v", key, got, err)
		}
	}
}

func TestStoredCursorRoundTrip(t *testing.T) {
	for _, seq := range []int64{0, 1, math.MaxInt64} {
		if got, err := decodeStoredCursor(encodeStoredCursor(seq)); err != nil || got != seq {
			t.Errorf("%d comes back as %d, %v", seq, got, err)
		}
	}
}

func TestNodeIDRoundTrip(t *testing.T) {
	for _, id := range []nodeID{
		{kind: sessionNode, key: "a3f5"}, {kind: sessionNode, key: "a b  c "}, {kind: sessionNode, key: "message 0 a"}, {kind: sessionNode, key: "\x00é\n"},
		{kind: contactNode, key: "+628912345"}, {kind: contactNode, key: ""},
		{kind: messageNode, key: "a3f5"}, {kind: messageNode, key: "a b ", position: 1}, {kind: messageNode, key: "", position: math.MaxInt32},
	} {
		if got, ok := parseNodeID(id.String()); !ok || got != id {
			t.Errorf("%+v comes back as %+v, %t", id, got, ok)
		}
	}
}

// What other kinds of things are called, and what nothing is called.
var strangers = []string{
	"", " ", "abc", "=", "YQ==", "null", "s1 STARTED_AT DESC 1 2", "\x00", "é", "%%%",
	encodeOpaque(""), encodeOpaque(" "), encodeOpaque("s1"), encodeOpaque("s1 STARTED_AT DESC 1"), encodeOpaque("s1 STARTED_AT DESC 1 2 3"),
	encodeOpaque("s1 STARTED_AT DESC 1 x"), encodeOpaque("s1 STARTED_AT DESC 1.5 2"), encodeOpaque("s1 STARTED_AT DESC 99999999999999999999 2"),
	encodeOpaque("s2 STARTED_AT DESC 1 2"), encodeOpaque("m1 1 2"), encodeOpaque("m1 1 2 x"), encodeOpaque("e1"), encodeOpaque("e1 x"), encodeOpaque("e1 1 2"),
	encodeOpaque("session"), encodeOpaque("Session a"), encodeOpaque("message"), encodeOpaque("message a"), encodeOpaque("message x a"), encodeOpaque("message 1"),
	encodeOpaque("other a"), encodeOpaque("\xff\xfe"),
}

func TestStrangersAreNoCursors(t *testing.T) {
	order := models.DefaultSessionOrder()
	mine := map[string]func(string) error{
		"session": func(s string) error { _, err := decodeSessionCursor("after", s, inOrder(order)); return err },
		"message": func(s string) error { _, err := decodeMessageCursor("after", s); return err },
		"stored":  func(s string) error { _, err := decodeStoredCursor(s); return err },
	}
	real := map[string]string{
		"session": encodeSessionCursor(inOrder(order), models.SessionKey{Value: 1, ID: 2}),
		"message": encodeMessageCursor(models.MessageListKey{StartedAt: 1, SessionID: 2, Position: 3}),
		"stored":  encodeStoredCursor(1),
		"node":    nodeID{kind: sessionNode, key: "a"}.String(),
	}
	for kind, decode := range mine {
		for of, cursor := range real {
			if err := decode(cursor); (err == nil) != (of == kind) {
				t.Errorf("a %s cursor is taken as one of %s: %v", of, kind, err)
			}
		}
		for _, stranger := range strangers {
			var input models.InputError
			if err := decode(stranger); !errors.As(err, &input) {
				t.Errorf("%q as a %s cursor: %v, want the caller's mistake", stranger, kind, err)
			}
		}
	}
}

func TestStrangersAreNoNodeIDs(t *testing.T) {
	others := append([]string{encodeStoredCursor(1), encodeSessionCursor(inOrder(models.DefaultSessionOrder()), models.SessionKey{}), encodeMessageCursor(models.MessageListKey{})}, strangers...)
	for _, id := range others {
		if got, ok := parseNodeID(id); ok {
			t.Errorf("%q is taken for %+v", id, got)
		}
	}
}

func TestErrorsNameTheArgument(t *testing.T) {
	for _, argument := range []string{"after", "before"} {
		_, err1 := decodeSessionCursor(argument, "?", inOrder(models.DefaultSessionOrder()))
		_, err2 := decodeMessageCursor(argument, "?")
		for _, err := range []error{err1, err2} {
			if err == nil || err.Error()[:len(argument)] != argument {
				t.Errorf("error of %s is %v", argument, err)
			}
		}
	}
}

// One thing has one name: what is read at all is exactly what was written. Else
// a cursor or an id could be compared with another in vain.
func FuzzSessionCursor(f *testing.F) {
	for _, seed := range append(strangers, encodeSessionCursor(inOrder(models.DefaultSessionOrder()), models.SessionKey{Value: -5, ID: 7})) {
		f.Add(seed)
	}
	for _, odd := range []string{"s1 STARTED_AT DESC +1 2", "s1 STARTED_AT DESC 01 2", "s1 STARTED_AT DESC 1 -0"} {
		f.Add(encodeOpaque(odd))
	}
	f.Add(brokenInTwo(encodeSessionCursor(inOrder(models.DefaultSessionOrder()), models.SessionKey{Value: 1, ID: 2})))
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, order := range allOrders {
			key, err := decodeSessionCursor("after", cursor, inOrder(order))
			if err != nil {
				continue
			}
			if again := encodeSessionCursor(inOrder(order), key); again != cursor {
				t.Errorf("%q is read as %v, whose cursor is %q", cursor, key, again)
			}
		}
	})
}

func FuzzMessageCursor(f *testing.F) {
	for _, seed := range append(strangers, encodeMessageCursor(models.MessageListKey{StartedAt: -5, SessionID: 7, Position: 1})) {
		f.Add(seed)
	}
	for _, odd := range []string{"m1 +1 2 3", "m1 1 02 3", "m1 1 2 -0"} {
		f.Add(encodeOpaque(odd))
	}
	f.Add(brokenInTwo(encodeMessageCursor(models.MessageListKey{StartedAt: 1, SessionID: 2, Position: 3})))
	f.Fuzz(func(t *testing.T, cursor string) {
		key, err := decodeMessageCursor("after", cursor)
		if err != nil {
			return
		}
		if again := encodeMessageCursor(*key); again != cursor {
			t.Errorf("%q is read as %v, whose cursor is %q", cursor, key, again)
		}
	})
}

func FuzzNodeID(f *testing.F) {
	for _, seed := range append(strangers, nodeID{kind: messageNode, key: "a b", position: 3}.String(), nodeID{kind: contactNode, key: "+1"}.String()) {
		f.Add(seed)
	}
	for _, odd := range []string{"message +1 a", "message 01 a", "message -0 a"} {
		f.Add(encodeOpaque(odd))
	}
	f.Add(brokenInTwo(nodeID{kind: sessionNode, key: "abc"}.String()))
	f.Fuzz(func(t *testing.T, id string) {
		n, ok := parseNodeID(id)
		if !ok {
			return
		}
		if again := n.String(); again != id {
			t.Errorf("%q is read as %+v, whose id is %q", id, n, again)
		}
	})
}

// brokenInTwo is a cursor with the line break that decoders of base64 overlook.
func brokenInTwo(cursor string) string { return cursor[:4] + "\r\n" + cursor[4:] }

func TestOpaqueIsFitForURLs(t *testing.T) {
	cursor := encodeOpaque("\xff\xfe\xfb ?>")
	if _, err := base64.RawURLEncoding.DecodeString(cursor); err != nil {
		t.Error(err)
	}
}

func TestPageSize(t *testing.T) {
	const maxPage = 50
	number := func(n int) *int { return &n }
	for _, c := range []struct {
		first, last *int
		limit       int
		backward    bool
		err         string
	}{
		{nil, nil, 20, false, ""},
		{number(0), nil, 0, false, ""},
		{number(50), nil, 50, false, ""},
		{nil, number(3), 3, true, ""},
		{nil, number(0), 0, true, ""},
		{number(1), number(1), 0, false, "pass first or last, not both"},
		{number(51), nil, 0, false, "first is 51, at most 50 are allowed"},
		{nil, number(51), 0, false, "last is 51, at most 50 are allowed"},
		{number(-1), nil, 0, false, "first is -1, it cannot be negative"},
		{nil, number(-1), 0, false, "last is -1, it cannot be negative"},
	} {
		limit, backward, err := Page{First: c.first, Last: c.last}.Size(maxPage)
		if limit != c.limit || backward != c.backward || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%v is %d, %t, %v", c, limit, backward, err)
		}
	}
	if limit, _, err := (Page{}).Size(7); limit != 7 || err != nil {
		t.Errorf("below a default page the limit is %d, %v, want the server's 7", limit, err)
	}
}
