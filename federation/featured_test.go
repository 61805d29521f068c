package federation_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
)

func pinnedURIs(t *testing.T, s *fedtest.Server, actorID int64) []string {
	t.Helper()
	var uris []string
	for _, p := range lookAt(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Pinned(actorID) }) {
		uris = append(uris, p.URI)
	}
	return uris
}

func TestPinsReachTheFollowers(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	p := bob.Post(t, store.Public, "To be pinned")
	b := person(t, alice, bob)
	for range 2 { // the second time nothing happens
		if _, err := bob.Pin(ctx(), p.ID); err != nil {
			t.Fatal(err)
		}
	}
	c.Settle()
	got := alice.Received("Add")
	if len(got) != 1 || !strings.Contains(got[0].Body, `"target":"`+bob.ActorURI()+`/featured"`) {
		t.Fatalf("alice got %+v", got)
	}
	if uris := pinnedURIs(t, alice, b.ID); !slices.Equal(uris, []string{p.URI}) {
		t.Errorf("alice sees the pins %v", uris)
	}
	if _, body := c.Stranger("eve").Fetch(bob.ActorURI()+"/featured", false); !strings.Contains(body, p.URI) {
		t.Errorf("featured is %s", body)
	}
	if _, err := bob.Unpin(ctx(), p.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if len(alice.Received("Remove")) != 1 || len(pinnedURIs(t, alice, b.ID)) != 0 {
		t.Errorf("after the Remove alice sees %v", pinnedURIs(t, alice, b.ID))
	}
	quiet := bob.Post(t, store.Followers, "For followers")
	if _, err := bob.Pin(ctx(), quiet.ID); err == nil {
		t.Error("a followers-only post was pinned")
	}
	if _, err := bob.Pin(ctx(), 4711); err == nil {
		t.Error("nothing was pinned")
	}
	seen, _ := alice.Has(t, p.URI)
	if _, err := alice.Pin(ctx(), seen.ID); err == nil {
		t.Error("somebody else's post was pinned")
	}
	for i := range 6 {
		q := bob.Post(t, store.Unlisted, "More")
		if _, err := bob.Pin(ctx(), q.ID); (err != nil) != (i == 5) {
			t.Errorf("pin %d: %v", i+1, err)
		}
	}
}

func TestAnAddOfAnUnknownPostIsFetched(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	featured := bob.ActorID() + "/featured"
	bob.Serve("/users/bob", merge(bob.Actor(), "featured", featured))
	a := followStranger(t, alice, bob)
	old := bob.Note("/n/old", "<p>from long ago</p>")
	bob.Serve("/n/old", old)
	bob.Serve("/users/bob/featured", map[string]any{"id": featured, "type": "OrderedCollection", "orderedItems": []any{bob.URL("/n/old")}})
	for _, object := range []any{bob.URL("/n/old"), old} {
		if status := bob.Send(alice, merge(bob.Activity("Add", object), "target", featured)); status != http.StatusAccepted {
			t.Fatalf("answered %d", status)
		}
	}
	c.SettleFor(5e9, 1e9)
	if uris := pinnedURIs(t, alice, a.ID); !slices.Equal(uris, []string{bob.URL("/n/old")}) {
		t.Errorf("pins %v", uris)
	}
	for i := range 30 {
		n := bob.Note("/n/more"+strings.Repeat("x", i), "<p>more</p>")
		bob.Send(alice, bob.Activity("Create", n))
		bob.Send(alice, merge(bob.Activity("Add", n["id"]), "target", featured))
	}
	c.Settle()
	if n := len(pinnedURIs(t, alice, a.ID)); n != 20 { // T28
		t.Errorf("%d pins of one person", n)
	}
}

func TestT12_NobodyPinsForAnother(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, eve := c.Stranger("bob"), c.Stranger("eve")
	for _, s := range []*fedtest.Stranger{bob, eve} {
		s.Serve("/users/"+s.Name, merge(s.Actor(), "featured", s.ActorID()+"/featured"))
	}
	b, e := followStranger(t, alice, bob), followStranger(t, alice, eve)
	bob.Send(alice, bob.Activity("Create", bob.Note("/n/1", "<p>one</p>")))
	bob.Send(alice, bob.Activity("Create", bob.Note("/n/2", "<p>two</p>")))
	bob.Send(alice, merge(bob.Activity("Add", bob.URL("/n/1")), "target", bob.ActorID()+"/featured"))
	own := alice.Post(t, store.Public, "Alice's")
	if _, err := alice.Pin(ctx(), own.ID); err != nil {
		t.Fatal(err)
	}
	few := bob.Note("/n/few", "<p>for few</p>")
	few["to"], few["cc"] = []any{bob.ActorID() + "/followers"}, []any{}
	bob.Send(alice, bob.Activity("Create", few))
	c.Settle()
	for name, act := range map[string]map[string]any{
		"bob's post into bob's":       merge(eve.Activity("Add", bob.URL("/n/2")), "target", bob.ActorID()+"/featured"),
		"bob's post into eve's":       merge(eve.Activity("Add", bob.URL("/n/2")), "target", eve.ActorID()+"/featured"),
		"bob's post out of bob's":     merge(eve.Activity("Remove", bob.URL("/n/1")), "target", bob.ActorID()+"/featured"),
		"bob's post out of eve's":     merge(eve.Activity("Remove", bob.URL("/n/1")), "target", eve.ActorID()+"/featured"),
		"alice's post into alice's":   merge(eve.Activity("Add", own.URI), "target", alice.ActorURI()+"/featured"),
		"alice's post out of alice's": merge(eve.Activity("Remove", own.URI), "target", alice.ActorURI()+"/featured"),
		"alice's post out of eve's":   merge(eve.Activity("Remove", own.URI), "target", eve.ActorID()+"/featured"),
		"moderators of a group":       merge(eve.Activity("Add", eve.ActorID()), "target", eve.URL("/c/main/moderators")),
		"no target":                   eve.Activity("Add", eve.URL("/n/1")),
		"a hashtag":                   merge(eve.Activity("Add", map[string]any{"type": "Hashtag", "name": "#x", "href": eve.URL("/tags/x")}), "target", eve.ActorID()+"/featured"),
	} {
		if status := eve.Send(alice, act); status >= 500 {
			t.Errorf("%s: %d", name, status)
		}
		c.SettleFor(5e9, 1e9)
	}
	bob.Send(alice, merge(bob.Activity("Add", bob.URL("/n/few")), "target", bob.ActorID()+"/featured"))
	c.Settle()
	if uris := pinnedURIs(t, alice, b.ID); !slices.Equal(uris, []string{bob.URL("/n/1")}) {
		t.Errorf("bob's pins are %v", uris)
	}
	if uris := pinnedURIs(t, alice, e.ID); len(uris) != 0 {
		t.Errorf("eve's pins are %v", uris)
	}
	if uris := pinnedURIs(t, alice, store.OwnerID); !slices.Equal(uris, []string{own.URI}) {
		t.Errorf("alice's pins are %v", uris)
	}
}
