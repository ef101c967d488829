package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"sessiongraph/models"
)

// ErrNotObject is the error of Decode for a body that is no JSON object.
var ErrNotObject = errors.New("the body is not a JSON object")

// UnprojectableError is the error of Decode for a JSON object that lacks what a
// session needs.
type UnprojectableError struct {
	Field  string // AIRudder's name of it
	Reason string
}

func (e UnprojectableError) Error() string { return e.Field + ": " + e.Reason }

// Bounds of what a session is made from; beyond them a notification stays in
// quarantine. Real ones are far below: what is larger would hold up the writer for
// seconds, or make an answer that readers of JSON do not take.
const (
	maxKey = 1024 // bytes of a name that is looked up by: databases bound the keys of an index
	// lists and objects in each other: an answer wraps more around them, and many readers stop at 10,000
	maxDepth    = 6000
	maxValues   = 100_000 // JSON values in all
	maxMessages = 10_000
	maxEntries  = 2000    // of ner_slots, event_label or variables
	maxText     = 2 << 20 // bytes of what people read of all messages
)

// Decode reads AIRudder's Chatbot Session End Notification. Unknown members stay in the raw
// values, and a text in place of a number, or the reverse, is converted. Its errors are
// ErrNotObject and UnprojectableError; it has no others, whatever the body is.
func Decode(body []byte) (*models.Projection, error) {
	if !json.Valid(body) || models.JSON(body).Kind() != models.IsObject {
		return nil, ErrNotObject
	}
	if err := checkShape(body); err != nil {
		return nil, err
	}

	n := map[string]models.JSON{}
	for name, value := range models.JSON(body).Fields() {
		n[name] = value
	}
	callID := n["call_id"]
	switch kind := callID.Kind(); {
	case kind != models.IsString && kind != models.IsNumber:
		return nil, UnprojectableError{"call_id", "expected a string, got " + kind.String()}
	case callID.Text() == "":
		return nil, UnprojectableError{"call_id", "it is empty"}
	case n["messages"].Kind() != models.IsArray:
		return nil, UnprojectableError{"messages", "expected a list, got " + n["messages"].Kind().String()}
	}

	startedAt, err := readTime(n, "session_start_time")
	if err != nil {
		return nil, err
	}
	endedAt, err := readTime(n, "session_end_time")
	if err != nil {
		return nil, err
	}
	notifiedAt, err := readTime(n, "timestamp")
	if err != nil {
		return nil, err
	}

	p := &models.Projection{
		Session: models.Session{
			StartedAt:       startedAt,
			EndedAt:         endedAt,
			DurationSeconds: clampInt32((endedAt.UnixMicro() - startedAt.UnixMicro()) / 1e6),
			NotifiedAt:      notifiedAt,
			EndReason:       models.SessionEndReasonOf(n["session_end_reason"].Text()),
			TalkRound:       readInt(n["talk_round"]),
		},
	}
	p.Messages, p.Prompts = models.ReadConversation(n["messages"])
	for _, m := range models.SessionMaps() {
		*m.Of(p) = models.ReadNamedValues(n[m.Field])
	}
	for _, text := range models.SessionTexts() {
		*text.Of(&p.Session) = n[text.Field].Text()
	}
	p.Session.MessageCount = len(p.Messages)
	p.Session.SessionFacts = models.ReadSessionFacts(n["session_end_reason"].Text(), p.Messages)

	if err := checkSize(p); err != nil {
		return nil, err
	}
	if err := checkKeys(p); err != nil {
		return nil, err
	}
	return p, nil
}

func readTime(n map[string]models.JSON, field string) (models.Time, error) {
	t := models.ReadTime(n[field])
	if t == nil {
		return models.Time{}, UnprojectableError{field,
			"expected an RFC 3339 time or Unix seconds, got " + describe(n[field])}
	}
	return *t, nil
}

func describe(j models.JSON) string {
	if k := j.Kind(); k != models.IsString {
		return k.String()
	}
	return "a string that is neither"
}

// readInt reads a count; 0 for what is not a number. GraphQL's Int has 32 bits:
// what is beyond them becomes the nearest that fits, and stays whole in raw.
func readInt(j models.JSON) int {
	n, ok := j.Decimal()
	if !ok {
		return 0
	}
	return int(max(math.MinInt32, min(math.MaxInt32, n)))
}

func clampInt32(n int64) int { return int(max(math.MinInt32, min(math.MaxInt32, n))) }

// checkShape counts without reading: what it refuses would take memory to read.
func checkShape(body []byte) error {
	depth, deepest, values := 0, 0, 1
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			for i++; i < len(body) && body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
			values++
		case '}', ']':
			depth--
		case ',':
			values++
		}
	}
	switch {
	case deepest > maxDepth:
		return UnprojectableError{"body", fmt.Sprintf("nested %d deep, at most %d can be read", deepest, maxDepth)}
	case values > maxValues:
		return UnprojectableError{"body", fmt.Sprintf("about %d values, at most %d can be read", values, maxValues)}
	}
	return nil
}

func checkSize(p *models.Projection) error {
	if len(p.Messages) > maxMessages {
		return UnprojectableError{"messages",
			fmt.Sprintf("%d messages, at most %d can be kept", len(p.Messages), maxMessages)}
	}
	text := 0
	for _, m := range p.Messages {
		text += m.TextSize
	}
	if text > maxText {
		return UnprojectableError{"messages", fmt.Sprintf("%d bytes of text, at most %d can be kept", text, maxText)}
	}
	for _, m := range models.SessionMaps() {
		if names := len(*m.Of(p)); names > maxEntries {
			return UnprojectableError{m.Field, fmt.Sprintf("%d names, at most %d can be kept", names, maxEntries)}
		}
	}
	return nil
}

func checkKeys(p *models.Projection) error {
	for _, text := range models.SessionTexts() {
		if !text.Indexed {
			continue
		}
		if err := checkKey(text.Field, *text.Of(&p.Session)); err != nil {
			return err
		}
	}
	for _, m := range models.SessionMaps() {
		for _, entry := range *m.Of(p) {
			if err := checkKey(m.Field, entry.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkKey(field, key string) error {
	if len(key) <= maxKey {
		return nil
	}
	return UnprojectableError{field,
		fmt.Sprintf("a key of %d bytes, at most %d can be looked up by", len(key), maxKey)}
}
