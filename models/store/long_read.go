package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"gorm.io/gorm"

	"sessiongraph/models"
)

// The causes for which a long read ends.
var (
	// ErrErased is of a read that began before an erasure, which it would survive.
	ErrErased = errors.New("a callee was erased while this was read: begin again")
	// ErrLogFull is of a read for which the log of an SQLite file could not be begun anew, until it was too long.
	ErrLogFull = errors.New("too much was stored while this was read: ask for less, or for a shorter range of time")
)

// Bounds of an SQLite file's write-ahead log, in bytes, while a long read keeps its state: it may become as long as
// maxReadLog, and no longer than freeReadLog where the disk has less than leastSpace left.
const (
	maxReadLog  = 4 << 30
	freeReadLog = 256 << 20
	leastSpace  = 1 << 30
)

// Whether a long read has to end is looked at each longReadInterval. After maxFailedLooks in a row it ends, because
// an erasure would not be seen.
const (
	longReadInterval = time.Second
	maxFailedLooks   = 3
)

type longReadKey struct{}

// LongRead returns a context for a read that may last minutes and is not bounded in rows. All of it is of one state
// of the database. The context ends with the cause ErrErased or ErrLogFull where the read must not go on.
func (s *Store) LongRead(ctx context.Context) (reading context.Context, end func(), err error) {
	before, err := s.erasures(ctx)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancelCause(context.WithValue(ctx, longReadKey{}, true))
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		s.watchLongRead(ctx, cancel, before)
	}()
	reading, endSnapshot := Snapshot(ctx)
	return reading, func() {
		cancel(nil)
		<-watched
		endSnapshot()
	}, nil
}

func (s *Store) watchLongRead(ctx context.Context, cancel context.CancelCauseFunc, before uint64) {
	ticker := time.NewTicker(longReadInterval)
	defer ticker.Stop()
	for failed := 0; ; {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		now, err := s.erasures(ctx)
		failed++
		if err == nil {
			failed = 0
		}
		switch {
		case ctx.Err() != nil:
			return
		case failed >= maxFailedLooks:
			cancel(err)
		case err == nil && now != before:
			cancel(ErrErased)
		case s.logIsFull():
			cancel(ErrLogFull)
		}
	}
}

func (s *Store) logIsFull() bool {
	size := s.db.LogSize()
	return size > maxReadLog || size > freeReadLog && s.db.CheckSpace(leastSpace) != nil
}

// maxRows is how many rows a list without paging arguments may have.
func maxRows(ctx context.Context) int {
	if ctx.Value(longReadKey{}) != nil {
		return math.MaxInt32
	}
	return models.MaxRows
}

// erasuresSetting counts the steps of erasures.
const erasuresSetting = "erasures"

// erasures returns how many steps of erasures there were.
func (s *Store) erasures(ctx context.Context) (uint64, error) {
	return readErasures(s.read.WithContext(ctx))
}

func readErasures(db *gorm.DB) (uint64, error) {
	var rows []setting
	if err := db.Where("name = ?", erasuresSetting).Find(&rows).Error; err != nil {
		return 0, fmt.Errorf("read the number of erasures: %w", err)
	}
	if len(rows) == 0 || len(rows[0].Value) != 8 {
		return 0, nil
	}
	return binary.BigEndian.Uint64(rows[0].Value), nil
}

// countErasure adds a step of an erasure.
func countErasure(tx *gorm.DB) error {
	count, err := readErasures(tx)
	if err != nil {
		return err
	}
	if err := tx.Save(&setting{erasuresSetting, binary.BigEndian.AppendUint64(nil, count+1)}).Error; err != nil {
		return fmt.Errorf("count the erasure: %w", err)
	}
	return nil
}
