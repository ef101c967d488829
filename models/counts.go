package models

// MaxRows is the most rows that a list without paging arguments has.
const MaxRows = 10_000

// IntentionCount is a label and how many sessions have it.
type IntentionCount struct {
	Intention string
	Count     int
}

// OpenMap is one of a session's open maps: the table of its entries.
type OpenMap string

// The open maps of a session.
const (
	NerSlotMap    OpenMap = "ner_slots"
	EventLabelMap OpenMap = "event_labels"
	VariableMap   OpenMap = "variables"
)

// IsMasked reports whether values of the map are masked. Event labels are AIRudder's, not the customer's.
func (m OpenMap) IsMasked() bool { return m != EventLabelMap }

// NameCount is a name of an open map's entries and how many sessions have it.
type NameCount struct {
	Name  string
	Count int
}

// EntryValue is a value of a name in an open map and how many sessions have it.
type EntryValue struct {
	Name         string
	Value        string
	SessionCount int
}
