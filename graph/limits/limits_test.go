package limits

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

func TestDocumentedLimits(t *testing.T) {
	page, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	page = regexp.MustCompile(`(\d),(\d{3})\b`).ReplaceAll(page, []byte("$1$2"))
	for format, limit := range map[string]int{
		"| the document | N tokens":                                  MaxTokens,
		"| words of a `search` | N,":                                 maxSearchWords,
		"| values of all arguments of an operation | N;":             maxValues,
		"| depth of an argument | N levels":                          maxDepth,
		"| exports at once | N for each core":                        exportsPerCore,
		"| subscriptions at once | N |":                              maxSubscriptions,
		"| operations at once | N small":                             cheapPerCore,
		"and N large one ":                                           expensivePerCore,
		"(complexity N or more)":                                     expensive,
		"a further one waits up to N s":                              int(maxWait.Seconds()),
		"N for a group-by or a catalogue":                            groupCost,
		"N for a `totalCount`":                                       countCost,
		"N for each word of a `search`":                              searchedWordCost,
		"In the filter of a session's own messages a word counts N.": searchedWordCost * transcriptPart,
		"N for the messages of a session":                            usualTranscript,
		"N for a catalogue (":                                        usualCatalogue,
		"N for other lists":                                          usualList,
	} {
		sentence := bytes.Replace([]byte(format), []byte("N"), strconv.AppendInt(nil, int64(limit), 10), 1)
		if !bytes.Contains(page, sentence) {
			t.Errorf("docs/limits.md does not say %q", sentence)
		}
	}
}

// Each callbackCount of a group-by is a group-by of its own, wherever it stands.
func TestCallbacksAreGroups(t *testing.T) {
	sdl, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: string(sdl)})
	for query, groups := range map[string]int{
		`{ sessionStats { sessionCount } }`:  1,
		`{ sessionStats { callbackCount } }`: 2,
		`{ sessionStats { a: callbackCount ...f ... { ...f } } }` +
			` fragment f on SessionStats { b: callbackCount(hours: 1) }`: 4,
	} {
		document := gqlparser.MustLoadQueryWithRules(schema, query, rules.NewDefaultRules())
		oc := &graphql.OperationContext{Operation: document.Operations[0], Doc: document}
		if got := int(complexity(oc, 200, false)) / groupCost; got != groups {
			t.Errorf("%s: %d groups, want %d", query, got, groups)
		}
	}
}

// What counts all that a search finds reads all of it, wherever the count stands.
func TestCountsOfWhatIsFound(t *testing.T) {
	sdl, err := os.ReadFile("../../schema.graphqls")
	if err != nil {
		t.Fatal(err)
	}
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: string(sdl)})
	for query, counts := range map[string]bool{
		`{ sessions(filter: {search: "a"}) { totalCount } }`:                           true,
		`{ sessions(filter: {or: [{messages: {hasReply: true}}]}) { n: totalCount } }`: true,
		`{ messages(filter: {search: "a"}) { ...a } } fragment a on MessageConnection { ...b }` +
			` fragment b on MessageConnection { nodes { id } totalCount }`: true,
		`query ($f: SessionFilter) { intentions { sessions(filter: $f) { ... { totalCount } } } }`: true,
		`{ sessions(filter: {search: "a"}) { nodes { id } } contacts { totalCount } }`:             false,
		`{ sessions(filter: {channel: {eq: "a"}}) { totalCount } }`:                                false,
	} {
		document := gqlparser.MustLoadQueryWithRules(schema, query, rules.NewDefaultRules())
		oc := &graphql.OperationContext{Operation: document.Operations[0], Doc: document,
			Variables: map[string]any{"f": map[string]any{"search": "a"}}}
		complexity(oc, 200, false)
		if got := oc.Stats.GetExtension(countsFoundKey); got != counts {
			t.Errorf("%s: %v, want %v", query, got, counts)
		}
	}
}

// The texts that were used last are kept, in bounded bytes.
func TestPersistedQueriesAreBounded(t *testing.T) {
	texts := NewPersistedQueries()
	text := strings.Repeat("x", maxPersistedText)
	texts.Add("first", text)
	for n := range 2 * persistedBytes / maxPersistedText {
		texts.Add(fmt.Sprint(n), text)
		texts.Add(fmt.Sprint(n), text)
		if texts.Get("first") == "" {
			t.Fatal("a text that is used is lost")
		}
	}
	kept := 0
	for n := range 2 * persistedBytes / maxPersistedText {
		kept += len(texts.Get(fmt.Sprint(n)))
	}
	if kept > persistedBytes || kept < persistedBytes/2 || texts.bytes > persistedBytes {
		t.Errorf("%d bytes are kept, %d counted", kept, texts.bytes)
	}
	texts.Add("long", text+"x")
	if texts.Get("long") != "" {
		t.Error("a long text is kept")
	}
}
