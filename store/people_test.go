package store_test

import (
	"errors"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// TestPeopleAreReadAsTheyAre: people who are kept in memory are never shown as they
// were before a change that was answered, whatever made it.
func TestPeopleAreReadAsTheyAre(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	bob := func(tx *store.Tx) store.Actor {
		t.Helper()
		one, err := tx.Actor(w.Bob.ID)
		if err != nil {
			t.Fatal(err)
		}
		all, err := tx.Actors(w.Bob.ID, w.Carol.ID, w.Bob.ID, 0, 99)
		if err != nil || len(all) != 2 || all[w.Bob.ID].Name != one.Name || all[w.Bob.ID].Avatar != one.Avatar {
			t.Fatalf("%+v, %v", all, err)
		}
		return one
	}
	now := func() (a store.Actor) {
		t.Helper()
		for range 2 { // from the file, and from memory
			a = read(t, s, func(tx *store.Tx) (store.Actor, error) { return bob(tx), nil })
		}
		return a
	}
	change := func(fn func(tx *store.Tx) error) store.Actor {
		t.Helper()
		now()
		write(t, s, fn)
		return now()
	}
	renamed := w.Bob
	renamed.Name, renamed.Extra.Fields = "Bob of the new name", []store.Field{{Name: "Site", Value: "bob.example"}}
	if got := change(func(tx *store.Tx) error { return tx.SaveActor(&renamed) }); got.Name != renamed.Name || len(got.Extra.Fields) != 1 {
		t.Errorf("after an edit %+v", got)
	}
	if got := change(func(tx *store.Tx) error { return tx.SetActorMedia(w.Bob.ID, "face", "bed") }); got.Avatar != "face" || got.Header != "bed" {
		t.Errorf("after new pictures %+v", got)
	}
	if got := change(func(tx *store.Tx) error { return tx.SetFields(w.Bob.ID, nil) }); len(got.Extra.Fields) != 0 {
		t.Errorf("after new fields %+v", got)
	}
	// What a transaction changes it sees itself, and what is taken back nobody sees.
	back := errors.New("taken back")
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		undone := renamed
		undone.Name = "Nobody"
		if err := tx.SaveActor(&undone); err != nil {
			return err
		}
		if got := bob(tx); got.Name != "Nobody" {
			t.Errorf("the writer sees %q", got.Name)
		}
		return back
	})
	if got := now(); !errors.Is(err, back) || got.Name != renamed.Name {
		t.Errorf("after a change that was taken back %q, %v", got.Name, err)
	}
	if got := change(func(tx *store.Tx) error { return tx.ActorGone(w.Bob.ID) }); got.GoneAt.IsZero() || got.Name != "" {
		t.Errorf("after they went %+v", got)
	}
	if n := s.PeopleKept(); n != 2 {
		t.Errorf("%d people are kept", n)
	}
	if got := change(func(tx *store.Tx) error { return tx.Exec("delete from actors where id = ?", w.Carol.ID+1000) }); got.ID != w.Bob.ID {
		t.Errorf("%+v", got)
	}
	// A reader that began before a change leaves nothing behind for those after it.
	read(t, s, func(tx *store.Tx) (map[int64]store.Actor, error) {
		bob(tx)
		write(t, s, func(tx *store.Tx) error { return tx.SetActorMedia(w.Bob.ID, "later", "") })
		bob(tx)
		return tx.Actors(store.OwnerID)
	})
	if got := now(); got.Avatar != "later" {
		t.Errorf("after a change during a read the picture is %q", got.Avatar)
	}
}

// TestPeopleKeptAreBounded: neither many people nor long profiles fill the memory.
func TestPeopleKeptAreBounded(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	var ids []int64
	write(t, s, func(tx *store.Tx) error {
		for i := range 700 {
			a := w.Bob
			a.ID, a.URI, a.FetchedAt = 0, a.URI+"/"+string(rune('A'+i)), time.Now()
			if i == 699 {
				a.Summary = string(make([]byte, 20000))
			}
			if err := tx.SaveActor(&a); err != nil {
				return err
			}
			ids = append(ids, a.ID)
		}
		return nil
	})
	read(t, s, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(ids[699]) })
	if n := s.PeopleKept(); n != 0 {
		t.Errorf("%d people are kept, of whom one has a very long profile", n)
	}
	read(t, s, func(tx *store.Tx) (map[int64]store.Actor, error) { return tx.Actors(ids...) })
	if n := s.PeopleKept(); n != 512 {
		t.Errorf("%d people are kept", n)
	}
}
