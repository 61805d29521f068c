package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// A mute hides what somebody wrote, what they boosted and boosts of what they
// wrote, and nothing of it is lost when it is over.
func TestMutesHideAndEndByThemselves(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	w := storetest.Populate(t, s)
	boostOfCarol := store.Post{URI: "https://bob.example/b", ActorID: w.Bob.ID, BoostOf: w.Tea.ID, PublishedAt: storetest.Start}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.InsertPost(&boostOfCarol); err != nil {
			return err
		}
		return tx.AddHome(boostOfCarol.ID, false)
	})
	home := func() []int64 {
		t.Helper()
		var ids []int64
		for _, p := range read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Home(store.Page{Limit: 50}) }) {
			ids = append(ids, p.ID)
		}
		if lines := read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.HomeLines(store.Page{Limit: 50}) }); len(lines) != len(ids) {
			t.Errorf("%d lines, %d shown", len(lines), len(ids))
		}
		return ids
	}
	all := home()
	if !slices.Contains(all, boostOfCarol.ID) || !slices.Contains(all, w.Walk.ID) {
		t.Fatalf("home holds %v", all)
	}
	mute := func(m store.Mute) { write(t, s, func(tx *store.Tx) error { return tx.SaveMute(m) }) }

	mute(store.Mute{ActorID: w.Carol.ID})
	if now := home(); slices.Contains(now, boostOfCarol.ID) || !slices.Contains(now, w.Walk.ID) {
		t.Errorf("with carol muted home holds %v", now)
	}
	mute(store.Mute{ActorID: w.Bob.ID, Until: c.Now().Add(time.Hour), Notices: true})
	if now := home(); slices.Contains(now, w.Walk.ID) {
		t.Errorf("with bob muted home holds %v", now)
	}
	shown := func() int {
		return len(read(t, s, func(tx *store.Tx) ([]store.Notification, error) { return tx.Notifications(store.Page{}, nil, nil) }))
	}
	if n := shown(); n != 0 {
		t.Errorf("%d notices of bob", n)
	}
	if n := read(t, s, func(tx *store.Tx) (int, error) { return tx.CountNotificationsSince(0, 99) }); n != 0 {
		t.Errorf("%d notices of bob are counted", n)
	}
	n := store.Notification{Kind: "follow", ActorID: w.Bob.ID}
	write(t, s, func(tx *store.Tx) error { return tx.Notify(&n) })
	if n.ID != 0 {
		t.Error("a notice of bob was given")
	}
	n = store.Notification{Kind: "follow", ActorID: w.Carol.ID} // muted, her notices are not
	write(t, s, func(tx *store.Tx) error { return tx.Notify(&n) })
	if n.ID == 0 || shown() != 1 {
		t.Error("a notice of carol was not given")
	}

	c.Set(c.Now().Add(time.Hour))
	if now := home(); !slices.Contains(now, w.Walk.ID) || slices.Contains(now, boostOfCarol.ID) {
		t.Errorf("after an hour home holds %v", now)
	}
	if shown() != 2 {
		t.Error("notices from before the mute did not come back")
	}
	write(t, s, func(tx *store.Tx) error {
		if _, err := tx.MuteOf(w.Bob.ID); err != store.ErrNotFound {
			t.Errorf("a mute that is over: %v", err)
		}
		if n, err := tx.CountMutes(); n != 1 || err != nil {
			t.Errorf("%d mutes, %v", n, err)
		}
		return nil
	})
	if _, err := s.Sweep(bg); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, "select count(*) from mutes"); n != 1 {
		t.Errorf("%d mutes after the sweep", n)
	}
	write(t, s, func(tx *store.Tx) error { return tx.DropMute(w.Carol.ID) })
	if now := home(); !slices.Equal(now, all) {
		t.Errorf("at the end home holds %v, not %v", now, all)
	}
}

func TestBoostsThatAreNotWanted(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	boost := store.Post{URI: "https://bob.example/b", ActorID: w.Bob.ID, BoostOf: w.Tea.ID, PublishedAt: storetest.Start}
	set := func(boosts bool) {
		write(t, s, func(tx *store.Tx) error {
			f, err := tx.Following(w.Bob.ID)
			if err != nil {
				return err
			}
			f.Boosts = boosts
			return tx.SaveFollowing(f)
		})
	}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.InsertPost(&boost); err != nil {
			return err
		}
		return tx.AddHome(boost.ID, false)
	})
	has := func(id int64) bool {
		home := read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Home(store.Page{Limit: 50}) })
		return slices.ContainsFunc(home, func(p store.Post) bool { return p.ID == id })
	}
	set(false)
	if has(boost.ID) || !has(w.Walk.ID) {
		t.Error("without boosts home shows the boost, or not the post")
	}
	set(true)
	if !has(boost.ID) {
		t.Error("with boosts home does not show the boost")
	}
}

func TestMutesArePaged(t *testing.T) {
	s := storetest.OpenAlice(t)
	storetest.Populate(t, s)
	write(t, s, func(tx *store.Tx) error {
		for i := range 7 {
			p, err := storetest.Person(tx, fmt.Sprint("p", i), "many.example")
			if err != nil {
				return err
			}
			if err := tx.SaveMute(store.Mute{ActorID: p.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	seen := map[int64]bool{}
	for after := int64(0); ; {
		page := read(t, s, func(tx *store.Tx) ([]store.Mute, error) { return tx.MuteList(after, 3) })
		for _, m := range page {
			seen[m.ActorID] = true
		}
		if len(page) < 3 {
			break
		}
		after = page[2].ActorID
	}
	if len(seen) != 7 {
		t.Errorf("the pages hold %v", seen)
	}
}

// A note or a mute keeps somebody whom nothing else here names.
func TestNotedPeopleStay(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	var noted, muted, other store.Actor
	write(t, s, func(tx *store.Tx) (err error) {
		for name, a := range map[string]*store.Actor{"noted": &noted, "muted": &muted, "other": &other} {
			if *a, err = storetest.Person(tx, name, "far.example"); err != nil {
				return err
			}
		}
		if err := tx.SaveMute(store.Mute{ActorID: muted.ID}); err != nil {
			return err
		}
		return tx.SetNote(noted.ID, "Met at the market.")
	})
	c.Set(c.Now().Add(60 * 24 * time.Hour))
	if _, err := s.Sweep(bg); err != nil {
		t.Fatal(err)
	}
	people := read(t, s, func(tx *store.Tx) (map[int64]store.Actor, error) { return tx.Actors(noted.ID, muted.ID, other.ID) })
	if len(people) != 2 || people[other.ID].ID != 0 {
		t.Errorf("left are %v", people)
	}
	r := read(t, s, func(tx *store.Tx) (map[int64]store.Relation, error) { return tx.Relations(noted.ID, muted.ID) })
	if r[noted.ID].Note != "Met at the market." || r[muted.ID].Mute.ActorID != muted.ID || r[noted.ID].Mute.ActorID != 0 {
		t.Errorf("relations %+v", r)
	}
	write(t, s, func(tx *store.Tx) error { return tx.SetNote(noted.ID, "") })
	if n := count(t, s, "select count(*) from notes"); n != 0 {
		t.Error("an empty note is kept")
	}
}
