//go:build linux || darwin || freebsd

package media

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// freeBytes leaves out what the file system keeps for root.
func freeBytes(dir string) (uint64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return uint64(st.Bavail) * uint64(st.Bsize), nil
}

// sameDevice says whether two folders are on one file system.
func sameDevice(a, b string) (bool, error) {
	var one, other unix.Stat_t
	if err := errors.Join(unix.Stat(a, &one), unix.Stat(b, &other)); err != nil {
		return false, err
	}
	return one.Dev == other.Dev, nil
}

// isFull tells a full disk or a used-up quota from other faults.
func isFull(err error) bool {
	return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
}

// syncDir makes a new name in dir survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
