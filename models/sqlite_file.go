package models

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// sqliteFile is the file of a database as it was when it was opened.
type sqliteFile struct {
	path   string
	opened fs.FileInfo
}

// openSQLiteFile finds a file, or makes it: it has personal data, so it is readable
// by its owner alone. SQLite gives the files beside it the same mode.
func openSQLiteFile(path string, mustExist bool) (*sqliteFile, error) {
	if !mustExist {
		file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		switch {
		case err == nil:
			if err := file.Close(); err != nil {
				return nil, err
			}
		case !errors.Is(err, fs.ErrExist):
			return nil, err
		}
	}
	opened, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	return &sqliteFile{path, opened}, nil
}

// check is ErrUnavailable where the path does not lead to the opened file any more:
// what would be stored in that is lost when it is closed.
func (f *sqliteFile) check() error {
	if f == nil {
		return nil
	}
	now, err := os.Stat(f.path)
	switch {
	case err != nil:
		return fmt.Errorf("%w: the database file was deleted while it was open, restart after restoring it: %w", ErrUnavailable, err)
	case !os.SameFile(now, f.opened):
		return fmt.Errorf("%w: the database file %s was replaced while it was open, restart to open the new one", ErrUnavailable, f.path)
	}
	return nil
}

// logSize is the size of the write-ahead log in bytes; 0 where there is none.
func (s *Store) logSize() (int64, error) {
	if s.file == nil {
		return 0, nil
	}
	info, err := os.Stat(s.file.path + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return info.Size(), nil
}
