package models

import (
	"cmp"
	"slices"
)

// PromptKind is what a prompt is.
type PromptKind string

// The messages that offer options.
const (
	PromptTemplate PromptKind = "TEMPLATE" // with buttons
	PromptButtons  PromptKind = "BUTTONS"  // interactive
	PromptList     PromptKind = "LIST"     // interactive
)

// PromptContent is what a prompt says, and the options that it offers.
type PromptContent struct {
	Kind       PromptKind
	TemplateID string  // of a template
	Name       *string // of a template
	Language   string  // of a template
	Body       string
	Options    []ChosenOption
}

// Prompt returns what the message says and offers; nil where it is no prompt.
func (m *Message) Prompt() *PromptContent {
	if !m.mayOffer() {
		return nil
	}
	return promptContent(DecodeContent(m.Parts().content, nil))
}

// mayOffer reports whether the message is a prompt if its content offers options: a robot or a person sent it.
func (m *Message) mayOffer() bool {
	return m.SenderType == SenderRobot || m.SenderType == SenderChatbot || m.SenderType == SenderAgent
}

// promptContent is what a content says and offers; nil where it has no options.
func promptContent(content MessageContent) *PromptContent {
	prompt := &PromptContent{}
	switch content := content.(type) {
	case *TemplateContent:
		prompt.Kind, prompt.Body = PromptTemplate, content.Body
		prompt.TemplateID, prompt.Name, prompt.Language = content.TemplateID, content.Name, content.Language
	case *InteractiveButtonsContent:
		prompt.Kind, prompt.Body = PromptButtons, content.Body
	case *InteractiveListContent:
		prompt.Kind, prompt.Body = PromptList, content.Body
	default:
		return nil
	}
	prompt.Options = slices.Collect(content.options())
	if len(prompt.Options) == 0 {
		return nil
	}
	return prompt
}

// Option returns the place of the first option of that title, -1 where there is none.
func (p *PromptContent) Option(title string) int {
	return slices.IndexFunc(p.Options, func(o ChosenOption) bool { return o.Title == title })
}

// PromptOutcome is what the customer did about a prompt.
type PromptOutcome byte

// The outcomes of a prompt.
const (
	PromptSilent   PromptOutcome = iota // nothing until the next prompt, or the end
	PromptOffMenu                       // wrote or sent something else
	PromptAnswered                      // picked one of its options
)

// Prompt is one of a session's prompts, and what the customer did.
type Prompt struct {
	PromptContent
	Position     int // of its message
	Outcome      PromptOutcome
	Picked       int    // the place of the option that was picked first
	Microseconds *int64 // from the prompt to the pick; nil where times lack, or clocks make it negative
	sentAt       *Time
}

// ReadPrompts returns the prompts of a transcript, in order.
func ReadPrompts(messages []Message) []Prompt {
	return readPrompts(messages, func(i int) MessageContent { return messages[i].Content() })
}

// readPrompts is ReadPrompts with the contents of the messages.
func readPrompts(messages []Message, content func(i int) MessageContent) []Prompt {
	var prompts []Prompt
	for i := range messages {
		if !messages[i].mayOffer() {
			continue
		}
		if offered := promptContent(content(i)); offered != nil {
			prompts = append(prompts, Prompt{PromptContent: *offered, Position: i, sentAt: messages[i].SentAt})
		}
	}
	if len(prompts) == 0 {
		return nil
	}
	t := promptReader{prompts: prompts, byMsgID: firstByMsgID(messages), byTitle: map[string]int{}}
	for i := range messages {
		switch {
		case t.before < len(prompts) && prompts[t.before].Position == i:
			for _, option := range prompts[t.before].Options {
				t.byTitle[option.Title] = t.before
			}
			t.before++
		case messages[i].SenderType == SenderUser:
			t.userSays(&messages[i], content(i))
		}
	}
	return prompts
}

// promptReader finds out what the customer did about the prompts of a transcript.
type promptReader struct {
	prompts []Prompt
	before  int            // how many of them stand before the present message
	byTitle map[string]int // the latest of those that has an option of the title
	byMsgID map[string]int // positions of messages
}

// userSays takes the customer's next message.
func (r *promptReader) userSays(m *Message, content MessageContent) {
	if prompt, option := r.pick(m, content); option >= 0 {
		prompt.answer(option, m.SentAt)
		return
	}
	if r.before > 0 && r.prompts[r.before-1].Outcome == PromptSilent {
		r.prompts[r.before-1].Outcome = PromptOffMenu
	}
}

// pick returns of which of the prompts a message picks an option, and which one; -1 where it picks none.
func (r *promptReader) pick(m *Message, content MessageContent) (prompt *Prompt, option int) {
	title := ""
	switch content := content.(type) {
	case *ButtonContent:
		title = content.Title
	case *InteractiveAnswerContent:
		title = content.Title
	}
	if title == "" {
		return nil, -1
	}
	at, known := r.byTitle[title]
	if position, named := r.byMsgID[m.Parts().AnsweredMsgID()]; named {
		at, known = slices.BinarySearchFunc(r.prompts, position, func(p Prompt, position int) int {
			return cmp.Compare(p.Position, position)
		})
	}
	if !known {
		return nil, -1
	}
	return &r.prompts[at], r.prompts[at].Option(title)
}

// firstByMsgID has the position of the first message of each msg_id that is not empty.
func firstByMsgID(messages []Message) map[string]int {
	first := make(map[string]int, len(messages))
	for i := range messages {
		if m := &messages[i]; m.MsgOrdinal == 0 && m.MsgID != "" {
			first[m.MsgID] = i
		}
	}
	return first
}

// answer notes a pick of the prompt. The first one counts.
func (p *Prompt) answer(option int, at *Time) {
	if p.Outcome == PromptAnswered {
		return
	}
	p.Outcome, p.Picked = PromptAnswered, option
	if p.sentAt == nil || at == nil || at.Before(p.sentAt.Time) {
		return
	}
	passed := at.UnixMicro() - p.sentAt.UnixMicro()
	p.Microseconds = &passed
}
