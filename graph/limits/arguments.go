package limits

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
	"sessiongraph/graph/model"
	"sessiongraph/models"
)

// argumentChecker holds the arguments of an operation's fields to their bounds.
type argumentChecker struct {
	codec     *model.Codec
	maxPage   int
	export    bool // root fields have no largest page
	variables map[string]any
	seen      map[string]bool // fragments
	values    int             // of all arguments so far
	masks     *maskChecker    // for a viewer who sees masks, else nil
}

func (c *argumentChecker) check(set ast.SelectionSet) *gqlerror.Error {
	for _, selection := range set {
		var inner ast.SelectionSet
		switch s := selection.(type) {
		case *ast.Field:
			inner = s.SelectionSet
			if err := c.checkField(s); err != nil {
				if s.Position != nil {
					err.Locations = []gqlerror.Location{{Line: s.Position.Line, Column: s.Position.Column}}
				}
				return err
			}
		case *ast.InlineFragment:
			inner = s.SelectionSet
		case *ast.FragmentSpread:
			if !c.seen[s.Name] && s.Definition != nil {
				c.seen[s.Name] = true
				inner = s.Definition.SelectionSet
			}
		}
		if err := c.check(inner); err != nil {
			return err
		}
	}
	return nil
}

func (c *argumentChecker) checkField(field *ast.Field) *gqlerror.Error {
	if field.Definition == nil || len(field.Definition.Arguments) == 0 {
		return nil
	}
	for _, argument := range field.Arguments {
		if err := checkLiterals(argument.Value, argument.Name); err != nil {
			return err
		}
	}

	arguments := field.ArgumentMap(c.variables)
	first, last := PageArguments(field, arguments)
	maxPage := c.maxPage
	if c.export && isRoot(field) {
		maxPage = math.MaxInt32
	}
	if _, _, err := (model.Page{First: first, Last: last}).Size(maxPage); err != nil {
		return apierror.New(apierror.BadUserInput, "%s", err)
	}
	if err := c.checkCursors(field, arguments); err != nil {
		return apierror.New(apierror.BadUserInput, "%s", err)
	}
	if hours := intArgument(arguments["hours"]); hours != nil {
		if err := model.CheckHours(*hours); err != nil {
			return apierror.New(apierror.BadUserInput, "%s", err)
		}
	}
	for name, value := range arguments {
		if err := c.checkValue(name, value, 0); err != nil {
			return err
		}
		if c.masks == nil {
			continue
		}
		if err := c.masks.check(name, value); err != nil {
			return err
		}
	}
	return nil
}

func isRoot(field *ast.Field) bool {
	return field.ObjectDefinition != nil && field.ObjectDefinition.Name == "Query"
}

// checkCursors returns the error of a cursor that no list of this field and order has
// returned. The parent is compared once it has been read.
func (c *argumentChecker) checkCursors(field *ast.Field, arguments map[string]any) error {
	connection := field.Definition.Type.Name()
	if field.ObjectDefinition == nil || !strings.HasSuffix(connection, "Connection") {
		return nil
	}
	list := model.List{Field: field.ObjectDefinition.Name + "." + field.Name}
	if field.Definition.Arguments.ForName("orderBy") != nil {
		list.Order = orderArgument(connection, arguments["orderBy"])
	}
	cursors := c.codec.Cursors(list)
	for _, argument := range []string{"after", "before"} {
		if cursor, given := arguments[argument].(string); given {
			if err := cursors.Check(argument, cursor); err != nil {
				return err
			}
		}
	}
	return nil
}

// orderArgument returns the name that a connection's order has in cursors.
func orderArgument(connection string, orderBy any) string {
	given, ok := orderBy.(map[string]any)
	if !ok {
		return map[string]string{
			"SessionConnection": models.DefaultSessionOrder().String(),
			"ContactConnection": models.DefaultContactOrder().String(),
		}[connection]
	}
	direction := given["direction"]
	if direction == nil {
		direction = models.Descending
	}
	return fmt.Sprint(given["field"], " ", direction)
}

// Bounds of the arguments of an operation: the values of all together, their depth, and
// the words of a search, each of which is a condition.
const (
	maxValues      = 5000
	maxDepth       = 100
	maxSearchWords = 50
)

func (c *argumentChecker) checkValue(name string, value any, depth int) *gqlerror.Error {
	if depth > maxDepth {
		return apierror.New(apierror.TooComplex, "a filter is nested more than %d levels deep: nest less", maxDepth)
	}
	if c.values++; c.values > maxValues {
		return apierror.New(apierror.TooComplex, "the filters have more than %d values: ask for fewer", maxValues)
	}

	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if err := c.checkValue(key, inner, depth+1); err != nil {
				return err
			}
		}
	case string:
		if name == "digits" && !isDigits(value) {
			return apierror.New(apierror.BadUserInput,
				"digits takes three or more of the digits 0 to 9, and nothing else")
		}
		if words := len(strings.Fields(value)); name == "search" && words > maxSearchWords {
			return apierror.New(apierror.BadUserInput, "search has %d words, at most %d are allowed",
				words, maxSearchWords)
		}
	default:
		for _, inner := range elements(value) {
			if err := c.checkValue(name, inner, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// elements returns the elements of a list of any type: gqlparser coerces a single value
// to a list of the value's own type.
func elements(value any) []any {
	if list, ok := value.([]any); ok {
		return list
	}
	list := reflect.ValueOf(value)
	if list.Kind() != reflect.Slice {
		return nil
	}
	all := make([]any, list.Len())
	for i := range all {
		all[i] = list.Index(i).Interface()
	}
	return all
}

// isDigits reports whether a text is a valid value of ContactFilter.digits.
func isDigits(text string) bool {
	return len(text) >= 3 && strings.Trim(text, "0123456789") == ""
}

// PageArguments returns first and last of a field that has them.
func PageArguments(field *ast.Field, arguments map[string]any) (first, last *int) {
	if field.Definition == nil {
		return nil, nil
	}
	value := func(name string) *int {
		if field.Definition.Arguments.ForName(name) == nil {
			return nil
		}
		return intArgument(arguments[name])
	}
	return value("first"), value("last")
}

func intArgument(v any) *int {
	var n int
	switch v := v.(type) {
	case int64:
		n = int(v)
	case int:
		n = v
	case int32:
		n = int(v)
	case float64:
		n = int(v)
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return nil
		}
		n = int(max(math.MinInt32, min(math.MaxInt32, f)))
	default:
		return nil
	}
	return &n
}
