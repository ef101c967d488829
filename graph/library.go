package graph

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"sessiongraph/graph/documents"
)

// Library serves the library of operations that is in force, as JSON.
func Library(trusted *documents.Trusted) http.Handler {
	l := &libraryAnswer{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, tag := l.of(trusted.Collection())
		header := w.Header()
		header.Set("Content-Type", "application/json; charset=utf-8")
		header.Set("Cache-Control", "private, no-cache")
		header.Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// libraryAnswer is the answer for the collection that was served last.
type libraryAnswer struct {
	mu         sync.Mutex
	collection *documents.Collection
	body       []byte
	tag        string
}

// of returns the answer for a collection, and its tag.
func (l *libraryAnswer) of(collection *documents.Collection) (body []byte, tag string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.body == nil || l.collection != collection {
		l.collection, l.body = collection, encodeLibrary(collection)
		sum := sha256.Sum256(l.body)
		// Weak, because the answer may be compressed or not.
		l.tag = `W/"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`
	}
	return l.body, l.tag
}

// encodeLibrary returns the library of a collection as JSON.
func encodeLibrary(collection *documents.Collection) []byte {
	type operation struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		Title       string `json:"title"`
		Description string `json:"description"`
		Document    string `json:"document"`
		BuiltIn     bool   `json:"builtIn"`
	}
	operations := []operation{}
	if collection != nil {
		for _, d := range collection.Library {
			operations = append(operations, operation{d.ID, d.Name, d.Title, d.Description, d.Text, d.BuiltIn})
		}
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(map[string][]operation{"operations": operations}); err != nil {
		return []byte("{}") // never: it has strings alone
	}
	return body.Bytes()
}
