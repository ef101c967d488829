// Package expected is a second reader of AIRudder's notifications: what GraphQL has to
// answer for them.
package expected

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"sessiongraph/internal/test/diff"
)

type (
	object = map[string]any
	list   = []any
)

// Sessions is what GraphQL has to answer for each notification, by call_id, once
// all of them are stored, each of a session of its own: every field of Session and of
// what it leads to, the fields of intention and contact that count sessions
// included. It reads AIRudder's JSON by the schema's descriptions and shares no
// code with the program.
func Sessions(bodies [][]byte) map[string]map[string]any {
	var sessions list
	for _, body := range bodies {
		sessions = append(sessions, expectedSession(body))
	}
	answers := make(map[string]map[string]any, len(sessions))
	for _, s := range sessions {
		session := s.(object)
		label, callee := session["intention"], session["callee"]
		sameLabel, sameCallee := 0, 0
		first, last := session["startedAt"].(string), session["endedAt"].(string)
		for _, o := range sessions {
			other := o.(object)
			if dig(other, "raw", "intention") == label {
				sameLabel++
			}
			if other["callee"] == callee {
				sameCallee++
				first, last = min(first, other["startedAt"].(string)), max(last, other["endedAt"].(string))
			}
		}
		session["intention"] = object{
			"label": label, "sessionCount": number(sameLabel), "share": float64(sameLabel) / float64(len(sessions)),
		}
		session["contact"] = object{
			"id": diff.Anything{}, "callee": callee, "sessionCount": number(sameCallee),
			"firstSeenAt": first, "lastSeenAt": last,
		}
		answers[session["callId"].(string)] = session
	}
	return answers
}

func expectedSession(body []byte) object {
	n := Decode(body).(object)
	messages := list{}
	sent, _ := n["messages"].(list)
	for position, m := range sent {
		messages = append(messages, expectedMessage(position, m.(object), sent))
	}
	return object{
		"id": diff.Anything{}, "receivedAt": diff.Anything{}, "version": number(1), "deliveries": diff.AtLeast(1),
		"callId": text(n["call_id"]), "callee": text(n["callee"]), "channel": text(n["channel"]),
		"channelId":  text(n["channel_id"]),
		"workflowId": text(n["workflow_id"]), "workflowName": text(n["workflow_name"]),
		"nodeTaskId": text(n["nodetask_id"]), "nodeTaskName": text(n["nodetask_name"]),
		"wabaTaskId": text(n["waba_task_id"]), "wfDetailUuid": text(n["wfdetail_uuid"]),
		"robotId": text(n["robot_id"]), "status": text(n["status"]), "intention": text(n["intention"]),
		"talkRound": n["talk_round"],
		"startedAt": instant(n["session_start_time"]), "endedAt": instant(n["session_end_time"]),
		"notifiedAt":      instant(n["timestamp"]),
		"durationSeconds": number(int(parse(n["session_end_time"]).Sub(parse(n["session_start_time"])).Seconds())),
		"endReason":       enum(n["session_end_reason"], "robot", "agent", "error", "expire", "user"),
		"nerSlots":        namedValues(body, "ner_slots"), "eventLabels": namedValues(body, "event_label"),
		"variables":    namedValues(body, "variables"),
		"endReasonRaw": text(n["session_end_reason"]), "engaged": engaged(sent), "handover": handover(sent),
		"abandoned": abandoned(n, sent),
		"messages":  messages, "messageCount": number(len(messages)), "raw": n,
	}
}

func engaged(messages list) bool {
	return slices.ContainsFunc(messages, func(m any) bool { return dig(m, "sender_type") == "user" })
}

