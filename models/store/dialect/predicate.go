package dialect

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Fragment is a piece of SQL with the arguments of its placeholders.
type Fragment struct {
	SQL  string
	Args []any
}

// Statement is a whole SELECT.
type Statement Fragment

// Select is a statement of SQL with its arguments.
func Select(sql string, args ...any) Statement { return Statement{sql, args} }

// Limit is the statement with a limit on its rows.
func (s Statement) Limit(limit int) Statement {
	return Select(fmt.Sprintf("%s LIMIT %d", s.SQL, limit), s.Args...)
}

// Predicate is a piece of SQL that is true or false, never NULL where it stands
// for a session or a message.
type Predicate Fragment

// AlwaysTrue passes everything, AlwaysFalse nothing.
var AlwaysTrue, AlwaysFalse = Predicate{SQL: "1=1"}, Predicate{SQL: "1=0"}

// Where is a predicate of SQL with its arguments.
func Where(sql string, args ...any) Predicate { return Predicate{sql, args} }

func join(parts []Predicate, word string, ofNone Predicate) Predicate {
	switch len(parts) {
	case 0:
		return ofNone
	case 1:
		return parts[0]
	}
	// Halves, not a chain: databases bound how deep an expression is.
	left, right := join(parts[:len(parts)/2], word, ofNone), join(parts[len(parts)/2:], word, ofNone)
	return Where("("+left.SQL+")"+word+"("+right.SQL+")", slices.Concat(left.Args, right.Args)...)
}

// AllOf passes what passes all parts.
func AllOf(parts ...Predicate) Predicate { return join(parts, " AND ", AlwaysTrue) }

// AnyOf passes what passes one of the parts or more.
func AnyOf(parts []Predicate) Predicate { return join(parts, " OR ", AlwaysFalse) }

// Not passes what p does not pass.
func (p Predicate) Not() Predicate { return Where("NOT ("+p.SQL+")", p.Args...) }

// Exists passes where a row of the tables, which sql names up to a condition, passes inner as well.
func Exists(sql string, inner Predicate) Predicate {
	return Where("EXISTS (SELECT 1 FROM "+sql+" AND ("+inner.SQL+"))", inner.Args...)
}

// In passes what has one of the values in a column.
func In[T any](column string, values []T) Predicate {
	if len(values) == 0 {
		return AlwaysFalse
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	return Where(column+" IN ("+Placeholders(len(values))+")", args...)
}

// PrefixRange is the half-open range of the strings that start with prefix, in
// the order of their bytes; unbounded where no string is behind all of them.
func PrefixRange(prefix string) (from, to string, bounded bool) {
	for rest := prefix; rest != ""; {
		last, size := utf8.DecodeLastRuneInString(rest)
		rest = rest[:len(rest)-size]
		if next := last + 1; next == 0xD800 {
			return prefix, rest + "\uE000", true
		} else if next <= utf8.MaxRune {
			return prefix, rest + string(next), true
		}
	}
	return prefix, "", false
}

var manyPlaceholders = strings.Repeat("?,", 1000)

// Placeholders is n placeholders of a list of values.
func Placeholders(n int) string {
	if 2*n <= len(manyPlaceholders) {
		return manyPlaceholders[:max(2*n-1, 0)]
	}
	return strings.TrimSuffix(strings.Repeat("?,", n), ",")
}

// ToAny is the values as arguments.
func ToAny[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}
