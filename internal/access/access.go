// Package access finds out who sends a request: by the tokens of a file, and by JSON Web Tokens.
package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"sessiongraph/models"
)

// Settings say which tokens are accepted.
type Settings struct {
	Tokens string // file of tokens, empty for none
	JWT    JWTSettings
}

// Given reports whether there are tokens at all: without, everyone may do everything.
func (s Settings) Given() bool { return s.Tokens != "" || s.JWT.KeySet != "" }

// The errors of Authenticate. Their texts are for who sent the request.
var (
	ErrNoToken      = errors.New("send a token: Authorization: Bearer TOKEN")
	ErrUnknownToken = errors.New("the token is unknown or no longer valid")
)

// unknownKeyInterval is the least time between two fetches of the key set for JWTs of an unknown key.
const unknownKeyInterval = 30 * time.Second

// Authenticator knows the viewers of tokens.
type Authenticator struct {
	log      *slog.Logger
	sources  []*reloaded
	parser   *jwt.Parser
	claim    string
	client   *http.Client
	unknown  *rate.Limiter // of fetches for an unknown key
	keySet   *reloaded     // one of sources; nil where no JWTs are accepted
	requests *prometheus.CounterVec

	known   sync.RWMutex // held while a viewer is looked up and becomes live
	entries []entry
	keys    keyfunc.Keyfunc // nil until the key set is there

	mu   sync.Mutex
	live map[*grant]struct{}
}

// grant is what runs for a viewer.
type grant struct {
	token string
	id    identity
	end   context.CancelCauseFunc
}

// New reads the tokens file, and the key set if that is a file. A key set at a URL may come later.
func New(
	ctx context.Context, settings Settings, registry prometheus.Registerer, log *slog.Logger,
) (*Authenticator, error) {
	a := &Authenticator{
		log: log, parser: newJWTParser(settings.JWT), claim: settings.JWT.Claim, live: map[*grant]struct{}{},
		client:  newClient(),
		unknown: rate.NewLimiter(rate.Every(unknownKeyInterval), 1),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sessiongraph_api_requests_total",
			Help: "Requests and WebSocket connections by the name of their token; those with JWTs are together."},
			[]string{"kind", "token"}),
	}
	registry.MustRegister(a.requests)
	if settings.Tokens != "" {
		tokens := &reloaded{what: "tokens", name: settings.Tokens, every: fileInterval, retry: fileInterval,
			wake: make(chan struct{}, 1), read: contentOf(nil, settings.Tokens), apply: a.applyTokens}
		if err := tokens.refresh(ctx); err != nil {
			return nil, fmt.Errorf("--tokens: %w", err)
		}
		a.sources = append(a.sources, tokens)
	}
	if name := settings.JWT.KeySet; name != "" {
		a.keySet = &reloaded{what: "key set", name: name, every: fileInterval, retry: fileInterval,
			wake: make(chan struct{}, 1), read: contentOf(a.client, name), apply: a.applyKeys}
		if isURL(name) {
			a.keySet.every, a.keySet.retry = urlInterval, retryInterval
			a.keySet.readNow()
		} else if err := a.keySet.refresh(ctx); err != nil {
			return nil, fmt.Errorf("--jwks: %w", err)
		}
		a.sources = append(a.sources, a.keySet)
	}
	return a, nil
}

// newClient returns a client with connections of its own.
func newClient() *http.Client {
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return &http.Client{}
	}
	return &http.Client{Transport: transport.Clone()}
}

// Reload has the tokens file and the key set read now.
func (a *Authenticator) Reload() {
	for _, source := range a.sources {
		source.readNow()
	}
}

// Run takes up changes until ctx ends.
func (a *Authenticator) Run(ctx context.Context) {
	var running sync.WaitGroup
	for _, source := range a.sources {
		running.Go(func() { source.run(ctx, a.log) })
	}
	running.Wait()
	a.client.CloseIdleConnections()
}

