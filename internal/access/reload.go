package access

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"
)

// maxContent bounds the tokens file and a key set.
const maxContent = 1 << 20 // bytes

// Intervals at which content is read again. Reading a file is cheap, and finds changes that its times do not show.
const (
	fileInterval  = 2 * time.Second
	urlInterval   = time.Minute
	retryInterval = 5 * time.Second // of a URL after an error
	fetchTimeout  = 10 * time.Second
)

// reloaded is content that is read again and again, and applied when it has changed.
type reloaded struct {
	what  string // in the log
	name  string // of the file or URL
	every time.Duration
	retry time.Duration
	wake  chan struct{} // has it read now
	read  func(context.Context) ([]byte, error)
	apply func(content []byte) error // its error leaves what was applied before in force

	content []byte // last read
	invalid error  // why the content was not applied
	failure string // of the last refresh; each is logged once
}

// refresh reads the content, and applies it if it has changed.
func (r *reloaded) refresh(ctx context.Context) error {
	content, err := r.read(ctx)
	if err != nil {
		r.content = nil
		return err
	}
	if r.content != nil && bytes.Equal(content, r.content) {
		return r.invalid
	}
	r.content, r.invalid = content, r.apply(content)
	if r.invalid != nil {
		r.invalid = fmt.Errorf("%s: %w", r.name, r.invalid)
	}
	return r.invalid
}

// readNow has run refresh now.
func (r *reloaded) readNow() {
	select {
	case r.wake <- struct{}{}:
	default: // it is about to
	}
}

// run refreshes until ctx ends.
func (r *reloaded) run(ctx context.Context, log *slog.Logger) {
	for {
		pause := r.every
		if r.failure != "" {
			pause = r.retry
		}
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-time.After(pause):
		}

		err := r.refresh(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && r.failure != "":
			log.Info(r.what + " valid again")
			r.failure = ""
		case err != nil && err.Error() != r.failure:
			r.failure = err.Error()
			log.Error(r.what+" not taken up: what was read before stays in force", "error", r.failure)
		}
	}
}

// contentOf returns a function that reads a file or a URL, within the bounds of size and time.
func contentOf(client *http.Client, name string) func(context.Context) ([]byte, error) {
	if isURL(name) {
		return func(ctx context.Context) ([]byte, error) { return fetch(ctx, client, name) }
	}
	return func(context.Context) ([]byte, error) {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		return readBounded(file)
	}
}

func isURL(name string) bool {
	return strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://")
}

func fetch(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", request.URL.Redacted(), response.Status)
	}
	return readBounded(response.Body)
}

func readBounded(r io.Reader) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(r, maxContent+1))
	if err == nil && len(content) > maxContent {
		err = fmt.Errorf("more than %d bytes", maxContent)
	}
	return content, err
}
