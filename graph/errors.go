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
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/models"
)

// The codes that extensions.code of an error has; beside them those of the parser
// and the validator, GRAPHQL_PARSE_FAILED and GRAPHQL_VALIDATION_FAILED.
const (
	codeBadUserInput = "BAD_USER_INPUT"
	codeTooComplex   = "QUERY_TOO_COMPLEX"
	codeBadRequest   = "BAD_REQUEST"
	codeTooLarge     = "REQUEST_TOO_LARGE"
	codeUnavailable  = "UNAVAILABLE"
	codeTimeout      = "TIMEOUT"
	codeTooMany      = "TOO_MANY_SUBSCRIPTIONS"
	codeTooSlow      = "TOO_SLOW"
	codeInternal     = "INTERNAL"
)

// Bounds of what an answer says about errors: a small document can have many, and
// long names.
const (
	maxErrors       = 20
	maxErrorMessage = 500
)

// presentError shows the caller's own mistakes as they are. Anything else goes to
// the log, and the caller learns that it is the server's.
func presentError(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		shown := graphql.DefaultErrorPresenter(ctx, err)
		var input models.InputError
		switch {
		case errors.As(err, &input):
			shown.Message = input.Message
			errcode.Set(shown, codeBadUserInput)
		case isCoercion(err):
			errcode.Set(shown, codeBadUserInput)
		case shown.Extensions["code"] == errcode.ParseFailed:
			shown.Message = explainSyntax(shown.Message)
		case shown.Extensions["code"] != nil:
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			shown.Message = "the answer took too long: ask for less, for smaller pages or for a shorter range of time"
			errcode.Set(shown, codeTimeout)
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			shown.Message = "the request was given up before its answer was ready"
			errcode.Set(shown, codeUnavailable)
		case errors.Is(err, models.ErrUnavailable):
			log.ErrorContext(ctx, "query failed", "path", shown.Path.String(), "error", err)
			shown.Message = "the database is not available now, try again"
			errcode.Set(shown, codeUnavailable)
		default:
			log.ErrorContext(ctx, "query failed", "path", shown.Path.String(), "error", err)
			shown.Message = "internal error"
			errcode.Set(shown, codeInternal)
		}
		shown.Message = shorten(shown.Message)
		shown.Err = nil
		return shown
	}
}

// isCoercion tells errors of reading an argument, which say what was wrong with it.
func isCoercion(err error) bool {
	var integer *graphql.IntegerError
	return errors.As(err, &integer)
}

// explainSyntax says in other words what the parser's tokens do not.
func explainSyntax(message string) string {
	switch {
	case strings.HasSuffix(message, "<EOF>"):
		return message + ": the document ends too early, check that each brace and parenthesis is closed"
	case strings.Contains(message, "at least one definition"):
		return "empty braces or parentheses: name at least one field or argument in them, or leave them out"
	}
	return message
}

func shorten(message string) string {
	runes := []rune(message)
	if len(runes) <= maxErrorMessage {
		return message
	}
	return string(runes[:maxErrorMessage]) + "…"
}

func shortenList(list gqlerror.List) gqlerror.List {
	if len(list) <= maxErrors {
		return list
	}
	rest := gqlerror.Errorf("%d more errors are not shown", len(list)-maxErrors)
	rest.Extensions = list[maxErrors].Extensions
	return append(list[:maxErrors:maxErrors], rest)
}

// recovered makes a panic of a resolver an error like any other, with its stack.
func recovered(_ context.Context, cause any) error {
	return fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
}

func coded(code, format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	errcode.Set(err, code)
	return err
}
