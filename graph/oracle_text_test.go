package graph_test

import (
	"encoding/json"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// oracleContent is all that any content of the vendor's page holds to read.
type oracleContent struct {
	Type   string
	Text   string
	System struct {
		Type     string
		ToSeatID json.RawMessage `json:"to_seat_id"`
	}
	Template struct {
		Content struct {
			Header       struct{ Text string }
			Body, Footer string
			Button       []struct{ Text string }
		}
	}
	Media       struct{ Name string }
	Interactive *struct {
		Type                 string
		Header, Body, Footer struct{ Text string }
		Action               struct {
			Button   string
			Buttons  []struct{ Reply struct{ Title string } }
			Sections []struct {
				Title string
				Rows  []struct{ Title, Description string }
			}
		}
	}
	Location struct{ Name, Address string }
	Contacts []struct {
		Name        string
		PhoneNumber string `json:"phone_number"`
	}
}

// read is what a person reads of the content, by the contract of Content.text.
func (c oracleContent) read() string {
	var parts []string
	switch c.Type {
	case "system":
		parts = append(parts, c.System.Type)
	case "template":
		body := c.Template.Content
		parts = append(parts, body.Header.Text, body.Body, body.Footer)
		for _, button := range body.Button {
			parts = append(parts, button.Text)
		}
	case "image", "file", "video", "audio":
		parts = append(parts, c.Text, c.Media.Name)
	case "location":
		parts = append(parts, c.Location.Name, c.Location.Address)
	case "contacts":
		for _, card := range c.Contacts {
			parts = append(parts, card.Name, card.PhoneNumber)
		}
	case "interactive":
		if c.Interactive == nil {
			return c.Text
		}
		action := c.Interactive.Action
		parts = append(parts, c.Interactive.Header.Text, c.Interactive.Body.Text, c.Interactive.Footer.Text)
		if len(action.Buttons) > 0 && (len(action.Sections) == 0 || c.Interactive.Type == "button") {
			for _, button := range action.Buttons {
				parts = append(parts, button.Reply.Title)
			}
			break
		}
		if action.Sections != nil {
			parts = append(parts, action.Button)
		}
		for _, section := range action.Sections {
			parts = append(parts, section.Title)
			for _, row := range section.Rows {
				parts = append(parts, row.Title, row.Description)
			}
		}
	default:
		return c.Text
	}
	var lines []string
	for _, part := range parts {
		if part != "" {
			lines = append(lines, part)
		}
	}
	return strings.Join(lines, "\n")
}

// oracleFold maps texts that are one after NFKC and full case folding to one: what has
// a composed form is taken apart first, so that each character has one other case.
func oracleFold(s string) string {
	var out strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch r {
		case 'ß', 'ẞ':
			out.WriteString("ss")
		case '\u0345':
			out.WriteRune('ι')
		default:
			out.WriteRune(unicode.ToLower(leastOfOrbit(r)))
		}
	}
	return norm.NFKC.String(out.String())
}

// leastOfOrbit is the least of the runes that differ from one by case alone.
func leastOfOrbit(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		if other != '\u0345' {
			least = min(least, other)
		}
	}
	return least
}
