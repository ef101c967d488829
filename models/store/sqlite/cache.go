package sqlite

import (
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"
)

// sizedCache keeps what was used last, bounded in number and in size. What was added last is kept whatever its size.
type sizedCache[K comparable, V any] struct {
	mu     sync.Mutex
	recent *simplelru.LRU[K, sized[V]]
	size   int // of all, in bytes
	most   int
}

type sized[V any] struct {
	value V
	size  int
}

// newSizedCache returns a cache of so many values, which take so many bytes.
func newSizedCache[K comparable, V any](values, most int) (*sizedCache[K, V], error) {
	c := &sizedCache[K, V]{most: most}
	var err error
	c.recent, err = simplelru.NewLRU(values, func(_ K, evicted sized[V]) { c.size -= evicted.size })
	return c, err
}

func (c *sizedCache[K, V]) get(key K) (value V, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, known := c.recent.Get(key)
	return found.value, known
}

func (c *sizedCache[K, V]) add(key K, value V, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.recent.Contains(key) { // another connection was faster
		return
	}
	c.recent.Add(key, sized[V]{value, size})
	c.size += size
	for c.size > c.most && c.recent.Len() > 1 {
		c.recent.RemoveOldest()
	}
}