func handover(messages list) any {
	seats := list{}
	var takenOverAt, firstReplyAt any
	replied := false
	for _, m := range messages {
		content := dig(m, "content")
		seat := text(dig(content, "system", "to_seat_id"))
		if dig(content, "type") == "system" && dig(content, "system", "type") == "conversation.take_over" &&
			seat != "" {
			if len(seats) == 0 {
				takenOverAt = instant(dig(m, "timestamp"))
			}
			if !slices.Contains(seats, any(seat)) {
				seats = append(seats, seat)
			}
		}
		if dig(m, "sender_type") == "agent" && !replied {
			replied, firstReplyAt = true, instant(dig(m, "timestamp"))
		}
	}
	if len(seats) == 0 && !replied {
		return nil
	}
	var wait any
	if takenOverAt != nil && firstReplyAt != nil {
		if length := parse(firstReplyAt).Sub(parse(takenOverAt)); length >= 0 {
			wait = number(int(length / time.Second))
		}
	}
	return object{"takenOverAt": takenOverAt, "seatIds": seats, "firstReplyAt": firstReplyAt, "waitSeconds": wait}
}

func abandoned(n object, messages list) bool {
	for _, m := range slices.Backward(messages) {
		if from := dig(m, "sender_type"); from != "system" {
			reason := n["session_end_reason"]
			return (from == "robot" || from == "chatbot") && (reason == "expire" || reason == "user")
		}
	}
	return false
}

func expectedMessage(position int, m object, all list) object {
	content := expectedContent(m["content"], dig(m, "reply", "content"))
	message := object{
		"id": diff.Anything{}, "position": number(position), "msgId": text(m["msg_id"]),
		"senderType": sender(m["sender_type"]),
		"sentAt":     instant(m["timestamp"]), "status": enum(m["status"], "sent", "delivery", "read"),
		"senderTypeRaw": text(m["sender_type"]), "statusRaw": text(m["status"]), "contentType": content["type"],
		"text": content["text"], "content": content, "replyTo": nil, "raw": m,
	}
	if reply, ok := m["reply"].(object); ok {
		message["replyTo"] = object{
			"msgId": text(reply["msg_id"]), "senderType": sender(reply["sender_type"]),
			"sentAt":  instant(reply["timestamp"]),
			"content": expectedContent(reply["content"], nil), "message": nil,
		}
		at := slices.IndexFunc(all, func(other any) bool { return dig(other, "msg_id") == reply["msg_id"] })
		if at >= 0 {
			message["replyTo"].(object)["message"] = object{"position": number(at)}
		}
	}
	return message
}

func expectedContent(c, answered any) object {
	kind, said := text(dig(c, "type")), text(dig(c, "text"))
	is := func(typeName, read string, fields object) object {
		fields["__typename"], fields["type"], fields["text"], fields["raw"] = typeName, kind, read, c
		return fields
	}
	unknown := is("UnknownContent", said, object{})
	switch kind {
	case "text":
		return is("TextContent", said, object{})
	case "system":
		event := text(dig(c, "system", "type"))
		return is("SystemContent", event, object{
			"event": event, "fromSeatId": text(dig(c, "system", "from_seat_id")),
			"toSeatId": text(dig(c, "system", "to_seat_id")),
		})
	case "template":
		return expectedTemplate(dig(c, "template"), is)
	case "button":
		return is("ButtonContent", said, object{"chosen": chosen(said, answered)})
	case "image", "video", "audio", "file":
		media := expectedMedia(dig(c, "media"))
		if media == nil && (kind == "video" || kind == "audio") {
			return unknown
		}
		return is(strings.ToUpper(kind[:1])+kind[1:]+"Content", lines(said, text(dig(media, "name"))),
			object{"media": media, "caption": said})
	case "interactive":
		return expectedInteractive(c, answered, said, unknown, is)
	case "location":
		place := dig(c, "location")
		if text(dig(place, "latitude")) == "" || text(dig(place, "longitude")) == "" {
			unknown["text"] = lines(text(dig(place, "name")), text(dig(place, "address")))
			return unknown
		}
		return is("LocationContent", lines(text(dig(place, "name")), text(dig(place, "address"))), object{
			"latitude": float(dig(place, "latitude")), "longitude": float(dig(place, "longitude")),
			"address": text(dig(place, "address")), "name": dig(place, "name"),
		})
	case "contacts":
		cards := list{}
		var parts []string
		for _, card := range items(dig(c, "contacts")) {
			name, phone := text(dig(card, "name")), text(dig(card, "phone_number"))
			cards, parts = append(cards, object{"name": name, "phoneNumber": phone}), append(parts, name, phone)
		}
		return is("ContactsContent", lines(parts...), object{"contacts": cards})
	}
	return unknown
}

