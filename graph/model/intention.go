package model

import (
	"context"

	"sessiongraph/models"
)

// intentions are labels that are asked about together, under one filter.
type intentions struct {
	source   Source
	filter   *models.SessionFilter // of the field that returned them
	labels   []string
	counts   loadOnce[map[string]int]
	total    loadOnce[int] // sessions of any label
	sessions batchCache[sessionsArguments, *sessionPages]
}

// Intention is a label that AIRudder's robot gave to sessions.
type Intention struct {
	Label      string
	intentions *intentions
}

// SessionCount counts the label's sessions.
func (i *Intention) SessionCount(ctx context.Context) (int, error) {
	all := i.intentions
	counts, err := all.counts.get(func() (map[string]int, error) {
		return all.source.Store.CountSessions(ctx, models.SessionList{Owner: models.OfIntention, Filters: filters(all.filter)}, all.labels)
	})
	return counts[i.Label], err
}

// Share is the label's part of all sessions under the filter, 0 to 1.
func (i *Intention) Share(ctx context.Context) (float64, error) {
	all := i.intentions
	total, err := all.total.get(func() (int, error) {
		counts, err := all.source.Store.CountSessions(ctx, models.SessionList{Filters: filters(all.filter)}, []string{""})
		return counts[""], err
	})
	if err != nil || total == 0 {
		return 0, err
	}
	count, err := i.SessionCount(ctx)
	return float64(count) / float64(total), err
}

// Sessions is a page of the label's sessions, under both filters.
func (i *Intention) Sessions(first *int, after *string, last *int, before *string, filter *models.SessionFilter, orderBy *models.SessionOrder) (*SessionConnection, error) {
	page := Page{first, after, last, before}
	all := i.intentions
	pages, err := all.sessions.of(sessionsArguments{page, filter, orderBy}).get(func() (*sessionPages, error) {
		list := models.SessionList{Owner: models.OfIntention, Filters: filters(all.filter, filter)}
		return newSessionPages(all.source, list, page, orderBy, all.labels)
	})
	if err != nil {
		return nil, err
	}
	return pages.connection(i.Label)
}
