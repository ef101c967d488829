// Package tracing records OpenTelemetry traces of requests, as the OTEL_ environment variables say. Spans below a
// request's own are made where that one is recorded: code that has a context needs nothing else.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// name is the instrumentation scope of all spans.
const name = "sessiongraph"

// exportTimeout bounds the export of the last spans when the server stops.
const exportTimeout = 5 * time.Second

// Tracer records a trace of each request. The nil Tracer records none.
type Tracer struct {
	provider *sdktrace.TracerProvider
	log      *slog.Logger
}

// New returns a Tracer that exports over OTLP and HTTP, and nil unless OTEL_TRACES_EXPORTER is otlp or one of
// OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set. Protocols other than http/protobuf are
// errors.
func New(ctx context.Context, getenv func(string) string, version string, log *slog.Logger) (*Tracer, error) {
	exporter := getenv("OTEL_TRACES_EXPORTER")
	switch {
	case strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true"), exporter == "none":
		return nil, nil
	case exporter != "" && exporter != "otlp":
		return nil, fmt.Errorf("invalid OTEL_TRACES_EXPORTER %q (want otlp or none)", exporter)
	case exporter == "" && getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" &&
		getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "":
		return nil, nil
	}
	for _, variable := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
		if protocol := getenv(variable); protocol != "" && protocol != "http/protobuf" {
			return nil, fmt.Errorf("invalid %s %q (want http/protobuf)", variable, protocol)
		}
	}

	client, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("export traces: %w", err)
	}
	described, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", name),
		attribute.String("service.version", version)), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("describe this service: %w", err), client.Shutdown(ctx))
	}
	return newTracer(log, sdktrace.WithBatcher(client), sdktrace.WithResource(described)), nil
}

func newTracer(log *slog.Logger, options ...sdktrace.TracerProviderOption) *Tracer {
	return &Tracer{sdktrace.NewTracerProvider(options...), log}
}

// Close exports what is recorded.
func (t *Tracer) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), exportTimeout)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.log.Warn("the last traces were not exported", "error", err)
	}
}

// Handler records a span of each request, named by its method and route. A request's traceparent is its parent.
// Neither the path nor the query is recorded: they may have values.
func (t *Tracer) Handler(route string, next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	tracer := t.provider.Tracer(name)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
		ctx, span := tracer.Start(ctx, method(r.Method)+" "+route, trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", method(r.Method)),
				attribute.String("http.route", route)))
		defer span.End()

		recorder := &statusRecorder{ResponseWriter: w}
		next.ServeHTTP(recorder, r.WithContext(ctx))
		if recorder.status != 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", recorder.status))
		}
		if recorder.status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
	})
}

// method is a method of HTTP, and _OTHER for what a client invents.
func method(of string) string {
	switch of {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace:
		return of
	default:
		return "_OTHER"
	}
}

// statusRecorder notes the status of a response.
type statusRecorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusRecorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write writes a part of the body.
func (w *statusRecorder) Write(part []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(part)
}

// Unwrap gives http.ResponseController, which WebSockets and streams go by, the connection.
func (w *statusRecorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Start begins a span below the context's one; end ends it, with an error where there is one. Where that is not
// recorded, neither is this.
func Start(ctx context.Context, spanName string) (_ context.Context, end func(error)) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, func(error) {}
	}
	ctx, span := parent.TracerProvider().Tracer(name).Start(ctx, spanName)
	return ctx, func(err error) {
		if err != nil { // its text may have values
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Within returns ctx with the span of another context.
func Within(ctx, of context.Context) context.Context {
	return trace.ContextWithSpan(ctx, trace.SpanFromContext(of))
}
