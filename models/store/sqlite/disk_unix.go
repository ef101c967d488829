//go:build linux || darwin

package sqlite

import "syscall"

// freeSpace is the number of bytes that may still be written in a folder.
func freeSpace(folder string) (bytes int64, known bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, false
	}
	return int64(disk.Bavail) * int64(disk.Bsize), true
}
