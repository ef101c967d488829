package store

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"

	"gorm.io/gorm"
)

// Each process that stores begins a history with its first event: a random id and the
// number of that event. A restored backup gives the numbers of later events a second time,
// but lacks their histories. A cursor names its history, so that one of a lost event is
// recognised. Prune, erase and export leave histories alone.

// history is what this process knows of its own.
type history struct {
	mu    sync.Mutex
	begun bool
	seq   int64 // of its last event
}

// begin begins a history in tx before the event after seq is stored, where that is the
// process's first, or the database has gone back since its last.
func (h *history) begin(tx *gorm.DB, seq int64) error {
	h.mu.Lock()
	goesOn := h.begun && seq >= h.seq
	h.mu.Unlock()
	if goesOn {
		return nil
	}
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails
	err := tx.Exec("INSERT INTO histories (first_seq, id) VALUES (?, ?)", seq+1,
		int64(binary.BigEndian.Uint64(id[:]))).Error
	if err != nil {
		return fmt.Errorf("begin history: %w", err)
	}
	return nil
}

// stored notes that events up to seq were committed.
func (h *history) stored(seq int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begun, h.seq = true, seq
}
