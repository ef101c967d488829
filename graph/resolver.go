package graph

import (
	"context"
	"log/slog"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"sessiongraph/graph/view"
	"sessiongraph/models"
)

// Resolver answers the root fields.
type Resolver struct {
	view.Source
	log *slog.Logger
}

// selectedMeasures are the measures of SessionStats that the operation selects;
// what nobody reads is not computed.
func selectedMeasures(ctx context.Context) models.StatsMeasures {
	selected := graphql.CollectAllFields(ctx)
	return models.StatsMeasures{
		Contacts:  slices.Contains(selected, "contactCount"),
		Messages:  slices.Contains(selected, "messageCount"),
		TalkRound: slices.Contains(selected, "averageTalkRound"),
		Duration:  slices.Contains(selected, "averageDurationSeconds"),
	}
}

// subscriptionFailed tells the subscriber that its events end early, and the log why.
func (r *Resolver) subscriptionFailed(ctx context.Context) func(error) {
	return func(err error) {
		r.log.ErrorContext(ctx, "subscription failed", "error", err)
	}
}
