package store

import (
	"fmt"
	"slices"
	"strings"

	"sessiongraph/models"
)

// searchWords are the words of a search as they are compared. Folding comes second: it
// makes spaces of some characters, such as the spacing acute accent.
func searchWords(search string) []string {
	words := strings.Fields(search)
	for i, word := range words {
		words[i] = models.CaseFold(word)
	}
	return words
}

// sessionSearch is how the sessions s are found whose transcripts hold some words.
type sessionSearch struct {
	// candidates are the sessions that the index names. It may name too many.
	candidates condition
	// exact says that it names no others.
	exact bool
	// holds looks at the transcript; everything where a database has no such way.
	holds condition
	// common is a SELECT of 1 where so many sessions are candidates that a page is filled
	// faster by looking at one transcript after the other, else of 0. It takes the length
	// of the page before its other arguments; empty where there is no such way.
	common condition
}

func (s sessionSearch) condition() condition {
	if s.exact {
		return s.candidates
	}
	return allOf(s.candidates, s.holds)
}

// pageSearch is how a page is found under a search that every one of its sessions has to pass.
type pageSearch struct {
	sessionSearch
	searched bool
	// rest is what else sessions have to pass.
	rest condition
}

// pageSearch plans a page under filters, whose sessions have to hold the words as well.
func (s *Store) pageSearch(filters []*models.SessionFilter, words []string) pageSearch {
	sql := filterSQL{s.dialect}
	var parts []condition
	for _, f := range filters {
		rest, found := withoutSearch(f)
		words = append(words, found...)
		if c := sql.session(rest); c.sql != everything.sql {
			parts = append(parts, c)
		}
	}
	page := pageSearch{rest: allOf(parts...), searched: len(words) > 0}
	if page.searched {
		slices.Sort(words)
		page.sessionSearch = s.dialect.searchSessions(slices.Compact(words))
	}
	return page
}

// page is the statement that reads columns, s.notification_id among them, of up to limit
// sessions s that pass c as well.
func (p pageSearch) page(columns string, c condition, order string, limit int) condition {
	c = allOf(p.rest, c)
	plain := func(c condition) condition {
		return condition{fmt.Sprintf("SELECT %s FROM sessions s WHERE %s %s", columns, c.sql, order), c.args}
	}
	switch {
	case !p.searched:
		return plain(c).limited(limit)
	case p.common.sql == "":
		return plain(allOf(c, p.candidates)).limited(limit)
	}
	collected := plain(allOf(c, p.candidates))
	if !p.exact {
		// A limit keeps SQLite from looking at transcripts before the sessions are in order.
		collected = condition{"SELECT * FROM (" + collected.sql + " LIMIT -1) s WHERE " + p.holds.sql,
			slices.Concat(collected.args, p.holds.args)}
	}
	return p.either(plain(allOf(c, p.holds)), collected, limit)
}

// either is what one of two statements gives that read the same, up to limit rows: one
// looks at one session after the other, one collects the candidates first. The other is not run.
func (p pageSearch) either(walking, collecting condition, limit int) condition {
	bounded := func(c condition, factor string) condition {
		return condition{fmt.Sprintf("SELECT * FROM (%s LIMIT %d * (%s (%s)))", c.sql, limit, factor, p.common.sql),
			slices.Concat(c.args, []any{limit}, p.common.args)}
	}
	walk, collect := bounded(walking, ""), bounded(collecting, "1 -")
	return condition{walk.sql + " UNION ALL " + collect.sql, slices.Concat(walk.args, collect.args)}
}

func (c condition) limited(limit int) condition {
	return condition{fmt.Sprintf("%s LIMIT %d", c.sql, limit), c.args}
}

// withoutSearch splits a filter into the words that every session has to hold and the rest.
func withoutSearch(f *models.SessionFilter) (rest *models.SessionFilter, words []string) {
	if f == nil {
		return nil, nil
	}
	copied := *f
	if f.Search != nil {
		words = searchWords(*f.Search)
		copied.Search = nil
	}
	if len(f.And) > 0 {
		copied.And = make([]*models.SessionFilter, len(f.And))
		for i, sub := range f.And {
			var more []string
			copied.And[i], more = withoutSearch(sub)
			words = append(words, more...)
		}
	}
	return &copied, words
}

// messageSearchWords are the words that every message has to hold to pass a filter.
func messageSearchWords(f *models.MessageFilter) []string {
	if f == nil {
		return nil
	}
	var words []string
	if f.Search != nil {
		words = searchWords(*f.Search)
	}
	for _, sub := range f.And {
		words = append(words, messageSearchWords(sub)...)
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// transcript is what the index reads of a session.
func transcript(messages []models.Message) string {
	var out strings.Builder
	for _, m := range messages {
		out.WriteString(m.Folded)
		out.WriteString(endOfMessage)
	}
	return out.String()
}

// Two separators behind each message: so every place in a text starts three characters.
const endOfMessage = "\n\n"
