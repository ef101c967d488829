package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// objectReader reads a sequence of JSON objects: one per line, pretty-printed, or without
// anything between them. An object has a maximum size in memory.
//
// After an invalid object it continues at the next line that begins with a brace, so that a
// file with an object per line loses one line only.
type objectReader struct {
	in   *bufio.Reader
	most int    // size of an object in bytes
	back []byte // unread bytes
	line int    // of the next byte, from 1
	byte int64  // offset of the next byte, from 0
}

func newObjectReader(in io.Reader, most int) *objectReader {
	return &objectReader{in: bufio.NewReaderSize(in, 1<<20), most: most, line: 1}
}

// place is a position in a file.
type place struct {
	line int
	byte int64
}

// badValue is the error of one value in a file; the values after it can be read.
type badValue struct {
	at  place
	why string
}

func (e *badValue) Error() string {
	return fmt.Sprintf("%d: %s (byte %d)", e.at.line, e.why, e.at.byte)
}

func (r *objectReader) place() place { return place{r.line, r.byte} }

func (r *objectReader) next() (byte, error) {
	var c byte
	if len(r.back) > 0 {
		c, r.back = r.back[0], r.back[1:]
	} else {
		var err error
		if c, err = r.in.ReadByte(); err != nil {
			return 0, err
		}
	}
	r.byte++
	if c == '\n' {
		r.line++
	}
	return c, nil
}

// unread puts back the last bytes that were read, which begin at that place.
func (r *objectReader) unread(read []byte, at place) {
	r.back = append(bytes.Clone(read), r.back...)
	r.line, r.byte = at.line, at.byte
}

// read returns the next object and its place, or io.EOF at the end.
func (r *objectReader) read() ([]byte, place, error) {
	var first byte
	for {
		at := r.place()
		c, err := r.next()
		if err != nil {
			return nil, at, err
		}
		if isBlank(c) || (at.byte < 3 && "\xef\xbb\xbf"[at.byte] == c) {
			continue
		}
		first = c
		break
	}
	start := place{r.line, r.byte - 1}
	if first != '{' {
		return nil, start, r.skip(first, start)
	}
	object, err := r.object(start)
	return object, start, err
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// object reads to the brace that closes the first one.
func (r *objectReader) object(start place) ([]byte, error) {
	read := []byte{'{'}
	var before byte = '{' // the last byte outside of strings that is not white space
	for depth, text, escaped := 1, false, false; depth > 0; {
		c, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			return nil, r.broken(read, start, start, "JSON object without its end")
		case err != nil:
			return nil, err
		}
		if read = append(read, c); len(read) > r.most {
			return nil, r.broken(read, start, start, fmt.Sprintf("more than %d bytes", r.most))
		}
		switch {
		case escaped:
			escaped = false
		case text && c == '\\':
			escaped = true
		case text && c == '\n':
			return nil, r.broken(read, start, place{r.line - 1, r.byte - 1}, "invalid JSON: line break in a string")
		case c == '"':
			text = !text
		case text:
		case c == '{', c == '[':
			// Without a comma, a value after a value begins another object.
			if before != '{' && before != '[' && before != ':' && before != ',' {
				why := fmt.Sprintf("JSON object without its end, or a comma is missing on line %d", r.line)
				return nil, r.broken(read, start, start, why)
			}
			depth++
		case c == '}', c == ']':
			depth--
		}
		if !text && !isBlank(c) {
			before = c
		}
	}
	if err := invalid(read); err != nil {
		at := place{start.line + bytes.Count(read[:err.Offset-1], []byte("\n")), start.byte + err.Offset - 1}
		return nil, r.broken(read, start, at, "invalid JSON: "+err.Error())
	}
	return read, nil
}

func invalid(object []byte) *json.SyntaxError {
	if json.Valid(object) {
		return nil
	}
	var value json.RawMessage
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(object, &value), &syntax) {
		syntax.Offset = min(max(syntax.Offset, 1), int64(len(object)))
		return syntax
	}
	return nil
}

// broken puts back what was read after the next line break before a brace, or else skips
// to such a line.
func (r *objectReader) broken(read []byte, start, at place, why string) error {
	bad := &badValue{at, why}
	if i := bytes.Index(read, []byte("\n{")); i >= 0 {
		r.unread(read[i+1:], place{start.line + bytes.Count(read[:i+1], []byte("\n")), start.byte + int64(i+1)})
		return bad
	}
	return r.skipFrom(read[len(read)-1], bad)
}

// skip passes over a value that is not an object; first is its first byte.
func (r *objectReader) skip(first byte, start place) error {
	why := "not a JSON object"
	if first == '[' {
		why = "a JSON list, want objects one after the other (jq -c '.[]' writes them so)"
	}
	return r.skipFrom(first, &badValue{start, why})
}

// skipFrom skips to a line that begins with a brace; c is the last byte that was read.
func (r *objectReader) skipFrom(c byte, bad *badValue) error {
	for {
		at := r.place()
		next, err := r.next()
		switch {
		case errors.Is(err, io.EOF):
			return bad
		case err != nil:
			return err
		case c == '\n' && next == '{':
			r.unread([]byte{next}, at)
			return bad
		}
		c = next
	}
}
