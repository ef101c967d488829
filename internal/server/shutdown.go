package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

const (
	// For so long /readyz answers 503 before connections are refused, so that load
	// balancers send no more of them.
	drainNotice = 300 * time.Millisecond
	// In-flight requests have so long to end.
	gracePeriod = 10 * time.Second
)

// shutDown waits for in-flight requests to end, and closes the connections of those that
// do not, which loses no notification: none of them was acknowledged.
func shutDown(server *http.Server, log *slog.Logger) error {
	log.Info("stopping")
	time.Sleep(drainNotice)

	ctx, cancel := context.WithTimeout(context.Background(), gracePeriod)
	defer cancel()
	err := server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("clients that did not take their answers were cut off", "after", gracePeriod)
		err = server.Close()
	}
	if err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}
