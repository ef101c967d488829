package models

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestReadSessionFacts(t *testing.T) {
	const start, close = `{"sender_type":"system","content":{"type":"system","system":{"type":"conversation.start"}}}`,
		`{"sender_type":"system","content":{"type":"system","system":{"type":"conversation.close","to_seat_id":"9"}}}`
	says := func(sender string, at any) string {
		encoded, err := json.Marshal(at)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`{"sender_type":%q,"timestamp":%s,"content":{"type":"text","text":"x"}}`, sender, encoded)
	}
	takes := func(seat, at string) string {
		return fmt.Sprintf(`{"sender_type":"system","timestamp":%s,"content":{"type":"system",`+
			`"system":{"type":"conversation.take_over","from_seat_id":"","to_seat_id":%s}}}`, at, seat)
	}
	for _, c := range []struct {
		name, reason string
		messages     []string
		want         string
	}{
		{"nothing", "", nil, "reason=''"},
		{"an unknown reason", "timeout", []string{start, says("robot", 1)}, "reason='timeout'"},
		{"left alone", "expire", []string{start, says("user", 1), says("robot", 2), close},
			"reason='expire' engaged abandoned"},
		{"left a template", "user", []string{says("chatbot", 2)}, "reason='user' abandoned"},
		{"answered last", "expire", []string{says("robot", 1), says("user", 2), start}, "reason='expire' engaged"},
		{"a sender of another kind last", "expire", []string{says("robot", 1), says("bot", 2)}, "reason='expire'"},
		{"only the system", "expire", []string{start, close}, "reason='expire'"},
		{"ended by the robot", "robot", []string{says("robot", 1)}, "reason='robot'"},
		{"taken over", "agent", []string{takes(`"7"`, "100"), says("agent", 103.9), takes(`"8"`, "200"),
			takes(`"7"`, "300"), says("agent", 400)},
			"reason='agent' handed over seats=[7 8] taken=1970-01-01T00:01:40Z reply=1970-01-01T00:01:43.9Z wait=3"},
		{"by a seat that is a number", "", []string{takes("7", "100")},
			"reason='' handed over seats=[7] taken=1970-01-01T00:01:40Z"},
		{"by nobody", "", []string{takes(`""`, "100"), takes("null", "100")}, "reason=''"},
		{"the first without its time", "", []string{takes(`"7"`, "null"), takes(`"8"`, "100"), says("agent", "soon"),
			says("agent", 300)}, "reason='' handed over seats=[7 8]"},
		{"by an agent alone", "", []string{says("agent", 5)},
			"reason='' handed over seats=[] reply=1970-01-01T00:00:05Z"},
		{"answered before", "", []string{takes(`"7"`, "100"), says("agent", 99.9)},
			"reason='' handed over seats=[7] taken=1970-01-01T00:01:40Z reply=1970-01-01T00:01:39.9Z"},
		{"answered at once", "", []string{takes(`"7"`, "100"), says("agent", 100)},
			"reason='' handed over seats=[7] taken=1970-01-01T00:01:40Z reply=1970-01-01T00:01:40Z wait=0"},
		{"of another type", "",
			[]string{`{"content":{"type":"text","system":{"type":"conversation.take_over","to_seat_id":"7"}}}`},
			"reason=''"},
	} {
		var messages []Message
		for i, raw := range c.messages {
			messages = append(messages, readMessage(i, JSON(raw)))
		}
		if got := describeFacts(ReadSessionFacts(c.reason, messages)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func describeFacts(f SessionFacts) string {
	text := "reason='" + f.EndReasonRaw + "'"
	if f.Engaged {
		text += " engaged"
	}
	if f.Abandoned {
		text += " abandoned"
	}
	h := f.Handover()
	if (h != nil) != f.HandedOver {
		return "HandedOver and Handover differ"
	}
	if h == nil {
		return text
	}
	text += fmt.Sprintf(" handed over seats=%v", h.SeatIDs)
	if h.TakenOverAt != nil {
		text += " taken=" + h.TakenOverAt.Format("2006-01-02T15:04:05.999Z07:00")
	}
	if h.FirstReplyAt != nil {
		text += " reply=" + h.FirstReplyAt.Format("2006-01-02T15:04:05.999Z07:00")
	}
	if h.WaitSeconds != nil {
		text += fmt.Sprintf(" wait=%d", *h.WaitSeconds)
	}
	return text
}

// Search reads a bounded part of a transcript, and no system events.
func TestSearchTextIsBounded(t *testing.T) {
	long := JSON(`{"content":{"type":"text","text":"` + strings.Repeat("ß", 100<<10) + `"}}`)
	list := JSON(`[{"content":{"type":"system","system":{"type":"conversation.start"}}},` + string(long) + `,` +
		string(long) + `,{"content":{"type":"text","text":"late"}}]`)
	messages := ReadMessages(list)
	var sizes []int
	for _, m := range messages {
		sizes = append(sizes, len(m.SearchText))
	}
	if want := []int{0, 200 << 10, 56 << 10, 0}; fmt.Sprint(sizes) != fmt.Sprint(want) {
		t.Errorf("searched bytes %v, want %v", sizes, want)
	}
	if messages[0].Text() != "conversation.start" || messages[3].Text() != "late" {
		t.Errorf("texts %q, %q", messages[0].Text(), messages[3].Text())
	}
	for text, want := range map[string]string{"aé": "aé", "aéb": "aé", "abé": "ab", "日本": "日", "": ""} {
		if got := firstBytes(text, 3); got != want {
			t.Errorf("the first three bytes of %q are %q", text, got)
		}
	}
}
