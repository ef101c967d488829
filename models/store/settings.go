package store

import (
	"context"
	"crypto/rand"
	"fmt"

	"gorm.io/gorm"
)

// setting is a row of what the program keeps for itself.
type setting struct {
	Name  string `gorm:"primaryKey"`
	Value []byte
}

const (
	cursorKeySetting = "cursor_key"
	cursorKeySize    = 32 // bytes
)

// makeCursorKey makes the key that CursorKey reads.
func makeCursorKey(tx *gorm.DB) error {
	key := make([]byte, cursorKeySize)
	_, _ = rand.Read(key) // never fails
	if err := tx.Create(&setting{cursorKeySetting, key}).Error; err != nil {
		return fmt.Errorf("make the key of cursors: %w", err)
	}
	return nil
}

// CursorKey is the secret key that cursors are sealed with. It is made with the
// database, and every instance that serves the database has the same.
func (s *Store) CursorKey() []byte { return s.cursorKey }

func (s *Store) readCursorKey(ctx context.Context) error {
	var rows []setting
	if err := s.read.WithContext(ctx).Where("name = ?", cursorKeySetting).Find(&rows).Error; err != nil {
		return fmt.Errorf("read the key of cursors: %w", err)
	}
	if len(rows) == 0 || len(rows[0].Value) != cursorKeySize {
		return fmt.Errorf("read the key of cursors: invalid setting %s, want %d bytes",
			cursorKeySetting, cursorKeySize)
	}
	s.cursorKey = rows[0].Value
	return nil
}
