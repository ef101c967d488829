package main

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/codegen"
	"github.com/99designs/gqlgen/codegen/templates"
	"github.com/vektah/gqlparser/v2/ast"
)

//go:embed render.gotpl
var renderTemplate string

// plugin writes the functions that append object types.
type plugin struct{ file string }

// Name is the plugin's name in gqlgen's errors.
func (plugin) Name() string { return "render" }

// GenerateCode writes the file.
func (p plugin) GenerateCode(data *codegen.Data) error {
	s, err := newSchema(data)
	if err != nil {
		return err
	}
	return templates.Render(templates.Options{
		PackageName:     data.Config.Exec.Package,
		Filename:        p.file,
		Template:        renderTemplate,
		Data:            s,
		GeneratedHeader: true,
		Packages:        data.Config.Packages,
		PruneOptions:    data.Config.GetPruneOptions(),
	})
}

// schema is the data of the template: the types that can be reached from a root field.
type schema struct {
	Objects    []object
	Interfaces []*codegen.Interface
	Roots      []object
}

type object struct {
	*codegen.Object
	Fields []field
}

type field struct {
	*codegen.Field
	Index int
	// Types are the object types of the field's value.
	Types []string
}

func newSchema(data *codegen.Data) (*schema, error) {
	reached := map[string]bool{}
	var reach func(o *codegen.Object) error
	reach = func(o *codegen.Object) error {
		if o == nil || reached[o.Name] {
			return nil
		}
		reached[o.Name] = true
		for _, f := range o.Fields {
			if f.IsReserved() {
				continue
			}
			if err := supported(f, o.Root); err != nil {
				return err
			}
			reached[f.TypeReference.Definition.Name] = reached[f.TypeReference.Definition.Name] ||
				f.TypeReference.Definition.IsAbstractType()
			for _, name := range typesOf(data, f.TypeReference.Definition) {
				if err := reach(data.Objects.ByName(name)); err != nil {
					return err
				}
			}
		}
		return nil
	}

	s := &schema{}
	for _, root := range []*codegen.Object{data.QueryRoot, data.MutationRoot, data.SubscriptionRoot} {
		if err := reach(root); err != nil {
			return nil, err
		}
		if root != nil {
			s.Roots = append(s.Roots, newObject(data, root))
		}
	}
	for _, o := range data.Objects {
		if reached[o.Name] && !o.Root {
			s.Objects = append(s.Objects, newObject(data, o))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(data.Interfaces)) {
		if reached[name] {
			s.Interfaces = append(s.Interfaces, data.Interfaces[name])
		}
	}
	return s, nil
}

// supported returns the error of a kind of field that the template has no code for.
func supported(f *codegen.Field, root bool) error {
	below := !root && (f.IsResolver || f.IsBatch() || f.IsMap())
	if below || f.HasDirectives() || f.UsesSubscriptionContext() || f.HasHaser {
		return fmt.Errorf("render: %s.%s is of a kind that is not supported: bind it to a Go field or method",
			f.Object.Name, f.Name)
	}
	return nil
}

func newObject(data *codegen.Data, o *codegen.Object) object {
	out := object{Object: o}
	for _, f := range o.Fields {
		if !f.IsReserved() {
			out.Fields = append(out.Fields, field{f, len(out.Fields) + 1, typesOf(data, f.TypeReference.Definition)})
		}
	}
	return out
}

// typesOf returns the object types that a value of the type can have, in the order of a
// selection's members.
func typesOf(data *codegen.Data, definition *ast.Definition) []string {
	switch {
	case definition.Kind == ast.Object:
		return []string{definition.Name}
	case definition.IsAbstractType():
		return members(data.Interfaces[definition.Name])
	default:
		return nil
	}
}

func members(i *codegen.Interface) []string {
	var names []string
	for _, implementor := range i.Implementors {
		if !slices.Contains(names, implementor.Name) {
			names = append(names, implementor.Name)
		}
	}
	return names
}

// Member returns the index of one of a type's members.
func (s *schema) Member(i *codegen.Interface, name string) int { return slices.Index(members(i), name) }

// Call returns the expression of the field's value.
func (f field) Call() string {
	if f.IsMethod() {
		return fmt.Sprintf("%s.%s(%s)", f.GoReceiverName, f.GoFieldName,
			strings.ReplaceAll(f.CallArgs(), "ctx", "w.Context()"))
	}
	return f.GoReceiverName + "." + f.GoFieldName
}

// HasError reports whether the field's method returns an error.
func (f field) HasError() bool { return f.IsMethod() && !f.NoErr && !f.VOkFunc }
