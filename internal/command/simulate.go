package command

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"sessiongraph/internal/simulate"
)

// Simulate are the settings of simulate.
type Simulate struct {
	Count Count  `default:"100" placeholder:"N" help:"How many notifications."`
	Seed  uint64 `default:"1" placeholder:"N" help:"The same seed invents the same notifications."`
	To    string `placeholder:"URL" help:"Post them to this ingest route, such as http://127.0.0.1:8080/ingest, in place of writing them to standard output."`
}

// Requests that are under way at once.
const simulateConnections = 16

// Run writes the notifications to standard output, one a line, or posts them.
func (c Simulate) Run(ctx context.Context, s Streams) error {
	generator := simulate.New(c.Seed)
	if c.To != "" {
		return c.post(ctx, generator, s)
	}
	out := bufio.NewWriterSize(s.Out, 1<<20)
	for n := range int(c.Count) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := out.Write(append(generator.Notification(n), '\n')); err != nil {
			return fmt.Errorf("simulate: %w", err)
		}
	}
	return out.Flush()
}

func (c Simulate) post(ctx context.Context, generator *simulate.Generator, s Streams) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: simulateConnections}}
	numbers := make(chan int)
	posted := make(chan struct{})
	var workers sync.WaitGroup
	for range simulateConnections {
		workers.Go(func() {
			for n := range numbers {
				if err := c.postOne(ctx, client, generator.Notification(n)); err != nil {
					cancel(err)
					return
				}
				posted <- struct{}{}
			}
		})
	}
	go func() {
		defer close(numbers)
		for n := range int(c.Count) {
			select {
			case numbers <- n:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() { workers.Wait(); close(posted) }()
	shown := newProgress(s.Err, "posted", int(c.Count))
	for range posted {
		shown.add(1)
	}
	shown.end()
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("simulate: %w", err)
	}
	_, _ = fmt.Fprintf(s.Out, "%d notifications posted\n", shown.done)
	return nil
}

// postOne sends again what the server could not take, as AIRudder would.
func (c Simulate) postOne(ctx context.Context, client *http.Client, body []byte) error {
	for attempt := 1; ; attempt++ {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.To, bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		_, readErr := io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
		err = errors.Join(readErr, response.Body.Close())
		if err == nil && response.StatusCode == http.StatusOK {
			return nil
		}
		if response.StatusCode != http.StatusServiceUnavailable || attempt == 30 {
			return errors.Join(fmt.Errorf("%s answered %s", c.To, response.Status), err)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
