package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/model"
	"sessiongraph/models"
)

// limits refuses operations before they are run: first those whose paging
// arguments are out of bounds, then those that would read too much. It looks at
// each fragment once, however often it is spread.
type limits struct {
	schema        *ast.Schema
	codec         *model.Codec
	maxPage       int
	maxComplexity int
}

func (limits) ExtensionName() string                   { return "Limits" }
func (limits) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext holds the operation to the limits.
func (l limits) MutateOperationContext(_ context.Context, oc *graphql.OperationContext) *gqlerror.Error {
	for _, variable := range oc.Operation.VariableDefinitions {
		if err := checkLiterals(variable.DefaultValue, "$"+variable.Variable); err != nil {
			return err
		}
	}
	if err := checkVariables(l.schema, oc.Operation, oc.Variables); err != nil {
		return err
	}
	if err := l.check(oc); err != nil {
		return err
	}
	c := costs{vars: oc.Variables, maxPage: l.maxPage, fragments: map[string]cost{}}
	total := c.of(oc.Operation.SelectionSet).total()
	oc.Stats.SetExtension(costExtension, total)
	if total > float64(l.maxComplexity) {
		return coded(codeTooComplex, "the operation may return about %.0f values, at most %d are allowed: "+
			"ask for smaller pages, fewer fields or less nesting", total, l.maxComplexity)
	}
	return nil
}

// check holds the arguments of every field of the operation to their bounds.
func (l limits) check(oc *graphql.OperationContext) *gqlerror.Error {
	seen := map[string]bool{}
	asked := 0
	var check func(set ast.SelectionSet) *gqlerror.Error
	check = func(set ast.SelectionSet) *gqlerror.Error {
		for _, selection := range set {
			var inner ast.SelectionSet
			switch s := selection.(type) {
			case *ast.Field:
				inner = s.SelectionSet
				if err := l.checkField(s, oc.Variables, &asked); err != nil {
					if s.Position != nil {
						err.Locations = []gqlerror.Location{{Line: s.Position.Line, Column: s.Position.Column}}
					}
					return err
				}
			case *ast.InlineFragment:
				inner = s.SelectionSet
			case *ast.FragmentSpread:
				if !seen[s.Name] && s.Definition != nil {
					seen[s.Name] = true
					inner = s.Definition.SelectionSet
				}
			}
			if err := check(inner); err != nil {
				return err
			}
		}
		return nil
	}
	return check(oc.Operation.SelectionSet)
}

func (l limits) checkField(field *ast.Field, vars map[string]any, asked *int) *gqlerror.Error {
	if field.Definition == nil || len(field.Definition.Arguments) == 0 {
		return nil
	}
	for _, argument := range field.Arguments {
		if err := checkLiterals(argument.Value, argument.Name); err != nil {
			return err
		}
	}
	first, last := pageArguments(field, vars)
	if _, _, err := (model.Page{First: first, Last: last}).Size(l.maxPage); err != nil {
		return coded(codeBadUserInput, "%s", err)
	}
	arguments := field.ArgumentMap(vars)
	if err := l.checkCursors(field, arguments); err != nil {
		return coded(codeBadUserInput, "%s", err)
	}
	for name, value := range arguments {
		if err := checkFilter(name, value, 0, asked); err != nil {
			return err
		}
	}
	return nil
}

// checkCursors refuses cursors that the field never returned in its order. Whether a
// cursor is of the same parent is known when the parent is.
func (l limits) checkCursors(field *ast.Field, arguments map[string]any) error {
	connection := field.Definition.Type.Name()
	if field.ObjectDefinition == nil || !strings.HasSuffix(connection, "Connection") {
		return nil
	}
	list := model.List{Field: field.ObjectDefinition.Name + "." + field.Name}
	if field.Definition.Arguments.ForName("orderBy") != nil {
		list.Order = orderArgument(connection, arguments["orderBy"])
	}
	cursors := l.codec.Cursors(list)
	for _, argument := range []string{"after", "before"} {
		if cursor, given := arguments[argument].(string); given {
			if err := cursors.Check(argument, cursor); err != nil {
				return err
			}
		}
	}
	return nil
}

// orderArgument is the name in cursors of a connection's order.
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

// Bounds of the filters of an operation, all together and one within another, and
// of a search: each word is looked for by itself.
const (
	maxFilterValues = 5000
	maxFilterDepth  = 100
	maxSearchWords  = 50
)

func checkFilter(name string, value any, depth int, values *int) *gqlerror.Error {
	if depth > maxFilterDepth {
		return coded(codeTooComplex, "a filter is nested more than %d levels deep: nest less", maxFilterDepth)
	}
	if *values++; *values > maxFilterValues {
		return coded(codeTooComplex, "the filters have more than %d values: ask for fewer", maxFilterValues)
	}
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			if err := checkFilter(key, inner, depth+1, values); err != nil {
				return err
			}
		}
	case string:
		if name == "digits" && !isDigits(value) {
			return coded(codeBadUserInput, "digits takes three or more of the digits 0 to 9, and nothing else")
		}
		if words := len(strings.Fields(value)); name == "search" && words > maxSearchWords {
			return coded(codeBadUserInput, "search has %d words, at most %d are allowed", words, maxSearchWords)
		}
	default:
		list := reflect.ValueOf(value) // gqlparser makes a single value a list of its own type
		if list.Kind() != reflect.Slice {
			return nil
		}
		for i := range list.Len() {
			if err := checkFilter(name, list.Index(i).Interface(), depth+1, values); err != nil {
				return err
			}
		}
	}
	return nil
}

