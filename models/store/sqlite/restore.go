package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sessiongraph/models/store/dialect"
)

// Restore copies a backup to a file that is not there. The copy gets the file's name once it is whole and has passed
// check.
func Restore(
	ctx context.Context, backup, file string, shown dialect.Progress,
	check func(ctx context.Context, copied string) error,
) (err error) {
	for _, name := range []string{file, file + "-wal", file + "-shm"} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s exists already: restore into an empty place", name)
		}
	}
	if info, err := os.Stat(backup + "-wal"); err == nil && info.Size() > 0 {
		return fmt.Errorf("%s is a database in use, with its log beside it: make a backup of it first", backup)
	}
	from, err := os.Open(backup)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	info, err := from.Stat()
	switch {
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("not a file")
	}
	if err := checkFolderSpace(filepath.Dir(file), info.Size()); err != nil {
		return err
	}

	partial, err := createPartial(file)
	if err != nil {
		return err
	}
	defer func() {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			_ = os.Remove(partial.Name() + suffix)
		}
	}()
	err = copyFile(ctx, partial, from, int(info.Size()), shown)
	if err = errors.Join(err, partial.Sync(), partial.Close()); err != nil {
		return err
	}
	if err := check(ctx, partial.Name()); err != nil {
		return err
	}
	// unlike a renaming it overwrites nothing
	if err := os.Link(partial.Name(), file); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(partial.Name(), file)
}

// copyFile copies until ctx ends.
func copyFile(ctx context.Context, to io.Writer, from io.Reader, size int, shown dialect.Progress) error {
	buffer := make([]byte, 1<<20)
	for done := 0; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := from.Read(buffer)
		if _, err := to.Write(buffer[:n]); err != nil {
			return err
		}
		done += n
		shown(done, size)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// QuickCheck returns an error that says what is damaged in the file.
func (d *Database) QuickCheck(ctx context.Context) error {
	var found []string
	if err := d.pools.Read.WithContext(ctx).Raw("PRAGMA quick_check(5)").Scan(&found).Error; err != nil {
		return fmt.Errorf("check the file: %w", err)
	}
	if text := strings.Join(found, "; "); text != "ok" {
		return fmt.Errorf("the file is damaged: %s", text)
	}
	return nil
}
