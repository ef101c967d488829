package model

import (
	"context"

	"sessiongraph/models"
)

// ContactConnection is a page of contacts.
type ContactConnection = Connection[models.ContactKey, *models.ContactSummary, *Contact]

// ContactEdge is a contact in a page.
type ContactEdge = Edge[*Contact]

// contactLister lists all contacts.
type contactLister struct {
	models.ContactList
	source Source
}

// Contacts returns a page of the contacts that pass the filter.
func Contacts(
	source Source, page Page, filter *models.ContactFilter, orderBy *models.ContactOrder,
) (*ContactConnection, error) {
	list := contactLister{models.ContactList{Filter: filter, Order: models.DefaultContactOrder()}, source}
	if orderBy != nil {
		list.Order = *orderBy
	}
	return onlyPage[models.ContactKey, *models.ContactSummary, *Contact](source, list, page)
}

func (l contactLister) id(string) List { return List{Field: "Query.contacts", Order: l.Order.String()} }

func (l contactLister) key(row *models.ContactSummary) models.ContactKey { return l.Order.KeyOf(row) }

func (contactLister) seal(cursors Cursors, key models.ContactKey) string {
	return cursors.Seal(key.Value, key.Callee)
}

func (contactLister) open(cursors Cursors, argument, cursor string) (key models.ContactKey, err error) {
	err = cursors.Open(argument, cursor, &key.Value, &key.Callee)
	return key, err
}

func (l contactLister) read(
	ctx context.Context, page models.PageSpec[models.ContactKey], _ []string,
) (map[string][]*models.ContactSummary, error) {
	rows, err := l.source.Store.ContactPage(ctx, l.ContactList, page)
	return map[string][]*models.ContactSummary{"": rows}, err
}

func (l contactLister) nodes(rows []*models.ContactSummary) []*Contact {
	batch := &contactBatch{source: l.source}
	contacts := make([]*Contact, len(rows))
	for i, row := range rows {
		batch.callees = append(batch.callees, row.Callee)
		contacts[i] = &Contact{row.Callee, batch}
	}
	batch.setSummaries(rows)
	return contacts
}

func (l contactLister) count(ctx context.Context, _ []string) (map[string]int, error) {
	count, err := l.source.Store.CountContacts(ctx, l.ContactList)
	return map[string]int{"": count}, err
}

func (l contactLister) beyond(
	ctx context.Context, from map[string]place[models.ContactKey], later bool,
) (map[string]bool, error) {
	found, err := l.source.Store.ContactsBeyond(ctx, l.ContactList, from[""].key, later, from[""].inclusive)
	return map[string]bool{"": found}, err
}
