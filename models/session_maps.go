package models

// SessionMap is an open map of a session: a field of its notification, a table and a filter.
// Reading, filtering, folding and bounding its entries all follow the list of them.
type SessionMap struct {
	Field   string  // in a notification
	Named   string  // what its entries are called
	Map     OpenMap // the table
	Of      func(*Projection) *[]NamedValue
	Filters func(*SessionFilter) *[]*NamedValueFilter
}

// SessionMaps are the open maps of a session.
func SessionMaps() []SessionMap { return sessionMaps[:] }

var sessionMaps = [...]SessionMap{
	{"ner_slots", "NER slots", NerSlotMap, func(p *Projection) *[]NamedValue { return &p.NerSlots },
		func(f *SessionFilter) *[]*NamedValueFilter { return &f.NerSlots }},
	{"event_label", "event labels", EventLabelMap, func(p *Projection) *[]NamedValue { return &p.EventLabels },
		func(f *SessionFilter) *[]*NamedValueFilter { return &f.EventLabels }},
	{"variables", "variables", VariableMap, func(p *Projection) *[]NamedValue { return &p.Variables },
		func(f *SessionFilter) *[]*NamedValueFilter { return &f.Variables }},
}
