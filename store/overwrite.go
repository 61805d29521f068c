package store

import (
	"fmt"
	"log/slog"
)

// Overwrite has what this transaction deletes written over with zeros, also in pages
// that become free, and the log of the database emptied soon after: who had something
// erased can look for it in the files. Everywhere else deleted cells are zeroed only
// in pages that are written anyway, which spares the card; so pages that became free
// before may hold old rows until they are used again. The words of a deleted post go from
// the index for searching with MergeSearch. A card or a file system may keep old blocks.
func (t *Tx) Overwrite() error {
	t.s.overwriting = true
	if err := t.s.setPragma("secure_delete", "on"); err != nil {
		return t.failed(err)
	}
	return nil
}

// overwritten ends what Overwrite began, after its transaction.
func (s *Store) overwritten() {
	if !s.overwriting {
		return
	}
	s.overwriting, s.logHolds = false, true
	if err := s.setPragma("secure_delete", "fast"); err != nil {
		slog.Warn("deleted rows are written over from now on", "error", err) // more is written than need be, and nothing is wrong
	}
}

// emptyLog brings the log into the database file and cuts it off, if something was
// erased since: old pages stand in it. While somebody reads it is tried again later,
// without waiting.
func (s *Store) emptyLog() {
	if !s.logHolds {
		return
	}
	err := s.setPragma("busy_timeout", "0")
	if err == nil {
		var whole bool
		if whole, err = s.tryCheckpoint("truncate"); whole {
			s.logHolds, s.logStuck = false, false
		}
	}
	if e := s.setPragma("busy_timeout", busyTimeout); err == nil {
		err = e
	}
	if err != nil && !s.logStuck {
		s.logStuck = true // it is tried each second, and said once
		slog.Warn("cannot empty the log of the database after an erasure", "error", err)
	}
}

func (s *Store) setPragma(name, value string) error {
	var now string
	if err := s.wconn.raw.QueryRowContext(bg, "pragma "+name+" = "+value).Scan(&now); err != nil {
		return fmt.Errorf("set %s: %w", name, err)
	}
	return nil
}
