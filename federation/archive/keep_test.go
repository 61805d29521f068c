package archive_test

import (
	"context"
	"database/sql"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dassie/federation/archive"
	"dassie/store"
)

func noted(t *testing.T, s *store.Store) []store.Archive {
	t.Helper()
	all, err := store.Get(ctx(), s, func(tx *store.Tx) ([]store.Archive, error) { return tx.Archives() })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// What a crash left in the folder between the file and its note is a copy of everything
// that nobody can see or remove: the next start does.
func TestAnArchiveThatNothingNamesGoesAtTheNextStart(t *testing.T) {
	c, alice, _ := everything(t)
	dir := t.TempDir()
	src := source(c, alice)
	k := archive.NewKeeper(src, dir, slog.New(slog.DiscardHandler))
	if err := k.Ask(ctx(), "Firefox"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.RunDue(ctx()); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(dir, noted(t, alice.Store())[0].File)
	for _, name := range []string{"archive-20261120120000-0123.zip", "archive-20261120120000-4567.zip.part"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("everything"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	running, stop := context.WithCancel(ctx())
	defer stop()
	src.Now = func() time.Time { stop(); return c.Now() } // it looks at what is kept, and ends
	if err := archive.NewKeeper(src, dir, slog.New(slog.DiscardHandler)).Run(running); err != nil {
		t.Fatal(err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(files) != 1 || files[0] != kept {
		t.Errorf("the folder has %v, %v", files, err)
	}
}

// Who stops an archive in the moment in which it is whole has none afterwards.
func TestAnArchiveStoppedInItsLastMomentIsGone(t *testing.T) {
	c, alice, _ := everything(t)
	dir := t.TempDir()
	src := source(c, alice)
	src.Now = func() time.Time {
		if files, _ := filepath.Glob(filepath.Join(dir, "*.zip")); len(files) == 1 {
			for _, a := range noted(t, alice.Store()) {
				if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.DropArchive(a.ID) }); err != nil {
					t.Error(err)
				}
			}
		}
		return c.Now()
	}
	k := archive.NewKeeper(src, dir, slog.New(slog.DiscardHandler))
	if err := k.Ask(ctx(), "Firefox"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.RunDue(ctx()); err != nil {
		t.Fatal(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 || len(noted(t, alice.Store())) != 0 {
		t.Errorf("the folder has %v, %v", files, err)
	}
}

// Whoever removes an archive while it is being noted as ready removes its file too.
func TestAnArchiveRemovedWhileItIsNotedIsGone(t *testing.T) {
	c, alice, _ := everything(t)
	dir := t.TempDir()
	src := source(c, alice)
	var k *archive.Keeper
	var drop func() // in the moment in which the file is whole
	src.Now = func() time.Time {
		if files, _ := filepath.Glob(filepath.Join(dir, "*.zip")); len(files) == 1 && drop != nil {
			drop()
			drop = nil
		}
		return c.Now()
	}
	k = archive.NewKeeper(src, dir, slog.New(slog.DiscardHandler))
	for range 5 {
		if err := k.Ask(ctx(), "Firefox"); err != nil {
			t.Fatal(err)
		}
		dropped := make(chan error, 1)
		id := noted(t, alice.Store())[0].ID
		drop = func() { go func() { dropped <- k.Drop(ctx(), id) }() }
		if _, err := k.RunDue(ctx()); err != nil {
			t.Fatal(err)
		}
		if err := <-dropped; err != nil {
			t.Fatal(err)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 0 || len(noted(t, alice.Store())) != 0 {
			t.Fatalf("the folder has %v, %v", files, err)
		}
	}
}

// An archive that the database does not note is not left in the folder, where each
// further try would lay another beside it.
func TestAnArchiveThatCannotBeNotedLeavesNoFile(t *testing.T) {
	c, alice, _ := everything(t)
	db, err := sql.Open("sqlite", filepath.Join(alice.Store().Dir(), store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`create trigger refuse before update on archives begin select raise(abort, 'no'); end`); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	k := archive.NewKeeper(source(c, alice), dir, slog.New(slog.DiscardHandler))
	if err := k.Ask(ctx(), "Firefox"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := k.RunDue(ctx()); err == nil {
			t.Fatal("it was noted all the same")
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("the folder has %v, %v", files, err)
	}
	if _, err := db.Exec(`drop trigger refuse`); err != nil {
		t.Fatal(err)
	}
	if _, err := k.RunDue(ctx()); err != nil || noted(t, alice.Store())[0].State != store.ArchiveReady {
		t.Errorf("%+v, %v", noted(t, alice.Store()), err)
	}
}

// What is told of the way counts every pass, never goes back, and ends at the end.
func TestTheProgressOfAnArchive(t *testing.T) {
	c, alice := randomAccount(t, 11)
	var last archive.Progress
	if _, err := source(c, alice).Write(ctx(), io.Discard, func(p archive.Progress) {
		if p.Share() < last.Share() || p.Done < last.Done || p.Bytes < last.Bytes {
			t.Errorf("after %+v came %+v", last, p)
		}
		last = p
	}); err != nil {
		t.Fatal(err)
	}
	if last.Done != last.Total || last.Work != last.Works || last.Share() != 1 || last.Total == 0 {
		t.Errorf("it ended with %+v", last)
	}
}

// An archive is for its owner alone, also on the disk.
func TestT64_AnArchiveIsForItsOwnerAlone(t *testing.T) {
	c, alice, _ := everything(t)
	dir := filepath.Join(t.TempDir(), "archives")
	k := archive.NewKeeper(source(c, alice), dir, slog.New(slog.DiscardHandler))
	if err := k.Ask(ctx(), "Firefox"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.RunDue(ctx()); err != nil {
		t.Fatal(err)
	}
	file, err := os.Stat(filepath.Join(dir, noted(t, alice.Store())[0].File))
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.Stat(dir)
	if err != nil || file.Mode() != 0o600 || folder.Mode() != fs.ModeDir|0o700 {
		t.Errorf("%v in %v, %v", file.Mode(), folder.Mode(), err)
	}
}

// The command says in words that it was stopped, and leaves nothing.
func TestAnExportThatIsStoppedLeavesNothing(t *testing.T) {
	_, alice, _ := everything(t)
	stopped, stop := context.WithCancel(ctx())
	file := filepath.Join(t.TempDir(), "mine.zip")
	_, err := archive.ExportCommand(stopped, alice.Store(), t.TempDir(), file, "test", func(stage string) {
		if stage == "Your posts" {
			stop()
		}
	})
	if err == nil || !strings.Contains(err.Error(), "there is no file") {
		t.Errorf("it says %v", err)
	}
	if files, err := os.ReadDir(filepath.Dir(file)); err != nil || len(files) != 0 {
		t.Errorf("it left %v, %v", files, err)
	}
}
