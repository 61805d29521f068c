package federation_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

func ctx() context.Context { return context.Background() }

// person finds how one server knows the owner of another.
func person(t *testing.T, at, of *fedtest.Server) store.Actor {
	t.Helper()
	a, err := store.Get(ctx(), at.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(of.ActorURI()) })
	if err != nil {
		t.Fatalf("%s does not know %s: %v", at.Name, of.Name, err)
	}
	return a
}

func followState(t *testing.T, at, of *fedtest.Server) store.FollowState {
	t.Helper()
	f, err := store.Get(ctx(), at.Store(), func(tx *store.Tx) (store.Following, error) {
		a, err := tx.ActorByURI(of.ActorURI())
		if err != nil {
			return store.Following{}, err
		}
		return tx.Following(a.ID)
	})
	if err != nil {
		t.Fatalf("%s does not follow %s: %v", at.Name, of.Name, err)
	}
	return f.State
}

func TestAnUnlockedAccountIsFollowedAtOnce(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	old := bob.Post(t, store.Public, "Written before anybody followed me.")
	c.Advance(time.Hour)
	alice.Follows(t, bob)
	if got := followState(t, alice, bob); got != store.FollowAccepted {
		t.Fatalf("the follow is in state %d, want accepted", got)
	}
	if _, ok := alice.Has(t, old.URI); !ok {
		t.Error("bob's earlier post did not come along: his profile looks empty")
	}
	if len(alice.Home(t)) != 1 {
		t.Error("the earlier post is not in alice's home")
	}
	if got := bob.Notified(t); !slices.Equal(got, []string{"follow"}) {
		t.Errorf("bob was notified of %v", got)
	}
	if err := alice.Unfollow(ctx(), person(t, alice, bob).ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	n, err := store.Get(ctx(), bob.Store(), func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) })
	if err != nil || n != 0 {
		t.Errorf("after the Undo bob has %d followers, %v", n, err)
	}
}

func TestALockedAccountDecides(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Lock(t, true)
	bob.Follows(t, alice)
	carol.Follows(t, alice)
	if followState(t, bob, alice) != store.FollowAsked || followState(t, carol, alice) != store.FollowAsked {
		t.Fatal("the follows do not wait")
	}
	before := alice.Post(t, store.Followers, "Only for followers, and there are none.")
	if _, ok := bob.Has(t, before.URI); ok {
		t.Fatal("a post reached somebody who only asked to follow")
	}
	c.SettleFor(10*time.Second, 5*time.Second)
	e, err := alice.Evidence(ctx(), person(t, alice, bob).ID)
	if err != nil || !e.Known || e.Host.Software != "dassie" {
		t.Errorf("what helps to decide is missing: %+v %v", e, err)
	}
	if err := alice.Accept(ctx(), person(t, alice, bob).ID); err != nil {
		t.Fatal(err)
	}
	if err := alice.Reject(ctx(), person(t, alice, carol).ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if followState(t, bob, alice) != store.FollowAccepted || followState(t, carol, alice) != store.FollowRejected {
		t.Fatal("the answers did not arrive")
	}
	for _, r := range append(bob.Received("Accept"), carol.Received("Reject")...) {
		if !strings.Contains(r.Body, `"type":"Follow"`) || !strings.Contains(r.Body, alice.ActorURI()) {
			t.Errorf("the answer does not embed the whole Follow: %s", r.Body)
		}
	}
	p := alice.Post(t, store.Followers, "Now there is one.")
	if _, ok := bob.Has(t, p.URI); !ok {
		t.Error("the accepted follower did not get the post")
	}
	if _, ok := carol.Has(t, p.URI); ok {
		t.Error("the rejected one got the post")
	}
	if err := alice.RemoveFollower(ctx(), person(t, alice, bob).ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if followState(t, bob, alice) != store.FollowRejected {
		t.Error("the removed follower was not told")
	}
	after := alice.Post(t, store.Followers, "And none again.")
	if _, ok := bob.Has(t, after.URI); ok {
		t.Error("a removed follower got a post")
	}
}

func TestRejectAndBlockEndsEverythingWithThatServer(t *testing.T) {
	c := fedtest.New(t, "alice", "mallory")
	alice, mallory := c.Servers[0], c.Servers[1]
	alice.Lock(t, true)
	mallory.Follows(t, alice)
	host, err := alice.RejectAndBlock(ctx(), person(t, alice, mallory).ID)
	if err != nil || host != mallory.Host {
		t.Fatalf("blocked %q, %v", host, err)
	}
	c.Settle()
	if followState(t, mallory, alice) != store.FollowRejected {
		t.Error("mallory was not told")
	}
	p, err := mallory.Publish(ctx(), federation.Draft{Text: "@" + alice.Handle() + " let me in", Visibility: store.Direct})
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if _, ok := alice.Has(t, p.URI); ok {
		t.Error("a blocked server's post was stored")
	}
	// In either scheme of signatures.
	if r := alice.Received("Create"); len(r) != 2 || r[0].Status != http.StatusForbidden || r[1].Status != http.StatusForbidden {
		t.Errorf("the blocked server was answered %+v", r)
	}
}

func TestTheFourAudiences(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dave")
	alice, bob, carol, dave := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3]
	bob.Follows(t, alice) // bob follows, carol is named, dave is nobody
	for _, tc := range []struct {
		name       string
		visibility store.Visibility
		open       bool // a stranger may fetch it
		follower   bool // bob gets it
	}{
		{"public", store.Public, true, true},
		{"unlisted", store.Unlisted, true, true},
		{"followers", store.Followers, false, true},
		{"direct", store.Direct, false, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := alice.Post(t, tc.visibility, "For @"+carol.Handle()+" and perhaps others: "+tc.name)
			for who, want := range map[*fedtest.Server]bool{bob: tc.follower, carol: true, dave: false} {
				got, ok := who.Has(t, p.URI)
				if ok != want {
					t.Errorf("%s has it: %v, want %v", who.Name, ok, want)
				}
				if ok && got.Visibility != tc.visibility {
					t.Errorf("%s sees it as %d, want %d", who.Name, got.Visibility, tc.visibility)
				}
			}
			stranger := c.Stranger("eve")
			for _, signed := range []bool{false, true} {
				status, body := stranger.Fetch(p.URI, signed)
				if open := status == http.StatusOK && strings.Contains(body, tc.name); open != tc.open {
					t.Errorf("a stranger (signed %v) got %d", signed, status)
				}
			}
			if !slices.Contains(carol.Notified(t), "mention") {
				t.Error("carol was not told that she is named")
			}
		})
	}
}

