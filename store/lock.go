package store

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"time"
)

const lockName = "lock"

// lockDir takes the one lock that a running server holds. The kernel frees it
// when the process ends, however it ends. Serving may hold it for an instant,
// so it is asked for a few times.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock file: %w", err)
	}
	for try := range 5 {
		if try > 0 {
			time.Sleep(20 * time.Millisecond)
		}
		ok, err := tryLock(f)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock the data directory: %w", err)
		}
		if ok {
			return f, nil
		}
	}
	f.Close()
	return nil, ErrLocked
}

// Serving says whether a server holds the data directory. It makes no file: one
// of another user would keep the server from starting.
func Serving(dir string) bool {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR, 0)
	if err != nil {
		return false // no server ever ran here, or it is not ours to look at
	}
	defer f.Close()
	ok, err := tryLock(f)
	return !ok && err == nil
}

// checkOwner refuses to work on another user's files: SQLite would leave files
// beside the database that its owner cannot write, and the server would stop. In
// a directory without a database that matters for root alone, who can write anywhere.
func checkOwner(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		if info, err = os.Stat(filepath.Dir(file)); err != nil || os.Geteuid() != 0 {
			return nil // nothing here yet, or what happens now fails by itself
		}
	}
	uid, ok := ownerOf(info)
	if !ok || uid == os.Geteuid() {
		return nil
	}
	name := "#" + strconv.Itoa(uid)
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
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

// CheckOwner says with the right sudo line that a data directory belongs to
// another user; nil if it is ours, or where users do not own files.
func CheckOwner(dir string) error { return checkOwner(filepath.Join(dir, FileName)) }
