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

// A replay has no effect, but an activity that had to wait for a fetch is none.
func TestAnActivityThatNeedsAFetchIsAppliedOnce(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	followStranger(t, alice, bob)
	applied := 0
	federation.FetchingVerb(t, "Listen", &applied)
	for range 3 {
		r, _ := bob.Request(alice, merge(bob.Activity("Listen", bob.URL("/song")), "id", bob.URL("/a/1")))
		if status := c.Do(r); status != http.StatusAccepted {
			t.Fatalf("answered %d", status)
		}
		alice.ForgetReplays()
	}
	c.Settle()
	if applied != 1 {
		t.Errorf("applied %d times", applied)
	}
}

// What somebody unknown does is a job until they are known. What they take back
// or change meanwhile waits behind it.
func TestAStrangerWhoThinksAgainAtOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		acts func(bob *fedtest.Stranger, alice *fedtest.Server, own store.Post) []map[string]any
		want string // text of the post that is left
	}{
		"follow": {func(bob *fedtest.Stranger, alice *fedtest.Server, _ store.Post) []map[string]any {
			follow := bob.Activity("Follow", alice.ActorURI())
			return []map[string]any{follow, bob.Activity("Undo", follow)}
		}, ""},
		"like": {func(bob *fedtest.Stranger, _ *fedtest.Server, own store.Post) []map[string]any {
			like := bob.Activity("Like", own.URI)
			return []map[string]any{like, bob.Activity("Undo", like)}
		}, ""},
		"post": {func(bob *fedtest.Stranger, alice *fedtest.Server, _ store.Post) []map[string]any {
			return []map[string]any{bob.Activity("Create", mentioning(bob, alice, "/n/1", "Oh no")), bob.Activity("Delete", bob.URL("/n/1"))}
		}, ""},
		"edit": {func(bob *fedtest.Stranger, alice *fedtest.Server, _ store.Post) []map[string]any {
			later := time.Now().AddDate(1, 0, 0).Format(time.RFC3339)
			edited := merge(mentioning(bob, alice, "/n/1", "Better"), "updated", later)
			return []map[string]any{bob.Activity("Create", mentioning(bob, alice, "/n/1", "Bettr")), bob.Activity("Update", edited)}
		}, "Better"},
	} {
		t.Run(name, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			alice, bob := c.Servers[0], c.Stranger("bob")
			own := alice.Post(t, store.Public, "Hello")
			for _, a := range tc.acts(bob, alice, own) {
				if status := bob.Send(alice, a); status != http.StatusAccepted {
					t.Fatalf("%s answered %d", a["type"], status)
				}
			}
			c.Settle()
			if got, _ := alice.Has(t, own.URI); got.Likes != 0 {
				t.Error("the like stayed")
			}
			if n := lookAt(t, alice, func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) }); n != 0 {
				t.Error("the follow stayed")
			}
			p, ok := alice.Has(t, bob.URL("/n/1"))
			if ok != (tc.want != "") || !strings.Contains(p.Content, tc.want) {
				t.Errorf("left is %q, want %q", p.Content, tc.want)
			}
			if kinds := alice.Notified(t); tc.want == "" && len(kinds) != 0 {
				t.Errorf("the owner was told of %v", kinds)
			}
		})
	}
	t.Run("met before", func(t *testing.T) {
		c := fedtest.New(t, "alice")
		alice, bob := c.Servers[0], c.Stranger("bob")
		lookUp(t, alice, bob.ActorID())
		c.Settle()
		bob.Serve("/n/1", mentioning(bob, alice, "/n/1", "Oh no"))
		bob.Send(alice, merge(bob.Activity("Create", bob.URL("/n/1")), "to", []any{alice.ActorURI()}))
		bob.Send(alice, bob.Activity("Delete", bob.URL("/n/1")))
		c.Settle()
		if _, ok := alice.Has(t, bob.URL("/n/1")); ok {
			t.Error("the deleted post stayed")
		}
	})
	// Of nobody for whom nothing waits.
	c := fedtest.New(t, "alice")
	alice, eve := c.Servers[0], c.Stranger("eve")
	disk := alice.Disk(t)
	eve.Send(alice, eve.Activity("Undo", eve.Activity("Follow", alice.ActorURI())))
	if alice.Disk(t) != disk {
		t.Error("an Undo of nothing by nobody cost a write")
	}
}

