package cli

import "testing"

func TestRedact(t *testing.T) {
	for text, want := range map[string]string{
		"open postgress://me:secret@there/x: no such file":   "open postgress://me:xxxxx@there/x: no such file",
		`invalid "pg:/me:sec"ret@x@there/x", want HOST:PORT`: `invalid "pg:/me:xxxxx@there/x", want HOST:PORT`,
		"host=there password=secret dbname=x":                "host=there password=xxxxx dbname=x",
		"host=there PassWord = 'my secret' dbname=x":         "host=there PassWord = xxxxx dbname=x",
		"postgres://there/x?user=me&password=secret&sslmode=on": "" +
			"postgres://there/x?user=me&password=xxxxx&sslmode=on",
		"postgres://me@there:5432/x":                         "postgres://me@there:5432/x",
		"listen on 127.0.0.1:80: mail me@there":              "listen on 127.0.0.1:80: mail me@there",
		"https://there/ingest/0123456789abcdef answered 401": "https://there/ingest/xxxxx answered 401",
		`Post "http://there/ingest/0123456789abcdef": EOF`:   `Post "http://there/ingest/xxxxx": EOF`,
		"open data/ingest/1.json":                            "open data/ingest/1.json",
		"http://127.0.0.1:8080/ingest answered 401":          "http://127.0.0.1:8080/ingest answered 401",
	} {
		if got := redact(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
