package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"sessiongraph/ingest"
	"sessiongraph/internal/simulate"
)

// Simulate are the settings of simulate.
type Simulate struct {
	Count Count       `default:"100" placeholder:"N" help:"Number of notifications (${default})."`
	Seed  uint64      `default:"1" placeholder:"N" help:"The same seed and --until invent the same notifications (${default})."`
	Until SimulateEnd `default:"now" placeholder:"TIME" help:"End of the 90 days in which the sessions lie: now, which is the last full hour, or an RFC 3339 time (${default})."`
	To    IngestURL   `placeholder:"URL" help:"Post them to this ingest route, e.g. http://127.0.0.1:8080/ingest, instead of writing them to standard output."`
	Secret
}

// Help returns the text that --help adds to the summary.
func (Simulate) Help() string {
	return "Writes notifications to standard output, one per line, as import reads them, or posts them. " +
		"With a secret, posted notifications are signed. The same seed at another time has the same call_ids: " +
		"posted to the same server, they are newer versions of the same sessions.\n\n" +
		"  sessiongraph simulate --count 1000 --to http://127.0.0.1:8080/ingest"
}

// SimulateEnd is a time, the zero time for now.
type SimulateEnd time.Time

// UnmarshalText reads now or an RFC 3339 time.
func (e *SimulateEnd) UnmarshalText(text []byte) error {
	if string(text) == "now" {
		*e = SimulateEnd{}
		return nil
	}
	end, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return fmt.Errorf("invalid time %q (want now or RFC 3339, e.g. 2025-06-30T00:00:00Z)", text)
	}
	*e = SimulateEnd(end)
	return nil
}

// at returns the end. For now it is a full hour, so that a second run repeats the sessions
// of the first instead of shifting them.
func (e SimulateEnd) at(now time.Time) time.Time {
	if end := time.Time(e); !end.IsZero() {
		return end
	}
	return now.Truncate(time.Hour)
}

// simulateConnections is the number of concurrent requests.
const simulateConnections = 16

// Run writes the notifications to standard output, one a line, or posts them.
func (c Simulate) Run(ctx context.Context, s Streams) error {
	generator := simulate.NewUntil(c.Seed, c.Until.at(time.Now()))
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
	sign, err := c.signer()
	if err != nil {
		return err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: simulateConnections}
	client := &http.Client{Timeout: 30 * time.Second, Transport: transport}
	numbers := make(chan int)
	posted := make(chan struct{})
	var workers sync.WaitGroup
	for range simulateConnections {
		workers.Go(func() {
			for n := range numbers {
				if err := c.postOne(ctx, client, sign, generator.Notification(n)); err != nil {
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

// postOne posts a notification, again after a 503, as AIRudder does.
func (c Simulate) postOne(ctx context.Context, client *http.Client, sign func([]byte) string, body []byte) error {
	for attempt := 1; ; attempt++ {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, string(c.To), bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		if sign != nil {
			request.Header.Set(ingest.SignHeader, sign(body))
		}
		response, err := client.Do(request)
		if err != nil {
			return fmt.Errorf("%s: %w", c.To, withoutRequest(err))
		}
		answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
		err = errors.Join(err, response.Body.Close())
		if response.StatusCode == http.StatusOK {
			return err
		}
		if response.StatusCode != http.StatusServiceUnavailable || attempt == 30 {
			return fmt.Errorf("%s answered %s%s", c.To, response.Status, reasonOf(answer))
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// reasonOf is the message of an error of /ingest, or the first line of another answer.
func reasonOf(answer []byte) string {
	const most = 200 // bytes
	var ours struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if json.Unmarshal(answer, &ours) == nil && ours.Error.Message != "" {
		return ": " + visible(ours.Error.Message)
	}
	line, _, _ := bytes.Cut(bytes.TrimSpace(answer), []byte("\n"))
	if len(line) == 0 || len(line) > most {
		return ""
	}
	return ": " + visible(string(line))
}
