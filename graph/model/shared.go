// Package model holds the Go types behind the GraphQL types that lead to others:
// an entity, and the list that it was read with. Whatever the first of a list is
// asked for is read for the whole list in one statement, so that the number of
// statements depends on the query and never on the number of rows.
package model

import (
	"encoding/json"
	"fmt"
	"sync"

	"sessiongraph/models"
)

// Source is where these types read.
type Source struct {
	Store *models.Store
	Codec *Codec
	// MaxPage is the most that first or last may ask for.
	MaxPage int
}

// shared keeps what the members of a list have read together.
type shared struct {
	mu    sync.Mutex
	reads map[string]any
}

// together reads once for the whole list what name and arguments stand for; all
// who ask get that answer.
func together[V any](s *shared, name string, arguments any, read func() (V, error)) (V, error) {
	key := name
	if arguments != nil {
		encoded, err := json.Marshal(arguments)
		if err != nil {
			var none V
			return none, fmt.Errorf("tell arguments of %s apart: %w", name, err)
		}
		key += string(encoded)
	}
	s.mu.Lock()
	once, begun := s.reads[key].(func() (V, error))
	if !begun {
		if s.reads == nil {
			s.reads = map[string]any{}
		}
		once = sync.OnceValues(read)
		s.reads[key] = once
	}
	s.mu.Unlock()
	return once()
}
