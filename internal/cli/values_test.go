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
