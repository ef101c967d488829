package models

import (
	"fmt"
	"strings"
	"testing"
)

func TestReadPrompts(t *testing.T) {
	const template = `{"type":"template","template":{"content":{"body":"B","button":[{"text":"Yes"},{"text":"No"},` +
		`{"text":"Yes"}]}}}`
	list := `{"type":"interactive","interactive":{"type":"list","action":{"sections":[null,{"rows":null},` +
		`{"rows":[{"title":"More"},{"title":"Yes"}]}]}}}`
	says := func(sender, id, content string, at int) string {
		return fmt.Sprintf(`{"sender_type":%q,"msg_id":%q,"timestamp":%d,"content":%s}`, sender, id, at, content)
	}
	asks := func(id string, at int) string { return says("robot", id, template, at) }
	picks := func(title, replyTo string, at int) string {
		message := says("user", "", `{"type":"button","text":"`+title+`"}`, at)
		return strings.TrimSuffix(message, "}") + `,"reply":{"msg_id":"` + replyTo + `"}}`
	}
	const writes = `{"sender_type":"user","content":{"type":"text","text":"Yes"}}`
	for _, c := range []struct {
		name     string
		messages []string
		want     string // of each prompt: its position, and what became of it
	}{
		{"none", []string{writes, picks("Yes", "", 1)}, ""},
		{"silent", []string{asks("1", 1)}, "0 silent"},
		{"picked", []string{asks("1", 1), picks("No", "1", 3)}, "0 option 1 after 2s"},
		{"of two with the title the first", []string{asks("1", 1), picks("Yes", "1", 1)}, "0 option 0 after 0s"},
		{"earlier than the prompt", []string{asks("1", 5), picks("No", "1", 3)}, "0 option 1"},
		{"the first pick counts", []string{asks("1", 1), picks("No", "1", 2), picks("Yes", "1", 9)},
			"0 option 1 after 1s"},
		{"no title of the prompt", []string{asks("1", 1), picks("Maybe", "1", 2)}, "0 off menu"},
		{"an empty title", []string{asks("1", 1), picks("", "1", 2)}, "0 off menu"},
		{"written, not picked", []string{asks("1", 1), writes}, "0 off menu"},
		{"written first", []string{asks("1", 1), writes, picks("Yes", "1", 2)}, "0 option 0 after 1s"},
		{"a reply to no message", []string{asks("1", 1), asks("2", 2), picks("Yes", "gone", 3)},
			"0 silent, 1 option 0 after 1s"},
		{"a reply to an empty msg_id", []string{asks("", 1), asks("2", 2), picks("Yes", "", 3)},
			"0 silent, 1 option 0 after 1s"},
		{"the latest that has the title", []string{says("agent", "1", list, 1), asks("2", 2), picks("More", "", 3)},
			"0 option 0 after 2s, 1 silent"},
		{"a reply to an earlier one", []string{asks("1", 1), asks("2", 2), picks("Yes", "1", 3)},
			"0 option 0 after 2s, 1 silent"},
		{"a pick of another is not off the menu", []string{asks("1", 1), asks("2", 2), picks("No", "1", 3), writes},
			"0 option 1 after 2s, 1 off menu"},
		{"a reply to what is no prompt", []string{asks("1", 1), says("robot", "2", `{"type":"text","text":"Yes"}`, 2),
			picks("Yes", "2", 3)}, "0 off menu"},
		{"a reply to the prompt of a customer", []string{asks("1", 1), says("user", "2", list, 2),
			picks("Yes", "2", 3)}, "0 off menu"},
		{"of one msg_id the first message", []string{asks("1", 1), asks("1", 2), picks("No", "1", 3)},
			"0 option 1 after 2s, 1 silent"},
		{"a prompt that stands later", []string{picks("No", "1", 3), asks("1", 1)}, "1 option 1 after 2s"},
		{"a pick before any prompt", []string{picks("No", "", 3), asks("1", 1)}, "1 silent"},
		{"by the system, and senders that are not known", []string{says("system", "1", template, 1),
			says("bot", "2", template, 2)}, ""},
		{"a pick by the robot", []string{asks("1", 1), says("robot", "", `{"type":"button","text":"No"}`, 2)},
			"0 silent"},
		{"no options", []string{says("robot", "1", `{"type":"template","template":{}}`, 1)}, ""},
	} {
		messages, prompts := ReadConversation(JSON("[" + strings.Join(c.messages, ",") + "]"))
		got := describePrompts(prompts)
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if again := describePrompts(ReadPrompts(messages)); again != got {
			t.Errorf("%s: %s, but of messages that are read again %s", c.name, got, again)
		}
	}
}

func describePrompts(prompts []Prompt) string {
	var all []string
	for _, p := range prompts {
		text := fmt.Sprint(p.Position) + map[PromptOutcome]string{
			PromptSilent: " silent", PromptOffMenu: " off menu", PromptAnswered: fmt.Sprint(" option ", p.Picked),
		}[p.Outcome]
		if p.Microseconds != nil {
			text += fmt.Sprintf(" after %ds", *p.Microseconds/1e6)
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}
