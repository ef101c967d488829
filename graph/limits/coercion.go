package limits

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"sessiongraph/graph/apierror"
)

// gqlparser and gqlgen accept a string for a number, a number for a string, and integers
// of 64 bits. The specification does not, hence these checks.

// checkVariables returns the error of a variable that is not of its type.
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
		if reflect.TypeOf(value).Kind() != reflect.Slice {
			return checkVariable(schema, of.Elem, value, path)
		}
		for i, element := range elements(value) {
			if err := checkVariable(schema, of.Elem, element, path+"["+strconv.Itoa(i)+"]"); err != nil {
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

// checkScalar returns the error of a JSON value that is not one of the scalar.
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
		return apierror.New(apierror.BadUserInput, "%s is not a number, %s takes nothing else", path, scalar)
	case scalar == "Int":
		if _, err := strconv.ParseInt(number.String(), 10, 32); err != nil {
			return notAnInt(path)
		}
	case scalar == "String" && !isText:
		return apierror.New(apierror.BadUserInput, "%s is not a string, String takes nothing else", path)
	}
	return nil
}

func notAnInt(path string) *gqlerror.Error {
	return apierror.New(apierror.BadUserInput, "%s is not an integer from %d to %d, Int takes nothing else",
		path, math.MinInt32, math.MaxInt32)
}

// checkLiterals returns the error of an integer in a document that is out of Int's range.
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
