package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/assistant"
	"sessiongraph/graph/transport"
	"sessiongraph/models"
)

// rpcMethod is what a method of the Model Context Protocol needs.
type rpcMethod struct{ notification, params bool }

// Methods that are named more than once.
const (
	methodListTools    = "tools/list"
	methodReadResource = "resources/read"
)

// rpcMethodOf returns a method that is served; those that open streams are not.
func rpcMethodOf(name string) (m rpcMethod, ok bool) {
	switch name {
	case "ping", "server/discover", methodListTools, "resources/list", "resources/templates/list", "prompts/list":
		return rpcMethod{}, true
	case "initialize", "tools/call", methodReadResource:
		return rpcMethod{params: true}, true
	case "notifications/initialized", "notifications/cancelled", "notifications/roots/list_changed":
		return rpcMethod{notification: true}, true
	case "notifications/progress":
		return rpcMethod{notification: true, params: true}, true
	}
	return rpcMethod{}, false
}

// maxID bounds the id of a request, in bytes of its JSON: the answer repeats it.
const maxID = 200

// rpcRequest is a message of a client.
type rpcRequest struct {
	id, method, params models.JSON
	// modern is set where the protocol says by the status what the error of a request is.
	modern bool
}

// readRPC reads a message, and returns the error of one that the SDK would answer with text, or not soon.
func readRPC(body []byte, version string) (m rpcRequest, invalid *jsonrpc.Error) {
	m.modern = version >= "2026-07-28"
	switch kind := models.JSON(body).Kind(); {
	case !json.Valid(body):
		return m, rpcError(jsonrpc.CodeParseError, "the body is not JSON")
	case kind == models.IsArray:
		return m, rpcError(jsonrpc.CodeInvalidRequest, "send one message at a time")
	case kind != models.IsObject:
		return m, rpcError(jsonrpc.CodeInvalidRequest, "the body is not an object")
	}
	object := models.JSON(body)
	m.id, m.method, m.params = object.Get("id"), object.Get("method"), object.Get("params")
	if len(m.id) > maxID || m.id.Kind() != models.IsAbsent && m.id.Kind() != models.IsString &&
		m.id.Kind() != models.IsNumber {
		m.id = nil
		return m, rpcError(jsonrpc.CodeInvalidRequest, "id is not a short text or a number")
	}
	method, known := rpcMethodOf(m.method.Text())
	switch kind := m.params.Kind(); {
	case m.method == nil && (object.Get("result") != nil || object.Get("error") != nil): // a response, to nothing
		return m, nil
	case m.method.Kind() != models.IsString:
		return m, rpcError(jsonrpc.CodeInvalidRequest, "method is not a text")
	case !known:
		return m, rpcError(jsonrpc.CodeMethodNotFound, "there is no such method here")
	case method.notification != (m.id == nil):
		return m, rpcError(jsonrpc.CodeInvalidRequest, "a request has an id, a notification has none")
	case kind != models.IsObject && (method.params || kind != models.IsAbsent && kind != models.IsNull):
		return m, rpcError(jsonrpc.CodeInvalidParams, "params is not an object")
	}
	return m, nil
}

func rpcError(code int64, message string) *jsonrpc.Error {
	return &jsonrpc.Error{Code: code, Message: apierror.Shorten(message)}
}

// unavailable is the error of a call for which too many others run. Its status is 503.
func unavailable(message string) *jsonrpc.Error {
	return &jsonrpc.Error{Code: -32000, Message: message, Data: json.RawMessage(`{"code":"UNAVAILABLE"}`)}
}

// status returns the status of an error that answers a message.
func (m rpcRequest) status(invalid *jsonrpc.Error) int {
	switch {
	case m.id == nil:
		return http.StatusBadRequest
	case m.modern && invalid.Code == jsonrpc.CodeMethodNotFound:
		return http.StatusNotFound
	case m.modern || invalid.Code == jsonrpc.CodeInvalidRequest:
		return http.StatusBadRequest
	default:
		return http.StatusOK
	}
}

// writeError answers a message with an error.
func (m rpcRequest) writeError(w http.ResponseWriter, status int, of *jsonrpc.Error) {
	id := json.RawMessage("null")
	if m.id != nil {
		id = json.RawMessage(m.id)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": id, "error": of})
}

// answerRPC hands requests on to the SDK. Whatever it answers is JSON of a bounded length: it sends texts in place of
// some errors, and repeats what it does not understand.
func answerRPC(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		var over *http.MaxBytesError
		switch {
		case errors.As(err, &over):
			rpcRequest{}.writeError(w, http.StatusRequestEntityTooLarge, rpcError(jsonrpc.CodeInvalidRequest,
				"the request is too large"))
			return
		case err != nil:
			rpcRequest{}.writeError(w, http.StatusBadRequest, rpcError(jsonrpc.CodeInvalidRequest,
				"the request did not arrive to its end"))
			return
		}
		message, invalid := readRPC(body, r.Header.Get("Mcp-Protocol-Version"))
		if invalid != nil {
			message.writeError(w, message.status(invalid), invalid)
			return
		}
		if !transport.AcceptsJSON(r.Header) {
			message.writeError(w, http.StatusNotAcceptable, rpcError(jsonrpc.CodeInvalidRequest,
				"answers are application/json: accept it"))
			return
		}
		r.Header.Set("Accept", "application/json, text/event-stream") // what the SDK insists on
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := &rpcAnswer{header: w.Header()}
		next.ServeHTTP(answer, r)
		message.write(w, answer)
	})
}

// rpcAnswer is an answer of the SDK.
type rpcAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header of the answer.
func (a *rpcAnswer) Header() http.Header { return a.header }

// WriteHeader notes the status.
func (a *rpcAnswer) WriteHeader(status int) { a.status = status }

// Write notes a part of the body.
func (a *rpcAnswer) Write(part []byte) (int, error) { return a.body.Write(part) }

// write writes the answer of the SDK to a message.
func (m rpcRequest) write(w http.ResponseWriter, answer *rpcAnswer) {
	status, body := max(answer.status, http.StatusOK), answer.body.Bytes()
	failed := models.JSON(body).Get("error")
	switch {
	case status >= http.StatusBadRequest && w.Header().Get("Content-Type") != "application/json":
		m.writeError(w, status, rpcError(jsonrpc.CodeInvalidRequest, strings.TrimSpace(string(body))))
		return
	case failed.Get("data").Get("code").Text() == apierror.Unavailable:
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", "1")
	case len(body) <= assistant.MaxAnswer || m.method.Text() == methodReadResource && failed == nil:
	default:
		short := rpcError(jsonrpc.CodeInternalError, "the answer is too long")
		if failed != nil {
			short = rpcError(int64(*failed.Get("code").Number()), failed.Get("message").Text())
		}
		m.writeError(w, status, short)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
