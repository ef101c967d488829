package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"sessiongraph/graph"
	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/browser"
	"sessiongraph/internal/test/expected"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
	"sessiongraph/web"
)

// openPlayground opens the server's page, waits for its editors and its schema, and closes the panel that a first
// visit opens with.
func openPlayground(t *testing.T, s *program.Server, width, height int) *browser.Browser {
	t.Helper()
	b := openLibrary(t, s, "", width, height)
	answered(b, t, 1) // whether the server needs a token
	const hide = `[aria-label="Hide Library"]`
	browser.Eval[bool](b, "document.querySelector('"+hide+"').click() ?? true") // a dialog may be before it
	b.Do(chromedp.WaitNotPresent(chromedp.CSS(hide)))
	return b
}

// openLibrary opens the server's page with a fragment, and waits for its editors and its schema.
func openLibrary(t *testing.T, s *program.Server, fragment string, width, height int) *browser.Browser {
	t.Helper()
	if _, built := web.Page(); !built {
		tools.Missing(t, "NOT TESTED: the Playground; build its page (make web, which needs npm)")
	}
	b := browser.Open(t, width, height)
	b.Do(
		chromedp.Navigate(s.URL+"/"+fragment),
		chromedp.WaitVisible(chromedp.CSS(".graphiql-execute-button")),
		chromedp.WaitVisible(chromedp.CSS(".graphiql-query-editor .view-line")),
		chromedp.WaitVisible(chromedp.CSS(".graphiql-tab-button")),
		chromedp.WaitNotPresent(chromedp.CSS(".graphiql-spin")), // until the schema is there
	)
	return b
}

// answered waits for so many answers of the GraphQL route, and returns the last.
func answered(b *browser.Browser, t *testing.T, count int) (last string) {
	t.Helper()
	tools.Eventually(t, func() string {
		answers := b.Answers()
		if len(answers) < count {
			return fmt.Sprintf("%d answers, not %d; the page's console: %q", len(answers), count, b.ConsoleErrors())
		}
		last = answers[len(answers)-1]
		return ""
	})
	return last
}

// openTab opens the tab of that number, counted from 1.
func openTab(b *browser.Browser, tab int) {
	b.Do(
		chromedp.Click(chromedp.CSS(fmt.Sprintf(".graphiql-tabs > :nth-child(%d of .graphiql-tab) "+
			".graphiql-tab-button", tab))),
		chromedp.WaitVisible(chromedp.CSS(fmt.Sprintf(":nth-child(%d of .graphiql-tab).graphiql-tab-active", tab))),
	)
	time.Sleep(time.Second) // GraphiQL reads the operation's name a moment after its tab is opened
}

func pressRun(b *browser.Browser) { b.Do(chromedp.Click(chromedp.CSS(".graphiql-execute-button"))) }

// result is the text that the result pane shows.
func result(b *browser.Browser) string {
	shown := browser.Eval[string](b, `document.querySelector(".result-window .view-lines")?.innerText ?? ""`)
	return strings.ReplaceAll(shown, "\u00a0", " ")
}

// runTab opens a tab, runs the query that it holds, and returns the answer and the
// text that the result pane shows of it.
func runTab(b *browser.Browser, t *testing.T, tab int) (answer, shown string) {
	t.Helper()
	openTab(b, tab)
	before := len(b.Answers())
	pressRun(b)
	answer = answered(b, t, before+1)
	tools.Eventually(t, func() string {
		if shown = result(b); !strings.Contains(shown, `"data"`) {
			return "the result pane shows:\n" + shown
		}
		return ""
	})
	return answer, shown
}

// runSubscription opens a tab, runs the subscription that it holds, and posts
// notifications until the result pane shows one of them.
func runSubscription(b *browser.Browser, t *testing.T, s *program.Server, tab int) (shown string) {
	t.Helper()
	openTab(b, tab)
	pressRun(b)
	next := simulate.NewUntil(77, time.Now())
	for n := 0; ; n++ {
		mustPost(t, s, next.Notification(n))
		time.Sleep(500 * time.Millisecond)
		shown = result(b)
		if strings.Contains(shown, `"data"`) || strings.Contains(shown, `"errors"`) {
			pressRun(b) // the same button stops
			return shown
		}
		if n == 40 {
			t.Fatalf("the result pane shows:\n%s\nthe page's console: %q", shown, b.ConsoleErrors())
		}
	}
}

func checkConsole(t *testing.T, s *program.Server, b *browser.Browser) {
	t.Helper()
	for _, complaint := range b.ConsoleErrors() {
		t.Error(complaint)
	}
	for _, request := range b.ExternalRequests(s.URL) {
		t.Error("the page asked another server:", request)
	}
}

