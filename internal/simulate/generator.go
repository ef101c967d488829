// Package simulate invents AIRudder "Chatbot Session End" notifications: campaigns, people and dialogues
// of a made-up world, in the vendor's exact shape, for demonstrations, tests and benchmarks.
package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
)

// Generator invents notifications. What it invents depends on its seed alone, never on the clock:
// all sessions lie in the 90 days before 2025-06-30T00:00:00Z.
type Generator struct {
	seed  uint64
	world *world
}

// New returns the generator of a seed. Campaigns and contacts are the same for all seeds; sessions differ.
func New(seed uint64) *Generator {
	return &Generator{seed: seed, world: newWorld()}
}

// Notification returns the n-th notification, from 0, as JSON. It is the same bytes for the same seed and n,
// whatever was asked before, and no two pairs of seed and n share a call_id. It is safe for concurrent use.
func (g *Generator) Notification(n int) []byte {
	high, low := scramble(g.seed, uint64(n))
	s := newSession(g.world, rand.New(rand.NewPCG(high, low)))
	s.play()
	invented := s.notification(hexID(high, low))
	s.makeOdd(&invented)
	return encode(invented)
}

func encode(invented notification) []byte {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	// The vendor writes <, > and & as they are.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(invented); err != nil {
		panic(fmt.Sprintf("simulate: a notification that cannot be encoded: %v", err))
	}
	return bytes.TrimRight(buffer.Bytes(), "\n")
}
