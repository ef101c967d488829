package models_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"sessiongraph/internal/simulate"
	"sessiongraph/models"
)

func driftOf(body string) []string {
	found := []string{}
	for _, item := range models.NewDriftReader().Read(models.JSON(body)) {
		text := fmt.Sprintf("%s %s", item.Kind, item.Path)
		if item.Value != "" {
			text += " " + item.Value
		}
		found = append(found, text)
	}
	return found
}

func TestDrift(t *testing.T) {
	message := func(members string) string { return `{"messages":[{` + members + `}]}` }
	content := func(members string) string { return message(`"content":{` + members + `}`) }
	long := strings.Repeat("ä", 300)
	cut := strings.Repeat("ä", 250) + "…"
	for _, c := range []struct {
		name, body string
		want       []string
	}{
		{"nothing", `{}`, nil},
		{"a field", `{"call_id":"1","new":{"inner":1}}`, []string{"FIELD new"}},
		{"names are compared to the letter", `{"Callee":1}`, []string{"FIELD Callee"}},
		{"a field of a message", `{"messages":[{},{"edited":true},{"edited":false}]}`,
			[]string{"FIELD messages[].edited"}},
		{"a field of a content", content(`"type":"text","sticker":{}`), []string{"FIELD messages[].content.sticker"}},
		{"a field of a reply", message(`"reply":{"status":"read","content":{"type":"image","media":{"size":1}}}`),
			[]string{"FIELD messages[].reply.status", "FIELD messages[].reply.content.media.size"}},
		{"in lists",
			content(`"type":"interactive","interactive":{"action":{"sections":[{"rows":[{"id":"1","icon":1}]}]}}`),
			[]string{"FIELD messages[].content.interactive.action.sections[].rows[].icon"}},
		{"names of open maps", `{"ner_slots":{"a":{"b":1}},"event_label":{"c":1},"variables":[{"d":1}]}`, nil},
		{"a type", content(`"text":1,"type":"sticker","sticker":{"new":1}`),
			[]string{"CONTENT_TYPE messages[].content.type sticker"}},
		{"a type in a reply", message(`"reply":{"content":{"type":"order"}}`),
			[]string{"CONTENT_TYPE messages[].reply.content.type order"}},
		{"types are compared to the letter", content(`"type":"Text"`),
			[]string{"CONTENT_TYPE messages[].content.type Text"}},
		{"the last type counts", content(`"new":1,"type":"sticker","type":"text"`),
			[]string{"FIELD messages[].content.new"}},
		{"a type that is no text", content(`"type":{"a": 1}`),
			[]string{`CONTENT_TYPE messages[].content.type {"a":1}`}},
		{"no type", content(`"new":1`), nil},
		{"null and empty types", `{"messages":[{"content":{"type":null,"new":1}},{"content":{"type":""}}]}`, nil},
		{"values", `{"session_end_reason":"bored","messages":[{"sender_type":"bot","status":"failed",` +
			`"reply":{"sender_type":"admin"}}]}`, []string{"ENUM_VALUE session_end_reason bored",
			"ENUM_VALUE messages[].sender_type bot", "ENUM_VALUE messages[].status failed",
			"ENUM_VALUE messages[].reply.sender_type admin"}},
		{"no values", `{"session_end_reason":"","messages":[{"sender_type":null,"status":""}]}`, nil},
		{"values that are no texts", `{"session_end_reason":7,"messages":[{"sender_type":["user"]}]}`,
			[]string{"ENUM_VALUE session_end_reason 7", `ENUM_VALUE messages[].sender_type ["user"]`}},
		{"statuses are open", `{"status":"waiting"}`, nil},
		{"system events are open", content(`"type":"system","system":{"type":"conversation.pause"}`), nil},
		{"an object in place of a text", `{"callee":{"phone":1}}`, []string{"FIELD callee.phone"}},
		{"a list in place of an object", message(`"reply":[{"msg_id":1}]`),
			[]string{"FIELD messages[].reply[].msg_id"}},
		{"lists in lists", `{"messages":[[{"msg_id":1}]]}`, []string{"FIELD messages[][].msg_id"}},
		{"a content that is no object", message(`"content":["type"]`), nil},
		{"escapes", "{\"\\u0063allee\":1,\"n\\u0065w\":1}", []string{"FIELD new"}},
		{"white space", " {\n\"messages\" : [ { \"new\" : [ ] , \"status\" : \"x\" } ] , \"a\" : 1 }\n",
			[]string{"FIELD messages[].new", "ENUM_VALUE messages[].status x", "FIELD a"}},
		{"an empty name", `{"":1}`, []string{"FIELD "}},
		{"long ones", `{"` + long + `":1,"session_end_reason":"` + long + `"}`,
			[]string{"FIELD " + cut, "ENUM_VALUE session_end_reason " + cut}},
		{"what is no UTF-8", "{\"session_end_reason\":\"a\xff\"}", []string{"ENUM_VALUE session_end_reason a\uFFFD"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := driftOf(c.body); !slices.Equal(got, c.want) {
				t.Errorf("drift of %s is %q, want %q", c.body, got, c.want)
			}
		})
	}
}

