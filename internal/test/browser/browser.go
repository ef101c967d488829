// Package browser drives a headless Chromium.
package browser

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"sessiongraph/internal/test/tools"
)

// Browser is a headless Chromium with one page, which reaches this machine alone.
type Browser struct {
	t   *testing.T
	ctx context.Context

	mu            sync.Mutex
	consoleErrors []string
	requests      []string
}

// timeout bounds a step in the page.
const timeout = time.Minute

// The page keeps the text of every answer of the GraphQL route here.
const keepAnswers = `window.answers = [];
const fetchAsIs = window.fetch;
window.fetch = async (...request) => {
	const response = await fetchAsIs(...request);
	if (new URL(response.url).pathname === "/query") {
		response.clone().text().then((text) => window.answers.push(text));
	}
	return response;
};`

// Open starts Chromium with a page of that size; the test is skipped without
// it, and fails in CI.
func Open(t *testing.T, width, height int) *Browser {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(findChromium(t)),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(width, height),
		chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-extensions", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("force-device-scale-factor", "1"),
		chromedp.Flag("lang", "en"),
		chromedp.Flag("password-store", "basic"),
	}
	if os.Getuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	silent := func(string, ...any) {}
	process, end := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(end)
	ctx, closePage := chromedp.NewContext(process, chromedp.WithLogf(silent), chromedp.WithErrorf(silent))
	t.Cleanup(closePage)
	b := &Browser{t: t, ctx: ctx}
	// The browser lives as long as the context of this first use.
	if err := chromedp.Listen(ctx, b.record); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	script := page.AddScriptToEvaluateOnNewDocumentParams{Source: keepAnswers}
	if _, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, script); err != nil {
		t.Fatal(err)
	}
	b.Do(chromedp.EmulateViewport(int64(width), int64(height)))
	return b
}

func findChromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	tools.Missing(t, "NOT TESTED: pages in a browser; install Chromium (make tools-for-tests does on "+
		"Debian as root)")
	return ""
}

func (b *Browser) record(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	report := func(format string, args ...any) {
		b.consoleErrors = append(b.consoleErrors, fmt.Sprintf(format, args...))
	}
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, event.Request.URL)
	case *network.EventWebSocketCreated:
		b.requests = append(b.requests, event.URL)
	case *network.EventLoadingFailed:
		if !event.Canceled { // by the page
			report("loading failed: %s %s", event.ErrorText, event.BlockedReason)
		}
	case *network.EventResponseReceived:
		if event.Response.Status >= 400 {
			report("%s answered %d", event.Response.URL, event.Response.Status)
		}
	case *runtime.EventExceptionThrown:
		report("exception: %s", (&chromedp.ExceptionError{ExceptionDetails: event.ExceptionDetails}).Error())
	case *runtime.EventConsoleAPICalled:
		switch event.Type {
		case runtime.ConsoleAPICalledTypeError, runtime.ConsoleAPICalledTypeWarning,
			runtime.ConsoleAPICalledTypeAssert:
			var words []string
			for _, argument := range event.Args {
				words = append(words, string(argument.Value), argument.Description)
			}
			report("console %s: %s", event.Type, strings.Join(words, " "))
		}
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelError || event.Entry.Level == log.EntryLevelWarning {
			report("%s %s: %s %s", event.Entry.Source, event.Entry.Level, event.Entry.Text, event.Entry.URL)
		}
	}
}

// Do does something in the page; it fails the test after a while.
func (b *Browser) Do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	for _, step := range steps {
		In(b, step)
	}
}

// In is what an action in the page returns; it fails the test after a while.
func In[T any](b *Browser, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, timeout)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("%v; the page's console: %q", err, b.ConsoleErrors())
	}
	return value
}

// Eval is the value of an expression of JavaScript in the page.
func Eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	return In(b, chromedp.Evaluate[T](expression))
}

// Show shows the page in that size, with the colours of light or of darkness.
func (b *Browser) Show(width, height int, dark bool) {
	b.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	params := emulation.SetEmulatedMediaParams{Features: features}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, params); err != nil {
		b.t.Fatal(err)
	}
	b.Do(chromedp.EmulateViewport(int64(width), int64(height)))
}

// SaveTo has what the page downloads put into a folder.
func (b *Browser) SaveTo(folder string) {
	b.t.Helper()
	params := cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder,
	}
	if _, err := chromedp.Call(b.ctx, cdpbrowser.SetDownloadBehavior, params); err != nil {
		b.t.Fatal(err)
	}
}

// ConsoleErrors are the errors and warnings that the page wrote to its console, what
// it could not load, and the answers that it got with a status of an error.
func (b *Browser) ConsoleErrors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.consoleErrors)
}

// Requests are the addresses that the page asked, or tried to.
func (b *Browser) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// ExternalRequests are the requests that the page made, or tried to, of others than this server.
func (b *Browser) ExternalRequests(server string) []string {
	own, err := url.Parse(server)
	if err != nil {
		b.t.Fatal(err)
	}
	var external []string
	for _, request := range b.Requests() {
		to, err := url.Parse(request)
		if err != nil || to.Host != own.Host && to.Scheme != "data" && to.Scheme != "blob" {
			external = append(external, request)
		}
	}
	return external
}

// Answers are the texts of all answers of the GraphQL route to the page.
func (b *Browser) Answers() []string { return Eval[[]string](b, "window.answers") }
