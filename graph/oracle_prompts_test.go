package graph_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// oraclePrompt is a prompt that a session has.
type oraclePrompt struct {
	message *oracleMessage
	key     string // equal for prompts that are one
	row     promptRow
	outcome string
	picked  string // title
	seconds *float64
}

// promptRow is a row of promptStats, the oracle's and the server's.
type promptRow struct {
	Kind                string
	TemplateID          *string `json:"templateId"`
	Name                *string
	Language            *string
	Body                string
	SentCount           int
	SessionCount        int
	AnsweredCount       int
	OffMenuCount        int
	SilentCount         int
	AnswerRate          float64
	MedianAnswerSeconds *float64
	Options             []optionRow
}

type optionRow struct {
	Index       int
	Type, Title string
	Section     *string
	PickedCount int
	Share       float64
}

// oracleOffer is what a message's content has of prompts and picks.
type oracleOffer struct {
	Type     string
	Text     string
	Template struct {
		Info struct {
			ID       json.RawMessage
			Name     *string
			Language string
		}
		Content struct {
			Body   string
			Button []struct{ Type, Text string }
		}
	}
	Interactive *struct {
		Type   string
		Body   struct{ Text string }
		Action struct {
			Buttons []struct {
				Type  string
				Reply struct{ Title string }
			}
			Sections []struct {
				Title string
				Rows  []struct{ Title string }
			}
		}
	}
}

// prompt is the row of the prompt that the content is; it has no options where it is none.
func (c oracleOffer) prompt() promptRow {
	var row promptRow
	add := func(kind, title string, section *string) {
		row.Options = append(row.Options, optionRow{Type: kind, Title: title, Section: section})
	}
	switch {
	case c.Type == "template":
		row.Kind, row.Body, row.Name = "TEMPLATE", c.Template.Content.Body, c.Template.Info.Name
		id := wireText(c.Template.Info.ID)
		row.TemplateID, row.Language = &id, &c.Template.Info.Language
		for _, b := range c.Template.Content.Button {
			add(b.Type, b.Text, nil)
		}
	case c.Type == "interactive" && c.Interactive != nil:
		row.Body = c.Interactive.Body.Text
		action := c.Interactive.Action
		if len(action.Buttons) > 0 && (len(action.Sections) == 0 || c.Interactive.Type == "button") {
			row.Kind = "BUTTONS"
			for _, b := range action.Buttons {
				add(b.Type, b.Reply.Title, nil)
			}
			break
		}
		row.Kind = "LIST"
		for _, s := range action.Sections {
			for _, r := range s.Rows {
				add("", r.Title, &s.Title)
			}
		}
	}
	return row
}

func (r promptRow) titles() []string {
	titles := []string{}
	for _, o := range r.Options {
		titles = append(titles, o.Title)
	}
	return titles
}

// readPrompts finds the session's prompts, and what became of each.
func (s *oracleSession) readPrompts(t testing.TB) []*oraclePrompt {
	var prompts []*oraclePrompt
	at := map[*oracleMessage]*oraclePrompt{}
	offers := make([]oracleOffer, len(s.messages))
	for i, m := range s.messages {
		offers[i] = mustDecode[oracleOffer](t, m.content)
		bot := m.senderType == "ROBOT" || m.senderType == "CHATBOT" || m.senderType == "AGENT"
		if row := offers[i].prompt(); bot && len(row.Options) > 0 {
			p := &oraclePrompt{message: m, row: row, outcome: "silent"}
			if row.Kind == "TEMPLATE" {
				p.key = fmt.Sprintf("%q", []string{*row.TemplateID, *row.Language})
			} else {
				p.key = fmt.Sprintf("%s %q %q", row.Kind, withoutValues(row.Body, s.jsons["variables"]), row.titles())
			}
			prompts = append(prompts, p)
			at[m] = p
		}
	}
	// pickedBy is the prompt of which a message picks an option.
	pickedBy := func(i int) *oraclePrompt {
		m, title := s.messages[i], offers[i].Text
		answers := m.kind == "button" || m.kind == "interactive" && offers[i].Interactive == nil
		if m.senderType != "USER" || !answers || title == "" {
			return nil
		}
		if m.answered != "" {
			for _, named := range s.messages {
				if named.msgID != m.answered {
					continue
				}
				if p := at[named]; p != nil && slices.Contains(p.row.titles(), title) {
					return p
				}
				return nil
			}
		}
		for k := i - 1; k >= 0; k-- {
			if p := at[s.messages[k]]; p != nil && slices.Contains(p.row.titles(), title) {
				return p
			}
		}
		return nil
	}
	for i, m := range s.messages {
		p := pickedBy(i)
		if p == nil || p.outcome == "answered" {
			continue
		}
		p.outcome, p.picked = "answered", offers[i].Text
		if m.sentAt != nil && p.message.sentAt != nil && !m.sentAt.Before(*p.message.sentAt) {
			seconds := float64(m.sentAt.Sub(*p.message.sentAt)) / float64(time.Second)
			p.seconds = &seconds
		}
	}
	for _, p := range prompts {
		for i := p.message.position + 1; i < len(s.messages) && at[s.messages[i]] == nil; i++ {
			if p.outcome == "silent" && s.messages[i].senderType == "USER" && pickedBy(i) == nil {
				p.outcome = "off menu"
			}
		}
	}
	return prompts
}

