package ingest

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"sessiongraph/models"
)

// SignHeader is the header of AIRudder's signature.
const SignHeader = "X-AIRudder-Sign"

// SignMode says what is done about X-AIRudder-Sign.
type SignMode string

// Nothing; accept everything and find out which scheme verifies; refuse what does not verify.
const (
	SignOff     SignMode = "off"
	SignObserve SignMode = "observe"
	SignEnforce SignMode = "enforce"
)

// UnmarshalText reads a mode's name; the empty one leaves the choice to NewVerifier.
func (m *SignMode) UnmarshalText(text []byte) error {
	switch mode := SignMode(text); mode {
	case "", SignOff, SignObserve, SignEnforce:
		*m = mode
		return nil
	}
	return fmt.Errorf("invalid sign mode %q (want off, observe or enforce)", text)
}

// Scheme is a way to compute a signature from a body and a secret. AIRudder does
// not publish its own.
type Scheme struct {
	hash      string // hmac-sha256, hmac-sha1, hmac-md5, sha256, sha1, md5
	input     string // of a plain hash: body, body+secret, secret+body
	timestamp bool   // the payload's timestamp stands in front of what is signed
	base64    bool   // else hex
}

// String is the scheme's name, as --sign-scheme takes it.
func (s Scheme) String() string {
	parts := []string{s.hash}
	if s.input != "" {
		parts = append(parts, s.input)
	}
	if s.timestamp {
		parts = append(parts, "timestamp")
	}
	if s.base64 {
		return strings.Join(append(parts, "base64"), "-")
	}
	return strings.Join(append(parts, "hex"), "-")
}

// Schemes are all ways that are known.
func Schemes() []Scheme {
	var all []Scheme
	for _, in := range []struct {
		hash   string
		inputs []string
	}{
		{"hmac-sha256", []string{""}}, {"hmac-sha1", []string{""}}, {"hmac-md5", []string{""}},
		{"sha256", []string{"body", "body+secret", "secret+body"}},
		{"sha1", []string{"body", "body+secret", "secret+body"}},
		{"md5", []string{"body", "body+secret", "secret+body"}},
	} {
		for _, input := range in.inputs {
			for _, timestamp := range []bool{false, true} {
				all = append(all, Scheme{in.hash, input, timestamp, false}, Scheme{in.hash, input, timestamp, true})
			}
		}
	}
	return all
}

// ParseScheme reads a scheme's name.
func ParseScheme(name string) (Scheme, error) {
	for _, s := range Schemes() {
		if s.String() == name {
			return s, nil
		}
	}
	return Scheme{}, fmt.Errorf("invalid signature scheme %q (want a name such as hmac-sha256-hex or "+
		"sha1-body+secret-base64)", name)
}

func (s Scheme) newHash() func() hash.Hash {
	switch strings.TrimPrefix(s.hash, "hmac-") {
	case "sha1":
		return sha1.New
	case "md5":
		return md5.New
	default:
		return sha256.New
	}
}

// UsesSecret reports whether signing needs a secret.
func (s Scheme) UsesSecret() bool { return s.input != "body" }

// sum computes the signature's bytes.
func (s Scheme) sum(secret string, timestamp, body []byte) []byte {
	h := s.newHash()()
	if strings.HasPrefix(s.hash, "hmac-") {
		h = hmac.New(s.newHash(), []byte(secret))
	}
	if s.timestamp {
		h.Write(timestamp)
	}
	if s.input == "secret+body" {
		h.Write([]byte(secret))
	}
	h.Write(body)
	if s.input == "body+secret" {
		h.Write([]byte(secret))
	}
	return h.Sum(nil)
}

// Sign is the signature of a body as X-AIRudder-Sign has it.
func (s Scheme) Sign(secret string, body []byte) string {
	sum := s.sum(secret, payloadTimestamp(body), body)
	if s.base64 {
		return base64.StdEncoding.EncodeToString(sum)
	}
	return hex.EncodeToString(sum)
}

func payloadTimestamp(body []byte) []byte { return []byte(models.JSON(body).Get("timestamp").Text()) }

// verify compares in constant time. Hex is read in either case, base64 with or
// without padding and in either alphabet; nothing else matches.
func (s Scheme) verify(sign, secret string, timestamp, body []byte) bool {
	given, err := hex.DecodeString(sign)
	if s.base64 {
		unpadded := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(sign), "=")
		given, err = base64.RawStdEncoding.Strict().DecodeString(unpadded)
	}
	return err == nil && subtle.ConstantTimeCompare(given, s.sum(secret, timestamp, body)) == 1
}

// Verifier checks signatures.
type Verifier struct {
	Mode    SignMode
	Scheme  Scheme
	Secrets []string // any of them may have signed: several during a rotation
	// Observed receives, in mode observe, the schemes that verified a notification.
	Observed func(schemes []Scheme)
	// Verified receives by which secret a notification verified: its place in
	// Secrets, from 1; 0 where it did by none.
	Verified func(secret int)
}

// NewVerifier makes a verifier that fails closed: it is an error to enforce without
// a secret, or with one that is empty.
func NewVerifier(mode SignMode, scheme string, secrets []string) (*Verifier, error) {
	parsed, err := ParseScheme(scheme)
	if err != nil {
		return nil, err
	}
	if slices.Contains(secrets, "") {
		return nil, fmt.Errorf("a secret to sign with is empty")
	}
	switch mode {
	case "":
		mode = SignOff
		if len(secrets) > 0 {
			mode = SignEnforce
		}
	case SignOff:
	case SignObserve, SignEnforce:
		if len(secrets) == 0 {
			return nil, fmt.Errorf("sign mode %s needs a secret (--sign-secret)", mode)
		}
	default:
		return nil, fmt.Errorf("invalid sign mode %q (want off, observe or enforce)", mode)
	}
	return &Verifier{Mode: mode, Scheme: parsed, Secrets: secrets, Observed: func([]Scheme) {},
		Verified: func(int) {}}, nil
}

// Accept says whether a body may be taken. It reads the body's bytes before
// anything is made of them, but for the timestamp where the scheme signs that.
func (v *Verifier) Accept(sign string, body []byte) bool {
	switch v.Mode {
	case SignOff:
		return true
	case SignObserve:
		v.observe(sign, body)
		return true
	}
	by := 0
	for i, secret := range v.Secrets { // all of them: the time must not depend on which verifies
		if v.Scheme.verify(sign, secret, v.timestamp(body), body) && by == 0 {
			by = i + 1
		}
	}
	v.Verified(by)
	return by > 0
}

func (v *Verifier) timestamp(body []byte) []byte {
	if !v.Scheme.timestamp && v.Mode == SignEnforce {
		return nil
	}
	return payloadTimestamp(body)
}

func (v *Verifier) observe(sign string, body []byte) {
	found, by := v.match(sign, body)
	v.Observed(found)
	v.Verified(by)
}

// Matching returns all schemes by which one of the secrets made the signature.
func (v *Verifier) Matching(sign string, body []byte) []Scheme {
	found, _ := v.match(sign, body)
	return found
}

func (v *Verifier) match(sign string, body []byte) (found []Scheme, by int) {
	timestamp := payloadTimestamp(body)
	for _, scheme := range Schemes() {
		for i, secret := range v.Secrets {
			if scheme.verify(sign, secret, timestamp, body) {
				found = append(found, scheme)
				by = i + 1
				break
			}
		}
	}
	return found, by
}
