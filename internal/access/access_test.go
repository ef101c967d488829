package access

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"golang.org/x/time/rate"

	"sessiongraph/internal/test/tools"
	"sessiongraph/models"
)

// start starts an Authenticator, with the text of its log.
func start(t *testing.T, settings Settings) (*Authenticator, *tools.Log) {
	t.Helper()
	tools.NoGoroutineLeft(t)
	var log tools.Log
	a, err := New(t.Context(), settings, prometheus.NewRegistry(), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { a.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return a, &log
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// enter authenticates a token that has to be known, and returns the context of its viewer.
func enter(t *testing.T, a *Authenticator, token string) context.Context {
	t.Helper()
	ctx, release, err := a.Authenticate(t.Context(), "Bearer "+token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return ctx
}

func knows(t *testing.T, a *Authenticator, token string) bool {
	t.Helper()
	_, release, err := a.Authenticate(t.Context(), "Bearer "+token)
	if err == nil {
		release()
	}
	return err == nil
}

// awaitEnd waits for the end of a context, for less than the five seconds that an operator is promised.
func awaitEnd(t *testing.T, ctx context.Context) {
	t.Helper()
	select {
	case <-ctx.Done():
		if !errors.Is(context.Cause(ctx), models.ErrTokenEnded) || !errors.Is(ctx.Err(), context.Canceled) {
			t.Errorf("ended by %v, %v", ctx.Err(), context.Cause(ctx))
		}
	case <-time.After(5 * time.Second):
		t.Error("not ended")
	}
}

func TestAuthorizationHeaders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	write(t, file, someToken+" read # ana")
	a, _ := start(t, Settings{Tokens: file})
	for header, want := range map[string]error{
		"Bearer " + someToken:           nil,
		"bearer  " + someToken + " ":    nil,
		"":                              ErrNoToken,
		" ":                             ErrNoToken,
		"Bearer":                        ErrUnknownToken,
		"Bearer " + someToken + "x":     ErrUnknownToken,
		"Basic " + someToken:            ErrUnknownToken,
		someToken:                       ErrUnknownToken,
		"Bearer " + hashOf(someToken):   ErrUnknownToken,
		"Bearer a.b.c":                  ErrUnknownToken,
		"Bearer " + someToken + " read": ErrUnknownToken,
	} {
		ctx, release, err := a.Authenticate(t.Context(), header)
		if !errors.Is(err, want) || (err == nil) != (ctx != nil) {
			t.Errorf("%q: %v, want %v", header, err, want)
		}
		if err == nil {
			if viewer := models.ViewerOf(ctx); viewer == nil || viewer.Name != "ana" {
				t.Errorf("%q: %+v", header, viewer)
			}
			release()
		}
	}
	if got := testutil.ToFloat64(a.requests.WithLabelValues("token", "ana")); got != 2 {
		t.Errorf("%v requests of ana are counted, want 2", got)
	}
	if len(a.live) > 0 {
		t.Errorf("%d viewers are live after their release", len(a.live))
	}
}

func TestChangesOfTheTokensFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	const stays, leaves, changes = "token-that-stays-1", "token-that-leaves", "token-that-changes"
	write(t, file, stays+" read # a\n"+leaves+" read\n"+changes+" pii\n")
	a, log := start(t, Settings{Tokens: file})
	staying, leaving, changing := enter(t, a, stays), enter(t, a, leaves), enter(t, a, changes)

	write(t, file, "new-token-0123456789 read\n"+stays+" read # a\n"+changes+" read\n")
	awaitEnd(t, leaving)
	awaitEnd(t, changing)
	if knows(t, a, leaves) || !knows(t, a, "new-token-0123456789") || staying.Err() != nil {
		t.Errorf("after a change: %v", staying.Err())
	}

	write(t, file, stays+" read # a\n"+leaves+" reed\n")
	tools.Eventually(t, func() string {
		if !strings.Contains(log.String(), file+": line 2: unknown scope") {
			return "the log does not say what is wrong: " + log.String()
		}
		return ""
	})
	time.Sleep(fileInterval + 100*time.Millisecond)
	if !knows(t, a, "new-token-0123456789") || knows(t, a, leaves) || staying.Err() != nil {
		t.Error("a bad file changed what is in force")
	}
	if strings.Count(log.String(), "level=ERROR") != 1 || strings.Contains(log.String(), "token-that") {
		t.Errorf("log:\n%s", log.String())
	}

	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	tools.Eventually(t, func() string {
		if !strings.Contains(log.String(), "no such file") {
			return "the log does not say that the file is gone: " + log.String()
		}
		return ""
	})
	if !knows(t, a, stays) {
		t.Error("a removed file changed what is in force")
	}
	write(t, file, "another-token-0123 read\n")
	awaitEnd(t, staying)
	if !knows(t, a, "another-token-0123") || knows(t, a, stays) {
		t.Error("the good file is not in force")
	}
}

func TestATokenEndsAtItsTime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tokens")
	write(t, file, someToken+" read until="+time.Now().Add(1500*time.Millisecond).Format(time.RFC3339Nano)+"\n"+
		"token-that-is-past read until=2020-01-01T00:00:00Z")
	a, _ := start(t, Settings{Tokens: file})
	if knows(t, a, "token-that-is-past") {
		t.Error("a token is known after its time")
	}
	ctx := enter(t, a, someToken)
	awaitEnd(t, ctx)
	if knows(t, a, someToken) {
		t.Error("the token is known after its time")
	}
}

func TestBadFilesStopTheStart(t *testing.T) {
	folder := t.TempDir()
	bad, html, large := filepath.Join(folder, "bad"), filepath.Join(folder, "html"), filepath.Join(folder, "large")
	write(t, bad, someToken+" read\n"+someToken+"2 reed")
	write(t, html, "<html>")
	write(t, large, strings.Repeat("#", maxContent+1))
	for _, test := range []struct {
		settings Settings
		says     string
	}{
		{Settings{Tokens: bad}, "--tokens: " + bad + ": line 2: unknown scope"},
		{Settings{Tokens: filepath.Join(folder, "missing")}, "no such file"},
		{Settings{Tokens: folder}, "is a directory"},
		{Settings{Tokens: large}, "more than 1048576 bytes"},
		{Settings{JWT: settingsOf(html)}, "--jwks: " + html + ": not a JSON Web Key Set"},
	} {
		_, err := New(t.Context(), test.settings, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), someToken) {
			t.Errorf("%v, want %q", err, test.says)
		}
	}
}

