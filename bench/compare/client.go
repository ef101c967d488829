package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const pageSize = 50

//go:embed operations/session.graphql
var sessionFragment string

//go:embed operations/content.graphql
var contentFragment string

//go:embed operations/list.graphql
var listOperation string

//go:embed operations/transcripts.graphql
var transcriptsOperation string

//go:embed operations/one.graphql
var oneOperation string

type object = map[string]any

// request is an HTTP request that can be sent any number of times.
type request struct {
	method, path string
	body         []byte
}

// api builds the requests for what both programs answer.
type api interface {
	page(messages bool, after string) request
	session(callID string) request
}

// graphQL is the API of sessiongraph.
type graphQL struct{}

func (graphQL) page(messages bool, after string) request {
	variables := object{"first": pageSize}
	if after != "" {
		variables["after"] = after
	}
	if messages {
		return operation(transcriptsOperation+sessionFragment+contentFragment, variables)
	}
	return operation(listOperation+sessionFragment, variables)
}

func (graphQL) session(callID string) request {
	return operation(oneOperation+sessionFragment+contentFragment, object{"callId": callID})
}

func operation(query string, variables object) request {
	body, err := json.Marshal(object{"query": query, "variables": variables})
	if err != nil {
		panic(err) // unreachable: strings, numbers and maps of them
	}
	return request{http.MethodPost, "/query", body}
}

// rest is the API of the baseline.
type rest struct{}

func (rest) page(messages bool, after string) request {
	parameters := url.Values{"first": {strconv.Itoa(pageSize)}, "messages": {strconv.FormatBool(messages)}}
	if after != "" {
		parameters.Set("after", after)
	}
	return request{http.MethodGet, "/sessions?" + parameters.Encode(), nil}
}

func (rest) session(callID string) request {
	return request{http.MethodGet, "/sessions/" + url.PathEscape(callID), nil}
}

// client sends requests over connections that stay open.
type client struct {
	http  *http.Client
	base  string
	token string
}

func newClient(p *server, connections int) *client {
	return &client{&http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true,
	}}, p.process.URL, p.token}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// errBusy is an answer with the status 503.
var errBusy = errors.New("busy")

// retryAfter is when a request is sent again that was answered 503.
const retryAfter = 100 * time.Millisecond

// sendUntilTaken is send into an empty buffer, again as long as the program is busy.
func (c *client) sendUntilTaken(ctx context.Context, r request, buffer *bytes.Buffer) error {
	for {
		buffer.Reset()
		err := c.send(ctx, r, buffer)
		if !errors.Is(err, errBusy) || ctx.Err() != nil {
			return err
		}
		time.Sleep(retryAfter)
	}
}

// send appends the response body to buffer; a status other than 200 and GraphQL errors are errors.
func (c *client) send(ctx context.Context, r request, buffer *bytes.Buffer) error {
	sent, err := http.NewRequestWithContext(ctx, r.method, c.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return err
	}
	if r.body != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		sent.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(sent)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := buffer.ReadFrom(response.Body); err != nil {
		return err
	}
	answer := buffer.Bytes()
	if response.StatusCode == http.StatusServiceUnavailable {
		return fmt.Errorf("%s %s: %w: %.300s", r.method, r.path, errBusy, answer)
	}
	failed := bytes.HasPrefix(answer, []byte(`{"errors"`)) || bytes.HasPrefix(answer, []byte(`{"data":null`))
	if response.StatusCode != http.StatusOK || failed {
		return fmt.Errorf("%s %s: %s: %.300s", r.method, r.path, response.Status, answer)
	}
	return nil
}

// answer sends a request and decodes the answer.
func (c *client) answer(ctx context.Context, r request) (answer any, err error) {
	var buffer bytes.Buffer
	if err := c.send(ctx, r, &buffer); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(buffer.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("%s: %w", r.path, err)
	}
	return answer, nil
}
