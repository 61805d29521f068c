package store_test

import (
	"slices"
	"strconv"
	"testing"

	"dassie/store"
)

// likes is what a post's counter says.
func likes(t *testing.T, s *store.Store, id int64) int {
	t.Helper()
	return read(t, s, func(tx *store.Tx) (store.Post, error) { return tx.Post(id) }).Likes
}

func react(t *testing.T, s *store.Store, r store.Reaction) (fresh bool) {
	t.Helper()
	write(t, s, func(tx *store.Tx) (err error) {
		fresh, err = tx.React(&r)
		return err
	})
	return fresh
}

func TestLikesCountPeopleAndNotReactions(t *testing.T) {
	s, w, _ := world(t)
	like := store.Reaction{PostID: w.Hello.ID, ActorID: w.Bob.ID, URI: "https://bob.example/likes/1"}
	if !react(t, s, like) || react(t, s, like) {
		t.Error("the same like counts twice, or not at all")
	}
	fresh := 0
	for i := range 2 * store.MaxReactions {
		if react(t, s, store.Reaction{PostID: w.Hello.ID, ActorID: w.Bob.ID, Emoji: ":e" + strconv.Itoa(i) + ":"}) {
			fresh++
		}
	}
	if fresh != store.MaxReactions-1 {
		t.Errorf("beside the like %d reactions were taken", fresh)
	}
	react(t, s, store.Reaction{PostID: w.Hello.ID, ActorID: w.Carol.ID, Emoji: "👌"})
	if n := likes(t, s, w.Hello.ID); n != 2 {
		t.Errorf("%d likes by two people", n)
	}
	who := read(t, s, func(tx *store.Tx) ([]int64, error) { return tx.Likers(w.Hello.ID, store.Page{}) })
	if !slices.Equal(who, []int64{w.Carol.ID, w.Bob.ID}) && !slices.Equal(who, []int64{w.Bob.ID, w.Carol.ID}) {
		t.Errorf("liked by %v", who)
	}
	one := read(t, s, func(tx *store.Tx) (store.Reaction, error) { return tx.ReactionByURI(w.Bob.ID, like.URI) })
	write(t, s, func(tx *store.Tx) error {
		last, err := tx.Unreact(one)
		if last {
			t.Error("the like was not the last reaction")
		}
		return err
	})
	if n := likes(t, s, w.Hello.ID); n != 2 {
		t.Errorf("%d likes after one of many reactions was taken back", n)
	}
	for range 10 {
		write(t, s, func(tx *store.Tx) error { _, err := tx.DropReactionsBy(w.Bob.ID, 2); return err })
	}
	if n := likes(t, s, w.Hello.ID); n != 1 {
		t.Errorf("%d likes after Bob is gone", n)
	}
	write(t, s, func(tx *store.Tx) error { return tx.DeletePost(w.Hello) })
	if n := count(t, s, "select count(*) from reactions"); n != 0 {
		t.Errorf("%d reactions outlive their post", n)
	}
}

func TestWhatTheOwnerTouched(t *testing.T) {
	s, w, _ := world(t)
	react(t, s, store.Reaction{PostID: w.Walk.ID, ActorID: store.OwnerID})
	react(t, s, store.Reaction{PostID: w.Tea.ID, ActorID: w.Bob.ID})
	write(t, s, func(tx *store.Tx) error {
		return tx.InsertPost(&store.Post{ID: tx.NewID(), URI: "https://alice.example/b", ActorID: store.OwnerID, BoostOf: w.Tea.ID, PublishedAt: tx.Now()})
	})
	err := s.Read(bg, func(tx *store.Tx) error {
		liked, boosted, err := tx.Touched([]int64{w.Walk.ID, w.Tea.ID, w.Hello.ID, 0})
		if !liked[w.Walk.ID] || len(liked) != 1 || !boosted[w.Tea.ID] || len(boosted) != 1 {
			t.Errorf("liked %v, boosted %v", liked, boosted)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pairs := read(t, s, func(tx *store.Tx) ([]store.Reaction, error) {
		return tx.ReactionsFor([][2]int64{{w.Tea.ID, w.Bob.ID}, {w.Walk.ID, w.Bob.ID}})
	})
	if len(pairs) != 1 || pairs[0].PostID != w.Tea.ID {
		t.Errorf("%v", pairs)
	}
}

func TestADeletedPostTakesAllItsBoostsAlong(t *testing.T) {
	s, w, _ := world(t)
	write(t, s, func(tx *store.Tx) error {
		for i := range 5 {
			b := store.Post{URI: "https://bob.example/b/" + strconv.Itoa(i), ActorID: w.Bob.ID + int64(i), BoostOf: w.Hello.ID, PublishedAt: tx.Now()}
			if err := tx.InsertPost(&b); err != nil {
				return err
			}
			if err := tx.AddHome(b.ID, false); err != nil {
				return err
			}
			if i < 3 {
				if _, err := tx.IndexBatch(100, func(store.Post) string { return "" }); err != nil {
					return err
				}
			}
		}
		return tx.InsertPost(&store.Post{ID: tx.NewID(), URI: "https://alice.example/b", ActorID: store.OwnerID, BoostOf: w.Hello.ID, PublishedAt: tx.Now()})
	})
	write(t, s, func(tx *store.Tx) error {
		p, err := tx.Post(w.Hello.ID)
		if err != nil || p.Boosts != 7 {
			t.Errorf("%d boosts, %v", p.Boosts, err)
		}
		return tx.DeletePost(p)
	})
	write(t, s, func(tx *store.Tx) error {
		_, err := tx.IndexBatch(100, func(store.Post) string { return "" })
		return err
	})
	for query, want := range map[string]int64{
		"select count(*) from posts where boost_of is not null":                                           0,
		"select count(*) from home where post_id not in (select id from posts)":                           0,
		"select count(*) from search where rowid not in (select id from posts)":                           0,
		"select count(*) from unindexed":                                                                  0,
		"select count(*) from deleted where post_id not in (select id from posts)":                        2, // the post, and the own boost
		"select count(*) from notifications where post_id not in (select id from posts) and post_id != 0": 0,
	} {
		if n := count(t, s, query); n != want {
			t.Errorf("%s: %d", query, n)
		}
	}
}
