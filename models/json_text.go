package models

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// unquote is the text of a string, "" for anything else.
func (j JSON) unquote() string {
	if inner, plain := j.inner(); plain {
		return string(inner)
	} else if text, ok := unescape(inner); ok {
		return text
	}
	var s string
	if json.Unmarshal(j, &s) != nil {
		return ""
	}
	return s
}

// sharedText is Text without a copy of a plain string: it shares the memory of the
// value, and is for what lives no longer than that, as the parts of a content do. JSON
// is never changed after it was read.
func (j JSON) sharedText() string {
	if inner, plain := j.inner(); plain {
		return unsafe.String(unsafe.SliceData(inner), len(inner))
	}
	return j.Text()
}

// inner is what stands between the quotes of a string, and whether it is the text as
// it stands.
func (j JSON) inner() (inner []byte, plain bool) {
	if len(j) < 2 || j[0] != '"' || j[len(j)-1] != '"' {
		return nil, false
	}
	inner = j[1 : len(j)-1]
	return inner, bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner)
}

// unescape resolves the escapes of a string. What is not as JSON has it is left to
// encoding/json to judge.
func unescape(inner []byte) (string, bool) {
	if inner == nil || !utf8.Valid(inner) {
		return "", false
	}
	var text strings.Builder
	text.Grow(len(inner))
	start := 0
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; {
		case c < ' ' || c == '"':
			return "", false
		case c != '\\':
			continue
		}
		text.Write(inner[start:i])
		if i++; i == len(inner) {
			return "", false
		}
		switch c := inner[i]; c {
		case '"', '\\', '/':
			text.WriteByte(c)
		case 'b':
			text.WriteByte('\b')
		case 'f':
			text.WriteByte('\f')
		case 'n':
			text.WriteByte('\n')
		case 'r':
			text.WriteByte('\r')
		case 't':
			text.WriteByte('\t')
		case 'u':
			r, length := unescapeRune(inner[i-1:])
			if length == 0 {
				return "", false
			}
			text.WriteRune(r)
			i += length - 2
		default:
			return "", false
		}
		start = i + 1
	}
	text.Write(inner[start:])
	return text.String(), true
}

// unescapeRune reads \uXXXX, or two of them that are a surrogate pair; a length of 0
// is neither. One surrogate alone is U+FFFD.
func unescapeRune(from []byte) (r rune, length int) {
	first, ok := hexRune(from)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(first) {
		return first, 6
	}
	if second, ok := hexRune(from[6:]); ok {
		if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func hexRune(from []byte) (r rune, ok bool) {
	if len(from) < 6 || from[0] != '\\' || from[1] != 'u' {
		return 0, false
	}
	for _, c := range from[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
