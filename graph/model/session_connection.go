package model

import (
	"context"

	"sessiongraph/models"
)

// sessionPages are the pages of one list of sessions, a page for each of its owners.
// A cursor belongs to the list of one owner: the other owners have no page.
type sessionPages struct {
	source Source
	list   models.SessionList
	window models.Window
	owners []string
	wrong  map[string]error // of owners whose list did not return the cursors

	loaded  loadOnce[loadedPages]
	counts  loadOnce[map[string]int]
	beyonds [2]loadOnce[map[string]bool]
}

// SessionConnection is one owner's page. What is not selected is not read.
type SessionConnection struct {
	pages *sessionPages
	owner string
}

// SessionEdge is a session in a page.
type SessionEdge struct {
	Cursor string
	Node   *Session
}

func newSessionPages(source Source, list models.SessionList, page Page, orderBy *models.SessionOrder, owners []string) (*sessionPages, error) {
	list.Order = models.DefaultSessionOrder()
	if orderBy != nil {
		list.Order = *orderBy
	}
	limit, backward, err := page.Size(source.MaxPage)
	if err != nil {
		return nil, err
	}
	p := &sessionPages{source: source, list: list, window: models.Window{Limit: limit, Backward: backward}, wrong: map[string]error{}}
	for _, owner := range owners {
		if err := p.openCursors(page, owner); err != nil {
			p.wrong[owner] = err
		} else {
			p.owners = append(p.owners, owner)
		}
	}
	return p, nil
}

func (p *sessionPages) openCursors(page Page, owner string) error {
	for _, cursor := range []struct {
		argument string
		value    *string
		into     **models.SessionKey
	}{{"after", page.After, &p.window.After}, {"before", page.Before, &p.window.Before}} {
		if cursor.value == nil {
			continue
		}
		var key models.SessionKey
		if err := p.cursors(owner).Open(cursor.argument, *cursor.value, &key.Value, &key.ID); err != nil {
			return err
		}
		*cursor.into = &key
	}
	return nil
}

func (p *sessionPages) cursors(owner string) Cursors {
	return p.source.Codec.Cursors(List{sessionsField(p.list.Owner), owner, p.list.Order.String()})
}

// sessionsField is the field, by its type and name, whose list holds the sessions of such owners.
func sessionsField(owner models.SessionOwner) string {
	switch owner {
	case models.OfIntention:
		return "Intention.sessions"
	case models.OfCallee:
		return "Contact.sessions"
	default:
		return "Query.sessions"
	}
}

// connection is the owner's page.
func (p *sessionPages) connection(owner string) (*SessionConnection, error) {
	if err := p.wrong[owner]; err != nil {
		return nil, err
	}
	return &SessionConnection{p, owner}, nil
}

// Sessions is a page of everybody's sessions.
func Sessions(source Source, page Page, filter *models.SessionFilter, orderBy *models.SessionOrder) (*SessionConnection, error) {
	list := models.SessionList{Filters: filters(filter)}
	pages, err := newSessionPages(source, list, page, orderBy, []string{""})
	if err != nil {
		return nil, err
	}
	return pages.connection("")
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

// loadedPages is what was read: each owner's sessions, and who has more.
type loadedPages struct {
	sessions map[string][]*Session
	more     map[string]bool
}

func (p *sessionPages) load(ctx context.Context) (loadedPages, error) {
	return p.loaded.get(func() (loadedPages, error) {
		rows, err := p.source.Store.SessionPages(ctx, p.list, p.window, p.owners)
		if err != nil {
			return loadedPages{}, err
		}
		loaded := loadedPages{map[string][]*Session{}, map[string]bool{}}
		siblings := newSiblings(p.source)
		for _, owner := range p.owners {
			page := rows[owner]
			if extra := len(page) - p.window.Limit; extra > 0 {
				loaded.more[owner] = true
				if p.window.Backward {
					page = page[extra:]
				} else {
					page = page[:p.window.Limit]
				}
			}
			loaded.sessions[owner] = siblings.add(page)
		}
		return loaded, nil
	})
}

// Nodes are the page's sessions.
func (c *SessionConnection) Nodes(ctx context.Context) ([]*Session, error) {
	loaded, err := c.pages.load(ctx)
	return loaded.sessions[c.owner], err
}

// Edges are the page's sessions, each with its cursor.
func (c *SessionConnection) Edges(ctx context.Context) ([]*SessionEdge, error) {
	sessions, err := c.Nodes(ctx)
	if err != nil {
		return nil, err
	}
	cursors := c.pages.cursors(c.owner)
	edges := make([]*SessionEdge, len(sessions))
	for i, session := range sessions {
		edges[i] = &SessionEdge{c.pages.seal(cursors, session), session}
	}
	return edges, nil
}

func (p *sessionPages) seal(cursors Cursors, s *Session) string {
	key := p.list.Order.KeyOf(s.Session)
	return cursors.Seal(key.Value, key.ID)
}

// TotalCount counts the list, cursors aside.
func (c *SessionConnection) TotalCount(ctx context.Context) (int, error) {
	counts, err := c.pages.counts.get(func() (map[string]int, error) {
		return c.pages.source.Store.CountSessions(ctx, c.pages.list, c.pages.owners)
	})
	return counts[c.owner], err
}

// PageInfo says where the page stands in its list.
func (c *SessionConnection) PageInfo(ctx context.Context) (*PageInfo, error) {
	loaded, err := c.pages.load(ctx)
	if err != nil {
		return nil, err
	}
	info := &PageInfo{beyond: func(later bool) (bool, error) { return c.pages.beyond(ctx, c.owner, later) }}
	if page := loaded.sessions[c.owner]; len(page) > 0 {
		cursors := c.pages.cursors(c.owner)
		start, end := c.pages.seal(cursors, page[0]), c.pages.seal(cursors, page[len(page)-1])
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info, nil
}

// beyond says whether the owner's list goes on behind its page, or before it with
// later false. Only a cursor on that side leaves it to be asked.
func (p *sessionPages) beyond(ctx context.Context, owner string, later bool) (bool, error) {
	loaded, err := p.load(ctx)
	if err != nil {
		return false, err
	}
	if later != p.window.Backward && loaded.more[owner] {
		return true, nil
	}
	cursor := p.window.After
	if later {
		cursor = p.window.Before
	}
	if cursor == nil {
		return false, nil
	}
	found, err := p.beyonds[end(later)].get(func() (map[string]bool, error) {
		places := map[string]models.SessionKey{}
		for _, owner := range p.owners {
			page := loaded.sessions[owner]
			switch {
			case len(page) == 0:
				places[owner] = p.list.Order.Inclusive(*cursor, later)
			case later:
				places[owner] = p.list.Order.KeyOf(page[len(page)-1].Session)
			default:
				places[owner] = p.list.Order.KeyOf(page[0].Session)
			}
		}
		return p.source.Store.Beyond(ctx, p.list, places, later)
	})
	return found[owner], err
}