// isDigits says whether a text is what a contact's callee can be looked for by.
func isDigits(text string) bool {
	return len(text) >= 3 && strings.Trim(text, "0123456789") == ""
}

func pageArguments(field *ast.Field, vars map[string]any) (first, last *int) {
	if field.Definition == nil {
		return nil, nil
	}
	takes := func(name string) bool { return field.Definition.Arguments.ForName(name) != nil }
	if !takes("first") && !takes("last") {
		return nil, nil
	}
	arguments := field.ArgumentMap(vars)
	return intArgument(arguments["first"]), intArgument(arguments["last"])
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

// cost is about how many values a selection returns. Of what stands on different
// types of one union or interface only the most counts: a value has one type.
type cost struct {
	always float64
	byType map[string]float64
}

func (c cost) total() float64 {
	most := 0.0
	for _, one := range c.byType {
		most = max(most, one)
	}
	return c.always + most
}

func (c *cost) add(other cost) {
	c.always += other.always
	for name, one := range other.byType {
		c.addOn(name, one)
	}
}

func (c *cost) addOn(typeName string, n float64) {
	if c.byType == nil {
		c.byType = map[string]float64{}
	}
	c.byType[typeName] += n
}

type costs struct {
	vars      map[string]any
	maxPage   int
	fragments map[string]cost
}

func (c costs) of(set ast.SelectionSet) cost {
	var sum cost
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			sum.always += 1 + c.reading(s) + c.size(s)*c.of(s.SelectionSet).total()
		case *ast.InlineFragment:
			sum.conditional(s.TypeCondition, s.ObjectDefinition, c.of(s.SelectionSet))
		case *ast.FragmentSpread:
			if s.Definition == nil {
				continue
			}
			inner, known := c.fragments[s.Name]
			if !known {
				inner = c.of(s.Definition.SelectionSet)
				c.fragments[s.Name] = inner
			}
			sum.conditional(s.Definition.TypeCondition, s.ObjectDefinition, inner)
		}
	}
	return sum
}

func (c *cost) conditional(condition string, parent *ast.Definition, inner cost) {
	if condition == "" || parent == nil || parent.Name == condition || !parent.IsAbstractType() || condition == "Content" || condition == "Node" {
		c.add(inner)
		return
	}
	c.addOn(condition, inner.total())
}

// What the database reads for a field beside what it returns, in values.
const (
	groupCost         = 4000 // a group-by or a catalogue
	countCost         = 100
	searchedWordCost  = 250
	messageFilterCost = 250
	// A filter of a transcript reads that transcript alone.
	transcriptPart = 0.02
)

// reading is about how much the database reads for the field beside what it returns.
func (c costs) reading(field *ast.Field) float64 {
	if field.Definition == nil || field.ObjectDefinition == nil {
		return 0
	}
	sum := 0.0
	switch {
	case field.Name == "totalCount":
		sum = countCost
	case field.ObjectDefinition.Name == "Query" && isGroup(field.Name):
		sum = groupCost
	}
	if len(field.Arguments) == 0 {
		return sum
	}
	filters := 0.0
	for name, value := range field.ArgumentMap(c.vars) {
		filters += filterCost(name, value)
	}
	if field.ObjectDefinition.Name == "Session" {
		filters *= transcriptPart
	}
	return sum + filters
}

func isGroup(name string) bool {
	switch name {
	case "sessionStats", "promptStats", "intentions", "nerSlots", "variables", "eventLabels":
		return true
	}
	return false
}

// filterCost sums up the searches and the filters of messages, wherever they are in a filter.
func filterCost(name string, value any) float64 {
	sum := 0.0
	switch value := value.(type) {
	case map[string]any:
		if name == "messages" {
			sum = messageFilterCost
		}
		for key, inner := range value {
			sum += filterCost(key, inner)
		}
	case []any:
		for _, inner := range value {
			sum += filterCost(name, inner)
		}
	case string:
		if name == "search" {
			sum = searchedWordCost * float64(len(strings.Fields(value)))
		}
	}
	return sum
}

// Lists that no argument bounds, by what they usually hold.
const (
	usualTranscript = 20
	usualCatalogue  = 50
	usualList       = 4
)

// size is how many objects the field is taken to return.
func (c costs) size(field *ast.Field) float64 {
	if len(field.SelectionSet) == 0 || field.Definition == nil || field.ObjectDefinition == nil {
		return 1
	}
	if strings.HasSuffix(field.ObjectDefinition.Name, "Connection") {
		return 1 // the field that returned the connection counted its page
	}
	first, last := pageArguments(field, c.vars)
	switch {
	case first != nil:
		return float64(*first)
	case last != nil:
		return float64(*last)
	case strings.HasSuffix(field.Definition.Type.Name(), "Connection"):
		return min(20, float64(c.maxPage))
	case field.Definition.Type.Elem == nil:
		return 1
	}
	switch field.Name {
	case "nodes":
		ids, _ := field.ArgumentMap(c.vars)["ids"].([]any)
		return float64(max(1, len(ids)))
	case "messages":
		return usualTranscript
	case "intentions", "nerSlots", "variables", "eventLabels", "sessionStats", "values":
		if field.ObjectDefinition.Name == "Session" {
			return usualList
		}
		return usualCatalogue
	default:
		return usualList
	}
}
