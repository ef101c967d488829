package clients_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp"

	"sessiongraph/internal/test/browser"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/tools"
)

// addressInDocs is where the server is in the documentation.
const addressInDocs = "http://127.0.0.1:8080"

// docApp is an app that is made as pages of the documentation say.
type docApp struct {
	t      *testing.T
	s      *server
	folder string
}

// newDocApp begins an app with what Vite's template has and the first page.
func newDocApp(t *testing.T, s *server) *docApp {
	t.Helper()
	needNPM(t)
	a := &docApp{t, s, t.TempDir()}
	modules, err := filepath.Abs("node_modules")
	if err == nil {
		err = os.Symlink(modules, filepath.Join(a.folder, "node_modules"))
	}
	if err == nil {
		err = os.CopyFS(a.folder, os.DirFS("template"))
	}
	if err != nil {
		t.Fatal(err)
	}
	a.write("package.json", `{"private": true, "type": "module"}`)
	a.follow("README.md", "")
	return a
}

func (a *docApp) write(name, text string) {
	a.t.Helper()
	file := filepath.Join(a.folder, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

var (
	codeBlock = regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$")
	fileName  = regexp.MustCompile("`([\\w./-]+\\.(?:tsx?|json))`[^`]*:$")
)

// follow does what a section of a page says: it writes the files that are named before their blocks, and runs the
// commands. Without a section it is what comes before that on sending ids.
func (a *docApp) follow(page, section string) {
	a.t.Helper()
	text, err := os.ReadFile(program.File("docs/frontend/" + page))
	if err != nil {
		a.t.Fatal(err)
	}
	before, after, found := strings.Cut(string(text), "\n## Send ids\n")
	if section != "" {
		before = after
	}
	if section != "" && !found {
		a.t.Fatalf("%s has no section %s", page, section)
	}
	for _, block := range codeBlock.FindAllStringSubmatchIndex(before, -1) {
		language, code := before[block[2]:block[3]], before[block[4]:block[5]]
		name := fileName.FindStringSubmatch(strings.TrimSpace(before[:block[0]]))
		switch {
		case language == "sh":
			for command := range strings.Lines(code) {
				a.run(page, strings.TrimSpace(command))
			}
		case name != nil:
			a.write(name[1], code)
		default:
			a.t.Errorf("%s: no file is named before the block\n%s", page, code)
		}
	}
}

// run runs a command of a page, unless it is one that the test does by other means.
func (a *docApp) run(page, command string) {
	a.t.Helper()
	words := strings.Fields(command)
	switch {
	case strings.HasPrefix(command, "npm install "):
		installed, err := os.ReadFile("package.json")
		if err != nil {
			a.t.Fatal(err)
		}
		for _, name := range words[2:] {
			if name != "-D" && !strings.Contains(string(installed), `"`+name+`"`) {
				a.t.Errorf("%s installs %s, which is not tested", page, name)
			}
		}
	case words[0] == "curl":
		response, err := http.Get(strings.Replace(words[3], addressInDocs, "http://"+a.s.address, 1))
		if err != nil {
			a.t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			a.t.Fatal(response.Status, err)
		}
		a.write(words[2], string(text))
	case words[0] == "echo":
		a.write(words[3], strings.Trim(words[1], "'"))
	case words[0] == "npx":
		a.node(words[1:]...)
	case words[0] == "npm" || words[0] == "cd" || words[0] == "sessiongraph":
	default:
		a.t.Errorf("%s: unknown command %q", page, command)
	}
}

// node runs a program of the packages.
func (a *docApp) node(words ...string) {
	a.t.Helper()
	command := exec.Command("node_modules/.bin/"+words[0], words[1:]...)
	command.Dir = a.folder
	if out, err := command.CombinedOutput(); err != nil {
		a.t.Fatalf("%s: %v\n%s", strings.Join(words, " "), err, out)
	}
}

// open checks the types of the app, builds it, and opens it in a browser, at an origin that passes queries on to the
// server, as Vite does.
func (a *docApp) open(s *server, hash string) *browser.Browser {
	a.t.Helper()
	a.node("tsc", "-p", ".")
	a.node("vite", "build", "--logLevel", "error")
	routes := http.NewServeMux()
	routes.Handle("/", http.FileServer(http.Dir(filepath.Join(a.folder, "dist"))))
	routes.Handle("/query", httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.address}))
	origin := httptest.NewServer(routes)
	a.t.Cleanup(origin.Close)

	b := browser.Open(a.t, 800, 600)
	b.Do(chromedp.Navigate(origin.URL + "/nothing"))
	browser.Eval[any](b, `sessionStorage.setItem("token", "`+readToken+`")`)
	b.Do(chromedp.Navigate(origin.URL + "/" + hash))
	return b
}

