// Package model holds the Go types behind the GraphQL types that lead to others:
// an entity, and the list that it was read with. Whatever the first of a list is
// asked for is read for the whole list in one statement, so that the number of
// statements depends on the query and never on the number of rows.
package model

import (
	"encoding/json"
	"sync"

	"sessiongraph/models"
)

// Source is where these types read.
type Source struct {
	Store   Reader
	Primary Reader // of events: what one is about is there
	Codec   *Codec
	// MaxPage is the most that first or last may ask for.
	MaxPage int
}

// loadOnce is what the members of a list read together. All who ask get the answer
// that the first has read, or its error, or its panic.
type loadOnce[V any] struct {
	once     sync.Once
	value    V
	err      error
	panicked any
}

// get reads, unless that has been done.
func (l *loadOnce[V]) get(read func() (V, error)) (V, error) {
	l.once.Do(func() {
		defer func() { l.panicked = recover() }()
		l.value, l.err = read()
	})
	if l.panicked != nil {
		panic(l.panicked)
	}
	return l.value, l.err
}

// set is a value that need not be read.
func (l *loadOnce[V]) set(value V) {
	l.once.Do(func() { l.value = value })
}

// batchCache is what the members of a list read together by arguments: a struct whose
// fields are pointers. Equal arguments are read once.
type batchCache[A comparable, V any] struct {
	mu sync.Mutex
	// The members ask with the same pointers, if they are rendered by one selection;
	// so what is pointed to is compared once for a selection.
	byPointers map[A]*loadOnce[V]
	byValues   map[string]*loadOnce[V]
}

// of is what is read by those arguments.
func (c *batchCache[A, V]) of(arguments A) *loadOnce[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	if load := c.byPointers[arguments]; load != nil {
		return load
	}
	if c.byPointers == nil {
		c.byPointers, c.byValues = map[A]*loadOnce[V]{}, map[string]*loadOnce[V]{}
	}
	values, err := json.Marshal(arguments)
	if err != nil {
		panic(err) // arguments hold texts, numbers and times alone
	}
	load := c.byValues[string(values)]
	if load == nil {
		load = &loadOnce[V]{}
		c.byValues[string(values)] = load
	}
	c.byPointers[arguments] = load
	return load
}

// sessionsArguments are those of a field that returns pages of sessions.
type sessionsArguments struct {
	Page    Page
	Filter  *models.SessionFilter
	OrderBy *models.SessionOrder
}

// end is the place of what is asked of one end of a page: its later one or the other.
func end(later bool) int {
	if later {
		return 1
	}
	return 0
}
