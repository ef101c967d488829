package graph

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// gqlparser and gqlgen take a text for a number, a number for a text, and integers of
// 64 bits. The specification does not: what they let pass is held to it here.

// wholeNumbers writes numbers of variables without a fraction as integers: JSON has
// one type of number, so 3.0 is the integer 3.
func wholeNumbers(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			value[name] = wholeNumbers(inner)
		}
	case []any:
		for i, inner := range value {
			value[i] = wholeNumbers(inner)
		}
	case json.Number:
		const exact = 1 << 53
		if !strings.ContainsAny(value.String(), ".eE") {
			return value
		}
		if f, err := value.Float64(); err == nil && f == math.Trunc(f) && math.Abs(f) <= exact {
			return json.Number(strconv.FormatInt(int64(f), 10))
		}
	}
	return value
}

// checkVariables holds the variables of an operation to the types of its definitions.
func checkVariables(schema *ast.Schema, operation *ast.OperationDefinition, variables map[string]any) *gqlerror.Error {
	for _, definition := range operation.VariableDefinitions {
		if value, given := variables[definition.Variable]; given {
			if err := checkVariable(schema, definition.Type, value, "$"+definition.Variable); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkVariable(schema *ast.Schema, of *ast.Type, value any, path string) *gqlerror.Error {
	if value == nil {
		return nil
	}
	if of.Elem != nil {
		list := reflect.ValueOf(value) // gqlparser makes a single value a list of its own type
		if list.Kind() != reflect.Slice {
			return checkVariable(schema, of.Elem, value, path)
		}
		for i := range list.Len() {
			if err := checkVariable(schema, of.Elem, list.Index(i).Interface(), path+"["+strconv.Itoa(i)+"]"); err != nil {
				return err
			}
		}
		return nil
	}
	definition := schema.Types[of.NamedType]
	if fields, ok := value.(map[string]any); ok && definition.Kind == ast.InputObject {
		for _, field := range definition.Fields {
			if err := checkVariable(schema, field.Type, fields[field.Name], path+"."+field.Name); err != nil {
				return err
			}
		}
		return nil
	}
	return checkScalar(of.NamedType, value, path)
}

// checkScalar refuses a JSON value that the scalar does not take.
func checkScalar(scalar string, value any, path string) *gqlerror.Error {
	number, isNumber := value.(json.Number)
	if !isNumber { // a variable that is a number itself
		switch value := value.(type) {
		case int64:
			number, isNumber = json.Number(strconv.FormatInt(value, 10)), true
		case float64:
			number, isNumber = json.Number(strconv.FormatFloat(value, 'g', -1, 64)), true
		}
	}
	_, isText := value.(string)
	switch {
	case scalar == "Int" && !isNumber, scalar == "Float" && !isNumber:
		return coded(codeBadUserInput, "%s is not a number, %s takes nothing else", path, scalar)
	case scalar == "Int":
		if _, err := strconv.ParseInt(number.String(), 10, 32); err != nil {
			return notAnInt(path)
		}
	case scalar == "String" && !isText:
		return coded(codeBadUserInput, "%s is not a string, String takes nothing else", path)
	}
	return nil
}

func notAnInt(path string) *gqlerror.Error {
	return coded(codeBadUserInput, "%s is not an integer from %d to %d, Int takes nothing else", path, math.MinInt32, math.MaxInt32)
}

// checkLiterals finds integers in a document's values that are out of Int's range.
func checkLiterals(value *ast.Value, path string) *gqlerror.Error {
	if value == nil {
		return nil
	}
	if value.Kind == ast.IntValue && value.Definition != nil && value.Definition.Name == "Int" {
		if _, err := strconv.ParseInt(value.Raw, 10, 32); err != nil {
			return notAnInt(path)
		}
	}
	for _, child := range value.Children {
		inner := path
		if child.Name != "" {
			inner += "." + child.Name
		}
		if err := checkLiterals(child.Value, inner); err != nil {
			return err
		}
	}
	return nil
}
