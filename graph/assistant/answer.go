package assistant

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"unicode/utf8"

	"sessiongraph/models"
)

// maxAnswer bounds an answer, in bytes of the JSON that it is sent in.
const maxAnswer = 60_000

// envelope is what an answer has around its items at most: the protocol's members, the cursor, and the text that says
// that it was cut.
const envelope = 2000

// Place is where an answer goes on: an item, and the bytes of it that were sent before.
type Place struct{ Item, Offset int }

// ErrCursor is of a cursor that no answer of the same call had.
var ErrCursor = errors.New("cursor is not one of an answer to this call: leave it out, or pass the last answer's," +
	" with the same arguments")

// Cursor returns the cursor of a place in the answer of a call, which its name and arguments identify.
func (p Place) Cursor(call string) string {
	sum := sha256.Sum256([]byte(call))
	text := binary.AppendUvarint(append([]byte{}, sum[:8]...), uint64(p.Item))
	return base64.RawURLEncoding.EncodeToString(binary.AppendUvarint(text, uint64(p.Offset)))
}

// OpenCursor returns the place of a cursor; the first one of the empty cursor.
func OpenCursor(cursor, call string) (p Place, err error) {
	if cursor == "" {
		return p, nil
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	sum := sha256.Sum256([]byte(call))
	if err != nil || len(text) < 8 || string(text[:8]) != string(sum[:8]) {
		return p, ErrCursor
	}
	item, length := binary.Uvarint(text[8:])
	if length <= 0 {
		return p, ErrCursor
	}
	offset, rest := binary.Uvarint(text[8+length:])
	if rest <= 0 || item > 1<<31 || offset > 1<<31 {
		return p, ErrCursor
	}
	return Place{int(item), int(offset)}, nil
}

// take returns the items from a place on that fit into an answer, whole ones or a part of one, and the next place;
// nil at the end.
func take(items []string, from Place, budget int) (whole []string, part string, next *Place) {
	if from.Item >= len(items) {
		return nil, "", nil
	}
	if from.Offset > 0 || quotedLength(items[from.Item]) > budget {
		item := items[from.Item]
		part = cutQuoted(item[min(from.Offset, len(item)):], budget)
		if end := from.Offset + len(part); end < len(item) {
			return nil, part, &Place{from.Item, end}
		}
		if from.Item+1 < len(items) {
			next = &Place{from.Item + 1, 0}
		}
		return nil, part, next
	}
	for at := from.Item; at < len(items); at++ {
		if budget -= quotedLength(items[at]); budget < 0 {
			return whole, "", &Place{at, 0}
		}
		whole = append(whole, items[at])
	}
	return whole, "", nil
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
func JSONAnswer(data models.JSON, from Place) Answer {
	before, items, after := splitList(data)
	budget := maxAnswer - envelope - quotedLength(before) - quotedLength(after)
	whole, part, next := take(items, from, budget)
	if part != "" {
		_, part, next = take(items, from, budget/2) // it is quoted twice
		return Answer{Text: `{"part":` + string(models.AppendQuoted(nil, part)) + "}", Next: next}
	}
	return Answer{Text: `{"data":` + before + strings.Join(whole, ",") + after + "}", Next: next}
}

// splitList returns the elements of the list that an answer has, with what stands before and behind them. An answer
// with none, or with several lists, is one item.
func splitList(data models.JSON) (before string, items []string, after string) {
	text := string(data.Compact())
	list, ok := onlyMember(models.JSON(text))
	if ok && list.Kind() == models.IsObject {
		list = listOfConnection(list)
	}
	if !ok || list.Kind() != models.IsArray {
		return "", []string{text}, ""
	}
	at := strings.Index(text, string(list)) // the first list of that text is as good as another
	for item := range list.Items() {
		items = append(items, string(item))
	}
	return text[:at+1], items, text[at+len(list)-1:]
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