func expectedTemplate(template any, is func(string, string, object) object) object {
	body := dig(template, "content")
	fields := object{
		"provider": text(dig(template, "type")), "templateId": text(dig(template, "info", "id")),
		"name": dig(template, "info", "name"), "language": text(dig(template, "info", "language")),
		"header": nil, "body": text(dig(body, "body")), "footer": text(dig(body, "footer")),
	}
	parts := []string{text(dig(body, "header", "text")), text(dig(body, "body")), text(dig(body, "footer"))}
	fields["header"] = expectedHeader(dig(body, "header"))
	buttons := list{}
	for _, b := range items(dig(body, "button")) {
		buttons = append(buttons, object{"id": "", "type": text(dig(b, "type")), "title": text(dig(b, "text"))})
		parts = append(parts, text(dig(b, "text")))
	}
	fields["buttons"] = buttons
	return is("TemplateContent", lines(parts...), fields)
}

func expectedHeader(header any) any {
	if header, ok := header.(object); ok {
		return object{"type": text(header["type"]), "text": text(header["text"]),
			"media": expectedMedia(header["media"])}
	}
	return nil
}

func expectedInteractive(c, answered any, said string, unknown object, is func(string, string, object) object) object {
	prompt := dig(c, "interactive")
	header, body, footer := expectedHeader(dig(prompt, "header")), text(dig(prompt, "body",
		"text")), text(dig(prompt, "footer", "text"))
	parts := []string{text(dig(header, "text")), body, footer}
	switch {
	case prompt == nil:
		return is("InteractiveAnswerContent", said, object{"chosen": chosen(said, answered)})
	case len(items(dig(prompt, "action", "buttons"))) > 0:
		buttons := list{}
		for _, b := range items(dig(prompt, "action", "buttons")) {
			title := text(dig(b, "reply", "title"))
			buttons = append(buttons,
				object{"id": text(dig(b, "reply", "id")), "type": text(dig(b, "type")), "title": title})
			parts = append(parts, title)
		}
		return is("InteractiveButtonsContent", lines(parts...),
			object{"header": header, "body": body, "footer": footer, "buttons": buttons})
	case dig(prompt, "action", "sections") != nil:
		sections := list{}
		parts = append(parts, text(dig(prompt, "action", "button")))
		for _, section := range items(dig(prompt, "action", "sections")) {
			rows := list{}
			parts = append(parts, text(dig(section, "title")))
			for _, r := range items(dig(section, "rows")) {
				row := object{"id": text(dig(r, "id")), "title": text(dig(r, "title")),
					"description": text(dig(r, "description"))}
				rows = append(rows, row)
				parts = append(parts, row["title"].(string), row["description"].(string))
			}
			sections = append(sections, object{"title": text(dig(section, "title")), "rows": rows})
		}
		return is("InteractiveListContent", lines(parts...), object{
			"header": header, "body": body, "footer": footer, "button": text(dig(prompt, "action", "button")),
			"sections": sections,
		})
	}
	if read := lines(parts...); read != "" {
		unknown["text"] = read
	}
	return unknown
}

func expectedMedia(media any) any {
	if media, ok := media.(object); ok {
		return object{"url": text(media["origin_url"]), "name": media["name"]}
	}
	return nil
}

