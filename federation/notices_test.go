package federation_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// accepting is a policy without a rule.
var accepting = store.NoticePolicy{
	NotFollowed: store.NoticeAccept, NotFollowers: store.NoticeAccept, NewAccounts: store.NoticeAccept,
	Private: store.NoticeAccept, Limited: store.NoticeAccept,
}

func rule(t *testing.T, s *fedtest.Server, change func(*store.NoticePolicy)) {
	t.Helper()
	p := accepting
	change(&p)
	if err := s.SetNoticePolicy(ctx(), p); err != nil {
		t.Fatal(err)
	}
}

// heldBack lists who waits, and by which rules what they did is held back, oldest first.
func heldBack(t *testing.T, s *fedtest.Server) (waiting []store.NoticeRequest, by []store.HeldBy) {
	t.Helper()
	err := s.Store().Read(ctx(), func(tx *store.Tx) (err error) {
		if waiting, err = tx.NoticeRequests(false, store.Page{}); err != nil {
			return err
		}
		list, err := tx.Notices(store.Page{}, store.NoticeQuery{Held: store.HeldAlone})
		for _, n := range slices.Backward(list) {
			by = append(by, n.Held)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return waiting, by
}

func TestRulesHoldNoticesBackAndLoseNothing(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	rule(t, alice, func(p *store.NoticePolicy) { p.NotFollowed = store.NoticeHold })
	events, stop := alice.Subscribe()
	defer stop()
	c.Advance(time.Minute)
	one := bob.Post(t, store.Public, "Hello @"+alice.Handle())
	bob.Post(t, store.Direct, "Quietly @"+alice.Handle())
	if kinds := alice.Notified(t); len(kinds) != 0 {
		t.Errorf("notified of %v", kinds)
	}
	waiting, by := heldBack(t, alice)
	if len(waiting) != 1 || waiting[0].Count != 2 || waiting[0].PostID == 0 || !slices.Equal(by, []store.HeldBy{store.HeldNotFollowed, store.HeldNotFollowed}) {
		t.Fatalf("%+v, by %v", waiting, by)
	}
	if _, here := alice.Has(t, one.URI); !here {
		t.Error("the post itself is lost")
	}
	if list, _ := talks(t, alice); len(list) != 1 || list[0].Unread {
		t.Errorf("conversations: %+v", list)
	}
	if err := alice.DismissNotices(ctx(), waiting[0].ID); err != nil {
		t.Fatal(err)
	}
	if waiting, by := heldBack(t, alice); len(waiting) != 0 || len(by) != 2 {
		t.Errorf("put aside: %+v, by %v", waiting, by)
	}
	bob.Post(t, store.Public, "Again @"+alice.Handle())
	if waiting, _ = heldBack(t, alice); len(waiting) != 1 || waiting[0].Count != 3 {
		t.Fatalf("after something new: %+v", waiting)
	}
	for len(events) > 0 {
		if e := <-events; string(e.Kind) == "notification" {
			t.Error("what is held back was told")
		}
	}
	if err := alice.AllowNotices(ctx(), waiting[0].ID, 4711); err != nil {
		t.Fatal(err)
	}
	if kinds := alice.Notified(t); len(kinds) != 3 {
		t.Errorf("let through: %v", kinds)
	}
	if list, _ := talks(t, alice); !list[0].Unread {
		t.Error("the private mention that was let through is not unread")
	}
	merged := false
	for len(events) > 0 {
		e := <-events
		merged = merged || string(e.Kind) == "notifications_merged"
	}
	if !merged {
		t.Error("nobody was told that they are let through")
	}
	bob.Post(t, store.Public, "Once more @"+alice.Handle())
	if kinds := alice.Notified(t); len(kinds) != 4 {
		t.Errorf("after that: %v", kinds)
	}
	if err := alice.StopAllowingNotices(ctx(), waiting[0].ActorID); err != nil {
		t.Fatal(err)
	}
	bob.Post(t, store.Public, "Under the rules again @"+alice.Handle())
	if waiting, _ := heldBack(t, alice); len(waiting) != 1 || waiting[0].Count != 1 {
		t.Errorf("%+v", waiting)
	}
	if err := alice.Block(ctx(), waiting[0].ActorID); err != nil {
		t.Fatal(err)
	}
	if waiting, by := heldBack(t, alice); len(waiting)+len(by) != 0 {
		t.Errorf("after the block: %+v, by %v", waiting, by)
	}
}

func TestEachRuleHoldsWhatItSays(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	newcomer := c.Stranger("newcomer")
	person := newcomer.Actor()
	person["published"] = c.Now().Add(-48 * time.Hour).Format(time.RFC3339)
	newcomer.Serve("/users/newcomer", person)
	mention := func(id string) {
		note := newcomer.Note("/"+id, "Hi")
		note["tag"] = []any{map[string]any{"type": "Mention", "href": alice.ActorURI()}}
		newcomer.Send(alice, newcomer.Activity("Create", note))
		c.Settle()
	}
	held := func(want ...store.HeldBy) {
		t.Helper()
		if _, by := heldBack(t, alice); !slices.Equal(by, want) {
			t.Errorf("held by %v, not by %v", by, want)
		}
	}
	rule(t, alice, func(p *store.NoticePolicy) { p.NewAccounts = store.NoticeHold })
	mention("1")
	held(store.HeldNewAccount)
	c.Advance(40 * 24 * time.Hour)
	mention("2")
	held(store.HeldNewAccount)

	// Private mentions out of the blue; an answer to one of alice's is none.
	rule(t, alice, func(p *store.NoticePolicy) { p.Private = store.NoticeHold })
	bob.Post(t, store.Direct, "Psst @"+alice.Handle())
	held(store.HeldNewAccount, store.HeldPrivate)
	mine := alice.Post(t, store.Direct, "@"+bob.Handle()+" here I ask")
	at, _ := bob.Has(t, mine.URI)
	before := len(alice.Notified(t))
	bob.Post(t, store.Direct, "@"+alice.Handle()+" here I answer", at.ID)
	if held(store.HeldNewAccount, store.HeldPrivate); len(alice.Notified(t)) != before+1 {
		t.Errorf("notified of %v", alice.Notified(t))
	}

	// Followers count after three days.
	rule(t, alice, func(p *store.NoticePolicy) { p.NotFollowers = store.NoticeHold })
	alice.Lock(t, false)
	bob.Follows(t, alice)
	bob.Post(t, store.Public, "@"+alice.Handle()+" as a new follower")
	held(store.HeldNewAccount, store.HeldPrivate, store.HeldNotFollower, store.HeldNotFollower)
	c.Advance(4 * 24 * time.Hour)
	before = len(alice.Notified(t))
	bob.Post(t, store.Public, "@"+alice.Handle()+" as an old follower")
	if len(alice.Notified(t)) != before+1 {
		t.Error("an old follower's mention is held back")
	}

	// One rule that drops is enough, and drops nothing but the notice.
	rule(t, alice, func(p *store.NoticePolicy) { p.NotFollowed, p.NotFollowers = store.NoticeDrop, store.NoticeHold })
	mention("3")
	held(store.HeldNewAccount, store.HeldPrivate, store.HeldNotFollower, store.HeldNotFollower)
	if _, here := alice.Has(t, newcomer.URL("/3")); !here {
		t.Error("the post is dropped with its notice")
	}
	alice.Follows(t, bob)
	before = len(alice.Notified(t))
	bob.Post(t, store.Public, "@"+alice.Handle()+" followed")
	if len(alice.Notified(t)) != before+1 {
		t.Error("the mention of somebody followed is dropped")
	}
	if err := alice.SetNoticePolicy(ctx(), store.NoticePolicy{}); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("a policy without words: %v", err)
	}
}

func TestNoticesAreForgottenOneByOneAndAll(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	for range 3 {
		bob.Post(t, store.Public, "@"+alice.Handle())
		c.Advance(time.Minute)
	}
	list := notices(t, alice, "mention")
	if err := alice.DismissNotice(ctx(), list[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := alice.DismissNotice(ctx(), list[0].ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("forgotten twice: %v", err)
	}
	for range 2 {
		if err := alice.DismissNoticeGroup(ctx(), list[1].GroupKey(store.GroupedNotices)); err != nil {
			t.Fatal(err)
		}
	}
	if left := notices(t, alice, "mention"); len(left) != 1 || left[0].ID != list[2].ID {
		t.Errorf("%+v", left)
	}
	rule(t, alice, func(p *store.NoticePolicy) { p.NotFollowed = store.NoticeHold })
	bob.Post(t, store.Public, "Held @"+alice.Handle())
	if err := alice.ClearNotices(ctx()); err != nil {
		t.Fatal(err)
	}
	if kinds := alice.Notified(t); len(kinds) != 0 {
		t.Errorf("after all were forgotten: %v", kinds)
	}
	if waiting, _ := heldBack(t, alice); len(waiting) != 1 {
		t.Error("what the owner never saw was forgotten with the rest")
	}
}

func TestEditOfWhatOneBoostedIsTold(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	p := bob.Post(t, store.Public, "As it was")
	other := bob.Post(t, store.Public, "Never boosted")
	here, _ := alice.Has(t, p.URI)
	if _, err := alice.Boost(ctx(), here.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	for _, text := range []string{"As it is", "As it will be"} {
		c.Advance(time.Minute)
		for _, id := range []int64{p.ID, other.ID} {
			if _, err := bob.Edit(ctx(), id, federation.Draft{Text: text}); err != nil {
				t.Fatal(err)
			}
		}
		c.Settle()
		if list := notices(t, alice, "update"); len(list) != 1 || list[0].PostID != here.ID {
			t.Errorf("after %q: %+v", text, list)
		}
	}
}
