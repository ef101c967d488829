package main

import (
	"encoding/json"
	"slices"
	"strings"
)

// wireContent is AIRudder's `content`, of every type.
type wireContent struct {
	Type        string           `json:"type"`
	Text        *string          `json:"text"`
	System      *wireSystem      `json:"system"`
	Template    *wireTemplate    `json:"template"`
	Media       *wireMedia       `json:"media"`
	Interactive *wireInteractive `json:"interactive"`
	Location    *wireLocation    `json:"location"`
	Contacts    []wireContact    `json:"contacts"`
}

type wireSystem struct {
	Type       string `json:"type"`
	FromSeatID string `json:"from_seat_id"`
	ToSeatID   string `json:"to_seat_id"`
}

type wireTemplate struct {
	Type    string `json:"type"`
	Content struct {
		Header *wireHeader `json:"header"`
		Body   string      `json:"body"`
		Footer string      `json:"footer"`
		Button []struct {
			Type string `json:"type"`
			Text string `json:"text"`
		} `json:"button"`
	} `json:"content"`
	Info struct {
		ID       json.Number `json:"id"`
		Name     *string     `json:"name"`
		Language string      `json:"language"`
	} `json:"info"`
}

type wireHeader struct {
	Type  string     `json:"type"`
	Text  string     `json:"text"`
	Media *wireMedia `json:"media"`
}

type wireMedia struct {
	OriginURL string  `json:"origin_url"`
	Name      *string `json:"name"`
}

type wireText struct {
	Text string `json:"text"`
}

type wireInteractive struct {
	Type   string      `json:"type"`
	Header *wireHeader `json:"header"`
	Body   wireText    `json:"body"`
	Footer wireText    `json:"footer"`
	Action struct {
		Button  string `json:"button"`
		Buttons []struct {
			Type  string `json:"type"`
			Reply struct {
				ID    string `json:"id"`
				Title string `json:"title"`
			} `json:"reply"`
		} `json:"buttons"`
		Sections []struct {
			Title string    `json:"title"`
			Rows  []listRow `json:"rows"`
		} `json:"sections"`
	} `json:"action"`
}

type wireLocation struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Address   string  `json:"address"`
	Name      *string `json:"name"`
}

type wireContact struct {
	Name        string `json:"name"`
	PhoneNumber string `json:"phone_number"`
}

// decodeContent reads a content; one that is of another shape is unknown.
func decodeContent(raw json.RawMessage) *wireContent {
	c := &wireContent{}
	if err := json.Unmarshal(raw, c); err != nil {
		var typed struct {
			Type string `json:"type"`
		}
		_ = json.Unmarshal(raw, &typed)
		return &wireContent{Type: typed.Type}
	}
	return c
}

// text is what a person reads of a content, parts on lines of their own.
func (c *wireContent) text() string {
	var parts []string
	switch {
	case c.Type == "system" && c.System != nil:
		return c.System.Type
	case c.Type == "template" && c.Template != nil:
		t := c.Template.Content
		if t.Header != nil {
			parts = append(parts, t.Header.Text)
		}
		parts = append(parts, t.Body, t.Footer)
		for _, button := range t.Button {
			parts = append(parts, button.Text)
		}
	case c.Type == "interactive" && c.Interactive != nil:
		parts = c.Interactive.parts()
	case c.Type == "location" && c.Location != nil:
		if c.Location.Name != nil {
			parts = append(parts, *c.Location.Name)
		}
		parts = append(parts, c.Location.Address)
	case c.Type == "contacts":
		for _, card := range c.Contacts {
			parts = append(parts, card.Name, card.PhoneNumber)
		}
	default:
		if c.Text != nil {
			parts = append(parts, *c.Text)
		}
		if c.Media != nil && c.Media.Name != nil &&
			slices.Contains([]string{"image", "video", "audio", "file"}, c.Type) {
			parts = append(parts, *c.Media.Name)
		}
	}
	return joinLines(parts)
}

func (i *wireInteractive) parts() []string {
	var parts []string
	if i.Header != nil {
		parts = append(parts, i.Header.Text)
	}
	parts = append(parts, i.Body.Text, i.Footer.Text)
	for _, button := range i.Action.Buttons {
		parts = append(parts, button.Reply.Title)
	}
	if i.Action.Sections != nil {
		parts = append(parts, i.Action.Button)
	}
	for _, section := range i.Action.Sections {
		parts = append(parts, section.Title)
		for _, row := range section.Rows {
			parts = append(parts, row.Title, row.Description)
		}
	}
	return parts
}

func joinLines(parts []string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "\n")
}

// option is one choice that a message offers.
type option struct {
	id, kind, title string
	section         *string
}

func (c *wireContent) options() []option {
	var options []option
	switch {
	case c.Type == "template" && c.Template != nil:
		for _, button := range c.Template.Content.Button {
			options = append(options, option{kind: button.Type, title: button.Text})
		}
	case c.Type == "interactive" && c.Interactive != nil:
		for _, button := range c.Interactive.Action.Buttons {
			options = append(options, option{id: button.Reply.ID, kind: button.Type, title: button.Reply.Title})
		}
		for _, section := range c.Interactive.Action.Sections {
			for _, row := range section.Rows {
				options = append(options, option{id: row.ID, title: row.Title, section: &section.Title})
			}
		}
	}
	return options
}

// choose finds the option of the answered message that has the title.
func choose(title string, answered *wireContent) *chosenOption {
	if title == "" || answered == nil {
		return nil
	}
	var chosen *chosenOption
	for i, o := range answered.options() {
		switch {
		case o.title != title:
		case chosen == nil:
			chosen = &chosenOption{o.id, o.kind, o.title, i, o.section, "EXACT"}
		default:
			chosen.Match = "AMBIGUOUS"
		}
	}
	return chosen
}
