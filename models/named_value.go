package models

// NamedValue is one entry of a notification's open maps.
type NamedValue struct {
	SessionID  int64
	Name       string
	Position   int      // 0-based place in its map
	Value      string   // a string as it is, anything else as compact JSON with its strings unescaped
	CaseFolded *string  // Value as CaseFold has it, where the database needs that beside Value
	Masked     string   // what a viewer sees in place of Value who sees masks
	Number     *float64 // the number that it is, or is the text of; nil where it is none
	JSON       JSON     // the value as it was sent
}

// Entry is the entry that a NerSlot, an EventLabel or a Variable is.
func (v *NamedValue) Entry() *NamedValue { return v }

// NerSlot is an entry of `ner_slots`: a thing that the robot recognised by name.
type NerSlot struct{ NamedValue }

// EventLabel is an entry of `event_label`.
type EventLabel struct{ NamedValue }

// Variable is an entry of `variables`: what the campaign's list said of the callee.
type Variable struct{ NamedValue }

// ReadNamedValues reads one of a notification's open maps in the order it was
// sent; of a name that stands twice the last value counts. Anything but an object
// has no entries.
func ReadNamedValues(object JSON) []NamedValue {
	var values []NamedValue
	at := map[string]int{}
	for name, value := range object.Fields() {
		entry := NamedValue{Name: name, Position: len(values), Value: value.TextOrNull(), Number: value.Number(),
			JSON: value.Compact()}
		if i, twice := at[name]; twice {
			entry.Position = i
			values[i] = entry
			continue
		}
		at[name] = len(values)
		values = append(values, entry)
	}
	return values
}
