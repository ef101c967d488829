package tracing

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// maxStatement bounds the text of a statement in a span, in bytes.
const maxStatement = 2000

// Statement records a span of an SQL statement that has ended. Its text has placeholders in place of values.
func Statement(ctx context.Context, begun time.Time, text func() string, err error) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return
	}
	sql := text()
	verb, _, _ := strings.Cut(sql, " ")
	if len(sql) > maxStatement {
		sql = strings.ToValidUTF8(sql[:maxStatement], "") + "…"
	}
	_, span := parent.TracerProvider().Tracer(name).Start(ctx, verb, trace.WithTimestamp(begun),
		trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("db.query.text", sql)))
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// Statements returns Statement, and nil where nothing is recorded.
func (t *Tracer) Statements() func(ctx context.Context, begun time.Time, text func() string, err error) {
	if t == nil {
		return nil
	}
	return Statement
}
