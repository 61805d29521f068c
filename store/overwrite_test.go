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
func inFiles(t *testing.T, s *store.Store, words string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Dir(), store.FileName+"*"))
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
	for i := range 20 { // so that rows moved about
		write(t, s, func(tx *store.Tx) error {
			p := store.Post{URI: fmt.Sprint("https://carol.example/", i), ActorID: w.Carol.ID, Content: strings.Repeat("Rain ", i*30), PublishedAt: storetest.Start}
			return tx.InsertPost(&p)
		})
	}
	if n := inFiles(t, s, words); n == 0 {
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
	write(t, s, func(tx *store.Tx) error { tx.After(s.EmptyLog); return nil })
	if n := inFiles(t, s, words); n != 0 {
		t.Errorf("the words stand %d times in the files", n)
	}
	if got := read(t, s, func(tx *store.Tx) ([]string, error) { return tx.Strings("pragma secure_delete") }); got[0] != "2" {
		t.Errorf("secure_delete is %s on the readers", got)
	}
	if n := count(t, s, `select count(*) from posts where actor_id = ?`, w.Carol.ID); n < 20 {
		t.Errorf("somebody else has %d posts left", n)
	}
}
