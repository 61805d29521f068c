//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package auth

import (
	"os"

	"golang.org/x/sys/unix"
)

// silence switches the echo of a terminal off. It fails for anything else.
func silence(f *os.File) (restore func(), err error) {
	fd := int(f.Fd())
	old, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	quiet := *old
	quiet.Lflag &^= unix.ECHO
	quiet.Lflag |= unix.ICANON | unix.ISIG
	quiet.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, setTermios, &quiet); err != nil {
		return nil, err
	}
	return func() {
		// The command is ending; a terminal that went away needs nothing.
		_ = unix.IoctlSetTermios(fd, setTermios, old)
	}, nil
}
