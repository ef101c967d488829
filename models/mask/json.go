package mask

import (
	"bytes"
	"math"
	"strconv"

	"sessiongraph/models"
)

// maskedValues returns a notification's callee, and the values that are masked wherever they stand in its texts: its
// callees, NER slots and variables, and the cards of contacts in its messages. Of a name that stands twice each value
// counts, since raw has them all.
func maskedValues(notification models.JSON, unmasked *Names) (callee string, values []string) {
	var slots, variables, messages []models.JSON
	for name, value := range notification.Fields() {
		switch name {
		case "callee":
			callee = value.Text()
			values = append(values, callee)
		case "ner_slots":
			slots = append(slots, value)
		case "variables":
			variables = append(variables, value)
		case "messages":
			messages = append(messages, value)
		}
	}
	for _, entries := range append(slots, variables...) {
		for name, value := range entries.Fields() {
			if value.Kind() != models.IsNull && !unmasked.Has(name) {
				values = append(values, value.TextOrNull())
			}
		}
	}
	for _, list := range messages {
		if !mayHaveCards(list) {
			continue
		}
		for message := range list.Items() {
			values = appendCards(values, message)
			for reply := range message.Each("reply") {
				values = appendCards(values, reply)
			}
		}
	}
	return callee, values
}

// mayHaveCards reports whether a list of messages has the name of their cards, as it is or escaped.
func mayHaveCards(messages models.JSON) bool {
	return bytes.Contains(messages, []byte(`"contacts"`)) || bytes.Contains(messages, []byte(`\u`))
}

// appendCards appends the names and numbers of the contact cards in a message.
func appendCards(values []string, message models.JSON) []string {
	for content := range message.Each("content") {
		for cards := range content.Each("contacts") {
			for card := range cards.Items() {
				for _, name := range []string{"name", "phone_number"} {
					for value := range card.Each(name) {
						values = append(values, value.Text())
					}
				}
			}
		}
	}
	return values
}

// Notification masks a notification: the same JSON, in the same order and form.
func (m *Masker) Notification(notification models.JSON) models.JSON {
	return m.json(notification, m.notification)
}

// Message masks one of a notification's messages.
func (m *Masker) Message(message models.JSON) models.JSON { return m.json(message, m.message) }

// Entry returns what is shown of the value of a NER slot or variable, unless its name is unmasked.
func (m *Masker) Entry(v *models.NamedValue) string {
	if v.JSON.Kind() == models.IsNull {
		return v.Value
	}
	return m.Value(v.Value)
}

// SearchTexts returns what search reads of each of a notification's messages.
func (m *Masks) SearchTexts(notification models.JSON) []string {
	list := m.Session(notification).json(notification.Get("messages"), m.notification.Fields["messages"])
	messages := models.ReadMessages(list)
	texts := make([]string, len(messages))
	for i := range messages {
		texts[i] = messages[i].SearchText
	}
	return texts
}

func (m *Masker) json(value models.JSON, of *models.Documented) models.JSON {
	w := jsonWalker{masker: m, from: value, to: make([]byte, 0, len(value)+len(value)/4)}
	w.value(of)
	w.to = append(w.to, w.from[min(w.at, len(w.from)):]...)
	return w.to
}

// jsonWalker copies valid JSON, and masks it.
type jsonWalker struct {
	masker *Masker
	from   models.JSON
	at     int
	to     []byte
}

// value copies the next value.
func (w *jsonWalker) value(of *models.Documented) {
	w.space()
	if w.at >= len(w.from) {
		return
	}
	switch c := w.from[w.at]; {
	case of.Holds == models.Plain && c != '{' && c != '[', of.Holds == models.PlainMap && c == '{':
		w.to = append(w.to, w.skip()...)
	case of.Holds == models.PersonalData:
		w.masked(w.skip())
	case c == '{':
		w.object(of)
	case c == '[':
		items := of.Items
		switch {
		case of.Holds == models.Plain:
			items = of
		case items == nil:
			items = &models.Documented{}
		}
		w.each(']', func() { w.value(items) })
	default:
		w.scalar(w.skip(), of.Holds)
	}
}

