package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/browser"
	"sessiongraph/internal/test/expected"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// What the page shows of its panels.
const (
	panelText    = `document.querySelector(".panel")?.innerText ?? "no panel"`
	tableText    = `document.querySelector(".data-table")?.innerText ?? "no table"`
	chatText     = `document.querySelector(".chat")?.innerText ?? "no conversation"`
	exportText   = `document.querySelector(".export")?.innerText ?? "no export"`
	questionText = `document.querySelector(".library-form")?.innerText ?? "no question is open"`
)

// tabTo moves the focus by a key to the first element that a selector matches and that contains a text.
func tabTo(b *browser.Browser, t *testing.T, selector, text string, options ...chromedp.KeyOption) {
	t.Helper()
	found := fmt.Sprintf(`document.activeElement.matches(%q) && `+
		`(document.activeElement.innerText + document.activeElement.ariaLabel).includes(%q)`, selector, text)
	for range 120 {
		b.Do(chromedp.KeyEvent(kb.Tab, options...))
		if browser.Eval[bool](b, found) {
			outline := browser.Eval[string](b, `getComputedStyle(document.activeElement).outlineStyle`)
			if outline == "none" {
				t.Errorf("the focus on %s is not visible", selector)
			}
			return
		}
	}
	t.Fatalf("no key reaches %s with %q", selector, text)
}

// backTo moves the focus back to an element.
func backTo(b *browser.Browser, t *testing.T, selector, text string) {
	t.Helper()
	tabTo(b, t, selector, text, chromedp.KeyModifiers(chromedp.ModifierShift))
}

func press(b *browser.Browser, key string) { b.Do(chromedp.KeyEvent(key)) }

// showPanel opens a panel from the sidebar, by keys.
func showPanel(b *browser.Browser, t *testing.T, title string) {
	t.Helper()
	backTo(b, t, ".graphiql-sidebar button", "Show "+title)
	press(b, kb.Enter)
	shows(b, t, panelText, title)
}

// checkAccessible has axe-core look for barriers, narrow and wide, in light and dark.
func checkAccessible(t *testing.T, b *browser.Browser, what string) {
	t.Helper()
	axe, err := os.ReadFile(program.File("web/node_modules/axe-core/axe.min.js"))
	if err != nil {
		tools.Missing(t, "NOT TESTED: barriers in the Playground; install its packages (cd web && npm ci)")
	}
	browser.Eval[bool](b, string(axe)+"; true")
	const look = `axe.run(document, {resultTypes: ["violations"]}).then(({violations}) => violations
		.filter(({impact}) => impact === "serious" || impact === "critical")
		.flatMap(({id, nodes}) => nodes.map(({target, failureSummary}) => id + " " + target + ": " + failureSummary)))`
	for _, width := range []int{400, 1440} {
		for _, dark := range []bool{false, true} {
			b.Show(width, 900, dark)
			time.Sleep(200 * time.Millisecond) // for transitions of colours
			for _, barrier := range browser.In(b, chromedp.Evaluate[[]string](look, chromedp.EvalAwaitPromise)) {
				t.Errorf("%s, width %d, dark %v: %s", what, width, dark, barrier)
			}
		}
	}
	b.Show(1440, 900, false)
}

