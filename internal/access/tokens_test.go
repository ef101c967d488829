package access

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"
	"time"

	"sessiongraph/models"
)

const someToken = "0123456789abcdef"

func hashOf(token string) string {
	hash := sha256.Sum256([]byte(token))
	return "sha256:" + hex.EncodeToString(hash[:])
}

func TestParseTokens(t *testing.T) {
	read, all := []models.Scope{models.ScopeRead}, models.Scopes()
	for _, test := range []struct {
		name, line string
		want       models.Viewer
		until      string
	}{
		{"a scope", someToken + " read", models.Viewer{Scopes: read}, ""},
		{"tabs and blanks", " \t" + someToken + " \t read \r", models.Viewer{Scopes: read}, ""},
		{"several scopes", someToken + " adhoc,pii",
			models.Viewer{Scopes: []models.Scope{models.ScopeRead, models.ScopePII, models.ScopeAdHoc}}, ""},
		{"admin", someToken + " admin", models.Viewer{Scopes: all}, ""},
		{"metrics", someToken + " metrics", models.Viewer{Scopes: []models.Scope{models.ScopeMetrics}}, ""},
		{"a name", someToken + " read # Ana, of sales #1", models.Viewer{Name: "Ana, of sales #1", Scopes: read}, ""},
		{"a name without a blank", someToken + " read #Ana", models.Viewer{Name: "Ana", Scopes: read}, ""},
		{"rows", someToken + " read workflow=1,2 robot=a%20b channel=WhatsApp", models.Viewer{Scopes: read,
			RowRules: models.RowRules{WorkflowIDs: []string{"1", "2"}, RobotIDs: []string{"a b"},
				Channels: []string{"WhatsApp"}}}, ""},
		{"rows in another order, with = and # in values", someToken + " read channel=a=b " +
			"until=2999-01-02T03:04:05+01:00 workflow=x#y", models.Viewer{Scopes: read,
			RowRules: models.RowRules{WorkflowIDs: []string{"x#y"}, Channels: []string{"a=b"}}},
			"2999-01-02T03:04:05+01:00"},
		{"a hash", hashOf(someToken) + " read", models.Viewer{Scopes: read}, ""},
		{"a hash in capitals", "sha256:" + strings.ToUpper(hashOf(someToken)[7:]) + " read",
			models.Viewer{Scopes: read}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			entries, err := parseTokens([]byte("\uFEFF# a comment\n\n" + test.line + "\n # another"))
			if err != nil || len(entries) != 1 {
				t.Fatalf("%v, %v", entries, err)
			}
			if !reflect.DeepEqual(*entries[0].viewer, test.want) {
				t.Errorf("%+v, want %+v", *entries[0].viewer, test.want)
			}
			if find(entries, someToken) == nil || find(entries, "x"+someToken) != nil {
				t.Error("the token is not found, or another one is")
			}
			var until time.Time
			if test.until != "" {
				until, _ = time.Parse(time.RFC3339, test.until)
			}
			if !entries[0].until.Equal(until) {
				t.Errorf("until %v, want %v", entries[0].until, until)
			}
		})
	}
}

// A bad line is named by its number, and no part of it is repeated: any may be a token.
func TestParseTokensRefuses(t *testing.T) {
	for _, test := range []struct{ name, line, says string }{
		{"a token alone", someToken, "no scope"},
		{"a token with a name", someToken + " # secretname", "no scope"},
		{"a short token", "secret-15-chars read", "16 characters"},
		{"an unknown scope", someToken + " read,secretscope", "unknown scope"},
		{"a scope in capitals", someToken + " READ", "unknown scope"},
		{"a scope in letters that fold", someToken + " metric\u017F", "unknown scope"},
		{"an empty scope", someToken + " read,", "unknown scope"},
		{"scope and token in the wrong order", "read secretsecretsecret", "16 characters"},
		{"an unknown key", someToken + " read secretkey=1", "unknown key"},
		{"a key without a value", someToken + " read workflow", "empty value of workflow"},
		{"a key of an empty value", someToken + " read robot=", "empty value of robot"},
		{"an empty value in a list", someToken + " read channel=a,,b", "empty value of channel"},
		{"a key given twice", someToken + " read workflow=1 workflow=2", "workflow is given twice"},
		{"until no time", someToken + " read until=secrettime", "until is not a time"},
		{"until a day", someToken + " read until=2999-01-01", "until is not a time"},
		{"a hash that is cut", hashOf(someToken)[:40] + " read", "invalid hash"},
		{"a hash with other characters", "sha256:" + strings.Repeat("x", 64) + " read", "invalid hash"},
		{"control characters", someToken + " read # a\x1b[2Jb", "invalid characters"},
		{"no UTF-8", someToken + " read # \xff", "invalid characters"},
		{"a token twice", "another-secret-token read # first\n" + hashOf("another-secret-token") + " admin",
			"line 3: the token of line 2 again"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseTokens([]byte("# comment\n" + test.line + "\n"))
			if err == nil {
				t.Fatal("accepted")
			}
			if text := err.Error(); !strings.Contains(text, test.says) || !strings.HasPrefix(text, "line ") {
				t.Errorf("%q, want line and %q", text, test.says)
			}
			isMark := func(r rune) bool { return strings.ContainsRune(" =,#\n", r) }
			for _, word := range strings.FieldsFunc(test.line, isMark) {
				if strings.Contains(err.Error(), word) && (len(word) >= minToken || strings.Contains(word, "secret")) {
					t.Errorf("%q repeats %q", err, word)
				}
			}
		})
	}
}

func TestNewToken(t *testing.T) {
	token, line := NewToken([]models.Scope{models.ScopeRead, models.ScopeAdHoc}, "Ana")
	entries, err := parseTokens([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	e := find(entries, token)
	if e == nil || e.viewer.Name != "Ana" || len(e.viewer.Scopes) != 2 || strings.Contains(line, token) {
		t.Errorf("%q, %q: %+v", token, line, e)
	}
	if again, _ := NewToken(nil, ""); again == token {
		t.Error("two tokens are equal")
	}
}

// Whatever stands in the file, it is read or refused with its line, and rules are not lost.
func FuzzParseTokens(f *testing.F) {
	for _, seed := range []string{
		someToken + " read workflow=1,2 robot=a%20b channel=c until=2999-01-01T00:00:00Z # name",
		hashOf(someToken) + " admin\n# comment\n\n" + someToken + " pii,adhoc",
		"a", "\uFEFF#", someToken + " read workflow=", someToken + " read\x00", "sha256: read",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		entries, err := parseTokens(file)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") || entries != nil {
				t.Errorf("%v, %v", entries, err)
			}
			return
		}
		rules := 0
		for _, e := range entries {
			if len(e.viewer.Scopes) == 0 {
				t.Error("a token without scopes")
			}
			for _, values := range [][]string{e.viewer.WorkflowIDs, e.viewer.RobotIDs, e.viewer.Channels} {
				if values != nil {
					rules++
				}
				for _, value := range values {
					if value == "" {
						t.Error("an empty rule")
					}
				}
			}
		}
		written := 0
		for line := range strings.Lines(string(file)) {
			line = strings.TrimSpace(strings.TrimPrefix(line, "\uFEFF"))
			if strings.HasPrefix(line, "#") {
				continue
			}
			rest, _ := cutName(line)
			for i, part := range strings.Fields(rest) {
				if i > 1 && !strings.HasPrefix(part, "until=") {
					written++
				}
			}
		}
		if rules != written {
			t.Errorf("%d rules of %d in %q", rules, written, file)
		}
	})
}
