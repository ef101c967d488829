package documents_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"sessiongraph/graph/documents"
)

func reader(t testing.TB) documents.Reader {
	t.Helper()
	text, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphqls", Input: string(text)})
	if err != nil {
		t.Fatal(err)
	}
	return documents.Reader{
		Schema: schema, MaxTokens: 1500,
		Internal:  []documents.File{{Name: "Page", Text: []byte(page)}},
		Questions: []documents.File{{Name: "Zones", Text: []byte(zones)}, {Name: "Ages", Text: []byte(ages)}},
	}
}

func files(texts ...string) (all []documents.File) {
	for i, text := range texts {
		all = append(all, documents.File{Name: string(rune('a'+i)) + ".graphql", Text: []byte(text)})
	}
	return all
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// The built-in documents of the tests.
const (
	page  = "query Page { viewer { name } }"
	zones = "# Which zones are there?\n# first: how many.\n\nquery Zones($first: Int = 3) { sessions(first: $first) " +
		"{ totalCount } }\n"
	ages = "# How old?\nquery Ages { viewer { scopes } }\n"
)

const latest = `
# The latest sessions.
#   With their callees.

query Latest { sessions(first: 3) { nodes { callId callee } } }
`

func TestFolder(t *testing.T) {
	const (
		spread    = "\ufeff# Which rows?\r\n# All.\r\n#Of them.\r\nquery Spread {\n  sessions { nodes { ...Row } }\n}"
		row       = "fragment Row on Session { callId ...Label }\nquery Other { sessions { totalCount } }"
		label     = "fragment Label on Session { intention { label } }"
		described = "\"\"\"What it is.\"\"\"\nquery Described { viewer { name } }"
	)
	c, err := reader(t).Folder(files(latest, spread, row, label, described))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ name, file, text, title, description string }{
		{"Latest", latest, latest, "The latest sessions.", "With their callees."},
		{"Other", row, "query Other", "Other", ""},
		{"Spread", spread, "fragment Label on Session", "Which rows?", "All.\nOf them."},
		{"Described", described, described, "What it is.", ""},
	} {
		document := c.ByID(want.name)
		if document == nil {
			t.Errorf("no document %s", want.name)
			continue
		}
		if document.Name != want.name || document.ID != want.name || document.Kind != ast.Query || document.BuiltIn ||
			document.Title != want.title || document.Description != want.description ||
			!strings.Contains(document.Text, want.text) {
			t.Errorf("%+v, want %+v", document, want)
		}
		hash := hashOf(want.file)
		for _, id := range []string{hash, "sha256:" + hash} {
			if c.ByID(id) != document {
				t.Errorf("%s has not the id %s", want.name, id)
			}
		}
		for _, text := range []string{want.file, strings.TrimSpace(want.file), document.Text} {
			if c.ByText(text) != document || !document.Is(text) {
				t.Errorf("%s is not found by its text %q", want.name, text)
			}
		}
	}
	if c.ByID("latest") != nil || c.ByID("") != nil || c.ByID("Row") != nil || c.ByText("") != nil ||
		c.ByText(strings.ToLower(latest)) != nil {
		t.Error("something is found that is not there")
	}
}

func TestBuiltInDocuments(t *testing.T) {
	c, err := reader(t).BuiltIn()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"Page": page, "Zones": zones, "Ages": ages} {
		document := c.ByID(name)
		if document == nil || !document.BuiltIn || document.Text != text || c.ByText(text) != document ||
			c.ByID("sha256:"+hashOf(text)) != document {
			t.Errorf("%s is %+v", name, document)
		}
	}
	if question := c.ByID("Zones"); question.Title != "Which zones are there?" ||
		question.Description != "first: how many." || question.Variables.ForName("first") == nil {
		t.Errorf("%+v", question)
	}
	if got := namesOf(c.Library); got != "Zones Ages" {
		t.Errorf("the library has %s", got)
	}
}

func namesOf(list []*documents.Document) string {
	var names []string
	for _, d := range list {
		names = append(names, d.Name)
	}
	return strings.Join(names, " ")
}

