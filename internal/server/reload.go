package server

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// reloads passes SIGHUP on to those who then read their files at once.
type reloads struct {
	signals     chan os.Signal
	subscribers []chan struct{}
}

// newReloads returns reloads that catch the signal from now on. Those who subscribe do so before run.
func newReloads() *reloads {
	r := &reloads{signals: make(chan os.Signal, 1)}
	signal.Notify(r.signals, syscall.SIGHUP)
	return r
}

func (r *reloads) subscribe() <-chan struct{} {
	c := make(chan struct{}, 1)
	r.subscribers = append(r.subscribers, c)
	return c
}

// run passes signals on until ctx ends, and calls also with each.
func (r *reloads) run(ctx context.Context, log *slog.Logger, also func() error) {
	for {
		select {
		case <-r.signals:
		case <-ctx.Done():
			return
		}
		log.Info("SIGHUP: reading tokens, documents, names and log level again")
		for _, c := range r.subscribers {
			select {
			case c <- struct{}{}:
			default: // it is about to read
			}
		}
		if err := also(); err != nil {
			log.Error("the log level stays", "error", err)
		}
	}
}

// stop lets go of the signal.
func (r *reloads) stop() { signal.Stop(r.signals) }
