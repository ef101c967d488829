package requestid

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHandler(t *testing.T) {
	for _, test := range []struct {
		name string
		sent []string
		kept bool
	}{
		{"none", nil, false},
		{"a UUID", []string{"7f1c0c9e-9c43-4b0e-a2a5-1d1c6d5f2b11"}, true},
		{"one of a proxy", []string{"Root=1-5759e988-bd862e3fe1be46a994272793"}, true},
		{"base64", []string{"aGVsbG8+/w=="}, true},
		{"the longest", []string{strings.Repeat("a", 128)}, true},
		{"too long", []string{strings.Repeat("a", 129)}, false},
		{"empty", []string{""}, false},
		{"a blank", []string{"a b"}, false},
		{"a quote", []string{`a"b`}, false},
		{"markup", []string{"<b>"}, false},
		{"a line", []string{"a\nlevel=ERROR"}, false},
		{"a line at the end", []string{"a\n"}, false},
		{"another script", []string{"é"}, false},
		{"two", []string{"first", "second"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var known string
			handler := Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				known = Of(r.Context())
			}))
			request, answer := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
			request.Header[Header] = test.sent
			handler.ServeHTTP(answer, request)
			if got := answer.Header().Get(Header); got != known || !wellFormed.MatchString(got) {
				t.Errorf("the answer has %q, the context %q", got, known)
			}
			if kept := len(test.sent) == 1 && known == test.sent[0]; kept != test.kept {
				t.Errorf("of %q came %q", test.sent, known)
			}
			handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			if known == answer.Header().Get(Header) {
				t.Error("two requests have one id")
			}
		})
	}
}

func TestLogHandler(t *testing.T) {
	var lines strings.Builder
	log := slog.New(LogHandler(slog.NewTextHandler(&lines, nil)))
	log.With("a", 1).WithGroup("g").InfoContext(With(t.Context(), "of-a-request"), "first", "b", 2)
	log.InfoContext(t.Context(), "second")
	first, second, _ := strings.Cut(lines.String(), "\n")
	if !strings.Contains(first, `a=1 g.b=2 g.request_id=of-a-request`) || strings.Contains(second, "request_id") {
		t.Error(lines.String())
	}
}
