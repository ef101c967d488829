package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sessiongraph/internal/simulate"
	"sessiongraph/internal/test/browser"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// shows waits until what an expression of JavaScript gives contains a text.
func shows(b *browser.Browser, t *testing.T, expression, want string) {
	t.Helper()
	tools.Eventually(t, func() string {
		if got := browser.Eval[string](b, expression); !strings.Contains(got, want) {
			return expression + " is " + got + ", without " + want
		}
		return ""
	})
}

// What the page shows of its session.
const (
	dialogText = `document.querySelector("dialog[open]")?.innerText ?? "no dialog"`
	badgeText  = `document.querySelector(".viewer-badge")?.innerText ?? "no badge"`
)

// signIn types a token into the dialog, where the focus has to be.
func signIn(b *browser.Browser, t *testing.T, token string) {
	t.Helper()
	shows(b, t, `document.activeElement.id`, "token")
	b.Do(chromedp.KeyEvent(token), chromedp.KeyEvent(kb.Enter))
}

func click(b *browser.Browser, selector string) { b.Do(chromedp.Click(chromedp.CSS(selector))) }

// checkNoTrace holds that the page has the token in its memory alone, and had no other trouble than 401.
func checkNoTrace(t *testing.T, s *program.Server, b *browser.Browser, token string) {
	t.Helper()
	kept := browser.Eval[string](b, `JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, `+
		`location.href, history.state, document.documentElement.outerHTML])`)
	for _, place := range append(b.Requests(), kept) {
		if strings.Contains(place, token) {
			t.Errorf("the token is in %.500s", place)
		}
	}
	for _, complaint := range b.ConsoleErrors() {
		if !strings.Contains(complaint, "401") {
			t.Error(complaint)
		}
	}
	for _, request := range b.ExternalRequests(s.URL) {
		t.Error("the page asked another server:", request)
	}
}

func TestPlaygroundAsksForAToken(t *testing.T) {
	tools.SkipUnderRace(t, "the browser waits longer than it may")
	s, file := startWithTokens(t, newDB(t))
	mustPost(t, s, readFile(t, program.Example))
	b := openPlayground(t, s, 1440, 900)
	shows(b, t, dialogText, "This server needs a token.")

	b.Do(chromedp.KeyEvent(kb.Enter))
	shows(b, t, dialogText, "Enter a token.")
	signIn(b, t, "a token with spaces")
	shows(b, t, dialogText, "no spaces")
	signIn(b, t, unknownToken)
	shows(b, t, dialogText, "unknown or has ended")
	shows(b, t, `document.activeElement.type`, "password")
	click(b, ".token-field button")
	shows(b, t, `document.querySelector("#token").type`, "text")
	b.Do(chromedp.Focus(chromedp.CSS("#token")), chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	signIn(b, t, tokenOfRead)

	shows(b, t, dialogText, "no dialog")
	shows(b, t, badgeText, "reader")
	shows(b, t, badgeText, "personal data is masked")
	if answer, _ := runTab(b, t, 2); !strings.Contains(answer, `"callee":"value:`) {
		t.Errorf("a query with the token: %.500s", answer)
	}
	if shown := runSubscription(b, t, s, tabOf(b, t, "LiveTail")); !strings.Contains(shown, "sessionStored") {
		t.Errorf("a subscription with the token shows:\n%s", shown)
	}
	checkNoTrace(t, s, b, tokenOfRead)

	// A subscription whose token ends goes on with another one.
	pressRun(b)
	writeTokens(t, file, tokenOfPII+" pii # seer\n")
	shows(b, t, dialogText, "The token has ended.")
	shows(b, t, badgeText, "Sign in")
	signIn(b, t, tokenOfPII)
	shows(b, t, badgeText, "personal data is unmasked")
	next := simulate.New(78)
	posted := 0
	tools.Eventually(t, func() string {
		mustPost(t, s, next.Notification(posted))
		posted++
		if shown := result(b); !strings.Contains(shown, `"data"`) {
			return "the result pane shows:\n" + shown
		}
		return ""
	})
	checkNoTrace(t, s, b, tokenOfPII)

	click(b, ".viewer-badge button")
	shows(b, t, dialogText, "This server needs a token.")
	if shown := result(b); shown != "" {
		t.Errorf("after the viewer has signed out the page shows:\n%s", shown)
	}

	// Without a token the page stays usable: it asks when it has to.
	b.Do(chromedp.KeyEvent(kb.Escape))
	shows(b, t, dialogText, "no dialog")
	pressRun(b)
	shows(b, t, dialogText, "This server needs a token.")
	click(b, ".token-buttons button")
	tools.Eventually(t, func() string {
		if shown := result(b); !strings.Contains(shown, "4401") && !strings.Contains(shown, "UNAUTHENTICATED") {
			return "the result pane shows:\n" + shown
		}
		return ""
	})
	click(b, ".viewer-badge button")
	signIn(b, t, tokenOfPII)
	shows(b, t, badgeText, "seer")
	checkNoTrace(t, s, b, tokenOfPII)
}

// tabOf is the number of the tab with that title, counted from 1.
func tabOf(b *browser.Browser, t *testing.T, title string) int {
	t.Helper()
	titles := browser.Eval[[]string](b, `[...document.querySelectorAll(".graphiql-tab-button")].map((tab) => `+
		`tab.innerText)`)
	for i := range titles {
		if titles[i] == title {
			return i + 1
		}
	}
	t.Fatalf("no tab %s in %q", title, titles)
	return 0
}

// Where only trusted documents are answered, a viewer without the scope admin has the schema, and runs those.
func TestPlaygroundOfTrustedDocuments(t *testing.T) {
	tools.SkipUnderRace(t, "the browser waits longer than it may")
	folder := t.TempDir()
	example := readFile(t, program.File("web/src/examples/latest-sessions.graphql"))
	write(t, filepath.Join(folder, "latest.graphql"), string(example))
	s, _ := startWithTokens(t, newDB(t), "--documents", folder, "--documents-only")
	mustPost(t, s, readFile(t, program.Example))
	b := openPlayground(t, s, 1440, 900)
	signIn(b, t, tokenOfRead)
	shows(b, t, badgeText, "reader")
	if answer, _ := runTab(b, t, 1); !strings.Contains(answer, `"callId":`) {
		t.Errorf("a trusted document: %.500s", answer)
	}
	checkNoTrace(t, s, b, tokenOfRead)

	openTab(b, 2)
	pressRun(b)
	tools.Eventually(t, func() string {
		if shown := result(b); !strings.Contains(shown, "FORBIDDEN") {
			return "an operation that is not trusted shows:\n" + shown
		}
		return ""
	})

	b.Do(chromedp.Click(chromedp.CSS(".graphiql-query-editor .view-line")),
		chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl)), chromedp.KeyEvent("{ sessionSt"))
	shows(b, t, `document.querySelector(".suggest-widget")?.innerText ?? ""`, "sessionStats")
	b.Do(chromedp.Click(chromedp.CSS(`[aria-label="Show Documentation Explorer"]`)))
	shows(b, t, `document.querySelector(".graphiql-doc-explorer")?.innerText ?? ""`, "Query")
}
