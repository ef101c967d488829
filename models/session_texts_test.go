package models

import (
	"reflect"
	"testing"
)

// A text that the list lacks would not be read, stored or filtered, without any error.
func TestSessionTextsAreAll(t *testing.T) {
	var session Session
	var filter SessionFilter
	listed, filtered := map[*string]bool{}, map[*StringFilter]bool{}
	for i, field := range reflect.VisibleFields(reflect.TypeOf(filter)) {
		if field.Type == reflect.TypeFor[*StringFilter]() {
			reflect.ValueOf(&filter).Elem().Field(i).Set(reflect.ValueOf(&StringFilter{}))
		}
	}
	for _, text := range SessionTexts() {
		if listed[text.Of(&session)] || filtered[text.Filter(&filter)] {
			t.Errorf("%s has the field or the filter of another", text.Column)
		}
		listed[text.Of(&session)], filtered[text.Filter(&filter)] = true, true
	}

	apart := map[string]bool{ // have no filter of texts
		"CaseFolded": true, "MaskedCallee": true, "EndReasonRaw": true, "EndReason": true,
	}
	value := reflect.ValueOf(&session).Elem()
	for _, field := range reflect.VisibleFields(value.Type()) {
		if field.Type.Kind() != reflect.String || apart[field.Name] {
			continue
		}
		if text := value.FieldByIndex(field.Index).Addr().Interface().(*string); !listed[text] {
			t.Errorf("no text is %s", field.Name)
		}
	}
	for i := range reflect.TypeOf(filter).NumField() {
		if f, ok := reflect.ValueOf(filter).Field(i).Interface().(*StringFilter); ok && !filtered[f] {
			t.Errorf("no text has the filter %s", reflect.TypeOf(filter).Field(i).Name)
		}
	}
}
