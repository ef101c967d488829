package clients_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"sessiongraph/internal/test/browser"
	"sessiongraph/internal/test/tools"
)

const (
	readToken    = "token-of-a-frontend"
	unknownToken = "token-that-nobody-has"
)

// buildFrontend builds the app of frontend/, as those who write apps do.
func buildFrontend(t *testing.T) http.Handler {
	t.Helper()
	needNPM(t)
	folder := t.TempDir()
	build := exec.Command("node_modules/.bin/vite", "build", "frontend", "--outDir", folder, "--logLevel", "warn")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("vite build: %v\n%s", err, out)
	}
	return http.FileServer(http.Dir(folder))
}

// startOrigin serves the app on a port of its own, and returns its origin.
func startOrigin(t *testing.T, app http.Handler) string {
	t.Helper()
	origin := httptest.NewServer(app)
	t.Cleanup(origin.Close)
	return origin.URL
}

// frontend is the app in a browser.
type frontend struct {
	*browser.Browser
	t *testing.T
}

// openFrontend opens the app of an origin, and signs in.
func openFrontend(t *testing.T, origin string, s *server, token string) frontend {
	t.Helper()
	f := frontend{browser.Open(t, 800, 600), t}
	f.Do(chromedp.Navigate(origin + "/?server=" + url.QueryEscape("http://"+s.address)))
	f.signIn(token)
	return f
}

func (f frontend) signIn(token string) {
	f.t.Helper()
	f.Do(chromedp.SendKeys(chromedp.CSS("input"), token+kb.Enter))
}

// text is what an element shows; of a list, its items.
func (f frontend) text(id string) string {
	f.t.Helper()
	return browser.Eval[string](f.Browser, `[...document.querySelectorAll("p#`+id+`, #`+id+` li")].`+
		`map((shown) => shown.innerText).join(" ")`)
}

// await waits until an element shows a text.
func (f frontend) await(id, want string) {
	f.t.Helper()
	tools.Eventually(f.t, func() string {
		if got := f.text(id); !strings.Contains(got, want) {
			return id + " shows " + got + ", without " + want
		}
		return ""
	})
}

// An app of another origin that --cors-origin names signs in, pages and subscribes; from elsewhere it gets nothing.
func TestFrontendOfAnotherOrigin(t *testing.T) {
	tools.SkipUnderRace(t, "the browser waits longer than it may")
	t.Parallel()
	app := buildFrontend(t)
	allowed, foreign := startOrigin(t, app), startOrigin(t, app)
	tokens := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(tokens, []byte(readToken+" read # an app\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, "--tokens", tokens, "--cors-origin", allowed)
	bodies, stored := invented(t, 70, 5, nil)
	s.postAll(bodies)

	f := openFrontend(t, allowed, s, unknownToken)
	f.await("problem", "token is unknown")
	f.await("live-problem", "4401")
	f.signIn(readToken)
	f.await("viewer", "an app")
	for _, seen := range []int{2, 4, 5} {
		tools.Eventually(t, func() string {
			if got := f.text("sessions"); len(strings.Fields(got)) != seen {
				return "pages show " + got
			}
			return ""
		})
		if seen < len(stored) {
			f.Do(chromedp.Click(chromedp.CSS("#more")))
		}
	}
	got := strings.Fields(f.text("sessions"))
	slices.Sort(got)
	slices.Sort(stored)
	if !slices.Equal(got, stored) {
		t.Errorf("pages show %q of %q", got, stored)
	}
	awaitLive(t, f, s)

	f = openFrontend(t, foreign, s, readToken)
	f.await("problem", "Failed to fetch")
	f.await("live-problem", "The subscription has failed")
	if shown := f.text("viewer") + f.text("sessions") + f.text("live"); shown != "" {
		t.Errorf("a page of an origin that is not allowed shows %s", shown)
	}
}

// awaitLive stores sessions until the app shows one.
func awaitLive(t *testing.T, f frontend, s *server) {
	t.Helper()
	bodies, ids := invented(t, 71, 200, nil)
	for _, body := range bodies {
		s.post(body)
		time.Sleep(100 * time.Millisecond)
		if shown := strings.Fields(f.text("live")); len(shown) > 0 {
			if !slices.Contains(ids, shown[0]) {
				t.Errorf("the subscription shows %q", shown)
			}
			return
		}
	}
	t.Error("the subscription shows nothing")
}
