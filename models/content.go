package models

import (
	"iter"
	"slices"
	"strings"
)

// MessageContent is what a message says: one Go type for each member of the
// GraphQL union of that name, and no other, which DecodeContent returns a pointer to.
type MessageContent interface {
	// Text is what a person reads of it, parts on lines of their own.
	Text() string
	// options are the choices that it offers, in order.
	options() iter.Seq[ChosenOption]
}

// wireContent is what every member of the family carries: AIRudder's content.type
// and the content as it was sent.
type wireContent struct {
	Type string
	Raw  JSON
}

func (wireContent) options() iter.Seq[ChosenOption] { return func(func(ChosenOption) bool) {} }

// TextContent is a `text`.
type TextContent struct {
	wireContent
	Body string
}

// SystemContent is a `system` event of the conversation.
type SystemContent struct {
	wireContent
	Event      string // system.type: conversation.start, conversation.take_over, conversation.close
	FromSeatID string // "" for none
	ToSeatID   string // "" for none
}

// TemplateContent is a `template`: the provider's approved message that opens a conversation.
type TemplateContent struct {
	wireContent
	Provider   string // template.type
	TemplateID string // template.info.id, a number on the wire
	Name       *string
	Language   string
	Header     *TemplateHeader
	Body       string
	Footer     string
	Buttons    []OptionButton
}

// TemplateHeader is template.content.header, or interactive.header.
type TemplateHeader struct {
	Type  string
	Text  string
	Media *Media
}

// OptionButton is a button of a template (whose ID is "") or of an interactive message.
type OptionButton struct {
	ID    string
	Type  string
	Title string
}

// Media is a file at an address: media.origin_url and media.name.
type Media struct {
	URL  string
	Name *string
}

// MediaContent is what the four members that carry a file have in common.
type MediaContent struct {
	wireContent
	Media   *Media
	Caption string // content.text, where a caption was sent along
}

// ImageContent is an `image`.
type ImageContent struct{ MediaContent }

// VideoContent is a `video`.
type VideoContent struct{ MediaContent }

// AudioContent is an `audio`, a voice note among them.
type AudioContent struct{ MediaContent }

// FileContent is a `file`.
type FileContent struct{ MediaContent }

// ButtonContent is a `button`: the user's answer to a template's button.
type ButtonContent struct {
	wireContent
	Title  string
	Chosen *ChosenOption
}

// InteractiveAnswerContent is an `interactive` that the user sent: the title of the option picked.
type InteractiveAnswerContent struct {
	wireContent
	Title  string
	Chosen *ChosenOption
}

// InteractiveButtonsContent is an `interactive` with action.buttons.
type InteractiveButtonsContent struct {
	wireContent
	Header  *TemplateHeader
	Body    string
	Footer  string
	Buttons []OptionButton
}

// InteractiveListContent is an `interactive` with action.sections.
type InteractiveListContent struct {
	wireContent
	Header   *TemplateHeader
	Body     string
	Footer   string
	Button   string // action.button: what opens the list
	Sections []ListSection
}

// ListSection is one of action.sections.
type ListSection struct {
	Title string
	Rows  []ListRow
}

// ListRow is an option of a list.
type ListRow struct {
	ID          string
	Title       string
	Description string
}

// LocationContent is a `location`.
type LocationContent struct {
	wireContent
	Latitude  float64 // degrees
	Longitude float64 // degrees
	Address   string
	Name      *string
}

// ContactsContent is a `contacts`: address book cards.
type ContactsContent struct {
	wireContent
	Contacts []ContactCard
}

// ContactCard is one of contacts.
type ContactCard struct {
	Name        string
	PhoneNumber string
}

// UnknownContent is anything else, readable in Raw.
type UnknownContent struct {
	wireContent
	TextFallback string // what people read of it all the same
}

// ChosenOption is the option of the answered message that the user's text picked.
type ChosenOption struct {
	ID      string
	Type    string // the button's own, "" for a list's row
	Title   string
	Index   int     // 0-based among all options of that message
	Section *string // the title of the row's section
	Match   OptionMatch
}

