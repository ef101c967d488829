package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/internal/test/tools"
)

// identityProvider signs JWTs with one key.
type identityProvider struct {
	key *ecdsa.PrivateKey
	set []byte // its key set
}

func newIdentityProvider(t *testing.T) *identityProvider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes() // 4, x and y
	if err != nil {
		t.Fatal(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	set := fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","kid":"k","use":"sig","x":%q,"y":%q}]}`,
		encode(point[1:33]), encode(point[33:]))
	return &identityProvider{key, []byte(set)}
}

// sign returns a JWT with that claim, and other claims replaced; nil removes one.
func (p *identityProvider) sign(t *testing.T, claim any, replaced jwt.MapClaims) string {
	t.Helper()
	claims := jwt.MapClaims{"iss": "https://issuer", "aud": "api", "sub": "ana@example.com",
		"exp": time.Now().Add(time.Hour).Unix(), "rights": claim}
	for name, value := range replaced {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["kid"] = "k"
	text, err := token.SignedString(p.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func jwtSettings(keySet string) []string {
	return []string{"--jwks", keySet, "--jwt-issuer=https://issuer", "--jwt-audience=api", "--jwt-claim=rights"}
}

type object = map[string]any

func TestJWTs(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		tools.NoGoroutineLeft(t)
		p := newIdentityProvider(t)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		_ = listener.Close()
		s := startServer(t, kind.Fresh(t), jwtSettings("http://"+address+"/keys")...) // the provider is away
		status := func(token string) httpAnswer {
			return do(t, s.As(token).Request(t, http.MethodPost, "/query", strings.NewReader(countSessions)))
		}
		read := p.sign(t, object{"scopes": []string{"read"}}, nil)
		if got := status(read); got.status != http.StatusUnauthorized {
			t.Errorf("without the provider: %+v", got)
		}

		if listener, err = net.Listen("tcp", address); err != nil {
			t.Fatal(err)
		}
		keys := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(p.set)
		}))
		_ = keys.Listener.Close()
		keys.Listener = listener
		keys.Start()
		defer keys.Close()
		tools.Eventually(t, func() string {
			if got := status(read); got.status != http.StatusOK || got.code(t) != "" {
				return fmt.Sprintf("the provider is back: %+v\n%s", got, s.Log.String())
			}
			return ""
		})

		limited := p.sign(t, object{
			"scopes": []string{"pii"}, "workflow": []string{"1", "2"}, "channel": []string{"c"},
		}, nil)
		viewer := s.As(limited).Query(t, "{ viewer { name scopes workflowIds robotIds channels } }", nil)
		text, err := json.Marshal(viewer["viewer"])
		const want = `{"channels":["c"],"name":"ana@example.com","robotIds":[],"scopes":["READ","PII"],` +
			`"workflowIds":["1","2"]}`
		if err != nil || string(text) != want {
			t.Errorf("%s, want %s", text, want)
		}

		none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"iss": "https://issuer", "aud": "api",
			"exp": time.Now().Add(time.Hour).Unix(), "rights": object{"scopes": []string{"admin"}},
		}).SignedString(jwt.UnsafeAllowNoneSignatureType)
		if err != nil {
			t.Fatal(err)
		}
		admin := object{"scopes": []string{"admin"}}
		for name, token := range map[string]string{
			"none":             none,
			"no exp":           p.sign(t, admin, jwt.MapClaims{"exp": nil}),
			"past":             p.sign(t, admin, jwt.MapClaims{"exp": time.Now().Add(-time.Minute).Unix()}),
			"another issuer":   p.sign(t, admin, jwt.MapClaims{"iss": "x"}),
			"another audience": p.sign(t, admin, jwt.MapClaims{"aud": "x"}),
			"another key":      newIdentityProvider(t).sign(t, admin, nil),
		} {
			if got := status(token); got.status != http.StatusUnauthorized || got.code(t) != "UNAUTHENTICATED" {
				t.Errorf("%s: %+v", name, got)
			}
		}
		for name, claim := range map[string]any{
			"no claim":         nil,
			"no scopes":        object{"workflow": []string{"1"}},
			"an unknown scope": object{"scopes": []string{"all"}},
			"an unknown key":   object{"scopes": []string{"read"}, "tenant": []string{"1"}},
			"an empty list":    object{"scopes": []string{"read"}, "robot": []string{}},
			"a text":           object{"scopes": "read"},
		} {
			got := status(p.sign(t, claim, nil))
			if got.code(t) != "FORBIDDEN" || !strings.Contains(got.body, "READ") {
				t.Errorf("%s: %+v", name, got)
			}
		}
		if strings.Contains(s.Log.String(), strings.Split(read, ".")[2]) {
			t.Error("the log has a JWT")
		}
	})
}

