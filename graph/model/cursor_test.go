package model

import (
	"bytes"
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"testing"

	"sessiongraph/models"
)

var codec = NewCodec(bytes.Repeat([]byte{7}, 32))

var someList = List{Field: "Contact.sessions", Parent: "+62812", Order: "STARTED_AT DESC"}

func TestCursorRoundTrip(t *testing.T) {
	for _, key := range []struct {
		value    int64
		position int
		text     string
	}{
		{}, {1744699269000000, 7, "+628912345"}, {-1, -1, "é \x00"},
		{math.MinInt64, math.MaxInt, strings.Repeat("x", 1000)},
	} {
		cursors := codec.Cursors(someList)
		cursor := cursors.Seal(key.value, key.position, key.text)
		got := key
		if err := cursors.Open("after", cursor, &got.value, &got.position, &got.text); err != nil || got != key {
			t.Errorf("%v comes back as %v, %v", key, got, err)
		}
		if again := codec.Cursors(someList).Seal(key.value, key.position, key.text); again != cursor {
			t.Errorf("%v has two cursors, %q and %q", key, cursor, again)
		}
		for name, err := range map[string]error{
			"fewer parts": cursors.Open("after", cursor, &got.value, &got.position),
			"more parts":  cursors.Open("after", cursor, &got.value, &got.position, &got.text, &got.value),
		} {
			if err == nil {
				t.Errorf("%v is read as a key of %s", key, name)
			}
		}
	}
}

// A cursor belongs to a field, a parent and an order, and says so elsewhere.
func TestCursorsOfOtherLists(t *testing.T) {
	cursor := codec.Cursors(someList).Seal(int64(1), int64(2))
	for name, c := range map[string]struct {
		codec *Codec
		list  List
		want  string // of the error
		check bool   // passes without the parent
	}{
		"the list itself": {codec, someList, "", true},
		"another parent": {codec, List{someList.Field, "+62813", someList.Order},
			"after is a cursor of another parent's list", true},
		"another field": {codec, List{"Query.sessions", someList.Parent, someList.Order},
			"after is a cursor of another list", false},
		"another order": {codec, List{someList.Field, someList.Parent, "STARTED_AT ASC"},
			"after is a cursor of another order", false},
		"another database": {NewCodec(bytes.Repeat([]byte{8}, 32)), someList, "after is not a cursor of this database",
			false},
	} {
		var key models.SessionKey
		err := c.codec.Cursors(c.list).Open("after", cursor, &key.Value, &key.ID)
		if c.want == "" && (err != nil || key != models.SessionKey{Value: 1, ID: 2}) {
			t.Errorf("%s: %v, %v", name, key, err)
		}
		var input models.InputError
		if c.want != "" && (!errors.As(err, &input) || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: error is %v, want %s", name, err, c.want)
		}
		if err := c.codec.Cursors(c.list).Check("after", cursor); (err == nil) != c.check {
			t.Errorf("%s: without its parent: %v", name, err)
		}
	}
}

// Neither a number nor a text can be read in a cursor, nor how large it is.
func TestSealedHidesValues(t *testing.T) {
	for _, pair := range [][2]string{
		{codec.Cursors(someList).Seal(int64(1), int64(2)), codec.Cursors(someList).Seal(int64(1), int64(3))},
		{codec.sealEvent(models.EventPlace{Seq: 1}), codec.sealEvent(models.EventPlace{Seq: math.MaxInt64})},
		{codec.contactID("+628912345"), codec.contactID("+62891234567")},
	} {
		if len(pair[0]) != len(pair[1]) || pair[0][:8] == pair[1][:8] ||
			pair[0][len(pair[0])-8:] == pair[1][len(pair[1])-8:] {
			t.Errorf("%q and %q tell what they hold", pair[0], pair[1])
		}
		for _, sealed := range pair {
			opened, err := base64.RawURLEncoding.DecodeString(sealed)
			if err != nil || bytes.Contains(opened, []byte("628")) {
				t.Errorf("%q: %q, %v", sealed, opened, err)
			}
		}
	}
}

func TestEventCursorRoundTrip(t *testing.T) {
	for _, place := range []models.EventPlace{{}, {Seq: 1, History: 2, Check: 3},
		{Seq: math.MaxInt64, History: math.MinInt64, Check: -1}} {
		if got, err := codec.openEvent(codec.sealEvent(place)); err != nil || got != place {
			t.Errorf("%v comes back as %v, %v", place, got, err)
		}
	}
}

func TestNodeIDRoundTrip(t *testing.T) {
	for _, id := range []nodeID{
		{kind: sessionNode, key: "a3f5"}, {kind: sessionNode, key: "a b  c "}, {kind: sessionNode, key: "message 0 a"},
		{kind: sessionNode, key: "\x00é\n"},
		{kind: messageNode, key: "a3f5"}, {kind: messageNode, key: "a b ", msgID: "c d", ordinal: 1},
		{kind: messageNode, msgID: "1 m", ordinal: math.MaxInt32},
	} {
		if got, ok := codec.parseNodeID(id.String()); !ok || got != id {
			t.Errorf("%+v comes back as %+v, %t", id, got, ok)
		}
	}
	for _, callee := range []string{"+628912345", "", "é\x00 "} {
		got, ok := codec.parseNodeID(codec.contactID(callee))
		if !ok || got != (nodeID{kind: contactNode, key: callee}) {
			t.Errorf("%q comes back as %+v, %t", callee, got, ok)
		}
	}
}

