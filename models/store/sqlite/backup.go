package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sessiongraph/models/store/dialect"
)

// Backup writes to a neighbour of the file and renames it when it is whole, so that
// nothing that is torn ever has the file's name.
func (d *Database) Backup(ctx context.Context, file string, shown dialect.Progress) error {
	if _, err := os.Lstat(file); err == nil {
		return errors.New("file already exists, name a new one")
	}
	var size int64
	err := d.pools.Read.WithContext(ctx).Raw("SELECT (page_count - freelist_count) * page_size" +
		" FROM pragma_page_count, pragma_freelist_count, pragma_page_size").Scan(&size).Error
	if err != nil {
		return fmt.Errorf("read the size of the database: %w", err)
	}
	if err := checkFolderSpace(filepath.Dir(file), size); err != nil {
		return err
	}
	partial, err := createPartial(file)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(partial.Name()) }()
	if err := partial.Close(); err != nil {
		return err
	}
	stop := watchSize(partial.Name(), int(size), shown)
	err = d.pools.Write.WithContext(ctx).Exec("VACUUM INTO ?", partial.Name()).Error
	stop()
	if err != nil {
		return err
	}
	if err := syncFile(partial.Name()); err != nil {
		return err
	}
	// unlike a renaming it overwrites nothing
	if err := os.Link(partial.Name(), file); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Rename(partial.Name(), file)
}

// createPartial makes a file of mode 0600 beside the one that it is to become.
func createPartial(file string) (*os.File, error) {
	if err := checkFolder(file); err != nil {
		return nil, err
	}
	partial, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".partial-*")
	var path *fs.PathError
	if errors.As(err, &path) {
		return nil, fmt.Errorf("write in the folder %s: %w", filepath.Dir(file), path.Err)
	}
	return partial, err
}

// watchSize shows the size of a file that is being written until it is stopped.
func watchSize(file string, total int, shown dialect.Progress) (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				if info, err := os.Stat(file); err == nil {
					shown(int(info.Size()), max(total, int(info.Size())))
				}
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

func syncFile(name string) error {
	file, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}