func TestEditsAndDeletesReachExactlyTheHolders(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	p := alice.Post(t, store.Followers, "First version")
	carol.Follows(t, alice) // too late for the post
	c.Advance(time.Minute)
	if _, err := alice.Edit(ctx(), p.ID, federation.Draft{Text: "Second version", Visibility: store.Public, Markdown: true}); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	got, _ := bob.Has(t, p.URI)
	if !strings.Contains(got.Content, "Second version") || got.EditedAt.IsZero() || got.Visibility != store.Followers {
		t.Errorf("bob has %+v", got)
	}
	if len(carol.Received("Update")) != 0 {
		t.Error("the edit widened the audience")
	}
	servers, err := alice.Delete(ctx(), p.ID)
	if err != nil || servers != 1 {
		t.Fatalf("the Delete goes to %d servers, %v; one holds a copy", servers, err)
	}
	c.Settle()
	if _, ok := bob.Has(t, p.URI); ok {
		t.Error("bob still has the deleted post")
	}
	if len(carol.Received("Delete")) != 0 {
		t.Error("the deletion of a private post was told to a server that never had it")
	}
	eve := c.Stranger("eve")
	if status, _ := eve.Fetch(p.URI, true); status != http.StatusNotFound {
		t.Errorf("a deleted private post answers %d", status)
	}
	public := alice.Post(t, store.Public, "Seen by all")
	if _, err := alice.Delete(ctx(), public.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if status, body := eve.Fetch(public.URI, false); status != http.StatusGone || !strings.Contains(body, "Tombstone") {
		t.Errorf("a deleted public post answers %d %s", status, body)
	}
	if _, ok := carol.Has(t, public.URI); ok {
		t.Error("carol still has the deleted post")
	}
}

func TestRepliesFindTheirParents(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	bob.Follows(t, alice)
	root := alice.Post(t, store.Public, "A question")
	at, _ := bob.Has(t, root.URI)
	answer := bob.Post(t, store.Public, "An answer", at.ID)
	got, ok := alice.Has(t, answer.URI)
	if !ok || got.ParentID != root.ID {
		t.Fatalf("the answer hangs on %d, want %d", got.ParentID, root.ID)
	}
	if parent, _ := alice.Has(t, root.URI); parent.Replies != 1 {
		t.Errorf("the question counts %d replies", parent.Replies)
	}
	if !slices.Contains(alice.Notified(t), "mention") {
		t.Error("alice was not told of the answer")
	}
}

func TestDuplicatesAndWrongOrder(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)

	note := bob.Note("/n/1", "<p>once</p>")
	create := bob.Activity("Create", note)
	for range 3 {
		if status := bob.Send(alice, create); status != http.StatusAccepted {
			t.Fatalf("answered %d", status)
		}
	}
	if n := len(alice.Home(t)); n != 1 {
		t.Errorf("the post is in home %d times", n)
	}

	gone := bob.Note("/n/2", "<p>deleted before it came</p>")
	bob.Send(alice, bob.Activity("Delete", map[string]any{"id": bob.URL("/n/2"), "type": "Tombstone"}))
	bob.Send(alice, bob.Activity("Create", gone))
	if _, ok := alice.Has(t, bob.URL("/n/2")); ok {
		t.Error("a post arrived after its deletion and stayed")
	}

	reply := bob.Note("/n/4", "<p>a reply that overtakes its parent</p>")
	reply["inReplyTo"] = bob.URL("/n/3")
	bob.Send(alice, bob.Activity("Create", reply))
	bob.Send(alice, bob.Activity("Create", bob.Note("/n/3", "<p>the parent</p>")))
	child, _ := alice.Has(t, bob.URL("/n/4"))
	parent, _ := alice.Has(t, bob.URL("/n/3"))
	if child.ParentID != parent.ID || parent.Replies != 1 {
		t.Errorf("the late parent was not linked: %d, %d replies", child.ParentID, parent.Replies)
	}

	edited := bob.Note("/n/5", "<p>new</p>")
	edited["updated"] = c.Now().Add(time.Minute).Format(time.RFC3339)
	bob.Send(alice, bob.Activity("Update", edited))
	old := bob.Note("/n/5", "<p>old</p>")
	bob.Send(alice, bob.Activity("Create", old))
	if p, _ := alice.Has(t, bob.URL("/n/5")); !strings.Contains(p.Content, "new") {
		t.Errorf("an Update that overtook its Create was lost: %q", p.Content)
	}
}

