package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sessiongraph/internal/simulate"
	"sessiongraph/models"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func vendorExample(t testing.TB) []byte {
	t.Helper()
	body, err := os.ReadFile("../testdata/airudder-example.json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestDecodeTheVendorsExample(t *testing.T) {
	p, err := Decode(vendorExample(t))
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(map[string]any{
		"session": p.Session, "nerSlots": entries(p.NerSlots), "eventLabels": entries(p.EventLabels),
		"variables": entries(p.Variables),
		"messages":  summaries(p.Messages),
	}); err != nil {
		t.Fatal(err)
	}
	const file = "testdata/airudder-example.golden.json"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the example decodes to\n%s\nwant\n%s", got.Bytes(), want)
	}
}

func entries(values []models.NamedValue) []string {
	list := []string{}
	for _, v := range values {
		list = append(list, fmt.Sprintf("%d %s = %s, sent as %s", v.Position, v.Name, v.Value, v.JSON))
	}
	return list
}

func summaries(messages []models.Message) []string {
	list := []string{}
	for _, m := range messages {
		sentAt := "never"
		if m.SentAt != nil {
			sentAt = m.SentAt.Format(time.RFC3339)
		}
		list = append(list, fmt.Sprintf("%d %s %s %s %s %s %q", m.Position, m.MsgID, m.SenderType, sentAt, m.Status,
			m.ContentType, m.Text()))
	}
	return list
}

