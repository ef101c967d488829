package simulate

import (
	"fmt"
	"math"
	"strconv"
)

var (
	handouts = []weighted[string]{{50, "image"}, {35, "file"}, {15, "video"}}
	uploads  = []weighted[string]{{50, "image"}, {20, "audio"}, {18, "file"}, {12, "video"}}
)

func text(words string) textContent { return textContent{"text", words} }

func (s *session) openingTemplate() templateContent {
	f := s.workflow
	return templateContent{"template", template{
		Type: "WhatsApp",
		Content: templateBody{
			Header: s.header(),
			Body:   s.fill.Replace(s.script.openings[f.opening]),
			Footer: s.language.footer,
			Button: s.templateButtons(),
		},
		Info: templateInfo{
			ID:       35 + f.number*len(s.world.languages) + s.language.number,
			Name:     f.slug + "_" + s.language.code,
			Language: s.language.code,
		},
	}}
}

func (s *session) header() *templateHeader {
	switch kind := s.workflow.header; kind {
	case "":
		return nil
	case "text":
		return &templateHeader{Type: kind, Text: s.facts.product}
	default:
		url := fmt.Sprintf("https://media.example.com/templates/%s.%s", s.workflow.slug, extension(kind))
		return &templateHeader{Type: kind, Media: &media{OriginURL: url}}
	}
}

func (s *session) templateButtons() []templateButton {
	buttons := make([]templateButton, 0, len(s.script.buttons)+1)
	for _, title := range s.script.buttons {
		buttons = append(buttons, templateButton{"QUICK_REPLY", title})
	}
	return append(buttons, templateButton{"OPT_OUT", s.language.optOut})
}

func extension(kind string) string {
	switch kind {
	case "image":
		return "jpg"
	case "video":
		return "mp4"
	case "audio":
		return "ogg"
	}
	return "pdf"
}

func (s *session) attachment(kind string) mediaContent {
	m := media{OriginURL: fmt.Sprintf("https://media.example.com/%s/%016x.%s", kind, s.rng.Uint64(), extension(kind))}
	if kind == "file" {
		m.Name = oneOf(s.rng, []string{
			s.facts.order + ".pdf", "invoice_" + s.facts.date + ".pdf", "welcome_to_Earth.pdf", "合同 (1).pdf",
			"Rincian & syarat 100%.pdf",
		})
	}
	return mediaContent{kind, m}
}

func (s *session) buttonPrompt(exchange exchange) interactiveContent {
	node := s.nodeID("button")
	buttons := make([]replyButton, 0, len(exchange.answers))
	for i, title := range exchange.answers {
		buttons = append(buttons, replyButton{"reply", option{node + strconv.Itoa(i) + "-", s.fill.Replace(title)}})
	}
	return s.prompt("button", exchange.ask, buttonAction{buttons})
}

func (s *session) listPrompt(ask string, sections []section) interactiveContent {
	node := s.nodeID("list")
	listed := make([]listSection, 0, len(sections))
	for i, section := range sections {
		rows := make([]listRow, 0, len(section.rows))
		for k, row := range section.rows {
			rows = append(rows, listRow{fmt.Sprintf("%s%d-%d-", node, i, k), row.title,
				s.fill.Replace(row.description)})
		}
		listed = append(listed, listSection{section.title, rows})
	}
	return s.prompt("list", ask, listAction{s.language.choose, listed})
}

func (s *session) prompt(kind, ask string, action any) interactiveContent {
	footer := ""
	if chance(s.rng, 15) {
		footer = s.language.footer
	}
	return interactiveContent{"interactive",
		interactive{kind, textOnly{s.fill.Replace(ask)}, textOnly{footer}, action}}
}

// nodeID is the part that the ids of one prompt's options share.
func (s *session) nodeID(kind string) string {
	return fmt.Sprintf("%s-%d-1-%s-", randomID(s.rng), len(s.messages), kind)
}

func titles(sections []section) []string {
	var all []string
	for _, section := range sections {
		for _, row := range section.rows {
			all = append(all, row.title)
		}
	}
	return all
}

func (s *session) place() locationContent {
	city := s.person.city
	return locationContent{"location", location{
		Latitude:  nearby(city.lat, s.rng.Float64()),
		Longitude: nearby(city.lon, s.rng.Float64()),
		Address:   s.person.street + ", " + city.name,
		Name:      oneOf(s.rng, []string{city.name, "", s.person.street}),
	}}
}

func nearby(degrees, offset float64) float64 {
	return math.Round((degrees+offset/5-0.1)*1e6) / 1e6
}

func (s *session) referral() contactsContent {
	cards := make([]contactCard, 0, 2)
	for range pick(s.rng, []weighted[int]{{80, 1}, {20, 2}}) {
		other := s.language.somebody(s.rng)
		cards = append(cards, contactCard{other.name, other.phone})
	}
	return contactsContent{"contacts", cards}
}
