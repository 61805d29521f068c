package federation_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// homeHas says whether a post, or a boost of it, is shown in home.
func homeHas(t *testing.T, s *fedtest.Server, uri string) bool {
	t.Helper()
	p, here := s.Has(t, uri)
	return here && slices.ContainsFunc(s.Home(t), func(h store.Post) bool { return h.ID == p.ID || h.BoostOf == p.ID })
}

// Strangers of a silenced server reach neither home nor the inbox, people there whom
// alice follows do, and the undo brings everything back.
func TestASilencedServer(t *testing.T) {
	c := fedtest.New(t, "alice", "friend")
	alice, friend := c.Servers[0], c.Servers[1]
	eve := c.Stranger("eve")
	alice.Lock(t, false)
	alice.Follows(t, friend)
	if _, err := alice.FollowTag(ctx(), "leeks"); err != nil {
		t.Fatal(err)
	}
	if name, err := alice.SilenceServer(ctx(), "https://"+eve.Host+"/about"); err != nil || name != eve.Host {
		t.Fatal(name, err)
	}
	mention := func(path string) {
		note := eve.Note(path, "<p>Hi #leeks</p>")
		note["tag"] = []any{map[string]any{"type": "Mention", "href": alice.ActorURI()}, map[string]any{"type": "Hashtag", "name": "#leeks"}}
		if status := eve.Send(alice, eve.Activity("Create", note)); status != http.StatusAccepted {
			t.Errorf("a post of a silenced server is answered %d", status)
		}
		c.Settle()
	}
	eve.Serve("/n/boosted", eve.Note("/n/boosted", "<p>boosted</p>"))
	found, err := friend.Lookup(ctx(), eve.URL("/n/boosted"))
	if err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	if _, err := friend.Boost(ctx(), found.Post.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	mention("/n/1")
	fresh := lookAt(t, alice, func(tx *store.Tx) ([]store.Post, error) { return tx.HomeLines(store.Page{Limit: 100}) })
	for _, path := range []string{"/n/boosted", "/n/1"} {
		if _, here := alice.Has(t, eve.URL(path)); !here {
			t.Errorf("%s is lost", path)
		}
		if homeHas(t, alice, eve.URL(path)) || len(fresh) != 0 {
			t.Errorf("%s is shown in home, %d lines are", path, len(fresh))
		}
	}
	if kinds := alice.Notified(t); len(kinds) != 0 {
		t.Errorf("told of %v", kinds)
	}
	if _, by := heldBack(t, alice); !slices.Equal(by, []store.HeldBy{store.HeldLimited}) {
		t.Errorf("held by %v", by)
	}
	rule(t, alice, func(p *store.NoticePolicy) { p.Limited = store.NoticeDrop })
	mention("/n/2")
	rule(t, alice, func(p *store.NoticePolicy) { p.Limited = store.NoticeAccept })
	mention("/n/3")
	if kinds := alice.Notified(t); len(kinds) != 1 {
		t.Errorf("with the rule that accepts: told of %v", kinds)
	}
	rule(t, alice, func(p *store.NoticePolicy) { p.Limited = store.NoticeHold })
	eve.Send(alice, eve.Activity("Follow", alice.ActorURI()))
	c.Settle()
	who := lookAt(t, alice, func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(eve.ActorID()) })
	if f := lookAt(t, alice, func(tx *store.Tx) (store.Follower, error) { return tx.Follower(who.ID) }); f.State != store.FollowAsked {
		t.Errorf("a stranger's request is in state %v without being asked", f.State)
	}
	if limited := lookAt(t, alice, func(tx *store.Tx) (map[int64]bool, error) { return tx.LimitedAmong(who.ID, store.OwnerID) }); !limited[who.ID] || len(limited) != 1 {
		t.Errorf("limited are %v", limited)
	}

	if err := alice.UnsilenceServer(ctx(), eve.Host); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/n/boosted", "/n/1", "/n/2"} {
		if !homeHas(t, alice, eve.URL(path)) {
			t.Errorf("after the undo %s is not in home", path)
		}
	}

	// Whom alice follows is never a stranger.
	followStranger(t, alice, eve)
	if _, err := alice.SilenceServer(ctx(), eve.Host); err != nil {
		t.Fatal(err)
	}
	before := len(alice.Notified(t))
	mention("/n/4")
	if !homeHas(t, alice, eve.URL("/n/4")) || len(alice.Notified(t)) != before+1 {
		t.Errorf("somebody followed is silenced: home %v, told of %v", homeHas(t, alice, eve.URL("/n/4")), alice.Notified(t))
	}
	if _, err := alice.SilenceServer(ctx(), alice.Host); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("one's own server: %v", err)
	}
	if _, err := alice.BlockServer(ctx(), eve.Host); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.SilenceServer(ctx(), eve.Host); reply.CodeOf(err) != reply.Conflict {
		t.Errorf("a blocked server: %v", err)
	}
}

