package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JSON is one JSON value as it was sent. Its methods read it without ever
// failing: what is not there, or is not of the kind asked for, is empty. Empty
// JSON stands for a value that was not sent.
type JSON []byte

// Kind is the kind of a JSON value.
type Kind byte

// The kinds of JSON values; IsAbsent is that of empty JSON.
const (
	IsAbsent Kind = iota
	IsNull
	IsBool
	IsNumber
	IsString
	IsArray
	IsObject
)

// Kind is the kind of the value, by its first byte.
func (j JSON) Kind() Kind {
	j = j.trimStart()
	if len(j) == 0 {
		return IsAbsent
	}
	switch c := j[0]; {
	case c == '{':
		return IsObject
	case c == '[':
		return IsArray
	case c == '"':
		return IsString
	case c == 't' || c == 'f':
		return IsBool
	case c == 'n':
		return IsNull
	default:
		return IsNumber
	}
}

// Fields yields the members of an object in the order they were sent, a name as
// often as it stands there; nothing for any other kind.
func (j JSON) Fields() iter.Seq2[string, JSON] {
	return func(yield func(string, JSON) bool) {
		for name, value := range j.members() {
			if !yield(name.unquote(), value) {
				return
			}
		}
	}
}

// members is Fields with the names as they stand there, in quotes.
func (j JSON) members() iter.Seq2[JSON, JSON] {
	return func(yield func(JSON, JSON) bool) {
		rest := j.trimStart()
		if len(rest) == 0 || rest[0] != '{' {
			return
		}
		rest = rest[1:].trimStart()
		for len(rest) > 0 && rest[0] == '"' {
			name := rest[:valueEnd(rest)]
			rest = rest[len(name):].trimStart()
			if len(rest) == 0 || rest[0] != ':' {
				return
			}
			rest = rest[1:].trimStart()
			value := rest[:valueEnd(rest)]
			if !yield(name, value) {
				return
			}
			rest = rest[len(value):].afterComma()
		}
	}
}

// Items yields the elements of an array; nothing for any other kind.
func (j JSON) Items() iter.Seq[JSON] {
	return func(yield func(JSON) bool) {
		rest := j.trimStart()
		if len(rest) == 0 || rest[0] != '[' {
			return
		}
		rest = rest[1:].trimStart()
		for len(rest) > 0 && rest[0] != ']' {
			value := rest[:valueEnd(rest)]
			if len(value) == 0 || !yield(value) {
				return
			}
			rest = rest[len(value):].afterComma()
		}
	}
}

// hasItems says whether it is an array that is not empty.
func (j JSON) hasItems() bool {
	for range j.Items() {
		return true
	}
	return false
}

// Get is the member of that name, the last one where a name stands twice (as
// most readers of JSON have it), Absent where there is none.
func (j JSON) Get(name string) JSON {
	var found JSON
	for n, value := range j.members() {
		if string(n.key()) == name {
			found = value
		}
	}
	return found
}

// Each yields the members of that name in the order they were sent: the last one is what Get finds.
func (j JSON) Each(name string) iter.Seq[JSON] {
	return func(yield func(JSON) bool) {
		for n, value := range j.members() {
			if string(n.key()) == name && !yield(value) {
				return
			}
		}
	}
}

// pick finds several members in one walk: of each name what Get finds.
func (j JSON) pick(into []JSON, names ...string) {
	for name, value := range j.members() {
		key := name.key()
		for i, wanted := range names {
			if string(key) == wanted {
				into[i] = value
				break
			}
		}
	}
}

// key is the text of a name in quotes; only one with escapes is copied.
func (j JSON) key() []byte {
	if len(j) < 2 || j[len(j)-1] != '"' {
		return nil
	}
	inner := j[1 : len(j)-1]
	for _, c := range inner {
		if c == '\\' || c >= utf8.RuneSelf {
			return []byte(j.unquote())
		}
	}
	return inner
}

// Text is the value as text: a string as it is, anything else as TextOrNull has it;
// "" for null and for what was not sent.
func (j JSON) Text() string {
	switch j.Kind() {
	case IsAbsent, IsNull:
		return ""
	default:
		return j.TextOrNull()
	}
}

// word is sharedText of what mostly is one of a few words, which share no memory.
func (j JSON) word() string {
	if len(j) > 2 && j[0] == '"' && j[len(j)-1] == '"' {
		switch string(j[1 : len(j)-1]) {
		case "text":
			return "text"
		case "system":
			return "system"
		case "template":
			return "template"
		case "button":
			return "button"
		case "interactive":
			return "interactive"
		case "image":
			return "image"
		case "file":
			return "file"
		case "video":
			return "video"
		case "audio":
			return "audio"
		case "location":
			return "location"
		case "contacts":
			return "contacts"
		case "reply":
			return "reply"
		case "QUICK_REPLY":
			return "QUICK_REPLY"
		case "user":
			return "user"
		case "robot":
			return "robot"
		case "chatbot":
			return "chatbot"
		}
	}
	return j.sharedText()
}

