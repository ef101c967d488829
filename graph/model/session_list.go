package model

import (
	"context"

	"sessiongraph/models"
)

// SessionConnection is a page of sessions.
type SessionConnection = Connection[models.SessionKey, *models.Session, *Session]

// SessionEdge is a session in a page.
type SessionEdge = Edge[*Session]

// sessionPages are pages of sessions. As an alias it would be a cycle that Go 1.26 cannot
// compile.
type sessionPages struct {
	*pages[models.SessionKey, *models.Session, *Session]
}

// sessionLister lists the sessions of contacts or intentions, or all sessions.
type sessionLister struct {
	models.SessionList
	source Source
	batch  *sessionBatch
}

// Sessions returns a page of all sessions that pass the filter.
func Sessions(
	source Source, page Page, filter *models.SessionFilter, orderBy *models.SessionOrder,
) (*SessionConnection, error) {
	pages, err := newSessionPages(source, models.SessionList{Filters: filters(filter)}, page, orderBy, []string{""})
	if err != nil {
		return nil, err
	}
	return pages.connection("")
}

func newSessionPages(
	source Source, list models.SessionList, page Page, orderBy *models.SessionOrder, owners []string,
) (*sessionPages, error) {
	list.Order = models.DefaultSessionOrder()
	if orderBy != nil {
		list.Order = *orderBy
	}
	lister := sessionLister{list, source, newSessionBatch(source)}
	pages, err := newPages[models.SessionKey, *models.Session, *Session](source, lister, page, owners)
	if err != nil {
		return nil, err
	}
	return &sessionPages{pages}, nil
}

func filters(all ...*models.SessionFilter) []*models.SessionFilter {
	set := []*models.SessionFilter{}
	for _, f := range all {
		if f != nil {
			set = append(set, f)
		}
	}
	return set
}

func (l sessionLister) id(owner string) List {
	id := List{"Query.sessions", owner, l.Order.String()}
	switch l.Scope {
	case models.OfIntention:
		id.Field = "Intention.sessions"
	case models.OfCallee:
		id.Field = "Contact.sessions"
	}
	return id
}

func (l sessionLister) key(row *models.Session) models.SessionKey { return l.Order.KeyOf(row) }

func (sessionLister) seal(cursors Cursors, key models.SessionKey) string {
	return cursors.Seal(key.Value, key.ID)
}

func (sessionLister) open(cursors Cursors, argument, cursor string) (key models.SessionKey, err error) {
	err = cursors.Open(argument, cursor, &key.Value, &key.ID)
	return key, err
}

func (l sessionLister) read(
	ctx context.Context, page models.PageSpec[models.SessionKey], owners []string,
) (map[string][]*models.Session, error) {
	return l.source.Store.SessionPages(ctx, l.SessionList, page, owners)
}

func (l sessionLister) nodes(rows []*models.Session) []*Session { return l.batch.add(rows) }

func (l sessionLister) count(ctx context.Context, owners []string) (map[string]int, error) {
	return l.source.Store.CountSessions(ctx, l.SessionList, owners)
}

func (l sessionLister) beyond(
	ctx context.Context, from map[string]place[models.SessionKey], later bool,
) (map[string]bool, error) {
	places := make(map[string]models.SessionKey, len(from))
	for owner, p := range from {
		places[owner] = p.key
		if p.inclusive {
			places[owner] = l.Order.Inclusive(p.key, later)
		}
	}
	return l.source.Store.SessionsBeyond(ctx, l.SessionList, places, later)
}
