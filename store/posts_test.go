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

func world(t *testing.T) (*store.Store, storetest.World, *clock) {
	t.Helper()
	c := &clock{now: storetest.Start.Add(time.Hour)}
	s := storetest.OpenAlice(t, storetest.Clock(c.Now))
	return s, storetest.Populate(t, s), c
}

func ids(list []store.Post) []int64 {
	var out []int64
	for _, p := range list {
		out = append(out, p.ID)
	}
	return out
}

func TestThreadIsLinkedInEveryOrderOfArrival(t *testing.T) {
	const root, mid, leaf = 0, 1, 2
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		t.Run(fmt.Sprint(order), func(t *testing.T) {
			s, w, _ := world(t)
			uri := func(i int) string { return fmt.Sprintf("https://bob.example/n/%d", i) }
			posts := make([]store.Post, 3)
			for _, i := range order {
				posts[i] = store.Post{URI: uri(i), ActorID: w.Bob.ID, PublishedAt: storetest.Start.Add(time.Duration(i) * time.Second)}
				if i > 0 {
					posts[i].ParentURI = uri(i - 1)
				}
				write(t, s, func(tx *store.Tx) error { return tx.InsertPost(&posts[i]) })
			}
			down := read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Descendants(posts[root].ID, 10) })
			if got := ids(down); !slices.Equal(got, []int64{posts[mid].ID, posts[leaf].ID}) {
				t.Errorf("below the root: %v", got)
			}
			up := read(t, s, func(tx *store.Tx) ([]store.Post, error) {
				p, err := tx.Post(posts[leaf].ID)
				if err != nil {
					return nil, err
				}
				return tx.Ancestors(p, 10)
			})
			if got := ids(up); !slices.Equal(got, []int64{posts[root].ID, posts[mid].ID}) {
				t.Errorf("above the leaf: %v", got)
			}
			if p := read(t, s, func(tx *store.Tx) (store.Post, error) { return tx.Post(posts[mid].ID) }); p.Replies != 1 {
				t.Errorf("the middle one has %d replies", p.Replies)
			}
		})
	}
}

func TestDeleteTakesAPostOutOfEverything(t *testing.T) {
	s, w, _ := world(t)
	write(t, s, func(tx *store.Tx) error {
		_, err := tx.IndexBatch(100, func(p store.Post) string { return p.Content })
		return err
	})
	hits := func() int {
		return len(read(t, s, func(tx *store.Tx) ([]store.Post, error) {
			posts, _, err := tx.SearchPosts(store.PostQuery{Words: "welcome"}, store.Page{})
			return posts, err
		}))
	}
	if hits() != 1 {
		t.Fatal("the post was not indexed")
	}
	write(t, s, func(tx *store.Tx) error { return tx.DeletePost(w.Answer) })
	for _, q := range []string{
		"select count(*) from posts where id = ?", "select count(*) from home where post_id = ?",
		"select count(*) from unindexed where post_id = ?", "select count(*) from notifications where post_id = ?",
		"select count(*) from mentions where post_id = ?", "select count(*) from search where rowid = ?",
		"select count(*) from posts where parent_id = ?",
	} {
		if n := count(t, s, q, w.Answer.ID); n != 0 {
			t.Errorf("%s: %d", q, n)
		}
	}
	if hits() != 0 {
		t.Error("search still finds it")
	}
	if p := read(t, s, func(tx *store.Tx) (store.Post, error) { return tx.Post(w.Hello.ID) }); p.Replies != 0 {
		t.Errorf("its parent has %d replies", p.Replies)
	}
	if !read(t, s, func(tx *store.Tx) (bool, error) { return tx.Buried(w.Answer.URI) }) {
		t.Error("no tombstone was left")
	}
	// The reply below it finds it again if it comes back.
	again := store.Post{URI: w.Answer.URI, ActorID: w.Bob.ID, PublishedAt: w.Answer.PublishedAt}
	write(t, s, func(tx *store.Tx) error { return tx.InsertPost(&again) })
	if p := read(t, s, func(tx *store.Tx) (store.Post, error) { return tx.Post(w.Thanks.ID) }); p.ParentID != again.ID {
		t.Error("the orphan was not adopted")
	}
}

func TestDeletedOwnPostLeavesItsIDAndTakesBoostsAlong(t *testing.T) {
	s, w, _ := world(t)
	write(t, s, func(tx *store.Tx) error { return tx.DeletePost(w.Hello) })
	if v := read(t, s, func(tx *store.Tx) (store.Visibility, error) { return tx.DeletedOwn(w.Hello.ID) }); v != store.Public {
		t.Errorf("visibility %v", v)
	}
	err := s.Read(bg, func(tx *store.Tx) error { _, err := tx.Post(w.Boost.ID); return err })
	if !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the boost of it: %v", err)
	}
}

func TestDuplicatesAreSeenOnceAndBuriedStayBuriedAWeek(t *testing.T) {
	s, _, c := world(t)
	write(t, s, func(tx *store.Tx) error {
		for i, want := range []bool{false, true, true} {
			if known, err := tx.Seen("https://bob.example/a/1"); err != nil || known != want {
				t.Errorf("time %d: %v, %v", i, known, err)
			}
		}
		return tx.Bury("https://bob.example/n/9")
	})
	for _, step := range []struct {
		after time.Duration
		want  bool
	}{{6 * 24 * time.Hour, true}, {2 * 24 * time.Hour, false}} {
		c.Add(step.after)
		if _, err := s.Sweep(bg); err != nil {
			t.Fatal(err)
		}
		if got := read(t, s, func(tx *store.Tx) (bool, error) { return tx.Buried("https://bob.example/n/9") }); got != step.want {
			t.Errorf("buried: %v", got)
		}
	}
}