// withField is a notification that has all it needs, and one field as given: its
// own is replaced, and left out where the value is "".
func withField(field, value string) []byte {
	fields := [][2]string{
		{"call_id", `"call-1"`}, {"timestamp", `1744699269`}, {"session_start_time", `"2025-04-15T06:41:00Z"`},
		{"session_end_time", `"2025-04-15T06:41:09Z"`}, {"messages", `[]`},
	}
	var parts []string
	for _, f := range fields {
		if f[0] != field {
			parts = append(parts, strconv.Quote(f[0])+":"+f[1])
		}
	}
	if value != "" {
		parts = append(parts, strconv.Quote(field)+":"+value)
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}

func TestDecodeRefusesWhatIsNoObject(t *testing.T) {
	for _, body := range []string{
		``, ` `, `null`, `true`, `1`, `"{}"`, `[]`, `[{"call_id":"a"}]`, `{`, `{}{}`, `{} x`, `{"call_id":"a",}`,
		`{'call_id':'a'}`, `{call_id:1}`,
		"\ufeff{}", "\x00", "<xml/>", `{"timestamp":NaN}`, `{"timestamp":Infinity}`, `{"timestamp":01}`,
		"{\"call_id\":\"a\nb\"}", `call_id=a&messages=`,
		strings.Repeat(`[`, 20000), strings.Repeat(`{"a":`, 20000),
		strings.Repeat(`[`, 20000) + strings.Repeat(`]`, 20000),
	} {
		if p, err := Decode([]byte(body)); !errors.Is(err, ErrNotObject) || p != nil {
			t.Errorf("%.60q decodes to %v, %v, want ErrNotObject", body, p, err)
		}
	}
}

func TestDecodeQuarantinesWhatLacksASession(t *testing.T) {
	long := `"` + strings.Repeat("x", 1025) + `"`
	for _, c := range []struct{ field, value, reason string }{
		{"call_id", ``, "call_id: expected a string, got nothing"},
		{"call_id", `null`, "call_id: expected a string, got null"},
		{"call_id", `""`, "call_id: it is empty"},
		{"call_id", `{"id":"a"}`, "call_id: expected a string, got an object"},
		{"call_id", `["a"]`, "call_id: expected a string, got a list"},
		{"call_id", `true`, "call_id: expected a string, got a boolean"},
		{"call_id", long, "call_id: a key of 1025 bytes, at most 1024 can be looked up by"},
		{"messages", ``, "messages: expected a list, got nothing"},
		{"messages", `null`, "messages: expected a list, got null"},
		{"messages", `{}`, "messages: expected a list, got an object"},
		{"messages", `"[]"`, "messages: expected a list, got a string"},
		{"timestamp", ``, "timestamp: expected an RFC 3339 time or Unix seconds, got nothing"},
		{"timestamp", `null`, "timestamp: expected an RFC 3339 time or Unix seconds, got null"},
		{"timestamp", `1e400`, "timestamp: expected an RFC 3339 time or Unix seconds, got a number"},
		{"timestamp", `"NaN"`, "timestamp: expected an RFC 3339 time or Unix seconds, got a string that is neither"},
		{"session_start_time", ``, "session_start_time: expected an RFC 3339 time or Unix seconds, got nothing"},
		{"session_start_time", `"yesterday"`, "session_start_time: expected an RFC 3339 time or Unix seconds, got a " +
			"string that is neither"},
		{"session_start_time", `""`, "session_start_time: expected an RFC 3339 time or Unix seconds, got a string " +
			"that is neither"},
		{"session_end_time", `[]`, "session_end_time: expected an RFC 3339 time or Unix seconds, got a list"},
		{"session_end_time", `"2025-04-15"`, "session_end_time: expected an RFC 3339 time or Unix seconds, got a " +
			"string that is neither"},
		{"callee", long, "callee: a key of 1025 bytes, at most 1024 can be looked up by"},
		{"intention", long, "intention: a key of 1025 bytes, at most 1024 can be looked up by"},
		{"ner_slots", `{` + long + `:1}`, "ner_slots: a key of 1025 bytes, at most 1024 can be looked up by"},
		{"event_label", `{` + long + `:1}`, "event_label: a key of 1025 bytes, at most 1024 can be looked up by"},
		{"variables", `{` + long + `:1}`, "variables: a key of 1025 bytes, at most 1024 can be looked up by"},

		// A name in another case is another name.
		{"CALL_ID", `"call-1"`, ""},
		{"Messages", `null`, ""},
	} {
		p, err := Decode(withField(c.field, c.value))
		var unprojectable UnprojectableError
		switch {
		case c.reason == "":
			if err != nil {
				t.Errorf("with %s of %.60s: %v", c.field, c.value, err)
			}
		case !errors.As(err, &unprojectable) || p != nil || err.Error() != c.reason:
			t.Errorf("with %s of %.60s decodes to %v, %v, want %s", c.field, c.value, p, err, c.reason)
		case unprojectable.Field != c.field:
			t.Errorf("with %s of %.60s blames %s", c.field, c.value, unprojectable.Field)
		}
	}
	if _, err := Decode([]byte(`{"CALL_ID":"a","MESSAGES":[]}`)); err == nil {
		t.Error("keys in another case are read")
	}
}

func TestDecodeReadsWhatIsOddlyTyped(t *testing.T) {
	session := func(read func(models.Session) any) func(*models.Projection) any {
		return func(p *models.Projection) any { return read(p.Session) }
	}
	callID := session(func(s models.Session) any { return s.CallID })
	callee := session(func(s models.Session) any { return s.Callee })
	rounds := session(func(s models.Session) any { return s.TalkRound })
	seconds := session(func(s models.Session) any { return s.DurationSeconds })
	reason := session(func(s models.Session) any { return s.EndReason })
	notified := session(func(s models.Session) any { return s.NotifiedAt.Format(time.RFC3339Nano) })
	slots := func(p *models.Projection) any { return strings.Join(entries(p.NerSlots), "; ") }
	long := strings.Repeat("é", 512)
	for _, c := range []struct {
		field, value string
		read         func(*models.Projection) any
		want         any
	}{
		{"call_id", `42`, callID, "42"},
		{"call_id", `9007199254740993`, callID, "9007199254740993"},
		{"call_id", `" a "`, callID, " a "},
		{"call_id", `"` + long + `"`, callID, long},
		{"call_id", `"a\u0000\ud800b"`, callID, "a\x00\uFFFDb"},
		{"call_id", "\"a\xffb\"", callID, "a\uFFFDb"},
		{"callee", ``, callee, ""},
		{"callee", `null`, callee, ""},
		{"callee", `628912345`, callee, "628912345"},
		{"callee", `{"id": "ID.1"}`, callee, `{"id":"ID.1"}`},
		{"Callee", `"+1"`, callee, ""},

		{"talk_round", ``, rounds, 0},
		{"talk_round", `null`, rounds, 0},
		{"talk_round", `3`, rounds, 3},
		{"talk_round", `"3"`, rounds, 3},
		{"talk_round", `" 4\n"`, rounds, 4},
		{"talk_round", `"0x10"`, rounds, 0},
		{"talk_round", `"1_0"`, rounds, 0},
		{"talk_round", `"3,5"`, rounds, 0},
		{"talk_round", `3.9`, rounds, 3},
		{"talk_round", `-2.9`, rounds, -2},
		{"talk_round", `3e2`, rounds, 300},
		{"talk_round", `""`, rounds, 0},
		{"talk_round", `"three"`, rounds, 0},
		{"talk_round", `"NaN"`, rounds, 0},
		{"talk_round", `[3]`, rounds, 0},
		{"talk_round", `true`, rounds, 0},
		{"talk_round", `2147483647`, rounds, 2147483647},
		{"talk_round", `2147483648`, rounds, 2147483647},
		{"talk_round", `-2147483649`, rounds, -2147483648},
		{"talk_round", `99999999999999999999`, rounds, 2147483647},
		{"talk_round", `1e400`, rounds, 2147483647},
		{"talk_round", `-1e400`, rounds, -2147483648},

		{"timestamp", `"1744699269"`, notified, "2025-04-15T06:41:09Z"},
		{"timestamp", `1744699269123`, notified, "2025-04-15T06:41:09.123Z"},
		{"timestamp", `"2025-04-15T06:41:09+01:00"`, notified, "2025-04-15T05:41:09Z"},
		{"session_end_time", `1744699320`, seconds, 60},
		{"session_end_time", `"2025-04-15T06:41:59.9Z"`, seconds, 59},
		{"session_end_time", `"2025-04-15T06:40:00Z"`, seconds, -60},
		{"session_end_time", `"9999-12-31T23:59:59Z"`, seconds, 2147483647},
		{"session_start_time", `"0001-01-01T00:00:00Z"`, seconds, 2147483647},
		{"session_end_reason", `"expire"`, reason, models.EndExpire},
		{"session_end_reason", `"Expire"`, reason, models.EndUnknown},
		{"session_end_reason", `"timeout"`, reason, models.EndUnknown},
		{"session_end_reason", `5`, reason, models.EndUnknown},

		{"ner_slots", ``, slots, ""},
		{"ner_slots", `null`, slots, ""},
		{"ner_slots", `["a"]`, slots, ""},
		{"ner_slots", `"{\"a\":1}"`, slots, ""},
		{"ner_slots", `{"b":"x","a":1.10,"":null,"l":[ 1, "2" ],"o":{ "k" : true }}`, slots,
			`0 b = x, sent as "x"; 1 a = 1.10, sent as 1.10; 2  = null, sent as null; 3 l = [1,"2"], sent as ` +
				`[1,"2"]; 4 o = {"k":true}, sent as {"k":true}`},
		{"ner_slots", `{"a":1,"b":2,"\u0061":"last"}`, slots, `0 a = last, sent as "last"; 1 b = 2, sent as 2`},
		{"ner_slots", `{"a":"\ud800\u0000"}`, slots, "0 a = \uFFFD\x00, sent as \"\\ud800\\u0000\""},
	} {
		p, err := Decode(withField(c.field, c.value))
		if err != nil {
			t.Errorf("with %s of %.60s: %v", c.field, c.value, err)
		} else if got := c.read(p); got != c.want {
			t.Errorf("with %s of %.60s is %v, want %v", c.field, c.value, got, c.want)
		}
	}
}

func TestDecodeTakesTheLastOfAKeyThatStandsTwice(t *testing.T) {
	body := withField("call_id", `"first","call_id":"last"`)
	if p, err := Decode(body); err != nil || p.Session.CallID != "last" {
		t.Errorf("%s decodes to %v, %v", body, p, err)
	}
}

// What has no field of its own stays in the raw values, and costs nothing else.
func TestDecodeLeavesWhatItDoesNotKnow(t *testing.T) {
	want, err := Decode(withField("x", ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{`null`, `1`, `{"call_id":"another","messages":{}}`,
		`"` + strings.Repeat("x", 100_000) + `"`,
		strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000)} {
		got, err := Decode(withField("unknown", value))
		if err != nil || !reflect.DeepEqual(got.Session, want.Session) {
			t.Errorf("with an unknown field of %.60s decodes to %v, %v", value, got, err)
		}
	}
}

func TestDecodeReadsAnyMessage(t *testing.T) {
	for _, c := range []struct{ message, want string }{
		{`null`, `0  UNKNOWN never UNKNOWN  ""`},
		{`5`, `0  UNKNOWN never UNKNOWN  ""`},
		{`"hi"`, `0  UNKNOWN never UNKNOWN  ""`},
		{`["hi"]`, `0  UNKNOWN never UNKNOWN  ""`},
		{`{}`, `0  UNKNOWN never UNKNOWN  ""`},
		{`{"msg_id":7,"sender_type":"bot","timestamp":"x","status":"failed","content":"hi"}`,
			`0 7 UNKNOWN never UNKNOWN  ""`},
		{`{"msg_id":null,"sender_type":null,"timestamp":null,"status":null,"content":null,"reply":null}`,
			`0  UNKNOWN never UNKNOWN  ""`},
		{`{"sender_type":"User","status":"READ"}`, `0  UNKNOWN never UNKNOWN  ""`},
		{`{"msg_id":"m","sender_type":"user","timestamp":1720159548,"status":"sent",` +
			`"content":{"type":"text","text":"hi"}}`,
			`0 m USER 2024-07-05T06:05:48Z SENT text "hi"`},
		{`{"msg_id":"m","content":{"type":"hologram","text":"hi"}}`, `0 m UNKNOWN never UNKNOWN hologram "hi"`},
		{`{"msg_id":"a","msg_id":"b","content":{"type":"sticker"}}`, `0 b UNKNOWN never UNKNOWN sticker ""`},
	} {
		p, err := Decode(withField("messages", "["+c.message+"]"))
		if err != nil {
			t.Errorf("%s: %v", c.message, err)
			continue
		}
		if got := strings.Join(summaries(p.Messages), "; "); got != c.want {
			t.Errorf("%s decodes to %s, want %s", c.message, got, c.want)
		}
		if got := string(p.Messages[0].Raw); got != c.message && (c.message != "null" || got != "{}") {
			t.Errorf("%s is kept as %s", c.message, got)
		}
	}
}

func TestDecodeNumbersMessagesByTheirPlace(t *testing.T) {
	p, err := Decode(withField("messages", `[{"timestamp":3}, null, {"timestamp":1} , {"timestamp":2}]`))
	if err != nil || len(p.Messages) != 4 || p.Session.MessageCount != 4 {
		t.Fatalf("decodes to %v, %v", p, err)
	}
	for i, m := range p.Messages {
		if m.Position != i {
			t.Errorf("message %d has position %d", i, m.Position)
		}
	}
}

// A field that nests deeper than the reader goes makes the body unreadable; one
// that nests less deep is just a value.
func TestDecodeSurvivesDepth(t *testing.T) {
	for depth, want := range map[int]error{1000: nil, 20_000: ErrNotObject, 1_000_000: ErrNotObject} {
		for _, field := range []string{"ner_slots", "unknown", "messages", "status"} {
			value := strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth)
			if _, err := Decode(withField(field, value)); !errors.Is(err, want) {
				t.Errorf("%s nested %d deep: %v, want %v", field, depth, err, want)
			}
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(vendorExample(f))
	generator := simulate.New(1)
	for n := range 20 {
		f.Add(generator.Notification(n))
	}
	for _, c := range [][2]string{
		{"call_id", `{}`}, {"messages", `[null,1,"a",{"content":[]},{"content":{"type":"text","text":"\ud800"}}]`},
		{"timestamp", `1e400`},
		{"talk_round", `"99999999999999999999"`}, {"ner_slots", `{"a":1,"a":{"a":[null]}}`},
		{"x", strings.Repeat(`[`, 200)},
		{"messages",
			`[{"reply":{"content":{"type":"interactive","interactive":{"action":{"sections":[{"rows":[1]}]}}}},` +
				`"content":{"type":"interactive","text":"x"}}]`},
	} {
		f.Add(withField(c[0], c[1]))
	}
	f.Add([]byte("{\"call_id\":\"\xff\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		p, err := Decode(body)
		if !bytes.Equal(body, given) {
			t.Fatal("the body was changed")
		}
		var unprojectable UnprojectableError
		if err != nil {
			if p != nil || !errors.Is(err, ErrNotObject) && !errors.As(err, &unprojectable) {
				t.Fatalf("decodes to %v with the error %v", p, err)
			}
			return
		}
		checkProjection(t, p)
	})
}

// checkProjection holds what the tables take for granted.
func checkProjection(t *testing.T, p *models.Projection) {
	t.Helper()
	s := p.Session
	if s.MessageCount != len(p.Messages) {
		t.Errorf("%d messages are counted as %d", len(p.Messages), s.MessageCount)
	}
	if s.CallID == "" {
		t.Error("no call_id")
	}
	for _, text := range []string{s.CallID, s.WorkflowID, s.WorkflowName, s.NodeTaskID, s.NodeTaskName, s.WabaTaskID,
		s.WfDetailUUID, s.Channel,
		s.ChannelID, s.Callee, s.RobotID, s.Status, s.Intention} {
		if !utf8.ValidString(text) {
			t.Errorf("not valid UTF-8: %q", text)
		}
	}
	for i, m := range p.Messages {
		if m.Position != i || !utf8.ValidString(m.Text()) || !utf8.ValidString(m.MsgID) ||
			!utf8.ValidString(m.ContentType) || strings.ContainsRune(m.SearchText, 0) {
			t.Errorf("message %d is %+v", i, m)
		}
	}
	for _, list := range [][]models.NamedValue{p.NerSlots, p.EventLabels, p.Variables} {
		seen := map[string]bool{}
		for i, entry := range list {
			if seen[entry.Name] || entry.Position != i || !utf8.ValidString(entry.Name) ||
				!utf8.ValidString(entry.Value) || len(entry.JSON) == 0 {
				t.Errorf("entry %d is %+v", i, entry)
			}
			seen[entry.Name] = true
		}
	}
}
