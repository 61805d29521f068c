package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestBlocksArePagedAndKeepPostsOut(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	write(t, s, func(tx *store.Tx) error {
		for i := range 7 {
			p, err := storetest.Person(tx, fmt.Sprint("p", i), "many.example")
			if err != nil {
				return err
			}
			if err := tx.AddBlock(p.ID, "x"); err != nil {
				return err
			}
		}
		return tx.AddBlock(w.Carol.ID, "y")
	})
	var seen []int64
	for after := int64(0); ; {
		page := read(t, s, func(tx *store.Tx) ([]store.Block, error) { return tx.BlockList(after, 3) })
		for _, b := range page {
			seen = append(seen, b.ActorID)
		}
		if len(page) < 3 {
			break
		}
		after = page[2].ActorID
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 8 {
		t.Errorf("the pages hold %v", seen)
	}
	boost := store.Post{URI: "https://bob.example/b", ActorID: w.Bob.ID, BoostOf: w.Tea.ID, PublishedAt: storetest.Start}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.InsertPost(&boost); err != nil {
			return err
		}
		for _, id := range []int64{w.Tea.ID, boost.ID} {
			if err := tx.AddHome(id, false); err != nil {
				return err
			}
		}
		return tx.Notify(&store.Notification{Kind: "follow", ActorID: w.Carol.ID})
	})
	for _, id := range []int64{w.Tea.ID, boost.ID} {
		if read(t, s, func(tx *store.Tx) (bool, error) { return tx.InHome(id) }) {
			t.Errorf("post %d came into home", id)
		}
	}
	if n := count(t, s, "select count(*) from notifications where actor_id = ?", w.Carol.ID); n != 0 {
		t.Errorf("%d notices of somebody blocked", n)
	}
	write(t, s, func(tx *store.Tx) error { return tx.DropBlock(w.Carol.ID) })
	write(t, s, func(tx *store.Tx) error { return tx.AddHome(boost.ID, false) })
	if !read(t, s, func(tx *store.Tx) (bool, error) { return tx.InHome(boost.ID) }) {
		t.Error("after the unblock it stays out")
	}
}

func TestPostsLeaveHomeInSlices(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	write(t, s, func(tx *store.Tx) error {
		for i := range 25 {
			p := store.Post{URI: fmt.Sprint("https://bob.example/m/", i), ActorID: w.Bob.ID, Content: "<p>x</p>", PublishedAt: storetest.Start.Add(time.Duration(i) * time.Minute)}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			if err := tx.AddHome(p.ID, false); err != nil {
				return err
			}
			if i == 12 {
				if _, err := tx.IndexBatch(100, func(store.Post) string { return "x" }); err != nil {
					return err
				}
			}
		}
		return nil
	})
	slices := 0
	for below := int64(-1); below != 0; slices++ {
		write(t, s, func(tx *store.Tx) (err error) { below, err = tx.LeaveHome(w.Bob.ID, max(below, 0), 10); return err })
	}
	if n := count(t, s, "select count(*) from home"); n != 0 || slices < 3 {
		t.Errorf("%d rows are left after %d slices", n, slices)
	}
}

func TestReportsByDayAndServer(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	w := storetest.Populate(t, s)
	add := func(r store.Report) store.Report {
		write(t, s, func(tx *store.Tx) error { return tx.AddReport(&r) })
		return r
	}
	add(store.Report{ActorID: w.Bob.ID, AboutID: store.OwnerID, Text: "old"})
	c.Set(storetest.Start.Add(30 * time.Hour))
	first := add(store.Report{ActorID: w.Bob.ID, AboutID: store.OwnerID, Posts: []string{"a", "b"}})
	add(store.Report{ActorID: w.Carol.ID, AboutID: store.OwnerID})
	own := add(store.Report{Own: true, ActorID: store.OwnerID, AboutID: w.Bob.ID})
	write(t, s, func(tx *store.Tx) error {
		ofHost, all, err := tx.CountReportsSince(c.Now().Add(-24*time.Hour), w.Bob.HostID)
		if ofHost != 1 || all != 2 {
			t.Errorf("within a day %d of the server, %d in all", ofHost, all)
		}
		return err
	})
	if r := read(t, s, func(tx *store.Tx) (store.Report, error) { return tx.Report(first.ID) }); !slices.Equal(r.Posts, []string{"a", "b"}) {
		t.Errorf("read %+v", r)
	}
	if n := read(t, s, (*store.Tx).CountOpenReports); n != 3 {
		t.Errorf("%d are open", n)
	}
	if list := read(t, s, func(tx *store.Tx) ([]store.Report, error) { return tx.Reports(true, store.Page{}) }); len(list) != 1 || list[0].ID != own.ID {
		t.Errorf("own ones: %+v", list)
	}
	c.Set(storetest.Start.Add(200 * 24 * time.Hour))
	if _, err := s.Sweep(bg); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, "select count(*) from reports"); n != 0 {
		t.Errorf("%d reports after 200 days", n)
	}
}

func TestPinsAreTrimmed(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	w := storetest.Populate(t, s)
	for i, id := range []int64{w.Walk.ID, w.Answer.ID, w.Boost.ID} {
		c.Set(storetest.Start.Add(time.Duration(i) * time.Hour))
		write(t, s, func(tx *store.Tx) error {
			if err := tx.Pin(w.Bob.ID, id); err != nil {
				return err
			}
			return tx.TrimPins(w.Bob.ID, 2)
		})
	}
	pins := read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Pinned(w.Bob.ID) })
	if len(pins) != 2 || pins[0].ID != w.Boost.ID || pins[1].ID != w.Answer.ID {
		t.Errorf("pins %+v", pins)
	}
}

// T48: a block of a server hides its people, and those of the servers below it,
// but never the owner, whose own server may lie there too.
func TestT48_WhoIsHidden(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	write(t, s, func(tx *store.Tx) error {
		me, err := tx.EnsureHost("me.home.example")
		if err != nil {
			return err
		}
		next, err := storetest.Person(tx, "next", "door.home.example")
		if err != nil {
			return err
		}
		if err := tx.BlockHost("home.example"); err != nil {
			return err
		}
		if err := tx.AddBlock(w.Carol.ID, "x"); err != nil {
			return err
		}
		people, err := tx.Actors(w.Bob.ID, w.Carol.ID, next.ID)
		if err != nil {
			return err
		}
		people[store.OwnerID] = store.Actor{ID: store.OwnerID, HostID: me}
		hidden, err := tx.HiddenActors(people)
		if hidden[store.OwnerID] || hidden[w.Bob.ID] || !hidden[w.Carol.ID] || !hidden[next.ID] {
			t.Errorf("hidden are %v", hidden)
		}
		return err
	})
}

func TestPostIDsByURI(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	ids := read(t, s, func(tx *store.Tx) (map[string]int64, error) {
		return tx.PostIDsByURI(w.Hello.URI, "https://bob.example/none", w.Walk.URI, w.Hello.URI)
	})
	if len(ids) != 2 || ids[w.Hello.URI] != w.Hello.ID || ids[w.Walk.URI] != w.Walk.ID {
		t.Errorf("%v", ids)
	}
}