// chosen is the option of the answered content that has this title.
func chosen(title string, answered any) any {
	var options []object
	add := func(id, kind, title, section any) {
		options = append(options, object{"id": text(id), "type": text(kind), "title": text(title), "section": section,
			"index": number(len(options)), "match": "EXACT"})
	}
	for _, b := range items(dig(answered, "template", "content", "button")) {
		add("", dig(b, "type"), dig(b, "text"), nil)
	}
	for _, b := range items(dig(answered, "interactive", "action", "buttons")) {
		add(dig(b, "reply", "id"), dig(b, "type"), dig(b, "reply", "title"), nil)
	}
	for _, section := range items(dig(answered, "interactive", "action", "sections")) {
		for _, row := range items(dig(section, "rows")) {
			add(dig(row, "id"), "", dig(row, "title"), dig(section, "title"))
		}
	}
	options = slices.DeleteFunc(options, func(o object) bool { return o["title"] != title })
	if len(options) == 0 || title == "" {
		return nil
	}
	if len(options) > 1 {
		options[0]["match"] = "AMBIGUOUS"
	}
	return options[0]
}

// namedValues are the entries of one of the open maps, as sent and in that order.
func namedValues(body []byte, field string) list {
	var fields map[string]json.RawMessage
	mustDecode(body, &fields)
	entries := list{}
	decoder := json.NewDecoder(bytes.NewReader(fields[field]))
	_, _ = decoder.Token() // {
	for decoder.More() {
		name, err := decoder.Token()
		var raw json.RawMessage
		if err = errors.Join(err, decoder.Decode(&raw)); err != nil {
			panic(err)
		}
		value := Decode(raw)
		said, isText := value.(string)
		if !isText {
			said = PlainJSON(raw)
		}
		entries = append(entries, object{"name": name, "value": said, "json": value})
	}
	return entries
}

// PlainJSON is JSON without white space, its strings escaped no more than they have to be.
func PlainJSON(raw json.RawMessage) string {
	var compact, out bytes.Buffer
	_ = json.Compact(&compact, raw)
	for rest := compact.Bytes(); len(rest) > 0; {
		if rest[0] != '"' {
			out.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(rest))
		var said string
		if err := decoder.Decode(&said); err != nil {
			panic(err)
		}
		var quoted bytes.Buffer
		encoder := json.NewEncoder(&quoted)
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(said)
		out.WriteString(strings.NewReplacer(`\u2028`, "\u2028", `\u2029`,
			"\u2029").Replace(strings.TrimSpace(quoted.String())))
		rest = rest[decoder.InputOffset():]
	}
	return out.String()
}

// Decode reads JSON with its numbers as they are written.
func Decode(body []byte) any {
	var value any
	mustDecode(body, &value)
	return value
}

func mustDecode(body []byte, into any) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		panic(err)
	}
}

// dig is what stands under those keys, nil where nothing does.
func dig(value any, keys ...string) any {
	for _, key := range keys {
		o, _ := value.(object)
		value = o[key]
	}
	return value
}

func items(value any) list {
	elements, _ := value.(list)
	return elements
}

func text(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case json.Number:
		return value.String()
	}
	return ""
}

func lines(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "\n")
}

func number(n int) json.Number { return json.Number(strconv.Itoa(n)) }

func float(value any) float64 {
	degrees, err := strconv.ParseFloat(text(value), 64)
	if err != nil {
		panic(err)
	}
	return degrees
}

func sender(value any) string { return enum(value, "system", "user", "robot", "agent", "chatbot") }

func enum(value any, known ...string) string {
	if name := text(value); slices.Contains(known, name) {
		return strings.ToUpper(name)
	}
	return "UNKNOWN"
}

// instant is a time as GraphQL writes it, null where nothing was sent.
func instant(value any) any {
	if value == nil {
		return nil
	}
	return parse(value).Format(time.RFC3339Nano)
}

func parse(value any) time.Time {
	if seconds, ok := value.(json.Number); ok {
		unix, err := seconds.Int64()
		if err != nil {
			panic(err)
		}
		return time.Unix(unix, 0).UTC()
	}
	t, err := time.Parse(time.RFC3339, text(value))
	if err != nil {
		panic(err)
	}
	return t.UTC()
}
