package tracing

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The spans of a request: named by route, with the client's trace, and without a value that the client sent.
func TestSpansOfARequest(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	tracer := newTracer(slog.New(slog.DiscardHandler), sdktrace.WithSpanProcessor(recorder))
	defer tracer.Close()
	handler := tracer.Handler("/ingest", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, end := Start(r.Context(), "prepare")
		Statement(ctx, time.Now(), func() string { return "SELECT 1 WHERE x = ?" }, errors.New("secret"))
		end(nil)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	request := httptest.NewRequest("SECRET", "/ingest/secret?secret=1", strings.NewReader("secret"))
	request.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	handler.ServeHTTP(httptest.NewRecorder(), request)

	var names []string
	for _, span := range recorder.Ended() {
		names = append(names, span.Name())
		if got := span.SpanContext().TraceID().String(); got != "0af7651916cd43dd8448eb211c80319c" {
			t.Errorf("%s is of trace %s", span.Name(), got)
		}
		texts := []string{span.Name(), span.Status().Description}
		for _, attribute := range span.Attributes() {
			texts = append(texts, attribute.Value.String())
		}
		for _, text := range texts {
			if strings.Contains(strings.ToLower(text), "secret") {
				t.Errorf("%s has %q", span.Name(), text)
			}
		}
		if failed := span.Status().Code == codes.Error; failed != (span.Name() != "prepare") {
			t.Errorf("%s: failed is %t", span.Name(), failed)
		}
	}
	if want := []string{"SELECT", "prepare", "_OTHER /ingest"}; !slices.Equal(names, want) {
		t.Errorf("spans %q, want %q", names, want)
	}
}

func TestNothingIsRecordedUnlessAsked(t *testing.T) {
	for _, test := range []struct {
		environment map[string]string
		records     bool
		fails       bool
	}{
		{nil, false, false},
		{map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, false, false},
		{map[string]string{"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"}, false, false},
		{map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, true, false},
		{map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, true, false},
		{map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, false, true},
		{map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, false, true},
	} {
		getenv := func(name string) string { return test.environment[name] }
		tracer, err := New(t.Context(), getenv, "1", slog.New(slog.DiscardHandler))
		if (err != nil) != test.fails || (tracer != nil) != test.records {
			t.Errorf("%v: %v, %v", test.environment, tracer, err)
		}
		tracer.Close()
		handler := tracer.Handler("/", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, end := Start(r.Context(), "child")
			end(nil)
		}))
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
	}
}
