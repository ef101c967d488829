package sqlite

import (
	"fmt"
	"path/filepath"
)

// CheckSpace returns an error where the disk of the file has less than so many bytes free.
func (d *Database) CheckSpace(needed int64) error {
	return checkFolderSpace(filepath.Dir(d.file.path), needed)
}

func checkFolderSpace(folder string, needed int64) error {
	free, known := freeSpace(folder)
	if known && free < needed {
		return fmt.Errorf("not enough free space in %s: %d MiB needed, %d MiB free", folder, needed>>20+1, free>>20)
	}
	return nil
}
