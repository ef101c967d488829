package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// objectReader reads JSON objects that follow each other: one a line, with blanks and
// line breaks of their own, or end to end. It takes a bounded part of each into memory.
//
// After one that is broken it goes on at the next line that begins with a brace: of a
// file with an object a line it loses that line alone.
type objectReader struct {
	in   *bufio.Reader
	most int    // bytes of an object
	back []byte // read already, to be read again
	line int    // of the next byte, from 1
	byte int64  // the next byte's place in the file, from 0
}

func newObjectReader(in io.Reader, most int) *objectReader {
	return &objectReader{in: bufio.NewReaderSize(in, 1<<20), most: most, line: 1}
}

// place is where something stands in a file.
type place struct {
	line int
	byte int64
}

// badValue is an error that one value in a file has; the next can be read all the same.
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

// unread puts bytes back that were read last, from that place on.
func (r *objectReader) unread(read []byte, at place) {
	r.back = append(bytes.Clone(read), r.back...)
	r.line, r.byte = at.line, at.byte
}

// read returns the next object, and where it begins; io.EOF at the end.
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
	var before byte = '{' // the last byte outside of strings that is no blank
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
			// What follows a whole value without a comma begins another one.
			if before != '{' && before != '[' && before != ':' && before != ',' {
				return nil, r.broken(read, start, start, fmt.Sprintf("JSON object without its end, or a comma is missing on line %d", r.line))
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

// broken puts back what was read from the next line on that begins with a brace, and
// skips up to such a line where there is none.
func (r *objectReader) broken(read []byte, start, at place, why string) error {
	bad := &badValue{at, why}
	if i := bytes.Index(read, []byte("\n{")); i >= 0 {
		r.unread(read[i+1:], place{start.line + bytes.Count(read[:i+1], []byte("\n")), start.byte + int64(i+1)})
		return bad
	}
	return r.skipFrom(read[len(read)-1], bad)
}

// skip passes over what begins with that byte and is no object.
func (r *objectReader) skip(first byte, start place) error {
	why := "not a JSON object"
	if first == '[' {
		why = "a JSON list, want objects one after the other (jq -c '.[]' writes them so)"
	}
	return r.skipFrom(first, &badValue{start, why})
}

// skipFrom goes on to a line that begins with a brace; c was read last.
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
