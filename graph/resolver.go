package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"sessiongraph/graph/limits"
	"sessiongraph/graph/model"
	"sessiongraph/models"
)

// Resolver answers the root fields.
type Resolver struct {
	model.Source
	subscriptions *limits.SubscriptionLimiter
}

// selectedMeasures returns the measures of SessionStats that the operation selects; the
// others are not computed.
func selectedMeasures(ctx context.Context) models.StatsMeasures {
	selected := graphql.CollectAllFields(ctx)
	return models.StatsMeasures{
		Contacts:  slices.Contains(selected, "contactCount"),
		Messages:  slices.Contains(selected, "messageCount"),
		TalkRound: slices.Contains(selected, "averageTalkRound"),
		Duration:  slices.Contains(selected, "averageDurationSeconds"),
	}
}
