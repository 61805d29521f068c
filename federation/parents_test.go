package federation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
)

func TestWhatAReplyAnswersIsFetchedOnItsArrival(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dave")
	alice, bob, carol, dave := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3]
	alice.Follows(t, bob)
	root := carol.Post(t, store.Public, "The question")
	answer := func(s *fedtest.Server, to string) store.Post {
		found, err := s.Lookup(ctx(), to)
		if err != nil {
			t.Fatal(err)
		}
		return s.Post(t, store.Public, s.Name+" answers", found.Post.ID)
	}
	first := answer(dave, root.URI)
	second := answer(bob, first.URI) // bob's followers get it, and nothing of what it answers
	c.Settle()
	reply, ok := alice.Has(t, second.URI)
	if !ok {
		t.Fatal("the reply did not arrive")
	}
	up, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Post, error) { return tx.Ancestors(reply, 100) })
	if err != nil || len(up) != 2 || up[0].URI != root.URI || up[1].URI != first.URI {
		t.Errorf("above the reply stand %v, %v", up, err)
	}
	if home := alice.Home(t); len(home) != 1 || home[0].URI != second.URI {
		t.Errorf("home holds %d posts", len(home))
	}
	if len(alice.Notified(t)) != 0 {
		t.Errorf("notices: %v", alice.Notified(t))
	}
}

func TestT30_ParentsWithoutEndOnArrival(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s := c.Servers[0], c.Stranger("sam")
	followStranger(t, alice, s)
	endless(s, func(s *fedtest.Stranger, path string) map[string]any {
		n := s.Note(path, "up")
		depth := 0
		fmt.Sscanf(path, "/n/%d", &depth)
		n["inReplyTo"] = s.URL(fmt.Sprint("/n/", depth+1))
		return n
	})
	n := s.Note("/n/0", "at the end of a chain")
	n["inReplyTo"] = s.URL("/n/1")
	s.Send(alice, s.Activity("Create", n))
	c.Settle()
	asked := slices.DeleteFunc(s.Gets(), func(g string) bool { return !strings.HasPrefix(g, "/n/") })
	if len(asked) < 30 || len(asked) > 40 {
		t.Errorf("%d posts above were asked for", len(asked))
	}
	p, _ := alice.Has(t, s.URL("/n/0"))
	if up, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Post, error) { return tx.Ancestors(p, 100) }); err != nil || len(up) != 40 {
		t.Errorf("%d posts stand above, %v", len(up), err)
	}
}

func TestManyRepliesToOneUnknownPostFetchItOnce(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s, other := c.Servers[0], c.Stranger("sam"), c.Stranger("other")
	followStranger(t, alice, s)
	other.Serve("/n/top", other.Note("/n/top", "top"))
	for i := range 5 {
		n := s.Note(fmt.Sprint("/n/", i), "me too")
		n["inReplyTo"] = other.URL("/n/top")
		s.Send(alice, s.Activity("Create", n))
	}
	c.Settle()
	if n := len(slices.DeleteFunc(other.Gets(), func(g string) bool { return g != "/n/top" })); n != 1 {
		t.Errorf("it was fetched %d times", n)
	}
	if p, ok := alice.Has(t, other.URL("/n/top")); !ok || p.Replies != 5 {
		t.Errorf("it is here: %v, with %d replies", ok, p.Replies)
	}
}

func TestPrivatePostsDoNotComeWithAThread(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s, other := c.Servers[0], c.Stranger("sam"), c.Stranger("other")
	followStranger(t, alice, s)
	secret := other.Note("/n/secret", "for followers")
	secret["to"], secret["cc"] = []any{other.ActorID() + "/followers"}, []any{}
	other.Serve("/n/secret", secret)
	n := s.Note("/n/1", "an answer")
	n["inReplyTo"] = other.URL("/n/secret")
	s.Send(alice, s.Activity("Create", n))
	c.Settle()
	if _, ok := alice.Has(t, other.URL("/n/secret")); ok {
		t.Error("a post for followers was stored because its server showed it")
	}
	if waiting, dead := jobs(t, alice); waiting != 0 || dead != 0 {
		t.Errorf("%d jobs wait, %d were set aside", waiting, dead)
	}
}

func jobs(t *testing.T, s *fedtest.Server) (waiting, dead int) {
	t.Helper()
	err := s.Store().Read(ctx(), func(tx *store.Tx) (err error) {
		waiting, dead, err = tx.CountJobs()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return waiting, dead
}

// What came with a conversation before its author delivered it is not lost for
// home and notices.
func TestAPostThatWasFetchedFirstStillArrives(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s, other := c.Servers[0], c.Stranger("sam"), c.Stranger("other")
	followStranger(t, alice, s)
	n := s.Note("/n/1", "an answer that names alice")
	n["inReplyTo"] = other.URL("/n/root")
	n["tag"] = []any{map[string]any{"type": "Mention", "href": alice.ActorURI(), "name": "@" + alice.Handle()}}
	s.Serve("/n/1", n)
	root := other.Note("/n/root", "root")
	root["replies"] = map[string]any{"type": "Collection", "id": other.URL("/n/root/replies"), "items": []any{s.URL("/n/1")}}
	other.Serve("/n/root", root)
	opened(t, alice, other.URL("/n/root"))
	if _, ok := alice.Has(t, s.URL("/n/1")); !ok || len(alice.Home(t)) != 0 || len(alice.Notified(t)) != 0 {
		t.Fatalf("with the thread it came: %v, home %d, notices %v", ok, len(alice.Home(t)), alice.Notified(t))
	}
	for range 2 {
		s.Send(alice, s.Activity("Create", n))
		c.Settle()
	}
	if home := alice.Home(t); len(home) != 1 || len(alice.Notified(t)) != 1 {
		t.Errorf("delivered twice: home %d, notices %v", len(home), alice.Notified(t))
	}
}