// Authenticate returns a context with the viewer whose token an Authorization header has. It ends, with the cause
// models.ErrTokenEnded, when the token is no longer valid or has other rights. The caller has to call release.
func (a *Authenticator) Authenticate(ctx context.Context, authorization string) (
	viewing context.Context, release context.CancelFunc, err error,
) {
	if strings.TrimSpace(authorization) == "" {
		return nil, nil, ErrNoToken
	}
	token, isBearer := bearer(authorization)
	if !isBearer {
		a.requests.WithLabelValues("unknown", "").Inc()
		return nil, nil, ErrUnknownToken
	}

	a.known.RLock()
	defer a.known.RUnlock()
	id, ok := a.identify(ctx, token)
	a.requests.WithLabelValues(id.kind, id.counted()).Inc()
	if !ok {
		return nil, nil, ErrUnknownToken
	}
	viewing, release = a.begin(ctx, token, id)
	return viewing, release, nil
}

// bearer returns the token of an Authorization header.
func bearer(authorization string) (token string, ok bool) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != ""
}

// identity is whose a token is.
type identity struct {
	kind   string // token, jwt or unknown
	viewer *models.Viewer
	until  time.Time // zero for no end
}

// counted is the name by which an identity is counted. Subjects of JWTs may be many.
func (i identity) counted() string {
	if i.kind != "token" {
		return ""
	}
	return i.viewer.Name
}

// identify looks a token up; a.known is held.
func (a *Authenticator) identify(ctx context.Context, token string) (identity, bool) {
	now := time.Now()
	if e := find(a.entries, token); e != nil && (e.until.IsZero() || now.Before(e.until)) {
		return identity{"token", e.viewer, e.until}, true
	}
	if a.keySet != nil && strings.Count(token, ".") == 2 {
		viewer, until, err := a.parseJWT(token)
		if err == nil {
			return identity{"jwt", viewer, until}, true
		}
		if errors.Is(err, jwkset.ErrKeyNotFound) && a.unknown.Allow() {
			a.keySet.readNow()
		}
		a.log.DebugContext(ctx, "JWT refused", "reason", refusal(err))
	}
	return identity{kind: "unknown"}, false
}

func (a *Authenticator) parseJWT(token string) (*models.Viewer, time.Time, error) {
	if a.keys == nil {
		return nil, time.Time{}, jwkset.ErrKeyNotFound
	}
	return parseJWT(a.parser, a.keys, a.claim, token)
}

// refusal says why a JWT is refused, without a word of it.
func refusal(err error) string {
	for _, known := range []error{jwkset.ErrKeyNotFound, jwt.ErrTokenExpired, jwt.ErrTokenNotValidYet,
		jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidAudience,
		jwt.ErrTokenMalformed, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenUnverifiable} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "invalid claims"
}

// begin makes a viewer live until release, or until the token ends.
func (a *Authenticator) begin(ctx context.Context, token string, id identity) (context.Context, context.CancelFunc) {
	viewing, end := context.WithCancelCause(models.WithViewer(ctx, id.viewer))
	g := &grant{token, id, end}
	a.mu.Lock()
	a.live[g] = struct{}{}
	a.mu.Unlock()

	stop := func() bool { return true }
	if !id.until.IsZero() {
		stop = time.AfterFunc(time.Until(id.until), func() { end(models.ErrTokenEnded) }).Stop
	}
	return viewing, func() {
		stop()
		a.mu.Lock()
		delete(a.live, g)
		a.mu.Unlock()
		end(context.Canceled)
	}
}

func (a *Authenticator) applyTokens(content []byte) error {
	entries, err := parseTokens(content)
	if err == nil {
		a.change(func() { a.entries = entries })
	}
	return err
}

func (a *Authenticator) applyKeys(content []byte) error {
	keys, err := parseKeySet(content)
	if err == nil {
		a.change(func() { a.keys = keys })
	}
	return err
}

// change changes what is known, and ends whatever runs for viewers that are no longer known as they were.
func (a *Authenticator) change(apply func()) {
	a.known.Lock()
	defer a.known.Unlock()
	apply()
	a.mu.Lock()
	defer a.mu.Unlock()
	for g := range a.live {
		if id, ok := a.identify(context.Background(), g.token); !ok || !id.until.Equal(g.id.until) ||
			!reflect.DeepEqual(id.viewer, g.id.viewer) {
			g.end(models.ErrTokenEnded)
		}
	}
}