// awaitItems waits until the list has so many items, and returns their texts.
func awaitItems(t *testing.T, b *browser.Browser, count int) (items []string) {
	t.Helper()
	tools.Eventually(t, func() string {
		items = browser.Eval[[]string](b, `[...document.querySelectorAll("li")].map((item) => item.innerText)`)
		if len(items) != count {
			return "the page shows " + browser.Eval[string](b, "document.body.innerText")
		}
		return ""
	})
	return items
}

// startForPages starts a server with a token and 23 sessions.
func startForPages(t *testing.T, settings ...string) *server {
	t.Helper()
	tokens := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(tokens, []byte(readToken+" read # an app\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, append([]string{"--tokens", tokens}, settings...)...)
	bodies, _ := invented(t, 72, 23, nil)
	s.postAll(bodies)
	return s
}

// checkList looks through the list of an app page by page, and has it show a session that is stored then.
func checkList(t *testing.T, b *browser.Browser, s *server) {
	t.Helper()
	awaitItems(t, b, 20)
	b.Do(chromedp.Click(chromedp.CSS("button")))
	items := awaitItems(t, b, 23)
	if !strings.Contains(strings.Join(items, " "), "conversation.close") {
		t.Errorf("no item shows the text of its last message: %q", items)
	}
	slices.Sort(items)
	if len(slices.Compact(items)) != 23 {
		t.Errorf("the pages repeat sessions: %q", items)
	}
	bodies, ids := invented(t, 73, 200, nil)
	for i, body := range bodies { // the subscription may not have begun
		s.post(body)
		if shown := browser.Eval[string](b, `document.querySelector("[role=status]").innerText`); i > 0 &&
			slices.ContainsFunc(ids[:i], func(id string) bool { return shown == "Just stored: "+id }) {
			return
		}
	}
	t.Error("the page shows nothing that is stored: " + browser.Eval[string](b, "document.body.innerText"))
}

// checkManifest has a server run each operation of a manifest by its id.
func checkManifest(t *testing.T, file string) {
	t.Helper()
	s := startForPages(t, "--documents", file, "--documents-only")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var operations map[string]string
	if err := json.Unmarshal(text, &operations); err != nil || len(operations) == 0 {
		t.Fatalf("%d operations, %v", len(operations), err)
	}
	for id := range operations {
		body := `{"documentId":"` + id + `","variables":{"first":1}}`
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.query(), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+readToken)
		response, err := s.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !strings.HasPrefix(string(answer), `{"data":`) {
			t.Errorf("%s: %s, %s, %v", id, response.Status, answer, err)
		}
	}
}

// The code of the documentation's pages for frontends works as it stands there.
func TestPagesOfTheDocs(t *testing.T) {
	tools.SkipUnderRace(t, "the browser waits longer than it may")
	t.Run("codegen.md", func(t *testing.T) {
		t.Parallel()
		s := startForPages(t)
		a := newDocApp(t, s)
		a.follow("codegen.md", "")
		for _, item := range awaitItems(t, a.open(s, ""), 20) {
			if !strings.Contains(item, ", ended by ") {
				t.Errorf("an item is %q", item)
			}
		}
		checkManifest(t, filepath.Join(a.folder, "src/gql/persisted-documents.json"))
	})
	for _, page := range []string{"apollo.md", "urql.md"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			s := startForPages(t)
			a := newDocApp(t, s)
			a.follow("codegen.md", "")
			if err := os.Remove(filepath.Join(a.folder, "src/execute.ts")); err != nil {
				t.Fatal(err)
			}
			a.follow(page, "")
			checkList(t, a.open(s, ""), s)
		})
	}
	t.Run("relay.md", func(t *testing.T) {
		t.Parallel()
		s := startForPages(t)
		a := newDocApp(t, s)
		a.follow("relay.md", "")
		checkList(t, a.open(s, ""), s)

		a.follow("relay.md", "Send ids")
		only := startForPages(t, "--documents", filepath.Join(a.folder, "operations.json"), "--documents-only")
		checkList(t, a.open(only, ""), only)
	})
	for _, hash := range []string{"#socket", "#events"} {
		t.Run("subscriptions.md"+hash, func(t *testing.T) {
			t.Parallel()
			s := startForPages(t)
			a := newDocApp(t, s)
			a.follow("subscriptions.md", "")
			b := a.open(s, hash)
			bodies, ids := invented(t, 74, 200, nil)
			for _, body := range bodies { // until the subscription has begun
				s.post(body)
				if browser.Eval[int](b, `document.querySelectorAll("li").length`) > 0 {
					break
				}
			}
			seen := browser.Eval[int](b, `document.querySelectorAll("li").length`)
			s.restart(syscall.SIGTERM)
			more, moreIDs := invented(t, 75, 5, nil)
			s.postAll(more)
			tools.Eventually(t, func() string {
				shown := browser.Eval[string](b, "document.body.innerText")
				for _, id := range moreIDs {
					if !strings.Contains(shown, id) {
						return "the page shows " + shown
					}
				}
				return ""
			})
			if seen == 0 || len(ids) == 0 {
				t.Error("nothing was seen before the server was restarted")
			}
		})
	}
}
