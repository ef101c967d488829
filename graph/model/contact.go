package model

import (
	"context"

	"sessiongraph/models"
)

// contacts are callees that are asked about together.
type contacts struct {
	source   Source
	callees  []string
	all      loadOnce[map[string]*models.ContactSummary]
	sessions batchCache[sessionsArguments, *sessionPages]
}

// Contact is a callee.
type Contact struct {
	Callee   string
	contacts *contacts
}

// ContactsByCallee reads the callees that have a session.
func ContactsByCallee(ctx context.Context, source Source, callees []string) (map[string]*Contact, error) {
	all := &contacts{source: source, callees: callees}
	summaries, err := all.summaries(ctx)
	if err != nil {
		return nil, err
	}
	found := make(map[string]*Contact, len(summaries))
	for callee := range summaries {
		found[callee] = &Contact{callee, all}
	}
	return found, nil
}

// summarised spares the statement that would read what is read already.
func (c *contacts) summarised(rows []*models.ContactSummary) {
	summaries := make(map[string]*models.ContactSummary, len(rows))
	for _, row := range rows {
		summaries[row.Callee] = row
	}
	c.all.set(summaries)
}

func (c *contacts) summaries(ctx context.Context) (map[string]*models.ContactSummary, error) {
	return c.all.get(func() (map[string]*models.ContactSummary, error) {
		return c.source.Store.ContactsOf(ctx, c.callees)
	})
}

// summary is nothing where the last session went away since the contact was read.
func (c *Contact) summary(ctx context.Context) (models.ContactSummary, error) {
	all, err := c.contacts.summaries(ctx)
	if err != nil || all[c.Callee] == nil {
		return models.ContactSummary{}, err
	}
	return *all[c.Callee], nil
}

// IsNode marks the members of GraphQL's Node.
func (*Contact) IsNode() {}

// ID is the contact's node id.
func (c *Contact) ID() string { return c.contacts.source.Codec.contactID(c.Callee) }

// SessionCount counts the contact's sessions.
func (c *Contact) SessionCount(ctx context.Context) (int, error) {
	summary, err := c.summary(ctx)
	return summary.SessionCount, err
}

// FirstSeenAt is the start of its first session.
func (c *Contact) FirstSeenAt(ctx context.Context) (models.Time, error) {
	summary, err := c.summary(ctx)
	return summary.FirstSeenAt, err
}

// LastSeenAt is the last end of a session of it.
func (c *Contact) LastSeenAt(ctx context.Context) (models.Time, error) {
	summary, err := c.summary(ctx)
	return summary.LastSeenAt, err
}

// Sessions is a page of the contact's sessions.
func (c *Contact) Sessions(first *int, after *string, last *int, before *string, filter *models.SessionFilter, orderBy *models.SessionOrder) (*SessionConnection, error) {
	page := Page{first, after, last, before}
	all := c.contacts
	pages, err := all.sessions.of(sessionsArguments{page, filter, orderBy}).get(func() (*sessionPages, error) {
		list := models.SessionList{Owner: models.OfCallee, Filters: filters(filter)}
		return newSessionPages(all.source, list, page, orderBy, all.callees)
	})
	if err != nil {
		return nil, err
	}
	return pages.connection(c.Callee)
}
