package federation_test

import (
	"slices"
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func TestTheOwnerReactsWithAnEmoji(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	p := alice.Post(t, store.Public, "Seeds are in")
	at, _ := bob.Has(t, p.URI)
	for range 2 {
		after, err := bob.React(ctx(), at.ID, " 🌱 ")
		if err != nil || after.Likes != 1 || !after.Kept {
			t.Fatalf("bob reacts: %v, %+v", err, after)
		}
	}
	c.Settle()
	if got := reactions(t, alice, p.URI, bob.ActorURI()); !slices.Equal(got, []string{"🌱"}) {
		t.Errorf("alice has %q", got)
	}
	sent := alice.Received("Like")
	if len(sent) != 1 || !strings.Contains(sent[0].Body, `"content":"🌱"`) || !strings.Contains(sent[0].Body, `"_misskey_reaction":"🌱"`) ||
		!strings.Contains(sent[0].Body, `"_misskey_reaction":"misskey:_misskey_reaction"`) {
		t.Errorf("sent was %+v", sent)
	}

	// One answer to a post: another takes its place, and so does a plain like.
	for _, next := range []struct {
		do   func() error
		want []string
	}{
		{func() error { _, err := bob.React(ctx(), at.ID, "👩🏽‍🌾"); return err }, []string{"👩🏽‍🌾"}},
		{func() error { _, err := bob.Like(ctx(), at.ID); return err }, []string{""}},
		{func() error { _, err := bob.React(ctx(), at.ID, "🌱"); return err }, []string{"🌱"}},
		{func() error { _, err := bob.Unlike(ctx(), at.ID); return err }, nil},
	} {
		if err := next.do(); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		if got := reactions(t, alice, p.URI, bob.ActorURI()); !slices.Equal(got, next.want) {
			t.Errorf("alice has %q, want %q", got, next.want)
		}
		here, _ := bob.Has(t, p.URI)
		there, _ := alice.Has(t, p.URI)
		if here.Likes != len(next.want) || there.Likes != len(next.want) {
			t.Errorf("%d likes at bob's, %d at alice's, want %d", here.Likes, there.Likes, len(next.want))
		}
	}
	for _, bad := range []string{"", "ok", ":leek:", "🌱🌱", "<b>", strings.Repeat("🌱", 40)} {
		if _, err := bob.React(ctx(), at.ID, bad); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("reacting with %q: %v", bad, err)
		}
	}
	if _, err := bob.React(ctx(), 4711, "🌱"); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("a post that never was: %v", err)
	}
	if err := bob.Block(ctx(), at.ActorID); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.React(ctx(), at.ID, "🌱"); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("a post of somebody blocked: %v", err)
	}
}

// A shortcode that somebody used can be used as well, with its picture.
func TestAShortcodeIsUsedAgain(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	eve := c.Stranger("eve")
	p := alice.Post(t, store.Public, "Leeks")
	act := eve.Activity("Like", p.URI)
	act["content"], act["tag"] = ":leek:", map[string]any{"type": "Emoji", "name": ":leek:", "icon": map[string]any{"url": eve.URL("/leek.png")}}
	eve.Send(alice, act)
	c.Settle()
	after, err := alice.React(ctx(), p.ID, ":leek:")
	if err != nil || after.Likes != 2 {
		t.Fatalf("alice joins in: %v, %d likes", err, after.Likes)
	}
	all, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (map[int64][]store.Reacted, error) { return tx.ReactionsTo([]int64{p.ID}) })
	if err != nil || len(all[p.ID]) != 1 || all[p.ID][0].Count != 2 || !all[p.ID][0].Mine || all[p.ID][0].Icon != eve.URL("/leek.png") {
		t.Errorf("%v, %+v", err, all)
	}
}
