package graph

import (
	"context"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"sessiongraph/graph/documents"
	"sessiongraph/models"
)

// maxAudited bounds the names in a line of the audit, which a client chooses.
const maxAudited = 100 // bytes of a name, and names

type rowsKey struct{}

// audit has the operation of a viewer who sees without masks logged by finish: its viewer, names, rows and duration,
// but no value.
func (r *runner) audit(ctx context.Context, oc *graphql.OperationContext) (auditing context.Context, finish func()) {
	viewer := models.ViewerOf(ctx)
	if !r.protected || !viewer.May(models.ScopePII) {
		return ctx, func() {}
	}
	rows, began := new(atomic.Int64), time.Now()
	return context.WithValue(ctx, rowsKey{}, rows), func() {
		r.logAudit(ctx, oc, "operation", int(rows.Load()), began)
	}
}

// logAudit logs that rows were sent to the viewer of the context.
func (r *runner) logAudit(ctx context.Context, oc *graphql.OperationContext, what string, rows int, began time.Time) {
	line := []any{"audit", true, "viewer", models.ViewerOf(ctx).Name, "operation", short(oc.Operation.Name)}
	if document, ok := oc.Stats.GetExtension(documentKey).(*documents.Document); ok {
		line = append(line, "document", short(document.ID))
	}
	line = append(line, "fields", rootFields(oc), "rows", rows, "duration", time.Since(began))
	r.log.InfoContext(ctx, what, line...)
}

// addRows adds to the rows that the audit of an operation has.
func addRows(ctx context.Context, count int) {
	if rows, ok := ctx.Value(rowsKey{}).(*atomic.Int64); ok {
		rows.Add(int64(count))
	}
}

// rowsOf returns how many rows the rendered value of a root field is: the nodes of a page, the elements of a list, or
// one object.
func rowsOf(value any) int {
	if page, ok := value.(interface{ Len() int }); ok {
		return page.Len()
	}
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.Slice:
		return v.Len()
	case reflect.Pointer:
		if !v.IsNil() {
			return 1
		}
	}
	return 0
}

// rootFields returns the names of an operation's root fields, as the schema has them, each once.
func rootFields(oc *graphql.OperationContext) []string {
	var names []string
	for _, field := range graphql.CollectFields(oc, oc.Operation.SelectionSet, nil) {
		if !slices.Contains(names, field.Name) && len(names) < maxAudited {
			names = append(names, field.Name)
		}
	}
	return names
}

func short(name string) string { return name[:min(len(name), maxAudited)] }
