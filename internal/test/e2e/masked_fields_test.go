package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/models/mask"
)

// message is a message of a notification with a content.
func messageOf(id, content string) string {
	return `{"msg_id":"` + id + `","sender_type":"user","timestamp":1744699269,"status":"read",` +
		`"content":` + content + `}`
}

// Each field that a viewer without pii sees, by the table of docs/access.md. In what is expected, [x] is the pseudonym
// of x.
func TestMaskedFields(t *testing.T) {
	const callee = "+6281234567890"
	notification := `{"call_id":"c1","timestamp":1744699269,"callee":"` + callee + `","channel":"WhatsApp",` +
		`"workflow_name":"Budi's campaign","intention":"Budi","robot_id":"Budi",` +
		`"channel_id":"62211234567","private":"Ana",` +
		`"session_start_time":"2025-04-15T06:41:00Z","session_end_time":"2025-04-15T06:41:09Z",` +
		`"session_end_reason":"robot",` +
		`"ner_slots":{"name":"Budi","age":42,"tags":["a"],"none":null,"empty":""},"event_label":{"mood":"Budi"},` +
		`"variables":{"mail":"Budi@Example.com"},"messages":[` + strings.Join([]string{
		messageOf("text", `{"type":"text","text":"BUDI, 0812 3456 7890, budi@example.com, order 123456 of 2025-04-15,`+
			` https://shop.example/a?user=budi 12.500"}`),
		messageOf("image", `{"type":"image","media":{"origin_url":"https://x.example/p.jpg",`+
			`"name":"Budi.jpg"},"text":"of Budi"}`),
		messageOf("location", `{"type":"location","location":{"latitude":-6.1754,`+
			`"longitude":106.8272,"address":"Jl. 1","name":"Home"}}`),
		messageOf("contacts", `{"type":"contacts","contacts":[{"name":"Siti Aminah",`+
			`"phone_number":"+628111111111"}]}`),
		messageOf("template", `{"type":"template","template":{"type":"text",`+
			`"content":{"body":"Hi Budi","footer":"Siti Aminah",`+
			`"button":[{"type":"QUICK_REPLY","text":"Yes Budi"}]},"info":{"id":"t1","name":"Budi","language":"id"}}}`),
		messageOf("list", `{"type":"interactive","interactive":{"type":"list",`+
			`"body":{"text":"Budi?"},"action":{"button":"Go",`+
			`"sections":[{"title":"Budi","rows":[{"id":"Budi","title":"for Budi","description":"to Budi"}]}]}}}`),
		messageOf("new", `{"type":"sticker","sticker":{"n":7,"name":"x"}}`),
		`{"msg_id":"reply","sender_type":"user","timestamp":1744699269,"status":"read",` +
			`"content":{"type":"text","text":"ok"},` +
			`"reply":{"msg_id":"text","sender_type":"user","timestamp":1744699269,` +
			`"content":{"type":"text","text":"I am Budi"}}}`,
		messageOf("system", `{"type":"system","system":{"type":"conversation.take_over","to_seat_id":"Budi"}}`),
	}, ",") + `]}`
	const document = `{ session(callId: "c1") { callee contact { callee pseudonym } workflowName robotId channelId
		intention { label } nerSlots { name value json } eventLabels { value } variables { value json }
		messages { msgId text raw replyTo { content { ... on Content { text } } } content {
			... on ImageContent { media { url name } caption }
			... on LocationContent { latitude longitude address name }
			... on ContactsContent { contacts { name phoneNumber } }
			... on TemplateContent { body footer buttons { title } templateName: name }
			... on InteractiveListContent { body button sections { title rows { id title description } } } } }
		raw } }`
	values := mask.NewMasks(mask.Key("key"), nil).Values(callee)
	masked := func(text string) string { // of [x]
		var out strings.Builder
		for part := range strings.SplitSeq(text, "[") {
			value, rest, found := strings.Cut(part, "]")
			if !found {
				out.WriteString(part)
				continue
			}
			out.WriteString(values.Value(value) + rest)
		}
		return out.String()
	}
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		s, _ := startWithTokens(t, kind.Fresh(t), "--mask-key", "key")
		mustPost(t, s, []byte(notification))
		var answer struct {
			Data struct{ Session map[string]any }
		}
		text := asked(t, s, tokenOfRead, document)
		if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Data.Session == nil {
			t.Fatalf("%v: %s", err, text)
		}
		got := answer.Data.Session
		at := func(path string) any {
			var value any = got
			for name := range strings.SplitSeq(path, ".") {
				switch of := value.(type) {
				case map[string]any:
					value = of[name]
				case []any:
					value = of[name[0]-'0']
				}
			}
			return value
		}
		for path, want := range map[string]any{
			"callee": "[" + callee + "]", "contact.callee": "[" + callee + "]",
			"contact.pseudonym": "[" + callee + "]",
			"workflowName":      "Budi's campaign", "robotId": "Budi", "channelId": "62211234567",
			"intention.label":  "Budi",
			"nerSlots.0.value": "[Budi]", "nerSlots.0.json": "[Budi]", "nerSlots.1.value": "[42]",
			"nerSlots.1.json":  "[42]",
			"nerSlots.3.value": "null", "nerSlots.3.json": nil, "nerSlots.4.value": "", "nerSlots.4.json": "",
			"eventLabels.0.value": "Budi", "variables.0.value": "[budi@example.com]",
			"messages.0.text": "[Budi], [" + callee + "], [budi@example.com], order [123456] of 2025-04-15," +
				" https://shop.example/a?" + queryPseudonym(t, at("messages.0.text")) + " 12.500",
			"messages.1.content.media.url": "[https://x.example/p.jpg]", "messages.1.content.media.name": "[Budi.jpg]",
			"messages.1.content.caption": "of [Budi]", "messages.2.content.latitude": -6.2,
			"messages.2.content.longitude": 106.8,
			"messages.2.content.address":   "[Jl. 1]", "messages.2.content.name": "[Home]",
			"messages.3.content.contacts.0.name":        "[Siti Aminah]",
			"messages.3.content.contacts.0.phoneNumber": "[+628111111111]",
			"messages.4.content.body":                   "Hi [Budi]", "messages.4.content.footer": "[Siti Aminah]",
			"messages.4.content.buttons.0.title": "Yes [Budi]", "messages.4.content.templateName": "Budi",
			"messages.5.content.sections.0.title": "[Budi]", "messages.5.content.sections.0.rows.0.id": "Budi",
			"messages.5.content.sections.0.rows.0.title":       "for [Budi]",
			"messages.5.content.sections.0.rows.0.description": "to [Budi]",
			"messages.6.raw.content.sticker.n":                 "[7]", "messages.6.raw.content.sticker.name": "[x]",
			"messages.7.replyTo.content.text": "I am [Budi]", "messages.8.raw.content.system.to_seat_id": "Budi",
			"raw.callee": "[" + callee + "]", "raw.private": "[Ana]", "raw.ner_slots.age": "[42]",
			"raw.event_label.mood": "Budi", "raw.messages.7.reply.content.text": "I am [Budi]",
			"raw.intention": "Budi",
		} {
			if text, ok := want.(string); ok {
				want = masked(text)
			}
			if value := at(path); value != want {
				t.Errorf("%s is %v, want %v", path, value, want)
			}
		}
	})
}

// queryPseudonym is the pseudonym of a link's query string in a text.
func queryPseudonym(t *testing.T, text any) string {
	t.Helper()
	whole, _ := text.(string)
	_, query, found := strings.Cut(whole, "?")
	query, _, _ = strings.Cut(query, " ")
	if !found || !mask.WellFormed(query) || !strings.HasPrefix(query, "link:") {
		t.Errorf("no pseudonym of a query string in %q", whole)
	}
	return query
}