// followStranger makes an owner follow a stranger who accepts.
func followStranger(t testing.TB, s *fedtest.Server, who *fedtest.Stranger) store.Actor {
	t.Helper()
	found, err := s.Lookup(ctx(), who.Name+"@"+who.Host)
	if err != nil || found.Actor == nil {
		t.Fatalf("%s looks up %s: %v", s.Name, who.Name, err)
	}
	f, err := s.Follow(ctx(), found.Actor.ID)
	if err != nil {
		t.Fatal(err)
	}
	if status := who.Send(s, who.Activity("Accept", f.FollowURI)); status != http.StatusAccepted {
		t.Fatalf("the Accept was answered %d", status)
	}
	f, err = store.Get(ctx(), s.Store(), func(tx *store.Tx) (store.Following, error) { return tx.Following(found.Actor.ID) })
	if err != nil || f.State != store.FollowAccepted {
		t.Fatalf("the follow of %s was not accepted: %v %v", who.Name, f, err)
	}
	return *found.Actor
}

func draft(text string, v store.Visibility) federation.Draft {
	return federation.Draft{Text: text, Visibility: v, Markdown: true}
}

func withParent(d federation.Draft, id int64) federation.Draft {
	d.ParentID = id
	return d
}

// Servers of the Misskey family have one id for each pair of people.
func TestAFollowUnderTheSameIDAgain(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	follow := merge(bob.Activity("Follow", alice.ActorURI()), "id", bob.URL("/follows/1/2"))
	state := func() store.FollowState {
		return lookAt(t, alice, func(tx *store.Tx) (store.FollowState, error) {
			a, err := tx.ActorByURI(bob.ActorID())
			if err != nil {
				return 0, err
			}
			f, err := tx.Follower(a.ID)
			return f.State, err
		})
	}
	send := func(a map[string]any) {
		t.Helper()
		c.Advance(time.Minute)
		if status := bob.Send(alice, a); status != http.StatusAccepted {
			t.Fatalf("%s answered %d", a["type"], status)
		}
		c.Settle()
	}
	send(follow)
	send(bob.Activity("Undo", follow))
	send(follow)
	if state() != store.FollowAccepted || len(bob.Received("Accept")) != 2 {
		t.Fatalf("following again after leaving: state %d, %d times accepted", state(), len(bob.Received("Accept")))
	}
	send(follow) // the answer was lost
	if len(bob.Received("Accept")) != 3 {
		t.Error("a Follow that comes again is not answered again")
	}
	if err := alice.RemoveFollower(ctx(), lookUp(t, alice, bob.ActorID()).ID); err != nil {
		t.Fatal(err)
	}
	send(follow)
	if state() != store.FollowRemoved || len(bob.Received("Reject")) != 2 {
		t.Errorf("right after the removal: state %d, %d times rejected", state(), len(bob.Received("Reject")))
	}
	c.Advance(2 * time.Hour)
	send(follow)
	if state() != store.FollowAccepted {
		t.Errorf("two hours later a new request is in state %d", state())
	}
}
