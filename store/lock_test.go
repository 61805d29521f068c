package store_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

func TestSecondServeIsRefused(t *testing.T) {
	s := storetest.Open(t)
	if _, err := store.Open(s.Dir(), store.Options{Serve: true}); !errors.Is(err, store.ErrLocked) {
		t.Errorf("got %v", err)
	}
	if !store.Serving(s.Dir()) {
		t.Error("Serving says no")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if store.Serving(s.Dir()) {
		t.Error("Serving says yes after Close")
	}
	again, err := store.Open(s.Dir(), store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

func TestServingLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	if store.Serving(dir) {
		t.Error("Serving says yes")
	}
	if n := len(files(t, dir)); n != 0 {
		t.Errorf("%d files were made", n)
	}
	if _, err := os.Stat(filepath.Join(dir, "lock")); err == nil {
		t.Error("a lock file was made")
	}
}

func TestAnotherUsersFilesAreRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	cases := map[string]func(dir string){
		"database":        func(dir string) { storetest.File(t, dir); os.Chown(filepath.Join(dir, store.FileName), 65534, 65534) },
		"empty directory": func(dir string) { os.Chown(dir, 65534, 65534) },
	}
	for name, give := range cases {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			give(dir)
			for _, o := range []store.Options{{Create: true}, {Create: true, Serve: true}} {
				_, err := store.Open(dir, o)
				if err == nil || !strings.Contains(err.Error(), "sudo -u nobody dassie") {
					t.Errorf("got %v", err)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "lock")); err == nil {
				t.Error("a lock file was made")
			}
		})
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s, err := store.Open(dir, store.Options{Create: true, Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write(t, s, func(tx *store.Tx) error { return tx.SetSetting("a", "b") })
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		info, _ := e.Info()
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v", info.Mode())
	}
}
