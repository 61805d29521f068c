package store_test

import (
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestLateArrivalsAreListedUntilSeen(t *testing.T) {
	now := storetest.Start.Add(time.Hour)
	s := storetest.OpenAlice(t, storetest.Clock(func() time.Time { return now }))
	w := storetest.Populate(t, s)
	late := func(since time.Time) (ids []int64, came []time.Time) {
		t.Helper()
		write(t, s, func(tx *store.Tx) error {
			posts, at, err := tx.LateSince(since, 10)
			came = at
			for _, p := range posts {
				ids = append(ids, p.ID)
			}
			return err
		})
		return ids, came
	}
	if ids, _ := late(time.Time{}); len(ids) != 0 {
		t.Errorf("late: %v", ids)
	}
	write(t, s, func(tx *store.Tx) error { return tx.AddHome(w.Tea.ID, true) })
	now = now.Add(time.Minute)
	write(t, s, func(tx *store.Tx) error { return tx.AddHome(w.Hello.ID, true) })
	ids, came := late(time.Time{})
	if len(ids) != 2 || ids[0] != w.Hello.ID || ids[1] != w.Tea.ID || !came[0].Equal(now) {
		t.Errorf("late: %v at %v", ids, came)
	}
	if ids, _ := late(now.Add(-time.Second)); len(ids) != 1 {
		t.Errorf("late within a second: %v", ids)
	}
	write(t, s, func(tx *store.Tx) error { return tx.SeenLate(now.Add(-time.Second)) })
	if ids, _ := late(time.Time{}); len(ids) != 1 || ids[0] != w.Hello.ID {
		t.Errorf("late after one was seen: %v", ids)
	}
}

func TestLinesHaveTheBeginningOfATextAlone(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	long := w.Walk
	long.ID, long.URI, long.Source = 0, "https://bob.example/long", "source"
	for range 10 {
		long.Content += long.Content
	}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.InsertPost(&long); err != nil {
			return err
		}
		return tx.AddHome(long.ID, false)
	})
	write(t, s, func(tx *store.Tx) error {
		rows, err := tx.HomeLines(store.Page{Max: long.ID + 1, Limit: 1})
		if err != nil {
			return err
		}
		found, err := tx.PostLines([]int64{long.ID, 4711, long.ID})
		if err != nil {
			return err
		}
		for _, p := range []store.Post{rows[0], found[long.ID]} {
			if p.ID != long.ID || len(p.Content) != 800 || p.Source != "" || p.Content != long.Content[:800] {
				t.Errorf("line of %d with %d characters", p.ID, len(p.Content))
			}
		}
		if len(found) != 1 {
			t.Errorf("found %d posts", len(found))
		}
		return nil
	})
}

func TestMarkersGoForwardAlone(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	for _, step := range []struct{ id, want, version int64 }{{5, 5, 1}, {9, 9, 2}, {7, 9, 2}, {9, 9, 2}} {
		write(t, s, func(tx *store.Tx) error {
			if err := tx.SetMarker(store.MarkerHome, step.id); err != nil {
				return err
			}
			m, err := tx.Marker(store.MarkerHome)
			if m.LastID != step.want || m.Version != step.version {
				t.Errorf("after %d the marker is %+v", step.id, m)
			}
			return err
		})
	}
	write(t, s, func(tx *store.Tx) error {
		home, err := tx.Newest(store.MarkerHome)
		if home != w.Boost.ID {
			t.Errorf("the newest of home is %d, not %d", home, w.Boost.ID)
		}
		return err
	})
}
