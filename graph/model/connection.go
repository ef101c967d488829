package model

import (
	"context"

	"sessiongraph/models"
)

// lister reads one kind of list, whose rows R have keys K and become nodes N. Some kinds
// have a list for each of several owners; the others have one, of the owner "".
type lister[K, R, N any] interface {
	// id identifies an owner's list in its cursors.
	id(owner string) List
	key(row R) K
	seal(cursors Cursors, key K) string
	open(cursors Cursors, argument, cursor string) (K, error)

	// read returns the rows of each owner's page, and one more if the list goes on.
	read(ctx context.Context, page models.PageSpec[K], owners []string) (map[string][]R, error)
	// nodes adds rows to the batch of all pages.
	nodes(rows []R) []N
	count(ctx context.Context, owners []string) (map[string]int, error)
	// beyond reports which owners' lists go on from a place.
	beyond(ctx context.Context, from map[string]place[K], later bool) (map[string]bool, error)
}

// place is where a list is searched from.
type place[K any] struct {
	key       K
	inclusive bool // of the key itself
}

// pages are the pages of one kind of list, one for each owner. A cursor belongs to the
// list of one owner: the other owners have an error in place of a page.
type pages[K, R, N any] struct {
	list   lister[K, R, N]
	codec  *Codec
	spec   models.PageSpec[K]
	owners []string
	errs   map[string]error // by owner

	loaded  loadOnce[map[string]loadedPage[R, N]]
	counts  loadOnce[map[string]int]
	beyonds [2]loadOnce[map[string]bool]
}

type loadedPage[R, N any] struct {
	rows  []R
	nodes []N
	more  bool
}

func newPages[K, R, N any](source Source, list lister[K, R, N], page Page, owners []string) (*pages[K, R, N], error) {
	limit, backward, err := page.Size(source.MaxPage)
	if err != nil {
		return nil, err
	}
	p := &pages[K, R, N]{
		list: list, codec: source.Codec, spec: models.PageSpec[K]{Limit: limit, Backward: backward},
		errs: map[string]error{},
	}
	for _, owner := range owners {
		if err := p.openCursors(page, owner); err != nil {
			p.errs[owner] = err
		} else {
			p.owners = append(p.owners, owner)
		}
	}
	return p, nil
}

func (p *pages[K, R, N]) openCursors(page Page, owner string) error {
	for _, c := range []struct {
		argument string
		cursor   *string
		into     **K
	}{{"after", page.After, &p.spec.After}, {"before", page.Before, &p.spec.Before}} {
		if c.cursor == nil {
			continue
		}
		key, err := p.list.open(p.cursors(owner), c.argument, *c.cursor)
		if err != nil {
			return err
		}
		*c.into = &key
	}
	return nil
}

func (p *pages[K, R, N]) cursors(owner string) Cursors { return p.codec.Cursors(p.list.id(owner)) }

// onlyPage returns a page of a list that has no owners.
func onlyPage[K, R, N any](source Source, list lister[K, R, N], page Page) (*Connection[K, R, N], error) {
	pages, err := newPages(source, list, page, []string{""})
	if err != nil {
		return nil, err
	}
	return pages.connection("")
}

// connection returns the owner's page.
func (p *pages[K, R, N]) connection(owner string) (*Connection[K, R, N], error) {
	if err := p.errs[owner]; err != nil {
		return nil, err
	}
	return &Connection[K, R, N]{p, owner}, nil
}

func (p *pages[K, R, N]) load(ctx context.Context) (map[string]loadedPage[R, N], error) {
	return p.loaded.get(func() (map[string]loadedPage[R, N], error) {
		rows, err := p.list.read(ctx, p.spec, p.owners)
		if err != nil {
			return nil, err
		}
		loaded := make(map[string]loadedPage[R, N], len(p.owners))
		for _, owner := range p.owners {
			page := loadedPage[R, N]{rows: rows[owner]}
			if extra := len(page.rows) - p.spec.Limit; extra > 0 {
				page.more = true
				if p.spec.Backward {
					page.rows = page.rows[extra:]
				} else {
					page.rows = page.rows[:p.spec.Limit]
				}
			}
			page.nodes = p.list.nodes(page.rows)
			loaded[owner] = page
		}
		return loaded, nil
	})
}

// beyond reports whether the owner's list goes on after its page, or before it unless
// later. It is read only if there is a cursor on that side.
func (p *pages[K, R, N]) beyond(ctx context.Context, owner string, later bool) (bool, error) {
	loaded, err := p.load(ctx)
	if err != nil {
		return false, err
	}
	if later != p.spec.Backward && loaded[owner].more {
		return true, nil
	}

	cursor, side := p.spec.After, 0
	if later {
		cursor, side = p.spec.Before, 1
	}
	if cursor == nil {
		return false, nil
	}

	found, err := p.beyonds[side].get(func() (map[string]bool, error) {
		from := make(map[string]place[K], len(p.owners))
		for _, owner := range p.owners {
			if row, ok := loaded[owner].end(later); ok {
				from[owner] = place[K]{p.list.key(row), false}
			} else {
				from[owner] = place[K]{*cursor, true}
			}
		}
		return p.list.beyond(ctx, from, later)
	})
	return found[owner], err
}

// end returns the page's last row, or its first unless later.
func (p loadedPage[R, N]) end(later bool) (row R, ok bool) {
	switch {
	case len(p.rows) == 0:
		return row, false
	case later:
		return p.rows[len(p.rows)-1], true
	default:
		return p.rows[0], true
	}
}

// Connection is a page of a list. Only what is selected of it is read.
type Connection[K, R, N any] struct {
	pages *pages[K, R, N]
	owner string
}

// Edge is a node in a page.
type Edge[N any] struct {
	Cursor string
	Node   N
}

// Nodes are the page's nodes.
func (c *Connection[K, R, N]) Nodes(ctx context.Context) ([]N, error) {
	loaded, err := c.pages.load(ctx)
	return loaded[c.owner].nodes, err
}

// Len returns the number of the page's nodes, 0 if they have not been read.
func (c *Connection[K, R, N]) Len() int { return len(c.pages.loaded.value[c.owner].nodes) }

// Edges are the page's nodes, each with its cursor.
func (c *Connection[K, R, N]) Edges(ctx context.Context) ([]*Edge[N], error) {
	loaded, err := c.pages.load(ctx)
	if err != nil {
		return nil, err
	}
	page, cursors := loaded[c.owner], c.pages.cursors(c.owner)
	edges := make([]*Edge[N], len(page.nodes))
	for i, node := range page.nodes {
		edges[i] = &Edge[N]{c.pages.list.seal(cursors, c.pages.list.key(page.rows[i])), node}
	}
	return edges, nil
}

// TotalCount is the length of the list, whatever the page.
func (c *Connection[K, R, N]) TotalCount(ctx context.Context) (int, error) {
	counts, err := c.pages.counts.get(func() (map[string]int, error) {
		return c.pages.list.count(ctx, c.pages.owners)
	})
	return counts[c.owner], err
}

// PageInfo is the place of the page in its list.
func (c *Connection[K, R, N]) PageInfo(ctx context.Context) (*PageInfo, error) {
	loaded, err := c.pages.load(ctx)
	if err != nil {
		return nil, err
	}
	return &PageInfo{
		cursor: func(later bool) *string {
			row, ok := loaded[c.owner].end(later)
			if !ok {
				return nil
			}
			cursor := c.pages.list.seal(c.pages.cursors(c.owner), c.pages.list.key(row))
			return &cursor
		},
		beyond: func(later bool) (bool, error) { return c.pages.beyond(ctx, c.owner, later) },
	}, nil
}
