package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/models"
	"sessiongraph/models/store"
	"sessiongraph/models/store/dialect"
)

// presentError shows the caller's own mistakes as they are, and anything else as the
// server's fault, with its cause in the log.
func presentError(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		copied := *graphql.DefaultErrorPresenter(ctx, err) // subscribers share errors of events
		shown := &copied
		var input models.InputError
		switch {
		case errors.As(err, &input):
			shown.Message = input.Message
			errcode.Set(shown, apierror.BadUserInput)
		case isCoercion(err):
			errcode.Set(shown, apierror.BadUserInput)
		case shown.Extensions["code"] == errcode.ParseFailed:
			shown.Message = explainSyntax(shown.Message)
		case shown.Message == unnamedOperation:
			shown.Message = "the document has several operations: keep one, or name one as operationName"
		case isOfVariable(shown):
			shown.Message = "$" + shown.Path[1:].String() + ": " + shown.Message
		case shown.Extensions["code"] != nil:
		case errors.Is(err, store.ErrErased), errors.Is(err, store.ErrLogFull):
			shown.Message = err.Error()
			errcode.Set(shown, apierror.Unavailable)
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			shown.Message = "the answer took too long: ask for less, for smaller pages or for a shorter range of time"
			errcode.Set(shown, apierror.Timeout)
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			shown.Message = "the request was given up before its answer was ready"
			errcode.Set(shown, apierror.Unavailable)
		case errors.Is(err, dialect.ErrUnavailable):
			log.ErrorContext(ctx, "query failed", "path", shown.Path.String(), "error", err)
			shown.Message = "the database is not available now, try again"
			errcode.Set(shown, apierror.Unavailable)
		default:
			log.ErrorContext(ctx, "query failed", "path", shown.Path.String(), "error", err)
			shown.Message = "internal error"
			errcode.Set(shown, apierror.Internal)
		}

		shown.Message = apierror.Shorten(shown.Message)
		shown.Err = nil
		return shown
	}
}

// unnamedOperation is gqlgen's message for several operations without the name of one.
const unnamedOperation = "operation  not found"

// isCoercion reports whether an error is one of reading an argument; its message is for
// the caller.
func isCoercion(err error) bool {
	var integer *graphql.IntegerError
	return errors.As(err, &integer)
}

// isOfVariable reports whether an error is the validator's of a variable, which its path alone names.
func isOfVariable(err *gqlerror.Error) bool {
	return err.Extensions["code"] == errcode.ValidationFailed && len(err.Path) > 1 &&
		err.Path[0] == ast.PathName("variable")
}

// explainSyntax adds to a message of the parser, which names tokens.
func explainSyntax(message string) string {
	switch {
	case strings.HasSuffix(message, "<EOF>"):
		return message + ": the document ends too early, check that each brace and parenthesis is closed"
	case strings.Contains(message, "at least one definition"):
		return "empty braces or parentheses: name at least one field or argument in them, or leave them out"
	}
	return message
}

// recovered returns the error of a panic, with its stack.
func recovered(_ context.Context, cause any) error {
	return fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
}