// withoutValues are the parts of a text between the values of variables that stand in it.
func withoutValues(text string, variables map[string]json.RawMessage) []string {
	var clusters, folded []string // of the text
	for rest := text; rest != ""; {
		n := norm.NFKC.NextBoundaryInString(rest, true)
		clusters, folded = append(clusters, rest[:n]), append(folded, maskFold(rest[:n]))
		rest = rest[n:]
	}
	values := map[string]bool{}
	for _, value := range variables {
		if trimmed := strings.TrimSpace(maskFold(wireText(value))); string(value) != "null" && trimmed != "" {
			values[trimmed] = true
		}
	}
	longestFirst := slices.SortedFunc(func(yield func(string) bool) {
		for value := range values {
			if !yield(value) {
				return
			}
		}
	}, func(a, b string) int { return utf8.RuneCountInString(b) - utf8.RuneCountInString(a) })
	taken := make([]bool, len(clusters))
	starts := map[int]int{} // of values, and their ends
	for _, value := range longestFirst {
		for from := range clusters {
			for to := from + 1; to <= len(clusters); to++ {
				stands := strings.Join(folded[from:to], "") == value && !slices.Contains(taken[from:to], true) &&
					(from == 0 || !ofOneClass(lastOf(folded[from-1]), firstOf(folded[from]))) &&
					(to == len(clusters) || !ofOneClass(lastOf(folded[to-1]), firstOf(folded[to])))
				if stands {
					starts[from] = to
					for i := from; i < to; i++ {
						taken[i] = true
					}
				}
			}
		}
	}
	parts := []string{""}
	for i := 0; i < len(clusters); {
		if to, starts := starts[i]; starts {
			parts = append(parts, "")
			i = to
			continue
		}
		parts[len(parts)-1] += clusters[i]
		i++
	}
	return parts
}

// maskFold is a text as masks compare it.
func maskFold(text string) string { return strings.ReplaceAll(oracleFold(text), "٥", "5") }

func firstOf(text string) rune { r, _ := utf8.DecodeRuneInString(text); return r }

func lastOf(text string) rune { r, _ := utf8.DecodeLastRuneInString(text); return r }

// ofOneClass says whether two neighbours are both digits, or both letters of scripts that are written with spaces.
func ofOneClass(a, b rune) bool {
	letter := func(r rune) bool {
		return unicode.IsLetter(r) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
	}
	return unicode.IsDigit(a) && unicode.IsDigit(b) || letter(a) && letter(b)
}