// DecodeContent reads a message's `content`. answered is the content of the
// `reply` snapshot, nil without one; the user's choice is found among its options.
func DecodeContent(content JSON, answered MessageContent) MessageContent {
	var part [8]JSON
	content.pick(part[:], "type", "text", "system", "template", "media", "interactive", "location", "contacts")
	text := part[1]
	base := wireContent{Type: part[0].word(), Raw: content.OrEmptyObject()}
	switch base.Type {
	case "text":
		return &TextContent{base, text.sharedText()}
	case "system":
		var event [3]JSON
		part[2].pick(event[:], "type", "from_seat_id", "to_seat_id")
		return &SystemContent{base, event[0].sharedText(), event[1].sharedText(), event[2].sharedText()}
	case "template":
		return decodeTemplate(base, part[3])
	case "button":
		title := text.sharedText()
		return &ButtonContent{base, title, matchOption(title, answered)}
	case "image":
		return &ImageContent{decodeMediaContent(base, part[4], text)}
	case "file":
		return &FileContent{decodeMediaContent(base, part[4], text)}
	case "video":
		if m := decodeMediaContent(base, part[4], text); m.Media != nil {
			return &VideoContent{m}
		}
	case "audio":
		if m := decodeMediaContent(base, part[4], text); m.Media != nil {
			return &AudioContent{m}
		}
	case "interactive":
		return decodeInteractive(base, part[5], text, answered)
	case "location":
		return decodeLocation(base, part[6], text)
	case "contacts":
		cards := make([]ContactCard, 0, 1)
		for item := range part[7].Items() {
			var card [2]JSON
			item.pick(card[:], "name", "phone_number")
			cards = append(cards, ContactCard{card[0].sharedText(), card[1].sharedText()})
		}
		return &ContactsContent{base, cards}
	}
	return &UnknownContent{base, text.sharedText()}
}

func decodeTemplate(base wireContent, template JSON) *TemplateContent {
	var part, info [3]JSON
	var body [4]JSON
	template.pick(part[:], "type", "info", "content")
	part[1].pick(info[:], "id", "name", "language")
	part[2].pick(body[:], "header", "body", "footer", "button")
	t := &TemplateContent{
		wireContent: base,
		Provider:    part[0].sharedText(),
		TemplateID:  info[0].sharedText(),
		Name:        optionalText(info[1]),
		Language:    info[2].sharedText(),
		Body:        body[1].sharedText(),
		Footer:      body[2].sharedText(),
		Buttons:     []OptionButton{},
	}
	t.Header = decodeHeader(body[0])
	for item := range body[3].Items() {
		var button [2]JSON
		item.pick(button[:], "type", "text")
		t.Buttons = append(t.Buttons, OptionButton{Type: button[0].word(), Title: button[1].sharedText()})
	}
	return t
}

func decodeHeader(header JSON) *TemplateHeader {
	if header.Kind() != IsObject {
		return nil
	}
	var part [3]JSON
	header.pick(part[:], "type", "text", "media")
	return &TemplateHeader{part[0].word(), part[1].sharedText(), decodeMedia(part[2])}
}

// decodeInteractive tells the shapes of `interactive` apart by the keys that are
// present: its type names what the provider calls it, which is not always one of ours.
func decodeInteractive(base wireContent, prompt, text JSON, answered MessageContent) MessageContent {
	if prompt.Kind() != IsObject {
		if text.Kind() == IsAbsent {
			return &UnknownContent{base, ""}
		}
		title := text.sharedText()
		return &InteractiveAnswerContent{base, title, matchOption(title, answered)}
	}
	var part [5]JSON
	var action [3]JSON
	prompt.pick(part[:], "header", "body", "footer", "action", "type")
	part[3].pick(action[:], "sections", "buttons", "button")
	header, body, footer := decodeHeader(part[0]), part[1].Get("text").sharedText(), part[2].Get("text").sharedText()
	switch {
	case isList(part[4].word(), action[0], action[1]):
		return &InteractiveListContent{base, header, body, footer, action[2].sharedText(), decodeSections(action[0])}
	case action[1].Kind() == IsArray:
		return &InteractiveButtonsContent{base, header, body, footer, decodeButtons(action[1])}
	default:
		return unknownContent(base, lines(header.text(), body, footer), text)
	}
}

// isList says whether a prompt is a list and no row of buttons. Of two lists the one
// that is not empty counts, else what the prompt calls itself.
func isList(kind string, sections, buttons JSON) bool {
	switch {
	case sections.Kind() != IsArray || buttons.Kind() != IsArray:
		return sections.Kind() == IsArray
	case sections.hasItems() != buttons.hasItems():
		return sections.hasItems()
	default:
		return kind != "button"
	}
}

func decodeSections(sections JSON) []ListSection {
	list := make([]ListSection, 0, 2)
	for item := range sections.Items() {
		var section [2]JSON
		item.pick(section[:], "title", "rows")
		rows := make([]ListRow, 0, 4)
		for item := range section[1].Items() {
			var row [3]JSON
			item.pick(row[:], "id", "title", "description")
			rows = append(rows, ListRow{row[0].sharedText(), row[1].sharedText(), row[2].sharedText()})
		}
		list = append(list, ListSection{section[0].sharedText(), rows})
	}
	return list
}

func decodeButtons(buttons JSON) []OptionButton {
	list := make([]OptionButton, 0, 3)
	for item := range buttons.Items() {
		var button, reply [2]JSON
		item.pick(button[:], "type", "reply")
		button[1].pick(reply[:], "id", "title")
		list = append(list, OptionButton{reply[0].sharedText(), button[0].word(), reply[1].sharedText()})
	}
	return list
}

