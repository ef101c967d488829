package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

// exportRequest is a request for a file.
func exportRequest(
	t *testing.T, s *program.Server, address string, query string, variables map[string]any,
) *http.Request {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return s.Request(t, http.MethodPost, "/export"+address, bytes.NewReader(body))
}

// exported is a file that arrived whole: its trailers are compared with it.
func exported(
	t *testing.T, s *program.Server, address, query string, variables map[string]any,
) (file []byte, rows int) {
	t.Helper()
	response, err := http.DefaultClient.Do(exportRequest(t, s, address, query, variables))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	file, err = io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("status %d, error %v: %s\n%s", response.StatusCode, err, file, query)
	}
	sum := sha256.Sum256(file)
	if got := response.Trailer.Get("X-Content-SHA256"); got != hex.EncodeToString(sum[:]) {
		t.Errorf("X-Content-SHA256 is %q", got)
	}
	rows, err = strconv.Atoi(response.Trailer.Get("X-Row-Count"))
	if err != nil {
		t.Errorf("X-Row-Count: %v", err)
	}
	return file, rows
}

// exports are documents, as the API is asked for the same rows: $first, $after and pageInfo are its own.
var exports = []struct {
	list, of, rows string
	query          string
}{
	{"sessions", "nodes", "", `callId startedAt talkRound engaged status contact { callee sessionCount }
		handover { seatIds waitSeconds } nerSlots { name value json } intention { label share } raw`},
	{"sessions", "nodes", "messages", `callId messages @rows { id position sentAt text content {
		... on Content { type } ... on TemplateContent { name buttons { title } } ... on TextContent { words: text }
		... on LocationContent { latitude } } replyTo { msgId } } endedAt`},
	{"sessions", "edges", "", `cursor node { callId }`},
	{"messages", "edges", "", `cursor session { callId } node { msgId senderType text }`},
	{"messages", "nodes", "", `id msgId raw`},
	{"contacts", "nodes", "", `id callee firstSeenAt sessions(first: 2) { totalCount nodes { callId } }`},
	{"intentions", "", "", `label sessionCount share`},
	{"nerSlots", "", "values", `name distinctValues values(first: 3) @rows { value sessionCount }`},
	{"variables", "", "", `name values { value }`},
	{"eventLabels", "", "", `name sessionCount`},
	{"sessionStats", "", "", `bucket intention sessionCount share averageTalkRound`},
}

func TestExportsHaveTheRowsOfTheAPI(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		s := startServer(t, kind.Fresh(t))
		mustPost(t, s, simulated(60)...)
		for _, e := range exports {
			paged, arguments, connection := "", "", e.query
			if e.of != "" {
				paged, arguments = "query ($first: Int, $after: String) ", "(first: $first, after: $after)"
				connection = e.of + " { " + e.query + " } totalCount pageInfo { hasNextPage endCursor }"
			}
			if e.list == "sessionStats" {
				arguments = "(groupBy: [INTENTION], interval: DAY)"
			}
			query := paged + "{ " + e.list + arguments + " { " + connection + " } }"
			read := func() []map[string]string {
				var nodes []any
				if e.of == "" {
					nodes = s.Query(t, query, nil)[e.list].([]any)
				} else {
					nodes = pages(t, s, query, e.list, e.of)
				}
				if e.of == "edges" {
					for _, edge := range nodes {
						node := edge.(map[string]any)["node"].(map[string]any)
						delete(edge.(map[string]any), "node")
						for name, value := range node {
							edge.(map[string]any)[name] = value
						}
					}
				}
				return rowsOfNodes(nodes, e.rows)
			}

			file, rows := exported(t, s, "?format=ndjson", query, nil)
			want := normalized(read(), false)
			compareRows(t, "NDJSON of "+query, normalized(ofNDJSON(t, file), false), want)
			if rows != len(want) {
				t.Errorf("X-Row-Count is %d, want %d", rows, len(want))
			}
			file, _ = exported(t, s, "?format=csv&formulas=raw", query, nil)
			compareRows(t, "CSV of "+query, normalized(ofCSV(t, file), true), normalized(read(), true))
			file, _ = exported(t, s, "?format=parquet", query, nil)
			read2, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
			if err != nil || int(read2.NumRows()) != len(want) {
				t.Errorf("Parquet of %s: %d rows, error %v", query, read2.NumRows(), err)
			}
		}
	})
}