// An analyst runs a question, sees its table and chart, reads a conversation and exports it, all by keys.
func TestPanels(t *testing.T) {
	tools.SkipUnderRace(t, "the browser waits longer than it may")
	s := startServer(t, newDB(t))
	bodies := append(recentSessions(40), readFile(t, program.Example))
	mustPost(t, s, bodies...)
	b := openLibrary(t, s, "", 1440, 900)
	saved := t.TempDir()
	b.SaveTo(saved)
	checkAccessible(t, b, "Library")

	tabTo(b, t, ".panel-tools input", "")
	b.Do(chromedp.KeyEvent("each intention"))
	tabTo(b, t, ".library-title", "day by day")
	press(b, kb.Enter)
	shows(b, t, questionText, "timeZone")
	tabTo(b, t, "[name=interval]", "")
	b.Do(chromedp.KeyEvent("W"))
	checkAccessible(t, b, "a question")
	tabTo(b, t, "[type=submit]", "Run")
	before := len(b.Answers())
	press(b, kb.Enter)
	answer := answered(b, t, before+1)
	shows(b, t, questionText, "Chart")

	tabTo(b, t, ".panel-button", "Table")
	press(b, kb.Enter)
	checkTable(t, b, answer)
	checkAccessible(t, b, "Table")
	tabTo(b, t, ".panel-button", "Chart")
	press(b, kb.Enter)
	b.Do(chromedp.WaitVisible(chromedp.CSS(".recharts-bar-rectangle")))
	shows(b, t, panelText, "The table has the same figures as text.")
	checkAccessible(t, b, "Chart")

	// Links open questions.
	browser.Eval[bool](b, `(location.hash = "operation=LatestSessions&variables=" + `+
		`encodeURIComponent('{"first": 7}')) !== ""`)
	shows(b, t, questionText, "Table")
	showPanel(b, t, "Table")
	shows(b, t, panelText, "7 rows")
	columns := browser.Eval[string](b, `[...document.querySelectorAll("th .data-table-name")].map((th) => `+
		`th.innerText).join()`)
	tabTo(b, t, ".data-table-call", "")
	callID := browser.Eval[string](b, `document.activeElement.innerText.trim()`)
	press(b, kb.Enter)
	checkChat(t, b, bodies, callID)
	checkAccessible(t, b, "Conversation")

	showPanel(b, t, "Export")
	tabTo(b, t, "[type=submit]", "Export")
	press(b, kb.Enter)
	shows(b, t, exportText, "is saved: 41 rows")
	checkAccessible(t, b, "Export")
	checkSaved(t, s, saved, columns)
	checkConsole(t, s, b)
}

// recentSessions are sessions as simulate invents them.
func recentSessions(count int) [][]byte {
	generator := simulate.NewUntil(2027, time.Now())
	var bodies [][]byte
	for n := range count {
		bodies = append(bodies, generator.Notification(n))
	}
	return bodies
}

// checkTable holds that the table has the rows of the answer, and sorts them.
func checkTable(t *testing.T, b *browser.Browser, answer string) {
	t.Helper()
	var answered struct {
		Data struct{ SessionStats []struct{ SessionCount int } }
	}
	if err := json.Unmarshal([]byte(answer), &answered); err != nil || len(answered.Data.SessionStats) == 0 {
		t.Fatalf("%v: %s", err, answer)
	}
	largest := 0
	for _, row := range answered.Data.SessionStats {
		largest = max(largest, row.SessionCount)
	}
	shows(b, t, panelText, fmt.Sprintf("%d rows", len(answered.Data.SessionStats)))
	shows(b, t, tableText, "bucket")
	tabTo(b, t, "th button", "sessionCount")
	press(b, kb.Enter)
	shows(b, t, `document.querySelector("th[aria-sort=descending]")?.innerText ?? ""`, "sessionCount")
	first := browser.Eval[string](b, `document.querySelector("[aria-rowindex='2']").cells[`+
		`document.querySelector("th[aria-sort=descending]").cellIndex].innerText`)
	if first != fmt.Sprint(largest) {
		t.Errorf("the first of the sorted rows has %s, not %d", first, largest)
	}
}

// checkChat holds that the conversation says what the session says.
func checkChat(t *testing.T, b *browser.Browser, bodies [][]byte, callID string) {
	t.Helper()
	for _, session := range expected.Sessions(bodies) {
		if session["callId"] != callID {
			continue
		}
		shows(b, t, chatText, "The conversation begins")
		shown := browser.Eval[string](b, chatText)
		for _, message := range session["messages"].([]any) {
			message := message.(map[string]any)
			if message["senderType"] == "SYSTEM" {
				continue
			}
			for line := range strings.Lines(message["text"].(string)) {
				if line = strings.TrimSpace(line); !strings.Contains(shown, line) {
					t.Errorf("the conversation does not say %q", line)
				}
			}
		}
		return
	}
	t.Errorf("no session %s", callID)
}

// checkSaved holds the file in a folder against the rows of the route, and its columns against those of the table.
func checkSaved(t *testing.T, s *program.Server, folder, columns string) {
	t.Helper()
	var files []string
	tools.Eventually(t, func() string {
		files, _ = filepath.Glob(filepath.Join(folder, "latest-sessions-*.csv"))
		if len(files) != 1 {
			return fmt.Sprintf("files %q", files)
		}
		return ""
	})
	request, err := json.Marshal(map[string]any{
		"query":     string(readFile(t, program.File("graph/library/LatestSessions.graphql"))),
		"variables": map[string]any{"first": nil},
	})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(s.URL+"/export?format=csv", "application/json", bytes.NewReader(request))
	if err != nil {
		t.Fatal(err)
	}
	want, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	got := readFile(t, files[0])
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v; saved:\n%.500s\nthe route has:\n%.500s", err, got, want)
	}
	if header, _, _ := strings.Cut(string(got), "\r\n"); header != columns {
		t.Errorf("the file has the columns %s, the table %s", header, columns)
	}
}

