package ingest

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
	"sessiongraph/models/store"
)

// A scheme as its name reads, computed here and not by the program.
type signing struct {
	name      string // but for timestamp and encoding
	hash      func() hash.Hash
	keyed     bool
	before    bool // secret before the body
	after     bool // secret behind it
	timestamp bool
	base64    bool
}

func (s signing) String() string {
	name := s.name
	if s.timestamp {
		name += "-timestamp"
	}
	if s.base64 {
		return name + "-base64"
	}
	return name + "-hex"
}

func (s signing) sum(secret, timestamp, body string) []byte {
	signed := body
	if s.before {
		signed = secret + signed
	}
	if s.timestamp {
		signed = timestamp + signed
	}
	if s.after {
		signed += secret
	}
	h := s.hash()
	if s.keyed {
		h = hmac.New(s.hash, []byte(secret))
	}
	h.Write([]byte(signed))
	return h.Sum(nil)
}

func (s signing) sign(secret, timestamp, body string) string {
	sum := s.sum(secret, timestamp, body)
	if s.base64 {
		return base64.StdEncoding.EncodeToString(sum)
	}
	return hex.EncodeToString(sum)
}

func allSignings() []signing {
	var all []signing
	for _, s := range []signing{
		{name: "hmac-sha256", hash: sha256.New, keyed: true}, {name: "hmac-sha1", hash: sha1.New, keyed: true}, {name: "hmac-md5", hash: md5.New, keyed: true},
		{name: "sha256-body", hash: sha256.New}, {name: "sha256-body+secret", hash: sha256.New, after: true}, {name: "sha256-secret+body", hash: sha256.New, before: true},
		{name: "sha1-body", hash: sha1.New}, {name: "sha1-body+secret", hash: sha1.New, after: true}, {name: "sha1-secret+body", hash: sha1.New, before: true},
		{name: "md5-body", hash: md5.New}, {name: "md5-body+secret", hash: md5.New, after: true}, {name: "md5-secret+body", hash: md5.New, before: true},
	} {
		for _, s.timestamp = range []bool{false, true} {
			for _, s.base64 = range []bool{false, true} {
				all = append(all, s)
			}
		}
	}
	return all
}

const (
	oneSecret   = "s3cret & söme"
	signedTime  = "1744699269"
	signedBody  = ` {"call_id": "a",  "timestamp": 1744699269, "messages": []} `
	anotherBody = ` {"call_id": "b",  "timestamp": 1744699269, "messages": []} `
)

