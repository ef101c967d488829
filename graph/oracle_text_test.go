package graph_test

import (
	"encoding/json"
	"strings"
	"unicode"
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
		Body, Footer struct{ Text string }
		Action       struct {
			Buttons  []struct{ Reply struct{ Title string } }
			Sections []struct {
				Rows []struct{ Title, Description string }
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
		parts = append(parts, c.Media.Name)
	case "location":
		parts = append(parts, c.Location.Name, c.Location.Address)
	case "contacts":
		for _, card := range c.Contacts {
			parts = append(parts, card.Name, card.PhoneNumber)
		}
	case "interactive":
		if c.Interactive == nil || (c.Interactive.Action.Buttons == nil && c.Interactive.Action.Sections == nil) {
			return c.Text
		}
		parts = append(parts, c.Interactive.Body.Text, c.Interactive.Footer.Text)
		for _, button := range c.Interactive.Action.Buttons {
			parts = append(parts, button.Reply.Title)
		}
		for _, section := range c.Interactive.Action.Sections {
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

// oracleFold maps each rune to the least of those that Unicode's simple folding takes for the same.
func oracleFold(s string) string { return strings.Map(leastOfOrbit, s) }

func leastOfOrbit(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// debatable are runes whose case depends on whom one asks: they fold to several
// runes, or to others in Turkish. Nothing is searched that tells the answers apart.
var debatable = map[rune][]string{
	'ß': {"ss"}, 'ẞ': {"ss"}, 'İ': {"i", "i\u0307"}, 'ı': {"i"}, 'ŉ': {"ʼn"}, 'ǰ': {"j\u030c"}, 'ΐ': {"ι\u0308\u0301"}, 'ΰ': {"υ\u0308\u0301"},
	'և': {"եւ"}, 'ﬀ': {"ff"}, 'ﬁ': {"fi"}, 'ﬂ': {"fl"}, 'ﬃ': {"ffi"}, 'ﬄ': {"ffl"}, 'ﬅ': {"st"}, 'ﬆ': {"st"},
}

func isDebatable(r rune) bool { return debatable[r] != nil || (r >= 0x1F50 && r <= 0x1FFC) }

// readings are the texts that a text may be folded to, the oracle's own first.
func readings(text string) []string {
	all := []string{oracleFold(text)}
	for choice := range 2 {
		var out strings.Builder
		for _, r := range text {
			if expansions := debatable[r]; expansions != nil {
				out.WriteString(expansions[min(choice, len(expansions)-1)])
			} else {
				out.WriteRune(r)
			}
		}
		all = append(all, oracleFold(out.String()))
	}
	return all
}

// debatableTexts are the readings of those texts that have more than one.
func (o *oracle) debatableTexts() [][]string {
	var all [][]string
	for _, s := range o.sessions {
		for _, m := range s.messages {
			if strings.ContainsFunc(m.text, func(r rune) bool { return debatable[r] != nil }) {
				all = append(all, readings(m.text))
			}
		}
	}
	return all
}

// beyondDebate says whether all readings of the texts agree on whether they hold the word.
func beyondDebate(word string, texts [][]string) bool {
	if word == "" || strings.ContainsFunc(word, isDebatable) || strings.ContainsFunc(word, unicode.IsSpace) {
		return false
	}
	word = oracleFold(word)
	for _, readings := range texts {
		for _, reading := range readings[1:] {
			if strings.Contains(reading, word) != strings.Contains(readings[0], word) {
				return false
			}
		}
	}
	return true
}
