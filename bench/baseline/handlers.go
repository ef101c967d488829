package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

const (
	maxBody     = 8 << 20
	maxPage     = 200
	defaultPage = 20
)

func routes(r *reader, w *writer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /ingest", func(rw http.ResponseWriter, request *http.Request) { ingest(rw, request, w) })
	mux.HandleFunc("GET /sessions", func(rw http.ResponseWriter, request *http.Request) {
		listSessions(rw, request, r)
	})
	mux.HandleFunc("GET /sessions/{callID}", func(rw http.ResponseWriter, request *http.Request) {
		showSession(rw, request, r)
	})
	mux.HandleFunc("GET /readyz", func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "ok\n") })
	return mux
}

// ingest answers once the notification is committed.
func ingest(rw http.ResponseWriter, request *http.Request, w *writer) {
	body, err := io.ReadAll(http.MaxBytesReader(rw, request.Body, maxBody))
	if err != nil {
		http.Error(rw, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	n, err := decodeNotification(body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	if err := w.save(request.Context(), n); err != nil {
		http.Error(rw, err.Error(), http.StatusServiceUnavailable)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(rw, "{}")
}

// listSessions takes first, after and messages=true.
func listSessions(rw http.ResponseWriter, request *http.Request, r *reader) {
	query, size, after := request.URL.Query(), defaultPage, beginning
	var err error
	if text := query.Get("first"); text != "" {
		if size, err = strconv.Atoi(text); err != nil || size < 1 || size > maxPage {
			http.Error(rw, fmt.Sprintf("first: expected 1 to %d", maxPage), http.StatusBadRequest)
			return
		}
	}
	if text := query.Get("after"); text != "" {
		if after, err = decodeCursor(text); err != nil {
			http.Error(rw, "after: "+err.Error(), http.StatusBadRequest)
			return
		}
	}
	page, last, more, err := r.sessions(request.Context(), after, size)
	if err == nil && query.Get("messages") == "true" {
		err = r.readTranscripts(request.Context(), page)
	}
	info := pageInfo{HasNextPage: more}
	if len(page) > 0 {
		cursor := last.cursor()
		info.EndCursor = &cursor
	}
	respond(rw, sessionsData{sessionPage{info, page}}, err)
}

func showSession(rw http.ResponseWriter, request *http.Request, r *reader) {
	s, err := r.session(request.Context(), request.PathValue("callID"))
	if err == nil && s != nil {
		err = r.readTranscripts(request.Context(), []*session{s})
	}
	respond(rw, sessionData{s}, err)
}

func respond(rw http.ResponseWriter, data any, err error) {
	var body []byte
	if err == nil {
		body, err = json.Marshal(answer{data})
	}
	if err != nil {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = rw.Write(body)
}

func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %d", p.startedAt, p.id))
}

func decodeCursor(text string) (p place, err error) {
	decoded, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		_, err = fmt.Sscanf(string(decoded), "%d %d", &p.startedAt, &p.id)
	}
	if err != nil {
		return place{}, errors.New("invalid cursor")
	}
	return p, nil
}