func TestBoundsOfAnExport(t *testing.T) {
	s := startServer(t, newDB(t), "--max-page", "5", "--max-complexity", "100")
	mustPost(t, s, simulated(30)...)
	const query = `query ($first: Int, $last: Int, $after: String, $before: String) {
		sessions(first: $first, last: $last, after: $after, before: $before) { edges { cursor node { callId } } } }`
	read := func(variables map[string]any) []map[string]string {
		file, _ := exported(t, s, "?format=ndjson", query, variables)
		return ofNDJSON(t, file)
	}
	all := read(nil)
	if len(all) != 30 {
		t.Fatalf("%d rows", len(all))
	}
	cursor := func(at int) string { return all[at]["cursor"] }
	for name, test := range map[string]struct {
		variables map[string]any
		from, to  int
	}{
		"first":                 {map[string]any{"first": 12}, 0, 12},
		"more than there are":   {map[string]any{"first": 1000}, 0, 30},
		"none":                  {map[string]any{"first": 0}, 0, 0},
		"last":                  {map[string]any{"last": 11}, 19, 30},
		"last of more":          {map[string]any{"last": 100}, 0, 30},
		"between":               {map[string]any{"after": cursor(3), "before": cursor(20)}, 4, 20},
		"first between":         {map[string]any{"first": 9, "after": cursor(3), "before": cursor(20)}, 4, 13},
		"last between":          {map[string]any{"last": 9, "after": cursor(3), "before": cursor(20)}, 11, 20},
		"last of few between":   {map[string]any{"last": 9, "after": cursor(3), "before": cursor(6)}, 4, 6},
		"nothing between":       {map[string]any{"after": cursor(6), "before": cursor(3)}, 0, 0},
		"last of nothing there": {map[string]any{"last": 3, "before": cursor(0)}, 0, 0},
	} {
		compareRows(t, name, read(test.variables), all[test.from:test.to])
	}
}