func TestPlaygroundRunsItsExamples(t *testing.T) {
	tools.SkipUnderRace(t, "the browser waits longer than it may")
	s := startServer(t, newDB(t))
	bodies := append(recentWithRatings(), readFile(t, program.Example))
	mustPost(t, s, bodies...)
	b := openPlayground(t, s, 1440, 900)
	titles := browser.Eval[[]string](b, `[...document.querySelectorAll(".graphiql-tab-button")].map((tab) => `+
		`tab.innerText)`)
	kinds := exampleKinds(t)
	if len(titles) != len(kinds) {
		t.Errorf("tabs %q for the examples %q", titles, kinds)
	}
	for i, title := range titles {
		if kinds[title] == "subscription" {
			if shown := runSubscription(b, t, s, i+1); strings.Contains(shown, `"errors"`) {
				t.Errorf("tab %s shows errors:\n%s", title, shown)
			}
			continue
		}
		answer, shown := runTab(b, t, i+1)
		var answered struct {
			Data   map[string]any
			Errors []any
		}
		err := json.Unmarshal([]byte(answer), &answered)
		if err != nil || answered.Data == nil || answered.Errors != nil || strings.Contains(shown, `"errors"`) {
			t.Errorf("tab %s: %.1000s", title, answer)
		}
		if strings.Contains(answer, `"nodes":[]`) || strings.Contains(answer, `"sessionStats":[]`) {
			t.Errorf("tab %s finds nothing: %.300s", title, answer)
		}
		if title == "Conversation" {
			checkConversation(t, bodies, answer, shown)
		}
	}
	if shown := browser.Eval[bool](b, `!!document.querySelector("dialog[open], .viewer-badge")`); shown {
		t.Error("a server without tokens is shown as one with tokens")
	}
	checkConsole(t, s, b)
}

// recentWithRatings are sessions as simulate invents them by default, those with a bad
// rating among them.
func recentWithRatings() [][]byte {
	generator := simulate.NewUntil(2026, time.Now())
	var bodies [][]byte
	for n := range 900 {
		body := generator.Notification(n)
		if n < 30 || bytes.Contains(body, []byte(`"rating":"1"`)) || bytes.Contains(body, []byte(`"rating":"2"`)) {
			bodies = append(bodies, body)
		}
	}
	return bodies
}

// exampleKinds are the kinds of operation of the examples, by name.
func exampleKinds(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(program.File("web/src/examples/*.graphql"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	kinds := map[string]string{}
	for _, file := range files {
		document, err := parser.ParseQuery(&ast.Source{Name: file, Input: string(readFile(t, file))})
		if err != nil {
			t.Fatal(err)
		}
		for _, operation := range document.Operations {
			kinds[operation.Name] = string(operation.Operation)
		}
	}
	return kinds
}

// checkConversation holds the answer to the latest of the notifications.
func checkConversation(t *testing.T, bodies [][]byte, answer, shown string) {
	t.Helper()
	var latest map[string]any
	for _, session := range expected.Sessions(bodies) {
		if latest == nil || session["startedAt"].(string) > latest["startedAt"].(string) {
			latest = session
		}
	}
	if callID := latest["callId"].(string); !strings.Contains(shown, callID) {
		t.Errorf("the result pane does not show %s:\n%s", callID, shown)
	}
	for _, message := range latest["messages"].([]any) {
		said, err := json.Marshal(message.(map[string]any)["text"])
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(answer, expected.PlainJSON(said)) { // & is not escaped
			t.Errorf("the conversation does not say %s", said)
		}
	}
}

// The address of an image in a result is not followed to its host: its operator
// would learn which message is being read.
func TestPlaygroundLoadsNoImagesOfMessages(t *testing.T) {
	tools.SkipUnderRace(t, "the browser waits longer than it may")
	s := startServer(t, newDB(t))
	mustPost(t, s, readFile(t, program.Example))
	b := openPlayground(t, s, 1440, 3000)
	runTab(b, t, 2)
	type point struct{ X, Y float64 }
	address := `[...document.querySelectorAll(".result-window .view-line span")].find((span) => ` +
		`span.children.length === 0 && span.innerText.includes("https://"))`
	tools.Eventually(t, func() string {
		if !browser.Eval[bool](b, address+" !== undefined") {
			return "no address of an image in the result pane"
		}
		return ""
	})
	at := browser.Eval[point](b, `(() => { const r = `+address+`.getBoundingClientRect(); return {X: r.x + r.width `+
		`/ 2, Y: r.y + r.height / 2}; })()`)
	b.Do(
		chromedp.MouseEvent(chromedp.MouseMoved, at.X-5, at.Y),
		chromedp.MouseEvent(chromedp.MouseMoved, at.X, at.Y),
	)
	time.Sleep(2 * time.Second) // GraphiQL's preview comes within one
	if images := browser.Eval[int](b, `document.querySelectorAll("img").length`); images != 0 {
		t.Errorf("%d images in the page", images)
	}
	checkConsole(t, s, b)
}

// The fallback page keeps to its policy: it asks for the files of the CDN, which tests do not reach, and runs its own
// script, which misses them.
func TestFallbackPlaygroundKeepsItsPolicy(t *testing.T) {
	tools.SkipUnderRace(t, "the browser waits longer than it may")
	server := httptest.NewServer(graph.FallbackPlayground())
	t.Cleanup(server.Close)
	b := browser.Open(t, 1440, 900)
	b.Do(chromedp.Navigate(server.URL))
	tools.Eventually(t, func() string {
		if errors := strings.Join(b.ConsoleErrors(), "\n"); !strings.Contains(errors, "GraphiQL is not defined") {
			return "the script of the page has not run; the console: " + errors
		}
		return ""
	})
	for _, complaint := range b.ConsoleErrors() {
		if strings.Contains(complaint, "Content Security Policy") || strings.Contains(complaint, "csp") {
			t.Error(complaint)
		}
	}
	if asked := b.ExternalRequests(server.URL); len(asked) != 4 {
		t.Errorf("the page asked for %q", asked)
	}
}
