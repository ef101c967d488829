package models

// Documented is what AIRudder documents of a value in a notification. The tree of them is the one list of the names
// that this program knows: what is masked of a notification, and what of it is drift, both follow it.
type Documented struct {
	Holds  Holds
	Fields map[string]*Documented // of an object
	Items  *Documented            // of a list
	// IsKnown reports whether this program knows a value, of a field that has one of a few; nil for any other.
	IsKnown func(value string) bool
	// TypeField names the field of an object that says what its other fields are; empty for none.
	TypeField string
}

// Holds is what a value says.
type Holds byte

// What values hold: Undocumented is that of a value that AIRudder does not document.
const (
	Undocumented Holds = iota
	Plain              // an id, a name, a time, a count, or one of a few words
	PersonalData       // whose a session is, or what a person sent of themselves
	ReadText           // a text that people read
	Degrees            // a coordinate
	PersonalMap        // an open map whose values are personal data
	PlainMap           // an open map whose values are labels
	EventType          // what a system event is, else a text that people read
)

// object returns a field that is an object.
func object(fields map[string]*Documented) *Documented { return &Documented{Fields: fields} }

// listOf returns a field that is a list.
func listOf(items *Documented) *Documented { return &Documented{Items: items} }

// oneOf returns a field that has one of a few values.
func oneOf(isKnown func(string) bool) *Documented { return &Documented{Holds: Plain, IsKnown: isKnown} }

// DocumentedNotification returns what AIRudder documents of a notification, and headers of interactive messages.
func DocumentedNotification() *Documented {
	endReason := oneOf(func(s string) bool { return SessionEndReasonOf(s) != EndUnknown })
	n := map[string]*Documented{
		"callee": {Holds: PersonalData}, "ner_slots": {Holds: PersonalMap}, "variables": {Holds: PersonalMap},
		"event_label": {Holds: PlainMap}, "session_end_reason": endReason, "messages": listOf(documentedMessage()),
	}
	for _, name := range []string{"workflow_id", "workflow_name", "nodetask_id", "nodetask_name", "waba_task_id",
		"wfdetail_uuid", "timestamp", "channel", "channel_id", "call_id", "robot_id", "status", "session_start_time",
		"session_end_time", "intention", "talk_round"} {
		n[name] = &Documented{Holds: Plain}
	}
	return object(n)
}

func documentedMessage() *Documented {
	plain, content := &Documented{Holds: Plain}, documentedContent()
	sender := oneOf(func(s string) bool { return SenderTypeOf(s) != SenderUnknown })
	status := oneOf(func(s string) bool { return MessageStatusOf(s) != MessageStatusUnknown })
	reply := object(map[string]*Documented{
		"msg_id": plain, "sender_type": sender, "timestamp": plain, "content": content,
	})
	return object(map[string]*Documented{
		"msg_id": plain, "sender_type": sender, "timestamp": plain, "status": status, "content": content,
		"reply": reply,
	})
}

func documentedContent() *Documented {
	plain, text, personal := &Documented{Holds: Plain}, &Documented{Holds: ReadText}, &Documented{Holds: PersonalData}
	media := object(map[string]*Documented{"origin_url": personal, "name": personal})
	header := object(map[string]*Documented{"type": plain, "text": text, "media": media})
	part := object(map[string]*Documented{"text": text})
	row := object(map[string]*Documented{"id": plain, "title": text, "description": text})
	return &Documented{TypeField: "type", Fields: map[string]*Documented{
		"type": oneOf(isContentType),
		"text": text,
		"system": object(map[string]*Documented{
			"type": {Holds: EventType}, "from_seat_id": plain, "to_seat_id": plain,
		}),
		"template": object(map[string]*Documented{
			"type": plain,
			"content": object(map[string]*Documented{
				"header": header, "body": text, "footer": text,
				"button": listOf(object(map[string]*Documented{"type": plain, "text": text})),
			}),
			"info": object(map[string]*Documented{"id": plain, "name": plain, "language": plain}),
		}),
		"media": media,
		"interactive": object(map[string]*Documented{
			"type": plain, "header": header, "body": part, "footer": part,
			"action": object(map[string]*Documented{
				"button": text,
				"buttons": listOf(object(map[string]*Documented{
					"type": plain, "reply": object(map[string]*Documented{"id": plain, "title": text}),
				})),
				"sections": listOf(object(map[string]*Documented{"title": text, "rows": listOf(row)})),
			}),
		}),
		"location": object(map[string]*Documented{
			"latitude": {Holds: Degrees}, "longitude": {Holds: Degrees}, "address": personal, "name": personal,
		}),
		"contacts": listOf(object(map[string]*Documented{"name": personal, "phone_number": personal})),
	}}
}

// isContentType reports whether DecodeContent has a case for a content.type.
func isContentType(name string) bool {
	switch name {
	case "text", "system", "template", "button", "image", "file", "video", "audio", "interactive", "location",
		"contacts":
		return true
	default:
		return false
	}
}
