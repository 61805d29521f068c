package store_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

// inFiles counts how often something stands in the files of the database.
func inFiles(t *testing.T, dir, words string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, store.FileName+"*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if filepath.Ext(file) == ".db-shm" {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n += bytes.Count(b, []byte(words))
	}
	return n
}

// What was erased is not in the files any more: neither in free pages, nor in the rest
// of pages that are in use, nor in the log.
func TestWhatIsOverwrittenIsNotInTheFiles(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	const words = "Owes me honey since the fair"
	const indexed = "zvwkjhx" // the rest of a word, whose beginning an index may leave out
	text := func(p store.Post) string {
		if strings.HasPrefix(p.URI, "https://bob.example/long/") {
			return strings.ToUpper("q"+indexed) + " and honey"
		}
		return "rain"
	}
	var posts []store.Post
	write(t, s, func(tx *store.Tx) error {
		for i := range 60 {
			p := store.Post{URI: fmt.Sprint("https://bob.example/long/", i), ActorID: w.Bob.ID, Content: strings.Repeat(words+" ", 1+i*10), PublishedAt: storetest.Start}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			posts = append(posts, p)
		}
		bob := w.Bob
		bob.Summary = words
		if err := tx.SaveActor(&bob); err != nil {
			return err
		}
		return tx.SetNote(bob.ID, words)
	})
	write(t, s, func(tx *store.Tx) error { _, err := tx.IndexBatch(500, text); return err })
	for i := range 20 { // so that rows moved about
		write(t, s, func(tx *store.Tx) error {
			p := store.Post{URI: fmt.Sprint("https://carol.example/", i), ActorID: w.Carol.ID, Content: strings.Repeat("Rain ", i*30), PublishedAt: storetest.Start}
			return tx.InsertPost(&p)
		})
	}
	write(t, s, func(tx *store.Tx) error { _, err := tx.IndexBatch(500, text); return err })
	if inFiles(t, s.Dir(), words) == 0 || inFiles(t, s.Dir(), indexed) == 0 {
		t.Fatal("the words are not there")
	}
	for from := 0; from < len(posts); from += 20 { // in slices, as erasures go
		write(t, s, func(tx *store.Tx) error {
			if err := tx.Overwrite(); err != nil {
				return err
			}
			for _, p := range posts[from : from+20] {
				if err := tx.DeletePost(p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.Overwrite(); err != nil {
			return err
		}
		if err := tx.EraseSubject(w.Bob.ID); err != nil {
			return err
		}
		_, err := tx.EraseActor(w.Bob.ID)
		return err
	})
	for begin, more := true, true; more; begin = false {
		write(t, s, func(tx *store.Tx) (err error) {
			if err := tx.Overwrite(); err != nil {
				return err
			}
			more, err = tx.MergeSearch(2, begin)
			return err
		})
	}
	write(t, s, func(tx *store.Tx) error { tx.After(s.EmptyLog); return nil })
	for _, erased := range []string{words, indexed} {
		if n := inFiles(t, s.Dir(), erased); n != 0 {
			t.Errorf("%q stands %d times in the files", erased, n)
		}
	}
	if n := count(t, s, `select count(*) from search where search match 'body : rain'`); n < 20 {
		t.Errorf("%d posts of others are found", n)
	}
	if got := read(t, s, func(tx *store.Tx) ([]string, error) { return tx.Strings("pragma secure_delete") }); got[0] != "2" {
		t.Errorf("secure_delete is %s on the readers", got)
	}
	if n := count(t, s, `select count(*) from posts where actor_id = ?`, w.Carol.ID); n < 20 {
		t.Errorf("somebody else has %d posts left", n)
	}
}

// Who crashes right after an erasure has its log emptied at the next start.
func TestACrashAfterAnErasureLeavesNothingInTheLog(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	const words = "Owes me honey since the fair"
	p := store.Post{URI: "https://bob.example/long", ActorID: w.Bob.ID, Content: strings.Repeat(words+" ", 500), PublishedAt: storetest.Start}
	write(t, s, func(tx *store.Tx) error { return tx.InsertPost(&p) })
	left := t.TempDir() // the files as a crash leaves them
	write(t, s, func(tx *store.Tx) error {
		tx.After(func() {
			for _, name := range []string{store.FileName, store.FileName + "-wal"} {
				b, err := os.ReadFile(filepath.Join(s.Dir(), name))
				if err == nil {
					err = os.WriteFile(filepath.Join(left, name), b, 0o600)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
		if err := tx.Overwrite(); err != nil {
			return err
		}
		return tx.DeletePost(p)
	})
	if inFiles(t, left, words) == 0 {
		t.Fatal("the log held nothing")
	}
	again, err := store.Open(left, store.Options{Serve: true})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	write(t, again, func(tx *store.Tx) error { tx.After(again.EmptyLog); return nil })
	if n := inFiles(t, left, words); n != 0 {
		t.Errorf("the words stand %d times in the files", n)
	}
}
