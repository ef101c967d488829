package ingest

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
	"testing"

	"sessiongraph/models"
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
		{name: "hmac-sha256", hash: sha256.New, keyed: true}, {name: "hmac-sha1", hash: sha1.New, keyed: true},
		{name: "hmac-md5", hash: md5.New, keyed: true},
		{name: "sha256-body", hash: sha256.New}, {name: "sha256-body+secret", hash: sha256.New, after: true},
		{name: "sha256-secret+body", hash: sha256.New, before: true},
		{name: "sha1-body", hash: sha1.New}, {name: "sha1-body+secret", hash: sha1.New, after: true},
		{name: "sha1-secret+body", hash: sha1.New, before: true},
		{name: "md5-body", hash: md5.New}, {name: "md5-body+secret", hash: md5.New, after: true},
		{name: "md5-secret+body", hash: md5.New, before: true},
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
		{"hmac-sha256-hex", "Jefe", "what do ya want for nothing?",
			"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231"},
		{"hmac-sha1-hex", "Jefe", "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
			"RFC 2202"},
		{"hmac-md5-hex", "Jefe", "what do ya want for nothing?", "750c783e6ab0b503eaa86e310a5db738", "RFC 2202"},
		{"hmac-md5-base64", "Jefe", "what do ya want for nothing?", "dQx4PmqwtQPqqG4xCl23OA==", "RFC 2202"},
		{"sha256-body-hex", "x", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			"FIPS 180"},
		{"sha256-secret+body-hex", "a", "bc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			"FIPS 180"},
		{"sha256-body+secret-hex", "c", "ab", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			"FIPS 180"},
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
				"nothing": "", "the bytes themselves": string(raw), "a byte less": unpadded[:len(unpadded)-1],
				"half":  sign[:len(sign)/2],
				"twice": sign + sign, "a byte more": sign + "0", "zeros": strings.Repeat("0", len(sign)),
				"a space":        sign + " ",
				"another letter": flip(sign), "with the scheme in front": "sha256=" + sign,
				"of another body":                     s.sign(oneSecret, signedTime, anotherBody),
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
				next := string(alphabet[strings.IndexByte(alphabet, last)+1])
				wrong["bits that no byte has"] = unpadded[:len(unpadded)-1] + next
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
				if other.String() != s.String() && mustVerify(t, SignEnforce, other.String(), oneSecret).Accept(sign,
					[]byte(signedBody)) {
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
				t.Errorf("%s, signed with %q of %q: accepted %t, counted %v, want %d", mode, c.signed, c.secrets,
					accepted, counted, c.want)
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
	}{"nothing is set": {"", nil, SignOff}, "a secret alone": {"", []string{"a"},
		SignEnforce}, "off with a secret": {SignOff, []string{"a"}, SignOff}} {
		if v := mustVerify(t, c.mode, scheme, c.secrets...); v.Mode != c.want {
			t.Errorf("%s: mode %s, want %s", name, v.Mode, c.want)
		}
	}
}

// A verifier that no one configured accepts nothing.
func TestAVerifierWithoutSettingsRefuses(t *testing.T) {
	for name, v := range map[string]*Verifier{"no mode": {}, "no secret": {Mode: SignEnforce},
		"an unknown mode": {Mode: "sometimes"}} {
		v.Verified, v.Observed = func(int) {}, func([]Scheme) {}
		for _, sign := range []string{"",
			hex.EncodeToString(signing{hash: sha256.New, keyed: true}.sum("", "", signedBody)), "00"} {
			if v.Accept(sign, []byte(signedBody)) {
				t.Errorf("%s: %q is accepted", name, sign)
			}
		}
	}
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
