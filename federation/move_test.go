package federation_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// mover is a followed account and the one it may move to.
func mover(t *testing.T, c *fedtest.Cluster, alice *fedtest.Server) (old, to *fedtest.Stranger, a store.Actor) {
	t.Helper()
	old, to = c.Stranger("old"), c.Stranger("new")
	a = followStranger(t, alice, old)
	return old, to, a
}

func move(from, to *fedtest.Stranger) map[string]any {
	return merge(from.Activity("Move", from.ActorID()), "target", to.ActorID())
}

func aliased(s *fedtest.Stranger, names ...string) map[string]any {
	list := make([]any, len(names))
	for i, n := range names {
		list[i] = n
	}
	return merge(s.Actor(), "alsoKnownAs", list)
}

func TestWhoMovesIsFollowedAlong(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	old, to, a := mover(t, c, alice)
	to.Serve("/users/new", aliased(to, "https://elsewhere.example/users/x", old.ActorID()))
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		f, err := tx.Following(a.ID)
		if err != nil {
			return err
		}
		f.Boosts, f.Notify, f.Languages = false, true, "de en"
		return tx.SaveFollowing(f)
	})
	if err != nil {
		t.Fatal(err)
	}
	bakers := makeList(t, alice, store.List{Title: "Bakers"}, a)
	if status := old.Send(alice, move(old, to)); status != http.StatusAccepted {
		t.Fatalf("the Move was answered %d", status)
	}
	c.Settle()
	if len(to.Received("Follow")) != 1 {
		t.Error("the new account was not asked")
	}
	undo := old.Received("Undo")
	if len(undo) != 1 || !strings.Contains(undo[0].Body, `"type":"Follow"`) {
		t.Errorf("the old account was told %+v", undo)
	}
	n := lookAt(t, alice, func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(to.ActorID()) })
	f := lookAt(t, alice, func(tx *store.Tx) (store.Following, error) { return tx.Following(n.ID) })
	if f.State != store.FollowAsked || f.Boosts || !f.Notify || f.Languages != "de en" {
		t.Errorf("the new follow is %+v", f)
	}
	if in := lookAt(t, alice, func(tx *store.Tx) ([]int64, error) { return tx.Listed(bakers.ID, store.Page{Limit: 10}) }); !slices.Equal(in, []int64{n.ID}) {
		t.Errorf("in the list are %v, want the new account alone", in)
	}
	if _, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Following, error) { return tx.Following(a.ID) }); err != store.ErrNotFound {
		t.Errorf("the old follow: %v", err)
	}
	if was := lookAt(t, alice, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(a.ID) }); was.Extra.MovedTo != to.ActorID() {
		t.Errorf("the old account says it moved to %q", was.Extra.MovedTo)
	}
	if kinds := alice.Notified(t); !slices.Contains(kinds, "move") {
		t.Errorf("alice was notified of %v", kinds)
	}
}

