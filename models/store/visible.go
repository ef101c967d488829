package store

import (
	"context"

	"sessiongraph/models"
	"sessiongraph/models/store/dialect"
)

// rowRules are the rules of the context's viewer as a filter; nil where they see all sessions, as the program itself
// does.
func rowRules(ctx context.Context) *models.SessionFilter {
	viewer := models.ViewerOf(ctx)
	if viewer == nil {
		return nil
	}
	return viewer.Filter()
}

// visible is the filter, with the row rules around it. Whatever an answer says of sessions is read under it.
func visible(ctx context.Context, filter *models.SessionFilter) *models.SessionFilter {
	rules := rowRules(ctx)
	switch {
	case rules == nil:
		return filter
	case filter != nil:
		rules.And = []*models.SessionFilter{filter}
	}
	return rules
}

// visibleSessions passes the sessions s that the viewer sees.
func (s *Store) visibleSessions(ctx context.Context) dialect.Predicate {
	return s.filters(ctx).session(rowRules(ctx))
}

// versionRules are the rules of the context's viewer for versions of the sessions that they see.
func versionRules(ctx context.Context) models.RowRules {
	if viewer := models.ViewerOf(ctx); viewer != nil {
		return viewer.RowRules
	}
	return models.RowRules{}
}

// passVersion reports whether the rules pass a version with that body of the ledger.
func (s *Store) passVersion(rules models.RowRules, packed []byte) (bool, error) {
	if rules.All() {
		return true, nil
	}
	body, err := s.unpackBody(packed)
	return err == nil && rules.PassVersion(body), err
}

// visibleList is the list without the sessions that the viewer does not see.
func visibleList(ctx context.Context, l models.SessionList) models.SessionList {
	if rules := rowRules(ctx); rules != nil {
		l.Filters = append([]*models.SessionFilter{rules}, l.Filters...)
	}
	return l
}

// contactsTable is the table of contacts c that the viewer sees; those whose sessions or contacts s do not pass only
// may be missing. A viewer with row rules has contacts of their own, made of the sessions that they see. For one who
// sees masks the callees of one pseudonym are one contact.
func (s *Store) contactsTable(ctx context.Context, only dialect.Predicate) dialect.Fragment {
	masks, rules := s.masksOf(ctx), s.visibleSessions(ctx)
	table := ""
	switch {
	case rules.SQL != dialect.AlwaysTrue.SQL:
		only = dialect.AllOf(rules, dialect.Where("s.callee <> ''"), only)
		table = contactsOfSessions(masks.calleeColumn(), only.SQL)
	case masks != nil:
		table = contactsOfPseudonyms(only.SQL)
	default:
		return dialect.Fragment{SQL: "contacts c"}
	}
	return dialect.Fragment{SQL: "(" + table + ") c", Args: only.Args}
}
