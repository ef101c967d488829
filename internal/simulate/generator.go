// Package simulate invents AIRudder "Chatbot Session End" notifications: campaigns, people and dialogues
// of a made-up world, in the vendor's exact shape, for demonstrations, tests and benchmarks.
package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"
)

// Generator invents notifications. What it invents depends on its seed and on the end
// of its time alone, never on the clock.
type Generator struct {
	seed  uint64
	until time.Time
	world *world
}

// New returns the generator of a seed, whose sessions lie in the 90 days before
// 2025-06-30T00:00:00Z.
func New(seed uint64) *Generator { return NewUntil(seed, defaultUntil) }

// NewUntil returns the generator of a seed, whose sessions lie in the 90 days before a
// time. Campaigns and contacts are the same for all seeds and times; sessions differ.
func NewUntil(seed uint64, until time.Time) *Generator {
	return &Generator{seed: seed, until: until.UTC(), world: newWorld()}
}

// Notification returns the n-th notification, from 0, as JSON. It is the same bytes for the same seed, end and n,
// whatever was asked before, and no two pairs of seed and n share a call_id. It is safe for concurrent use.
func (g *Generator) Notification(n int) []byte {
	high, low := scramble(g.seed, uint64(n))
	s := g.begin(n)
	if n > 0 && high%100 < callbackPercent {
		if earlier := g.begin(n - 1); earlier.start < s.limit-24*60*60 {
			s.callBack(earlier)
		}
	}
	s.play()
	invented := s.notification(hexID(high, low))
	s.makeOdd(&invented)
	return encode(invented)
}

// begin returns the n-th session before anything was said.
func (g *Generator) begin(n int) *session {
	return newSession(g.world, rand.New(rand.NewPCG(scramble(g.seed, uint64(n)))), g.until)
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
