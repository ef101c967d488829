package graph

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/export"
	"sessiongraph/graph/generated"
	"sessiongraph/graph/limits"
	"sessiongraph/graph/transport"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// exporter writes the lists of documents into files.
type exporter struct {
	*runner
	executor *executor.Executor
	schema   *ast.Schema
	database *store.Store
	running  *limits.ExportLimiter
	timeout  time.Duration // of an export; 0 for no bound
}

var _ transport.Exporter = (*exporter)(nil)

// ExportHandler returns the handler of /export.
func ExportHandler(database *store.Store, settings Settings, log *slog.Logger) http.Handler {
	exporter := newExporter(database, settings, log, true)
	return settings.protect(transport.Export{MaxBody: maxRequest, Exporter: exporter}, false)
}

// newExporter returns an exporter of one database. Without bounds, operations have none but the parser's.
func newExporter(database *store.Store, settings Settings, log *slog.Logger, bounded bool) *exporter {
	bounds := limits.Operation{MaxPage: settings.MaxPage, MaxComplexity: settings.MaxComplexity, Export: true}
	if !bounded {
		bounds.MaxPage, bounds.MaxComplexity = math.MaxInt32, math.MaxInt
	}
	settings.MaxPage = math.MaxInt32
	run := newRunner(database, database.Primary(), settings, log)
	resolver := &Resolver{run.source, database, &limits.SubscriptionLimiter{}}
	executable := generated.NewExecutableSchema(generated.Config{Resolvers: resolver})
	bounds.Schema = executable.Schema()
	e := &exporter{runner: run, executor: executor.New(executable), schema: executable.Schema(), database: database,
		running: limits.NewExportLimiter(), timeout: settings.ExportTimeout}
	run.configure(e.executor, bounds, settings, database)
	renderInOnePass(e.executor)
	return e
}

// Plan validates an operation and returns what its file is, see transport.Exporter.
func (e *exporter) Plan(ctx context.Context, params *graphql.RawParams) (
	*graphql.OperationContext, *export.Plan, gqlerror.List,
) {
	ctx, denied := e.withViewer(ctx)
	if denied != nil {
		return nil, nil, gqlerror.List{denied}
	}
	oc, errs := e.executor.CreateOperationContext(graphql.StartOperationTrace(ctx), params)
	if errs != nil {
		return nil, nil, e.executor.DispatchError(graphql.WithOperationContext(ctx, oc), errs).Errors
	}
	plan, err := export.NewPlan(e.schema, oc)
	if err != nil {
		return nil, nil, gqlerror.List{err}
	}
	return oc, plan, nil
}

// Export writes the rows of a plan, and logs it for the audit, see transport.Exporter.
func (e *exporter) Export(
	ctx context.Context, oc *graphql.OperationContext, plan *export.Plan, file export.Writer, stop func(),
) (rows int, failed *gqlerror.Error) {
	ctx, denied := e.withViewer(ctx)
	if denied != nil {
		return 0, denied
	}
	ctx = graphql.WithOperationContext(ctx, oc)
	release, err := e.running.AcquireSoon(ctx)
	if err != nil {
		return 0, presentError(e.log)(ctx, err)
	}
	defer release()
	began := time.Now()
	defer func() { e.logAudit(ctx, oc, "export", rows, began) }()
	return e.export(ctx, oc, plan, file, stop)
}

// export writes the rows of a plan.
func (e *exporter) export(
	ctx context.Context, oc *graphql.OperationContext, plan *export.Plan, file export.Writer, stop func(),
) (rows int, invalid *gqlerror.Error) {
	if e.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, e.timeout)
		defer cancel()
	}
	reading, end, err := e.database.LongRead(ctx)
	if err != nil {
		return 0, presentError(e.log)(ctx, err)
	}
	defer end()
	defer context.AfterFunc(reading, stop)()

	err = e.write(reading, oc, plan, func(cells []models.JSON) error {
		rows++
		return unwritten(file.Write(cells))
	})
	if err == nil {
		err = unwritten(file.Close())
	}
	if cause := context.Cause(reading); err != nil && cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause
	}
	var failed *unwrittenError
	switch {
	case errors.As(err, &failed): // the reader's fault, or its disk's
		return rows, apierror.New(apierror.Unavailable, "the file could not be written: %s", failed)
	case err != nil:
		return rows, presentError(e.log)(ctx, err)
	}
	return rows, nil
}

