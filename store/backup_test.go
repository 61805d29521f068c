package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dassie/store"
	"dassie/store/media"
	"dassie/store/storetest"
)

// picture stores bytes as the media store does, and returns their name.
func picture(t *testing.T, dir, content string) string {
	t.Helper()
	m, err := media.Open(filepath.Join(dir, "media"))
	if err != nil {
		t.Fatal(err)
	}
	name, _, err := m.Blob(bg, strings.NewReader(content), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// furnished is a running server's store with pictures of the owner and of
// somebody else.
func furnished(t *testing.T) (s *store.Store, own []string, other string) {
	t.Helper()
	s = storetest.OpenAlice(t)
	own = []string{picture(t, s.Dir(), "avatar"), picture(t, s.Dir(), "in a post"), picture(t, s.Dir(), "smaller")}
	other = picture(t, s.Dir(), "somebody else's")
	write(t, s, func(tx *store.Tx) error {
		bob, err := storetest.Person(tx, "bob", "bob.example")
		if err != nil {
			return err
		}
		for id, name := range map[int64]string{store.OwnerID: own[0], bob.ID: other} {
			if err := tx.SetActorMedia(id, name, ""); err != nil {
				return err
			}
		}
		p := store.Post{ID: tx.NewID(), URI: "https://alice.example/posts/1", ActorID: store.OwnerID, PublishedAt: tx.Now(), StoredAt: tx.Now()}
		m := store.Media{Kind: store.MediaImage, MIME: "image/jpeg", File: own[1], Preview: own[2], Size: 9, PostID: p.ID}
		if err := tx.AddMedia(&m); err != nil {
			return err
		}
		p.Extra.Attachments = []store.Attachment{m.Attachment()}
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		if err := tx.SetSetting(store.CleanShutdown, "yes"); err != nil {
			return err
		}
		return tx.SaveRemoteMedia(store.RemoteMedia{URL: "https://bob.example/b.png", Shape: "avatar", Name: other, Size: 5, FetchedAt: tx.Now(), UsedAt: tx.Now()})
	})
	return s, own, other
}

func backUp(t *testing.T, dir string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "alice.tar")
	if _, _, err := store.BackupCommand(bg, dir, file, store.BackupOptions{Program: "dassie test"}); err != nil {
		t.Fatal(err)
	}
	return file
}

func yes(store.Backup) error { return nil }

func restoreInto(dir, file string) (store.Backup, error) {
	return store.RestoreCommand(bg, dir, file, store.RestoreOptions{Confirm: yes})
}

func TestBackupIsTheOwnersAndComesBack(t *testing.T) {
	s, own, other := furnished(t)
	write(t, s, func(tx *store.Tx) error { return tx.AddSession(store.Session{Hash: []byte("x"), CSRF: "y"}) })
	file := backUp(t, s.Dir())
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if left, _ := filepath.Glob(file + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	dir := filepath.Join(t.TempDir(), "deep", "new")
	b, err := restoreInto(dir, file)
	if err != nil {
		t.Fatal(err)
	}
	if b.Handle != "alice@alice.example" || !strings.Contains(b.Note, "private keys") || len(b.Files) != 4 {
		t.Errorf("manifest: %+v", b)
	}
	m, err := media.Open(filepath.Join(dir, "media"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range own {
		f, _, err := m.Open(name)
		if err != nil {
			t.Errorf("own picture: %v", err)
			continue
		}
		f.Close()
	}
	if _, _, err := m.Open(other); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("somebody else's picture: %v", err)
	}
	private(t, dir)
	again, err := store.Open(dir, store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for query, want := range map[string]int64{
		"select count(*) from remote_media":                                      0,
		"select count(*) from sessions":                                          0,
		"select count(*) from settings where key = 'clean_shutdown'":             0,
		"select count(*) from settings where key = 'last_backup'":                1,
		"select count(*) from actors where avatar != '' and id != 1":             0,
		"select count(*) from actors where avatar != '' and id = 1":              1,
		"select count(*) from keys":                                              3,
		"select count(*) from posts where uri = 'https://alice.example/posts/1'": 1,
	} {
		if n := count(t, again, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	if count(t, s, "select count(*) from remote_media") != 1 {
		t.Error("the backup took something from the server itself")
	}
}

// private: nobody else can read what is in a directory.
func private(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// What was being sent may have arrived: after a restore it counts so, and what
// waits for a server that fails stays unsent.
func TestRestoreCountsAsACrash(t *testing.T) {
	s := storetest.OpenAlice(t)
	write(t, s, func(tx *store.Tx) error {
		if err := tx.SetSetting(store.CleanShutdown, "yes"); err != nil {
			return err
		}
		host, err := tx.EnsureHost("bob.example")
		if err != nil {
			return err
		}
		return tx.QueueOutgoing(&store.Outgoing{Kind: "Create", URI: "https://alice.example/posts/1/activity"}, []store.InboxTarget{{URL: "https://bob.example/inbox", HostID: host}})
	})
	dir := filepath.Join(t.TempDir(), "new")
	b, err := restoreInto(dir, backUp(t, s.Dir()))
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, store.FileName))
	if err != nil || !info.ModTime().Equal(b.Created) {
		t.Errorf("the database's date is %v, the backup's %v", info.ModTime(), b.Created)
	}
	again, err := store.Open(dir, store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if n := count(t, again, "select count(*) from deliveries where state = 0"); n != 1 {
		t.Errorf("%d deliveries wait", n)
	}
	if _, err := store.Get(bg, again, func(tx *store.Tx) (string, error) { return tx.Setting(store.CleanShutdown) }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the mark of a clean end: %v", err)
	}
}

func TestBackupUnderLoad(t *testing.T) {
	s := storetest.OpenAlice(t)
	ctx, stop := context.WithCancel(bg)
	defer stop()
	done := make(chan int)
	begun := make(chan struct{})
	go func() {
		n := 0
		for ; ctx.Err() == nil; n++ {
			err := s.Write(bg, func(tx *store.Tx) error {
				// Two rows that belong together: a backup has both or none.
				return errors.Join(tx.SetSetting(fmt.Sprint("a", n), strings.Repeat("x", 500)), tx.SetSetting(fmt.Sprint("b", n), "y"))
			})
			if err != nil {
				t.Error(err)
				break
			}
			if n == 20 {
				close(begun)
			}
		}
		done <- n
	}()
	<-begun
	var files []string
	for range 5 {
		files = append(files, backUp(t, s.Dir()))
	}
	stop()
	<-done
	for _, file := range files {
		dir := filepath.Join(t.TempDir(), "new")
		if _, err := restoreInto(dir, file); err != nil {
			t.Fatal(err)
		}
		again, err := store.Open(dir, store.Options{Serve: true})
		if err != nil {
			t.Fatal(err)
		}
		a := count(t, again, "select count(*) from settings where key glob 'a[0-9]*'")
		b := count(t, again, "select count(*) from settings where key glob 'b[0-9]*'")
		if a < 20 || a != b {
			t.Errorf("%d and %d rows", a, b)
		}
		again.Close()
	}
}

func TestBackupRefusals(t *testing.T) {
	s := storetest.OpenAlice(t)
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data, file, want string
		options          store.BackupOptions
	}{
		"a file that is there": {s.Dir(), there, "is there already", store.BackupOptions{}},
		"no directory":         {s.Dir(), filepath.Join(dir, "none", "x"), "no such file", store.BackupOptions{}},
		"no account":           {t.TempDir(), filepath.Join(dir, "x"), "no account", store.BackupOptions{}},
		"no room":              {s.Dir(), filepath.Join(dir, "x"), "has 1000: make room", store.BackupOptions{}.WithFreeBytes(1000)},
	} {
		_, _, err := store.BackupCommand(bg, c.data, c.file, c.options)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := files(t, dir); len(got) != 1 || string(got["there"]) != "precious" {
		t.Errorf("left behind: %v", got)
	}
	if n := count(t, s, "select count(*) from settings where key = 'last_backup'"); n != 0 {
		t.Error("a backup that failed counts as made")
	}
}

func TestBackupOfMissingPictureSaysSo(t *testing.T) {
	s, own, _ := furnished(t)
	if err := os.RemoveAll(filepath.Join(s.Dir(), "media")); err != nil {
		t.Fatal(err)
	}
	b, _, err := store.BackupCommand(bg, s.Dir(), filepath.Join(t.TempDir(), "x"), store.BackupOptions{})
	if err != nil || len(b.Missing) != len(own) {
		t.Errorf("%v, %v", b.Missing, err)
	}
}

// TestBackupOfAnOlderSchema: it is made before the upgrade, when it is wanted most.
func TestBackupOfAnOlderSchema(t *testing.T) {
	dir := frozen(t)
	keys := read(t, storetest.OpenAlice(t), func(tx *store.Tx) ([]store.PrivateKey, error) { return tx.PrivateKeys() })
	for _, k := range keys {
		id := "https://alice.example/users/abcdefghij#" + k.Name + "-key"
		runSQL(t, filepath.Join(dir, store.FileName), fmt.Sprintf("insert or replace into keys values ('%s', '%s', x'%x', 0)", k.Name, id, k.PKCS8))
	}
	runSQL(t, filepath.Join(dir, store.FileName), "update actors set uri = 'https://alice.example/users/abcdefghij' where id = 1")
	file := backUp(t, dir)
	into := filepath.Join(t.TempDir(), "new")
	if b, err := restoreInto(into, file); err != nil || b.Schema != 1 {
		t.Fatalf("%+v, %v", b, err)
	}
	s, err := store.Open(into, store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestBackupByAnotherUserIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	s := storetest.OpenAlice(t)
	if err := os.Chown(filepath.Join(s.Dir(), store.FileName), 65534, 65534); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "x")
	if _, _, err := store.BackupCommand(bg, s.Dir(), file, store.BackupOptions{}); err == nil || !strings.Contains(err.Error(), "sudo -u") {
		t.Errorf("backup: %v", err)
	}
	given := t.TempDir()
	if err := os.Chown(given, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if _, err := restoreInto(given, file); err == nil || !strings.Contains(err.Error(), "sudo -u") {
		t.Errorf("restore: %v", err)
	}
}
