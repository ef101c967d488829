package export

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/parquet-go/parquet-go"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"sessiongraph/models"
)

func plan(t testing.TB, document string, variables map[string]any) (*Plan, error) {
	t.Helper()
	text, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	parsed, errs := gqlparser.LoadQueryWithRules(schema, document, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	p, failed := NewPlan(schema, &graphql.OperationContext{
		Doc: parsed, Operation: parsed.Operations[0], Variables: variables,
	})
	if failed != nil {
		return nil, failed
	}
	return p, nil
}

// describe lists columns as NAME KIND, with ? for those that can be null.
func describe(columns []Column) string {
	var all []string
	for _, c := range columns {
		one := c.Name + " " + [...]string{"text", "int", "float", "boolean", "time", "json"}[c.Kind]
		if c.Nullable {
			one += "?"
		}
		all = append(all, one)
	}
	return strings.Join(all, ", ")
}

// cases reads pairs of lines, a document and what is expected of it, from a file of testdata.
func cases(t *testing.T, file string) [][2]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all [][2]string
	for line := range strings.Lines(string(text)) {
		switch line = strings.TrimSuffix(line, "\n"); {
		case line == "" || line[0] == '#':
		case line[0] == '\t':
			all[len(all)-1][1] = line[1:]
		default:
			all = append(all, [2]string{line})
		}
	}
	return all
}

func TestColumnsFollowFromTheDocument(t *testing.T) {
	for _, test := range cases(t, "columns.txt") {
		p, err := plan(t, test[0], map[string]any{"no": false})
		if err != nil {
			t.Errorf("%s\n%v", test[0], err)
			continue
		}
		if got := describe(p.Columns); got != test[1] {
			t.Errorf("%s\ngot  %s\nwant %s", test[0], got, test[1])
		}
	}
}

func TestDocumentsThatAreNoFile(t *testing.T) {
	for _, test := range cases(t, "refused.txt") {
		if _, err := plan(t, test[0], nil); err == nil || !strings.Contains(err.Error(), test[1]) {
			t.Errorf("%s\ngot  %v\nwant %s", test[0], err, test[1])
		}
	}
}

// written returns the file of the rows of an answer.
func written(t testing.TB, document, data string, format Format, options Options) []byte {
	t.Helper()
	p, err := plan(t, document, nil)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w := NewWriter(&file, format, p.Columns, options)
	if _, err := p.Rows(models.JSON(data), w.Write); err != nil {
		t.Fatal(err)
	}
	if file.Len() > 0 {
		t.Fatal("a short file was not buffered")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestRowsOfAnAnswer(t *testing.T) {
	for name, test := range map[string]struct{ document, data, csv, ndjson string }{
		"null and empty": {`{ sessions { nodes { callId contact { callee } } } }`,
			`{"sessions":{"nodes":[{"callId":"","contact":null},{"callId":"a","contact":{"callee":"1"}}]}}`,
			"callId,contact.callee\r\n\"\",\r\na,1\r\n",
			`{"callId":"","contact.callee":null}` + "\n" + `{"callId":"a","contact.callee":"1"}` + "\n"},
		"one null alone": {`{ sessionStats { intention } }`, `{"sessionStats":[{"intention":null}]}`,
			"intention\r\n\"\"\r\n", `{"intention":null}` + "\n"},
		"no rows": {`{ sessionStats { intention share } }`, `{"sessionStats":[]}`, "intention,share\r\n", ""},
		"lists and JSON are compact": {`{ sessions { nodes { messages { text } raw } } }`,
			`{"sessions":{"nodes":[{"messages":[{"text":"a, \"b\""}],"raw":{ "x" : [ 1 , "\u00e9" ] }}]}}`,
			"messages,raw\r\n" + `"[{""text"":""a, \""b\""""}]","{""x"":[1,""\u00e9""]}"` + "\r\n",
			`{"messages":[{"text":"a, \"b\""}],"raw":{"x":[1,"\u00e9"]}}` + "\n"},
		"a JSON text keeps its quotes": {`{ sessions { nodes { nerSlot(name: "a") { json } } } }`,
			`{"sessions":{"nodes":[{"nerSlot":{"json":"=1"}},{"nerSlot":{"json":-1}},{"nerSlot":{"json":null}}]}}`,
			"nerSlot.json\r\n\"\"\"=1\"\"\"\r\n'-1\r\n\"\"\r\n",
			`{"nerSlot.json":"=1"}` + "\n" + `{"nerSlot.json":-1}` + "\n" + `{"nerSlot.json":null}` + "\n"},
		"formulas": {`{ sessions { nodes { callId status talkRound } } }`,
			`{"sessions":{"nodes":[{"callId":"  =A1","status":"\tx","talkRound":-3},` +
				`{"callId":"a=b","status":"\r","talkRound":0},` +
				`{"callId":"@x","status":"+1","talkRound":1},{"callId":"-","status":"'","talkRound":1}]}}`,
			"callId,status,talkRound\r\n'  =A1,'\tx,-3\r\na=b,\"'\r\",0\r\n'@x,'+1,1\r\n'-,',1\r\n", ""},
		"what another type lacks is empty": {
			`{ messages { nodes { content { ... on TextContent { text } ... on ImageContent { caption } } } } }`,
			`{"messages":{"nodes":[{"content":{"text":"a"}},{"content":{"caption":"b"}},{"content":{}}]}}`,
			"content.text,content.caption\r\na,\r\n,b\r\n,\r\n", ""},
		"rows repeat what stands outside": {`{ sessions { nodes { callId messages @rows { text } status } } }`,
			`{"sessions":{"nodes":[{"callId":"a","messages":[{"text":"1"},{"text":"2"}],"status":"x"},` +
				`{"callId":"b","messages":[],"status":"y"}]}}`,
			"callId,messages.text,status\r\na,1,x\r\na,2,x\r\nb,,y\r\n", ""},
		"rows of a list in null": {`{ sessions { nodes { callId handover { seatIds @rows } } } }`,
			`{"sessions":{"nodes":[{"callId":"a","handover":null},{"callId":"b","handover":{"seatIds":["1","2"]}}]}}`,
			"callId,handover.seatIds\r\na,\r\nb,1\r\nb,2\r\n", ""},
		"edges": {`{ sessions { edges { cursor node { callId } } } }`,
			`{"sessions":{"edges":[{"cursor":"c","node":{"callId":"a"}}]}}`, "cursor,callId\r\nc,a\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(written(t, test.document, test.data, CSV, Options{})); got != test.csv {
				t.Errorf("CSV\ngot  %q\nwant %q", got, test.csv)
			}
			got := string(written(t, test.document, test.data, NDJSON, Options{}))
			if test.ndjson != "" && got != test.ndjson {
				t.Errorf("NDJSON\ngot  %s\nwant %s", got, test.ndjson)
			}
		})
	}
}

