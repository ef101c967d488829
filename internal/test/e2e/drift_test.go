package e2e

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"sessiongraph/internal/test/testdb"
)

// Who runs the server learns what AIRudder sends that it does not know: by a query, a metric and a log line.
func TestDrift(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		file := filepath.Join(t.TempDir(), "tokens")
		const limited = "token-of-a-campaign"
		writeTokens(t, file, tokenLines+limited+" admin workflow=w2\n")
		s := startServer(t, kind.Fresh(t), "--tokens", file)
		notification := func(callID, rest string) []byte {
			return []byte(`{"call_id":"` + callID + `","timestamp":1744699269,"session_start_time":1744699200,` +
				`"session_end_time":1744699209,"session_end_reason":"robot","workflow_id":"w1",` + rest + `}`)
		}
		first := notification("a", `"messages":[{"sender_type":"user","status":"read","edited":true,`+
			`"content":{"type":"text","text":"a","sticker":{"id":1}}}]`)
		mustPost(t, s, first, first, notification("b", `"messages":[{"sender_type":"bot","edited":1,`+
			`"content":{"type":"sticker","new":1}}]`), []byte(`{"quarantined":true}`))

		const ask = `{"query":"{ drift { kind path value notificationCount } }"}`
		for _, test := range []struct{ token, query, want string }{
			{tokenOfAdmin, ask, `{"data":{"drift":[` +
				`{"kind":"FIELD","path":"messages[].edited","value":"","notificationCount":2},` +
				`{"kind":"CONTENT_TYPE","path":"messages[].content.type","value":"sticker","notificationCount":1},` +
				`{"kind":"ENUM_VALUE","path":"messages[].sender_type","value":"bot","notificationCount":1},` +
				`{"kind":"FIELD","path":"messages[].content.sticker","value":"","notificationCount":1},` +
				`{"kind":"FIELD","path":"quarantined","value":"","notificationCount":1}]}}`},
			{tokenOfAdmin, `{"query":"{ drift(first: 1) { path } }"}`,
				`{"data":{"drift":[{"path":"messages[].edited"}]}}`},
			{tokenOfPII, ask, "FORBIDDEN"}, {tokenOfRead, ask, "FORBIDDEN"},
			{tokenOfRead, `{"query":"query { ...A } fragment A on Query { viewer { name } a: drift { path } }"}`,
				"FORBIDDEN"},
			{tokenOfRead, `{"query":"{ viewer { name } drift @skip(if: true) { path } }"}`,
				`{"data":{"viewer":{"name":"reader"}}}`},
		} {
			got := do(t, s.As(test.token).Request(t, http.MethodPost, "/query", strings.NewReader(test.query)))
			switch {
			case test.want == "FORBIDDEN":
				if got.code(t) != test.want || !strings.Contains(got.body, "ADMIN") {
					t.Errorf("%s of %s: %s", test.query, test.token, got.body)
				}
			case got.body != test.want:
				t.Errorf("%s: %s, want %s", test.query, got.body, test.want)
			}
		}

		got := s.As(limited).Query(t, "{ drift { path } }", nil)
		if text, err := json.Marshal(got); err != nil || string(text) != `{"drift":[]}` {
			t.Errorf("who sees another campaign sees %s", text)
		}

		metrics := do(t, s.As(tokenOfMetrics).Request(t, http.MethodGet, "/metrics", nil)).body
		for _, want := range []string{`_total{kind="FIELD"} 3`, `_total{kind="CONTENT_TYPE"} 1`,
			`_total{kind="ENUM_VALUE"} 1`} {
			if !strings.Contains(metrics, "sessiongraph_drift_notifications"+want+"\n") {
				t.Errorf("the metrics lack %s", want)
			}
		}
		log := s.Log.String()
		if strings.Count(log, "kind=FIELD") != 3 || strings.Count(log, "kind=CONTENT_TYPE") != 1 ||
			strings.Count(log, "kind=ENUM_VALUE") != 1 || strings.Contains(log, "edited") ||
			strings.Contains(log, "sticker") {
			t.Errorf("the log is %s", log)
		}
	})
}
