package media

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// hashDigits is the length of a SHA-256 in lower-case hexadecimal: whoever has
// the folder can check a file with sha256sum.
const hashDigits = 64

// A Store is one folder of files named by content. Safe for use by many
// goroutines. Two processes may read it at once; only one may sweep.
type Store struct {
	// FFmpeg is the path of that program, "" where there is none. Set it before
	// the first File.
	FFmpeg string

	dir string
	// mu keeps Sweep from removing a file between looking at its age and
	// unlinking it while the same content is being stored anew.
	mu sync.Mutex
}

// Open takes dir as the folder, making it if it is not there (0700).
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o700); err != nil {
		return nil, fmt.Errorf("make media folder: %w", diskError(err))
	}
	return &Store{dir: dir}, nil
}

// ValidName tells whether name could be one that this package gave out: 64
// lower-case hexadecimal digits, and ".jpg" or ".png" or nothing after them.
func ValidName(name string) bool {
	switch len(name) {
	case hashDigits:
	case hashDigits + 4:
		if ext := name[hashDigits:]; ext != ".jpg" && ext != ".png" {
			return false
		}
	default:
		return false
	}
	for _, c := range []byte(name[:hashDigits]) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// MIME is the type to serve name under. What Blob stored has none of its own
// here: the caller knows it, or serves bytes.
func MIME(name string) string {
	switch filepath.Ext(name) {
	case ".jpg":
		return "image/jpeg"
	case ".png":
		return "image/png"
	}
	return "application/octet-stream"
}

// path is where name lies. Only for names that passed ValidName.
func (s *Store) path(name string) string {
	return filepath.Join(s.dir, name[:2], name[2:4], name)
}

// Open opens a stored file for reading. A name that we could not have given out
// is ErrBadName and never reaches the file system; one that is not there is
// fs.ErrNotExist.
func (s *Store) Open(name string) (*os.File, fs.FileInfo, error) {
	if !ValidName(name) {
		return nil, nil, ErrBadName
	}
	f, err := os.Open(s.path(name))
	if err != nil {
		return nil, nil, fmt.Errorf("open media: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("open media: %w", err)
	}
	return f, info, nil
}

// Remove deletes a stored file. One that is not there is no error, so that a
// removal can be repeated after a crash.
func (s *Store) Remove(name string) error {
	if !ValidName(name) {
		return ErrBadName
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove media: %w", err)
	}
	return nil
}

// Free is the number of bytes that we may still write to the device.
func (s *Store) Free() (uint64, error) {
	n, err := freeBytes(s.dir)
	if err != nil {
		return 0, fmt.Errorf("ask for free space: %w", err)
	}
	return n, nil
}

// FreeIn is the number of bytes that we may still write to the device of a folder.
func FreeIn(dir string) (uint64, error) { return freeBytes(dir) }

// SameDevice says whether what is written to one folder takes the room of another.
func SameDevice(a, b string) (bool, error) { return sameDevice(a, b) }

// Sub is a folder of its own below this one, into which Size and Sweep of this
// one do not look.
func (s *Store) Sub(name string) (*Store, error) { return Open(filepath.Join(s.dir, name)) }
