package assistant

import (
	"encoding/json"
	"math"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/vektah/gqlparser/v2/ast"
)

// Input is what a tool takes.
type Input struct {
	Schema *jsonschema.Schema
	Cursor string // the name of the argument that goes on with an answer that was cut
}

// NewInput returns the input of a document: its variables, and the argument that goes on with an answer, which is
// cursor, or continue_cursor where a variable has that name. A line "NAME: text" of the document's description
// describes a variable.
func NewInput(schema *ast.Schema, variables ast.VariableDefinitionList, description string) Input {
	c := converter{schema: schema, definitions: map[string]*jsonschema.Schema{}}
	input := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{},
		AdditionalProperties: nothing()}
	for _, variable := range variables {
		property := c.ofType(variable.Type)
		property.Description = describe(description, variable.Variable)
		if value := variable.DefaultValue; value != nil {
			property.Default = defaultOf(value)
		} else if variable.Type.NonNull {
			input.Required = append(input.Required, variable.Variable)
		}
		input.Properties[variable.Variable] = property
	}
	cursor := "cursor"
	for input.Properties[cursor] != nil {
		cursor = "continue_" + cursor
	}
	input.Properties[cursor] = orNull(&jsonschema.Schema{Type: "string",
		Description: "The cursor of an answer that was cut, to go on with it."}, false)
	if len(c.definitions) > 0 {
		input.Defs = c.definitions
	}
	return Input{input, cursor}
}

// nothing is the schema that no value passes.
func nothing() *jsonschema.Schema { return &jsonschema.Schema{Not: &jsonschema.Schema{}} }

func describe(description, variable string) string {
	for line := range strings.Lines(description) {
		if text, found := strings.CutPrefix(line, variable+": "); found {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

func defaultOf(value *ast.Value) json.RawMessage {
	of, err := value.Value(nil)
	if err != nil {
		return nil
	}
	text, err := json.Marshal(of)
	if err != nil {
		return nil
	}
	return text
}

// definitions is where the references of a schema point to.
const definitions = "#/$defs/"

// converter makes JSON Schema of the types of arguments. Input objects become definitions, for they have fields of
// their own type.
type converter struct {
	schema      *ast.Schema
	definitions map[string]*jsonschema.Schema
}

// ofType returns the schema of a type, which takes null unless the type does not.
func (c converter) ofType(t *ast.Type) *jsonschema.Schema {
	if t.Elem != nil {
		return orNull(&jsonschema.Schema{Type: "array", Items: c.ofType(t.Elem)}, t.NonNull)
	}
	named := c.schema.Types[t.NamedType]
	switch {
	case named.Kind == ast.InputObject:
		return orNull(c.inputObject(named), t.NonNull)
	case named.Kind == ast.Enum:
		values := make([]any, len(named.EnumValues))
		for i, value := range named.EnumValues {
			values[i] = value.Name
		}
		if !t.NonNull {
			values = append(values, nil)
		}
		return &jsonschema.Schema{Enum: values}
	}
	switch named.Name {
	case "Int":
		least, most := float64(math.MinInt32), float64(math.MaxInt32)
		return orNull(&jsonschema.Schema{Type: "integer", Minimum: &least, Maximum: &most}, t.NonNull)
	case "Float":
		return orNull(&jsonschema.Schema{Type: "number"}, t.NonNull)
	case "Boolean":
		return orNull(&jsonschema.Schema{Type: "boolean"}, t.NonNull)
	case "Time":
		return orNull(&jsonschema.Schema{Type: "string", Format: "date-time"}, t.NonNull)
	case "JSON":
		return &jsonschema.Schema{}
	default:
		return orNull(&jsonschema.Schema{Type: "string"}, t.NonNull)
	}
}

// inputObject returns a reference to the definition of an input object.
func (c converter) inputObject(named *ast.Definition) *jsonschema.Schema {
	if _, known := c.definitions[named.Name]; !known {
		definition := &jsonschema.Schema{Type: "object", Properties: map[string]*jsonschema.Schema{},
			AdditionalProperties: nothing(), Description: firstLine(named.Description)}
		c.definitions[named.Name] = definition
		for _, field := range named.Fields {
			property := c.ofType(field.Type)
			if property.Ref == "" { // a reference has no description of its own
				property.Description = firstLine(field.Description)
			}
			if value := field.DefaultValue; value != nil {
				property.Default = defaultOf(value)
			} else if field.Type.NonNull {
				definition.Required = append(definition.Required, field.Name)
			}
			definition.Properties[field.Name] = property
		}
	}
	return &jsonschema.Schema{Ref: definitions + named.Name}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// orNull returns a schema that takes null as well, unless nonNull is set.
func orNull(s *jsonschema.Schema, nonNull bool) *jsonschema.Schema {
	switch {
	case nonNull:
		return s
	case s.Type != "":
		s.Types, s.Type = []string{s.Type, "null"}, ""
		return s
	default:
		return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, {Type: "null"}}}
	}
}
