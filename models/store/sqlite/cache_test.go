package sqlite

import "testing"

func TestSizedCacheIsBounded(t *testing.T) {
	cache, err := newSizedCache[int, string](3, 10)
	if err != nil {
		t.Fatal(err)
	}
	add := func(key int, value string) { cache.add(key, value, len(value)) }
	check := func(what string, size int, keys ...int) {
		t.Helper()
		if cache.size != size || cache.recent.Len() != len(keys) {
			t.Errorf("%s: %d values of %d bytes, want %d of %d", what, cache.recent.Len(), cache.size, len(keys), size)
		}
		for _, key := range keys {
			if value, known := cache.get(key); !known || value == "" {
				t.Errorf("%s: %d is %q, %v", what, key, value, known)
			}
		}
	}
	add(1, "aaaa")
	add(2, "bbbb")
	check("within the bounds", 8, 1, 2)
	add(2, "other")
	check("added twice", 8, 1, 2)
	add(3, "cccc")
	check("too large together: the one that was used least recently goes", 8, 2, 3)
	add(4, "this is more than all may be")
	check("too large alone", 28, 4)
	add(5, "e")
	check("after the large one", 1, 5)
	for key := range 4 {
		add(10+key, "f")
	}
	check("too many", 3, 11, 12, 13)
}
