package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"sessiongraph/models"
)

// skipped is any JSON value, which is not kept.
type skipped struct{}

func (*skipped) UnmarshalJSON([]byte) error { return nil }

// whyNotObject says what is wrong with a body that is not a JSON object. It quotes
// nothing of it.
func whyNotObject(body []byte) string {
	content := bytes.TrimSpace(body)
	switch {
	case len(content) == 0:
		return "it is empty"
	case bytes.HasPrefix(content, []byte("\xef\xbb\xbf")):
		return "it begins with a byte order mark"
	case len(content) > 1 && (content[0] == 0 || content[1] == 0 || content[0] >= 0xfe):
		return "it is not UTF-8, but UTF-16 or UTF-32"
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, new(skipped)); errors.As(err, &syntax) {
		return syntaxProblem(body, syntax)
	}
	switch kind := models.JSON(body).Kind(); kind {
	case models.IsArray:
		return "it is a list"
	default:
		return "it is " + kind.String()
	}
}

func syntaxProblem(body []byte, syntax *json.SyntaxError) string {
	at := max(0, int(syntax.Offset)-1) // Offset counts the bytes read
	if invalidUTF8At(body, at) {
		return fmt.Sprintf("it is not UTF-8 at byte %d", at)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	err := decoder.Decode(new(skipped))
	switch {
	case err == nil:
		return fmt.Sprintf("there is more behind the JSON value, which ends at byte %d", decoder.InputOffset())
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("the JSON is truncated, it ends at byte %d", len(body))
	case strings.HasSuffix(syntax.Error(), "exceeded max depth"):
		return "it has more than 10,000 lists and objects in each other"
	default:
		return fmt.Sprintf("invalid JSON at byte %d", at)
	}
}

func invalidUTF8At(body []byte, at int) bool {
	if at >= len(body) {
		return false
	}
	r, size := utf8.DecodeRune(body[at:])
	return r == utf8.RuneError && size == 1
}