func TestTheVendorsExampleHasNoDrift(t *testing.T) {
	example, err := os.ReadFile("../testdata/airudder-example.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := driftOf(string(example)); len(got) != 0 {
		t.Errorf("drift is %q", got)
	}
}

// Each content type that is known has a content of its own, and no other has.
func TestKnownContentTypesAreDecoded(t *testing.T) {
	whole := `"text":"a","system":{},"template":{},"media":{"origin_url":"u"},"contacts":[],` +
		`"location":{"latitude":1,"longitude":2}`
	for _, name := range []string{"text", "system", "template", "button", "image", "file", "video", "audio",
		"interactive", "location", "contacts", "sticker", "reaction", "order", "Text", "unknown"} {
		content := `{"type":"` + name + `",` + whole + `}`
		_, unknown := models.DecodeContent(models.JSON(content), nil).(*models.UnknownContent)
		drift := driftOf(`{"messages":[{"content":` + content + `}]}`)
		if unknown != (len(drift) == 1) {
			t.Errorf("%s: unknown content is %v, drift is %q", name, unknown, drift)
		}
	}
}

// Of a hostile body so much is taken and no more, in little time.
func TestDriftIsBounded(t *testing.T) {
	repeat := func(start, element, end string) string {
		var body strings.Builder
		body.WriteString(start)
		for n := 0; body.Len() < 2<<20; n++ {
			fmt.Fprintf(&body, element, n)
		}
		return strings.TrimSuffix(body.String(), ",") + end
	}
	for name, c := range map[string]struct {
		body string
		want int
	}{
		"names":            {repeat(`{`, `"%x":1,`, `}`), 100},
		"one name":         {repeat(`{`, `"a":%d,`, `}`), 1},
		"values":           {repeat(`{"messages":[`, `{"status":"%x"},`, `]}`), 100},
		"types":            {repeat(`{"messages":[`, `{"content":{"a":1,"type":"%x"}},`, `]}`), 100},
		"types after much": {repeat(`{"messages":[{"content":{"type":"x"`, `,"%x":1`, `}},{"a":1}]}`), 2},
		"lists in lists":   {`{"messages":` + strings.Repeat(`[`, 1<<20) + strings.Repeat(`]`, 1<<20) + `}`, 0},
	} {
		began := time.Now()
		got := driftOf(c.body)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
		if len(got) != c.want {
			t.Errorf("%s: %d items, want %d: %.200q", name, len(got), c.want, got)
		}
	}
}

// documentedPaths are the paths that AIRudder documents, and headers of interactive messages.
func documentedPaths() map[string]bool {
	paths := strings.Fields(`workflow_id workflow_name nodetask_id nodetask_name waba_task_id wfdetail_uuid timestamp
		channel channel_id callee call_id robot_id status session_start_time session_end_time session_end_reason
		intention talk_round ner_slots event_label variables messages`)
	content := func(path string) {
		paths = append(paths, path)
		for _, name := range strings.Fields(`type text system system.type system.from_seat_id system.to_seat_id
			template template.type template.content template.content.header template.content.header.type
			template.content.header.text template.content.header.media template.content.header.media.origin_url
			template.content.header.media.name template.content.body template.content.footer template.content.button
			template.content.button[].type template.content.button[].text template.info template.info.id
			template.info.name template.info.language media media.origin_url media.name interactive interactive.type
			interactive.header interactive.header.type interactive.header.text interactive.header.media
			interactive.header.media.origin_url interactive.header.media.name interactive.body interactive.body.text
			interactive.footer interactive.footer.text interactive.action interactive.action.button
			interactive.action.buttons interactive.action.buttons[].type interactive.action.buttons[].reply
			interactive.action.buttons[].reply.id interactive.action.buttons[].reply.title
			interactive.action.sections interactive.action.sections[].title interactive.action.sections[].rows
			interactive.action.sections[].rows[].id interactive.action.sections[].rows[].title
			interactive.action.sections[].rows[].description location location.latitude location.longitude
			location.address location.name contacts contacts[].name contacts[].phone_number`) {
			paths = append(paths, path+"."+name)
		}
	}
	for _, name := range strings.Fields(`msg_id sender_type timestamp status reply reply.msg_id reply.sender_type
		reply.timestamp`) {
		paths = append(paths, "messages[]."+name)
	}
	content("messages[].content")
	content("messages[].reply.content")
	known := map[string]bool{}
	for _, path := range paths {
		known[path] = true
	}
	return known
}

// driftOracle finds drift in a decoded notification.
type driftOracle struct {
	known map[string]bool
	found map[models.DriftItem]bool
}

