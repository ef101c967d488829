package model

import (
	"context"

	"sessiongraph/models"
)

// contactBatch is callees whose fields are loaded together.
type contactBatch struct {
	source   Source
	callees  []string
	all      loadOnce[map[string]*models.ContactSummary]
	sessions batchCache[sessionsArguments, *sessionPages]
}

// Contact is a callee.
type Contact struct {
	Callee string
	batch  *contactBatch
}

// ContactOf returns the contact of a callee, or of a pseudonym; nil if it has no session.
func ContactOf(ctx context.Context, source Source, callee string) (*Contact, error) {
	found, err := ContactsByCallee(ctx, source, []string{callee})
	if err != nil || found[callee] != nil {
		return found[callee], err
	}
	if callee, err = source.Store.CalleeOf(ctx, callee); err != nil || callee == "" {
		return nil, err
	}
	found, err = ContactsByCallee(ctx, source, []string{callee})
	return found[callee], err
}

// ContactsByCallee returns the contacts of those callees that have a session.
func ContactsByCallee(ctx context.Context, source Source, callees []string) (map[string]*Contact, error) {
	all := &contactBatch{source: source, callees: callees}
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

// setSummaries sets the summaries that have been read already.
func (c *contactBatch) setSummaries(rows []*models.ContactSummary) {
	summaries := make(map[string]*models.ContactSummary, len(rows))
	for _, row := range rows {
		summaries[row.Callee] = row
	}
	c.all.set(summaries)
}

func (c *contactBatch) summaries(ctx context.Context) (map[string]*models.ContactSummary, error) {
	return c.all.get(func() (map[string]*models.ContactSummary, error) {
		return c.source.Store.ContactsOf(ctx, c.callees)
	})
}

// summary returns the figures of the contact, zeros if its last session has been removed
// since it was read.
func (c *Contact) summary(ctx context.Context) (models.ContactSummary, error) {
	all, err := c.batch.summaries(ctx)
	if err != nil || all[c.Callee] == nil {
		return models.ContactSummary{}, err
	}
	return *all[c.Callee], nil
}

// IsNode marks the members of GraphQL's Node.
func (*Contact) IsNode() {}

// ID is the contact's node id.
func (c *Contact) ID() string { return c.batch.source.Codec.contactID(c.Callee) }

// Pseudonym is what a viewer who sees masks sees as callee.
func (c *Contact) Pseudonym(ctx context.Context) string {
	return c.batch.source.Store.Pseudonym(ctx, c.Callee)
}

// SessionCount is the number of the contact's sessions.
func (c *Contact) SessionCount(ctx context.Context) (int, error) {
	summary, err := c.summary(ctx)
	return summary.SessionCount, err
}

// FirstSeenAt is the start of the contact's first session.
func (c *Contact) FirstSeenAt(ctx context.Context) (models.Time, error) {
	summary, err := c.summary(ctx)
	return summary.FirstSeenAt, err
}

// LastSeenAt is the latest end of its sessions.
func (c *Contact) LastSeenAt(ctx context.Context) (models.Time, error) {
	summary, err := c.summary(ctx)
	return summary.LastSeenAt, err
}

// Sessions is a page of the contact's sessions.
func (c *Contact) Sessions(
	first *int, after *string, last *int, before *string, filter *models.SessionFilter, orderBy *models.SessionOrder,
) (*SessionConnection, error) {
	page := Page{first, after, last, before}
	all := c.batch
	pages, err := all.sessions.of(sessionsArguments{page, filter, orderBy}).get(func() (*sessionPages, error) {
		list := models.SessionList{Scope: models.OfCallee, Filters: filters(filter)}
		return newSessionPages(all.source, list, page, orderBy, all.callees)
	})
	if err != nil {
		return nil, err
	}
	return pages.connection(c.Callee)
}