// provider answers with a key set, as long as it has one.
type provider struct {
	*httptest.Server
	set     atomic.Pointer[[]byte]
	fetches atomic.Int64
}

func newProvider(t *testing.T, set []byte) *provider {
	t.Helper()
	p := &provider{}
	p.set.Store(&set)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p.fetches.Add(1)
		_, _ = w.Write(*p.set.Load())
	}))
	t.Cleanup(p.Close)
	return p
}

func TestKeysThatChange(t *testing.T) {
	first := newSigner(t, "first", jwt.SigningMethodES256)
	second := newSigner(t, "second", jwt.SigningMethodES256)
	p := newProvider(t, keySetOf(t, first))
	a, _ := start(t, Settings{JWT: settingsOf(p.URL)})
	tools.Eventually(t, func() string {
		if !knows(t, a, first.sign(t, validClaims(nil))) {
			return "the first key is not taken up"
		}
		return ""
	})
	live := enter(t, a, first.sign(t, validClaims(nil)))

	both := keySetOf(t, second)
	p.set.Store(&both)
	began := time.Now()
	a.unknown = rate.NewLimiter(rate.Every(unknownKeyInterval), 1)
	before := p.fetches.Load()
	if knows(t, a, second.sign(t, validClaims(nil))) || time.Since(began) > time.Second {
		t.Error("an unknown key was waited for")
	}
	tools.Eventually(t, func() string {
		if !knows(t, a, second.sign(t, validClaims(nil))) {
			return "the second key is not taken up"
		}
		return ""
	})
	awaitEnd(t, live)
	if knows(t, a, first.sign(t, validClaims(nil))) {
		t.Error("a key that left the set still works")
	}
	for range 20 {
		knows(t, a, newSigner(t, "third", jwt.SigningMethodES256).sign(t, validClaims(nil)))
	}
	time.Sleep(100 * time.Millisecond)
	if fetched := p.fetches.Load() - before; fetched != 1 {
		t.Errorf("%d fetches for unknown keys, want 1", fetched)
	}
}

func TestAJWTEndsAtItsTime(t *testing.T) {
	es := newSigner(t, "es", jwt.SigningMethodES256)
	file := filepath.Join(t.TempDir(), "keys.json")
	write(t, file, string(keySetOf(t, es)))
	a, _ := start(t, Settings{JWT: settingsOf(file)})
	token := es.sign(t, validClaims(jwt.MapClaims{"exp": time.Now().Add(2 * time.Second).Unix()}))
	ctx := enter(t, a, token)
	awaitEnd(t, ctx)
	if knows(t, a, token) {
		t.Error("the JWT is known after its time")
	}
	if got := testutil.ToFloat64(a.requests.WithLabelValues("jwt", "")); got != 1 {
		t.Errorf("%v requests with JWTs are counted, want 1", got)
	}
}

// A provider that is away, hangs, or answers nonsense delays nobody, and what it said before stays in force.
func TestProvidersThatFail(t *testing.T) {
	es := newSigner(t, "es", jwt.SigningMethodES256)
	set := keySetOf(t, es)
	stop := make(chan struct{})
	var mode atomic.Value
	mode.Store("hang")
	var sent atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch mode.Load() {
		case "hang":
			select {
			case <-stop:
			case <-r.Context().Done():
			}
		case "long":
			for range 100 << 4 {
				n, err := w.Write(make([]byte, 64<<10))
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
		case "status":
			http.Error(w, "no", http.StatusBadGateway)
		case "html":
			_, _ = io.WriteString(w, "<html>")
		default:
			_, _ = w.Write(set)
		}
	}))
	defer server.Close()
	a, log := start(t, Settings{JWT: settingsOf(server.URL)})
	began := time.Now()
	if knows(t, a, es.sign(t, validClaims(nil))) || time.Since(began) > time.Second {
		t.Error("a provider that hangs was waited for")
	}

	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := fetch(ctx, a.client, server.URL); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a provider that hangs: %v", err)
	}
	for kind, says := range map[string]string{"long": "more than", "status": "502"} {
		mode.Store(kind)
		if _, err := fetch(t.Context(), a.client, server.URL); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if sent.Load() > 50<<20 {
		t.Errorf("%d bytes were read", sent.Load())
	}
	mode.Store("good")
	close(stop) // the fetch that hangs ends with nothing
	a.keySet.wake <- struct{}{}
	tools.Eventually(t, func() string {
		if !knows(t, a, es.sign(t, validClaims(nil))) {
			return "the keys are not taken up once the provider answers: " + log.String()
		}
		return ""
	})
	mode.Store("html")
	a.keySet.wake <- struct{}{}
	tools.Eventually(t, func() string {
		if !strings.Contains(log.String(), "not a JSON Web Key Set") {
			return "the log does not say what is wrong: " + log.String()
		}
		return ""
	})
	if !knows(t, a, es.sign(t, validClaims(nil))) {
		t.Error("what was read before is not in force")
	}
}
