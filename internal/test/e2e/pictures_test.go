package e2e

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sessiongraph/internal/test/browser"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

var pictures = flag.String("pictures", "", "folder that TestPictures draws the pictures of the documentation into")

// With -pictures this draws the pictures of README.md and of docs, of the same sessions each time: make pictures.
func TestPictures(t *testing.T) {
	if *pictures == "" {
		t.Skip("-pictures names no folder")
	}
	s := startServer(t, newDB(t))
	simulated := program.Run(t, "", "simulate", "--count", "2000", "--seed", "1", "--until", "2026-06-30T00:00:00Z",
		"--to", s.URL+"/ingest")
	if simulated.Code != 0 {
		t.Fatal(simulated.Err)
	}
	b := openLibrary(t, s, "", 1280, 800)
	answered(b, t, 1) // whether the server needs a token
	follow := func(operation, variables string) {
		question := url.Values{"operation": {operation}, "variables": {variables}}
		asked := len(b.Answers())
		b.Do(chromedp.Navigate(s.URL + "/#" + question.Encode()))
		answered(b, t, asked+1)
	}

	follow("SessionsByDayAndIntention", `{"from": "2026-06-01T00:00:00Z"}`)
	draw(t, b, "library", "[aria-expanded=true]")
	clickButton(t, b, ".library-form", "Chart")
	clickButton(t, b, "body", "Wide")
	draw(t, b, "chart", ".recharts-surface")
	clickButton(t, b, "body", "Open the table")
	draw(t, b, "table", "thead")
	clickButton(t, b, "body", "Export")
	clickButton(t, b, ".export", "Export")
	resize(b, 1280, 520)
	draw(t, b, "export", ".export strong")

	resize(b, 800, 1000)
	follow("ConversationByCallId", conversationVariables(t, s))
	clickButton(t, b, ".library-form", "Table")
	b.Do(chromedp.Click(chromedp.CSS(`td [title^="Open the conversation"]`)))
	draw(t, b, "conversation", ".chat-facts")
}

// conversationVariables names a session in English that has many kinds of messages.
func conversationVariables(t *testing.T, s *program.Server) string {
	t.Helper()
	data := s.Query(t, `{ sessions(first: 1, filter: {
		callee: {startsWith: "+659"}, handedOver: true, messageCount: {gte: 14}
		messages: {contentType: ["interactive"], senderType: [USER]}
		and: [{messages: {contentType: ["template"]}}, {messages: {contentType: ["image"]}}]
	}) { nodes { callId } } }`, nil)
	found := data["sessions"].(map[string]any)["nodes"].([]any)
	variables, err := json.Marshal(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return string(variables)
}

func resize(b *browser.Browser, width, height int64) { b.Do(chromedp.EmulateViewport(width, height)) }

// clickButton clicks on the button with that text.
func clickButton(t *testing.T, b *browser.Browser, within, text string) {
	t.Helper()
	tools.Eventually(t, func() string {
		if !browser.Eval[bool](b, fmt.Sprintf(`(() => {
			const button = [...document.querySelectorAll(%q + " button")].find((one) => one.textContent === %q);
			button?.click();
			return button !== undefined;
		})()`, within, text)) {
			return "there is no button " + text
		}
		return ""
	})
}

// draw draws the page once it shows an element.
func draw(t *testing.T, b *browser.Browser, name, shown string) {
	t.Helper()
	b.Do(chromedp.WaitVisible(chromedp.CSS(shown)))
	time.Sleep(2 * time.Second) // what moves comes to rest
	drawn := browser.In(b, chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(*pictures, name+".png"), drawn, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d kB", name, len(drawn)>>10)
}
