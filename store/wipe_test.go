package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// farewellDir is the data directory of an account whose servers were all told, with
// everything in it that can be there.
func farewellDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	s, err := Open(dir, Options{Create: true, Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateAccount(context.Background(), NewAccount{Name: "alice", Domain: "example.org", Email: "alice@mail.example", PasswordHash: "$argon2id$x"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := BackupCommand(context.Background(), dir, filepath.Join(dir, "monday"), BackupOptions{Program: "dassie test"}); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "weekly"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "monday"), filepath.Join(dir, "weekly", "dassie.db.backup")); err != nil {
		t.Fatal(err)
	}
	err = s.Write(context.Background(), func(tx *Tx) error {
		d := Farewell{Begun: tx.Now(), Until: tx.Now(), Viewer: []byte("hash")}
		host, err := tx.EnsureHost("b.example")
		if err != nil {
			return err
		}
		if _, err := tx.EnsureInbox(InboxTarget{URL: "https://b.example/inbox", HostID: host}); err != nil {
			return err
		}
		if err := tx.BeginFarewell(&d, &Outgoing{Kind: "Delete", URI: "x"}); err != nil {
			return err
		}
		d.Done = tx.Now()
		return tx.SaveFarewell(d)
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"media/ab/cd/file", "media/tmp/new-1", "archives/archive-1.zip", "archives/archive-2.zip.part", "imports/import-1", "logs/access-2026-11-01.log", "before-upgrade-from-3.db", "restore.part/x", "acme/key", "mine.txt", "weekly/x.part.db", "weekly/x.part.db-journal"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// checkWiped looks what is left: the small database, the lock, the certificates,
// and what was never ours.
func checkWiped(t *testing.T, dir string) {
	t.Helper()
	var left []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	if want := []string{"acme", FileName, lockName, "mine.txt", "weekly"}; !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
	if below, err := os.ReadDir(filepath.Join(dir, "weekly")); err != nil || len(below) != 0 {
		t.Errorf("in the folder with backups are %v, %v", below, err)
	}
	if more, err := LeftBehind(dir); err != nil || !slices.Equal(more, []string{"mine.txt", "weekly"}) {
		t.Errorf("of what was never ours it names %q, %v", more, err)
	}
	for _, name := range left[:2] {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err == nil && (strings.Contains(string(b), "argon2id") || strings.Contains(string(b), "mail.example") || strings.Contains(string(b), "PRIVATE")) {
			t.Errorf("%s holds a secret", name)
		}
	}
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.Read(context.Background(), func(tx *Tx) error {
		id, err := tx.Identity()
		if err != nil || id.Name != "alice" || id.Domain != "example.org" || id.Email != "" || id.PasswordHash != "" {
			t.Errorf("identity %+v", id)
		}
		d, err2 := tx.Farewell()
		if d.Wiped.IsZero() || len(d.Report) != 1 || string(d.Viewer) != "hash" {
			t.Errorf("farewell %+v", d)
		}
		keys, err3 := value[int64](tx, `select count(*) from keys`)
		if keys != 0 {
			t.Errorf("%d keys are left", keys)
		}
		return errors.Join(err, err2, err3)
	})
	if err != nil {
		t.Error(err)
	}
	if err := s.Alive(context.Background()); !errors.Is(err, ErrFarewell) || !strings.Contains(err.Error(), "@alice@example.org was deleted") {
		t.Errorf("a command: %v", err)
	}
	if _, err := InitCommand(context.Background(), dir, NewAccount{Name: "alice", Domain: "example.org"}, func() (string, error) { return "x", nil }); !errors.Is(err, ErrFarewell) {
		t.Errorf("init: %v", err)
	}
}

// A crash at any step of the wiping leaves what the next start finishes.
func TestWipingIsFinishedAfterACrashAtAnyStep(t *testing.T) {
	crash := errors.New("crash")
	steps, made := 0, farewellDir(t)
	for at := 0; ; at++ {
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(dir, os.DirFS(made)); err != nil {
			t.Fatal(err)
		}
		n, name := 0, ""
		step := func(s string) error {
			if n++; n > at {
				name = s
				return crash
			}
			return nil
		}
		err := wipe(dir, time.Now, step)
		if err == nil {
			err = wipeRest(t.Context(), dir, step)
		}
		if err == nil {
			steps = at
			checkWiped(t, dir)
			break
		}
		if !errors.Is(err, crash) {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("%d %s", at, name), func(t *testing.T) {
			for range 2 { // once more does no harm
				if err := errors.Join(Wipe(dir, time.Now), WipeRest(t.Context(), dir)); err != nil {
					t.Fatal(err)
				}
			}
			checkWiped(t, dir)
		})
	}
	if steps < 12 {
		t.Errorf("only %d steps", steps)
	}
}

// The log of the old database, left by a crash or by a command beside the server,
// is not applied to the small one.
func TestWipingWithALogThatWasNotCheckpointed(t *testing.T) {
	dir := farewellDir(t)
	other, err := Open(dir, Options{Readers: 1}) // keeps the log alive
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Write(context.Background(), func(tx *Tx) error { return tx.SetSetting("x", "y") }); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Wipe(dir, time.Now), WipeRest(t.Context(), dir)); err != nil {
		t.Fatal(err)
	}
	other.Close()
	os.Remove(filepath.Join(dir, FileName+"-wal"))
	os.Remove(filepath.Join(dir, FileName+"-shm"))
	checkWiped(t, dir)
}

func TestWipingWaitsUntilServersWereTold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s, err := Open(dir, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateAccount(context.Background(), NewAccount{Name: "alice", Domain: "example.org"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Wipe(dir, time.Now); !errors.Is(err, ErrNotFound) {
		t.Errorf("an account that lives was wiped: %v", err)
	}
	s, err = Open(dir, Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := Wipe(dir, time.Now); !errors.Is(err, ErrLocked) {
		t.Errorf("beside a server: %v", err)
	}
}

// A disk that is full of pictures has no room for the small database until they are gone.
func TestWipingAFullDisk(t *testing.T) {
	dir := farewellDir(t)
	full := true
	step := func(what string) error {
		if full && what == "make" {
			full = false
			return &os.PathError{Op: "write", Path: dir, Err: syscall.ENOSPC}
		}
		return nil
	}
	if err := errors.Join(wipe(dir, time.Now, step), WipeRest(t.Context(), dir)); err != nil {
		t.Fatal(err)
	}
	if full {
		t.Error("the disk was never full")
	}
	checkWiped(t, dir)
}

// A backup of somebody else's account that lies there is not ours to remove.
func TestWipingLeavesBackupsOfOthers(t *testing.T) {
	dir, other := farewellDir(t), filepath.Join(t.TempDir(), "other")
	s, err := Open(other, Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateAccount(context.Background(), NewAccount{Name: "bob", Domain: "example.net"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "weekly", "bob.backup")
	if _, _, err := BackupCommand(context.Background(), other, file, BackupOptions{Program: "dassie test"}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(Wipe(dir, time.Now), WipeRest(t.Context(), dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("bob's backup went with alice's account: %v", err)
	}
}

// The data directory may be a link, and what grows in it may lie on another disk.
func TestWipingThroughLinks(t *testing.T) {
	made := farewellDir(t)
	outside := t.TempDir()
	for _, name := range []string{"media", "archives"} {
		if err := os.Rename(filepath.Join(made, name), filepath.Join(outside, name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(outside, name), filepath.Join(made, name)); err != nil {
			t.Skip(err)
		}
	}
	theirs := filepath.Join(outside, "media", "holiday.jpg")
	if err := os.WriteFile(theirs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(outside, "old.db")
	if err := errors.Join(os.Rename(filepath.Join(made, "before-upgrade-from-3.db"), old), os.Symlink(old, filepath.Join(made, "before-upgrade-from-3.db"))); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(made, dir); err != nil {
		t.Fatal(err)
	}
	if err := Wipe(dir, time.Now); err != nil {
		t.Fatal(err)
	}
	if whole, err := WipedWhole(t.Context(), dir); err != nil || whole {
		t.Errorf("all is wiped before it is: %v", err)
	}
	if err := WipeRest(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	checkWiped(t, dir)
	if whole, err := WipedWhole(t.Context(), dir); err != nil || !whole {
		t.Errorf("something is left: %v", err)
	}
	if err := os.Remove(theirs); err != nil {
		t.Errorf("what was never ours on the other disk: %v", err)
	}
	for _, name := range []string{"media", "archives"} {
		if left, err := os.ReadDir(filepath.Join(outside, name)); err != nil || len(left) != 0 {
			t.Errorf("on the other disk %s holds %v, %v", name, left, err)
		}
	}
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the database from before an upgrade is on the other disk: %v", err)
	}
}

// A link that leads nowhere, or to the data directory itself, is said and not followed.
func TestWipingStopsAtLinksThatCannotBeFollowed(t *testing.T) {
	dir := farewellDir(t)
	if err := errors.Join(Wipe(dir, time.Now), os.RemoveAll(filepath.Join(dir, "media"))); err != nil {
		t.Fatal(err)
	}
	for target, words := range map[string]string{filepath.Join(t.TempDir(), "unmounted"): "what is not there", dir: "the data directory itself"} {
		link := filepath.Join(dir, "media")
		if err := os.Symlink(target, link); err != nil {
			t.Skip(err)
		}
		if err := WipeRest(t.Context(), dir); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("a link to %s: %v", target, err)
		}
		if _, err := os.Stat(filepath.Join(dir, FileName)); err != nil {
			t.Fatal(err)
		}
		if more, err := LeftBehind(dir); err != nil || !slices.Equal(more, []string{"mine.txt", "weekly"}) {
			t.Errorf("%q, %v", more, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "monday")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the link keeps a backup: %v", err)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
	if err := WipeRest(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	checkWiped(t, dir)
}

// Whoever ends the server does not wait until all is removed; the next start goes on.
func TestWipingEndsWithTheServer(t *testing.T) {
	dir := farewellDir(t)
	if err := Wipe(dir, time.Now); err != nil {
		t.Fatal(err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := WipeRest(ended, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("it went on: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "media/ab/cd/file")); err != nil {
		t.Error(err)
	}
	if err := WipeRest(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	checkWiped(t, dir)
}
