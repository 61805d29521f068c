package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	snapshotName = "before-upgrade-from-%d.db"

	// SnapshotLasts is how long the copy of before an upgrade is kept: it holds what
	// the owner may have deleted since.
	SnapshotLasts = 30 * day
)

// snapshot copies the database file beside itself before its schema changes: by
// reflink where the file system can, else byte by byte if there is room. The
// newest copy replaces older ones.
func (s *Store) snapshot(version int, o Options) error {
	o.progress("saving a copy of the database before the upgrade")
	to := filepath.Join(s.dir, fmt.Sprintf(snapshotName, version))
	if err := s.quiesce(); err != nil {
		return fmt.Errorf("copy the database before the upgrade: %w", err)
	}
	err := copyDatabase(filepath.Join(s.dir, FileName), to+".part", o)
	s.rollback()
	if err != nil {
		os.Remove(to + ".part")
		return fmt.Errorf("copy the database before the upgrade: %w", err)
	}
	if err := os.Rename(to+".part", to); err != nil {
		return fmt.Errorf("copy the database before the upgrade: %w", err)
	}
	if err := syncDir(s.dir); err != nil {
		return fmt.Errorf("copy the database before the upgrade: %w", err)
	}
	return s.dropSnapshots(func(file string, _ os.FileInfo) bool { return file != to })
}

// quiesce brings the whole log into the database file and holds the write lock,
// so that the file alone is the database and stays as it is while it is copied.
func (s *Store) quiesce() error {
	for range 10 {
		if _, err := s.tryCheckpoint("truncate"); err != nil {
			return err
		}
		if err := s.execAll("begin immediate"); err != nil {
			return err
		}
		info, err := os.Stat(filepath.Join(s.dir, FileName+"-wal"))
		if errors.Is(err, os.ErrNotExist) || err == nil && info.Size() == 0 {
			return nil
		}
		s.rollback()
		if err != nil {
			return err
		}
	}
	return errors.New("another program keeps the database busy")
}

func copyDatabase(from, to string, o Options) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	if o.freeBytes != nil || reflink(out, in) != nil {
		if err := copyBytes(in, out, o); err != nil {
			return err
		}
	}
	return out.Sync()
}

func copyBytes(in, out *os.File, o Options) error {
	info, err := in.Stat()
	if err != nil {
		return err
	}
	ask := o.freeBytes
	if ask == nil {
		ask = freeBytes
	}
	dir := filepath.Dir(out.Name())
	need := info.Size() + info.Size()/10
	// A file system that cannot tell its room is tried: a full one then says so.
	if free, err := ask(dir); err == nil && free < need {
		return fmt.Errorf("it needs %d free bytes, but %s has %d", need, dir, free)
	}
	_, err = out.ReadFrom(in)
	return err
}

// dropSnapshots removes the copies from before upgrades that a rule names.
func (s *Store) dropSnapshots(drop func(file string, info os.FileInfo) bool) error {
	files, err := filepath.Glob(filepath.Join(s.dir, "before-upgrade-from-*.db*"))
	if err != nil {
		return err
	}
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || !drop(file, info) {
			continue // gone already, or to stay
		}
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("remove an old copy of the database: %w", err)
		}
	}
	return nil
}
