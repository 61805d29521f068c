//go:build unix

package store_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/logs"
)

// T64: the keys lie in the database file, which nobody else can read whatever the
// user's mask is; so does everything beside it, and a backup, which has the keys too.
func TestT64_NobodyElseReadsTheKeys(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	root := t.TempDir()
	dir := filepath.Join(root, "data")
	if _, err := store.InitCommand(bg, dir, store.NewAccount{Name: "alice", Domain: "alice.example"}, func() (string, error) { return "hash", nil }); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(dir, store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	picture(t, dir, "a picture")
	log := logs.Open(filepath.Join(dir, logs.Folder))
	if err := log.Write(logs.Request{At: time.Now(), Method: "GET", Path: "/"}); err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	write(t, s, func(tx *store.Tx) error { return tx.SetSetting("x", "y") })
	if _, _, err := store.BackupCommand(context.Background(), dir, filepath.Join(root, "backup.tar"), store.BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	var seen []string
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		seen = append(seen, filepath.Base(path))
		if open := info.Mode().Perm() & 0o077; open != 0 {
			t.Errorf("%s has mode %04o", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"dassie.db", "dassie.db-wal", "dassie.db-shm", "media", "logs", "backup.tar"} {
		if !strings.Contains(" "+strings.Join(seen, " ")+" ", " "+want+" ") {
			t.Errorf("%s was not looked at: %v", want, seen)
		}
	}
}
