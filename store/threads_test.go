package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// planted stores posts that answer each other: parents[i] is whom post i answers,
// -1 for nobody.
func planted(t *testing.T, s *store.Store, w storetest.World, parents ...int) []store.Post {
	t.Helper()
	posts := make([]store.Post, len(parents))
	write(t, s, func(tx *store.Tx) error {
		for i, parent := range parents {
			posts[i] = store.Post{URI: fmt.Sprintf("https://bob.example/t/%d", i), ActorID: w.Bob.ID, PublishedAt: storetest.Start.Add(time.Duration(i) * time.Second)}
			if parent >= 0 {
				posts[i].ParentURI = fmt.Sprintf("https://bob.example/t/%d", parent)
			}
			if err := tx.InsertPost(&posts[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return posts
}

func TestDescendantsComeLevelByLevel(t *testing.T) {
	s, w, _ := world(t)
	posts := planted(t, s, w, -1, 0, 0, 1, 2, 1, 3)
	below := func(i, limit int) []int64 {
		return ids(read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Descendants(posts[i].ID, limit) }))
	}
	var want []int64
	for _, i := range []int{1, 2, 3, 5, 4, 6} {
		want = append(want, posts[i].ID)
	}
	if got := below(0, 100); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := below(0, 3); !slices.Equal(got, want[:3]) {
		t.Errorf("at most three: %v", got)
	}
	if got := below(6, 100); len(got) != 0 {
		t.Errorf("below a leaf: %v", got)
	}
}

func TestACircleOfParentsEnds(t *testing.T) {
	s, w, _ := world(t)
	posts := planted(t, s, w, 2, 0, 1, 2)
	for _, p := range posts {
		if n := len(read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Descendants(p.ID, 100) })); n > 3 {
			t.Errorf("%d posts below one of four", n)
		}
		known := read(t, s, func(tx *store.Tx) (int, error) { n, _, err := tx.ThreadCounts(p.ID, 100); return n, err })
		if known > 3 {
			t.Errorf("%d counted below one of four", known)
		}
	}
}

func TestThreadCountsTakeTheServersWordIfItIsMore(t *testing.T) {
	s, w, _ := world(t)
	posts := planted(t, s, w, -1, 0, 0, 1)
	counts := func() [2]int {
		return read(t, s, func(tx *store.Tx) ([2]int, error) {
			known, about, err := tx.ThreadCounts(posts[0].ID, 100)
			return [2]int{known, about}, err
		})
	}
	if got := counts(); got != [2]int{3, 3} {
		t.Errorf("%v", got)
	}
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.SetCounts(posts[0].ID, 5, 0, 0), tx.SetCounts(posts[3].ID, 2, 0, 0))
	})
	if got := counts(); got != [2]int{3, 8} {
		t.Errorf("with what servers say: %v", got)
	}
}

func TestTheLastSearchOfAThreadIsKept(t *testing.T) {
	s, w, _ := world(t)
	posts := planted(t, s, w, -1)
	find := func() (store.ThreadFetch, error) {
		return store.Get(t.Context(), s, func(tx *store.Tx) (store.ThreadFetch, error) { return tx.ThreadFetch(posts[0].ID) })
	}
	if _, err := find(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("before the first: %v", err)
	}
	for _, text := range []string{"one", "two"} {
		write(t, s, func(tx *store.Tx) error {
			return tx.SaveThreadFetch(store.ThreadFetch{RootID: posts[0].ID, At: storetest.Start, Result: text})
		})
		if f, err := find(); err != nil || f.Result != text || !f.At.Equal(storetest.Start) {
			t.Errorf("%+v, %v", f, err)
		}
	}
	write(t, s, func(tx *store.Tx) error { return tx.DeletePost(posts[0]) })
	if _, err := find(); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after the post: %v", err)
	}
}

func TestJobsOfAFullKindHideNoOthers(t *testing.T) {
	s, _, c := world(t)
	write(t, s, func(tx *store.Tx) error {
		for range 30 {
			if err := tx.AddJob("slow", "", nil, time.Time{}); err != nil {
				return err
			}
		}
		return tx.AddJob("quick", "", nil, time.Time{})
	})
	jobs := read(t, s, func(tx *store.Tx) ([]store.Job, error) { return tx.DueJobs(c.Now(), 5, "slow", "other") })
	if len(jobs) != 1 || jobs[0].Kind != "quick" {
		t.Errorf("due are %+v", jobs)
	}
}

func TestHandlesAtHome(t *testing.T) {
	s, w, _ := world(t)
	at := func() bool {
		return read(t, s, func(tx *store.Tx) (bool, error) { return tx.HandlesAtHome("split.example") })
	}
	if at() {
		t.Error("a server that nobody is known on")
	}
	add := func(name, domain string) {
		write(t, s, func(tx *store.Tx) error {
			host, err := tx.EnsureHost("split.example")
			if err != nil {
				return err
			}
			a := w.Bob
			a.ID, a.URI, a.HostID, a.Username, a.Domain = 0, "https://split.example/"+name, host, name, domain
			return tx.SaveActor(&a)
		})
	}
	if add("one", "split.example"); !at() {
		t.Error("one whose handle is there")
	}
	if add("two", "example.org"); at() {
		t.Error("one whose handle is elsewhere")
	}
}

// TestAncestorsEndWhereACircleCloses: nor is a chain climbed further than asked for.
func TestAncestorsEndWhereACircleCloses(t *testing.T) {
	s, w, _ := world(t)
	var posts []store.Post
	write(t, s, func(tx *store.Tx) error {
		for i := range 50 {
			p := store.Post{URI: fmt.Sprintf("https://bob.example/c/%d", i), ActorID: w.Bob.ID, PublishedAt: storetest.Start.Add(time.Duration(i) * time.Second)}
			if i > 0 {
				p.ParentURI = posts[i-1].URI
			}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			posts = append(posts, p)
		}
		return nil
	})
	above := func(i, limit int) []int64 {
		return ids(read(t, s, func(tx *store.Tx) ([]store.Post, error) {
			p, err := tx.Post(posts[i].ID)
			if err != nil {
				return nil, err
			}
			return tx.Ancestors(p, limit)
		}))
	}
	if got := above(49, 40); len(got) != 40 || got[0] != posts[9].ID || got[39] != posts[48].ID {
		t.Errorf("of 49 above, 40 are %v", got)
	}
	if got := above(0, 40); len(got) != 0 {
		t.Errorf("above a root are %v", got)
	}
	write(t, s, func(tx *store.Tx) error {
		return tx.Exec("update posts set parent_id = ?, parent_uri = ? where id = ?", posts[3].ID, posts[3].URI, posts[0].ID)
	})
	if got := above(3, 40); !slices.Equal(got, []int64{posts[0].ID, posts[1].ID, posts[2].ID}) {
		t.Errorf("in a circle of four, above one of them are %v", got)
	}
}