// Where only trusted documents are answered the panels work, and show a viewer without pii pseudonyms. A link of a
// viewer with pii has a pseudonym in place of a callee.
func TestPanelsOfTrustedDocuments(t *testing.T) {
	tools.SkipUnderRace(t, "the browser waits longer than it may")
	s, _ := startWithTokens(t, newDB(t), "--documents-only")
	mustPost(t, s, recentSessions(5)...)
	b := openLibrary(t, s, "#operation=CustomerHistory", 1440, 900)
	b.SaveTo(t.TempDir())
	shows(b, t, dialogText, "This server needs a token.")
	signIn(b, t, tokenOfPII)
	shows(b, t, `window.answers.at(-1)`, "contacts")
	callee := browser.Eval[string](b, `JSON.parse(window.answers.at(-1)).data.contacts.nodes[0].callee`)
	browser.Eval[bool](b, `(navigator.clipboard.writeText = async (text) => { window.copied = text; }) !== null`)
	b.Do(chromedp.Focus(chromedp.CSS(".library-form [name=callee]")), chromedp.KeyEvent(callee))
	browser.Eval[bool](b, `[...document.querySelectorAll(".library-form button")].at(-1).click() ?? true`)
	shows(b, t, questionText, "The link is copied.")
	link := browser.Eval[string](b, `window.copied`)
	if decoded, err := url.QueryUnescape(link); err != nil || strings.Contains(decoded, callee) ||
		!strings.Contains(decoded, `"callee":"phone:`) || strings.Contains(decoded, tokenOfPII) {
		t.Errorf("the link of %s is %s", callee, decoded)
	}

	_, fragment, _ := strings.Cut(link, "#")
	b = openLibrary(t, s, "#"+fragment, 1440, 900)
	b.SaveTo(t.TempDir())
	signIn(b, t, tokenOfRead)
	shows(b, t, `window.answers.at(-1)`, "contacts")
	click(b, `[aria-label="Show Conversation"]`)
	shows(b, t, panelText, "in the answer")
	browser.Eval[bool](b, `[...document.querySelectorAll(".panel-tools .panel-button")].at(-1).click() ?? true`)
	shows(b, t, chatText, "The conversation begins")
	shows(b, t, `document.querySelector(".chat-facts .pseudonym")?.innerText ?? "no pseudonym"`, "phone:")
	if shown := browser.Eval[string](b, panelText); strings.Contains(shown, callee) {
		t.Errorf("the conversation shows %s:\n%s", callee, shown)
	}
	click(b, `[aria-label="Show Export"]`)
	click(b, `.export [value=parquet]`)
	click(b, `.export [type=submit]`)
	shows(b, t, exportText, "is saved")
	checkNoTrace(t, s, b, tokenOfRead)
}

// A connection that is broken off is no file.
func TestExportPanelSavesNoPart(t *testing.T) {
	tools.SkipUnderRace(t, "the browser waits longer than it may")
	s := startServer(t, newDB(t))
	mustPost(t, s, recentSessions(30)...)
	to, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = func(response *http.Response) error {
		if response.Request.URL.Path == "/export" {
			response.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(io.LimitReader(response.Body, 300), brokenReader{}), response.Body}
		}
		return nil
	}
	breaking := httptest.NewServer(proxy)
	t.Cleanup(breaking.Close)
	b := openLibrary(t, &program.Server{URL: breaking.URL}, "#operation=LatestSessions", 1440, 900)
	folder := t.TempDir()
	b.SaveTo(folder)
	shows(b, t, questionText, "Table")
	click(b, `[aria-label="Show Export"]`)
	click(b, `.export [type=submit]`)
	shows(b, t, exportText, "The connection was broken off before the end. Nothing was saved.")
	if files, err := os.ReadDir(folder); err != nil || len(files) > 0 {
		t.Errorf("saved: %v, %v", files, err)
	}
}

// brokenReader is where a connection ends too early.
type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
