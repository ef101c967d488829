package model

import (
	"context"

	"sessiongraph/models"
)

// contactsField is the field, by its type and name, whose list holds contacts.
const contactsField = "Query.contacts"

// ContactConnection is a page of contacts. What is not selected is not read.
type ContactConnection struct {
	source  Source
	list    models.ContactList
	window  models.ContactWindow
	page    loadOnce[*contactPage]
	count   loadOnce[int]
	beyonds [2]loadOnce[bool]
}

// ContactEdge is a contact in a page.
type ContactEdge struct {
	Cursor string
	Node   *Contact
}

// contactPage is what was read of a connection.
type contactPage struct {
	rows     []*models.ContactSummary
	contacts []*Contact
	more     bool
}

// Contacts is a page of contacts.
func Contacts(source Source, page Page, filter *models.ContactFilter, orderBy *models.ContactOrder) (*ContactConnection, error) {
	limit, backward, err := page.Size(source.MaxPage)
	if err != nil {
		return nil, err
	}
	c := &ContactConnection{
		source: source,
		list:   models.ContactList{Filter: filter, Order: models.DefaultContactOrder()},
		window: models.ContactWindow{Limit: limit, Backward: backward},
	}
	if orderBy != nil {
		c.list.Order = *orderBy
	}
	for _, cursor := range []struct {
		argument string
		value    *string
		into     **models.ContactKey
	}{{"after", page.After, &c.window.After}, {"before", page.Before, &c.window.Before}} {
		if cursor.value == nil {
			continue
		}
		var key models.ContactKey
		if err := c.cursors().Open(cursor.argument, *cursor.value, &key.Value, &key.Callee); err != nil {
			return nil, err
		}
		*cursor.into = &key
	}
	return c, nil
}

func (c *ContactConnection) cursors() Cursors {
	return c.source.Codec.Cursors(List{Field: contactsField, Order: c.list.Order.String()})
}

func (c *ContactConnection) seal(row *models.ContactSummary) string {
	key := c.list.Order.KeyOf(row)
	return c.cursors().Seal(key.Value, key.Callee)
}

func (c *ContactConnection) load(ctx context.Context) (*contactPage, error) {
	return c.page.get(func() (*contactPage, error) {
		rows, err := c.source.Store.ContactPage(ctx, c.list, c.window)
		if err != nil {
			return nil, err
		}
		page := &contactPage{more: len(rows) > c.window.Limit, contacts: []*Contact{}}
		if page.more && c.window.Backward {
			rows = rows[len(rows)-c.window.Limit:]
		} else if page.more {
			rows = rows[:c.window.Limit]
		}
		page.rows = rows
		all := &contacts{source: c.source}
		for _, row := range rows {
			all.callees = append(all.callees, row.Callee)
			page.contacts = append(page.contacts, &Contact{row.Callee, all})
		}
		all.summarised(rows)
		return page, nil
	})
}

// Nodes are the page's contacts.
func (c *ContactConnection) Nodes(ctx context.Context) ([]*Contact, error) {
	page, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	return page.contacts, nil
}

// Edges are the page's contacts, each with its cursor.
func (c *ContactConnection) Edges(ctx context.Context) ([]*ContactEdge, error) {
	page, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	edges := make([]*ContactEdge, len(page.contacts))
	for i, contact := range page.contacts {
		edges[i] = &ContactEdge{c.seal(page.rows[i]), contact}
	}
	return edges, nil
}

// TotalCount counts the list, cursors aside.
func (c *ContactConnection) TotalCount(ctx context.Context) (int, error) {
	return c.count.get(func() (int, error) { return c.source.Store.CountContacts(ctx, c.list) })
}

// PageInfo says where the page stands in its list.
func (c *ContactConnection) PageInfo(ctx context.Context) (*PageInfo, error) {
	page, err := c.load(ctx)
	if err != nil {
		return nil, err
	}
	info := &PageInfo{beyond: func(later bool) (bool, error) { return c.beyond(ctx, page, later) }}
	if n := len(page.rows); n > 0 {
		start, end := c.seal(page.rows[0]), c.seal(page.rows[n-1])
		info.StartCursor, info.EndCursor = &start, &end
	}
	return info, nil
}

func (c *ContactConnection) beyond(ctx context.Context, page *contactPage, later bool) (bool, error) {
	if later != c.window.Backward && page.more {
		return true, nil
	}
	place := c.window.After
	if later {
		place = c.window.Before
	}
	if place == nil {
		return false, nil
	}
	inclusive := true
	if n := len(page.rows); n > 0 {
		last := 0
		if later {
			last = n - 1
		}
		key := c.list.Order.KeyOf(page.rows[last])
		inclusive, place = false, &key
	}
	return c.beyonds[end(later)].get(func() (bool, error) {
		return c.source.Store.ContactsBeyond(ctx, c.list, *place, later, inclusive)
	})
}