// An operator's document takes the name of a built-in question, and leaves it its hash.
func TestOwnDocumentsComeBeforeQuestions(t *testing.T) {
	const own = "# Mine.\nquery Zones { viewer { channels } }"
	r := reader(t)
	for name, read := range map[string]func(text string) (*documents.Collection, error){
		"folder": func(text string) (*documents.Collection, error) {
			return r.Folder(files("query B { viewer { name } }", text, "query A { viewer { name } }"))
		},
		"manifest": func(text string) (*documents.Collection, error) {
			return r.Manifest(documents.File{Name: "m.json", Text: []byte(`{"1": "query B { viewer { name } }", ` +
				`"Zones": ` + quoted(t, text) + `, "2": "query A { viewer { name } }"}`)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := read(own)
			if err != nil {
				t.Fatal(err)
			}
			replaced, mine := c.ByID(hashOf(zones)), c.ByID("Zones")
			if mine == nil || mine.BuiltIn || mine.Text != own || c.ByText(own) != mine {
				t.Errorf("Zones is %+v", mine)
			}
			if replaced == nil || !replaced.BuiltIn || replaced.Text != zones || c.ByID(replaced.ID) != replaced ||
				c.ByText(zones) != replaced {
				t.Errorf("the built-in document is %+v", replaced)
			}
			if got := namesOf(c.Library); got != "Ages A B Zones" || c.Library[0].BuiltIn == c.Library[1].BuiltIn {
				t.Errorf("the library has %s", got)
			}

			if c, err = read(zones); err != nil { // a copy
				t.Fatal(err)
			}
			if copied := c.ByID("Zones"); copied.BuiltIn || c.ByText(zones) != copied ||
				name == "folder" && c.ByID(hashOf(zones)) != copied || namesOf(c.Library) != "Ages A B Zones" {
				t.Errorf("the copy is %+v, the library %s", copied, namesOf(c.Library))
			}
		})
	}
}

func TestTextsOfAFolderAreBounded(t *testing.T) {
	big := "fragment Big on Query { session(callId: \"" + strings.Repeat("a", 1<<20) + "\") { id } }"
	texts := []string{big}
	for i := range documents.MaxSize >> 20 {
		texts = append(texts, "query Q"+strconv.Itoa(i)+" { ...Big }")
	}
	if _, err := reader(t).Folder(files(texts...)); err == nil || !strings.Contains(err.Error(), "more than 32 MiB") {
		t.Errorf("error %v", err)
	}
	if _, err := reader(t).Folder(files(texts[:10]...)); err != nil {
		t.Error(err)
	}
}

func TestFoldersWithErrors(t *testing.T) {
	const good = "query Good { viewer { name } }"
	for _, c := range []struct {
		name  string
		files []documents.File
		want  string
	}{
		{"no GraphQL", files(good, "query A {\n  viewer {\n"), "b.graphql:3: "},
		{"nothing", files("# Nothing.\n"), "a.graphql:1: neither an operation nor a fragment"},
		{"an unknown field", files(good, "query A {\n  viewer {\n    age\n  }\n}"),
			`b.graphql:3: Cannot query field "age"`},
		{"an unknown field in a fragment of another file",
			files("query A { viewer { ...F } }", "fragment F on Viewer {\n age }"), "b.graphql:2: Cannot query field"},
		{"two unknown fields", files("query A { viewer { age size } }"), "(and 1 more errors)"},
		{"an unknown fragment", files("query A {\n viewer { ...G } }"), `a.graphql:2: Unknown fragment "G"`},
		{"fragments in a ring", files("query A { viewer { ...F } }", "fragment F on Viewer { ...G }",
			"fragment G on Viewer { ...F }"), "Cannot spread fragment"},
		{"no name", files("{ viewer { name } }"), "a.graphql:1: the operation has no name"},
		{"two operations", files("query A { viewer { name } }\nquery B { viewer { name } }"),
			"a.graphql:2: a second operation"},
		{"a name twice", files(good, good), "b.graphql: operation Good is in a.graphql as well"},
		{"a built-in name", files("query Page { viewer { name } }"),
			"operation Page has the name of a document of the program itself"},
		{"a fragment of two files", files("query A {\n viewer { ...F } }", "fragment F on Viewer { name }",
			"fragment F on Viewer { scopes }"), "a.graphql:2: fragment F is in b.graphql and in c.graphql"},
		{"too many tokens", files("query A { viewer {" + strings.Repeat(" name", 1500) + "} }"), "a.graphql"},
		{"too many tokens with its fragments", files("query A { viewer {"+strings.Repeat(" name", 1000)+" ...F } }",
			"fragment F on Viewer {"+strings.Repeat(" name", 1000)+"}"), "a.graphql"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := reader(t).Folder(c.files)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q in one line", err, c.want)
			}
		})
	}
}

