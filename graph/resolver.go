package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"sessiongraph/graph/limits"
	"sessiongraph/graph/model"
	"sessiongraph/models"
	"sessiongraph/models/mask"
	"sessiongraph/models/store"
)

// Resolver answers the root fields.
type Resolver struct {
	model.Source
	events        eventSource
	subscriptions *limits.SubscriptionLimiter
}

// eventSource has the events of sessions that are stored; the store is one.
type eventSource interface {
	Events(ctx context.Context, filter *models.SessionFilter, after *models.EventPlace) (*store.EventStream, error)
}

// reader is what the root fields are answered from.
type reader interface {
	model.Reader
	eventSource
	// Unmasked returns the names of NER slots and variables whose values every viewer sees.
	Unmasked() *mask.Names
}

// selectedMeasures returns the measures of SessionStats that the operation selects; the
// others are not computed.
func selectedMeasures(ctx context.Context) models.StatsMeasures {
	selected := graphql.CollectAllFields(ctx)
	selects := func(fields ...string) bool {
		return slices.ContainsFunc(fields, func(field string) bool { return slices.Contains(selected, field) })
	}
	return models.StatsMeasures{
		Contacts:  selects("contactCount"),
		Messages:  selects("messageCount"),
		TalkRound: selects("averageTalkRound"),
		Duration:  selects("averageDurationSeconds"),
		Outcomes: selects("engagedCount", "handoverCount", "abandonedCount", "handoverRate",
			"deflectionRate"),
		Waits: selects("medianWaitSeconds", "p90WaitSeconds"),
	}
}

// viewer returns the viewer as the API shows them: with lists that are empty where nothing is limited.
func viewer(ctx context.Context) (*models.Viewer, error) {
	asks := models.ViewerOf(ctx)
	if asks == nil {
		return nil, errUnauthenticated()
	}
	shown := *asks
	for _, list := range []*[]string{&shown.WorkflowIDs, &shown.RobotIDs, &shown.Channels} {
		*list = slices.Concat([]string{}, *list)
	}
	shown.Scopes = slices.Concat([]models.Scope{}, shown.Scopes)
	return &shown, nil
}
