package server

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"sessiongraph/models"
	"sessiongraph/models/store"
)

// retentionInterval is the time between two removals of sessions beyond an age.
func retentionInterval(age time.Duration) time.Duration {
	return min(max(age/24, time.Hour), 24*time.Hour)
}

// retentionRetryInterval is the time between a removal that failed and the next.
const retentionRetryInterval = 10 * time.Minute

// runRetention removes sessions beyond an age until ctx ends. First it finishes a removal
// that was interrupted, also where the age is 0 and nothing else is removed.
func runRetention(ctx context.Context, database *store.Store, age time.Duration, log *slog.Logger) {
	if age > 0 {
		logRetention(ctx, database, age, log)
	}
	for {
		wait := retentionInterval(age)
		if err := retainOnce(ctx, database, age, log); err != nil {
			if ctx.Err() != nil {
				return
			}
			wait = retentionRetryInterval
			log.Error("retention failed", "error", err, "next", time.Now().Add(wait).Format(time.RFC3339))
		} else if age <= 0 {
			return
		}

		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// logRetention logs what the setting means before anything is removed.
func logRetention(ctx context.Context, database *store.Store, age time.Duration, log *slog.Logger) {
	before := time.Now().Add(-age)
	counted, err := database.Prunable(ctx, models.TimeOf(before))
	if err != nil {
		log.Warn("sessions past retention not counted", "error", err)
		return
	}
	log.Info("retention is on", "retention", fmt.Sprintf("%gd", age.Hours()/24),
		"before", before.UTC().Format(time.RFC3339), "would_delete", counted.Sessions,
		"next", time.Now().Add(retentionInterval(age)).UTC().Format(time.RFC3339))
}

func retainOnce(ctx context.Context, database *store.Store, age time.Duration, log *slog.Logger) error {
	if age <= 0 {
		return database.FinishRemoval(ctx, store.RemovalProgress{})
	}
	removed, err := database.Prune(ctx, models.TimeOf(time.Now().Add(-age)), store.RemovalProgress{})
	if removed.Notifications > 0 {
		log.Info("retention", "sessions", removed.Sessions, "messages", removed.Messages,
			"notifications", removed.Notifications)
	}
	return err
}
