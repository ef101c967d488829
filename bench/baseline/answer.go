package main

import "time"

// The types of this file are the answers, as encoding/json writes them.

type answer struct {
	Data any `json:"data"`
}

type sessionsData struct {
	Sessions sessionPage `json:"sessions"`
}

type sessionData struct {
	Session *session `json:"session"`
}

type sessionPage struct {
	PageInfo pageInfo   `json:"pageInfo"`
	Nodes    []*session `json:"nodes"`
}

type pageInfo struct {
	HasNextPage bool    `json:"hasNextPage"`
	EndCursor   *string `json:"endCursor"`
}

type session struct {
	id           int64
	CallID       string    `json:"callId"`
	StartedAt    time.Time `json:"startedAt"`
	EndedAt      time.Time `json:"endedAt"`
	WorkflowName string    `json:"workflowName"`
	Channel      string    `json:"channel"`
	Callee       string    `json:"callee"`
	EndReason    string    `json:"endReason"`
	TalkRound    int       `json:"talkRound"`
	MessageCount int       `json:"messageCount"`
	Intention    intention `json:"intention"`
	Messages     []message `json:"messages,omitzero"`
}

type intention struct {
	Label string `json:"label"`
}

type message struct {
	Position    int        `json:"position"`
	MsgID       string     `json:"msgId"`
	SenderType  string     `json:"senderType"`
	SentAt      *time.Time `json:"sentAt"`
	Status      string     `json:"status"`
	ContentType string     `json:"contentType"`
	Content     any        `json:"content"`
	ReplyTo     *reply     `json:"replyTo"`
}

type reply struct {
	MsgID      string     `json:"msgId"`
	SenderType string     `json:"senderType"`
	SentAt     *time.Time `json:"sentAt"`
	Content    any        `json:"content"`
}

// content is what the contents of every type have.
type content struct {
	TypeName string `json:"__typename"`
	Type     string `json:"type"`
	Text     string `json:"text"`
}

type systemContent struct {
	content
	Event      string `json:"event"`
	FromSeatID string `json:"fromSeatId"`
	ToSeatID   string `json:"toSeatId"`
}

type templateContent struct {
	content
	Provider   string          `json:"provider"`
	TemplateID string          `json:"templateId"`
	Name       *string         `json:"name"`
	Language   string          `json:"language"`
	Header     *templateHeader `json:"header"`
	Body       string          `json:"body"`
	Footer     string          `json:"footer"`
	Buttons    []optionButton  `json:"buttons"`
}

type templateHeader struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Media *media `json:"media"`
}

type optionButton struct {
	ID    string `json:"id"`
	Type  string `json:"type"`
	Title string `json:"title"`
}

type media struct {
	URL  string  `json:"url"`
	Name *string `json:"name"`
}

type mediaContent struct {
	content
	Media   *media `json:"media"`
	Caption string `json:"caption"`
}

type answerContent struct {
	content
	Chosen *chosenOption `json:"chosen"`
}

type chosenOption struct {
	ID      string  `json:"id"`
	Type    string  `json:"type"`
	Title   string  `json:"title"`
	Index   int     `json:"index"`
	Section *string `json:"section"`
	Match   string  `json:"match"`
}

type buttonsContent struct {
	content
	Header  *templateHeader `json:"header"`
	Body    string          `json:"body"`
	Footer  string          `json:"footer"`
	Buttons []optionButton  `json:"buttons"`
}

type listContent struct {
	content
	Header   *templateHeader `json:"header"`
	Body     string          `json:"body"`
	Footer   string          `json:"footer"`
	Button   string          `json:"button"`
	Sections []listSection   `json:"sections"`
}

type listSection struct {
	Title string    `json:"title"`
	Rows  []listRow `json:"rows"`
}

