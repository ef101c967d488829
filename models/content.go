package models

import (
	"slices"
	"strconv"
	"strings"
)

// MessageContent is what a message says: one Go type for each member of the
// GraphQL union of that name, and no other, decoded by DecodeContent.
type MessageContent interface {
	// Text is what a person reads of it, parts on lines of their own.
	Text() string
	// options are the choices that it offers, in order.
	options() []ChosenOption
}

// wireContent is what every member of the family carries: AIRudder's content.type
// and the content as it was sent.
type wireContent struct {
	Type string
	Raw  JSON
}

func (wireContent) options() []ChosenOption { return nil }

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

// TemplateHeader is template.content.header.
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
	Header  string
	Body    string
	Footer  string
	Buttons []OptionButton
}

// InteractiveListContent is an `interactive` with action.sections.
type InteractiveListContent struct {
	wireContent
	Header   string
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
	Plain string // content.text, where there is one
}

// ChosenOption is the option of the answered message that the user's text picked.
type ChosenOption struct {
	ID      string
	Title   string
	Index   int     // 0-based among all options of that message
	Section *string // the title of the row's section
	Match   OptionMatch
}

// DecodeContent reads a message's `content`. answered is the content of the
// `reply` snapshot, nil without one; the user's choice is found among its options.
func DecodeContent(content JSON, answered MessageContent) MessageContent {
	base := wireContent{Type: content.Get("type").Text(), Raw: content.OrEmptyObject()}
	text := content.Get("text").Text()
	unknown := UnknownContent{base, text}
	switch base.Type {
	case "text":
		return TextContent{base, text}
	case "system":
		event := content.Get("system")
		return SystemContent{base, event.Get("type").Text(), event.Get("from_seat_id").Text(), event.Get("to_seat_id").Text()}
	case "template":
		return decodeTemplate(base, content.Get("template"))
	case "button":
		return ButtonContent{base, text, choose(text, answered)}
	case "image":
		return ImageContent{decodeMediaContent(base, content)}
	case "file":
		return FileContent{decodeMediaContent(base, content)}
	case "video":
		if m := decodeMediaContent(base, content); m.Media != nil {
			return VideoContent{m}
		}
		return unknown
	case "audio":
		if m := decodeMediaContent(base, content); m.Media != nil {
			return AudioContent{m}
		}
		return unknown
	case "interactive":
		return decodeInteractive(unknown, content, answered)
	case "location":
		return decodeLocation(unknown, content.Get("location"))
	case "contacts":
		cards := make([]ContactCard, 0, 1)
		for card := range content.Get("contacts").Items() {
			cards = append(cards, ContactCard{card.Get("name").Text(), card.Get("phone_number").Text()})
		}
		return ContactsContent{base, cards}
	default:
		return unknown
	}
}

func decodeTemplate(base wireContent, template JSON) TemplateContent {
	body, info := template.Get("content"), template.Get("info")
	t := TemplateContent{
		wireContent: base,
		Provider:    template.Get("type").Text(),
		TemplateID:  info.Get("id").Text(),
		Name:        optionalText(info.Get("name")),
		Language:    info.Get("language").Text(),
		Body:        body.Get("body").Text(),
		Footer:      body.Get("footer").Text(),
		Buttons:     []OptionButton{},
	}
	if header := body.Get("header"); header.Kind() == IsObject {
		t.Header = &TemplateHeader{header.Get("type").Text(), header.Get("text").Text(), decodeMedia(header.Get("media"))}
	}
	for button := range body.Get("button").Items() {
		t.Buttons = append(t.Buttons, OptionButton{Type: button.Get("type").Text(), Title: button.Get("text").Text()})
	}
	return t
}

