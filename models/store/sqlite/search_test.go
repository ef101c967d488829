package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"strings"
	"testing"

	"sessiongraph/internal/simulate"
	"sessiongraph/models"
	"sessiongraph/models/store/body"
)

// What is skipped, stopped at or kept while a transcript is searched makes no difference.
func FuzzTranscriptHolds(f *testing.F) {
	generator := simulate.New(1)
	for n := range 40 {
		notification := generator.Notification(n)
		for _, word := range []string{"thank", "terima kasih", "order 1", "a\nb", "\u00e9",
			"nowhere", "1", `{"a":1}`} {
			f.Add(notification, word)
		}
	}
	for _, content := range []string{
		`{"type":"text","text":{"a": 1}}`, `{"type":"text","text":"\u0061bc"}`, `{"type":"text","text":"ABC K\ufb01"}`,
		`{"type":"system","system":{"type":"abc"}}`, `{"type":"text","text":"a, b"}`,
	} {
		message := []byte(`{"messages":[{"content":` + content + `},{"content":{"type":"text","text":"x"}}]}`)
		for _, word := range []string{`{"a":1}`, "abc", "k", "fi", "a,", "a\nx", "x"} {
			f.Add(message, word)
		}
	}
	codec, err := body.NewCodec(1 << 30)
	if err != nil {
		f.Fatal(err)
	}
	searched, err := newTranscripts(codec)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, notification []byte, search string) {
		if !json.Valid(notification) {
			return
		}
		var words []string
		for _, word := range strings.Fields(search) {
			words = append(words, models.CaseFold(word))
		}
		if len(words) == 0 {
			return
		}
		want := int64(1)
		for _, word := range words {
			found := false
			for _, m := range models.ReadMessages(models.JSON(notification).Get("messages")) {
				found = found || strings.Contains(m.SearchText, word)
			}
			if !found {
				want = 0
			}
		}
		got, err := searched.transcriptHolds(nil,
			[]driver.Value{codec.Compress(nil, notification), strings.Join(words, wordSeparator)})
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%q holds %q: %d, want %d", notification, words, got, want)
		}
	})
}
