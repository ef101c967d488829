package graph_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/mask"
	"sessiongraph/models/store"
)

// Prompts, and how often they were sent and picked, are the same for a viewer who sees masks, but for what they show.
func TestPromptsUnderMasks(t *testing.T) {
	reader := &models.Viewer{Scopes: []models.Scope{models.ScopeRead}}
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		var names atomic.Pointer[mask.Names]
		database, err := store.Open(t.Context(), kind.Fresh(t),
			store.Options{MaskKey: []byte("key"), Unmasked: names.Load})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = database.Close() })
		deliver(t, database,
			greeted("1", wire{"city": "Jakarta"}, "Budi", "Jakarta", "Yes", "Budi", "Budi"),
			greeted("2", wire{"city": "Bonn"}, "Siti", "Bonn", "", "Siti", "Siti"),
			greeted("3", wire{}, "Ani", "Jakarta", "No", "Ok", ""))
		handler := wideHandler(t, database)

		masks := mask.NewMasks(mask.Key("key"), nil)
		picked := []string{masks.Callee("Budi"), masks.Callee("Siti")}
		slices.Sort(picked)
		const both = "T 3: Ok 0, "
		want := func(rows ...string) {
			t.Helper()
			for i := range rows {
				for _, value := range []string{"Budi", "Siti", "Ani", "Jakarta", "Bonn"} {
					rows[i] = strings.ReplaceAll(rows[i], "["+value+"]", masks.Callee(value))
				}
			}
			slices.SortFunc(rows[1:], func(a, b string) int { // by count, then by body
				return cmp.Or(strings.Count(a, " 1: ")-strings.Count(b, " 1: "), cmp.Compare(a, b))
			})
			if got := promptLines(t, as(reader, handler)); !slices.Equal(got, rows) {
				t.Errorf("prompts of a viewer who sees masks:\n got %q\nwant %q", got, rows)
			}
		}
		seen := []string{both + "Budi 1, Siti 1",
			"Hi Ani from Jakarta 2: Yes 1, No 1", "Hi Siti from Bonn 1: Yes 0, No 0"}
		if got := promptLines(t, handler); !slices.Equal(got, seen) {
			t.Errorf("prompts:\n got %q\nwant %q", got, seen)
		}
		masked := both + picked[0] + " 1, " + picked[1] + " 1"
		want(masked, "Hi [Ani] from Jakarta 2: Yes 1, No 1", "Hi [Siti] from [Bonn] 1: Yes 0, No 0")

		names.Store(mask.NewNames([]string{"city"}))
		if _, err := database.Remask(t.Context(), func(int, int) {}); err != nil {
			t.Fatal(err)
		}
		want(masked, "Hi [Ani] from Jakarta 2: Yes 1, No 1", "Hi [Siti] from Bonn 1: Yes 0, No 0")
	})
}

// greeted is a session in which a robot greets by name and city, and sends a template with one button.
func greeted(id string, slots wire, name, city, answer, button, pick string) wire {
	buttons := []any{wire{"reply": wire{"title": "Yes"}}, wire{"reply": wire{"title": "No"}}}
	messages := []any{
		wire{"sender_type": "robot", "content": wire{"type": "interactive", "interactive": wire{
			"body": wire{"text": "Hi " + name + " from " + city}, "action": wire{"buttons": buttons}}}},
		wire{"sender_type": "user", "content": wire{"type": "interactive", "text": answer}},
		wire{"sender_type": "chatbot", "content": wire{"type": "template", "template": wire{
			"info": wire{"id": 1}, "content": wire{"body": "T", "button": []any{wire{"text": button}}}}}},
		wire{"sender_type": "user", "content": wire{"type": "button", "text": pick}},
	}
	return wire{"call_id": id, "session_start_time": "2025-04-15T06:4" + id + ":00Z", "ner_slots": slots,
		"variables": wire{"name": name}, "messages": messages}
}

// promptLines are the prompts of an answer, a line each.
func promptLines(t *testing.T, handler http.Handler) []string {
	t.Helper()
	var data struct{ PromptStats []promptRow }
	answer := asked(t, handler, `{ promptStats { body sentCount options { title pickedCount } } }`)
	if err := json.Unmarshal([]byte(answer), &data); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, row := range data.PromptStats {
		var options []string
		for _, o := range row.Options {
			options = append(options, fmt.Sprint(o.Title, " ", o.PickedCount))
		}
		lines = append(lines, fmt.Sprintf("%s %d: %s", row.Body, row.SentCount, strings.Join(options, ", ")))
	}
	return lines
}