// A provider that answers nonsense, too much or nothing holds up nobody.
// Clients of /mcp find the issuer of the JWTs.
func TestProtectedResourceMetadata(t *testing.T) {
	provider := newIdentityProvider(t)
	s := startServer(t, newDB(t), jwtSettings(writeKeySet(t, provider.set))...)
	const issuer = `"authorization_servers":["https://issuer"]`
	for _, path := range []string{"", "/mcp"} {
		answer := do(t, s.Request(t, http.MethodGet, "/.well-known/oauth-protected-resource"+path, nil))
		if answer.status != http.StatusOK || !strings.Contains(answer.body, issuer) ||
			!strings.Contains(answer.body, `"resource":"`+s.URL+`/mcp"`) {
			t.Errorf("%s: status %d: %s", path, answer.status, answer.body)
		}
	}
	// A 401 of /mcp leads there, and web pages may read it.
	metadata := s.URL + "/.well-known/oauth-protected-resource/mcp"
	for path, want := range map[string]string{"/query": "Bearer",
		"/mcp": `Bearer resource_metadata="` + metadata + `"`} {
		answer := do(t, s.Request(t, http.MethodPost, path, strings.NewReader("{}")))
		if got := answer.header.Get("WWW-Authenticate"); answer.status != http.StatusUnauthorized || got != want {
			t.Errorf("%s: status %d, WWW-Authenticate %q, want %q", path, answer.status, got, want)
		}
	}
	request := s.Request(t, http.MethodGet, "/.well-known/oauth-protected-resource/mcp", nil)
	request.Header.Set("Origin", "https://inspector.example")
	if got := do(t, request).header.Get("Access-Control-Allow-Origin"); got != "*" {
		t.Errorf("other origins may read it: %q", got)
	}

	s, _ = startWithTokens(t, newDB(t))
	if got := do(t, s.Request(t, http.MethodGet, "/.well-known/oauth-protected-resource", nil)).status; got != 404 {
		t.Errorf("without JWTs: status %d", got)
	}
	answer := do(t, s.Request(t, http.MethodPost, "/mcp", strings.NewReader("{}")))
	if got := answer.header.Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("without JWTs: WWW-Authenticate %q", got)
	}
}

func TestBadKeySets(t *testing.T) {
	stop := make(chan struct{})
	for name, answer := range map[string]http.HandlerFunc{
		"no JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"100 MB": func(w http.ResponseWriter, _ *http.Request) {
			for range 1600 {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		},
		"nothing": func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-stop:
			case <-r.Context().Done():
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			keys := httptest.NewServer(answer)
			defer keys.Close()
			began := time.Now()
			s := startServer(t, newDB(t), jwtSettings(keys.URL)...)
			token := newIdentityProvider(t).sign(t, object{"scopes": []string{"read"}}, nil)
			got := do(t, s.As(token).Request(t, http.MethodPost, "/query", strings.NewReader(countSessions)))
			if took := time.Since(began); got.status != http.StatusUnauthorized || took > 5*time.Second {
				t.Errorf("%+v after %v", got, took)
			}
			if name != "nothing" {
				tools.Eventually(t, func() string {
					if !strings.Contains(s.Log.String(), "key set not taken up") {
						return "not in the log: " + s.Log.String()
					}
					return ""
				})
			}
			s.Stop()
		})
	}
	close(stop)

	long := newIdentityProvider(t)
	s := startServer(t, newDB(t), jwtSettings(writeKeySet(t, long.set))...)
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{})
	token.Header["kid"] = strings.Repeat("k", 1<<20)
	text, err := token.SignedString(long.key)
	if err != nil {
		t.Fatal(err)
	}
	got := do(t, s.As(text).Request(t, http.MethodPost, "/query", strings.NewReader(countSessions)))
	if got.status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a kid of a megabyte: %+v", got)
	}
}

func writeKeySet(t *testing.T, set []byte) string {
	t.Helper()
	file := t.TempDir() + "/keys.json"
	writeTokens(t, file, string(set))
	return file
}

// A key set that is no JSON stops the start where it is a file.
func TestBadKeySetFile(t *testing.T) {
	file := writeKeySet(t, []byte("<html>"))
	serve := []string{"serve", "--addr", "127.0.0.1:0", "--db", newDB(t)}
	ended := program.Run(t, "", append(serve, jwtSettings(file)...)...)
	if ended.Code != 1 || !strings.Contains(ended.Err, "--jwks: "+file+": not a JSON Web Key Set") {
		t.Errorf("%+v", ended)
	}
}
