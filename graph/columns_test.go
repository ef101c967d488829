package graph_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"sessiongraph/graph"
	"sessiongraph/graph/generated"
	"sessiongraph/internal/test/testdb"
)

// What is selected alone is shown as among all fields: its columns are read for it.
func TestEachFieldOfASessionIsReadAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		store := openWorld(t, kind.Fresh(t), 40)
		settings := graph.Settings{MaxPage: 200, MaxComplexity: 1_000_000, QueryTimeout: time.Minute}
		log := slog.New(slog.DiscardHandler)
		inOnePass, plain := graph.Handler(t.Context(), store, settings, log), graph.HandlerOf(t.Context(), store,
			settings, log, true)

		details := map[string]string{
			"nerSlots": "{ name value }", "nerSlot": `(name: "phone") { value }`, "eventLabels": "{ name }",
			"variables": "{ name json }",
			"messages":  "{ id text }", "intention": "{ label sessionCount }", "contact": "{ id callee }",
			"versions": "{ deliveries raw }",
			"handover": "{ takenOverAt seatIds firstReplyAt waitSeconds }",
		}
		for _, field := range generated.NewExecutableSchema(generated.Config{}).Schema().Types["Session"].Fields {
			selected := field.Name + " " + details[field.Name]
			for _, document := range []string{
				"{ sessions(first: 40) { nodes { " + selected + " } } }",
				"{ sessions(first: 40, orderBy: {field: DURATION}) { edges { node { ...s } } } } fragment s on Node " +
					"{ ... on Session { x: " + selected + " } }",
				"{ messages(first: 5) { edges { session { " + selected + " } } } }",
			} {
				got, want := serve(t, inOnePass, postOf(operation(document, nil))), serve(t, plain,
					postOf(operation(document, nil)))
				if got.errors != nil || want.errors != nil {
					t.Fatalf("%s: %v, %v", document, got.errors, want.errors)
				}
				shown, _ := json.Marshal(got.data)
				wanted, _ := json.Marshal(want.data)
				if string(shown) != string(wanted) {
					t.Errorf("%s\ngot  %.300s\nwant %.300s", document, shown, wanted)
				}
			}
		}
	})
}
