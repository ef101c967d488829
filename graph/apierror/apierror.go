// Package apierror has the errors of the GraphQL API: their codes, and what a response
// shows of them.
package apierror

import (
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes that extensions.code of an error has, beside those of the parser and the
// validator, GRAPHQL_PARSE_FAILED and GRAPHQL_VALIDATION_FAILED.
const (
	Unauthenticated = "UNAUTHENTICATED"
	Forbidden       = "FORBIDDEN"
	BadUserInput    = "BAD_USER_INPUT"
	UnknownDocument = "PERSISTED_QUERY_NOT_FOUND"
	TooComplex      = "QUERY_TOO_COMPLEX"
	BadRequest      = "BAD_REQUEST"
	TooLarge        = "REQUEST_TOO_LARGE"
	Unavailable     = "UNAVAILABLE"
	Timeout         = "TIMEOUT"
	TooMany         = "TOO_MANY_SUBSCRIPTIONS"
	TooSlow         = "TOO_SLOW"
	Misdirected     = "MISDIRECTED_REQUEST"
	Internal        = "INTERNAL"
)

// New returns an error with a code, whose message the caller reads.
func New(code, format string, args ...any) *gqlerror.Error {
	err := gqlerror.Errorf(format, args...)
	errcode.Set(err, code)
	return err
}

// HasCode reports whether an error of the list has the code.
func HasCode(list gqlerror.List, code string) bool {
	for _, err := range list {
		if err.Extensions["code"] == code {
			return true
		}
	}
	return false
}

// Bounds of the errors of a response: a small document can have many, and long names.
const (
	maxErrors  = 20
	maxMessage = 500 // runes
)

// Shorten cuts a message that is too long for a response.
func Shorten(message string) string {
	runes := []rune(message)
	if len(runes) <= maxMessage {
		return message
	}
	return string(runes[:maxMessage]) + "…"
}

// ShortenList cuts a list that is too long for a response; a last error counts the rest.
func ShortenList(list gqlerror.List) gqlerror.List {
	if len(list) <= maxErrors {
		return list
	}
	rest := gqlerror.Errorf("%d more errors are not shown", len(list)-maxErrors)
	rest.Extensions = list[maxErrors].Extensions
	return append(list[:maxErrors:maxErrors], rest)
}
