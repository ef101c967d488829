package graph

import (
	"context"
	"io"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/export"
	"sessiongraph/graph/transport"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// Command runs queries on a database without a server: for an operator with every right, with no bounds of time and
// of length.
type Command struct{ exporter *exporter }

// NewCommand returns a command that logs the causes of internal errors.
func NewCommand(database *store.Store, log *slog.Logger) Command {
	return Command{newExporter(database, Settings{}, log, false)}
}

// Respond runs a query and writes its response as JSON. It returns the errors of the response, or of a query that was
// not run, which has no response.
func (c Command) Respond(
	ctx context.Context, query string, variables map[string]any, to io.Writer,
) (gqlerror.List, error) {
	ctx = graphql.StartOperationTrace(models.WithViewer(ctx, models.Operator()))
	exec := c.exporter.executor
	oc, errs := exec.CreateOperationContext(ctx, rawParams(query, variables))
	ctx = graphql.WithOperationContext(ctx, oc)
	switch {
	case errs != nil:
		return exec.DispatchError(ctx, errs).Errors, nil
	case oc.Operation.Operation == ast.Subscription:
		return gqlerror.List{apierror.New(apierror.BadRequest, "a subscription needs a server: send a query")}, nil
	}
	reading, end, err := c.exporter.database.LongRead(ctx)
	if err != nil {
		return nil, err
	}
	defer end()

	next, running := exec.DispatchOperation(reading, oc)
	response := next(running)
	if response == nil || reading.Err() != nil {
		return nil, context.Cause(reading)
	}
	_, err = to.Write(append(transport.Encode(ctx, response), '\n'))
	return response.Errors, err
}

// Export writes the list of a query into a file and returns the number of its rows; shown receives it as it grows.
func (c Command) Export(
	ctx context.Context, query string, variables map[string]any, format export.Format, to io.Writer,
	shown func(rows int),
) (rows int, errs gqlerror.List) {
	ctx = models.WithViewer(ctx, models.Operator())
	oc, plan, errs := c.exporter.Plan(ctx, rawParams(query, variables))
	if errs != nil {
		return 0, errs
	}
	file := countedWriter{export.NewWriter(to, format, plan.Columns, export.Options{}), &rows, shown}
	ctx = graphql.WithOperationContext(ctx, oc)
	if _, err := c.exporter.export(ctx, oc, plan, file, func() {}); err != nil {
		errs = gqlerror.List{err}
	}
	return rows, errs
}

func rawParams(query string, variables map[string]any) *graphql.RawParams {
	now := graphql.Now()
	return &graphql.RawParams{Query: query, Variables: variables, ReadTime: graphql.TraceTiming{Start: now, End: now}}
}

// countedWriter shows how many rows were written.
type countedWriter struct {
	export.Writer
	rows  *int
	shown func(rows int)
}

// Write writes a row.
func (w countedWriter) Write(cells []models.JSON) error {
	*w.rows++
	w.shown(*w.rows)
	return w.Writer.Write(cells)
}
