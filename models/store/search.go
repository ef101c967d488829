package store

import (
	"fmt"
	"slices"
	"strings"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
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

// pageSearch is how a page is found under a search that every one of its sessions has to pass.
type pageSearch struct {
	dialect.SessionSearch
	searched bool
	// rest is what else sessions have to pass.
	rest dialect.Predicate
}

// pageSearch plans a page under filters, whose sessions have to hold the words as well.
func (d filterSQL) pageSearch(filters []*models.SessionFilter, words []string) pageSearch {
	var parts []dialect.Predicate
	for _, f := range filters {
		rest, found := withoutSearch(f)
		words = append(words, found...)
		if c := d.session(rest); c.SQL != dialect.AlwaysTrue.SQL {
			parts = append(parts, c)
		}
	}
	page := pageSearch{rest: dialect.AllOf(parts...), searched: len(words) > 0}
	if page.searched {
		slices.Sort(words)
		page.SessionSearch = d.SearchSessions(slices.Compact(words), d.masks.searchID())
	}
	return page
}

// page is the statement that reads columns, s.notification_id among them, of up to limit
// sessions s that pass c as well.
func (p pageSearch) page(columns string, c dialect.Predicate, order string, limit int) dialect.Statement {
	c = dialect.AllOf(p.rest, c)
	plain := func(c dialect.Predicate) dialect.Statement {
		return dialect.Select(fmt.Sprintf("SELECT %s FROM sessions s WHERE %s %s", columns, c.SQL, order), c.Args...)
	}
	switch {
	case !p.searched:
		return plain(c).Limit(limit)
	case p.Common.SQL == "":
		return plain(dialect.AllOf(c, p.Candidates)).Limit(limit)
	}
	collected := plain(dialect.AllOf(c, p.Candidates))
	if !p.Exact {
		// A limit keeps SQLite from looking at transcripts before the sessions are in order.
		collected = dialect.Select("SELECT * FROM ("+collected.SQL+" LIMIT -1) s WHERE "+p.Holds.SQL,
			slices.Concat(collected.Args, p.Holds.Args)...)
	}
	return p.either(plain(dialect.AllOf(c, p.Holds)), collected, limit)
}

// either is what one of two statements gives that read the same, up to limit rows: one
// looks at one session after the other, one collects the candidates first. The other is not run.
func (p pageSearch) either(walking, collecting dialect.Statement, limit int) dialect.Statement {
	bounded := func(c dialect.Statement, factor string) dialect.Statement {
		return dialect.Select(fmt.Sprintf("SELECT * FROM (%s LIMIT %d * (SELECT %s FROM k))", c.SQL, limit, factor),
			c.Args...)
	}
	walk, collect := bounded(walking, "common"), bounded(collecting, "1 - common")
	return dialect.Select("WITH k (common) AS MATERIALIZED ("+p.Common.SQL+") "+walk.SQL+" UNION ALL "+collect.SQL,
		slices.Concat([]any{limit}, p.Common.Args, walk.Args, collect.Args)...)
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
