package federation_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func notices(t *testing.T, s *fedtest.Server, kinds ...string) []store.Notification {
	t.Helper()
	return lookAt(t, s, func(tx *store.Tx) ([]store.Notification, error) {
		return tx.Notifications(store.Page{Limit: 50}, kinds, nil)
	})
}

// Somebody muted goes on being followed, and nobody learns of it.
func TestAMuteHidesAndEndsAndTellsNobody(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	id := alice.Find(t, bob).ID
	before := len(bob.Received(""))
	if err := alice.Mute(ctx(), id, time.Hour, true); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	bob.Post(t, store.Public, "Loud and @"+alice.Handle())
	c.Settle()
	if n := len(alice.Home(t)); n != 0 {
		t.Errorf("home shows %d posts of somebody muted", n)
	}
	if list := notices(t, alice); len(list) != 0 {
		t.Errorf("notices: %+v", list)
	}
	c.Advance(time.Hour)
	if n := len(alice.Home(t)); n != 1 {
		t.Errorf("after an hour home shows %d posts", n)
	}
	if err := alice.Mute(ctx(), id, 0, false); err != nil {
		t.Fatal(err)
	}
	bob.Post(t, store.Public, "Louder, @"+alice.Handle())
	c.Settle()
	if list := notices(t, alice, "mention"); len(list) != 1 {
		t.Errorf("a mute without notices: %+v", list)
	}
	if err := alice.Unmute(ctx(), id); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if n := len(alice.Home(t)); n != 2 {
		t.Errorf("unmuted home shows %d posts", n)
	}
	if after := len(bob.Received("")); after != before {
		t.Errorf("bob's server was told %d things", after-before)
	}
	if err := alice.Mute(ctx(), store.OwnerID, 0, false); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("muting oneself: %v", err)
	}
	if err := alice.Mute(ctx(), 4711, 0, false); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("muting nobody: %v", err)
	}
}

func TestPostsOfSomebodyAreNotified(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob)
	yes, no := true, false
	id := alice.Find(t, bob).ID
	sent := len(bob.Received("Follow"))
	f, err := alice.FollowAs(ctx(), id, federation.FollowChoice{Notify: &yes, Boosts: &no})
	if err != nil || !f.Notify || f.Boosts || f.State != store.FollowAccepted {
		t.Fatalf("%+v %v", f, err)
	}
	c.Settle()
	if len(bob.Received("Follow")) != sent {
		t.Error("bob was asked again")
	}
	c.Advance(time.Minute)
	p := bob.Post(t, store.Public, "News")
	bob.Post(t, store.Public, "More news", p.ID)
	theirs := carol.Post(t, store.Public, "A question")
	found, err := bob.Lookup(ctx(), theirs.URI)
	if err != nil {
		t.Fatal(err)
	}
	bob.Post(t, store.Public, "An answer", found.Post.ID)
	bob.Post(t, store.Public, "For @"+alice.Handle())
	if _, err := bob.Boost(ctx(), found.Post.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if list := notices(t, alice, "status"); len(list) != 2 {
		t.Errorf("%d posts are notified: %+v", len(list), list)
	}
	if list := notices(t, alice, "mention"); len(list) != 1 {
		t.Errorf("mentions: %+v", list)
	}
	for _, p := range alice.Home(t) {
		if p.BoostOf != 0 {
			t.Error("a boost is in home that is not wanted")
		}
	}
	if f, err := alice.Follow(ctx(), id); err != nil || !f.Notify || f.Boosts {
		t.Errorf("following again changed what was chosen: %+v %v", f, err)
	}
}

func TestNotesAreKeptAndMoveAlong(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "home")
	alice, bob, home := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob)
	id := alice.Find(t, bob).ID
	if err := alice.SetNote(ctx(), id, "  Met at the market.\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := alice.SetNote(ctx(), id, strings.Repeat("é", 2001)); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("a long note: %v", err)
	}
	if err := alice.SetNote(ctx(), 4711, "x"); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("a note about nobody: %v", err)
	}
	if err := alice.Mute(ctx(), id, 24*time.Hour, true); err != nil {
		t.Fatal(err)
	}
	if err := home.SetAliases(ctx(), []string{"@" + bob.Handle()}); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.MoveTo(ctx(), "@"+home.Handle()); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	to := alice.Find(t, home).ID
	if err := alice.Store().Read(ctx(), func(tx *store.Tx) error {
		r, err := tx.Relations(id, to)
		for _, who := range []int64{id, to} {
			if r[who].Note != "Met at the market." || r[who].Mute.Until.IsZero() || !r[who].Mute.Notices {
				t.Errorf("after the move: %+v", r[who])
			}
		}
		if _, gone := tx.MuteOf(4711); !errors.Is(gone, store.ErrNotFound) {
			t.Error(gone)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// A muted conversation is not notified, whoever writes in it and however deep; it
// goes on showing, and what stands beside it is notified as before.
func TestAMutedConversationIsNotNotified(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	for _, s := range []*fedtest.Server{bob, carol} {
		s.Follows(t, alice)
	}
	root := alice.Post(t, store.Public, "What do you think?")
	other := alice.Post(t, store.Public, "And of this?")
	c.Settle()
	at := func(s *fedtest.Server, uri string) int64 {
		t.Helper()
		p, ok := s.Has(t, uri)
		if !ok {
			t.Fatalf("%s has no %s", s.Name, uri)
		}
		return p.ID
	}
	first := bob.Post(t, store.Public, "Much", at(bob, root.URI))
	c.Settle()
	before := len(notices(t, alice))
	if before == 0 {
		t.Fatal("the first reply is not notified")
	}
	if p, err := alice.MuteThread(ctx(), at(alice, first.URI)); err != nil || p.URI != first.URI {
		t.Fatal(p.URI, err)
	}
	carol.Post(t, store.Public, "Little", at(carol, root.URI))
	deeper := bob.Post(t, store.Public, "More, @"+alice.Handle(), first.ID)
	if _, err := bob.Like(ctx(), at(bob, root.URI)); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if n := len(notices(t, alice)); n != before {
		t.Errorf("a muted conversation gave %d notices", n-before)
	}
	if _, ok := alice.Has(t, deeper.URI); !ok {
		t.Error("what is written in it does not arrive")
	}
	bob.Post(t, store.Public, "Nothing", at(bob, other.URI))
	c.Settle()
	if n := len(notices(t, alice)); n != before+1 {
		t.Errorf("another conversation gave %d notices", n-before)
	}
	// Without its root the conversation is what is left of it.
	if _, err := alice.Delete(ctx(), root.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	before = len(notices(t, alice))
	bob.Post(t, store.Public, "Still, @"+alice.Handle(), deeper.ID)
	c.Settle()
	if n := len(notices(t, alice)); n != before {
		t.Errorf("the mute went with the root: %d notices", n-before)
	}
	if _, err := alice.UnmuteThread(ctx(), at(alice, deeper.URI)); err != nil {
		t.Fatal(err)
	}
	bob.Post(t, store.Public, "Again, @"+alice.Handle(), deeper.ID)
	c.Settle()
	if n := len(notices(t, alice)); n != before+1 {
		t.Errorf("unmuted, it gave %d notices", n-before)
	}
	if _, err := alice.MuteThread(ctx(), 4711); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("a post that is not here: %v", err)
	}
}