func TestPagesBothWays(t *testing.T) {
	s, w, _ := world(t)
	var all []int64
	write(t, s, func(tx *store.Tx) error {
		if err := tx.Exec("delete from home"); err != nil {
			return err
		}
		for i := range 10 {
			p := store.Post{URI: fmt.Sprint("https://bob.example/p/", i), ActorID: w.Bob.ID, PublishedAt: storetest.Start.Add(time.Duration(i) * time.Second)}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			if err := tx.AddHome(p.ID, false); err != nil {
				return err
			}
			all = append([]int64{p.ID}, all...)
		}
		return nil
	})
	cases := []struct {
		name string
		page store.Page
		want []int64
	}{
		{"newest", store.Page{Limit: 3}, all[:3]},
		{"older", store.Page{Max: all[2], Limit: 3}, all[3:6]},
		{"newest above", store.Page{Since: all[5], Limit: 3}, all[:3]},
		{"just above", store.Page{Min: all[5], Limit: 3}, all[2:5]},
		{"just above, few left", store.Page{Min: all[1], Limit: 3}, all[:1]},
		{"between", store.Page{Max: all[1], Since: all[4], Limit: 9}, all[2:4]},
		{"from the beginning", store.Page{Min: 1, Limit: 2}, all[8:]},
		{"none", store.Page{Max: all[9], Limit: 2}, nil},
	}
	lists := map[string]func(tx *store.Tx, p store.Page) ([]store.Post, error){
		"home": (*store.Tx).Home,
	}
	bob := func(tx *store.Tx, p store.Page) ([]store.Post, error) {
		if p.Max == 0 {
			p.Max = all[0] + 1 // Bob's later posts of the fixtures
		}
		return tx.PostsBy(w.Bob.ID, p)
	}
	run := func() {
		for list, fn := range lists {
			for _, c := range cases {
				if got := ids(read(t, s, func(tx *store.Tx) ([]store.Post, error) { return fn(tx, c.page) })); !slices.Equal(got, c.want) {
					t.Errorf("%s, %s: %v, not %v", list, c.name, got, c.want)
				}
			}
		}
	}
	lists["by author, waiting"] = bob
	run()
	write(t, s, func(tx *store.Tx) error {
		_, err := tx.IndexBatch(8, func(store.Post) string { return "" })
		return err
	})
	run() // half indexed
	write(t, s, func(tx *store.Tx) error {
		_, err := tx.IndexBatch(100, func(store.Post) string { return "" })
		return err
	})
	run()
}

func TestPostEditedWhileWaitingForTheIndex(t *testing.T) {
	s, w, c := world(t)
	text := func(p store.Post) string { return p.Content }
	index := func() {
		write(t, s, func(tx *store.Tx) error { _, err := tx.IndexBatch(100, text); return err })
	}
	edit := func(to string) {
		c.Add(time.Minute)
		write(t, s, func(tx *store.Tx) error {
			old, err := tx.Post(w.Walk.ID)
			if err != nil {
				return err
			}
			p := old
			p.Content, p.EditedAt = to, c.Now()
			return tx.UpdatePost(old, &p)
		})
	}
	found := func(words string, want int) {
		t.Helper()
		if n := len(read(t, s, func(tx *store.Tx) ([]store.Post, error) {
			posts, _, err := tx.SearchPosts(store.PostQuery{Words: words}, store.Page{})
			return posts, err
		})); n != want {
			t.Errorf("%q is found %d times, not %d", words, n, want)
		}
	}
	edit("sunshine")
	index()
	found("rain", 0)
	found("sunshine", 1)
	edit("snow")
	index()
	found("sunshine", 0)
	found("snow", 1)
	edit("")
	index()
	found("snow", 0)
	if n := len(read(t, s, func(tx *store.Tx) ([]store.Edit, error) { return tx.Edits(w.Walk.ID) })); n != 3 {
		t.Errorf("%d earlier versions", n)
	}
}

func TestSearchFindsPartsOfTextWithoutSpaces(t *testing.T) {
	s, w, _ := world(t)
	write(t, s, func(tx *store.Tx) error {
		p := store.Post{URI: "https://bob.example/jp", ActorID: w.Bob.ID, Content: "東京タワー Zürich", PublishedAt: storetest.Start}
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		_, err := tx.IndexBatch(100, func(p store.Post) string { return p.Content })
		return err
	})
	for query, want := range map[string]int{
		"京タ": 1, "東タ": 0, "zurich": 1, `"`: 0, "": 0, "a OR b": 0, "zurich\x00": 1, "NEAR(": 0, "*": 0, "dassies rocks": 1,
	} {
		if n := len(read(t, s, func(tx *store.Tx) ([]store.Post, error) {
			posts, _, err := tx.SearchPosts(store.PostQuery{Words: query}, store.Page{})
			return posts, err
		})); n != want {
			t.Errorf("%q is found %d times, not %d", query, n, want)
		}
	}
}

func TestNoticeIsGivenOnce(t *testing.T) {
	s, w, c := world(t)
	notify := func(kind string, post int64) bool {
		n := store.Notification{Kind: kind, ActorID: w.Carol.ID, PostID: post}
		write(t, s, func(tx *store.Tx) error { return tx.Notify(&n) })
		return n.ID != 0
	}
	for i, want := range []bool{true, false} {
		if notify("favourite", w.Hello.ID) != want || notify("reblog", w.Hello.ID) != want || notify("follow", 0) != want {
			t.Errorf("round %d", i)
		}
	}
	c.Add(2 * time.Hour)
	if notify("favourite", w.Hello.ID) || !notify("follow", 0) {
		t.Error("after two hours: a post's notice comes once, a follow's again")
	}
}
