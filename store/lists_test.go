package store_test

import (
	"fmt"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

// listed makes a list with Bob in it that holds his walk and his boost.
func listed(t *testing.T, s *store.Store, w storetest.World) store.List {
	t.Helper()
	l := store.List{Title: "Bakers", Replies: store.RepliesListed}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.SaveList(&l); err != nil {
			return err
		}
		if fresh, err := tx.AddListed(l.ID, w.Bob.ID); err != nil || !fresh {
			return fmt.Errorf("new to the list: %v, %w", fresh, err)
		}
		for _, id := range []int64{w.Walk.ID, w.Boost.ID} {
			if err := tx.AddListPost(l.ID, id); err != nil {
				return err
			}
		}
		return nil
	})
	return l
}

func inList(t *testing.T, s *store.Store, id int64) (uris []string) {
	t.Helper()
	for _, p := range read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.ListPosts(id, store.Page{Limit: 100}) }) {
		uris = append(uris, p.URI)
	}
	return uris
}

func TestAListHoldsWhatItsPeopleWrote(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	l := listed(t, s, w)
	if got := inList(t, s, l.ID); len(got) != 2 || got[0] != w.Boost.URI || got[1] != w.Walk.URI {
		t.Errorf("the list holds %v", got)
	}
	counts := read(t, s, func(tx *store.Tx) (map[int64]int, error) { return tx.CountListed() })
	if counts[l.ID] != 1 {
		t.Errorf("counted %v", counts)
	}
	l.Title, l.Exclusive = "Friends of bread", true
	write(t, s, func(tx *store.Tx) error { return tx.SaveList(&l) })
	of := read(t, s, func(tx *store.Tx) ([]store.List, error) { return tx.ListsOf(w.Bob.ID) })
	if len(of) != 1 || of[0].Title != l.Title || !of[0].Exclusive || of[0].Replies != store.RepliesListed {
		t.Errorf("Bob is in %+v", of)
	}
}

// Whoever stops following somebody has them in no list, and their posts leave it
// at once; the rows are swept.
func TestWhoIsUnfollowedLeavesTheLists(t *testing.T) {
	for name, end := range map[string]func(tx *store.Tx, w storetest.World, l store.List) error{
		"unfollowed": func(tx *store.Tx, w storetest.World, _ store.List) error { return tx.DropFollowing(w.Bob.ID) },
		"refused": func(tx *store.Tx, w storetest.World, _ store.List) error {
			return tx.SaveFollowing(store.Following{ActorID: w.Bob.ID, State: store.FollowRejected, AskedAt: storetest.Start})
		},
		"gone":      func(tx *store.Tx, w storetest.World, _ store.List) error { return tx.ActorGone(w.Bob.ID) },
		"taken out": func(tx *store.Tx, w storetest.World, l store.List) error { return tx.DropListed(l.ID, w.Bob.ID) },
		"list gone": func(tx *store.Tx, w storetest.World, l store.List) error { return tx.DropList(l.ID) },
	} {
		t.Run(name, func(t *testing.T) {
			s := storetest.OpenAlice(t)
			w := storetest.Populate(t, s)
			l := listed(t, s, w)
			write(t, s, func(tx *store.Tx) error { return end(tx, w, l) })
			if got := inList(t, s, l.ID); len(got) != 0 {
				t.Errorf("the list holds %v", got)
			}
			if n := count(t, s, "select count(*) from list_members"); n != 0 {
				t.Errorf("%d in the list", n)
			}
			if n := sweepAll(t, s)["posts of people who left a list"]; n != 2 {
				t.Errorf("%d rows swept", n)
			}
			if n := count(t, s, "select count(*) from list_posts"); n != 0 {
				t.Errorf("%d rows are left", n)
			}
		})
	}
}

func TestAskedAgainStaysInTheLists(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	l := listed(t, s, w)
	write(t, s, func(tx *store.Tx) error {
		return tx.SaveFollowing(store.Following{ActorID: w.Bob.ID, State: store.FollowAsked, Boosts: true, AskedAt: storetest.Start})
	})
	if got := inList(t, s, l.ID); len(got) != 2 {
		t.Errorf("the list holds %v", got)
	}
	if n := sweepAll(t, s)["posts of people who left a list"]; n != 0 {
		t.Errorf("%d rows swept", n)
	}
}

// With a post go its rows: a list and the saved posts say nothing false.
func TestADeletedPostLeavesListsAndSaved(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	listed(t, s, w)
	write(t, s, func(tx *store.Tx) error {
		for _, id := range []int64{w.Walk.ID, w.Hello.ID, w.Walk.ID} {
			if err := tx.AddBookmark(id); err != nil {
				return err
			}
		}
		return nil
	})
	saved := read(t, s, func(tx *store.Tx) ([]store.Bookmark, error) { return tx.Bookmarks(store.Page{}) })
	if len(saved) != 2 || saved[0].PostID != w.Hello.ID || saved[1].PostID != w.Walk.ID {
		t.Errorf("saved: %+v", saved)
	}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.DeletePost(w.Walk); err != nil {
			return err
		}
		return tx.DeletePost(w.Hello) // and its boost with it
	})
	for _, table := range []string{"bookmarks", "list_posts"} {
		if n := count(t, s, "select count(*) from "+table); n != 0 {
			t.Errorf("%d rows in %s", n, table)
		}
	}
}

func TestIdsOfListsAndSavedAreNotDrawnAgain(t *testing.T) {
	dir := t.TempDir()
	storetest.File(t, dir)
	c := &clock{now: storetest.Start}
	open := func() *store.Store {
		s, err := store.Open(dir, store.Options{Serve: true, Now: c.Now})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open()
	l := store.List{Title: "One"}
	write(t, s, func(tx *store.Tx) error { return tx.SaveList(&l) })
	s.Close()
	c.Add(-30 * aDay)
	s = open()
	defer s.Close()
	again := store.List{Title: "Two"}
	write(t, s, func(tx *store.Tx) error { return tx.SaveList(&again) })
	if again.ID <= l.ID {
		t.Errorf("the second list is %d, the first was %d", again.ID, l.ID)
	}
}
