package main

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"iter"
	"math/rand/v2"
	"regexp"

	"sessiongraph/internal/simulate"
)

// kind is a kind of traffic.
type kind struct {
	name  string
	takes func(messages int) bool
	texts func(text []byte) []byte // what follows each text, nil for nothing
}

// moreTexts are how many other texts lengthen a text.
const moreTexts = 8

var (
	allSizes = func(int) bool { return true }
	// textContent matches the text of a message, or of the one that it answers, up to the quote that ends it.
	textContent = regexp.MustCompile(`"type":"text","text":"((?:[^"\\]|\\.)*)`)
)

// kinds are simulated traffic, and what differs from it in one thing.
func kinds() []kind {
	others := simulatedTexts()
	more := func(text []byte) []byte {
		first := int(hash(text) % uint64(len(others)-moreTexts))
		return bytes.Join(others[first:first+moreTexts], []byte(" "))
	}
	return []kind{
		{"simulated", allSizes, nil},
		{"simulated, of 8 messages at most", func(messages int) bool { return messages <= 8 }, nil},
		{"simulated, of 24 messages and more", func(messages int) bool { return messages >= 24 }, nil},
		{"each text with eight more", allSizes, more},
		{"each text with as many random letters", allSizes, func(text []byte) []byte {
			return randomWords(hash(text), len(more(text)))
		}},
	}
}

// notifications returns the given number of notifications of a kind with the number of their messages.
func (k kind) notifications(seed uint64, count int) iter.Seq2[[]byte, int] {
	generator := simulate.New(seed)
	return func(yield func([]byte, int) bool) {
		for n, taken := 0, 0; taken < count; n++ {
			body := generator.Notification(n)
			messages := countMessages(body)
			if !k.takes(messages) {
				continue
			}
			taken++
			if !yield(k.lengthen(body), messages) {
				return
			}
		}
	}
}

func (k kind) lengthen(body []byte) []byte {
	if k.texts == nil {
		return body
	}
	return textContent.ReplaceAllFunc(body, func(found []byte) []byte {
		text := textContent.FindSubmatch(found)[1]
		return bytes.Join([][]byte{found, k.texts(text)}, []byte(" "))
	})
}

func countMessages(body []byte) int {
	var notification struct{ Messages []json.RawMessage }
	if err := json.Unmarshal(body, &notification); err != nil {
		return 0
	}
	return len(notification.Messages)
}

// simulatedTexts are texts of messages, as they stand in JSON.
func simulatedTexts() (texts [][]byte) {
	generator := simulate.New(storedSeed)
	for n := range 500 {
		for _, found := range textContent.FindAllSubmatch(generator.Notification(n), -1) {
			texts = append(texts, found[1])
		}
	}
	return texts
}

// randomWords are words of random letters: what compresses worst, and has the most different trigrams.
func randomWords(seed uint64, length int) []byte {
	rng := rand.New(rand.NewPCG(seed, 0))
	words := make([]byte, length)
	for i := range words {
		words[i] = 'a' + byte(rng.IntN(26))
		if i%7 == 6 {
			words[i] = ' '
		}
	}
	return words
}

func hash(text []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(text)
	return h.Sum64()
}
