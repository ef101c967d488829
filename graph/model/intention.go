package model

import (
	"context"

	"sessiongraph/models"
)

// intentionBatch is labels whose fields are loaded together, under one filter.
type intentionBatch struct {
	source   Source
	filter   *models.SessionFilter // of the field that returned them
	labels   []string
	counts   loadOnce[map[string]int]
	total    loadOnce[int] // sessions of any label
	sessions batchCache[sessionsArguments, *sessionPages]
}

// Intention is a label that AIRudder's robot gave to sessions.
type Intention struct {
	Label string
	batch *intentionBatch
}

// SessionCount is the number of sessions with the label.
func (i *Intention) SessionCount(ctx context.Context) (int, error) {
	all := i.batch
	counts, err := all.counts.get(func() (map[string]int, error) {
		list := models.SessionList{Scope: models.OfIntention, Filters: filters(all.filter)}
		return all.source.Store.CountSessions(ctx, list, all.labels)
	})
	return counts[i.Label], err
}

// Share is SessionCount as a fraction (0 to 1) of all sessions under the filter.
func (i *Intention) Share(ctx context.Context) (float64, error) {
	all := i.batch
	total, err := all.total.get(func() (int, error) {
		counts, err := all.source.Store.CountSessions(ctx, models.SessionList{Filters: filters(all.filter)},
			[]string{""})
		return counts[""], err
	})
	if err != nil || total == 0 {
		return 0, err
	}
	count, err := i.SessionCount(ctx)
	return float64(count) / float64(total), err
}

// Sessions is a page of the sessions with the label that pass both filters.
func (i *Intention) Sessions(
	first *int, after *string, last *int, before *string, filter *models.SessionFilter, orderBy *models.SessionOrder,
) (*SessionConnection, error) {
	page := Page{first, after, last, before}
	all := i.batch
	pages, err := all.sessions.of(sessionsArguments{page, filter, orderBy}).get(func() (*sessionPages, error) {
		list := models.SessionList{Scope: models.OfIntention, Filters: filters(all.filter, filter)}
		return newSessionPages(all.source, list, page, orderBy, all.labels)
	})
	if err != nil {
		return nil, err
	}
	return pages.connection(i.Label)
}
