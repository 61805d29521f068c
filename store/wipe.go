package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// wipeFolder is where the small database is made that takes the place of the old
// one.
const wipeFolder = "farewell"

// Wipe replaces the database of an account whose deletion is done by a small one
// that knows who was here and what became of it, and nothing else; then pictures,
// archives and what an upgrade left go. The store must be closed. It may be done
// again after a crash at any point.
func Wipe(dir string, now func() time.Time) error {
	id, d, err := ended(dir, now)
	if err != nil {
		return err
	}
	small := filepath.Join(dir, wipeFolder)
	if err := os.RemoveAll(small); err != nil {
		return fmt.Errorf("wipe the account: %w", err)
	}
	if id.PasswordHash != "" { // the old one is still here
		if err := makeSmall(small, id, d, now); err != nil {
			return fmt.Errorf("wipe the account: %w", err)
		}
		if err := replace(dir, small); err != nil {
			return fmt.Errorf("wipe the account: %w", err)
		}
	}
	return removeRest(dir)
}

// ended reads whose the database is, and that it is at its end.
func ended(dir string, now func() time.Time) (id Identity, d Farewell, err error) {
	s, err := Open(dir, Options{Readers: 1, Now: now})
	if err != nil {
		return id, d, err
	}
	err = s.Read(context.Background(), func(tx *Tx) error {
		if id, err = tx.Identity(); err != nil {
			return err
		}
		if d, err = tx.Farewell(); err == nil && d.Done.IsZero() {
			err = errors.New("the servers that hold copies are being told yet")
		}
		return err
	})
	return id, d, errors.Join(err, s.Close())
}

func makeSmall(dir string, id Identity, d Farewell, now func() time.Time) error {
	s, err := Open(dir, Options{Create: true, Readers: 1, Now: now})
	if err != nil {
		return err
	}
	id.Email, id.PasswordHash = "", ""
	err = s.Write(context.Background(), func(tx *Tx) error {
		if err := tx.CreateIdentity(id); err != nil {
			return err
		}
		return tx.SaveFarewell(d)
	})
	return errors.Join(err, s.Close())
}

// replace puts the small database in the place of the old one. The log of the old
// one goes first, as SQLite would apply it to the new one.
func replace(dir, small string) error {
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, FileName+end)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := os.Rename(filepath.Join(small, FileName), filepath.Join(dir, FileName)); err != nil {
		return err
	}
	return syncDir(dir)
}

// removeRest removes what else was the owner's.
func removeRest(dir string) error {
	before, err := filepath.Glob(filepath.Join(dir, "before-upgrade-from-*"))
	if err != nil {
		return err
	}
	for _, name := range append(before, filepath.Join(dir, mediaFolder), filepath.Join(dir, "archives"), filepath.Join(dir, "logs"), filepath.Join(dir, wipeFolder)) {
		if err := os.RemoveAll(name); err != nil {
			return fmt.Errorf("wipe the account: %w", err)
		}
	}
	return syncDir(dir)
}
