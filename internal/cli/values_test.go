package cli

import (
	"strings"
	"testing"
)

func TestDatabaseName(t *testing.T) {
	for name, refused := range map[string]bool{
		"sessiongraph.db":                       false,
		"/var/lib/sessiongraph/sessiongraph.db": false,
		"/home/me/My Documents/sessiongraph.db": false,
		"postgres://me:secret@there/x":          false,
		"PostgreSQL://there/x?password=secret":  false,
		"":                                      true,
		"mysql://me:secret@there/x":             true,
		"file://x.db":                           true,
		"host=there password=secret dbname=x":   true,
		"host=/run/postgresql password=secret":  true,
		"there secret":                          true,
	} {
		var d DatabaseName
		err := d.UnmarshalText([]byte(name))
		if (err != nil) != refused || (err == nil && string(d) != name) {
			t.Errorf("%q: %q, %v", name, d, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("a password is shown: %v", err)
		}
	}
}

func TestOrigins(t *testing.T) {
	for given, want := range map[string]string{
		"https://app.example":                  "https://app.example",
		"HTTPS://App.Example:443":              "https://app.example",
		"http://localhost:5173":                "http://localhost:5173",
		"http://app.example:443":               "http://app.example:443",
		"http://[::1]:80":                      "http://[::1]",
		"https://a.example, https://b.example": "https://a.example https://b.example",
		"https://app.example/":                 "",
		"https://app.example?x":                "",
		"https://me@app.example":               "",
		"https://*.example":                    "",
		"ftp://app.example":                    "",
		"*":                                    "",
		"null":                                 "",
		"":                                     "",
	} {
		var origins Origins
		err := origins.UnmarshalText([]byte(given))
		if got := strings.Join(origins, " "); got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q (%v), want %q", given, got, err, want)
		}
	}
}