func TestRefusedExports(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "trusted.graphql"), "query Trusted { intentions { label } }")
	s, _ := startWithTokens(t, newDB(t), "--documents", folder, "--documents-only")
	mustPost(t, s, simulated(3)...)
	const query = `{ intentions { label } }`
	request := func(token, address, body string, headers ...string) httpAnswer {
		r := s.As(token).Request(t, http.MethodPost, "/export"+address, strings.NewReader(body))
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return do(t, r)
	}
	asText := `{"query":` + quoted(query) + `}`
	for name, test := range map[string]struct {
		answer httpAnswer
		status int
		code   string
	}{
		"no token":         {request("", "", asText), 401, "UNAUTHENTICATED"},
		"metrics alone":    {request(tokenOfMetrics, "", asText), 403, "FORBIDDEN"},
		"no trusted one":   {request(tokenOfRead, "", asText), 403, "FORBIDDEN"},
		"another document": {request(tokenOfRead, "", `{"documentId":"Other"}`), 400, "PERSISTED_QUERY_NOT_FOUND"},
		"unknown field": {request(tokenOfAdmin, "", `{"query":"{ sessions { nodes { nothing } } }"}`), 400,
			"GRAPHQL_VALIDATION_FAILED"},
		"no list":        {request(tokenOfAdmin, "", `{"query":"{ viewer { name } }"}`), 400, "BAD_USER_INPUT"},
		"unknown format": {request(tokenOfAdmin, "?format=xlsx", asText), 406, "BAD_REQUEST"},
		"nothing accepted": {request(tokenOfAdmin, "", asText, "Accept", "text/csv;q=0, image/png"), 406,
			"BAD_REQUEST"},
		"form":    {request(tokenOfAdmin, "", "query=x", "Content-Type", "text/plain"), 415, "BAD_REQUEST"},
		"options": {request(tokenOfAdmin, "?formulas=on", asText), 400, "BAD_USER_INPUT"},
	} {
		if code := test.answer.code(t); test.answer.status != test.status || code != test.code {
			t.Errorf("%s: status %d, code %q, want %d, %s: %s", name, test.answer.status, code, test.status, test.code,
				test.answer.body)
		}
		if got := test.answer.header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
			t.Errorf("%s: Content-Type is %q", name, got)
		}
	}
	for _, path := range []string{"/export", "/mcp"} { // no route for WebSockets, which need no header
		r := s.Request(t, http.MethodPost, path, strings.NewReader(asText))
		r.Header.Set("Connection", "Upgrade")
		r.Header.Set("Upgrade", "websocket")
		if got := do(t, r); got.status != 401 || got.header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s without a token, as a WebSocket: status %d", path, got.status)
		}
	}
	for accept, want := range map[string]string{
		"": "text/csv", "*/*": "text/csv", "application/*": "application/x-ndjson",
		"text/csv;q=0.1, */*;q=0.5":                         "application/x-ndjson",
		"application/vnd.apache.parquet":                    "application/vnd.apache.parquet",
		"image/png, application/x-ndjson;q=0.2, text/csv":   "text/csv",
		"application/json, application/x-ndjson;q=0.9, */*": "text/csv",
	} {
		answer := request(tokenOfRead, "", `{"documentId":"Trusted"}`, "Accept", accept)
		if got := answer.header.Get("Content-Type"); answer.status != 200 || !strings.HasPrefix(got, want) {
			t.Errorf("Accept %q: status %d, Content-Type %q, want %s", accept, answer.status, got, want)
		}
	}
}

// An export that takes too long before its first byte is answered with an error.
func TestExportTimeout(t *testing.T) {
	s := startServer(t, newDB(t), "--export-timeout", "1ms")
	mustPost(t, s, simulated(50)...)
	const query = `{ sessions { nodes { raw messages { text raw replyTo { message { raw text } } } } } }`
	answer := do(t, exportRequest(t, s, "?format=parquet", query, nil))
	if answer.status != http.StatusGatewayTimeout || answer.code(t) != "TIMEOUT" {
		t.Errorf("status %d: %s", answer.status, answer.body)
	}
}

// A viewer with masks exports what the viewer sees.
func TestExportsAreMasked(t *testing.T) {
	s, _ := startWithTokens(t, newDB(t))
	mustPost(t, s, []byte(maskedNotification))
	const query = `{ sessions { nodes { callee nerSlots { value } messages @rows { text } raw } } }`
	masked, _ := exported(t, s.As(tokenOfRead), "", query, nil)
	clear, _ := exported(t, s.As(tokenOfPII), "", query, nil)
	if strings.Contains(string(masked), "Jakarta") || strings.Contains(string(masked), "81234567890") ||
		!strings.Contains(string(masked), "phone:") {
		t.Errorf("read sees %s", masked)
	}
	if !strings.Contains(string(clear), "'+6281234567890") {
		t.Errorf("pii sees %s", clear)
	}
	var lines []string
	for _, line := range auditLines(s) {
		if strings.Contains(line, "msg=export") {
			lines = append(lines, line)
		}
	}
	if len(lines) != 2 || !strings.Contains(lines[1], "viewer=seer") || !strings.Contains(lines[1], "rows=1") {
		t.Errorf("audit %q", lines)
	}
}

