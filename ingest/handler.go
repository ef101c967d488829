// Package ingest is AIRudder's door: it verifies, decodes and saves the
// notifications that it is sent, and answers when they are on disk.
package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"time"

	"sessiongraph/models"
)

// Saver keeps one delivery; it returns when that is on disk.
type Saver interface {
	Save(ctx context.Context, d models.Delivery) error
}

// Handler answers POST /ingest.
type Handler struct {
	Verifier *Verifier
	Saver    Saver
	MaxBody  int64 // bytes
	Metrics  *Metrics
	Log      *slog.Logger
	Now      func() time.Time
}

// refusal is an answer other than 200: what went wrong and what to change.
type refusal struct {
	status  int
	code    string
	message string
}

func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if refused := h.receive(w, r); refused != nil {
		h.Metrics.answered(refused.status)
		answerError(w, *refused)
		return
	}
	h.Metrics.answered(http.StatusOK)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, "{}")
}

func (h Handler) receive(w http.ResponseWriter, r *http.Request) *refusal {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return &refusal{http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "send the notification by POST"}
	}
	if !isJSON(r.Header.Get("Content-Type")) {
		return &refusal{http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", "send the notification as application/json in UTF-8"}
	}
	body, refused := h.readBody(w, r)
	if refused != nil {
		return refused
	}
	sign := r.Header.Get("X-AIRudder-Sign")
	if !h.Verifier.Accept(sign, body) {
		return &refusal{http.StatusUnauthorized, "BAD_SIGNATURE", "X-AIRudder-Sign does not verify: sign the body's bytes with the secret agreed on"}
	}
	delivery := NewDelivery(body, sign, h.Now())
	if err := h.Saver.Save(r.Context(), delivery); err != nil {
		h.Log.ErrorContext(r.Context(), "notification not stored", "error", err)
		w.Header().Set("Retry-After", "1")
		return &refusal{http.StatusServiceUnavailable, "UNAVAILABLE", "the notification could not be stored now, send it again"}
	}
	h.Metrics.stored(delivery.Outcome)
	switch delivery.Outcome {
	case models.Refused:
		return &refusal{http.StatusBadRequest, "NOT_A_JSON_OBJECT", "the body has to be one JSON object"}
	case models.Quarantined:
		h.Log.WarnContext(r.Context(), "notification quarantined", "reason", delivery.Reason)
	}
	return nil
}

func (h Handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	tooLarge := &refusal{http.StatusRequestEntityTooLarge, "TOO_LARGE",
		"the body has more than " + strconv.FormatInt(h.MaxBody, 10) + " bytes"}
	if r.ContentLength > h.MaxBody {
		w.Header().Set("Connection", "close")
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, h.MaxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "INCOMPLETE_BODY", "the body could not be read to its end"}
	}
	return body, nil
}

// NewDelivery decodes a body that arrived at that time into what is to be kept of it.
func NewDelivery(body []byte, sign string, at time.Time) models.Delivery {
	d := models.Delivery{Body: body, Sign: sign, ReceivedAt: models.TimeOf(at)}
	d.Projection, d.Outcome, d.Reason = Project(body)
	return d
}

// Project is Decode for the ledger: what becomes of a body, and why it has no projection.
func Project(body []byte) (*models.Projection, models.Outcome, string) {
	projection, err := Decode(body)
	switch {
	case err == nil:
		return projection, models.Projected, ""
	case errors.Is(err, ErrNotObject):
		return nil, models.Refused, err.Error()
	default:
		return nil, models.Quarantined, err.Error()
	}
}

// isJSON takes no content type at all for JSON.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType)
	return err == nil && mediaType == "application/json"
}

func answerError(w http.ResponseWriter, r refusal) {
	type detail struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	body, err := json.Marshal(map[string]detail{"error": {r.code, r.message}})
	if err != nil {
		body = []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(r.status)
	_, _ = w.Write(body)
}