// mentioning is a public post that names an owner.
func mentioning(s *fedtest.Stranger, who *fedtest.Server, path, text string) map[string]any {
	return merge(s.Note(path, "<p>"+text+"</p>"), "tag", []any{map[string]any{"type": "Mention", "href": who.ActorURI(), "name": "@" + who.Handle()}})
}

// A boost or a look-up brings a post before its author's server does.
func TestAPostThatABoostBroughtArrivesInEveryForm(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, carol := c.Stranger("bob"), c.Stranger("carol")
	followStranger(t, alice, bob)
	followStranger(t, alice, carol)
	for path, create := range map[string]any{
		"/n/whole": mentioning(bob, alice, "/n/whole", "All of it"), "/n/id": bob.URL("/n/id"),
	} {
		bob.Serve(path, mentioning(bob, alice, path, "Boosted first"))
		carol.Send(alice, carol.Activity("Announce", bob.URL(path)))
		c.Settle()
		if _, ok := alice.Has(t, bob.URL(path)); !ok || inHome(t, alice, bob.URL(path)) {
			t.Fatalf("%s: the boost did not bring the post, or put it into home", path)
		}
		before := len(alice.Notified(t))
		for range 2 { // to two inboxes, say
			bob.Send(alice, bob.Activity("Create", create))
			c.Settle()
		}
		if !inHome(t, alice, bob.URL(path)) {
			t.Errorf("%s: the post did not enter home when its author sent it", path)
		}
		if kinds := alice.Notified(t); len(kinds) != before+1 || kinds[0] != "mention" {
			t.Errorf("%s: the owner was told of %v, %d before", path, kinds, before)
		}
	}
}

// What a conversation brought does not say what it quotes until its author sends it.
func TestAPostThatAConversationBroughtIsQuotingWhenItArrives(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	bob.Serve("/n/quoted", bob.Note("/n/quoted", "<p>An older post</p>"))
	first := merge(bob.Note("/n/1", "<p>Look</p>"), "quote", bob.URL("/n/quoted"))
	bob.Serve("/n/1", first)
	bob.Serve("/n/2", merge(bob.Note("/n/2", "<p>And more</p>"), "inReplyTo", bob.URL("/n/1")))
	bob.Send(alice, bob.Activity("Create", merge(bob.Note("/n/2", "<p>And more</p>"), "inReplyTo", bob.URL("/n/1"))))
	c.Settle()
	if _, ok := alice.Has(t, bob.URL("/n/1")); !ok {
		t.Fatal("the parent was not fetched")
	}
	bob.Send(alice, bob.Activity("Create", first))
	c.Settle()
	if _, ok := alice.Has(t, bob.URL("/n/quoted")); !ok {
		t.Error("what it quotes was not looked for")
	}
}

// T12: somebody else on the author's server cannot bring a post up.
func TestT12_ACreateOfSomebodyElsesPostBringsNothingUp(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, carol := c.Stranger("bob"), c.Stranger("carol")
	followStranger(t, alice, bob)
	followStranger(t, alice, carol)
	bob.Serve("/n/1", mentioning(bob, alice, "/n/1", "Only boosted"))
	carol.Send(alice, carol.Activity("Announce", bob.URL("/n/1")))
	c.Settle()
	mallory := bob.Actor() // another person on bob's server, with a key of their own
	id := bob.URL("/users/mallory")
	key := mallory["publicKey"].(map[string]any)
	mallory = merge(mallory, "id", id, "preferredUsername", "mallory", "publicKey", map[string]any{"id": id + "#main-key", "owner": id, "publicKeyPem": key["publicKeyPem"]})
	bob.Serve("/users/mallory", mallory)
	create := map[string]any{"id": id + "/a/1", "type": "Create", "actor": id, "to": []any{alice.ActorURI()},
		"object": merge(mentioning(bob, alice, "/n/1", "Mine now"), "attributedTo", id)}
	r, body := bob.Request(alice, create)
	signer := bob.Signer()
	signer.KeyID = id + "#main-key"
	if err := signer.SignCavage(r, body, c.Now()); err != nil {
		t.Fatal(err)
	}
	if status := c.Do(r); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	c.Settle()
	if inHome(t, alice, bob.URL("/n/1")) || slices.Contains(alice.Notified(t), "mention") {
		t.Error("another actor's Create put the post into home or gave notice of it")
	}
}