// foreign are texts that are neither cursors nor node ids.
var foreign = []string{
	"", " ", "abc", "=", "YQ==", "null", "s1 STARTED_AT DESC 1 2", "\x00", "é", "%%%", strings.Repeat("A", 22),
	strings.Repeat("A", 86), strings.Repeat("A", 10_000),
	encodeOpaque(""), encodeOpaque(" "), encodeOpaque("s1 STARTED_AT DESC 1 2"), encodeOpaque("m1 1 2 3"),
	encodeOpaque("e1 1"),
	encodeOpaque("session"), encodeOpaque("Session a"), encodeOpaque("message"), encodeOpaque("message a"),
	encodeOpaque("message x a"), encodeOpaque("message 1"),
	encodeOpaque("contact +628912345"), encodeOpaque("other a"), encodeOpaque("\xff\xfe"),
}

func TestRejectsForeignCursors(t *testing.T) {
	var key models.SessionKey
	decoders := map[string]func(string) error{
		"place": func(s string) error { return codec.Cursors(someList).Open("after", s, &key.Value, &key.ID) },
		"event": func(s string) error { _, err := codec.openEvent(s); return err },
		"node": func(s string) error {
			if _, ok := codec.parseNodeID(s); !ok {
				return models.InputErrorf("invalid id")
			}
			return nil
		},
	}
	valid := map[string]string{
		"place":           codec.Cursors(someList).Seal(int64(1), int64(2)),
		"event":           codec.sealEvent(models.EventPlace{Seq: 1}),
		"node":            codec.contactID("+628912345"),
		"node, unsealed ": nodeID{kind: sessionNode, key: "a"}.String(),
	}
	for kind, decode := range decoders {
		for of, cursor := range valid {
			if err := decode(cursor); (err == nil) != strings.HasPrefix(of, kind) {
				t.Errorf("a %s is taken as a %s: %v", of, kind, err)
			}
		}
		for _, text := range append(foreign, brokenInTwo(valid[kind]), valid[kind]+"A", valid[kind][1:],
			"B"+valid[kind][1:]) {
			var input models.InputError
			if err := decode(text); !errors.As(err, &input) {
				t.Errorf("%q as a %s: %v, want the caller's mistake", text, kind, err)
			}
		}
	}
}

func FuzzCursor(f *testing.F) {
	for _, seed := range append(foreign, codec.Cursors(someList).Seal(int64(-5), int64(7)),
		codec.sealEvent(models.EventPlace{Seq: 1}), codec.contactID("a")) {
		f.Add(seed)
		f.Add(brokenInTwo(seed + "AAAA"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		cursors := codec.Cursors(someList)
		var key models.SessionKey
		err := cursors.Open("after", text, &key.Value, &key.ID)
		if err == nil && cursors.Seal(key.Value, key.ID) != text {
			t.Errorf("%q is read as %v, which has another cursor", text, key)
		}
		if place, err := codec.openEvent(text); err == nil && codec.sealEvent(place) != text {
			t.Errorf("%q is read as event %v, which has another cursor", text, place)
		}
	})
}

func FuzzNodeID(f *testing.F) {
	for _, seed := range append(foreign, nodeID{kind: messageNode, key: "a b", msgID: "m", ordinal: 3}.String(),
		codec.contactID("+1")) {
		f.Add(seed)
	}
	for _, odd := range []string{"message +1 1 am", "message 01 1 am", "message -0 1 am", "message 0 01 am",
		"message 0 9 am", "message 0 -1 am"} {
		f.Add(encodeOpaque(odd))
	}
	f.Add(brokenInTwo(nodeID{kind: sessionNode, key: "abc"}.String()))
	f.Fuzz(func(t *testing.T, id string) {
		n, ok := codec.parseNodeID(id)
		if !ok {
			return
		}
		again := n.String()
		if n.kind == contactNode {
			again = codec.contactID(n.key)
		}
		if again != id {
			t.Errorf("%q is read as %+v, whose id is %q", id, n, again)
		}
	})
}

// brokenInTwo is a cursor with the line break that decoders of base64 skip.
func brokenInTwo(cursor string) string { return cursor[:4] + "\r\n" + cursor[4:] }

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
		if limit != c.limit || backward != c.backward || (err == nil) != (c.err == "") || err != nil &&
			err.Error() != c.err {
			t.Errorf("%v is %d, %t, %v", c, limit, backward, err)
		}
	}
	if limit, _, err := (Page{}).Size(7); limit != 7 || err != nil {
		t.Errorf("below a default page the limit is %d, %v, want the server's 7", limit, err)
	}
}

func encodeOpaque(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
