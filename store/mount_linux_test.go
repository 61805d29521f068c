package store_test

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// mountSmall gives a test a file system of its own, where root may make one.
func mountSmall(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("cannot mount a small file system here: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func remount(t *testing.T, dir, how string) {
	t.Helper()
	flags, data := uintptr(unix.MS_REMOUNT), how
	if how == "ro" {
		flags, data = flags|unix.MS_RDONLY, ""
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", flags, data); err != nil {
		t.Fatal(err)
	}
}
