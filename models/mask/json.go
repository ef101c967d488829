package mask

import (
	"bytes"
	"iter"
	"math"
	"strconv"

	"sessiongraph/models"
)

// rule says what is masked of a JSON value.
type rule struct {
	leaf   leaf
	fields map[string]*rule // of an object
	items  *rule            // of a list
}

// leaf is how a value is masked.
type leaf byte

const (
	undocumented leaf = iota // texts and numbers in it are pseudonyms
	shown                    // as it was sent, but for objects, whose names AIRudder does not document
	whole                    // as it was sent, whatever it is
	masked                   // is a pseudonym
	readText                 // is a text that people read
	degrees                  // is rounded
	openMap                  // its values are pseudonyms, except for those of unmasked names
	shownMap                 // an object that is shown as it was sent
	eventType                // is a text that people read, except for AIRudder's own
)

func fields(of map[string]*rule) *rule { return &rule{fields: of} }

func list(of *rule) *rule { return &rule{items: of} }

func unknownRule() *rule { return &rule{} }

// notificationRule returns the rule of a notification: what AIRudder documents, and headers of interactive messages.
// It is the one place that says what of a notification is masked.
func notificationRule() *rule {
	messages := list(messageRule())
	n := map[string]*rule{
		"callee": {leaf: masked}, "ner_slots": {leaf: openMap}, "variables": {leaf: openMap},
		"event_label": {leaf: shownMap}, "messages": messages,
	}
	for _, name := range []string{"workflow_id", "workflow_name", "nodetask_id", "nodetask_name", "waba_task_id",
		"wfdetail_uuid", "timestamp", "channel", "channel_id", "call_id", "robot_id", "status", "session_start_time",
		"session_end_time", "session_end_reason", "intention", "talk_round"} {
		n[name] = &rule{leaf: shown}
	}
	return fields(n)
}

func messageRule() *rule {
	show, content := &rule{leaf: shown}, contentRule()
	reply := fields(map[string]*rule{"msg_id": show, "sender_type": show, "timestamp": show, "content": content})
	return fields(map[string]*rule{
		"msg_id": show, "sender_type": show, "timestamp": show, "status": show, "content": content, "reply": reply,
	})
}

func contentRule() *rule {
	show, text, hide := &rule{leaf: shown}, &rule{leaf: readText}, &rule{leaf: masked}
	media := fields(map[string]*rule{"origin_url": hide, "name": hide})
	header := fields(map[string]*rule{"type": show, "text": text, "media": media})
	part := fields(map[string]*rule{"text": text})
	row := fields(map[string]*rule{"id": show, "title": text, "description": text})
	return fields(map[string]*rule{
		"type": show,
		"text": text,
		"system": fields(map[string]*rule{
			"type": {leaf: eventType}, "from_seat_id": show, "to_seat_id": show,
		}),
		"template": fields(map[string]*rule{
			"type": show,
			"content": fields(map[string]*rule{
				"header": header, "body": text, "footer": text,
				"button": list(fields(map[string]*rule{"type": show, "text": text})),
			}),
			"info": fields(map[string]*rule{"id": show, "name": show, "language": show}),
		}),
		"media": media,
		"interactive": fields(map[string]*rule{
			"type": show, "header": header, "body": part, "footer": part,
			"action": fields(map[string]*rule{
				"button": text,
				"buttons": list(fields(map[string]*rule{
					"type": show, "reply": fields(map[string]*rule{"id": show, "title": text}),
				})),
				"sections": list(fields(map[string]*rule{"title": text, "rows": list(row)})),
			}),
		}),
		"location": fields(map[string]*rule{
			"latitude": {leaf: degrees}, "longitude": {leaf: degrees}, "address": hide, "name": hide,
		}),
		"contacts": list(fields(map[string]*rule{"name": hide, "phone_number": hide})),
	})
}

// maskedValues yields the values of a notification that are masked wherever they stand in its texts: its callee,
// NER slots and variables, and the cards of contacts in its messages. Of a name that stands twice each value counts,
// since raw has them all.
func maskedValues(notification models.JSON, unmasked *Names) iter.Seq[string] {
	return func(yield func(string) bool) {
		for callee := range notification.Each("callee") {
			if !yield(callee.Text()) {
				return
			}
		}
		for _, name := range []string{"ner_slots", "variables"} {
			for entries := range notification.Each(name) {
				for name, value := range entries.Fields() {
					if value.Kind() != models.IsNull && !unmasked.Has(name) && !yield(value.TextOrNull()) {
						return
					}
				}
			}
		}
		for messages := range notification.Each("messages") {
			for message := range messages.Items() {
				if !yieldCards(message, yield) {
					return
				}
				for reply := range message.Each("reply") {
					if !yieldCards(reply, yield) {
						return
					}
				}
			}
		}
	}
}

// yieldCards yields the names and numbers of the contact cards in a message.
func yieldCards(message models.JSON, yield func(string) bool) bool {
	for content := range message.Each("content") {
		for cards := range content.Each("contacts") {
			for card := range cards.Items() {
				for _, name := range []string{"name", "phone_number"} {
					for value := range card.Each(name) {
						if !yield(value.Text()) {
							return false
						}
					}
				}
			}
		}
	}
	return true
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
	list := m.Session(notification).json(notification.Get("messages"), m.notification.fields["messages"])
	messages := models.ReadMessages(list)
	texts := make([]string, len(messages))
	for i := range messages {
		texts[i] = messages[i].SearchText
	}
	return texts
}

func (m *Masker) json(value models.JSON, of *rule) models.JSON {
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
func (w *jsonWalker) value(of *rule) {
	w.space()
	if w.at >= len(w.from) {
		return
	}
	switch c := w.from[w.at]; {
	case of.leaf == whole, of.leaf == shown && c != '{' && c != '[', of.leaf == shownMap && c == '{':
		w.to = append(w.to, w.skip()...)
	case of.leaf == masked:
		w.masked(w.skip())
	case c == '{':
		w.object(of)
	case c == '[':
		items := of.items
		switch {
		case of.leaf == shown:
			items = of
		case items == nil:
			items = unknownRule()
		}
		w.each(']', func() { w.value(items) })
	default:
		w.scalar(w.skip(), of.leaf)
	}
}

// object copies an object. Names that AIRudder does not document are texts that a person wrote.
func (w *jsonWalker) object(of *rule) {
	w.each('}', func() {
		name := w.skip()
		key := name.Text()
		inner, known := of.fields[key]
		switch {
		case of.leaf == openMap:
			w.to = append(w.to, name...)
			inner = &rule{leaf: masked}
			if w.masker.unmasked.Has(key) {
				inner = &rule{leaf: whole}
			}
		case known:
			w.to = append(w.to, name...)
		default:
			w.text(name)
			inner = unknownRule()
		}
		w.space()
		if w.at < len(w.from) && w.from[w.at] == ':' {
			w.copy()
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
func (w *jsonWalker) scalar(value models.JSON, of leaf) {
	kind := value.Kind()
	switch {
	case kind == models.IsNull, kind == models.IsBool && of != readText:
		w.to = append(w.to, value...)
	case of == readText, of == eventType && !isEvent(value.Text()):
		w.text(value)
	case of == eventType:
		w.to = append(w.to, value...)
	case of == degrees:
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
