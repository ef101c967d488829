package models

import (
	"reflect"
	"testing"
)

// A map that the list lacks would not be read or filtered, without any error.
func TestSessionMapsAreAll(t *testing.T) {
	var projection Projection
	var filter SessionFilter
	listed := map[any]bool{}
	for _, m := range SessionMaps() {
		listed[m.Of(&projection)], listed[m.Filters(&filter)] = true, true
	}
	for _, of := range []reflect.Value{reflect.ValueOf(&projection).Elem(), reflect.ValueOf(&filter).Elem()} {
		for i := range of.NumField() {
			switch field := of.Field(i).Addr().Interface().(type) {
			case *[]NamedValue, *[]*NamedValueFilter:
				if !listed[field] {
					t.Errorf("no map has the field %s of %s", of.Type().Field(i).Name, of.Type().Name())
				}
				delete(listed, field)
			}
		}
	}
	if len(listed) > 0 {
		t.Errorf("%d fields are listed twice or are none", len(listed))
	}
}
