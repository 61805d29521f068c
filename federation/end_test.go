package federation_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// told counts the Deletes of an account that a server got.
func told(s *fedtest.Server, actor string) int {
	n := 0
	for _, r := range s.Received("Delete") {
		if strings.Contains(r.Body, actor+"#delete") {
			n++
		}
	}
	return n
}

func TestDeletingTheAccountTellsEveryServerThatMayHoldACopy(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dave", "erin")
	alice, bob, carol, dave, erin := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3], c.Servers[4]
	bob.Follows(t, alice)   // a follower
	alice.Follows(t, carol) // whom she follows
	alice.Post(t, store.Direct, "Hello @"+dave.Handle())
	c.Settle()
	bob.Post(t, store.Public, "To stay")
	c.Settle()
	uri := alice.Identity().ActorURI(alice.Origin())
	if err := alice.DeleteAccount(ctx(), "@somebody@else.example", nil); reply.CodeOf(err) != reply.Unprocessable || alice.Ending() != nil {
		t.Fatalf("another handle: %v", err)
	}
	if err := alice.DeleteAccount(ctx(), " @ALICE@"+alice.Domain+" ", nil); err != nil {
		t.Fatal(err)
	}
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); reply.CodeOf(err) != reply.Conflict {
		t.Errorf("twice: %v", err)
	}
	c.Settle()
	for _, s := range []*fedtest.Server{bob, carol, dave} {
		if n := told(s, uri); n != 1 {
			t.Errorf("%s was told %d times", s.Name, n)
		}
	}
	if n := told(erin, uri); n != 0 {
		t.Errorf("erin, who never heard of alice, was told %d times", n)
	}
	if _, err := store.Get(ctx(), bob.Store(), func(tx *store.Tx) (store.Follower, error) {
		a, err := tx.ActorByURI(uri)
		if err == nil && a.GoneAt.IsZero() {
			err = errors.New("bob's server still shows alice")
		}
		return store.Follower{}, err
	}); err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	done, err := alice.FinishDeletion(ctx(), false)
	if err != nil || !done {
		t.Fatalf("all have answered: %v, %v", done, err)
	}
	d, list, err := alice.Told(ctx())
	if err != nil || len(list) != 3 || d.Done.IsZero() || d.Posts != 1 {
		t.Fatalf("%+v, %v, %v", d, list, err)
	}
	for _, x := range list {
		if x.State != store.DeliveryAccepted {
			t.Errorf("%s: %+v", x.Host, x)
		}
	}
}

func TestDeletingTheAccountWaitsForThoseThatDoNotAnswer(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	carol.Follows(t, alice)
	carol.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if done, err := alice.FinishDeletion(ctx(), false); err != nil || done {
		t.Fatalf("carol was given up at once: %v", err)
	}
	alice.Restart(t) // it goes on
	if alice.Ending() == nil {
		t.Fatal("a restart forgot that the account ends")
	}
	carol.Misbehave(nil)
	c.SettleFor(3*24*time.Hour, time.Hour)
	if n := told(carol, alice.Identity().ActorURI(alice.Origin())); n == 0 {
		t.Error("carol was never told")
	}
	if done, err := alice.FinishDeletion(ctx(), false); err != nil || !done {
		t.Fatalf("%v, %v", done, err)
	}
}

func TestDeletingTheAccountEndsAfterAWeek(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(store.ActorDeleteLifetime+2*time.Hour, 2*time.Hour)
	if done, err := alice.FinishDeletion(ctx(), false); err != nil || !done {
		t.Fatalf("after a week: %v, %v", done, err)
	}
	_, list, err := alice.Told(ctx())
	if err != nil || len(list) != 1 || list[0].State == store.DeliveryAccepted || !strings.Contains(list[0].Error, "401") {
		t.Errorf("%+v, %v", list, err)
	}
}