// A place without readable coordinates is unknown content: 0, 0 would be a lie.
func decodeLocation(base wireContent, place, text JSON) MessageContent {
	var part [4]JSON
	place.pick(part[:], "latitude", "longitude", "address", "name")
	address, name := part[2].sharedText(), optionalText(part[3])
	latitude, ok1 := degrees(part[0])
	longitude, ok2 := degrees(part[1])
	if !ok1 || !ok2 {
		return unknownContent(base, LocationContent{Name: name, Address: address}.Text(), text)
	}
	return &LocationContent{base, latitude, longitude, address, name}
}

func degrees(j JSON) (n float64, ok bool) {
	n, ok = j.Decimal()
	return n, ok && n-n == 0 // not infinite
}

// unknownContent is of a content where people read that, or else its text.
func unknownContent(base wireContent, read string, text JSON) *UnknownContent {
	if read == "" {
		read = text.sharedText()
	}
	return &UnknownContent{base, read}
}

func decodeMediaContent(base wireContent, media, text JSON) MediaContent {
	return MediaContent{base, decodeMedia(media), text.sharedText()}
}

func decodeMedia(media JSON) *Media {
	if media.Kind() != IsObject {
		return nil
	}
	var part [2]JSON
	media.pick(part[:], "origin_url", "name")
	return &Media{part[0].sharedText(), optionalText(part[1])}
}

func optionalText(j JSON) *string {
	if k := j.Kind(); k == IsAbsent || k == IsNull {
		return nil
	}
	s := j.sharedText()
	return &s
}

// matchOption finds the option whose title the user sent.
func matchOption(title string, answered MessageContent) *ChosenOption {
	if title == "" || answered == nil {
		return nil
	}
	var chosen *ChosenOption
	for option := range answered.options() {
		switch {
		case option.Title != title:
		case chosen == nil:
			first := option
			first.Match = MatchExact
			chosen = &first
		default:
			chosen.Match = MatchAmbiguous
		}
	}
	return chosen
}

func buttonOptions(buttons []OptionButton) iter.Seq[ChosenOption] {
	return func(yield func(ChosenOption) bool) {
		for i, b := range buttons {
			if !yield(ChosenOption{ID: b.ID, Type: b.Type, Title: b.Title, Index: i}) {
				return
			}
		}
	}
}

func (c TemplateContent) options() iter.Seq[ChosenOption]           { return buttonOptions(c.Buttons) }
func (c InteractiveButtonsContent) options() iter.Seq[ChosenOption] { return buttonOptions(c.Buttons) }
func (c InteractiveListContent) options() iter.Seq[ChosenOption] {
	return func(yield func(ChosenOption) bool) {
		index := 0
		for i := range c.Sections {
			section := &c.Sections[i]
			for _, row := range section.Rows {
				if !yield(ChosenOption{ID: row.ID, Title: row.Title, Index: index, Section: &section.Title}) {
					return
				}
				index++
			}
		}
	}
}

func lines(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "\n")
}

func titles(buttons []OptionButton) string {
	parts := make([]string, len(buttons))
	for i, b := range buttons {
		parts[i] = b.Title
	}
	return lines(parts...)
}

// Text is the text as it is.
func (c TextContent) Text() string { return c.Body }

// Text is the system event.
func (c SystemContent) Text() string { return c.Event }

func (h *TemplateHeader) text() string {
	if h == nil {
		return ""
	}
	return h.Text
}

// Text is header, body, footer and button titles.
func (c TemplateContent) Text() string {
	return lines(c.Header.text(), c.Body, c.Footer, titles(c.Buttons))
}

// Text is the caption and the file's name.
func (c MediaContent) Text() string {
	if c.Media == nil || c.Media.Name == nil {
		return c.Caption
	}
	return lines(c.Caption, *c.Media.Name)
}

// Text is the title that the user picked.
func (c ButtonContent) Text() string { return c.Title }

// Text is the title that the user picked.
func (c InteractiveAnswerContent) Text() string { return c.Title }

// Text is header, body, footer and button titles.
func (c InteractiveButtonsContent) Text() string {
	return lines(c.Header.text(), c.Body, c.Footer, titles(c.Buttons))
}

// Text is header, body, footer and button, then each section's title before its
// options with their descriptions.
func (c InteractiveListContent) Text() string {
	parts := []string{c.Header.text(), c.Body, c.Footer, c.Button}
	for _, section := range c.Sections {
		parts = append(parts, section.Title)
		for _, row := range section.Rows {
			parts = append(parts, row.Title, row.Description)
		}
	}
	return lines(parts...)
}

// Text is the place's name and address.
func (c LocationContent) Text() string {
	if c.Name == nil {
		return c.Address
	}
	return lines(*c.Name, c.Address)
}

// Text is the names and numbers.
func (c ContactsContent) Text() string {
	parts := make([]string, 0, 2*len(c.Contacts))
	for _, card := range c.Contacts {
		parts = append(parts, card.Name, card.PhoneNumber)
	}
	return lines(parts...)
}

// Text is header, body and footer of an interactive, a place's name and address, or
// else content.text.
func (c UnknownContent) Text() string { return c.TextFallback }