func TestManifests(t *testing.T) {
	texts, err := json.MarshalIndent(map[string]string{"0a1b": latest, "other": "{ viewer { name } }"}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	apollo := `{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
		{"id": "0a1b", "name": "Latest", "type": "query", "body": ` + quoted(t, latest) + `},
		{"id": "other", "name": "", "type": "query", "body": "{ viewer { name } }"}]}`
	for name, text := range map[string]string{"by id": string(texts), "of Apollo": apollo} {
		t.Run(name, func(t *testing.T) {
			c, err := reader(t).Manifest(documents.File{Name: "m.json", Text: []byte(text)})
			if err != nil {
				t.Fatal(err)
			}
			document := c.ByID("0a1b")
			if document == nil || document.Name != "Latest" || document.Text != latest ||
				c.ByText(latest) != document || document.Title != "The latest sessions." {
				t.Errorf("document %+v", document)
			}
			if other := c.ByID("other"); other == nil || other.Name != "" || other.Title != "other" {
				t.Errorf("document %+v", other)
			}
			if c.ByID("Latest") != nil || c.ByID(hashOf(latest)) != nil || c.ByID("format") != nil {
				t.Error("ids are not as they stand")
			}
		})
	}
}

func quoted(t *testing.T, text string) string {
	t.Helper()
	out, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestManifestsWithErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", "m.json:1: not a JSON object"},
		{"a list", `["{ viewer { name } }"]`, "m.json:1: not a JSON object"},
		{"half of it", "{\n\"a\": \"{ viewer { name } }\",\n", "m.json:2: not a JSON object"},
		{"text behind it", "{}\n{}", "m.json:2: not a JSON object"},
		{"a number", "{\n\"a\": 5}", `m.json:2: document "a" is not a text`},
		{"an object", "{\n\"a\": {}}", `m.json:2: document "a" is not a text`},
		{"an empty id", `{"": "{ viewer { name } }"}`, "m.json:1: empty id"},
		{"an id twice", "{\"a\": \"{ viewer { name } }\",\n\"a\": \"{ viewer { scopes } }\"}",
			`m.json:2: id "a" twice`},
		{"a built-in id", `{"Page": "{ viewer { name } }"}`, "built-in"},
		{"an unknown field", "{\n\n\"a\": \"{\\n viewer { age } }\"}", `m.json:3: document "a":2: Cannot query field`},
		{"no GraphQL", `{"a": "{"}`, `m.json:1: document "a":1: `},
		{"two operations", `{"a": "query A { viewer { name } } query B { viewer { name } }"}`, "2 operations"},
		{"a fragment alone", `{"a": "fragment F on Viewer { name }"}`, "0 operations"},
		{"operations of no format", `{"operations": []}`, "is not a text"},
		{"an operation of Apollo's without body", "{\"format\": \"apollo-persisted-query-manifest\",\n" +
			"\"operations\": [\n{\"id\": \"a\"}]}", "m.json:3: an operation without id and body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := reader(t).Manifest(documents.File{Name: "m.json", Text: []byte(c.text)})
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q in one line", err, c.want)
			}
		})
	}
}

// checkCollection holds that what was read can be executed, and is found by its text.
func checkCollection(t *testing.T, r documents.Reader, c *documents.Collection) {
	t.Helper()
	for _, document := range c.Documents {
		if _, errs := gqlparser.LoadQueryWithRules(r.Schema, document.Text, rules.NewDefaultRules()); errs != nil {
			t.Errorf("%s is trusted but invalid: %v\n%s", document.ID, errs, document.Text)
		}
		if found := c.ByID(document.ID); found != document {
			t.Errorf("%s is not found by its id", document.ID)
		}
		if found := c.ByText(document.Text); found == nil {
			t.Errorf("%s is not found by its text", document.ID)
		}
	}
}

func FuzzFolder(f *testing.F) {
	f.Add(latest, "fragment F on Session { callId }", "query B { sessions { nodes { ...F } } }")
	f.Add("query A { viewer { ...F } }", "fragment F on Viewer { ...G }", "fragment G on Viewer { name }")
	f.Add("\ufeff# A\nsubscription A { sessionStored { cursor } }", "query B($a: Int = 3) { sessions(first: $a) { "+
		"totalCount } }", `query C { sessions(filter: {callId: {eq: """a"""}}) { totalCount } }`)
	r := reader(f)
	f.Fuzz(func(t *testing.T, a, b, c string) {
		collection, err := r.Folder(files(a, b, c))
		if (err == nil) != (collection != nil) {
			t.Fatal(collection, err)
		}
		if err == nil {
			checkCollection(t, r, collection)
		}
	})
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"a": "{ viewer { name } }", "b": "query B { sessions { totalCount } }"}`))
	f.Add([]byte(`{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "a", "body": ` +
		`"{ viewer { name } }"}]}`))
	r := reader(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		collection, err := r.Manifest(documents.File{Name: "m.json", Text: text})
		if (err == nil) != (collection != nil) {
			t.Fatal(collection, err)
		}
		if err == nil {
			checkCollection(t, r, collection)
			if slices.ContainsFunc(collection.Documents, func(d *documents.Document) bool { return d.ID == "" }) {
				t.Error("a document without an id")
			}
		}
	})
}
