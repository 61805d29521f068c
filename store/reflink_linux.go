package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// reflink makes to a copy of from that shares its blocks, where the file system can.
func reflink(to, from *os.File) error {
	return unix.IoctlFileClone(int(to.Fd()), int(from.Fd()))
}
