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

// The settings that are secret keys.
const (
	cursorKeySetting = "cursor_key"
	maskKeySetting   = "mask_key"
	keySize          = 32 // bytes
)

// makeKey makes a key that readKey reads.
func makeKey(tx *gorm.DB, name string) error {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	if err := tx.Create(&setting{name, key}).Error; err != nil {
		return fmt.Errorf("make the setting %s: %w", name, err)
	}
	return nil
}

// CursorKey is the secret key that cursors are sealed with. It is made with the
// database, and every instance that serves the database has the same.
func (s *Store) CursorKey() []byte { return s.cursorKey }

// readKeys reads the keys that were made with the database.
func (s *Store) readKeys(ctx context.Context) (err error) {
	if s.cursorKey, err = s.readKey(ctx, cursorKeySetting); err == nil && len(s.masking.key) == 0 {
		s.masking.key, err = s.readKey(ctx, maskKeySetting)
	}
	return err
}

func (s *Store) readKey(ctx context.Context, name string) ([]byte, error) {
	var rows []setting
	if err := s.read.WithContext(ctx).Where("name = ?", name).Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read the setting %s: %w", name, err)
	}
	if len(rows) == 0 || len(rows[0].Value) != keySize {
		return nil, fmt.Errorf("the setting %s is invalid: want %d bytes", name, keySize)
	}
	return rows[0].Value, nil
}