// T18: whatever is wrong with a Move, no follow changes.
func TestT18_MovesThatProveNothing(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, c *fedtest.Cluster, alice *fedtest.Server, old, to *fedtest.Stranger) map[string]any{
		"no alias": func(_ *testing.T, _ *fedtest.Cluster, _ *fedtest.Server, old, to *fedtest.Stranger) map[string]any {
			to.Serve("/users/new", aliased(to, "https://elsewhere.example/users/old"))
			return move(old, to)
		},
		"a stale alias": func(t *testing.T, _ *fedtest.Cluster, alice *fedtest.Server, old, to *fedtest.Stranger) map[string]any {
			to.Serve("/users/new", aliased(to, old.ActorID()))
			if _, err := alice.Lookup(ctx(), "@new@"+to.Host); err != nil {
				t.Fatal(err)
			}
			to.Serve("/users/new", to.Actor())
			return move(old, to)
		},
		"somebody else's account": func(_ *testing.T, c *fedtest.Cluster, alice *fedtest.Server, old, to *fedtest.Stranger) map[string]any {
			to.Serve("/users/new", aliased(to, old.ActorID()))
			act := move(to, to)
			act["actor"], act["object"] = to.ActorID(), old.ActorID()
			return act
		},
		"an object that is not the actor": func(_ *testing.T, _ *fedtest.Cluster, _ *fedtest.Server, old, to *fedtest.Stranger) map[string]any {
			to.Serve("/users/new", aliased(to, old.ActorID()))
			return merge(move(old, to), "object", old.URL("/users/other"))
		},
		"a target that moved itself": func(_ *testing.T, _ *fedtest.Cluster, _ *fedtest.Server, old, to *fedtest.Stranger) map[string]any {
			to.Serve("/users/new", merge(aliased(to, old.ActorID()), "movedTo", "https://elsewhere.example/users/third"))
			return move(old, to)
		},
		"a target that is gone": func(_ *testing.T, _ *fedtest.Cluster, _ *fedtest.Server, old, to *fedtest.Stranger) map[string]any {
			to.Serve("/users/new", fedtest.Doc{Status: 410, Body: "{}"})
			return move(old, to)
		},
		"to itself": func(_ *testing.T, _ *fedtest.Cluster, _ *fedtest.Server, old, to *fedtest.Stranger) map[string]any {
			old.Serve("/users/old", aliased(old, old.ActorID()))
			return move(old, old)
		},
		"to us": func(_ *testing.T, _ *fedtest.Cluster, alice *fedtest.Server, old, to *fedtest.Stranger) map[string]any {
			return merge(move(old, to), "target", alice.ActorURI())
		},
		"to a blocked account": func(t *testing.T, _ *fedtest.Cluster, alice *fedtest.Server, old, to *fedtest.Stranger) map[string]any {
			to.Serve("/users/new", aliased(to, old.ActorID()))
			f, err := alice.Lookup(ctx(), "@new@"+to.Host)
			if err != nil {
				t.Fatal(err)
			}
			if err := alice.Block(ctx(), f.Actor.ID); err != nil {
				t.Fatal(err)
			}
			return move(old, to)
		},
		"nowhere": func(_ *testing.T, _ *fedtest.Cluster, _ *fedtest.Server, old, to *fedtest.Stranger) map[string]any {
			return merge(move(old, to), "target", "acct:new@"+to.Host)
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			alice := c.Servers[0]
			old, to, a := mover(t, c, alice)
			act := spoil(t, c, alice, old, to)
			sender := old
			if act["actor"] == to.ActorID() {
				sender = to
			}
			if status := sender.Send(alice, act); status >= 500 {
				t.Errorf("answered %d", status)
			}
			c.SettleFor(24*time.Hour, 6*time.Hour) // all tries of the job
			if to, _ := relations(t, alice, a.ID); !to {
				t.Error("the old follow is gone")
			}
			if n := lookAt(t, alice, (*store.Tx).CountFollowing); n != 1 {
				t.Errorf("alice follows %d accounts", n)
			}
			if len(to.Received("Follow"))+len(old.Received("Undo")) != 0 {
				t.Error("somebody was told of a move")
			}
			if was := lookAt(t, alice, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(a.ID) }); was.Extra.MovedTo != "" {
				t.Errorf("the account is shown as moved to %q", was.Extra.MovedTo)
			}
		})
	}
}

func TestT18_ASecondMoveWithinAWeekIsRefused(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	old, to, a := mover(t, c, alice)
	third := c.Stranger("third")
	to.Serve("/users/new", aliased(to, old.ActorID()))
	third.Serve("/users/third", aliased(third, old.ActorID()))
	old.Send(alice, move(old, to))
	c.Settle()
	// Whoever has the old account's key wants the follow, which the owner made anew.
	if _, err := alice.Follow(ctx(), a.ID); err != nil {
		t.Fatal(err)
	}
	c.Advance(6 * 24 * time.Hour)
	old.Send(alice, move(old, third))
	c.Settle()
	if len(third.Received("Follow")) != 0 || len(third.Gets()) != 0 {
		t.Fatal("a second Move within seven days was heeded")
	}
	c.Advance(2 * 24 * time.Hour)
	old.Send(alice, move(old, third))
	c.Settle()
	if len(third.Received("Follow")) != 1 {
		t.Error("a Move eight days later was not heeded")
	}
}

func TestMovesOfStrangersCostNothing(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	old, to := c.Stranger("old"), c.Stranger("new")
	to.Serve("/users/new", aliased(to, old.ActorID()))
	if _, err := alice.Lookup(ctx(), "@old@"+old.Host); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if status := old.Send(alice, move(old, to)); status != http.StatusAccepted {
		t.Errorf("answered %d", status)
	}
	c.Settle()
	if n := len(to.Gets()); n != 0 {
		t.Errorf("%d requests for a move that concerns nobody", n)
	}
}

