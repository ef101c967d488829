package graph_test

import (
	"testing"

	"sessiongraph/internal/test/testdb"
)

// Ties break by value in the order of code points, null last, on each database.
func TestOrderOfRows(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		handler := served(t, kind,
			wire{"call_id": "1", "intention": "b", "channel": "x", "callee": "", "talk_round": 1,
				"ner_slots": wire{"city": "z", "Amount": 1}, "variables": wire{"a": "é", "Z": 1},
				"event_label": wire{"e": 1}},
			wire{"call_id": "2", "intention": "B", "channel": "y", "callee": nil, "talk_round": 1,
				"ner_slots": wire{"city": "Z"}, "variables": wire{"a": "z", "Z": 2}, "event_label": wire{"d": 1}},
			wire{"call_id": "3", "intention": "é", "channel": "x", "callee": "+1", "talk_round": 0,
				"variables": wire{"a": "A", "Z": 2}},
		)
		for _, c := range []struct{ query, want string }{
			{`{ sessionStats(groupBy: [INTENTION]) { intention sessionCount } }`,
				`{"sessionStats":[{"intention":"B","sessionCount":1},{"intention":"b",` +
					`"sessionCount":1},{"intention":"é","sessionCount":1}]}`},
			{`{ sessionStats(groupBy: [CHANNEL, INTENTION]) { channel intention } }`,
				`{"sessionStats":[{"channel":"x","intention":"b"},{"channel":"x","intention":"é"},{"channel":"y",` +
					`"intention":"B"}]}`},
			{`{ sessionStats(nerSlot: "city") { nerSlotValue } }`,
				`{"sessionStats":[{"nerSlotValue":"Z"},{"nerSlotValue":"z"},{"nerSlotValue":null}]}`},
			{`{ sessionStats { contactCount averageTalkRound } }`,
				`{"sessionStats":[{"contactCount":1,"averageTalkRound":0.6666666666666666}]}`},
			{`{ nerSlots { name sessionCount } }`,
				`{"nerSlots":[{"name":"city","sessionCount":2},{"name":"Amount","sessionCount":1}]}`},
			{`{ variables { name sessionCount distinctValues values { value sessionCount } } }`,
				`{"variables":[{"name":"Z","sessionCount":3,"distinctValues":2,"values":[{"value":"2",` +
					`"sessionCount":2},{"value":"1","sessionCount":1}]},` +
					`{"name":"a","sessionCount":3,"distinctValues":3,` +
					`"values":[{"value":"A","sessionCount":1},{"value":"z","sessionCount":1},{"value":"é",` +
					`"sessionCount":1}]}]}`},
			{`{ eventLabels { name values(first: 0) { value } } }`,
				`{"eventLabels":[{"name":"d","values":[]},{"name":"e","values":[]}]}`},
		} {
			if got := asked(t, handler, c.query); got != c.want {
				t.Errorf("%s:\n got %s\nwant %s", c.query, got, c.want)
			}
		}
	})
}