func mustVerify(t testing.TB, mode SignMode, scheme string, secrets ...string) *Verifier {
	t.Helper()
	v, err := NewVerifier(mode, scheme, secrets)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestThereAreTheSchemesThatWereAsked(t *testing.T) {
	var got, want []string
	for _, s := range Schemes() {
		got = append(got, s.String())
	}
	for _, s := range allSignings() {
		want = append(want, s.String())
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("schemes are\n%s\nwant\n%s", got, want)
	}
}

// What the standards' own test cases say.
func TestSchemesAgainstPublishedVectors(t *testing.T) {
	for _, c := range []struct{ scheme, secret, body, sign, source string }{
		{"hmac-sha256-hex", "Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231"},
		{"hmac-sha1-hex", "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "RFC 2202"},
		{"hmac-md5-hex", "Jefe", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738", "RFC 2202"},
		{"hmac-md5-base64", "Jefe", "what do ya want for nothing?", "dQx4PmqwtQPqqG4xCl23OA==", "RFC 2202"},
		{"sha256-body-hex", "x", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "FIPS 180"},
		{"sha256-secret+body-hex", "a", "bc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "FIPS 180"},
		{"sha256-body+secret-hex", "c", "ab", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "FIPS 180"},
		{"sha1-body-hex", "x", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d", "FIPS 180"},
		{"md5-body-hex", "x", "abc", "900150983cd24fb0d6963f7d28e17f72", "RFC 1321"},
	} {
		if !mustVerify(t, SignEnforce, c.scheme, c.secret).Accept(c.sign, []byte(c.body)) {
			t.Errorf("%s refuses the test case of %s", c.scheme, c.source)
		}
	}
}

// spellings are other ways to write the same signature.
func (s signing) spellings(sign string) []string {
	if !s.base64 {
		return []string{sign, strings.ToUpper(sign), strings.ToUpper(sign[:7]) + sign[7:]}
	}
	inURL := strings.NewReplacer("+", "-", "/", "_").Replace(sign)
	return []string{sign, strings.TrimRight(sign, "="), inURL, strings.TrimRight(inURL, "=")}
}

func TestEachScheme(t *testing.T) {
	for _, s := range allSignings() {
		t.Run(s.String(), func(t *testing.T) {
			v := mustVerify(t, SignEnforce, s.String(), oneSecret)
			sign := s.sign(oneSecret, signedTime, signedBody)
			for _, spelled := range s.spellings(sign) {
				if !v.Accept(spelled, []byte(signedBody)) {
					t.Errorf("%s does not verify", spelled)
				}
			}
			raw := s.sum(oneSecret, signedTime, signedBody)
			unpadded := strings.TrimRight(sign, "=")
			wrong := map[string]string{
				"nothing": "", "the bytes themselves": string(raw), "a byte less": unpadded[:len(unpadded)-1], "half": sign[:len(sign)/2],
				"twice": sign + sign, "a byte more": sign + "0", "zeros": strings.Repeat("0", len(sign)), "a space": sign + " ",
				"another letter": flip(sign), "with the scheme in front": "sha256=" + sign, "of another body": s.sign(oneSecret, signedTime, anotherBody),
				"of the body without its white space": s.sign(oneSecret, signedTime, strings.TrimSpace(signedBody)),
			}
			if s.keyed || s.before || s.after {
				wrong["of another secret"] = s.sign("s3cret & some", signedTime, signedBody)
				wrong["of no secret"] = s.sign("", signedTime, signedBody)
				wrong["of a longer secret"] = s.sign(oneSecret+" ", signedTime, signedBody)
			}
			if s.timestamp {
				wrong["of another time"] = s.sign(oneSecret, "1744699270", signedBody)
				wrong["of no time"] = s.sign(oneSecret, "", signedBody)
			}
			if s.base64 {
				last := unpadded[len(unpadded)-1] // none of these hashes fills its last letter
				wrong["bits that no byte has"] = unpadded[:len(unpadded)-1] + string(alphabet[strings.IndexByte(alphabet, last)+1])
				wrong["in hex"] = hex.EncodeToString(raw)
			} else {
				wrong["in base64"] = base64.StdEncoding.EncodeToString(raw)
			}
			for what, sign := range wrong {
				if v.Accept(sign, []byte(signedBody)) {
					t.Errorf("%s verifies: %q", what, sign)
				}
			}
			if v.Accept(sign, []byte(anotherBody)) {
				t.Error("it verifies another body")
			}
			for _, other := range allSignings() {
				if other.String() != s.String() && mustVerify(t, SignEnforce, other.String(), oneSecret).Accept(sign, []byte(signedBody)) {
					t.Errorf("%s verifies it, too", other)
				}
			}
		})
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// flip changes one bit of the signature's first byte.
func flip(sign string) string {
	if sign[0] == '0' {
		return "1" + sign[1:]
	}
	return "0" + sign[1:]
}

// The timestamp that is signed is the payload's, however it is written there.
func TestTheTimestampThatIsSigned(t *testing.T) {
	s := signing{name: "hmac-sha256", hash: sha256.New, keyed: true, timestamp: true}
	v := mustVerify(t, SignEnforce, s.String(), oneSecret)
	for body, timestamp := range map[string]string{
		`{"timestamp":1744699269}`:       "1744699269",
		`{"timestamp":"1744699269"}`:     "1744699269",
		`{"timestamp": 1.5e9 }`:          "1.5e9",
		`{"timestamp":1,"timestamp":2}`:  "2",
		`{"messages":[{"timestamp":1}]}`: "",
		`{"timestamp":null}`:             "",
		`{}`:                             "",
		`[]`:                             "",
		`no JSON`:                        "",
		``:                               "",
		`{"timestamp":` + strings.Repeat("[", 100): strings.Repeat("[", 100),
	} {
		if !v.Accept(s.sign(oneSecret, timestamp, body), []byte(body)) {
			t.Errorf("signed with %.20q in front does not verify: %.40s", timestamp, body)
		}
	}
}

func TestSeveralSecretsAreCountedByTheirPlace(t *testing.T) {
	s := allSignings()[0]
	for _, c := range []struct {
		secrets []string
		signed  string
		want    int
	}{
		{[]string{"new", "old"}, "new", 1},
		{[]string{"new", "old"}, "old", 2},
		{[]string{"new", "old"}, "older", 0},
		{[]string{"a", "b", "c"}, "c", 3},
		{[]string{"twice", "twice"}, "twice", 1},
	} {
		for _, mode := range []SignMode{SignEnforce, SignObserve} {
			v := mustVerify(t, mode, s.String(), c.secrets...)
			var counted []int
			v.Verified = func(secret int) { counted = append(counted, secret) }
			accepted := v.Accept(s.sign(c.signed, signedTime, signedBody), []byte(signedBody))
			if accepted != (c.want > 0 || mode == SignObserve) || !slices.Equal(counted, []int{c.want}) {
				t.Errorf("%s, signed with %q of %q: accepted %t, counted %v, want %d", mode, c.signed, c.secrets, accepted, counted, c.want)
			}
		}
	}
}

func TestMisconfigurationsFailClosed(t *testing.T) {
	const scheme = "hmac-sha256-hex"
	for name, c := range map[string]struct {
		mode    SignMode
		scheme  string
		secrets []string
		says    string
	}{
		"an empty secret":                    {"", scheme, []string{""}, "empty"},
		"an empty secret, to enforce":        {SignEnforce, scheme, []string{""}, "empty"},
		"an empty secret, to observe":        {SignObserve, scheme, []string{""}, "empty"},
		"an empty secret beside another":     {SignEnforce, scheme, []string{"a", ""}, "empty"},
		"an empty secret, off":               {SignOff, scheme, []string{""}, "empty"},
		"enforce without a secret":           {SignEnforce, scheme, nil, "secret"},
		"observe without a secret":           {SignObserve, scheme, nil, "secret"},
		"enforce a body's hash, no secret":   {SignEnforce, "sha256-body-hex", nil, "secret"},
		"unknown scheme":                     {SignEnforce, "rot13", []string{"a"}, "rot13"},
		"no scheme":                          {SignEnforce, "", []string{"a"}, `""`},
		"a scheme in capitals":               {SignEnforce, "HMAC-SHA256-HEX", []string{"a"}, "HMAC-SHA256-HEX"},
		"a scheme without its encoding":      {SignEnforce, "hmac-sha256", []string{"a"}, "hmac-sha256"},
		"a plain hash without what it signs": {SignEnforce, "sha256-hex", []string{"a"}, "sha256-hex"},
		"unknown scheme, off":                {SignOff, "rot13", nil, "rot13"},
		"unknown mode":                       {"sometimes", scheme, []string{"a"}, "sometimes"},
		"a mode in capitals":                 {"OFF", scheme, nil, "OFF"},
		"a mode with a space":                {"off ", scheme, nil, "off "},
	} {
		v, err := NewVerifier(c.mode, c.scheme, c.secrets)
		if err == nil || v != nil {
			t.Errorf("%s is taken", name)
		} else if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error is %q, want one that says %s", name, err, c.says)
		}
	}
	for name, c := range map[string]struct {
		mode    SignMode
		secrets []string
		want    SignMode
	}{"nothing is set": {"", nil, SignOff}, "a secret alone": {"", []string{"a"}, SignEnforce}, "off with a secret": {SignOff, []string{"a"}, SignOff}} {
		if v := mustVerify(t, c.mode, scheme, c.secrets...); v.Mode != c.want {
			t.Errorf("%s: mode %s, want %s", name, v.Mode, c.want)
		}
	}
}

// A verifier that no one configured accepts nothing.
func TestAVerifierWithoutSettingsRefuses(t *testing.T) {
	for name, v := range map[string]*Verifier{"no mode": {}, "no secret": {Mode: SignEnforce}, "an unknown mode": {Mode: "sometimes"}} {
		v.Verified, v.Observed = func(int) {}, func([]Scheme) {}
		for _, sign := range []string{"", hex.EncodeToString(signing{hash: sha256.New, keyed: true}.sum("", "", signedBody)), "00"} {
			if v.Accept(sign, []byte(signedBody)) {
				t.Errorf("%s: %q is accepted", name, sign)
			}
		}
	}
}

// signedServer is the route with a verifier, over a store and a registry.
type signedServer struct {
	handler  *Handler
	store    *store.Store
	registry *prometheus.Registry
	log      *bytes.Buffer
}

func serveSigned(t *testing.T, mode SignMode, scheme string, secrets ...string) signedServer {
	t.Helper()
	s := signedServer{store: openStore(t, testdb.SQLite), registry: prometheus.NewRegistry(), log: new(bytes.Buffer)}
	metrics := NewMetrics(s.registry)
	writer := NewWriter(s.store, metrics)
	t.Cleanup(writer.Close)
	s.handler = NewHandler(nil, writer, maxBody, metrics, slog.New(slog.NewTextHandler(s.log, nil)))
	s.handler.Verifier = mustVerify(t, mode, scheme, secrets...)
	s.handler.Verifier.Observed, s.handler.Verifier.Verified = metrics.Observer(s.handler.Log), metrics.Verified
	return s
}

func (s signedServer) post(sign *string, body string) answer {
	request := httptest.NewRequest(http.MethodPost, "/ingest", strings.NewReader(body))
	if sign != nil {
		request.Header.Set("X-AIRudder-Sign", *sign)
	}
	response := httptest.NewRecorder()
	s.handler.ServeHTTP(response, request)
	return answer{response.Code, response.Header(), response.Body.String()}
}

// ledger is the bodies that are kept, in order of arrival.
func (s signedServer) ledger(t *testing.T) []string {
	t.Helper()
	bodies := []string{}
	err := s.store.Ledger(t.Context(), func(int, int) {}, nil, func(_ *models.Notification, body []byte) error {
		bodies = append(bodies, string(body))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return bodies
}

// checkCounter compares a metric's counts, by its one label.
func (s signedServer) checkCounter(t *testing.T, name string, want map[string]float64) {
	t.Helper()
	got := map[string]float64{}
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name {
				got[metric.GetLabel()[0].GetValue()] = metric.GetCounter().GetValue()
			}
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

func TestUnsignedNotificationsAreRefusedAndNotKept(t *testing.T) {
	scheme := allSignings()[0]
	s := serveSigned(t, SignEnforce, scheme.String(), "new", "old")
	forged := scheme.sign("guessed", signedTime, signedBody)
	empty := ""
	for _, sign := range []*string{nil, &empty, &forged} {
		for _, body := range []string{string(vendorExample(t)), `{}`, `no JSON`, ``, strings.Repeat("[", maxBody)} {
			s.post(sign, body).check(t, http.StatusUnauthorized, "BAD_SIGNATURE")
		}
	}
	if kept := s.ledger(t); len(kept) > 0 {
		t.Errorf("kept %q", kept)
	}
	s.checkCounter(t, "sessiongraph_ingest_signatures_total", map[string]float64{"none": 15})
	if strings.Contains(s.log.String(), "secret") || strings.Contains(s.log.String(), "guessed") {
		t.Errorf("the log tells too much: %s", s.log)
	}
}

// Each refusal says whether a signature was there, and the log, at the first and then at
// every power of two, how many there were and by which scheme this one would verify.
func TestRejectedSignatures(t *testing.T) {
	schemes := allSignings()
	other := schemes[slices.IndexFunc(schemes, func(s signing) bool { return s.String() == "hmac-sha256-base64" })]
	s := serveSigned(t, SignEnforce, "hmac-sha256-hex", "new", "old")
	empty, forged, byOther := "", "abcd", other.sign("old", signedTime, signedBody)
	for _, c := range []struct {
		sign *string
		says string
	}{
		{nil, "X-AIRudder-Sign is missing"}, {&byOther, "does not match the body"}, {&empty, "X-AIRudder-Sign is empty"}, {&forged, "does not match the body"}, {nil, "X-AIRudder-Sign is missing"},
	} {
		got := s.post(c.sign, signedBody)
		got.check(t, http.StatusUnauthorized, "BAD_SIGNATURE")
		if !strings.Contains(got.body, c.says) {
			t.Errorf("%s does not say %q", got.body, c.says)
		}
	}
	for _, line := range []string{
		`level=WARN msg="signatures rejected" notifications=1 without_signature=1 header=missing scheme=hmac-sha256-hex would_verify=none`,
		`level=WARN msg="signatures rejected" notifications=2 without_signature=1 header=present scheme=hmac-sha256-hex would_verify=hmac-sha256-base64`,
		`level=WARN msg="signatures rejected" notifications=4 without_signature=2 header=present scheme=hmac-sha256-hex would_verify=none`,
	} {
		if !strings.Contains(s.log.String(), line) {
			t.Errorf("%s is not in the log:\n%s", line, s.log)
		}
	}
	if lines := strings.Count(s.log.String(), "\n"); lines != 3 {
		t.Errorf("%d lines:\n%s", lines, s.log)
	}
}

func TestSignedNotificationsAreKept(t *testing.T) {
	scheme := allSignings()[0]
	s := serveSigned(t, SignEnforce, scheme.String(), "new", "old")
	vendor := string(vendorExample(t))
	byNew, byOld, ofNothing := scheme.sign("new", "", vendor), strings.ToUpper(scheme.sign("old", "", `{}`)), scheme.sign("new", "", "no JSON")
	s.post(&byNew, vendor).check(t, http.StatusOK, "")
	s.post(&byNew, vendor).check(t, http.StatusOK, "")
	s.post(&byOld, `{}`).check(t, http.StatusOK, "")
	s.post(&ofNothing, "no JSON").check(t, http.StatusBadRequest, "NOT_A_JSON_OBJECT")
	s.post(&byOld, vendor).check(t, http.StatusUnauthorized, "BAD_SIGNATURE")
	if kept := s.ledger(t); !slices.Equal(kept, []string{vendor, `{}`, "no JSON"}) {
		t.Errorf("kept %.300q", kept)
	}
	s.checkCounter(t, "sessiongraph_ingest_signatures_total", map[string]float64{"1": 3, "2": 1, "none": 1})
	s.checkCounter(t, "sessiongraph_ingest_requests_total", map[string]float64{"200": 3, "400": 1, "401": 1})
	s.checkCounter(t, "sessiongraph_ingest_deliveries_total", map[string]float64{"projected": 2, "quarantined": 1, "refused": 1})
}

func TestObservedSignatures(t *testing.T) {
	schemes := allSignings()
	scheme := schemes[slices.IndexFunc(schemes, func(s signing) bool { return s.String() == "sha1-secret+body-timestamp-base64" })]
	s := serveSigned(t, SignObserve, "hmac-sha256-hex", "new", "old")
	forged := "AAAA"
	for n, c := range []struct {
		sign   func(body string) *string
		status int
		body   string
	}{
		{func(body string) *string { sign := scheme.sign("new", signedTime, body); return &sign }, 200, signedBody},
		{func(body string) *string { sign := scheme.sign("old", signedTime, body); return &sign }, 200, anotherBody},
		{func(string) *string { return &forged }, 200, `{"n":3}`},
		{func(string) *string { return nil }, 200, `{"n":4}`},
		{func(string) *string { return nil }, 400, `no JSON`},
	} {
		if got := s.post(c.sign(c.body), c.body); got.status != c.status {
			t.Errorf("notification %d is answered %d, want %d", n, got.status, c.status)
		}
	}
	if kept := s.ledger(t); len(kept) != 5 {
		t.Errorf("kept %q", kept)
	}
	s.checkCounter(t, "sessiongraph_ingest_signature_schemes_total", map[string]float64{"none": 3, "sha1-secret+body-timestamp-base64": 2})
	s.checkCounter(t, "sessiongraph_ingest_signatures_total", map[string]float64{"1": 1, "2": 1, "none": 3})
	for _, line := range []string{
		`msg="signatures observed" notifications=1 verified="sha1-secret+body-timestamp-base64 1 of 1"`,
		`msg="signatures observed" notifications=2 verified="sha1-secret+body-timestamp-base64 2 of 2"`,
		`msg="signatures observed" notifications=4 verified="sha1-secret+body-timestamp-base64 2 of 4"`,
	} {
		if !strings.Contains(s.log.String(), line) {
			t.Errorf("%s is not in the log:\n%s", line, s.log)
		}
	}
	if lines := strings.Count(s.log.String(), "signatures observed"); lines != 3 {
		t.Errorf("%d lines tell of 5 notifications", lines)
	}
}

// Off, nothing is looked at: neither counted nor refused.
func TestSignaturesThatAreOff(t *testing.T) {
	s := serveSigned(t, SignOff, "hmac-sha256-hex", "a")
	sign := "anything"
	s.post(&sign, `{}`).check(t, http.StatusOK, "")
	s.post(nil, `{}`).check(t, http.StatusOK, "")
	s.checkCounter(t, "sessiongraph_ingest_signatures_total", map[string]float64{})
}

func FuzzVerify(f *testing.F) {
	schemes := allSignings()
	for i, s := range schemes {
		f.Add(uint(i), s.sign(oneSecret, signedTime, signedBody), signedBody)
	}
	f.Add(uint(0), "", "")
	f.Add(uint(1), "====", "{")
	f.Add(uint(3), "_-+/", `{"timestamp":{"a":"\ud800`)
	f.Fuzz(func(t *testing.T, which uint, sign, body string) {
		s := schemes[which%uint(len(schemes))]
		for _, mode := range []SignMode{SignEnforce, SignObserve} {
			v := mustVerify(t, mode, s.String(), "another", oneSecret)
			by := -1
			v.Verified = func(secret int) { by = secret }
			var observed []Scheme
			v.Observed = func(schemes []Scheme) { observed = schemes }
			accepted := v.Accept(sign, []byte(body))
			timestamp := models.JSON(body).Get("timestamp").Text()
			if mode == SignObserve {
				for _, found := range observed {
					index := slices.IndexFunc(schemes, func(s signing) bool { return s.String() == found.String() })
					if !schemes[index].signedBy(sign, timestamp, body) {
						t.Fatalf("%s is said to verify %q", found, sign)
					}
				}
				continue
			}
			if want := s.signedBy(sign, timestamp, body); accepted != want || accepted != (by > 0) {
				t.Fatalf("%s of %q: accepted %t by secret %d, want %t", s, sign, accepted, by, want)
			}
		}
	})
}

// signedBy says whether a signature is one of the two secrets' own.
func (s signing) signedBy(sign, timestamp, body string) bool {
	for _, secret := range []string{"another", oneSecret} {
		right := s.sign(secret, timestamp, body)
		if !s.base64 {
			if strings.EqualFold(sign, right) && isASCII(sign) {
				return true
			}
			continue
		}
		// White space and padding aside, and in either alphabet.
		plain := strings.NewReplacer("-", "+", "_", "/", "\r", "", "\n", "").Replace(sign)
		if strings.TrimRight(plain, "=") == strings.TrimRight(right, "=") {
			return true
		}
	}
	return false
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= 0x80 })
}
