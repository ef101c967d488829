package models

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
)

// DriftKind is a kind of what this program does not know. It is written by its GraphQL name.
type DriftKind string

// The kinds of drift.
const (
	DriftField       DriftKind = "FIELD"        // a field that AIRudder does not document
	DriftContentType DriftKind = "CONTENT_TYPE" // a content.type without a content of its own
	DriftEnumValue   DriftKind = "ENUM_VALUE"   // a value of an enum that reads as UNKNOWN
)

// DriftKinds are the kinds of drift.
func DriftKinds() []DriftKind { return []DriftKind{DriftField, DriftContentType, DriftEnumValue} }

// DriftItem is one thing in a notification that this program does not know.
type DriftItem struct {
	Kind  DriftKind
	Path  string // of names joined by dots, each element of a list []
	Value string // the content type or the enum's value; empty for a field
}

// Drift is what notifications have of one item.
type Drift struct {
	DriftItem
	NotificationCount int  // different bodies
	FirstSeenAt       Time // when the first of them first arrived
	LastSeenAt        Time // when the last of them first arrived
}

// ID is a number for the item: equal for equal items.
func (d DriftItem) ID() int64 {
	sum := sha256.Sum256([]byte(string(d.Kind) + "\x00" + d.Path + "\x00" + d.Value))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

// Bounds of what is taken from one body: different items, places where one was found, bytes of a path or value, and
// lists in each other. No documented field is as deep.
const (
	maxDriftItems  = 100
	maxDriftPlaces = 10_000
	maxDriftText   = 500
	maxDriftDepth  = 32
)

// DriftReader finds what this program does not know.
type DriftReader struct{ notification *driftField }

// NewDriftReader returns a reader that knows what AIRudder documents.
func NewDriftReader() *DriftReader {
	return &DriftReader{newDriftField(DocumentedNotification(), "", 0)}
}

// Read returns what is not known in a notification, each item once: the first of those that exceed the bounds. Fields
// in an unknown one, in a content of an unknown type and in open maps are not looked at. Of what is no JSON it returns
// anything.
func (r *DriftReader) Read(notification JSON) []DriftItem {
	w := driftWalker{body: notification, places: maxDriftPlaces}
	w.value(w.space(0), r.notification)
	return w.items
}

// driftField is a Documented at its path, in the form in which names are found fast.
type driftField struct {
	path    string
	depth   int
	open    bool // an open map
	names   []string
	fields  []*driftField
	items   *driftField // nil where a list is not documented
	isKnown func(value string) bool
	typed   *driftField // the field that says what the others are
}

func newDriftField(of *Documented, path string, depth int) *driftField {
	d := &driftField{
		path: path, depth: depth, isKnown: of.IsKnown, open: of.Holds == PersonalMap || of.Holds == PlainMap,
	}
	for name, inner := range of.Fields {
		field := newDriftField(inner, d.below(name), depth+1)
		d.names, d.fields = append(d.names, name), append(d.fields, field)
		if name == of.TypeField {
			d.typed = field
		}
	}
	if of.Items != nil {
		d.items = newDriftField(of.Items, path+"[]", depth+1)
	}
	return d
}

// below is the path of a field in an object.
func (d *driftField) below(name string) string {
	if d.path == "" {
		return name
	}
	return d.path + "." + name
}

// element is what an element of a list is.
func (d *driftField) element() *driftField {
	if d.items != nil {
		return d.items
	}
	return &driftField{path: d.path + "[]", depth: d.depth + 1}
}

// driftWalker reads JSON from its start to its end, once. Its methods take the place at which a value begins,
// and return the one behind it.
type driftWalker struct {
	body   JSON
	items  []DriftItem
	places int // that may still be looked at
}

func (w *driftWalker) value(at int, of *driftField) (end int) {
	switch kind := w.at(at); {
	case of.isKnown != nil:
		end = w.end(at)
		if text := w.body[at:end].sharedText(); text != "" && !of.isKnown(text) {
			w.add(DriftEnumValue, of.path, text)
		}
	case kind == '{' && !of.open && of.depth < maxDriftDepth:
		end = w.object(at, of)
	case kind == '[' && !of.open && of.depth < maxDriftDepth:
		end = w.list(at, of.element())
	default:
		end = w.end(at)
	}
	return end
}

func (w *driftWalker) list(at int, element *driftField) (end int) {
	for at = w.space(at + 1); w.at(at) != ']'; at = w.next(at) {
		end := w.value(at, element)
		if end == at { // not JSON
			return len(w.body)
		}
		at = end
	}
	return at + 1
}

func (w *driftWalker) object(at int, of *driftField) (end int) {
	items := len(w.items)
	var ownType JSON // the last of that name
	for at = w.space(at + 1); w.at(at) == '"'; at = w.next(at) {
		inner, end := w.field(at, of)
		value := w.space(min(w.space(end)+1, len(w.body))) // behind the colon
		switch {
		case inner == nil:
			w.add(DriftField, of.below(w.body[at:end].unquote()), "")
			at = w.end(value)
		case inner == of.typed:
			at = w.end(value)
			ownType = w.body[value:at]
		default:
			at = w.value(value, inner)
		}
	}
	if of.typed != nil && !of.typed.isKnown(ownType.sharedText()) {
		w.items = w.items[:items]
		if text := ownType.Text(); text != "" {
			w.add(DriftContentType, of.typed.path, text)
		}
	}
	return min(at+1, len(w.body))
}

// field returns the field whose name stands at a place, nil for none, and the place behind the name.
func (w *driftWalker) field(at int, of *driftField) (inner *driftField, end int) {
	rest := w.body[at+1:]
	for i, name := range of.names {
		if n := len(name); n < len(rest) && rest[n] == '"' && string(rest[:n]) == name {
			return of.fields[i], at + n + 2
		}
	}
	end = w.end(at)
	name := w.body[at:end]
	if bytes.IndexByte(name, '\\') < 0 {
		return nil, end
	}
	if i := slices.Index(of.names, name.unquote()); i >= 0 {
		return of.fields[i], end
	}
	return nil, end
}

// at returns the byte at a place, 0 behind the end.
func (w *driftWalker) at(at int) byte {
	if at < len(w.body) {
		return w.body[at]
	}
	return 0
}

// space returns the place of what comes next that is no white space.
func (w *driftWalker) space(at int) int {
	for at < len(w.body) && isSpace(w.body[at]) {
		at++
	}
	return at
}

// next returns the place behind the comma that may come next.
func (w *driftWalker) next(at int) int {
	if at = w.space(at); w.at(at) == ',' {
		return w.space(at + 1)
	}
	return at
}

// end returns the place behind the value.
func (w *driftWalker) end(at int) int {
	if w.at(at) == '"' {
		return at + stringEnd(w.body[at:])
	}
	return at + valueEnd(w.body[at:])
}

// add adds an item, unless it is there.
func (w *driftWalker) add(kind DriftKind, path, value string) {
	if w.places == 0 || len(w.items) == maxDriftItems {
		return
	}
	w.places--
	item := DriftItem{kind, driftText(path), driftText(value)}
	if !slices.Contains(w.items, item) {
		w.items = append(w.items, item)
	}
}

// driftText is a path or a value as it is kept: a longer one ends with an ellipsis.
func driftText(s string) string {
	if len(s) > maxDriftText {
		s = firstBytes(s, maxDriftText) + "…"
	}
	return strings.ToValidUTF8(strings.Clone(s), "\uFFFD")
}
