package store_test

import (
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

func TestAQuoteFindsItsPostLater(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	late := store.Post{URI: "https://carol.example/posts/late", ActorID: w.Carol.ID, PublishedAt: storetest.Start}
	write(t, s, func(tx *store.Tx) error {
		q := store.Quote{PostID: w.Walk.ID, QuotedURI: late.URI, StampURI: "https://carol.example/s", State: store.QuoteAccepted}
		if err := tx.SaveQuote(&q); err != nil || q.QuotedID != 0 {
			t.Errorf("%+v, %v", q, err)
		}
		if err := tx.InsertPost(&late); err != nil {
			return err
		}
		got, err := tx.Quote(w.Walk.ID)
		if err != nil || got.QuotedID != late.ID {
			t.Errorf("%+v, %v", got, err)
		}
		if list, err := tx.QuotesByStamp("https://carol.example/s"); err != nil || len(list) != 1 {
			t.Errorf("%+v, %v", list, err)
		}
		marks, err := tx.Marks([]int64{late.ID, w.Walk.ID})
		if err != nil || len(marks) != 1 || marks[late.ID] != (store.Marks{Quotes: 1}) {
			t.Errorf("%v, %v", marks, err)
		}
		if list, err := tx.QuotedBy(late.ID, store.Page{Limit: 5}); err != nil || len(list) != 1 || list[0].ID != w.Walk.ID {
			t.Errorf("%v, %v", list, err)
		}
		if err := tx.DeletePost(late); err != nil {
			return err
		}
		if got, err := tx.Quote(w.Walk.ID); err != nil || got.QuotedID != 0 || got.QuotedURI != late.URI {
			t.Errorf("after the deletion %+v, %v", got, err)
		}
		return nil
	})
}

func TestAStampEndsWithWhatItAllows(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	write(t, s, func(tx *store.Tx) error {
		for _, kind := range []string{"quote", "like"} {
			if err := tx.AddStamp(&store.Stamp{Kind: kind, PostID: w.Hello.ID, ActorID: w.Bob.ID, ObjectURI: w.Walk.URI}); err != nil {
				return err
			}
		}
		list, err := tx.StampsOf("quote", w.Hello.ID, 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("%v, %v", list, err)
		}
		if err := tx.RevokeStamp(list[0].ID); err != nil {
			return err
		}
		if st, err := tx.StampFor("quote", w.Hello.ID, w.Walk.URI); err != nil || st.RevokedAt.IsZero() {
			t.Errorf("%+v, %v", st, err)
		}
		if err := tx.DeletePost(w.Walk); err != nil {
			return err
		}
		for _, kind := range []string{"quote", "like"} {
			if _, err := tx.StampFor(kind, w.Hello.ID, w.Walk.URI); err != store.ErrNotFound {
				t.Errorf("%s: %v", kind, err)
			}
		}
		return nil
	})
}

func TestWhatAPolicyAnswers(t *testing.T) {
	fan := store.Bond{Follows: true}
	for _, c := range []struct {
		what string
		g    *store.Grant
		b    store.Bond
		want store.Permission
	}{
		{"nothing told", nil, fan, store.Untold},
		{"nobody named", &store.Grant{}, fan, store.Untold},
		{"the author alone", &store.Grant{Auto: store.WhoAuthor}, fan, store.Denied},
		{"everybody", &store.Grant{Auto: store.WhoPublic}, store.Bond{}, store.Allowed},
		{"followers, and one is", &store.Grant{Auto: store.WhoFollowers}, fan, store.Allowed},
		{"followers, and one is not", &store.Grant{Auto: store.WhoFollowers}, store.Bond{Followed: true}, store.Denied},
		{"followers at once, others ask", &store.Grant{Auto: store.WhoFollowers, Manual: store.WhoPublic}, store.Bond{}, store.Asks},
		{"the owner asks, all others need not", &store.Grant{Auto: store.WhoPublic, Manual: store.WhoOwner}, fan, store.Asks},
		{"the owner need not, all others ask", &store.Grant{Auto: store.WhoOwner, Manual: store.WhoPublic}, fan, store.Allowed},
		{"followed ones ask, followers need not", &store.Grant{Auto: store.WhoFollowers, Manual: store.WhoFollowing}, store.Bond{Follows: true, Followed: true}, store.Allowed},
	} {
		if got := c.g.For(c.b); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
}

func TestWhoIsNotShown(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	var dave store.Actor
	write(t, s, func(tx *store.Tx) (err error) {
		dave, err = storetest.Person(tx, "dave", "deep.dave.example:8080")
		return err
	})
	all := map[int64]store.Actor{w.Alice.ID: w.Alice, w.Bob.ID: w.Bob, w.Carol.ID: w.Carol, dave.ID: dave}
	for _, c := range []struct {
		block string
		want  map[int64]bool
	}{
		{"", nil}, {"bob.example", map[int64]bool{w.Bob.ID: true}}, {"dave.example", map[int64]bool{dave.ID: true}},
		{"deep.dave.example", map[int64]bool{dave.ID: true}}, {"example", nil}, {"ve.example", nil},
	} {
		write(t, s, func(tx *store.Tx) error {
			if c.block != "" {
				if err := tx.BlockHost(c.block); err != nil {
					return err
				}
			}
			hidden, err := tx.HiddenActors(all)
			for id, a := range all {
				if hidden[id] != c.want[id] {
					t.Errorf("%q blocked: %s is hidden: %v", c.block, a.URI, hidden[id])
				}
			}
			if err != nil {
				return err
			}
			return tx.UnblockHost(c.block)
		})
	}
	write(t, s, func(tx *store.Tx) error {
		gone := w.Carol
		gone.GoneAt = storetest.Start
		if err := tx.Exec("insert into blocks (actor_id, uri, at) values (?, '', 0)", w.Bob.ID); err != nil {
			return err
		}
		hidden, err := tx.HiddenActors(map[int64]store.Actor{gone.ID: gone, w.Bob.ID: w.Bob, w.Alice.ID: w.Alice})
		if !hidden[gone.ID] || !hidden[w.Bob.ID] || hidden[w.Alice.ID] {
			t.Errorf("%v", hidden)
		}
		return err
	})
}
