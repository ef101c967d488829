package postgres

import (
	"encoding/json"
	"strings"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// PostgreSQL folds texts by rules of its own, which differ from one version to the
// next. So the folded text is kept beside the text, where the two differ: of a
// session's columns as one JSON object by column.

// CaseFolded reads what Prepare fills.
func (Dialect) CaseFolded(column string) string {
	table, name, _ := strings.Cut(column, ".")
	switch table {
	case "s":
		return "COALESCE(NULLIF(s.folded, '')::json ->> '" + name + "', " + column + ")"
	case "c":
		return "COALESCE((SELECT NULLIF(s.folded, '')::json ->> 'callee' FROM sessions s" +
			" WHERE s.callee = c.callee LIMIT 1), c.callee)"
	case "m":
		return "COALESCE(m.msg_id_folded, m.msg_id)"
	default:
		return "COALESCE(v.folded, v.value)"
	}
}

// Prepare fills the columns that CaseFolded and SearchMessages read, and returns what the search index holds.
func (Dialect) Prepare(p *models.Projection, masked func() []string) dialect.IndexText {
	s := &p.Session
	folded := map[string]string{}
	for _, text := range models.SessionTexts() {
		if other := foldedIfOther(*text.Of(s)); other != nil {
			folded[text.Column] = encodeText(*other)
		}
	}
	s.CaseFolded = ""
	if len(folded) > 0 {
		text, err := json.Marshal(folded)
		if err != nil {
			panic(err) // texts always have a JSON
		}
		s.CaseFolded = string(text)
	}
	texts := masked()
	for i := range p.Messages {
		m := &p.Messages[i]
		m.MsgIDFolded, m.MaskedText = foldedIfOther(m.MsgID), nil
		if i < len(texts) && texts[i] != m.SearchText {
			m.MaskedText = &texts[i]
		}
	}
	for _, m := range models.SessionMaps() {
		entries := *m.Of(p)
		for i := range entries {
			entries[i].CaseFolded = foldedIfOther(entries[i].Value)
		}
	}
	return dialect.IndexText{} // the index reads the messages
}

// foldedIfOther is a text as CaseFold has it, nil where that is the text itself.
func foldedIfOther(text string) *string {
	folded := models.CaseFold(text)
	if folded == text {
		return nil
	}
	return &folded
}
