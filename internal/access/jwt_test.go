package access

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"

	"sessiongraph/models"
)

// signer is a key of a provider.
type signer struct {
	kid    string
	method jwt.SigningMethod
	key    crypto.Signer
	header map[string]any // of its JWTs, beside the usual members
}

func newSigner(t testing.TB, kid string, method jwt.SigningMethod) signer {
	t.Helper()
	var key crypto.Signer
	var err error
	switch method {
	case jwt.SigningMethodES256:
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jwt.SigningMethodEdDSA:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	default:
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signer{kid: kid, method: method, key: key}
}

func (s signer) sign(t testing.TB, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(s.method, claims)
	if s.kid != "" {
		token.Header["kid"] = s.kid
	}
	maps.Copy(token.Header, s.header)
	text, err := token.SignedString(s.key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// keySetOf returns the JSON Web Key Set of the public keys.
func keySetOf(t testing.TB, signers ...signer) []byte {
	t.Helper()
	storage := jwkset.NewMemoryStorage()
	for _, s := range signers {
		options := jwkset.JWKOptions{Metadata: jwkset.JWKMetadataOptions{KID: s.kid}}
		key, err := jwkset.NewJWKFromKey(s.key.Public(), options)
		if err == nil {
			err = storage.KeyWrite(t.Context(), key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := storage.JSONPublic(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func settingsOf(keySet string) JWTSettings {
	return JWTSettings{KeySet: keySet, Issuer: "https://issuer", Audience: "sessiongraph-test", Claim: "sessiongraph"}
}

// validClaims are those of a JWT that may read, with some replaced; nil removes one.
func validClaims(replaced jwt.MapClaims) jwt.MapClaims {
	all := jwt.MapClaims{"iss": "https://issuer", "aud": "sessiongraph-test", "sub": "ana",
		"exp": time.Now().Add(time.Hour).Unix(), "sessiongraph": map[string]any{"scopes": []string{"read"}}}
	for name, value := range replaced {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	return all
}

func TestParseJWT(t *testing.T) {
	es := newSigner(t, "es", jwt.SigningMethodES256)
	signers := []signer{es, newSigner(t, "rs", jwt.SigningMethodRS256), newSigner(t, "ps", jwt.SigningMethodPS256),
		newSigner(t, "ed", jwt.SigningMethodEdDSA)}
	keys, err := parseKeySet(keySetOf(t, signers...))
	if err != nil {
		t.Fatal(err)
	}
	parser := newJWTParser(settingsOf("x"))
	stranger := newSigner(t, "es", jwt.SigningMethodES256)
	other := newSigner(t, "other", jwt.SigningMethodES256)
	long := es
	long.kid = strings.Repeat("k", 1<<20)
	unnamed := es
	unnamed.kid = ""
	critical := es
	critical.header = map[string]any{"crit": []string{"x"}, "x": 1}
	rs512 := signers[1]
	rs512.method = jwt.SigningMethodRS512

	der, err := x509.MarshalPKIXPublicKey(signers[1].key.Public())
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	symmetric := jwt.NewWithClaims(jwt.SigningMethodHS256, validClaims(nil))
	symmetric.Header["kid"] = "rs"
	byPublicKey, err := symmetric.SignedString(public)
	if err != nil {
		t.Fatal(err)
	}
	unsigned := jwt.NewWithClaims(jwt.SigningMethodNone, validClaims(nil))
	none, err := unsigned.SignedString(jwt.UnsafeAllowNoneSignatureType)
	if err != nil {
		t.Fatal(err)
	}
	good := es.sign(t, validClaims(nil))
	head, rest, _ := strings.Cut(good, ".")
	_, signature, _ := strings.Cut(rest, ".")
	changed, err := json.Marshal(validClaims(jwt.MapClaims{"sub": "eve"}))
	if err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name, token string
		known       bool
	}{
		{"ES256", good, true},
		{"RS256", signers[1].sign(t, validClaims(nil)), true},
		{"PS256", signers[2].sign(t, validClaims(nil)), true},
		{"EdDSA", signers[3].sign(t, validClaims(nil)), true},
		{"what has to be understood", critical.sign(t, validClaims(nil)), false},
		{"no kid", unnamed.sign(t, validClaims(nil)), true},
		{"several audiences", es.sign(t, validClaims(jwt.MapClaims{"aud": []string{"x", "sessiongraph-test"}})), true},
		{"RS512", rs512.sign(t, validClaims(nil)), false},
		{"none", none, false},
		{"HS256 by the public key", byPublicKey, false},
		{"a key of another", stranger.sign(t, validClaims(nil)), false},
		{"an unknown key", other.sign(t, validClaims(nil)), false},
		{"a kid of a megabyte", long.sign(t, validClaims(nil)), false},
		{"no exp", es.sign(t, validClaims(jwt.MapClaims{"exp": nil})), false},
		{"EXP", es.sign(t, validClaims(jwt.MapClaims{"exp": nil, "EXP": time.Now().Add(time.Hour).Unix()})), false},
		{"past", es.sign(t, validClaims(jwt.MapClaims{"exp": time.Now().Add(-time.Second).Unix()})), false},
		{"an exp that is no number", es.sign(t, validClaims(jwt.MapClaims{"exp": "tomorrow"})), false},
		{"not yet", es.sign(t, validClaims(jwt.MapClaims{"nbf": time.Now().Add(time.Hour).Unix()})), false},
		{"another issuer", es.sign(t, validClaims(jwt.MapClaims{"iss": "https://other"})), false},
		{"no issuer", es.sign(t, validClaims(jwt.MapClaims{"iss": nil})), false},
		{"another audience", es.sign(t, validClaims(jwt.MapClaims{"aud": "other"})), false},
		{"no audience", es.sign(t, validClaims(jwt.MapClaims{"aud": nil})), false},
		{"a sub that is no text", es.sign(t, validClaims(jwt.MapClaims{"sub": 5})), false},
		{"changed claims", head + "." + base64.RawURLEncoding.EncodeToString(changed) + "." + signature, false},
		{"null for claims", head + ".bnVsbA." + signature, false},
		{"no signature", strings.TrimSuffix(good, signature), false},
		{"dots", "..", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			viewer, until, err := parseJWT(parser, keys, "sessiongraph", test.token)
			if (err == nil) != test.known {
				t.Fatalf("%v, %v", viewer, err)
			}
			if test.known && (viewer.Name != "ana" || !viewer.May(models.ScopeRead) || until.Before(time.Now())) {
				t.Errorf("%+v until %v", viewer, until)
			}
			if err != nil && strings.Contains(refusal(err), "kkk") {
				t.Error("the reason repeats the token")
			}
		})
	}
}

// A claim with anything odd gives no right at all.
func TestRightsOf(t *testing.T) {
	read := []models.Scope{models.ScopeRead}
	for _, test := range []struct {
		name, claims string
		scopes       []models.Scope
		rows         models.RowRules
	}{
		{"scopes", `{"c":{"scopes":["read"]}}`, read, models.RowRules{}},
		{"implied scopes", `{"c":{"scopes":["admin"]}}`, models.Scopes(), models.RowRules{}},
		{"rows", `{"c":{"scopes":["read"],"workflow":["1","2"],"robot":["r"],"channel":["a b"]}}`, read,
			models.RowRules{WorkflowIDs: []string{"1", "2"}, RobotIDs: []string{"r"}, Channels: []string{"a b"}}},
		{"an escaped name", `{"\u0063":{"scopes":["read"]}}`, read, models.RowRules{}},
		{"no claim", `{"d":{"scopes":["read"]}}`, nil, models.RowRules{}},
		{"a claim in capitals", `{"C":{"scopes":["read"]}}`, nil, models.RowRules{}},
		{"a claim twice", `{"c":{"scopes":["read"],"robot":["1"]},"c":{"scopes":["read"]}}`, nil, models.RowRules{}},
		{"null", `{"c":null}`, nil, models.RowRules{}},
		{"a list", `{"c":["read"]}`, nil, models.RowRules{}},
		{"a text", `{"c":"read"}`, nil, models.RowRules{}},
		{"nothing", `{"c":{}}`, nil, models.RowRules{}},
		{"no scopes", `{"c":{"workflow":["1"]}}`, nil, models.RowRules{}},
		{"empty scopes", `{"c":{"scopes":[]}}`, nil, models.RowRules{}},
		{"scopes as a text", `{"c":{"scopes":"read"}}`, nil, models.RowRules{}},
		{"an unknown scope", `{"c":{"scopes":["read","write"]}}`, nil, models.RowRules{}},
		{"a scope in capitals", `{"c":{"scopes":["READ"]}}`, nil, models.RowRules{}},
		{"a scope that is a number", `{"c":{"scopes":["read",1]}}`, nil, models.RowRules{}},
		{"scopes twice", `{"c":{"scopes":["read"],"scopes":["admin"]}}`, nil, models.RowRules{}},
		{"an unknown key", `{"c":{"scopes":["read"],"campaign":["1"]}}`, nil, models.RowRules{}},
		{"a key in capitals", `{"c":{"scopes":["read"],"Workflow":["1"]}}`, nil, models.RowRules{}},
		{"empty rows", `{"c":{"scopes":["read"],"workflow":[]}}`, nil, models.RowRules{}},
		{"rows of null", `{"c":{"scopes":["read"],"workflow":null}}`, nil, models.RowRules{}},
		{"rows as a text", `{"c":{"scopes":["read"],"robot":"r"}}`, nil, models.RowRules{}},
		{"rows of numbers", `{"c":{"scopes":["read"],"channel":[5]}}`, nil, models.RowRules{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			scopes, rows, ok := rightsOf(models.JSON(test.claims), "c")
			if ok != (test.scopes != nil) ||
				ok && !(reflect.DeepEqual(scopes, test.scopes) && reflect.DeepEqual(rows, test.rows)) {
				t.Errorf("%v, %+v, %t", scopes, rows, ok)
			}
		})
	}
}

func TestParseKeySet(t *testing.T) {
	es := newSigner(t, "es", jwt.SigningMethodES256)
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal(keySetOf(t, es), &set); err != nil {
		t.Fatal(err)
	}
	good := string(set.Keys[0])
	for _, test := range []struct {
		name, text string
		keys       int // -1 for an error
	}{
		{"a key", `{"keys":[` + good + `]}`, 1},
		{"no keys", `{"keys":[]}`, 0},
		{"an unknown type beside", `{"keys":[{"kty":"XYZ","kid":"x"},` + good + `]}`, 1},
		{"a shared secret beside", `{"keys":[{"kty":"oct","kid":"x","k":"c2VjcmV0"},` + good + `]}`, 1},
		{"a key for encryption", `{"keys":[` + strings.Replace(good, "{", `{"use":"enc",`, 1) + `]}`, 0},
		{"a key that is a number", `{"keys":[5]}`, 0},
		{"no JSON", `<html>`, -1},
		{"nothing", ``, -1},
		{"a list", `[]`, -1},
		{"null", `null`, -1},
		{"another object", `{"error":"not found"}`, -1},
		{"keys that are an object", `{"keys":{}}`, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			keys, err := parseKeySet([]byte(test.text))
			if err != nil {
				if test.keys >= 0 {
					t.Error(err)
				}
				return
			}
			all, err := keys.Storage().KeyReadAll(t.Context())
			if err != nil || len(all) != test.keys {
				t.Errorf("%d keys, want %d (%v)", len(all), test.keys, err)
			}
		})
	}
}

func FuzzParseKeySet(f *testing.F) {
	f.Add(keySetOf(f, newSigner(f, "es", jwt.SigningMethodES256), newSigner(f, "ed", jwt.SigningMethodEdDSA)))
	f.Add(keySetOf(f, newSigner(f, "rs", jwt.SigningMethodRS256)))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"","y":"AA"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if keys, err := parseKeySet(text); (keys == nil) == (err == nil) {
			t.Errorf("%v, %v", keys, err)
		}
	})
}

func FuzzRightsOf(f *testing.F) {
	f.Add([]byte(`{"c":{"scopes":["read"],"workflow":["1","2"],"robot":["r"],"channel":["a b"]}}`))
	f.Add([]byte(`{"c":{"scopes":["admin"]},"c":1}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		scopes, rows, ok := rightsOf(models.JSON(text), "c")
		if !ok {
			return
		}
		var decoded map[string]map[string][]string
		var whole map[string]json.RawMessage
		if json.Unmarshal(text, &whole) != nil ||
			json.Unmarshal([]byte(`{"c":`+string(whole["c"])+`}`), &decoded) != nil {
			t.Fatalf("rights of %q", text)
		}
		claim := decoded["c"]
		if len(claim["scopes"]) == 0 || len(scopes) == 0 || !reflect.DeepEqual(rows.WorkflowIDs, claim["workflow"]) ||
			!reflect.DeepEqual(rows.RobotIDs, claim["robot"]) || !reflect.DeepEqual(rows.Channels, claim["channel"]) {
			t.Errorf("%v, %+v of %q", scopes, rows, text)
		}
	})
}
