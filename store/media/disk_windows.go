package media

import (
	"errors"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

func freeBytes(dir string) (uint64, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, err
	}
	return free, nil
}

// sameDevice compares drives; what is mounted below one counts as the drive.
func sameDevice(a, b string) (bool, error) {
	one, err := filepath.Abs(a)
	if err != nil {
		return false, err
	}
	other, err := filepath.Abs(b)
	return strings.EqualFold(filepath.VolumeName(one), filepath.VolumeName(other)), err
}

func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// syncDir does nothing: a folder cannot be synced there, NTFS journals names.
func syncDir(string) error { return nil }
