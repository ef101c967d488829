package graph_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// promptTitles are titles of options, some of which differ by little.
var promptTitles = []string{"Yes", "No", "yes", "Yes ", "", "中文", "Call me", "5", "Jakarta"}

// promptMessages is a transcript of prompts, and of answers to these and other prompts.
func promptMessages(r *rand.Rand, variables any) []any {
	values := []string{"", "Jakarta", "5", "a"}
	if raw, is := variables.(json.RawMessage); is {
		entries := map[string]json.RawMessage{}
		if err := json.Unmarshal(raw, &entries); err != nil {
			panic(err)
		}
		for _, value := range entries {
			values = append(values, wireText(value), wireText(value))
		}
	}
	messages := []any{}
	for range r.IntN(9) {
		sender := draw(r, []any{"robot", "robot", "chatbot", "agent", "user", "user", "user", "user", "system", "bot",
			nil})
		content := promptContent(r, values)
		if sender == "user" && !once(r, 6) || once(r, 8) {
			content = object{"type": draw(r, []string{"button", "interactive", "button", "interactive", "text"}),
				"text": draw(r, promptTitles)}
		}
		message := object{"sender_type": sender, "content": content,
			"msg_id":    draw(r, []any{"m1", "m2", "m3", "m4", "", 7, fmt.Sprint("m", r.IntN(99))}),
			"timestamp": draw(r, []any{1749000000, 1749000000 + r.IntN(60), 1749000000 + r.IntN(60), nil, "soon"})}
		if once(r, 2) {
			message["reply"] = draw(r, []any{object{"msg_id": "m1"}, object{"msg_id": "m2"}, object{"msg_id": "m3"},
				object{"msg_id": 7}, object{"msg_id": "gone", "content": content}, object{"msg_id": ""}, object{},
				object{"msg_id": nil}, nil, "m1"})
		}
		if once(r, 12) {
			delete(message, draw(r, []string{"msg_id", "timestamp", "sender_type"}))
		}
		messages = append(messages, message)
	}
	return messages
}

// promptBody is a text with values of variables in it, or beside their places.
func promptBody(r *rand.Rand, values []string) string {
	text := draw(r, []string{"Hi %, ok?", "Hi %, ok?", "%", "% and %", "x%", "中%文", "1%2", "%-%", "How are you?",
		"a % b %."})
	for strings.Contains(text, "%") {
		value := draw(r, values)
		if once(r, 4) {
			value = strings.ToUpper(value)
		}
		text = strings.Replace(text, "%", strings.ReplaceAll(value, "%", "٪"), 1)
	}
	return text
}

// promptContent is a content that offers options, or no more of them.
func promptContent(r *rand.Rand, values []string) any {
	body := promptBody(r, values)
	titles := make([]string, r.IntN(4))
	for i := range titles {
		titles[i] = draw(r, promptTitles)
	}
	if once(r, 2) {
		titles = []string{"Yes", "No"}
	}
	list := []any{}
	switch r.IntN(3) {
	case 0:
		for _, title := range titles {
			kind := draw(r, []string{"QUICK_REPLY", "QUICK_REPLY", "OPT_OUT"})
			list = append(list, object{"type": kind, "text": title})
		}
		return object{"type": "template", "template": object{
			"info": object{"id": draw(r, []any{1, "1", 2}), "language": draw(r, []string{"en", "id"}),
				"name": draw(r, []any{"welcome", "welcome", nil})},
			"content": object{"body": body, "button": draw(r, []any{list, list, list, nil})}}}
	case 1:
		for _, title := range titles {
			list = append(list, object{"type": "reply", "reply": object{"id": "b", "title": title}})
		}
		return object{"type": "interactive", "interactive": object{"type": "button", "body": object{"text": body},
			"action": object{"buttons": list, "sections": draw(r, []any{nil, []any{}})}}}
	default:
		var rows []any
		for _, title := range titles {
			rows = append(rows, object{"id": "r", "title": title, "description": ""})
		}
		at := r.IntN(len(rows) + 1)
		list = []any{object{"title": draw(r, []string{"first", "one"}), "rows": rows[:at]},
			object{"title": "second", "rows": rows[at:]}}
		if once(r, 4) {
			list = append(list, nil, object{"title": "none", "rows": nil})
		}
		return object{"type": "interactive", "interactive": object{"type": "list", "body": object{"text": body},
			"action": object{"button": "More", "sections": draw(r, []any{list, list, list, nil})}}}
	}
}
