package media

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// Blob stores r as it is, under a name without extension, and tells its size.
// More than limit bytes is ErrTooLarge. Bytes stored this way are a stranger's:
// serve them as a download or under a type that was checked, never as a page.
func (s *Store) Blob(ctx context.Context, r io.Reader, limit int64) (name string, size int64, err error) {
	w, err := s.create()
	if err != nil {
		return "", 0, err
	}
	defer w.abandon()
	n, err := io.Copy(w, io.LimitReader(&ctxReader{ctx: ctx, r: r}, limit+1))
	if err != nil {
		return "", 0, fmt.Errorf("store blob: %w", err)
	}
	if n > limit {
		return "", 0, tooLarge("This file", limit, limit)
	}
	name, err = w.keep("")
	return name, n, err
}

// A newFile is a file on its way into the store: hashed while it is written.
type newFile struct {
	store *Store
	f     *os.File
	hash  hash.Hash
	size  int64
}

// BlobAs stores r as it is under a name with an extension, which says its type: the
// caller has checked that it is of that.
func (s *Store) BlobAs(ctx context.Context, r io.Reader, ext string) (string, error) {
	w, err := s.create()
	if err != nil {
		return "", err
	}
	defer w.abandon()
	if _, err := io.Copy(w, &ctxReader{ctx: ctx, r: r}); err != nil {
		return "", fmt.Errorf("store blob: %w", err)
	}
	return w.keep(ext)
}

func (s *Store) create() (*newFile, error) {
	f, err := s.temp()
	if err != nil {
		return nil, err
	}
	return &newFile{store: s, f: f, hash: sha256.New()}, nil
}

// Temp makes a file for what must be read twice; the caller closes and removes it. A
// sweep removes what a crash left.
func (s *Store) Temp() (*os.File, error) { return s.temp() }

// temp makes a file in tmp/, mode 0600 (os.CreateTemp's own).
func (s *Store) temp() (*os.File, error) {
	f, err := os.CreateTemp(filepath.Join(s.dir, "tmp"), "new-*")
	if err != nil {
		return nil, fmt.Errorf("make media file: %w", diskError(err))
	}
	return f, nil
}

// Write appends to the file and to its hash.
func (w *newFile) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	w.hash.Write(p[:n])
	w.size += int64(n)
	return n, diskError(err)
}

// keep syncs the file and gives it its name. Content that is there already is
// replaced by itself: the new date keeps a sweep away from it.
func (w *newFile) keep(ext string) (string, error) {
	if err := errors.Join(w.f.Sync(), w.f.Close()); err != nil {
		return "", fmt.Errorf("sync media file: %w", diskError(err))
	}
	name := hex.EncodeToString(w.hash.Sum(nil)) + ext
	path := w.store.path(name)
	if err := w.store.shard(filepath.Dir(path)); err != nil {
		return "", err
	}
	w.store.mu.Lock()
	err := os.Rename(w.f.Name(), path)
	w.store.mu.Unlock()
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return "", fmt.Errorf("name media file: %w", diskError(err))
	}
	return name, nil
}

// shard makes the two levels of folders above a file, and makes them last.
func (s *Store) shard(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = syncDir(filepath.Dir(dir))
	}
	if err == nil {
		err = syncDir(s.dir)
	}
	if err != nil {
		return fmt.Errorf("make media folder: %w", diskError(err))
	}
	return nil
}

// abandon removes what keep did not take. After keep both calls fail, and then
// that is as it should be; before it, Sweep removes what could not be.
func (w *newFile) abandon() {
	w.f.Close()
	os.Remove(w.f.Name())
}

// diskError names a full disk in words for the owner and leaves other errors.
func diskError(err error) error {
	if err != nil && isFull(err) {
		return &Refusal{Kind: ErrNoSpace, Text: "The disk is full. Nothing was stored.", Err: err}
	}
	return err
}

// A ctxReader ends with the context's error: no decoder takes a context, but
// all of them ask for more bytes.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *ctxReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