func TestOptionsOfCSV(t *testing.T) {
	const document, data = `{ sessions { nodes { callId } } }`, `{"sessions":{"nodes":[{"callId":"=1"}]}}`
	if got := string(written(t, document, data, CSV, Options{BOM: true})); got != "\ufeffcallId\r\n'=1\r\n" {
		t.Errorf("with a byte order mark: %q", got)
	}
	if got := string(written(t, document, data, CSV, Options{RawFormulas: true})); got != "callId\r\n=1\r\n" {
		t.Errorf("with raw formulas: %q", got)
	}
}

func TestParquetHasTypesInTheOrderOfTheDocument(t *testing.T) {
	file := written(t, `{ sessions { nodes { startedAt callId talkRound engaged intention { share }
		contact { callee } handover { takenOverAt } raw messages { text } } } }`,
		`{"sessions":{"nodes":[{"startedAt":"2025-04-15T06:41:00.000001Z","callId":"é","talkRound":-3,"engaged":true,`+
			`"intention":{"share":0.5},"contact":null,"handover":null,"raw":{ "a": 1 },"messages":[]},`+
			`{"startedAt":"1969-12-31T23:59:59Z","callId":"","talkRound":2147483647,"engaged":false,`+
			`"intention":{"share":1e-9},"contact":{"callee":""},"handover":{"takenOverAt":"2025-04-15T06:41:00Z"},`+
			`"raw":{},"messages":[{"text":"x"}]}]}}`,
		Parquet, Options{})
	read, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	const schema = `message row {
	required int64 startedAt (TIMESTAMP(isAdjustedToUTC=true,unit=MICROS));
	required binary callId (STRING);
	required int32 talkRound (INT(32,true));
	required boolean engaged;
	required double intention.share;
	optional binary contact.callee (STRING);
	optional int64 handover.takenOverAt (TIMESTAMP(isAdjustedToUTC=true,unit=MICROS));
	required binary raw (STRING);
	required binary messages (STRING);
}`
	if got := read.Schema().String(); got != schema {
		t.Errorf("schema\n%s\nwant\n%s", got, schema)
	}
	var got []string
	for _, group := range read.RowGroups() {
		rows := group.Rows()
		buffer := make([]parquet.Row, 10)
		n, _ := rows.ReadRows(buffer)
		for _, row := range buffer[:n] {
			got = append(got, fmt.Sprint(slices.Clone(row)))
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{`[1744699260000001 é -3 true 0.5 <null> <null> {"a":1} []]`,
		`[-1000000  2147483647 false 1e-09  1744699260000000 {} [{"text":"x"}]]`}
	if !slices.Equal(got, want) {
		t.Errorf("rows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestParquetRefusesWhatIsNoInt32(t *testing.T) {
	if _, err := parquetValue(Int, models.JSON("2147483648")); err == nil {
		t.Error("no error")
	}
}

// FuzzCSVIsReadBack compares what encoding/csv reads of a cell with the text that was written.
func FuzzCSVIsReadBack(f *testing.F) {
	for _, text := range []string{"", "a", `"`, "\r\n", "\n", ",", "=1", " @x", "a\"b,c\nd", "\ufeff", "'", "\x00"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = strings.ToValidUTF8(a, "�"), strings.ToValidUTF8(b, "�")
		var file bytes.Buffer
		w := NewWriter(&file, CSV, []Column{{Name: "a"}, {Name: "b"}}, Options{})
		if err := w.Write([]models.JSON{models.AppendQuoted(nil, a), models.AppendQuoted(nil, b)}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(&file).ReadAll()
		if err != nil || len(rows) != 2 {
			t.Fatalf("rows %q, error %v", rows, err)
		}
		for i, text := range []string{a, b} {
			if isFormula(text) {
				text = "'" + text
			}
			// encoding/csv reads each line end as \n.
			if want := strings.ReplaceAll(text, "\r\n", "\n"); rows[1][i] != want {
				t.Errorf("got %q, want %q", rows[1][i], want)
			}
		}
	})
}
