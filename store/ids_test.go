package store_test

import (
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestIDsGrowOverAClockThatGoesBack(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	last := s.NewID()
	if got := store.TimeOf(last); !got.Equal(storetest.Start) {
		t.Errorf("the id stands for %v", got)
	}
	c.Add(-time.Hour)
	for range 1000 {
		id := s.NewID()
		if id <= last {
			t.Fatalf("%d after %d", id, last)
		}
		last = id
	}
}

func TestIDsGrowOverARestartWithAClockThatWentBack(t *testing.T) {
	insert := map[string]func(tx *store.Tx, id int64) error{
		"a job": func(tx *store.Tx, id int64) error {
			return tx.Exec("insert into jobs (id, kind, run_at) values (?, 'x', 0)", id)
		},
		"a deleted post": func(tx *store.Tx, id int64) error {
			p := store.Post{ID: id, URI: "https://alice.example/posts/1", ActorID: store.OwnerID, PublishedAt: tx.Now()}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			return tx.DeletePost(p)
		},
		"an activity": func(tx *store.Tx, id int64) error {
			return tx.QueueOutgoing(&store.Outgoing{ID: id, Kind: "Follow", URI: "x"}, nil)
		},
	}
	for name, fn := range insert {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			storetest.File(t, dir)
			s, err := store.Open(dir, store.Options{Serve: true, Now: func() time.Time { return storetest.Start }})
			if err != nil {
				t.Fatal(err)
			}
			id := s.NewID()
			write(t, s, func(tx *store.Tx) error { return fn(tx, id) })
			s.Close()
			s, err = store.Open(dir, store.Options{Serve: true, Now: func() time.Time { return storetest.Start.Add(-48 * time.Hour) }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if next := s.NewID(); next <= id {
				t.Errorf("%d was drawn after %d", next, id)
			}
		})
	}
}

func TestClockBehindTheNewestOwnPostIsKnown(t *testing.T) {
	c := &clock{now: storetest.Start.Add(time.Hour)}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	storetest.Populate(t, s)
	behind := func() time.Duration { return read(t, s, (*store.Tx).ClockBehind) }
	if d := behind(); d != 0 {
		t.Errorf("behind by %v", d)
	}
	c.Set(storetest.Start.AddDate(0, 0, -2))
	if d := behind(); d < 48*time.Hour {
		t.Errorf("behind by %v only", d)
	}
}

func TestForeignDatesAreClamped(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	for _, at := range []time.Time{{}, storetest.Start.AddDate(50, 0, 0), time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)} {
		p := store.Post{URI: "https://x.example/" + at.String(), ActorID: 9, PublishedAt: at}
		write(t, s, func(tx *store.Tx) error { return tx.InsertPost(&p) })
		got := store.TimeOf(p.ID)
		if got.After(storetest.Start) || got.Year() < 2000 {
			t.Errorf("published %v became %v", at, got)
		}
	}
}

// A date without a fraction: what arrives within the same second as an own post,
// and after it, stands above it. What is older keeps its date.
func TestWhatArrivesInTheSameSecondStandsAboveWhatWasThere(t *testing.T) {
	c := &clock{now: storetest.Start}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	w := storetest.Populate(t, s)
	arrive := func(uri string, published time.Time) int64 {
		p := store.Post{URI: uri, ActorID: w.Bob.ID, PublishedAt: published}
		write(t, s, func(tx *store.Tx) error { return tx.InsertPost(&p) })
		return p.ID
	}
	c.Add(time.Hour)
	second := c.Now().Truncate(time.Second)
	c.Add(200 * time.Millisecond)
	first := arrive("https://bob.example/1", second)
	c.Add(300 * time.Millisecond)
	own := s.NewID()
	c.Add(300 * time.Millisecond)
	next := arrive("https://bob.example/2", second)
	if first >= own || own >= next {
		t.Errorf("first %v, own %v, next %v", store.TimeOf(first), store.TimeOf(own), store.TimeOf(next))
	}
	c.Add(5 * time.Second)
	if at := store.TimeOf(arrive("https://bob.example/3", second)); at.Before(second) || !at.Before(second.Add(time.Second)) {
		t.Errorf("five seconds later it stands at %v", at)
	}
	exact := second.Add(123 * time.Millisecond)
	old := second.Add(-time.Hour)
	for uri, published := range map[string]time.Time{"https://bob.example/4": exact, "https://bob.example/5": old} {
		if at := store.TimeOf(arrive(uri, published)); !at.Equal(published) {
			t.Errorf("dated %v it stands at %v", published, at)
		}
	}
}
