package dashboard

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestOrdersOfFollowedPeople(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	h.Follows(t, h.other("bob"), h.other("carol"))
	h.cluster.Advance(time.Minute)
	h.other("bob").Post(t, store.Public, "I am here.")
	h.cluster.Settle()
	h.open("/me/following").says(t, "2 people on 2 servers", "since ", `aria-current="page">Newest`, "Unfollow…")
	page := h.open("/me/following?by=post")
	page.says(t, "last post today", "no post of theirs came since you follow them", `aria-current="page">Last post`)
	if strings.Index(page.body, "@carol@") < strings.Index(page.body, "@bob@") {
		t.Error("who posted last does not stand first")
	}
	h.open("/me/following?by=silent").says(t, "something came within a year")
	if err := h.Store().Write(ctx, func(tx *store.Tx) error {
		f, err := tx.Following(h.known(h.other("carol")).ID)
		if err != nil {
			return err
		}
		f.DecidedAt = f.DecidedAt.AddDate(-2, 0, 0)
		return tx.SaveFollowing(f)
	}); err != nil {
		t.Fatal(err)
	}
	silent := h.open("/me/following?by=silent")
	silent.says(t, "@carol@", "no post of theirs came", `Silent over a year <span class="n">1</span>`)
	silent.hides(t, "@bob@")
}

// The pages of an order keep it.
func TestOrdersOfPeopleArePaged(t *testing.T) {
	h := newHouse(t)
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		for i := range 60 {
			p, err := storetest.Person(tx, fmt.Sprint("p", i), "many.example")
			if err != nil {
				return err
			}
			if err := tx.SaveFollowing(store.Following{ActorID: p.ID, State: store.FollowAccepted, AskedAt: h.cluster.Now(), DecidedAt: h.cluster.Now()}); err != nil {
				return err
			}
			if err := tx.SaveFollower(store.Follower{ActorID: p.ID, State: store.FollowAccepted, Follow: "{}", AskedAt: h.cluster.Now(), DecidedAt: h.cluster.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/me/following", "/me/following?by=post", "/me/followers?by=new", "/me/followers?by=post"} {
		first := h.open(path)
		second := h.open(pagerLink(t, first, "next"))
		if n, m := strings.Count(first.body, `class="person"`), strings.Count(second.body, `class="person"`); n != 50 || m != 10 {
			t.Errorf("%s has %d and then %d people", path, n, m)
		}
	}
}
