package federation_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// lookAt reads something from a server's store.
func lookAt[T any](t testing.TB, s *fedtest.Server, fn func(*store.Tx) (T, error)) T {
	t.Helper()
	v, err := store.Get(ctx(), s.Store(), fn)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func relations(t *testing.T, s *fedtest.Server, actorID int64) (follows, followed bool) {
	t.Helper()
	follows = lookAt(t, s, func(tx *store.Tx) (bool, error) { return tx.Follows(actorID) })
	return follows, lookAt(t, s, func(tx *store.Tx) (bool, error) { return tx.IsFollower(actorID) })
}

func TestABlockEndsFollowsBothWaysAndIsTold(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob, carol)
	bob.Follows(t, alice)
	c.Advance(time.Minute)
	bob.Post(t, store.Public, "Hello @"+alice.Handle())
	kept := carol.Post(t, store.Public, "Carol speaks")
	b := person(t, alice, bob)
	if err := alice.Block(ctx(), b.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	for _, s := range []struct{ at, of *fedtest.Server }{{alice, bob}, {bob, alice}} {
		if to, from := relations(t, s.at, person(t, s.at, s.of).ID); to || from {
			t.Errorf("%s still has a follow with %s: %v %v", s.at.Name, s.of.Name, to, from)
		}
	}
	home := alice.Home(t)
	if len(home) != 1 || home[0].URI != kept.URI {
		t.Errorf("home holds %d posts", len(home))
	}
	if kinds := alice.Notified(t); len(kinds) != 0 {
		t.Errorf("notices left: %v", kinds)
	}
	got := bob.Received("Block")
	if len(got) != 1 || got[0].Status != http.StatusAccepted || !strings.Contains(got[0].Body, bob.ActorURI()) {
		t.Fatalf("bob's server was told %+v", got)
	}
	if n := len(bob.Received("Reject")) + len(bob.Received("Undo")); n != 2 {
		t.Errorf("bob got %d answers about the follows, want a Reject and an Undo", n)
	}
	if _, err := store.Get(ctx(), bob.Store(), func(tx *store.Tx) (string, error) { return tx.BlockedBy(person(t, bob, alice).ID) }); err != nil {
		t.Errorf("bob's server does not know that it was blocked: %v", err)
	}
	if kinds := bob.Notified(t); slices.Contains(kinds, "block") || len(kinds) != 0 {
		t.Errorf("bob is shown %v", kinds)
	}
	log := lookAt(t, alice, func(tx *store.Tx) ([]store.SecurityEvent, error) { return tx.SecurityLog(5) })
	if len(log) == 0 || log[0].Kind != "block" || log[0].Detail != "@"+bob.Handle() {
		t.Errorf("the security log says %+v", log)
	}
	if err := alice.Unblock(ctx(), b.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	undo := bob.Received("Undo")
	if last := undo[len(undo)-1]; !strings.Contains(last.Body, `"type":"Block"`) || !strings.Contains(last.Body, bob.ActorURI()) {
		t.Errorf("the Undo does not hold the whole Block: %s", last.Body)
	}
	if _, err := store.Get(ctx(), bob.Store(), func(tx *store.Tx) (string, error) { return tx.BlockedBy(person(t, bob, alice).ID) }); err != store.ErrNotFound {
		t.Errorf("bob's server still counts itself blocked: %v", err)
	}
	if to, from := relations(t, alice, b.ID); to || from {
		t.Error("the Undo brought a follow back")
	}
	if _, err := bob.Follow(ctx(), person(t, bob, alice).ID); err != nil {
		t.Errorf("bob cannot ask again: %v", err)
	}
	c.Settle()
	if _, from := relations(t, alice, b.ID); !from {
		t.Error("bob could not follow again after the unblock")
	}
}

// T48: of somebody blocked, POST is 403, a signed GET 404, a mention is not
// stored, and what they wrote stays away by whatever way it comes.
func TestT48_SomebodyBlocked(t *testing.T) {
	c := fedtest.New(t, "alice", "friend")
	alice, friend := c.Servers[0], c.Servers[1]
	eve, frank := c.Stranger("eve"), c.Stranger("frank")
	alice.Follows(t, friend)
	followed := followStranger(t, alice, eve)
	if status := eve.Send(alice, eve.Activity("Follow", alice.ActorURI())); status != http.StatusAccepted {
		t.Fatal(status)
	}
	eve.Send(alice, eve.Activity("Create", eve.Note("/n/old", "<p>marmalade by eve</p>")))
	mine := alice.Post(t, store.Public, "Alice for everybody")
	few := alice.Post(t, store.Followers, "Alice for followers")
	answer := eve.Note("/n/answer", "<p>marmalade answer</p>")
	answer["inReplyTo"] = mine.URI
	eve.Send(alice, eve.Activity("Create", answer))
	c.Settle()
	if status, _ := eve.Fetch(few.URI, true); status != http.StatusOK {
		t.Fatalf("before the block a follower gets %d", status)
	}
	if _, body := frank.Fetch(mine.URI+"/replies?page=true", false); !strings.Contains(body, "/n/answer") {
		t.Fatalf("before the block the answer is not listed: %s", body)
	}
	if err := alice.Block(ctx(), followed.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()

	mention := eve.Note("/n/mention", "<p>hi</p>")
	mention["to"], mention["tag"] = []any{alice.ActorURI()}, []any{map[string]any{"type": "Mention", "href": alice.ActorURI()}}
	for name, act := range map[string]map[string]any{
		"Create": eve.Activity("Create", mention), "Follow": eve.Activity("Follow", alice.ActorURI()),
		"Flag": eve.Activity("Flag", []any{alice.ActorURI()}), "Delete": eve.Activity("Delete", eve.ActorID()),
	} {
		if status := eve.Send(alice, act); status != http.StatusForbidden {
			t.Errorf("%s of somebody blocked was answered %d", name, status)
		}
	}
	for _, uri := range []string{mine.URI, few.URI, mine.URI + "/activity", mine.URI + "/replies"} {
		if status, _ := eve.Fetch(uri, true); status != http.StatusNotFound {
			t.Errorf("a signed GET of %s by somebody blocked: %d", uri, status)
		}
	}
	c.Settle()
	if _, ok := alice.Has(t, eve.URL("/n/mention")); ok {
		t.Error("the mention was stored")
	}
	if _, from := relations(t, alice, followed.ID); from {
		t.Error("somebody blocked became a follower")
	}
	if _, body := frank.Fetch(mine.URI+"/replies?page=true", false); strings.Contains(body, "/n/answer") {
		t.Error("the answer is still listed under alice's post")
	}
	found := lookAt(t, alice, func(tx *store.Tx) ([]store.Post, error) {
		posts, _, err := tx.SearchPosts(store.PostQuery{Words: "marmalade"}, store.Page{})
		return posts, err
	})
	if len(found) != 0 {
		t.Errorf("search finds %d posts of somebody blocked", len(found))
	}
	if _, err := alice.Lookup(ctx(), eve.URL("/n/old")); err == nil || !strings.Contains(err.Error(), "Unblock them") {
		t.Errorf("looking a stored post up: %v", err)
	}
	eve.Serve("/n/new", eve.Note("/n/new", "<p>new</p>"))
	if _, err := alice.Lookup(ctx(), eve.URL("/n/new")); err == nil || !strings.Contains(err.Error(), "Unblock them") {
		t.Errorf("looking a new post up: %v", err)
	}
	if _, ok := alice.Has(t, eve.URL("/n/new")); ok { // T19
		t.Error("a fetched post of somebody blocked was stored")
	}
	if f, err := alice.Lookup(ctx(), "@eve@"+eve.Host); err != nil || f.Actor == nil {
		t.Errorf("whom alice blocked she can find, to unblock them: %v", err)
	}
	if _, err := alice.Follow(ctx(), followed.ID); err == nil || !strings.Contains(err.Error(), "Unblock") {
		t.Errorf("follow somebody blocked: %v", err)
	}
	before := len(eve.Received("Create"))
	alice.Post(t, store.Public, "Not for you, @eve@"+eve.Host)
	if n := len(eve.Received("Create")); n != before {
		t.Errorf("somebody blocked was sent %d posts", n-before)
	}
	// T19: a friend boosts what somebody blocked wrote, known here or not.
	for _, path := range []string{"/n/old", "/n/new"} {
		eve.Serve(path, eve.Note(path, "<p>x</p>"))
		found, err := friend.Lookup(ctx(), eve.URL(path))
		if err != nil || found.Post == nil {
			t.Fatal(err)
		}
		b, err := friend.Boost(ctx(), found.Post.ID, store.Public)
		if err != nil {
			t.Fatal(err)
		}
		c.Settle()
		if _, ok := alice.Has(t, b.URI); ok {
			t.Errorf("the boost of %s was stored", path)
		}
	}
	if n := len(alice.Received("Announce")); n != 2 {
		t.Errorf("%d boosts arrived", n)
	}
	if _, ok := alice.Has(t, eve.URL("/n/new")); ok {
		t.Error("a boost brought a post of somebody blocked")
	}
	old, _ := alice.Has(t, eve.URL("/n/old"))
	if _, err := alice.Boost(ctx(), old.ID, store.Public); err == nil {
		t.Error("alice boosted somebody blocked")
	}
	for _, p := range alice.Home(t) {
		if !p.Own() {
			t.Errorf("home shows %s", p.URI)
		}
	}
}

func TestWhoBlockedTheOwnerGetsNothing(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	eve := c.Stranger("eve")
	a := followStranger(t, alice, eve)
	eve.Send(alice, eve.Activity("Follow", alice.ActorURI()))
	c.Settle()
	block := eve.Activity("Block", alice.ActorURI())
	if status := eve.Send(alice, block); status != http.StatusAccepted {
		t.Fatalf("the Block was answered %d", status)
	}
	c.Settle()
	if to, from := relations(t, alice, a.ID); to || from {
		t.Errorf("follows left: %v %v", to, from)
	}
	before := len(eve.Received(""))
	alice.Post(t, store.Public, "Hello @eve@"+eve.Host)
	if n := len(eve.Received("")); n != before {
		t.Errorf("%d activities went to who blocked alice", n-before)
	}
	if _, err := alice.Follow(ctx(), a.ID); err == nil || strings.Contains(err.Error(), "block") {
		t.Errorf("following who blocked: %v", err)
	}
	if n := len(alice.Notified(t)); n != 0 {
		t.Errorf("alice was notified %d times", n)
	}
	// Only the id comes, as from Pleroma.
	if status := eve.Send(alice, eve.Activity("Undo", block["id"])); status != http.StatusAccepted {
		t.Fatal(status)
	}
	c.Settle()
	if _, err := alice.Follow(ctx(), a.ID); err != nil {
		t.Errorf("after the Undo: %v", err)
	}
}

func TestT12_BlocksOfOthersMeanNothing(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, eve := c.Stranger("bob"), c.Stranger("eve")
	b := followStranger(t, alice, bob)
	e := followStranger(t, alice, eve)
	bob.Send(alice, bob.Activity("Block", alice.ActorURI()))
	for name, act := range map[string]map[string]any{
		"a Block of somebody else":      eve.Activity("Block", bob.ActorID()),
		"an Undo of bob's Block":        eve.Activity("Undo", map[string]any{"type": "Block", "actor": bob.ActorID(), "object": alice.ActorURI()}),
		"a Block in bob's name":         merge(eve.Activity("Block", alice.ActorURI()), "actor", bob.ActorID()),
		"an Undo of a Block of another": eve.Activity("Undo", map[string]any{"type": "Block", "actor": eve.ActorID(), "object": bob.ActorID()}),
	} {
		if status := eve.Send(alice, act); status >= 500 {
			t.Errorf("%s: %d", name, status)
		}
		c.Settle()
	}
	if to, _ := relations(t, alice, e.ID); !to {
		t.Error("alice's follow of eve ended")
	}
	if _, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (string, error) { return tx.BlockedBy(b.ID) }); err != nil {
		t.Errorf("bob's own Block is gone: %v", err)
	}
	if err := alice.Block(ctx(), store.OwnerID); err == nil {
		t.Error("alice blocked herself")
	}
	if err := alice.Block(ctx(), 4711); err == nil {
		t.Error("nobody was blocked")
	}
	if ok := lookAt(t, alice, func(tx *store.Tx) (bool, error) { return federation.Blocked(tx, bob.ActorID()) }); ok {
		t.Error("to be blocked is not to block")
	}
}

func TestABlockThatArrivesAfterItsUndoMeansNothing(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	a := followStranger(t, alice, bob)
	block := bob.Activity("Block", alice.ActorURI())
	bob.Send(alice, bob.Activity("Undo", block))
	bob.Send(alice, block)
	c.Settle()
	if blocked := lookAt(t, alice, func(tx *store.Tx) (map[int64]bool, error) { return tx.UnreachedAmong(a.ID) }); blocked[a.ID] {
		t.Error("the owner counts as blocked for ever")
	}
	if follows, _ := relations(t, alice, a.ID); !follows {
		t.Error("the follow ended")
	}
}
