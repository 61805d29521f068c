package media

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Size adds up what is stored, without tmp/: bytes of content and number of
// files. It walks the folder: ask now and then, not per request.
func (s *Store) Size() (bytes int64, files int, err error) {
	err = s.walk(context.Background(), func(_ string, info fs.FileInfo) error {
		bytes += info.Size()
		files++
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("measure media: %w", err)
	}
	return bytes, files, nil
}

// Sweep removes stored files that were written before olderThan and that keep
// does not want, and files in tmp/ that a crash left behind. The age protects a
// file whose row is not committed yet: let it be minutes, at least. It tells
// what it removed, also when it ends early with an error.
func (s *Store) Sweep(ctx context.Context, keep func(name string) bool, olderThan time.Time) (removed int, bytes int64, err error) {
	err = s.walk(ctx, func(name string, info fs.FileInfo) error {
		if !info.ModTime().Before(olderThan) || keep(name) {
			return nil
		}
		gone, err := s.removeOld(s.path(name), olderThan)
		if gone {
			removed++
			bytes += info.Size()
		}
		return err
	})
	if err == nil {
		err = s.sweepTemp(olderThan)
	}
	if err != nil {
		return removed, bytes, fmt.Errorf("sweep media: %w", err)
	}
	return removed, bytes, nil
}

// removeOld looks at the date again under the lock: the content may have been
// stored anew since the walk saw it.
func (s *Store) removeOld(path string, olderThan time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || (err == nil && !info.ModTime().Before(olderThan)) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, os.Remove(path)
}

func (s *Store) sweepTemp(olderThan time.Time) error {
	dir := filepath.Join(s.dir, "tmp")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if _, err := s.removeOld(filepath.Join(dir, e.Name()), olderThan); err != nil {
			return err
		}
	}
	return nil
}

// walk calls f for each stored file, shard by shard. Files that are not ours
// (an editor's, a file system's) are passed over.
func (s *Store) walk(ctx context.Context, f func(name string, info fs.FileInfo) error) error {
	shards, err := filepath.Glob(filepath.Join(s.dir, "[0-9a-f][0-9a-f]", "[0-9a-f][0-9a-f]"))
	if err != nil {
		return err
	}
	for _, shard := range shards {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, err := os.ReadDir(shard)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || !ValidName(e.Name()) {
				continue
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // removed since the folder was read
			}
			if err != nil {
				return err
			}
			if err := f(e.Name(), info); err != nil {
				return err
			}
		}
	}
	return nil
}