// slowExport is a response whose client has read the first bytes of it. The server cannot write all of the rest.
func slowExport(t *testing.T, s *program.Server) io.Reader {
	t.Helper()
	const query = `{ sessions { nodes { raw a: raw b: raw c: raw d: raw e: raw f: raw g: raw } } }`
	request := exportRequest(t, s, "?format=ndjson", query, nil)
	request.Header.Set("Accept-Encoding", "identity")
	transport := &http.Transport{ReadBufferSize: 1 << 10}
	t.Cleanup(transport.CloseIdleConnections)
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if _, err := io.ReadFull(response.Body, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	return response.Body
}

// Exports that began before an erasure, or whose token has ended, are broken off within five seconds.
func TestExportsAreBrokenOff(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		db := kind.Fresh(t)
		s, file := startWithTokens(t, db)
		var bodies [][]byte
		for n, body := range simulated(100) { // more than the buffers of a connection hold
			padded := fmt.Sprintf(`{"padding":%q,`, strings.Repeat("x", 20_000+n))
			bodies = append(bodies, append([]byte(padded), body[1:]...))
		}
		mustPost(t, s, bodies...)
		callee := s.As(tokenOfPII).Query(t, `{ sessions(first: 1) { nodes { callee } } }`,
			nil)["sessions"].(map[string]any)["nodes"].([]any)[0].(map[string]any)["callee"].(string)

		for _, test := range []struct {
			name string
			end  func()
		}{
			{"erasure", func() {
				if ended := program.Run(t, "", "erase", "--db", db, "--callee", callee); ended.Code != 0 {
					t.Error(ended.Err)
				}
			}},
			{"token", func() { writeTokens(t, file, strings.Replace(tokenLines, tokenOfPII, tokenOfPII+"x", 1)) }},
		} {
			exports := func() int { return strings.Count(s.Log.String(), "msg=export") }
			body, before := slowExport(t, s.As(tokenOfPII)), exports()
			test.end()
			began := time.Now()
			tools.Eventually(t, func() string {
				if exports() == before {
					return test.name + ": the export goes on"
				}
				return ""
			})
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("%s: broken off after %v", test.name, took)
			}
			if read, err := io.Copy(io.Discard, body); err == nil {
				t.Errorf("%s: the export ended as if whole, after %d bytes", test.name, read)
			}
		}
	})
}

func TestCommandQuery(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		db := kind.Fresh(t)
		s := startServer(t, db)
		mustPost(t, s, simulated(20)...)
		file := filepath.Join(t.TempDir(), "query.graphql")
		write(t, file, `query ($first: Int) { sessions(first: $first) { nodes { callId callee } } }`)
		run := func(args ...string) program.Ended {
			args = append([]string{"query", "--db", db}, args...)
			return program.Run(t, "{ intentions { label } nothing }", args...)
		}

		if got := run("--variables", `{"first": 2}`, file); got.Code != 0 || got.Err != "" ||
			strings.Count(got.Out, `"callId"`) != 2 || !strings.HasPrefix(got.Out, `{"data":{"sessions"`) {
			t.Errorf("JSON: %+v", got)
		}
		got := run("--format", "csv", file)
		if got.Code != 0 || got.Err != "" || strings.Count(got.Out, "\r\n") != 21 {
			t.Errorf("CSV: %+v", got)
		}
		for _, args := range [][]string{{"-"}, {"--format=ndjson", "-"}, {"--format=parquet", "-"}} {
			got := run(args...)
			if got.Code != 1 || got.Out != "" || !strings.Contains(got.Err, `Cannot query field "nothing"`) {
				t.Errorf("%v: %+v", args, got)
			}
		}
		for _, args := range [][]string{{"--format=xml", file}, {"--variables=[1]", file}, {}} {
			if got := run(args...); got.Code != 2 || strings.Count(got.Err, "\n") != 1 {
				t.Errorf("%v: %+v", args, got)
			}
		}
		if got := run(file + "x"); got.Code != 1 || !strings.Contains(got.Err, os.ErrNotExist.Error()) &&
			!strings.Contains(got.Err, "no such file") {
			t.Errorf("no file: %+v", got)
		}
	})
}