// promptStats are the rows of promptStats, all of them, in their order.
func (o *oracle) promptStats(sessions []*oracleSession) []promptRow {
	sessions = slices.Clone(sessions)
	slices.SortFunc(sessions, func(a, b *oracleSession) int {
		return cmp.Or(a.times["startedAt"].Compare(b.times["startedAt"]), a.stored-b.stored)
	})
	byKey := map[string][]*oraclePrompt{}
	for _, s := range sessions {
		for _, p := range s.prompts {
			byKey[p.key] = append(byKey[p.key], p)
		}
	}
	var rows []promptRow
	for _, prompts := range byKey {
		rows = append(rows, promptRowOf(prompts))
	}
	slices.SortFunc(rows, comparePromptRows)
	return rows
}

// promptRowOf is the row of prompts that are one, the one that was sent last being the last.
func promptRowOf(prompts []*oraclePrompt) promptRow {
	row := prompts[len(prompts)-1].row
	row.Options = slices.Clone(row.Options)
	inSessions := map[*oracleSession]bool{}
	var seconds []float64
	picks, lastWith := map[string]int{}, map[string]optionRow{}
	for _, p := range prompts {
		row.SentCount++
		inSessions[p.message.session] = true
		switch p.outcome {
		case "answered":
			row.AnsweredCount++
			picks[p.picked]++
			lastWith[p.picked] = p.row.Options[slices.Index(p.row.titles(), p.picked)]
		case "off menu":
			row.OffMenuCount++
		default:
			row.SilentCount++
		}
		if p.seconds != nil {
			seconds = append(seconds, *p.seconds)
		}
	}
	row.SessionCount = len(inSessions)
	row.AnswerRate = float64(row.AnsweredCount) / float64(row.SentCount)
	row.MedianAnswerSeconds = oracleMedian(seconds)
	for i := range row.Options {
		title := row.Options[i].Title
		row.Options[i].PickedCount = picks[title]
		delete(picks, title)
	}
	var others []optionRow
	for title, count := range picks {
		option := lastWith[title]
		option.PickedCount = count
		others = append(others, option)
	}
	slices.SortFunc(others, func(a, b optionRow) int {
		return cmp.Or(b.PickedCount-a.PickedCount, cmp.Compare(a.Title, b.Title))
	})
	row.Options = append(row.Options, others...)
	for i := range row.Options {
		row.Options[i].Index = i
		if row.AnsweredCount > 0 {
			row.Options[i].Share = float64(row.Options[i].PickedCount) / float64(row.AnsweredCount)
		}
	}
	return row
}

func comparePromptRows(a, b promptRow) int {
	return cmp.Or(b.SentCount-a.SentCount, cmp.Compare(a.Body, b.Body), cmp.Compare(a.Kind, b.Kind),
		nullLast(a.TemplateID, b.TemplateID), nullLast(a.Language, b.Language), slices.Compare(a.titles(), b.titles()))
}

const promptsDocument = `query ($filter: SessionFilter, $first: Int) { promptStats(filter: $filter, first: $first) {
	kind templateId name language body sentCount sessionCount answeredCount offMenuCount silentCount answerRate
	medianAnswerSeconds options { index type title section pickedCount share } } }`

func (q *question) askPrompts() {
	filter := q.filter()
	if q.once(3) {
		filter = nil
	}
	those := q.w.oracle.under(sessionPasses(filter))
	q.w.count(len(those), len(q.w.oracle.sessions))
	want := q.w.oracle.promptStats(those)
	variables := map[string]any{"filter": filter}
	if q.once(3) {
		first := q.IntN(len(want) + 3)
		variables["first"] = first
		if first > 0 && first < len(want) && comparePromptRows(want[first-1], want[first]) == 0 {
			return // either may be shown
		}
		want = want[:min(first, len(want))]
	}
	got := send[struct{ PromptStats []promptRow }](q, promptsDocument, variables).PromptStats
	if !slices.IsSortedFunc(got, comparePromptRows) {
		q.Error("the rows are not in order")
	}
	lines := func(rows []promptRow) (lines []string) {
		for _, row := range rows {
			lines = append(lines, fmt.Sprintf("%09d %s", 1_000_000-row.SentCount, encodeJSON(row)))
		}
		slices.Sort(lines)
		return lines
	}
	if g, w := lines(got), lines(want); !slices.Equal(g, w) {
		q.Fatal(q.w.difference(g, w))
	}
}
