package ingest

import (
	"bytes"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// signedServer is the route with a verifier, over a store and a registry.
type signedServer struct {
	handler  *Handler
	store    *store.Store
	registry *prometheus.Registry
	log      *bytes.Buffer
}

func serveSigned(t *testing.T, mode SignMode, scheme string, secrets ...string) signedServer {
	t.Helper()
	s := signedServer{store: openStore(t, testdb.SQLite), registry: prometheus.NewRegistry(), log: new(bytes.Buffer)}
	metrics := NewMetrics(s.registry)
	writer := NewWriter(s.store, metrics)
	t.Cleanup(writer.Close)
	s.handler = NewHandler(nil, writer, maxBody, metrics, slog.New(slog.NewTextHandler(s.log, nil)))
	s.handler.Verifier = mustVerify(t, mode, scheme, secrets...)
	s.handler.Verifier.Observed, s.handler.Verifier.Verified = metrics.Observer(s.handler.Log), metrics.Verified
	return s
}

func (s signedServer) post(sign *string, body string) answer {
	request := httptest.NewRequest(http.MethodPost, "/ingest", strings.NewReader(body))
	if sign != nil {
		request.Header.Set("X-AIRudder-Sign", *sign)
	}
	response := httptest.NewRecorder()
	s.handler.ServeHTTP(response, request)
	return answer{response.Code, response.Header(), response.Body.String()}
}

// ledger is the bodies that are kept, in order of arrival.
func (s signedServer) ledger(t *testing.T) []string {
	t.Helper()
	bodies := []string{}
	err := s.store.Ledger(t.Context(), func(int, int) {}, nil, func(_ *models.Notification, body []byte) error {
		bodies = append(bodies, string(body))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bodies
}

// checkCounter compares a metric's counts, by its one label.
func (s signedServer) checkCounter(t *testing.T, name string, want map[string]float64) {
	t.Helper()
	got := map[string]float64{}
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name {
				got[metric.GetLabel()[0].GetValue()] = metric.GetCounter().GetValue()
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

func TestUnsignedNotificationsAreRefusedAndNotKept(t *testing.T) {
	scheme := allSignings()[0]
	s := serveSigned(t, SignEnforce, scheme.String(), "new", "old")
	forged := scheme.sign("guessed", signedTime, signedBody)
	empty := ""
	for _, sign := range []*string{nil, &empty, &forged} {
		for _, body := range []string{string(vendorExample(t)), `{}`, `no JSON`, ``, strings.Repeat("[", maxBody)} {
			s.post(sign, body).check(t, http.StatusUnauthorized, "BAD_SIGNATURE")
		}
	}
	if kept := s.ledger(t); len(kept) > 0 {
		t.Errorf("kept %q", kept)
	}
	s.checkCounter(t, "sessiongraph_ingest_signatures_total", map[string]float64{"none": 15})
	if strings.Contains(s.log.String(), "secret") || strings.Contains(s.log.String(), "guessed") {
		t.Errorf("the log tells too much: %s", s.log)
	}
}

// Each refusal says whether a signature was there, and the log, at the first and then at
// every power of two, how many there were and by which scheme this one would verify.
func TestRejectedSignatures(t *testing.T) {
	schemes := allSignings()
	other := schemes[slices.IndexFunc(schemes, func(s signing) bool { return s.String() == "hmac-sha256-base64" })]
	s := serveSigned(t, SignEnforce, "hmac-sha256-hex", "new", "old")
	empty, forged, byOther := "", "abcd", other.sign("old", signedTime, signedBody)
	for _, c := range []struct {
		sign *string
		says string
	}{
		{nil, "X-AIRudder-Sign is missing"}, {&byOther, "does not match the body"},
		{&empty, "X-AIRudder-Sign is empty"}, {&forged, "does not match the body"},
		{nil, "X-AIRudder-Sign is missing"},
	} {
		got := s.post(c.sign, signedBody)
		got.check(t, http.StatusUnauthorized, "BAD_SIGNATURE")
		if !strings.Contains(got.body, c.says) {
			t.Errorf("%s does not say %q", got.body, c.says)
		}
	}
	for _, line := range []string{
		`level=WARN msg="signatures rejected" notifications=1 without_signature=1 header=missing ` +
			`scheme=hmac-sha256-hex would_verify=none`,
		`level=WARN msg="signatures rejected" notifications=2 without_signature=1 header=present ` +
			`scheme=hmac-sha256-hex would_verify=hmac-sha256-base64`,
		`level=WARN msg="signatures rejected" notifications=4 without_signature=2 header=present ` +
			`scheme=hmac-sha256-hex would_verify=none`,
	} {
		if !strings.Contains(s.log.String(), line) {
			t.Errorf("%s is not in the log:\n%s", line, s.log)
		}
	}
	if lines := strings.Count(s.log.String(), "\n"); lines != 3 {
		t.Errorf("%d lines:\n%s", lines, s.log)
	}
}

func TestSignedNotificationsAreKept(t *testing.T) {
	scheme := allSignings()[0]
	s := serveSigned(t, SignEnforce, scheme.String(), "new", "old")
	vendor := string(vendorExample(t))
	byNew, byOld, ofNothing := scheme.sign("new", "",
		vendor), strings.ToUpper(scheme.sign("old", "", `{}`)), scheme.sign("new", "", "no JSON")
	s.post(&byNew, vendor).check(t, http.StatusOK, "")
	s.post(&byNew, vendor).check(t, http.StatusOK, "")
	s.post(&byOld, `{}`).check(t, http.StatusOK, "")
	s.post(&ofNothing, "no JSON").check(t, http.StatusBadRequest, "NOT_A_JSON_OBJECT")
	s.post(&byOld, vendor).check(t, http.StatusUnauthorized, "BAD_SIGNATURE")
	if kept := s.ledger(t); !slices.Equal(kept, []string{vendor, `{}`, "no JSON"}) {
		t.Errorf("kept %.300q", kept)
	}
	s.checkCounter(t, "sessiongraph_ingest_signatures_total", map[string]float64{"1": 3, "2": 1, "none": 1})
	s.checkCounter(t, "sessiongraph_ingest_requests_total", map[string]float64{"200": 3, "400": 1, "401": 1})
	s.checkCounter(t, "sessiongraph_ingest_deliveries_total",
		map[string]float64{"projected": 2, "quarantined": 1, "refused": 1})
}

func TestObservedSignatures(t *testing.T) {
	schemes := allSignings()
	scheme := schemes[slices.IndexFunc(schemes, func(s signing) bool {
		return s.String() == "sha1-secret+body-timestamp-base64"
	})]
	s := serveSigned(t, SignObserve, "hmac-sha256-hex", "new", "old")
	forged := "AAAA"
	for n, c := range []struct {
		sign   func(body string) *string
		status int
		body   string
	}{
		{func(body string) *string { sign := scheme.sign("new", signedTime, body); return &sign }, 200, signedBody},
		{func(body string) *string { sign := scheme.sign("old", signedTime, body); return &sign }, 200, anotherBody},
		{func(string) *string { return &forged }, 200, `{"n":3}`},
		{func(string) *string { return nil }, 200, `{"n":4}`},
		{func(string) *string { return nil }, 400, `no JSON`},
	} {
		if got := s.post(c.sign(c.body), c.body); got.status != c.status {
			t.Errorf("notification %d is answered %d, want %d", n, got.status, c.status)
		}
	}
	if kept := s.ledger(t); len(kept) != 5 {
		t.Errorf("kept %q", kept)
	}
	s.checkCounter(t, "sessiongraph_ingest_signature_schemes_total",
		map[string]float64{"none": 3, "sha1-secret+body-timestamp-base64": 2})
	s.checkCounter(t, "sessiongraph_ingest_signatures_total", map[string]float64{"1": 1, "2": 1, "none": 3})
	for _, line := range []string{
		`msg="signatures observed" notifications=1 verified="sha1-secret+body-timestamp-base64 1 of 1"`,
		`msg="signatures observed" notifications=2 verified="sha1-secret+body-timestamp-base64 2 of 2"`,
		`msg="signatures observed" notifications=4 verified="sha1-secret+body-timestamp-base64 2 of 4"`,
	} {
		if !strings.Contains(s.log.String(), line) {
			t.Errorf("%s is not in the log:\n%s", line, s.log)
		}
	}
	if lines := strings.Count(s.log.String(), "signatures observed"); lines != 3 {
		t.Errorf("%d lines tell of 5 notifications", lines)
	}
}

// Off, nothing is looked at: neither counted nor refused.
func TestSignaturesThatAreOff(t *testing.T) {
	s := serveSigned(t, SignOff, "hmac-sha256-hex", "a")
	sign := "anything"
	s.post(&sign, `{}`).check(t, http.StatusOK, "")
	s.post(nil, `{}`).check(t, http.StatusOK, "")
	s.checkCounter(t, "sessiongraph_ingest_signatures_total", map[string]float64{})
}
