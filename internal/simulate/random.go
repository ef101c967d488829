package simulate

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// weighted is a value and how often it is picked, relative to the others of its table.
type weighted[T any] struct {
	weight int
	value  T
}

func pick[T any](rng *rand.Rand, table []weighted[T]) T {
	total := 0
	for _, entry := range table {
		total += entry.weight
	}
	left := rng.IntN(total)
	for _, entry := range table {
		if left -= entry.weight; left < 0 {
			return entry.value
		}
	}
	panic("simulate: negative weight")
}

func oneOf[T any](rng *rand.Rand, values []T) T {
	return values[rng.IntN(len(values))]
}

func chance(rng *rand.Rand, percent float64) bool {
	return rng.Float64()*100 < percent
}

// between returns a number of [low, high].
func between(rng *rand.Rand, low, high int) int {
	return low + rng.IntN(high-low+1)
}

// scramble maps each pair to another pair. It is a Feistel network, hence one to one:
// ids made of its results never repeat.
func scramble(high, low uint64) (uint64, uint64) {
	for round := range uint64(4) {
		high, low = low, high^mix(low+round*0x9e3779b97f4a7c15)
	}
	return high, low
}

// mix is the finalizer of SplitMix64.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// hexID writes two numbers as the 32 hex digits that the vendor's ids have.
func hexID(high, low uint64) string {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], high)
	binary.BigEndian.PutUint64(id[8:], low)
	return hex.EncodeToString(id[:])
}

func randomID(rng *rand.Rand) string {
	return hexID(rng.Uint64(), rng.Uint64())
}
