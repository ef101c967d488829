// Package ingest receives AIRudder's notifications over HTTP: it verifies, decodes and
// stores them, and answers once they are committed.
package ingest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"sessiongraph/internal/httperror"
	"sessiongraph/models"
)

// Received is a notification as it arrived.
type Received struct {
	Body []byte
	Sign string // its X-AIRudder-Sign
	At   time.Time
}

// Receipt says what became of a notification that is committed.
type Receipt struct {
	ID      int64 // number in the ledger
	Repeat  bool  // the body was in the ledger already
	Outcome models.Outcome
	Reason  string // of a notification in quarantine
}

// Saver stores a notification; it returns once that is committed, or at the deadline of ctx.
type Saver interface {
	Save(ctx context.Context, r Received) (Receipt, error)
}

// Handler answers POST /ingest.
type Handler struct {
	Keys     Keys
	Verifier *Verifier
	Saver    Saver
	MaxBody  int64 // bytes
	Metrics  *Metrics
	Log      *slog.Logger
	Now      func() time.Time

	budget     *budget
	rejections rejections
	failures   *limitedLog // responses 503
	rejected   *limitedLog // responses 400, 401 for want of a key, 403, 413 and 415
}

// NewHandler makes the handler of the route.
func NewHandler(verifier *Verifier, saver Saver, maxBody int64, metrics *Metrics, log *slog.Logger) *Handler {
	return &Handler{
		Verifier: verifier, Saver: saver, MaxBody: maxBody, Metrics: metrics, Log: log, Now: time.Now,
		budget:   newBudget(),
		failures: newLimitedLog(log, slog.LevelError, "notifications not stored"),
		rejected: newLimitedLog(log, slog.LevelWarn, "notifications refused"),
	}
}

// httpError is a response other than 200.
type httpError struct {
	httperror.Error
	unread bool // the rest of the body has to be discarded
}

func newHTTPError(status int, code, message string) *httpError {
	return &httpError{Error: httperror.Error{Status: status, Code: code, Message: message}}
}

// OutcomeHeader says on an answer 200 what became of the notification: stored, repeat,
// or quarantined with the reason.
const OutcomeHeader = "X-Sessiongraph-Outcome"

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	receipt, failed := h.receive(w, r)
	if failed != nil {
		h.Metrics.answered(failed.Status, time.Since(began))
		switch {
		case failed.Status == http.StatusBadRequest, failed.Status == http.StatusForbidden,
			failed.Status == http.StatusRequestEntityTooLarge, failed.Status == http.StatusUnsupportedMediaType,
			failed.Code == badKey:
			h.rejected.add(r.Context(), "status", failed.Status, "reason", failed.Message)
		}
		failed.Write(w)
		if failed.unread {
			discard(w, r.Body)
		}
		return
	}
	h.Metrics.answered(http.StatusOK, time.Since(began))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set(OutcomeHeader, outcomeOf(receipt))
	_, _ = io.WriteString(w, "{}")
}

func (h *Handler) receive(w http.ResponseWriter, r *http.Request) (Receipt, *httpError) {
	if failed := checkRequest(w, r, h.Keys); failed != nil {
		return Receipt{}, failed
	}
	body, held, failed := h.readBody(w, r)
	defer held.release()
	if failed != nil {
		return Receipt{}, failed
	}
	sign := r.Header.Get(SignHeader)
	if !h.Verifier.Accept(sign, body) {
		return Receipt{}, h.reject(r, sign, body)
	}

	// A client that leaves does not take its notification with it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), maxWait-held.waited)
	defer cancel()
	receipt, err := h.Saver.Save(ctx, Received{body, sign, h.Now()})
	if err != nil {
		return Receipt{}, h.unavailable(r.Context(), w, err)
	}
	h.Metrics.stored(receipt.Outcome)
	switch receipt.Outcome {
	case models.Refused:
		return Receipt{}, newHTTPError(http.StatusBadRequest, "NOT_A_JSON_OBJECT",
			receipt.Reason+": send one notification, a JSON object")
	case models.Quarantined:
		h.Log.WarnContext(r.Context(), "notification quarantined",
			"notification", receipt.ID, "call_id", shorten(models.JSON(body).Get("call_id").Text(), 100),
			"reason", receipt.Reason)
	}
	return receipt, nil
}

// badKey is the code of an address without one of the keys.
const badKey = "BAD_KEY"

// checkRequest looks at the request's line and headers. The path value key is what the address names.
func checkRequest(w http.ResponseWriter, r *http.Request, keys Keys) *httpError {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return newHTTPError(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED",
			"send the notification by POST")
	}
	if !keys.Accept(r.PathValue("key")) {
		return newHTTPError(http.StatusUnauthorized, badKey,
			"the address does not name a valid key: send the notification to /ingest/KEY, with the key agreed on")
	}
	if fromBrowser(r.Header) {
		return newHTTPError(http.StatusForbidden, "FORBIDDEN",
			"notifications are not accepted from web pages: send them from a server, without Origin")
	}
	encoding := strings.Join(r.Header.Values("Content-Encoding"), ", ")
	if encoding != "" && !strings.EqualFold(encoding, "identity") {
		return newHTTPError(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE",
			"Content-Encoding "+strconv.Quote(shorten(encoding, 40))+" is not supported: send the body uncompressed")
	}
	if problem := contentTypeProblem(r.Header.Get("Content-Type")); problem != "" {
		return newHTTPError(http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE",
			problem+": send the notification as application/json in UTF-8")
	}
	return nil
}