func (o driftOracle) value(path string, value any) {
	text, isText := value.(string)
	enums := map[string][]string{
		"session_end_reason":           {"robot", "agent", "error", "expire", "user"},
		"messages[].sender_type":       {"system", "user", "robot", "agent", "chatbot"},
		"messages[].reply.sender_type": {"system", "user", "robot", "agent", "chatbot"},
		"messages[].status":            {"sent", "delivery", "read"},
	}
	object, isObject := value.(map[string]any)
	list, isList := value.([]any)
	switch {
	case path == "ner_slots" || path == "event_label" || path == "variables":
	case enums[path] != nil:
		if !isText && value != nil {
			compact, _ := json.Marshal(value)
			text = string(compact)
		}
		if text != "" && !slices.Contains(enums[path], text) {
			o.found[models.DriftItem{Kind: models.DriftEnumValue, Path: path, Value: text}] = true
		}
	case isObject && (path == "messages[].content" || path == "messages[].reply.content"):
		types := []string{"text", "system", "template", "button", "image", "file", "video", "audio", "interactive",
			"location", "contacts"}
		kind, isText := object["type"].(string)
		if !isText && object["type"] != nil {
			compact, _ := json.Marshal(object["type"])
			kind = string(compact)
		}
		switch {
		case slices.Contains(types, kind):
			delete(object, "type")
			o.fields(path, object)
		case kind != "":
			o.found[models.DriftItem{Kind: models.DriftContentType, Path: path + ".type", Value: kind}] = true
		}
	case isObject:
		o.fields(path, object)
	case isList:
		for _, element := range list {
			o.value(path+"[]", element)
		}
	}
}

func (o driftOracle) fields(path string, object map[string]any) {
	for name, value := range object {
		inner := strings.TrimPrefix(path+"."+name, ".")
		if o.known[inner] {
			o.value(inner, value)
		} else {
			o.found[models.DriftItem{Kind: models.DriftField, Path: inner}] = true
		}
	}
}

// makeOdd changes some values of a notification.
func makeOdd(random *rand.Rand, value any) any {
	odd := []any{nil, "", "new", "text", "user", 1.0, true, []any{}, map[string]any{}, []any{"a"},
		map[string]any{"type": "text"}, []any{map[string]any{"name": "a", "b": 1.0}}, []any{[]any{map[string]any{}}}}
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(func(yield func(string) bool) {
			for name := range v {
				if !yield(name) {
					return
				}
			}
		}) {
			if v[name] = makeOdd(random, v[name]); random.IntN(300) == 0 {
				delete(v, name)
			}
		}
		if random.IntN(40) == 0 {
			names := []string{"new", "type", "text", "media", "content", "sticker", "ner_slots", "a.b", "[]"}
			v[names[random.IntN(len(names))]] = odd[random.IntN(len(odd))]
		}
	case []any:
		for i := range v {
			v[i] = makeOdd(random, v[i])
		}
	}
	if random.IntN(80) == 0 {
		return odd[random.IntN(len(odd))]
	}
	return value
}

func TestDriftEqualsTheOracle(t *testing.T) {
	random, generator := rand.New(rand.NewPCG(1, 2)), simulate.New(5)
	known, reader := documentedPaths(), models.NewDriftReader()
	kinds := map[models.DriftKind]int{}
	for n := range 1000 {
		var notification any
		if err := json.Unmarshal(generator.Notification(n), &notification); err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(makeOdd(random, notification))
		if err != nil {
			t.Fatal(err)
		}
		oracle := driftOracle{known, map[models.DriftItem]bool{}}
		var again any
		if err := json.Unmarshal(body, &again); err != nil {
			t.Fatal(err)
		}
		oracle.value("", again)
		got := reader.Read(body)
		for _, item := range got {
			kinds[item.Kind]++
			if !oracle.found[item] {
				t.Fatalf("%+v is no drift of %s", item, body)
			}
		}
		if len(got) != len(oracle.found) {
			t.Fatalf("found %+v, want %+v in %s", got, oracle.found, body)
		}
	}
	for _, kind := range models.DriftKinds() {
		if kinds[kind] < 50 {
			t.Errorf("only %d of %s", kinds[kind], kind)
		}
	}
}

func FuzzDrift(f *testing.F) {
	for n := range 20 {
		f.Add(simulate.New(2).Notification(n))
	}
	f.Add([]byte(`{"a":1,"messages":[{"content":{"type":"x","b":[[]]}}]}`))
	reader := models.NewDriftReader()
	f.Fuzz(func(t *testing.T, body []byte) {
		items := reader.Read(body) // whatever it is
		if !json.Valid(body) {
			return
		}
		seen := map[models.DriftItem]bool{}
		for _, item := range items {
			if seen[item] || !utf8.ValidString(item.Path) || !utf8.ValidString(item.Value) || len(item.Path) > 510 ||
				len(item.Value) > 510 || (item.Value == "") != (item.Kind == models.DriftField) {
				t.Errorf("item %+v", item)
			}
			seen[item] = true
		}
		if len(items) > 100 {
			t.Errorf("%d items", len(items))
		}
	})
}