// TextOrNull is the value as text with null as "null": a string as it is, anything else
// as compact JSON whose strings are escaped only where JSON asks for it, so that it
// does not depend on who wrote it. Numbers and the order of keys are as they were sent.
func (j JSON) TextOrNull() string {
	if j.Kind() == IsString {
		return j.trim().unquote()
	}
	compact := j.Compact()
	if bytes.IndexByte(compact, '\\') < 0 && utf8.Valid(compact) {
		return string(compact)
	}
	out := make([]byte, 0, len(compact))
	for i := 0; i < len(compact); {
		if compact[i] != '"' {
			out = append(out, compact[i])
			i++
			continue
		}
		end := i + stringEnd(compact[i:])
		out = AppendQuoted(out, compact[i:end].unquote())
		i = end
	}
	return string(validUTF8(out))
}

// AppendQuoted appends a string as JSON.stringify writes it.
func AppendQuoted(out []byte, s string) []byte {
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, '\\', 'b')
		case '\f':
			out = append(out, '\\', 'f')
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			if c < ' ' {
				out = fmt.Appendf(out, "\\u%04x", c)
			} else {
				out = append(out, c)
			}
		}
	}
	return append(out, '"')
}

// Number is the number that the value is, or that it is the text of, white space
// around it aside; nil for anything else. What no float64 holds is infinite, or zero.
func (j JSON) Number() *float64 {
	text := j.trim()
	if text.Kind() == IsString {
		text = JSON(strings.TrimSpace(text.unquote()))
	}
	if text.Kind() != IsNumber || !json.Valid(text) {
		return nil
	}
	number, err := strconv.ParseFloat(string(text), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil
	}
	return &number
}

// Decimal is Number for AIRudder's own fields, with what people write beside JSON: a
// sign of plus, zeros in front. ok is false for what is not a decimal number.
func (j JSON) Decimal() (n float64, ok bool) {
	n, err := parseDecimal(strings.TrimSpace(j.Text()))
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

// Compact is the value without the white space between its tokens: a part of j where
// there is none.
func (j JSON) Compact() JSON {
	if j = j.trim(); !j.hasSpace() {
		return j
	}
	var out bytes.Buffer
	if json.Compact(&out, j) != nil {
		return j
	}
	return out.Bytes()
}

// hasSpace reports whether there is white space between the tokens of a value.
func (j JSON) hasSpace() bool {
	for i := 0; i < len(j); i++ {
		switch j[i] {
		case '"':
			i += stringEnd(j[i:]) - 1
		case ' ', '\t', '\r', '\n':
			return true
		}
	}
	return false
}

// Scan reads the column of a stored value.
func (j *JSON) Scan(column any) error {
	switch v := column.(type) {
	case nil:
		*j = nil
	case []byte:
		*j = bytes.Clone(v)
	case string:
		*j = JSON(v)
	default:
		return fmt.Errorf("scan JSON: column is a %T", column)
	}
	return nil
}

// MarshalGQL writes the value into a GraphQL response: null where nothing was sent.
func (j JSON) MarshalGQL(w io.Writer) {
	if len(j) == 0 {
		_, _ = io.WriteString(w, "null")
		return
	}
	_, _ = w.Write(validUTF8(j))
}

// UnmarshalGQL reads a JSON value out of a GraphQL request.
func (j *JSON) UnmarshalGQL(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("not a JSON value: %w", err)
	}
	*j = b
	return nil
}

// OrEmptyObject is the value, or {} where nothing was sent, or null.
func (j JSON) OrEmptyObject() JSON {
	if k := j.Kind(); k == IsAbsent || k == IsNull {
		return JSON("{}")
	}
	return j
}

func validUTF8(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	return bytes.ToValidUTF8(b, []byte("\uFFFD"))
}

// trim cuts white space off both ends.
func (j JSON) trim() JSON {
	j = j.trimStart()
	for len(j) > 0 && isSpace(j[len(j)-1]) {
		j = j[:len(j)-1]
	}
	return j
}

func (j JSON) trimStart() JSON {
	for len(j) > 0 && isSpace(j[0]) {
		j = j[1:]
	}
	return j
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

func (j JSON) afterComma() JSON {
	j = j.trimStart()
	if len(j) > 0 && j[0] == ',' {
		return j[1:].trimStart()
	}
	return nil
}

// First is the value that j starts with.
func (j JSON) First() JSON { return j[:valueEnd(j)] }

// valueEnd is the length of the value that j starts with, all of j where it does
// not end; it is exact on valid JSON and harmless on anything else.
func valueEnd(j JSON) int {
	depth := 0
	for i := 0; i < len(j); i++ {
		switch j[i] {
		case '"':
			i += stringEnd(j[i:]) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
			if depth < 0 {
				return i
			}
			if depth == 0 {
				return i + 1
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
	return len(j)
}

// stringEnd is the length of the string that j starts with.
func stringEnd(j JSON) int {
	for i := 1; ; {
		quote := bytes.IndexByte(j[i:], '"')
		if quote < 0 {
			return len(j)
		}
		text := j[i : i+quote]
		i += quote + 1
		if quote == 0 || text[quote-1] != '\\' {
			return i
		}
		if escapes := len(text) - len(bytes.TrimRight(text, `\`)); escapes%2 == 0 {
			return i
		}
	}
}

// String is the kind in words: "a number".
func (k Kind) String() string {
	return [...]string{"nothing", "null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}