// What is decided about a name holds for what is below it, met before or after.
func TestRulesHoldBelowAName(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bound := func(name string) store.Bound {
		return lookAt(t, alice, func(tx *store.Tx) (store.Bound, error) {
			h, err := tx.Host(name)
			if err != nil {
				return 0, err
			}
			return tx.BoundTo(h.ID)
		})
	}
	meet := func(name string) {
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { _, err := tx.EnsureHost(name); return err }); err != nil {
			t.Fatal(err)
		}
	}
	meet("a.far.example")
	if _, err := alice.SilenceServer(ctx(), "far.example"); err != nil {
		t.Fatal(err)
	}
	meet("b.far.example:8443")
	if _, err := alice.BlockServer(ctx(), "b.far.example"); err != nil {
		t.Fatal(err)
	}
	meet("notfar.example")
	for name, want := range map[string]store.Bound{"far.example": store.Silenced, "a.far.example": store.Silenced, "b.far.example": store.Blocked, "b.far.example:8443": store.Blocked, "notfar.example": store.Unbound} {
		if got := bound(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	if err := alice.UnblockHost(ctx(), "b.far.example"); err != nil {
		t.Fatal(err)
	}
	if got := bound("b.far.example:8443"); got != store.Silenced {
		t.Errorf("after the unblock of a name below a silenced one: %d", got)
	}
	if err := alice.UnsilenceServer(ctx(), "far.example"); err != nil {
		t.Fatal(err)
	}
	if got := bound("a.far.example"); got != store.Unbound {
		t.Errorf("after the undo: %d", got)
	}
}

// T48 of a whole server: POST is 403, a signed GET 404, a mention is not stored, what
// is here is not in home, by a boost of a third either. Pages, search and apps have
// tests of their own.
func TestT48_AServerBlocked(t *testing.T) {
	c := fedtest.New(t, "alice", "friend")
	alice, friend := c.Servers[0], c.Servers[1]
	eve := c.Stranger("eve")
	alice.Follows(t, friend)
	followStranger(t, alice, eve)
	eve.Send(alice, eve.Activity("Create", eve.Note("/n/old", "<p>marmalade by eve</p>")))
	mine := alice.Post(t, store.Public, "Alice for everybody")
	eve.Serve("/n/old", eve.Note("/n/old", "<p>marmalade by eve</p>"))
	found, err := friend.Lookup(ctx(), eve.URL("/n/old"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := friend.Boost(ctx(), found.Post.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if !homeHas(t, alice, eve.URL("/n/old")) {
		t.Fatal("before the block it is not in home")
	}
	if _, err := alice.BlockServer(ctx(), eve.Host); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	mention := eve.Note("/n/mention", "<p>hi</p>")
	mention["to"], mention["tag"] = []any{alice.ActorURI()}, []any{map[string]any{"type": "Mention", "href": alice.ActorURI()}}
	for _, act := range []map[string]any{eve.Activity("Create", mention), eve.Activity("Follow", alice.ActorURI()), eve.Activity("Announce", mine.URI), eve.Activity("Like", mine.URI)} {
		if status := eve.Send(alice, act); status != http.StatusForbidden {
			t.Errorf("%v is answered %d", act["type"], status)
		}
	}
	for _, uri := range []string{mine.URI, mine.URI + "/replies", alice.ActorURI() + "/followers", alice.ActorURI() + "/outbox"} {
		if status, _ := eve.Fetch(uri, true); status != http.StatusNotFound && status != http.StatusForbidden {
			t.Errorf("a signed GET of %s: %d", uri, status)
		}
	}
	if _, here := alice.Has(t, eve.URL("/n/mention")); here || homeHas(t, alice, eve.URL("/n/old")) {
		t.Error("a mention was stored, or what was here is still in home")
	}
	if kinds := alice.Notified(t); len(kinds) != 0 {
		t.Errorf("told of %v", kinds)
	}
}
