package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"sessiongraph/models/store/dialect"
)

// databaseFile is the file of a database as it was when it was opened.
type databaseFile struct {
	path   string
	opened fs.FileInfo
	warned atomic.Int64 // when warnOfLog looked last, in Unix seconds
}

// openFile finds a file, or makes it: it has personal data, so it is readable
// by its owner alone. SQLite gives the files beside it the same mode.
func openFile(path string, mustExist bool) (*databaseFile, error) {
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
	return &databaseFile{path: path, opened: opened}, nil
}

// check is ErrUnavailable where the path does not lead to the opened file any more:
// what would be stored in that is lost when it is closed.
func (f *databaseFile) check() error {
	now, err := os.Stat(f.path)
	switch {
	case err != nil:
		return fmt.Errorf("%w: the database file was deleted while it was open, restart after restoring it: %w",
			dialect.ErrUnavailable, err)
	case !os.SameFile(now, f.opened):
		return fmt.Errorf("%w: the database file %s was replaced while it was open, restart to open the new one",
			dialect.ErrUnavailable, f.path)
	}
	return nil
}

// largeLog is a size of the write-ahead log, in bytes, that only a reader of an old
// state explains.
const largeLog = 256 << 20

// Seconds between two looks at the size of the log.
const logInterval = 60

// warnOfLog logs, once a minute at most, that the write-ahead log does not end.
func (f *databaseFile) warnOfLog(log *slog.Logger) {
	now := time.Now().Unix()
	if last := f.warned.Load(); now-last < logInterval || !f.warned.CompareAndSwap(last, now) {
		return
	}
	if size, err := f.logSize(); err == nil && size >= largeLog {
		log.Warn("the write-ahead log is large: a reader of an old state keeps it from being begun anew", "file",
			f.path+"-wal", "bytes", size)
	}
}

// logSize is the size of the write-ahead log in bytes; 0 where there is none.
func (f *databaseFile) logSize() (int64, error) {
	info, err := os.Stat(f.path + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, nil
	case err != nil:
		return 0, err
	}
	return info.Size(), nil
}