// unwrittenError is of a file that could not be written, to a client that takes nothing for example.
type unwrittenError struct{ error }

func unwritten(err error) error {
	if err != nil {
		err = &unwrittenError{err}
	}
	return err
}

// Bounds of a page that is read at once: about so many bytes of its answer, and nodes. A page of contacts has more,
// because for viewers who see masks each page counts all of them.
const (
	pageBytes       = 1 << 20
	firstPage       = 50
	maxPage         = 500
	maxContactsPage = 5000
)

// pageSize is the number of nodes that are read at once.
type pageSize struct{ nodes, most int }

// adapt makes the next page about as long as a page should be.
func (s *pageSize) adapt(nodes, bytes int) {
	wanted := 2 * s.nodes
	if nodes > 0 && bytes > 0 {
		wanted = min(wanted, nodes*pageBytes/bytes)
	}
	s.nodes = max(1, min(wanted, s.most))
}

// write reads a list to its end, and passes its rows on.
func (e *exporter) write(
	ctx context.Context, oc *graphql.OperationContext, plan *export.Plan, row func([]models.JSON) error,
) error {
	oc.Operation = plan.Operation
	if !plan.Paged {
		_, _, err := e.page(ctx, oc, plan, oc.Variables, row)
		return err
	}
	size := pageSize{firstPage, maxPage}
	if plan.List == "contacts" {
		size.most = maxContactsPage
	}
	if plan.Bounds.Last != nil {
		return e.writeLast(ctx, oc, plan, size, row)
	}

	bounds := plan.Bounds
	left := math.MaxInt
	if bounds.First != nil {
		left = *bounds.First
	}
	for {
		asked := min(left, size.nodes)
		bounds.First = &asked
		page, bytes, err := e.page(ctx, oc, plan, plan.Page(bounds), row)
		if left -= asked; err != nil || page.Nodes < asked || left == 0 {
			return err
		}
		bounds.After = &page.End
		size.adapt(page.Nodes, bytes)
	}
}

// writeLast writes the last nodes of a list in its order: from its end it finds where each page begins, then it reads
// them, the first one first.
func (e *exporter) writeLast(
	ctx context.Context, oc *graphql.OperationContext, plan *export.Plan, size pageSize, row func([]models.JSON) error,
) error {
	var pages []export.Bounds
	bounds, left := plan.Bounds, *plan.Bounds.Last
	oc.Operation = plan.Cursors
	for left > 0 {
		asked := min(left, size.most)
		bounds.Last = &asked
		page, _, err := e.page(ctx, oc, plan, plan.Page(bounds), nil)
		if err != nil {
			return err
		}
		if page.Start == "" {
			break
		}
		start := page.Start
		pages = append(pages, bounds)
		bounds.Before = &start
		left -= asked
	}
	oc.Operation = plan.Operation
	for _, bounds := range slices.Backward(pages) {
		if _, _, err := e.page(ctx, oc, plan, plan.Page(bounds), row); err != nil {
			return err
		}
	}
	return nil
}

// page reads a page and passes its rows on. It returns the length of the answer.
func (e *exporter) page(
	ctx context.Context, oc *graphql.OperationContext, plan *export.Plan, variables map[string]any,
	row func([]models.JSON) error,
) (page export.Page, bytes int, err error) {
	oc.Variables = variables
	next, ctx := e.executor.DispatchOperation(ctx, oc)
	response := next(ctx)
	switch {
	case response == nil:
		return page, 0, context.Cause(ctx)
	case len(response.Errors) > 0:
		return page, 0, response.Errors[0]
	}
	page, err = plan.Rows(models.JSON(response.Data), row)
	return page, len(response.Data), err
}
