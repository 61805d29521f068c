package store

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// lockDir takes the one lock that a running server holds. The kernel frees it
// when the process ends, however it ends.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock file: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, ErrLocked
		}
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	return f, nil
}

// Serving says whether a server holds the data directory.
func Serving(dir string) bool {
	f, err := lockDir(dir)
	if err != nil {
		return errors.Is(err, ErrLocked)
	}
	f.Close()
	return false
}

// checkOwner refuses to work on another user's files: SQLite would leave files
// beside the database that its owner cannot write, and the server would stop.
func checkOwner(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return nil // no database yet: there is nothing to own
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return nil
	}
	name := "#" + strconv.Itoa(int(st.Uid))
	if u, err := user.LookupId(strconv.Itoa(int(st.Uid))); err == nil {
		name = u.Username
	}
	return fmt.Errorf("the data belongs to another user; run this as: sudo -u %s %s", name, commandLine())
}

func commandLine() string {
	line := "dassie"
	for _, a := range os.Args[min(1, len(os.Args)):] {
		line += " " + a
	}
	return line
}