// decodeInteractive tells the shapes of `interactive` apart by the keys that are
// present: its type names what the provider calls it, which is not always one of ours.
func decodeInteractive(unknown UnknownContent, content JSON, answered MessageContent) MessageContent {
	prompt := content.Get("interactive")
	if prompt.Kind() != IsObject {
		if content.Get("text").Kind() == IsAbsent {
			return unknown
		}
		return InteractiveAnswerContent{unknown.wireContent, unknown.Plain, choose(unknown.Plain, answered)}
	}
	action := prompt.Get("action")
	header, body, footer := prompt.Get("header").Get("text").Text(), prompt.Get("body").Get("text").Text(), prompt.Get("footer").Get("text").Text()
	switch {
	case action.Get("sections").Kind() == IsArray:
		list := InteractiveListContent{unknown.wireContent, header, body, footer, action.Get("button").Text(), []ListSection{}}
		for section := range action.Get("sections").Items() {
			rows := []ListRow{}
			for row := range section.Get("rows").Items() {
				rows = append(rows, ListRow{row.Get("id").Text(), row.Get("title").Text(), row.Get("description").Text()})
			}
			list.Sections = append(list.Sections, ListSection{section.Get("title").Text(), rows})
		}
		return list
	case action.Get("buttons").Kind() == IsArray:
		buttons := InteractiveButtonsContent{unknown.wireContent, header, body, footer, []OptionButton{}}
		for button := range action.Get("buttons").Items() {
			reply := button.Get("reply")
			buttons.Buttons = append(buttons.Buttons, OptionButton{reply.Get("id").Text(), button.Get("type").Text(), reply.Get("title").Text()})
		}
		return buttons
	default:
		return unknown
	}
}

// A place without readable coordinates is unknown content: 0, 0 would be a lie.
func decodeLocation(unknown UnknownContent, place JSON) MessageContent {
	latitude, err := strconv.ParseFloat(place.Get("latitude").Text(), 64)
	if err != nil || latitude-latitude != 0 {
		return unknown
	}
	longitude, err := strconv.ParseFloat(place.Get("longitude").Text(), 64)
	if err != nil || longitude-longitude != 0 {
		return unknown
	}
	return LocationContent{unknown.wireContent, latitude, longitude, place.Get("address").Text(), optionalText(place.Get("name"))}
}

func decodeMediaContent(base wireContent, content JSON) MediaContent {
	return MediaContent{base, decodeMedia(content.Get("media")), content.Get("text").Text()}
}

func decodeMedia(media JSON) *Media {
	if media.Kind() != IsObject {
		return nil
	}
	return &Media{media.Get("origin_url").Text(), optionalText(media.Get("name"))}
}

func optionalText(j JSON) *string {
	if k := j.Kind(); k == IsAbsent || k == IsNull {
		return nil
	}
	s := j.Text()
	return &s
}

// choose finds the option whose title the user sent.
func choose(title string, answered MessageContent) *ChosenOption {
	if title == "" || answered == nil {
		return nil
	}
	var chosen *ChosenOption
	for _, option := range answered.options() {
		switch {
		case option.Title != title:
		case chosen == nil:
			option.Match = MatchExact
			chosen = &option
		default:
			chosen.Match = MatchAmbiguous
		}
	}
	return chosen
}

func buttonOptions(buttons []OptionButton) []ChosenOption {
	options := make([]ChosenOption, len(buttons))
	for i, b := range buttons {
		options[i] = ChosenOption{ID: b.ID, Title: b.Title, Index: i}
	}
	return options
}

func (c TemplateContent) options() []ChosenOption           { return buttonOptions(c.Buttons) }
func (c InteractiveButtonsContent) options() []ChosenOption { return buttonOptions(c.Buttons) }
func (c InteractiveListContent) options() []ChosenOption {
	var options []ChosenOption
	for _, section := range c.Sections {
		for _, row := range section.Rows {
			options = append(options, ChosenOption{ID: row.ID, Title: row.Title, Index: len(options), Section: &section.Title})
		}
	}
	return options
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

// Text is header, body, footer and button titles.
func (c TemplateContent) Text() string {
	header := ""
	if c.Header != nil {
		header = c.Header.Text
	}
	return lines(header, c.Body, c.Footer, titles(c.Buttons))
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
	return lines(c.Header, c.Body, c.Footer, titles(c.Buttons))
}

// Text is header, body, footer and option titles with their descriptions.
func (c InteractiveListContent) Text() string {
	parts := []string{c.Header, c.Body, c.Footer}
	for _, section := range c.Sections {
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

// Text is content.text where there is one.
func (c UnknownContent) Text() string { return c.Plain }
