package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"sessiongraph/internal/simulate"
)

func draw[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// once says yes one time in n.
func once(r *rand.Rand, n int) bool { return r.IntN(n) == 0 }

var (
	awkwardTexts = []string{
		"", " ", "a", "A", "b", "aB", "ab", "a%", "a_b", "aXb", "%", "_", "*", `\`, `\%`, `'`, `"`, "it's", "null",
		"NULL", "5", "05", " a", "a ",
		"é", "É", "e\u0301", "ж", "Ж", "σ", "ς", "Σ", "straße", "STRASSE", "中", "中文", "中文字", "文", "👍", "👍🏽", "𐐀", "𐐨",
		"\uD7FF", "a\uD7FFb", "\uE000", "\uFFFD", "\U0010FFFF", "a\U0010FFFF", "a\U0010FFFFb", "a\x7f", "a\u0080",
		"tab\there", "line\nbreak",
	}
	awkwardIntentions = []string{"A", "a", "B", "", "要求回电", "要求", "%", `\`, "Call back"}
	awkwardWorkflows  = []string{"101", "102", "10", "wf_%", "WF_%", ""}
	awkwardChannels   = []string{"WhatsApp", "whatsapp", "SMS", ""}
	awkwardCallees    = []string{
		"", "+6281", "+62812", "+628123", "6281", "+6281 ", "ID.13491208655302741918", "id.13491208655302741918",
		"+84901", "+84902", "+84903",
		"+60 1", "+6 (28) 1-2.3", "６２８+٦٢٨ 1", "o'hara", `"x"`, "客户", "%", "+_", "👩‍🚀", strings.Repeat("9", 140),
	}
	awkwardReasons  = []any{"robot", "agent", "error", "expire", "user", "timeout", "USER", "", nil}
	awkwardSenders  = []any{"system", "user", "robot", "agent", "chatbot", "bot", "User", "", nil}
	awkwardStatuses = []any{"sent", "delivery", "read", "failed", "READ", "", nil}
	awkwardNames    = []string{"city", "City", "city ", "amount", "", "%", "c_ty", "名字", `a"b`, "it's", `\`}
	awkwardValues   = []any{
		nil, "", "null", "5", 5, 5.5, json.RawMessage("1.10"), json.RawMessage("12345678901234567890"), true, false,
		"true", "Jakarta", "jakarta", "JAKARTA",
		" 7 ", "\u30001e3\n", json.RawMessage("1e3"), json.RawMessage("-0"), json.RawMessage("1e999"),
		json.RawMessage("-2E-400"), "-1e999", "0x10", "05", "+5", "5.", "1_0", "NaN", "Infinity", "٥", "5 5",
		"雅加达", "%", "_", `\`, `"q"`, []any{}, []any{"a", 1}, map[string]any{},
		json.RawMessage(`{"b": 1, "a": "\u00e9 é"}`), "\U0010FFFF", "a b", "ＡＢＣ", "abc", "Hóa Đơn", "Ho\u0301a đơn",
		"İSTANBUL", "straße", "STRASSE", "ﬁn", "FIN",
	}
	awkwardWords = []string{
		"a", "I", "is", "to", "the", "the", "The", "THE", "good", "Goods", "100%", "sure_thing", "*", `\`, `"quoted"`,
		"'single'", "--", "_", "%", "OR", "NEAR(", "AND", "NOT",
		"中", "文", "中文", "你好", "您好吗", "要求", "回电话", "預約", "お元気", "ですか", "안녕", "하세요", "สวัสดี", "xin", "chào", "CHÀO",
		"cafe\u0301", "café", "CAFÉ",
		"привет", "ПРИВЕТ", "Привет", "ёлка", "ЁЛКА", "Σίσυφος", "ΣΊΣΥΦΟΣ", "σίσυφοσ", "Ünïcödé", "ÜNÏCÖDÉ",
		"ÅNGSTRÖM", "\u212Bngström", "ångström", "\u212Aelvin", "kelvin",
		"ǆ", "ǅ", "Ǆ", "ქართული", "ᲥᲐᲠᲗᲣᲚᲘ", "բարեւ", "ԲԱՐԵՒ", "𐐀𐐁", "𐐨𐐩", "𞤀", "𞤢", "שלום", "مرحبا", "👍", "👍🏽",
		"👨‍👩‍👧‍👦", "🇮🇩", "❤️", "straße", "STRASSE", "İstanbul", "ﬁne", "ss", "fi",
		"\uFFFD", "\uE000", "\u200b", "x\ufeffy", "a\u0080", "ＦＵＬＬ", "ｆｕｌｌ",
	}
	awkwardSpaces = []string{" ", "  ", "\n", "\t", "\u3000", "\u00a0", "\r\n"}
	// Beginnings of sessions, close to where clocks change: in New York, Berlin, Beirut, São Paulo, Lord Howe,
	// Havana, Santiago, Apia.
	awkwardStarts = []string{
		"2025-03-09T06:30:00Z", "2025-03-09T07:00:00Z", "2025-11-02T05:30:00Z", "2025-11-02T06:30:00Z",
		"2025-03-30T00:59:59.999999Z", "2025-03-30T01:00:00Z",
		"2025-10-26T00:15:00Z", "2025-10-26T01:15:00Z", "2025-03-29T22:30:00Z", "2018-11-04T02:59:00Z",
		"2018-11-04T03:10:00Z", "2018-02-18T01:30:00Z", "2018-02-18T02:30:00Z",
		"2025-04-05T14:45:00Z", "2025-04-05T15:15:00Z", "2025-10-04T15:20:00Z", "2025-10-04T15:40:00Z",
		"2025-03-09T04:59:00Z", "2025-03-09T05:10:00Z",
		"2025-11-02T04:30:00Z", "2025-04-06T02:30:00Z", "2025-04-06T03:30:00Z", "2011-12-30T09:30:00Z",
		"2011-12-30T10:30:00Z", "2024-12-30T00:00:00Z", "2024-12-31T17:00:00Z",
		"2025-01-01T00:00:00Z", "2024-02-29T12:00:00+07:00", "2025-06-01T05:45:00+05:45",
		"2025-06-01T00:00:00.000001Z", "1999-12-31T23:59:59Z",
	}
	awkwardDurations = []time.Duration{0, time.Second, 59 * time.Second, time.Minute,
		90*time.Second + 999999*time.Microsecond, time.Hour, -30 * time.Second, 26 * time.Hour}
)

// deliveries are the bodies that arrive, in their order: sessions of the simulator
// and awkward ones, some of them more than once and in several versions.
func deliveries(r *rand.Rand, simulated, awkward int) [][]byte {
	var all [][]byte
	simulator := simulate.New(r.Uint64())
	for n := range simulated {
		body := simulator.Notification(n)
		all = append(all, body)
		if once(r, 20) {
			all = append(all, body)
		}
		if once(r, 20) {
			all = append(all, versionOf(r, body))
		}
	}
	for n := range awkward {
		callID := awkwardCallID(n)
		for range 1 + max(0, r.IntN(8)-4) {
			body := awkwardNotification(r, callID)
			for range 1 + max(0, r.IntN(6)-3) {
				all = append(all, body)
			}
		}
	}
	for range awkward / 50 {
		all = append(all, []byte(draw(r, []string{`{"messages":[]}`, `{}`, `[1]`, `not JSON`})))
	}
	r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	return all
}

// versionOf is another notification of the same session, older, newer or of the same second.
func versionOf(r *rand.Rand, body []byte) []byte {
	wire := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &wire); err != nil {
		panic(err)
	}
	var seconds int64
	if err := json.Unmarshal(wire["timestamp"], &seconds); err != nil {
		panic(err)
	}
	wire["timestamp"] = encodeJSON(seconds + int64(r.IntN(3)-1))
	wire["intention"] = encodeJSON(draw(r, awkwardIntentions))
	wire["messages"] = encodeJSON(awkwardMessages(r))
	return encodeJSON(wire)
}

func encodeJSON(v any) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(out.Bytes())
}

// awkwardCallID differs from others by case or a wildcard alone.
func awkwardCallID(n int) string {
	return []string{"c", "C", "c_", "cX", "c%"}[n%5] + fmt.Sprint(n/5)
}

func awkwardNotification(r *rand.Rand, callID string) []byte {
	start, err := time.Parse(time.RFC3339, draw(r, awkwardStarts))
	if err != nil {
		panic(err)
	}
	if once(r, 2) {
		start = start.Add(time.Duration(r.IntN(8)-4) * 30 * time.Minute)
	}
	zone := time.FixedZone("", draw(r, []int{0, 0, 7, -3})*3600)
	workflow := draw(r, awkwardWorkflows)
	fields := map[string]any{
		"workflow_id":        workflow,
		"workflow_name":      draw(r, awkwardTexts),
		"nodetask_id":        draw(r, awkwardTexts),
		"nodetask_name":      draw(r, awkwardTexts),
		"waba_task_id":       draw(r, awkwardTexts),
		"wfdetail_uuid":      draw(r, awkwardTexts),
		"timestamp":          1749000000 + r.IntN(4),
		"channel":            draw(r, awkwardChannels),
		"channel_id":         draw(r, []any{"6281100", 6281100, "62811", "", nil}),
		"callee":             draw(r, awkwardCallees),
		"call_id":            callID,
		"robot_id":           draw(r, awkwardTexts[:12]),
		"status":             draw(r, []string{"closed", "Closed", "close", ""}),
		"session_start_time": start.In(zone).Format(time.RFC3339Nano),
		"session_end_time":   start.Add(draw(r, awkwardDurations)).In(zone).Format(time.RFC3339Nano),
		"session_end_reason": draw(r, awkwardReasons),
		"intention":          draw(r, awkwardIntentions),
		"talk_round":         draw(r, []any{0, 1, 2, 3, 5, "3", -1, 2147483647, -2147483648, nil}),
		"ner_slots":          awkwardEntries(r),
		"event_label":        awkwardEntries(r),
		"variables":          awkwardEntries(r),
		"messages":           awkwardMessages(r),
		"extra":              r.Uint32(), // no two versions are alike
	}
	for _, name := range []string{"robot_id", "talk_round", "session_end_reason", "ner_slots", "event_label",
		"variables", "workflow_name"} {
		if once(r, 40) {
			delete(fields, name)
		}
	}
	if once(r, 2) {
		fields["messages"] = promptMessages(r, fields["variables"])
	}
	body := encodeJSON(fields)
	if once(r, 10) {
		var spaced bytes.Buffer
		if err := json.Indent(&spaced, body, "", "\t"); err != nil {
			panic(err)
		}
		body = spaced.Bytes()
	}
	return body
}

// awkwardEntries is an open map; now and then a name stands in it twice, and the
// last value counts.
func awkwardEntries(r *rand.Rand) any {
	if once(r, 40) {
		return draw(r, []any{nil, []any{}, "none"})
	}
	var members []string
	for range r.IntN(5) {
		members = append(members, string(encodeJSON(draw(r, awkwardNames)))+":"+
			string(encodeJSON(draw(r, awkwardValues))))
	}
	return json.RawMessage("{" + strings.Join(members, ",") + "}")
}

func awkwardText(r *rand.Rand) string {
	if once(r, 8) {
		return draw(r, awkwardTexts)
	}
	text := draw(r, awkwardWords)
	for range r.IntN(5) {
		text += draw(r, awkwardSpaces[:1+r.IntN(len(awkwardSpaces))]) + draw(r, awkwardWords)
	}
	if once(r, 6) {
		text = strings.ReplaceAll(text, " ", "")
	}
	return text
}

func awkwardMessages(r *rand.Rand) []any {
	type object = map[string]any
	messages := []any{}
	for range r.IntN(7) {
		message := map[string]any{
			"msg_id":      draw(r, []any{"m1", "M1", "m2", "m%", "", "消息", 7, fmt.Sprint("m", r.IntN(99))}),
			"sender_type": draw(r, awkwardSenders),
			"status":      draw(r, awkwardStatuses),
			"content":     awkwardContent(r),
			"timestamp": draw(r, []any{1749000000, 1749000000 + r.IntN(3), 1749000000 + r.IntN(1e6),
				"1749000001", nil, "", "soon"}),
		}
		if once(r, 4) {
			message["reply"] = draw(r,
				[]any{object{}, object{"msg_id": "m1", "content": object{"type": "text", "text": "before"}},
					nil, "m1", []any{}})
		}
		if once(r, 10) {
			delete(message, draw(r, []string{"msg_id", "sender_type", "status", "timestamp"}))
		}
		messages = append(messages, message)
	}
	return messages
}

func awkwardContent(r *rand.Rand) any {
	type object = map[string]any
	text := awkwardText(r)
	switch r.IntN(20) {
	case 0:
		return object{"type": "system",
			"system": object{"type": draw(r, []string{"conversation.start", "conversation.close",
				"conversation.take_over", "conversation.take_over", ""}),
				"to_seat_id": draw(r, []any{"seat 1", "", nil, 7})}}
	case 1:
		return object{"type": "template",
			"template": object{"content": object{"header": object{"type": "text", "text": awkwardText(r)},
				"body": text, "footer": "",
				"button": []any{object{"type": "QUICK_REPLY", "text": awkwardText(r)}}}}}
	case 2:
		return object{"type": "button", "text": text}
	case 3:
		return object{"type": draw(r, []string{"image", "file", "video", "audio"}), "text": awkwardText(r),
			"media": object{"origin_url": "https://x/hidden", "name": text}}
	case 4:
		return object{"type": "interactive", "text": text}
	case 5:
		return object{"type": "interactive",
			"interactive": object{"type": "button", "header": object{"type": "text", "text": awkwardText(r)},
				"body": object{"text": text}, "footer": object{"text": awkwardText(r)},
				"action": object{"sections": []any{},
					"buttons": []any{object{"type": "reply",
						"reply": object{"id": "hidden", "title": awkwardText(r)}}}}}}
	case 6:
		row := object{"id": "hidden", "title": awkwardText(r), "description": awkwardText(r)}
		return object{"type": "interactive",
			"interactive": object{"type": "list", "body": object{"text": text}, "footer": object{"text": ""},
				"action": object{"button": awkwardText(r), "buttons": []any{},
					"sections": []any{object{"title": awkwardText(r), "rows": []any{row, row}}}}}}
	case 7:
		return object{"type": "location", "location": object{"latitude": draw(r, []any{1.5, "1.5", nil, "0x1p3"}),
			"longitude": -2, "address": awkwardText(r), "name": text}}
	case 8:
		return object{"type": "contacts", "contacts": []any{object{"name": text, "phone_number": "+62 812"}}}
	case 9:
		if once(r, 3) {
			return object{"type": "interactive",
				"interactive": object{"type": "cta_url", "header": object{"type": "text", "text": awkwardText(r)},
					"body": object{"text": text}, "footer": object{"text": "tap below"},
					"action": object{"name": "cta_url"}}}
		}
		return object{"type": draw(r, []string{"sticker", "Text", "", "reaction"}), "text": text}
	default:
		return object{"type": "text", "text": text}
	}
}
