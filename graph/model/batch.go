// Package model has the Go types behind the GraphQL types that lead to others: an entity
// and the batch that it was read in. A field of one entity is loaded for the whole batch
// in one statement, so that the number of statements depends on the query and never on
// the number of rows.
package model

import (
	"encoding/json"
	"sync"

	"sessiongraph/models"
)

// Source is what these types read from.
type Source struct {
	Store   Reader
	Primary Reader // of events, which replicas may not have yet
	Codec   *Codec
	MaxPage int // largest first or last
}

// loadOnce is a value that is loaded at most once for a batch. Every caller of get gets
// the same value, error or panic.
type loadOnce[V any] struct {
	once     sync.Once
	value    V
	err      error
	panicked any
}

// get returns the value, which the first call reads.
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

// set sets a value that need not be read.
func (l *loadOnce[V]) set(value V) {
	l.once.Do(func() { l.value = value })
}

// batchCache has the values that are loaded for a batch by arguments, a struct whose
// fields are pointers. Equal arguments are loaded once.
type batchCache[A comparable, V any] struct {
	mu sync.Mutex
	// Fields of one selection have the same pointers, so that the values are compared
	// once for a selection.
	byPointers map[A]*loadOnce[V]
	byValues   map[string]*loadOnce[V]
}

// of returns the value of the arguments.
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

// sessionsArguments are the arguments of a field that returns pages of sessions.
type sessionsArguments struct {
	Page    Page
	Filter  *models.SessionFilter
	OrderBy *models.SessionOrder
}
