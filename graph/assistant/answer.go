package assistant

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf8"

	"sessiongraph/models"
)

// MaxAnswer bounds an answer, in bytes of the JSON that it is sent in.
const MaxAnswer = 60_000

// Envelope is what an answer has around its items at most: the protocol's members, the cursor, and the text that says
// that it was cut.
const Envelope = 2000

// Place is where an answer goes on: an item, the bytes of it that were sent before, and a hash of all that was sent.
type Place struct {
	Item, Offset int
	Sent         string
}

// ErrChanged is of an answer whose beginning is no longer what was sent.
var ErrChanged = errors.New("the answer has changed since its last part: call again without a cursor, and where new" +
	" conversations keep coming, limit it to a range of time that has ended")

// placeIn returns a place in an answer.
func placeIn(items []string, item, offset int) *Place {
	hash := sha256.New()
	for _, text := range append(items[:item:item], items[item][:offset]) {
		_, _ = hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(text))))
		_, _ = hash.Write([]byte(text))
	}
	return &Place{item, offset, string(hash.Sum(nil)[:12])}
}

// isIn reports whether what was sent before a place is what an answer has there.
func (p Place) isIn(items []string) bool {
	return p == Place{} ||
		p.Item < len(items) && p.Offset <= len(items[p.Item]) && *placeIn(items, p.Item, p.Offset) == p
}

// take returns the items from a place on that fit into an answer, whole ones or a part of one, and the next place;
// nil at the end.
func take(items []string, from Place, budget int) (whole []string, part string, next *Place, err error) {
	switch {
	case !from.isIn(items):
		return nil, "", nil, ErrChanged
	case len(items) == 0:
		return nil, "", nil, nil
	}
	if from.Offset > 0 || quotedLength(items[from.Item]) > budget {
		item := items[from.Item]
		part = cutQuoted(item[from.Offset:], budget)
		if end := from.Offset + len(part); end < len(item) {
			return nil, part, placeIn(items, from.Item, end), nil
		}
		if from.Item+1 < len(items) {
			next = placeIn(items, from.Item+1, 0)
		}
		return nil, part, next, nil
	}
	for at := from.Item; at < len(items); at++ {
		if budget -= quotedLength(items[at]); budget < 0 {
			return whole, "", placeIn(items, at, 0), nil
		}
		whole = append(whole, items[at])
	}
	return whole, "", nil, nil
}

// quotedLength returns about how many bytes a text has as a JSON string, at least as many as it has.
func quotedLength(text string) int {
	length := 4
	for i := range len(text) {
		length += quotedByte(text[i])
	}
	return length
}

func quotedByte(b byte) int {
	switch {
	case b == '"' || b == '\\' || b == '\n' || b == '\t' || b == '\r':
		return 2
	case b < ' ' || b == '<' || b == '>' || b == '&' || b == 0xe2: // U+2028 begins with it
		return 6
	default:
		return 1
	}
}

// cutQuoted returns as much of a text as fits, whole characters.
func cutQuoted(text string, budget int) string {
	budget -= 4
	end := 0
	for end < len(text) && budget >= quotedByte(text[end]) {
		budget -= quotedByte(text[end])
		end++
	}
	for end < len(text) && end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	if end == 0 { // nothing fits, but it has to go on
		_, end = utf8.DecodeRuneInString(text)
	}
	return text[:end]
}

// Answer is a part of an answer, and where it goes on.
type Answer struct {
	Text   string
	Next   *Place // nil at the end
	Cursor string // of an answer that goes on by a cursor of its own
}

// JSONAnswer returns the answer to a query from a place on: JSON with the member data. It is cut between the elements
// of its list, where it has one. Of an element that is too long, the member part has a piece as a text.
func JSONAnswer(data models.JSON, from Place) (Answer, error) {
	before, items, after := splitList(data)
	budget := MaxAnswer - Envelope - quotedLength(before) - quotedLength(after)
	whole, part, next, err := take(items, from, budget)
	if err != nil {
		return Answer{}, err
	}
	if part != "" {
		_, part, next, err = take(items, from, budget/2) // it is quoted twice
		return Answer{Text: `{"part":` + string(models.AppendQuoted(nil, part)) + "}", Next: next}, err
	}
	return Answer{Text: `{"data":` + before + strings.Join(whole, ",") + after + "}", Next: next}, nil
}

// maxAround bounds what stands around the list of an answer, of which each part has all.
const maxAround = MaxAnswer / 4

// splitList returns the elements of the list that an answer has, with what stands before and behind them. An answer
// with none, with several lists or with too much around it is one item.
func splitList(data models.JSON) (before string, items []string, after string) {
	text := data.Compact()
	list, ok := onlyMember(text)
	if ok && list.Kind() == models.IsObject {
		list = listOfConnection(list)
	}
	if !ok || list.Kind() != models.IsArray {
		return "", []string{string(text)}, ""
	}
	at := cap(text) - cap(list) // the list is a part of the text
	before, after = string(text[:at+1]), string(text[at+len(list)-1:])
	if quotedLength(before)+quotedLength(after) > maxAround {
		return "", []string{string(text)}, ""
	}
	for item := range list.Items() {
		items = append(items, string(item))
	}
	return before, items, after
}

func onlyMember(object models.JSON) (member models.JSON, ok bool) {
	count := 0
	for _, value := range object.Fields() {
		member = value
		count++
	}
	return member, count == 1
}

// listOfConnection returns the one list that is a member of a connection.
func listOfConnection(connection models.JSON) (list models.JSON) {
	for _, value := range connection.Fields() {
		if value.Kind() == models.IsArray {
			if list != nil {
				return nil
			}
			list = value
		}
	}
	return list
}
