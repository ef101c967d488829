package main

import (
	"fmt"
	"go/types"

	"github.com/99designs/gqlgen/codegen/config"
	"github.com/99designs/gqlgen/codegen/templates"
)

// Value returns the expression that appends the field's value, the variable v. The
// expression is false if the value is null.
func (f field) Value() string {
	value := appended(f.TypeReference, "v", "&v")
	// gqlgen has another error for a method that returns a nil interface.
	if f.TypeReference.GQL.NonNull && types.IsInterface(f.TypeReference.GO) {
		return "(v != nil || w.NoValue()) && " + value
	}
	return value
}

// appended returns the expression that appends a value of that type, false if the value is
// null. address is an expression for the value's address.
func appended(ref *config.TypeReference, v, address string) string {
	nilable := ""
	if ref.IsNilable() {
		nilable = v + " != nil && "
		if ref.GQL.NonNull {
			nilable = "(" + v + " != nil || w.NullNotAllowed()) && "
		}
	}
	switch {
	case ref.IsPtrToSlice() || ref.IsPtrToIntf() || ref.IsPtrToPtr() && ref.Marshaler == nil && !ref.IsMarshaler:
		return v + " != nil && " + appended(ref.Elem(), "*"+v, v)
	case ref.IsSlice():
		return list(ref, v)
	case ref.IsMarshaler && ref.IsContext:
		return nilable + "w.MarshalContext(" + v + ")"
	case ref.IsMarshaler:
		return nilable + scalar(ref, v)
	case ref.Marshaler != nil:
		return nilable + marshaled(ref, v, address)
	case ref.Definition.IsAbstractType():
		return nilable + fmt.Sprintf("append%s(w, f, %s)", ref.Definition.Name, v)
	case ref.IsNilable():
		return nilable + fmt.Sprintf("render.Object(w, f, 0, %s, append%s)", v, ref.Definition.Name)
	default:
		return fmt.Sprintf("render.Object(w, f, 0, %s, append%s)", address, ref.Definition.Name)
	}
}

// list returns the expression of a list. A nil list is null, or empty if null is not
// allowed.
func list(ref *config.TypeReference, v string) string {
	nilable := ""
	if !ref.GQL.NonNull {
		nilable = v + " != nil && "
	}
	element := ref.Elem()
	return nilable + fmt.Sprintf("render.List(w, f, %s, %t, func(w *render.Writer, f *render.Field, e *%s) "+
		"bool {\n return %s\n})",
		v, element.GQL.NonNull, templates.CurrentImports.LookupType(element.GO), appended(element, "*e", "e"))
}

// scalar returns the expression of a value that has a method to write itself.
func scalar(ref *config.TypeReference, v string) string {
	if pointer, ok := types.Unalias(ref.GO).(*types.Pointer); ok && hasMethod(pointer.Elem(), "MarshalGQL") {
		v = "*" + v
		ref = ref.Elem()
	}
	if hasMethod(ref.GO, "AppendGQL") {
		return "render.Append(w, " + v + ")"
	}
	return "render.Marshal(w, " + v + ")"
}

func hasMethod(t types.Type, name string) bool {
	return types.NewMethodSet(t).Lookup(nil, name) != nil
}

// marshaled returns the expression of a value that a function writes. There are shorter
// ones for gqlgen's own functions.
func marshaled(ref *config.TypeReference, v, address string) string {
	switch {
	case ref.IsTargetNilable() && !ref.IsNilable():
		v = address
	case !ref.IsTargetNilable() && ref.IsNilable():
		v = "*" + v
	}
	if ref.CastType != nil {
		v = fmt.Sprintf("%s(%s)", templates.CurrentImports.LookupType(ref.CastType), v)
	}
	if !ref.HasEnumValues() {
		switch ref.Marshaler.FullName() {
		case "github.com/99designs/gqlgen/graphql.MarshalString", "github.com/99designs/gqlgen/graphql.MarshalID":
			return "w.String(" + v + ")"
		case "github.com/99designs/gqlgen/graphql.MarshalBoolean":
			return "w.Bool(" + v + ")"
		case "github.com/99designs/gqlgen/graphql.MarshalInt":
			return "w.Int(int64(" + v + "))"
		case "github.com/99designs/gqlgen/graphql.MarshalFloatContext":
			return "w.Float(" + v + ")"
		}
	} else {
		v = fmt.Sprintf("%s[%s]", ref.EnumMarshalVar(false), v)
	}
	call := fmt.Sprintf("%s(%s)", templates.Call(ref.Marshaler), v)
	if ref.IsContext {
		return "w.MarshalContext(" + call + ")"
	}
	return fmt.Sprintf("w.MarshalAny(%s, %t)", call, ref.GQL.NonNull)
}