func TestTheOwnerMovesAwayAndComesBack(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "home")
	alice, bob, home := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	eve := c.Stranger("eve") // does not go along
	eve.Send(alice, eve.Activity("Follow", alice.ActorURI()))
	c.Settle()
	if _, err := alice.MoveTo(ctx(), "@"+home.Handle()); err == nil || !strings.Contains(err.Error(), "aliases") {
		t.Fatalf("moved without an alias there: %v", err)
	}
	if err := home.SetAliases(ctx(), []string{"", " @" + alice.Handle() + " ", alice.ActorURI()}); err != nil {
		t.Fatal(err)
	}
	me := lookAt(t, home, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(store.OwnerID) })
	if !slices.Equal(me.Extra.AlsoKnownAs, []string{alice.ActorURI()}) {
		t.Fatalf("aliases are %v", me.Extra.AlsoKnownAs)
	}
	if err := home.SetAliases(ctx(), []string{"@" + home.Handle()}); err == nil {
		t.Error("an account became its own alias")
	}
	if _, err := alice.MoveTo(ctx(), "@"+home.Handle()); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	got := bob.Received("Move")
	if len(got) != 1 || !strings.Contains(got[0].Body, `"target":"`+home.ActorURI()+`"`) || !strings.Contains(got[0].Body, `"object":"`+alice.ActorURI()+`"`) {
		t.Fatalf("bob's server was told %+v", got)
	}
	if followState(t, bob, home) != store.FollowAccepted {
		t.Error("bob does not follow the new account")
	}
	if to, _ := relations(t, bob, person(t, bob, alice).ID); to {
		t.Error("bob still follows the old one")
	}
	if p := person(t, bob, alice); p.Extra.MovedTo != home.ActorURI() {
		t.Errorf("bob sees the old account moved to %q", p.Extra.MovedTo)
	}
	if _, err := alice.Publish(ctx(), draft("From the old place", store.Public)); err == nil || !strings.Contains(err.Error(), "moved") {
		t.Errorf("published after the move: %v", err)
	}
	seen := bob.Post(t, store.Public, "Worth a boost")
	if p, err := alice.Lookup(ctx(), seen.URI); err != nil {
		t.Fatal(err)
	} else if _, err := alice.Boost(ctx(), p.Post.ID, store.Public); err == nil || !strings.Contains(err.Error(), "moved") {
		t.Errorf("boosted after the move: %v", err)
	}
	if _, err := alice.MoveTo(ctx(), home.ActorURI()); err != nil {
		t.Errorf("moving there once more: %v", err)
	}
	c.Settle()
	if n := len(bob.Received("Move")); n != 1 {
		t.Errorf("bob's server was told %d times", n)
	}
	if told := eve.Received("Update"); len(told) != 1 || !strings.Contains(told[0].Body, `"movedTo":"`+home.ActorURI()+`"`) {
		t.Errorf("before the Move came %+v", told)
	}
	if err := alice.MoveBack(ctx()); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if told := eve.Received("Update"); len(told) != 2 || strings.Contains(told[1].Body, `"movedTo":"`) {
		t.Errorf("a follower who stayed does not see that the owner is back, after %d Updates", len(told))
	}
	alice.Post(t, store.Public, "Here again")
	if _, err := alice.MoveTo(ctx(), home.ActorURI()); err == nil || !strings.Contains(err.Error(), "7 days") {
		t.Errorf("moved twice within a week: %v", err)
	}
	many := make([]string, 11)
	for i := range many {
		many[i] = "@" + bob.Handle()
	}
	if err := alice.SetAliases(ctx(), many); err != nil {
		t.Errorf("the same account eleven times is one: %v", err)
	}
}

// An old server that is gone for good keeps its place among the aliases, also when
// another is named beside it.
// Ids have case: an account whose id differs from that of an alias by case alone is
// another one.
func TestAliasesAreToldApartByCase(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s := c.Servers[0], c.Stranger("one")
	ids := []string{s.URL("/users/Ann"), s.URL("/users/ann")}
	for n, id := range ids {
		s.Serve(strings.TrimPrefix(id, s.URL("")), merge(s.Actor(), "id", id, "preferredUsername", fmt.Sprint("ann", n)))
	}
	for n := range ids {
		if err := alice.SetAliases(ctx(), ids[:n+1]); err != nil {
			t.Fatal(err)
		}
	}
	me := lookAt(t, alice, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(store.OwnerID) })
	if !slices.Equal(me.Extra.AlsoKnownAs, ids) {
		t.Errorf("aliases are %v, want %v", me.Extra.AlsoKnownAs, ids)
	}
}

func TestAliasesOutliveTheirServers(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	old := c.Stranger("old")
	if err := alice.SetAliases(ctx(), []string{"@old@" + old.Host}); err != nil {
		t.Fatal(err)
	}
	old.Handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	c.Advance(48 * time.Hour)
	for _, name := range []string{"@OLD@" + old.Host, old.ActorID()} {
		if err := alice.SetAliases(ctx(), []string{name, "@" + bob.Handle()}); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		me := lookAt(t, alice, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(store.OwnerID) })
		if !slices.Equal(me.Extra.AlsoKnownAs, []string{old.ActorID(), bob.ActorURI()}) {
			t.Errorf("aliases are %v", me.Extra.AlsoKnownAs)
		}
	}
}

// T31 puts a Move off that names one new server of a domain too many, and no follow is lost.
func TestT31_AMoveWaitsForItsTurn(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	old, busy, to := c.Stranger("old"), c.Stranger("busy.many"), c.Stranger("new.many")
	followStranger(t, alice, old)
	to.Serve("/users/new.many", aliased(to, old.ActorID()))
	_, port, _ := strings.Cut(busy.Host, ":")
	for i := range 20 {
		old.Send(alice, old.Activity("Announce", fmt.Sprintf("http://s%d.many.localhost:%s/n/%d", i, port, i)))
	}
	c.Settle()
	old.Send(alice, move(old, to))
	c.SettleFor(50*time.Minute, time.Minute)
	if n := len(to.Received("Follow")); n != 1 {
		t.Errorf("the new account was asked to be followed %d times", n)
	}
}