type listRow struct {
	ID          string `json:"id"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

type locationContent struct {
	content
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Address   string  `json:"address"`
	Name      *string `json:"name"`
}

type contactsContent struct {
	content
	Contacts []contactCard `json:"contacts"`
}

type contactCard struct {
	Name        string `json:"name"`
	PhoneNumber string `json:"phoneNumber"`
}

// present is a content as it is answered; answered is the content of the message
// that it replies to, nil without one.
func present(c *wireContent, text string, answered *wireContent) any {
	base := content{"UnknownContent", c.Type, text}
	named := func(name string) content { return content{name, c.Type, text} }
	switch {
	case c.Type == "text":
		return named("TextContent")
	case c.Type == "system" && c.System != nil:
		return systemContent{named("SystemContent"), c.System.Type, c.System.FromSeatID, c.System.ToSeatID}
	case c.Type == "template" && c.Template != nil:
		return presentTemplate(named("TemplateContent"), c.Template)
	case c.Type == "button":
		return answerContent{named("ButtonContent"), choose(text, answered)}
	case c.Type == "image":
		return presentMediaContent(named("ImageContent"), c)
	case c.Type == "file":
		return presentMediaContent(named("FileContent"), c)
	case c.Type == "video" && c.Media != nil:
		return presentMediaContent(named("VideoContent"), c)
	case c.Type == "audio" && c.Media != nil:
		return presentMediaContent(named("AudioContent"), c)
	case c.Type == "interactive" && c.Interactive == nil && c.Text != nil:
		return answerContent{named("InteractiveAnswerContent"), choose(text, answered)}
	case c.Type == "interactive" && c.Interactive != nil && c.Interactive.Action.Sections != nil:
		return presentList(named("InteractiveListContent"), c.Interactive)
	case c.Type == "interactive" && c.Interactive != nil && c.Interactive.Action.Buttons != nil:
		return presentButtons(named("InteractiveButtonsContent"), c.Interactive)
	case c.Type == "location" && c.Location != nil:
		l := c.Location
		return locationContent{named("LocationContent"), l.Latitude, l.Longitude, l.Address, l.Name}
	case c.Type == "contacts":
		cards := make([]contactCard, len(c.Contacts))
		for i, card := range c.Contacts {
			cards[i] = contactCard(card)
		}
		return contactsContent{named("ContactsContent"), cards}
	default:
		return base
	}
}

func presentTemplate(base content, t *wireTemplate) templateContent {
	presented := templateContent{
		content: base, Provider: t.Type, TemplateID: t.Info.ID.String(), Name: t.Info.Name, Language: t.Info.Language,
		Body: t.Content.Body, Footer: t.Content.Footer, Buttons: make([]optionButton, len(t.Content.Button)),
	}
	presented.Header = presentHeader(t.Content.Header)
	for i, button := range t.Content.Button {
		presented.Buttons[i] = optionButton{Type: button.Type, Title: button.Text}
	}
	return presented
}

func presentHeader(h *wireHeader) *templateHeader {
	if h == nil {
		return nil
	}
	return &templateHeader{h.Type, h.Text, presentMedia(h.Media)}
}

func presentMediaContent(base content, c *wireContent) mediaContent {
	presented := mediaContent{content: base, Media: presentMedia(c.Media)}
	if c.Text != nil {
		presented.Caption = *c.Text
	}
	return presented
}

func presentMedia(m *wireMedia) *media {
	if m == nil {
		return nil
	}
	return &media{m.OriginURL, m.Name}
}

func presentButtons(base content, i *wireInteractive) buttonsContent {
	presented := buttonsContent{base, presentHeader(i.Header), i.Body.Text, i.Footer.Text,
		make([]optionButton, len(i.Action.Buttons))}
	for k, button := range i.Action.Buttons {
		presented.Buttons[k] = optionButton{button.Reply.ID, button.Type, button.Reply.Title}
	}
	return presented
}

func presentList(base content, i *wireInteractive) listContent {
	sections := make([]listSection, len(i.Action.Sections))
	for k, section := range i.Action.Sections {
		sections[k] = listSection{section.Title, section.Rows}
	}
	return listContent{base, presentHeader(i.Header), i.Body.Text, i.Footer.Text, i.Action.Button, sections}
}

func presentSender(wire string) string {
	switch wire {
	case "system":
		return "SYSTEM"
	case "user":
		return "USER"
	case "robot":
		return "ROBOT"
	case "agent":
		return "AGENT"
	case "chatbot":
		return "CHATBOT"
	default:
		return "UNKNOWN"
	}
}

func presentStatus(wire string) string {
	switch wire {
	case "sent":
		return "SENT"
	case "delivery":
		return "DELIVERY"
	case "read":
		return "READ"
	default:
		return "UNKNOWN"
	}
}

func presentEndReason(wire string) string {
	switch wire {
	case "robot":
		return "ROBOT"
	case "agent":
		return "AGENT"
	case "error":
		return "ERROR"
	case "expire":
		return "EXPIRE"
	case "user":
		return "USER"
	default:
		return "UNKNOWN"
	}
}

func presentTime(seconds *int64) *time.Time {
	if seconds == nil {
		return nil
	}
	t := time.Unix(*seconds, 0).UTC()
	return &t
}
