package store

import (
	"fmt"
	"path/filepath"
)

// checkSpace fails where the disk of the database has less than so many bytes free.
func (s *Store) checkSpace(needed int64) error {
	if s.file == nil {
		return nil
	}
	return checkFolderSpace(filepath.Dir(s.file.path), needed)
}

func checkFolderSpace(folder string, needed int64) error {
	free, known := freeSpace(folder)
	if known && free < needed {
		return fmt.Errorf("not enough free space in %s: %d MiB needed, %d MiB free", folder, needed>>20+1, free>>20)
	}
	return nil
}