// fromBrowser recognises requests of web pages, which may not store in a server on the
// reader's own machine. Browsers cannot leave these headers out.
func fromBrowser(header http.Header) bool {
	site := header.Get("Sec-Fetch-Site")
	return header.Values("Origin") != nil || site == "cross-site" || site == "same-site"
}

// contentTypeProblem says what is wrong with a content type; none at all counts as JSON.
func contentTypeProblem(contentType string) string {
	if contentType == "" {
		return ""
	}
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != "application/json" {
		return "Content-Type " + strconv.Quote(shorten(contentType, 100)) + " is not supported"
	}
	charset := parameters["charset"]
	if charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return "charset " + strconv.Quote(shorten(charset, 40)) + " is not supported"
	}
	return ""
}

func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *held, *httpError) {
	tooLarge := newHTTPError(http.StatusRequestEntityTooLarge, "TOO_LARGE",
		"the body has more than "+strconv.FormatInt(h.MaxBody, 10)+" bytes")
	if r.ContentLength > h.MaxBody {
		w.Header().Set("Connection", "close")
		return nil, nil, tooLarge
	}
	body, held, err := h.budget.read(http.MaxBytesReader(w, r.Body, h.MaxBody), r.ContentLength, h.MaxBody)
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, held, tooLarge
	case errors.Is(err, ErrQueueFull):
		_ = http.NewResponseController(w).EnableFullDuplex() // it is answered before all of it is read
		w.Header().Set("Connection", "close")
		busy := h.unavailable(r.Context(), w, err)
		busy.unread = true
		return nil, held, busy
	case errors.Is(err, os.ErrDeadlineExceeded): // a slow network's fault perhaps: a sender may not repeat after a 400
		w.Header().Set("Retry-After", "1")
		return nil, held, newHTTPError(http.StatusServiceUnavailable, "UNAVAILABLE",
			"the body did not arrive in time, send it again")
	case err != nil:
		return nil, held, newHTTPError(http.StatusBadRequest, "INCOMPLETE_BODY",
			"the body could not be read to its end")
	}
	return body, held, nil
}

func (h *Handler) unavailable(ctx context.Context, w http.ResponseWriter, err error) *httpError {
	h.failures.add(ctx, "error", err)
	w.Header().Set("Retry-After", "1")
	return newHTTPError(http.StatusServiceUnavailable, "UNAVAILABLE",
		"the notification could not be stored now, send it again")
}

// reject counts a signature that does not verify.
func (h *Handler) reject(r *http.Request, sign string, body []byte) *httpError {
	header := "present"
	switch {
	case r.Header.Values(SignHeader) == nil:
		header = "missing"
	case sign == "":
		header = "empty"
	}
	if total, lacking := h.rejections.count(sign == ""); isPowerOfTwo(total) {
		h.Log.WarnContext(r.Context(), "signatures rejected", "notifications", total, "without_signature", lacking,
			"header", header, "scheme", h.Verifier.Scheme.String(),
			"would_verify", schemeNames(h.Verifier.Matching(sign, body)))
	}
	if sign == "" {
		return newHTTPError(http.StatusUnauthorized, "BAD_SIGNATURE",
			"the header "+SignHeader+" is "+header+": sign the body's bytes with the secret agreed on")
	}
	return newHTTPError(http.StatusUnauthorized, "BAD_SIGNATURE",
		SignHeader+" does not match the body: sign its bytes as they are sent, with the secret agreed on")
}

func schemeNames(schemes []Scheme) string {
	if len(schemes) == 0 {
		return "none"
	}
	names := make([]string, len(schemes))
	for i, scheme := range schemes {
		names[i] = scheme.String()
	}
	return strings.Join(names, ", ")
}

// outcomeOf is a receipt as OutcomeHeader shows it.
func outcomeOf(r Receipt) string {
	switch {
	case r.Outcome == models.Quarantined && strings.HasPrefix(r.Reason, rejectedReason):
		return "quarantined; " + rejectedReason // the database's own words are for the log
	case r.Outcome == models.Quarantined:
		return "quarantined; " + headerText(r.Reason)
	case r.Repeat:
		return "repeat"
	default:
		return "stored"
	}
}

// headerText is a text that may stand in a header.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, shorten(s, 200))
}

func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
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
		return nil, models.Refused, err.Error() + ": " + whyNotObject(body)
	default:
		return nil, models.Quarantined, err.Error()
	}
}

// discard reads what is left of a body: a connection that is closed before is reset, and its
// client may never see the answer.
func discard(w http.ResponseWriter, body io.Reader) {
	_ = http.NewResponseController(w).Flush()
	_, _ = io.Copy(io.Discard, body)
}
