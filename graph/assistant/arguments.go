package assistant

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"sessiongraph/models"
)

// IsLeftOut reports whether the value of an argument stands for none: the empty text where a text need not be given,
// as in the Playground's forms.
func (in Input) IsLeftOut(name string, value any) bool {
	property := in.Schema.Properties[name]
	return value == "" && property != nil && slices.Contains(typesOf(property), "string") &&
		!slices.Contains(in.Schema.Required, name)
}

// Check returns an error that says what in the arguments of a call their schema does not take. Numbers are
// json.Number.
func (in Input) Check(arguments map[string]any) error {
	if problem := in.problem(in.Schema, arguments, ""); problem != "" {
		return models.InputErrorf("%s", problem)
	}
	return nil
}

// problem says what in the value at a path its schema does not take, "" for nothing. It knows what NewInput makes.
func (in Input) problem(schema *jsonschema.Schema, value any, at string) string {
	types := typesOf(schema)
	switch {
	case schema.Ref != "":
		return in.problem(in.Schema.Defs[strings.TrimPrefix(schema.Ref, definitions)], value, at)
	case len(schema.AnyOf) > 0 && value != nil: // or null
		return in.problem(schema.AnyOf[0], value, at)
	case schema.Enum != nil && !slices.Contains(schema.Enum, value):
		return fmt.Sprintf("%s: want one of %s", at, listed(schema.Enum))
	case len(types) > 0 && !slices.ContainsFunc(types, func(name string) bool { return isOf(name, value) }):
		return at + ": want " + described(schema, types[0])
	}
	switch value := value.(type) {
	case json.Number:
		return problemOfNumber(schema, value, at)
	case []any:
		for i, element := range value {
			if schema.Items == nil {
				break
			}
			if problem := in.problem(schema.Items, element, fmt.Sprintf("%s[%d]", at, i)); problem != "" {
				return problem
			}
		}
	case map[string]any:
		return in.problemOfObject(schema, value, at)
	}
	return ""
}

func (in Input) problemOfObject(schema *jsonschema.Schema, object map[string]any, at string) string {
	if at != "" {
		at += "."
	}
	for _, name := range schema.Required {
		if _, given := object[name]; !given {
			return at + name + ": it is required"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		property := schema.Properties[name]
		if property == nil && schema.AdditionalProperties != nil {
			return fmt.Sprintf("%s%.100s: unknown, want some of %s", at, name,
				strings.Join(slices.Sorted(maps.Keys(schema.Properties)), ", "))
		}
		if property == nil {
			continue
		}
		if problem := in.problem(property, object[name], at+name); problem != "" {
			return problem
		}
	}
	return ""
}

func problemOfNumber(schema *jsonschema.Schema, number json.Number, at string) string {
	n, err := number.Float64()
	switch {
	case len(typesOf(schema)) == 0: // any JSON
		return ""
	case err != nil:
		return at + ": the number is too large"
	case schema.Minimum != nil && n < *schema.Minimum:
		return fmt.Sprintf("%s: want at least %.0f", at, *schema.Minimum)
	case schema.Maximum != nil && n > *schema.Maximum:
		return fmt.Sprintf("%s: want at most %.0f", at, *schema.Maximum)
	}
	return ""
}

func typesOf(schema *jsonschema.Schema) []string {
	if schema.Type != "" {
		return []string{schema.Type}
	}
	return schema.Types
}

// isOf reports whether a value is of a type of JSON Schema.
func isOf(name string, value any) bool {
	switch value := value.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case json.Number:
		return name == "number" || name == "integer" && !strings.ContainsAny(value.String(), ".eE")
	case []any:
		return name == "array"
	default:
		return name == "object"
	}
}

// described returns the words for a type.
func described(schema *jsonschema.Schema, name string) string {
	switch {
	case schema.Format == "date-time":
		return "a time as a text, such as 2025-04-15T06:30:00Z"
	case name == "string":
		return "a text"
	case name == "integer":
		return "a whole number"
	case name == "number":
		return "a number"
	case name == "boolean":
		return "true or false"
	case name == "array":
		return "a list"
	default:
		return "an object"
	}
}

// listed returns the values of an enum.
func listed(values []any) string {
	var names []string
	for _, value := range values {
		if name, ok := value.(string); ok {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
