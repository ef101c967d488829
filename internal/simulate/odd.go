package simulate

import (
	"encoding/json"
	"slices"
	"strings"
)

// oddities are what traffic brings now and then beyond the vendor's page. Each strikes by itself.
var oddities = []struct {
	percent float64
	strike  func(*session, *notification)
}{
	{2.5, (*session).unknownContent},
	{2, (*session).unknownValue},
	{2.5, (*session).damage},
	{2.5, (*session).oddCharacters},
	{0.4, (*session).longText},
	{2.5, (*session).typedValues},
}

func (s *session) makeOdd(n *notification) {
	for _, oddity := range oddities {
		if chance(s.rng, oddity.percent) {
			oddity.strike(s, n)
		}
	}
}

type oddContent struct{ sender, content string }

var oddContents = []oddContent{
	{"user", `{"type":"sticker","sticker":{"id":"{id}","mime_type":"image/webp","animated":false}}`},
	{"user", `{"type":"sticker","media":{"origin_url":"https://media.example.com/sticker/{id}.webp"}}`},
	{"user", `{"type":"reaction","reaction":{"message_id":"{id}","emoji":"❤️"}}`},
	{"user",
		`{"type":"order","order":{"catalog_id":"{id}","text":"","product_items":[{"product_retailer_id":"sku-17",` +
			`"quantity":2,"item_price":19.95,"currency":"USD"}]}}`},
	{"user",
		`{"type":"interactive","interactive":{"type":"nfm_reply","nfm_reply":{"name":"flow","body":"Sent",` +
			`"response_json":"{\"flow_token\":\"{id}\",\"rating\":4,\"comment\":\"quote \\\" and \\\\ here\"}"}}}`},
	{"robot", `{"type":"interactive","interactive":{"type":"cta_url","body":{"text":"Track it online"},` +
		`"footer":{"text":""},"action":{"name":"cta_url","parameters":{"display_text":"Track",` +
		`"url":"https://example.com/t?id={id}&x=1"}}}}`},
	{"robot", `{"type":"interactive","interactive":{"type":"location_request_message","body":{"text":"Where are ` +
		`you?"},"action":{"name":"send_location"}}}`},
	{"user", `{"type":"audio","audio":{"id":"{id}","voice":true,"mime_type":"audio/ogg; codecs=opus"}}`},
	{"user", `{"type":"edited","edited":{"message_id":"{id}","content":{"type":"text","text":"I meant Tuesday"}}}`},
	{"user", `{"type":"revoked","revoked":{"message_id":"{id}"}}`},
	{"user", `{"type":"unsupported","errors":[{"code":131051,"title":"Message type unknown"}]}`},
}

// unknownContent adds a message somewhere behind the first.
func (s *session) unknownContent(n *notification) {
	odd := oneOf(s.rng, oddContents)
	at := between(s.rng, 1, len(n.Messages))
	n.Messages = slices.Insert(n.Messages, at, message{
		MsgID:      randomID(s.rng),
		SenderType: odd.sender,
		Timestamp:  n.Messages[at-1].Timestamp,
		Status:     "read",
		Content:    json.RawMessage(strings.ReplaceAll(odd.content, "{id}", randomID(s.rng))),
	})
}

func (s *session) unknownValue(n *notification) {
	m := &n.Messages[s.rng.IntN(len(n.Messages))]
	switch s.rng.IntN(3) {
	case 0:
		m.Status = "failed"
	case 1:
		m.SenderType = "bot"
	case 2:
		n.SessionEndReason = "timeout"
	}
}

// damage takes away the replies or one time, or sets one time back.
func (s *session) damage(n *notification) {
	m := &n.Messages[s.rng.IntN(len(n.Messages))]
	switch s.rng.IntN(3) {
	case 0:
		for i := range n.Messages {
			n.Messages[i].Reply = nil
		}
	case 1:
		m.Timestamp = 0
	case 2:
		m.Timestamp -= int64(between(s.rng, 60, 1200))
	}
}

var oddTexts = []string{
	`100% sure_thing * "quoted" 'single' \ back\slash`,
	"%", "_", "*", `\`, `\%_`, `"`, "'; DROP TABLE sessions; --",
	"first line\nsecond line\r\n\tindented third line",
	"👨‍👩‍👧‍👦🏳️‍🌈👍🏽🇮🇩",
	"cafe\u0301 E\u0301cole Z\u0351\u036b\u0343\u0354a\u034a\u0368lgo\u0310\u0349",
	"שלום, זה מספר 42 (abc) — مرحبا",
	"\u202eright to left override\u202c and zero\u200bwidth\ufeff",
	"<b>bold?</b> & <script>alert(1)</script>",
	"ＦＵＬＬ ｗｉｄｔｈ ﬁligature İstanbul straße ΣΊΣΥΦΟΣ",
	`{"not":"json","for":"you"}`,
	"\u2028line separator\u2029paragraph separator",
	"   ",
	"",
}

func (s *session) oddCharacters(n *notification) {
	s.replaceUserText(n, oneOf(s.rng, oddTexts))
}

// longText is as long as WhatsApp lets a text be.
func (s *session) longText(n *notification) {
	words := strings.Repeat(strings.Join(s.language.toAgent, ". ")+". ", 200)
	s.replaceUserText(n, string([]rune(s.fill.Replace(words))[:4096]))
}

// replaceUserText puts the words into a variable where the user has typed nothing.
func (s *session) replaceUserText(n *notification, words string) {
	for i := range n.Messages {
		typed, ok := n.Messages[i].Content.(textContent)
		if ok && typed.Type == "text" && n.Messages[i].SenderType == "user" {
			n.Messages[i].Content = text(words)
			return
		}
	}
	n.Variables["note"] = words
}

// typedValues has values that are no strings.
func (s *session) typedValues(n *notification) {
	values := []any{s.facts.amount, 4.5, true, false, nil, []string{"a", "b"},
		json.RawMessage(`{"street":"1 Main St","geo":{"lat":1.5,"lon":-2}}`), 9007199254740993,
		json.RawMessage(`1.10`)}
	n.NerSlots[oneOf(s.rng, []string{"amount", "rating", "confirmed", "address"})] = oneOf(s.rng, values)
	if chance(s.rng, 30) {
		n.EventLabel["EventLabel"] = oneOf(s.rng, values)
	}
	if chance(s.rng, 30) {
		n.Variables["amount"] = oneOf(s.rng, values)
	}
}
