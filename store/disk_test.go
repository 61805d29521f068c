//go:build linux

package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

// T61: a full disk gives a clear error, loses nothing that was acknowledged, and
// the next write works as soon as there is room.
func TestT61_DiskFull(t *testing.T) {
	s := storetest.OpenAlice(t)
	pages := count(t, s, "pragma page_count")
	s.OnWriter(fmt.Sprintf("pragma max_page_count = %d", pages+4))
	stored := int64(0)
	var full error
	for i := range 200 {
		err := s.Write(bg, func(tx *store.Tx) error { return tx.SetSetting(fmt.Sprint("k", i), strings.Repeat("x", 1000)) })
		if err != nil {
			full = err
			break
		}
		stored++
	}
	if !store.IsFull(full) {
		t.Fatalf("a full disk gave %v", full)
	}
	// A job that swallows the error must not write outside of its transaction, nor spoil its neighbours.
	errs := together(t, s, 5, func(i int, tx *store.Tx) error {
		if i == 2 {
			_ = tx.SetSetting("big", strings.Repeat("x", 100000))
			_ = tx.SetSetting("k-outside", "x")
			return nil
		}
		return tx.SetMarker(store.MarkerHome, int64(i+1))
	})
	for i, err := range errs {
		if (err != nil) != (i == 2) {
			t.Errorf("caller %d got %v", i, err)
		}
	}
	if n := count(t, s, "select count(*) from settings where key like 'k%'"); n != stored {
		t.Errorf("%d are stored, %d were acknowledged", n, stored)
	}
	s.OnWriter("pragma max_page_count = 1000000")
	write(t, s, func(tx *store.Tx) error { return tx.SetSetting("big", strings.Repeat("x", 100000)) })
	if got := read(t, s, func(tx *store.Tx) ([]string, error) { return tx.Strings("pragma integrity_check") }); got[0] != "ok" {
		t.Errorf("integrity: %q", got)
	}
}

// The same on a real file system that is full.
func TestT61_FileSystemFull(t *testing.T) {
	dir := mountSmall(t, "2m")
	storetest.File(t, dir)
	s, err := store.Open(dir, store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	var full error
	stored := int64(0)
	for i := 0; i < 2000 && full == nil; i++ {
		if full = s.Write(bg, func(tx *store.Tx) error { return tx.SetSetting(fmt.Sprint("k", i), strings.Repeat("x", 3000)) }); full == nil {
			stored++
		}
	}
	if full == nil {
		t.Fatal("the disk never filled")
	}
	t.Logf("%d writes, then: %v", stored, full)
	if n := count(t, s, "select count(*) from settings where key like 'k%'"); n != stored {
		t.Errorf("%d are stored, %d were acknowledged", n, stored)
	}
	s.Close()
	remount(t, dir, "size=32m")
	if s, err = store.Open(dir, store.Options{Serve: true}); err != nil {
		t.Fatalf("it does not start again: %v", err)
	}
	defer s.Close()
	if n := count(t, s, "select count(*) from settings where key like 'k%'"); n != stored {
		t.Errorf("%d are stored, %d were acknowledged", n, stored)
	}
	write(t, s, func(tx *store.Tx) error { return tx.SetSetting("again", "x") })
	if got := read(t, s, func(tx *store.Tx) ([]string, error) { return tx.Strings("pragma integrity_check") }); got[0] != "ok" {
		t.Errorf("integrity: %q", got)
	}
}

func TestT61_ReadOnlyDisk(t *testing.T) {
	dir := mountSmall(t, "4m")
	storetest.File(t, dir)
	remount(t, dir, "ro")
	for _, o := range []store.Options{{Serve: true}, {}, {Create: true}} {
		s, err := store.Open(dir, o)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "read-only file system") {
			t.Errorf("%+v: got %v", o, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, store.FileName)); err != nil {
		t.Error(err)
	}
}

// T61: a disk that fills up during a backup or a restore leaves nothing behind.
func TestT61_BackupAndRestoreOnAFullDisk(t *testing.T) {
	s, _, _ := furnished(t)
	file := backUp(t, s.Dir())
	small := mountSmall(t, "200k")
	roomy := int64(1) << 40 // the file system lies, as some do
	_, _, err := store.BackupCommand(bg, s.Dir(), filepath.Join(small, "x.tar"), store.BackupOptions{}.WithFreeBytes(roomy))
	if !store.IsFull(err) && !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("backup: %v", err)
	}
	_, err = store.RestoreCommand(bg, filepath.Join(small, "new"), file, store.RestoreOptions{Confirm: yes}.WithFreeBytes(roomy))
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("restore: %v", err)
	}
	if left, _ := os.ReadDir(small); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