// object copies an object. Names that AIRudder does not document are texts that a person wrote.
func (w *jsonWalker) object(of *models.Documented) {
	w.each('}', func() {
		name := w.skip()
		key := name.Text()
		inner, known := of.Fields[key]
		unmasked := false
		switch {
		case of.Holds == models.PersonalMap:
			w.to = append(w.to, name...)
			inner, unmasked = &models.Documented{Holds: models.PersonalData}, w.masker.unmasked.Has(key)
		case known:
			w.to = append(w.to, name...)
		default:
			w.text(name)
			inner = &models.Documented{}
		}
		w.space()
		if w.at < len(w.from) && w.from[w.at] == ':' {
			w.copy()
			w.space()
		}
		if unmasked {
			w.to = append(w.to, w.skip()...)
			return
		}
		w.value(inner)
	})
}

// each copies the elements of a list or an object up to its end.
func (w *jsonWalker) each(end byte, element func()) {
	w.copy()
	for {
		w.space()
		if w.at >= len(w.from) {
			return
		}
		switch w.from[w.at] {
		case end:
			w.copy()
			return
		case ',':
			w.copy()
		default:
			before := w.at
			element()
			if w.at == before { // not JSON
				return
			}
		}
	}
}

func (w *jsonWalker) copy() {
	w.to = append(w.to, w.from[w.at])
	w.at++
}

// space copies white space.
func (w *jsonWalker) space() {
	for w.at < len(w.from) && bytes.IndexByte([]byte(" \t\r\n"), w.from[w.at]) >= 0 {
		w.copy()
	}
}

// skip returns the next value, and goes on behind it.
func (w *jsonWalker) skip() models.JSON {
	value := w.from[w.at:].First()
	w.at += len(value)
	return value
}

// scalar copies a text, a number or a word of JSON.
func (w *jsonWalker) scalar(value models.JSON, of models.Holds) {
	kind := value.Kind()
	switch {
	case kind == models.IsNull, kind == models.IsBool && of != models.ReadText:
		w.to = append(w.to, value...)
	case of == models.ReadText, of == models.EventType && !isEvent(value.Text()):
		w.text(value)
	case of == models.EventType:
		w.to = append(w.to, value...)
	case of == models.Degrees:
		w.degrees(value)
	default:
		w.masked(value)
	}
}

// isEvent reports whether a system event is one that AIRudder documents.
func isEvent(name string) bool {
	switch name {
	case "conversation.start", "conversation.take_over", "conversation.close":
		return true
	default:
		return false
	}
}

// masked appends a value's pseudonym. The empty text and null have none.
func (w *jsonWalker) masked(value models.JSON) {
	if value.Kind() == models.IsNull || value.Text() == "" {
		w.to = append(w.to, value...)
		return
	}
	w.to = models.AppendQuoted(w.to, w.masker.Value(value.Text()))
}

// text appends a text, masked.
func (w *jsonWalker) text(value models.JSON) {
	text := value.Text()
	masked := w.masker.Text(text)
	if masked == text {
		w.to = append(w.to, value...)
		return
	}
	w.to = models.AppendQuoted(w.to, masked)
}

// degrees appends a coordinate, rounded to one decimal.
func (w *jsonWalker) degrees(value models.JSON) {
	n, ok := value.Decimal()
	if !ok || math.IsInf(n, 0) || math.IsNaN(n) {
		w.masked(value)
		return
	}
	if math.Abs(n) < 1e15 {
		n = math.Round(n*10) / 10
	}
	if n == 0 {
		n = 0 // not negative
	}
	rounded := strconv.FormatFloat(n, 'f', -1, 64)
	if value.Kind() == models.IsString {
		w.to = models.AppendQuoted(w.to, rounded)
		return
	}
	w.to = append(w.to, rounded...)
}
