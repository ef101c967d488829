package e2e

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sessiongraph/ingest"
	"sessiongraph/internal/access"
	"sessiongraph/internal/test/program"
	"sessiongraph/internal/test/testdb"
	"sessiongraph/models"
)

func TestStatus(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		db := kind.Fresh(t)
		s := startServer(t, db)
		mustPost(t, s, append(simulated(4), []byte(`{"call_id":""}`))...)
		ended := program.Run(t, "", "status", "--db", db, "--retention", "1d")
		if ended.Code != 0 || ended.Err != "" {
			t.Fatalf("%+v", ended)
		}
		out := strings.Join(strings.Fields(ended.Out), " ")
		for _, says := range []string{
			"program sessiongraph ", "projected 4 notifications", "quarantined 1 notifications",
			"refused 0 notifications", "ago", "1d: would delete ", " notifications_call_id (index)", " messages ",
			"100 % total", "0 sessions of an older one",
		} {
			if !strings.Contains(out, says) {
				t.Errorf("%q is not in\n%s", says, ended.Out)
			}
		}
	})
}

// The doctor says nothing of what is right, and a cure for each thing that is wrong.
func TestDoctor(t *testing.T) {
	testdb.Each(t, func(t *testing.T, kind testdb.Kind) {
		folder := t.TempDir()
		db, tokens := kind.Fresh(t), filepath.Join(folder, "tokens")
		writeTokens(t, tokens, tokenLines)
		s := startServer(t, db)
		scheme, err := ingest.ParseScheme("hmac-sha1-base64")
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range simulated(3) {
			r := s.Request(t, http.MethodPost, "/ingest", bytes.NewReader(body))
			r.Header.Set("X-AIRudder-Sign", scheme.Sign("secret-1", body))
			if got := do(t, r).status; got != http.StatusOK {
				t.Fatalf("posting answered %d", got)
			}
		}
		run := func(args ...string) program.Ended {
			return program.Run(t, "", append([]string{"doctor", "--db", db}, args...)...)
		}

		good := run("--tokens", tokens, "--documents", folder, "--sign-secret", "secret-1", "--sign-scheme",
			"hmac-sha1-base64")
		if good.Code != 0 || good.Err != "" || strings.Contains(good.Out, "WRONG") ||
			!strings.Contains(good.Out, "all of the last 3 notifications verify") ||
			!strings.Contains(good.Out, "documents: 0 in "+folder+", beside the built-in ones") {
			t.Errorf("%+v", good)
		}

		hashes := filepath.Join(folder, "hashes")
		_, line := access.NewToken([]models.Scope{models.ScopeRead}, "reader")
		write(t, hashes, line)
		if err := os.Chmod(hashes, 0o644); err != nil {
			t.Fatal(err)
		}
		if ended := run("--tokens", hashes); ended.Code != 0 {
			t.Errorf("hashes that everyone may read: %+v", ended)
		}

		write(t, filepath.Join(folder, "bad.graphql"), "query Bad { nothing }")
		if err := os.Chmod(tokens, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			args []string
			says string
		}{
			{[]string{"--tokens", tokens}, "chmod o= "},
			{[]string{"--tokens", tokens + "x"}, "no such file"},
			{[]string{"--documents", folder}, "bad.graphql"},
			{[]string{"--sign-secret", "secret-1"}, "cure: --sign-scheme=hmac-sha1-base64"},
			{[]string{"--sign-secret", "secret-2"}, "compare the secret with AIRudder's"},
			{[]string{"--db", filepath.Join(folder, "none.db")}, "no such file"},
			{[]string{"--addr", "0.0.0.0:80"}, "not a loopback address"},
			{[]string{"--tls-cert", tokens, "--tls-key", tokens}, "--tls-cert"},
			{[]string{"--unmasked", "@" + tokens + "x"}, "--unmasked"},
			{[]string{"--jwks", tokens, "--jwt-issuer=i", "--jwt-audience=a"}, "not a JSON Web Key Set"},
			{[]string{"--db-replica", "postgres://127.0.0.1:1/x"}, "it does not answer"},
		} {
			ended := run(test.args...)
			if ended.Code != 1 || !strings.Contains(ended.Out, test.says) || !strings.Contains(ended.Out, "cure: ") ||
				!strings.Contains(ended.Err, "findings") {
				t.Errorf("%v: %+v", test.args, ended)
			}
		}
	})
}
