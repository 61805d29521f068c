package federation_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// receipt is what became of a post at one server.
func receipt(t *testing.T, s *fedtest.Server, p store.Post, host string) store.Receipt {
	t.Helper()
	list, err := s.Receipts(ctx(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if r.Host == host {
			return r
		}
	}
	t.Fatalf("no receipt for %s in %v", host, list)
	return store.Receipt{}
}

func TestPeersThatFailGetThePostLater(t *testing.T) {
	for _, tc := range []struct {
		name  string
		fault http.HandlerFunc
		state store.DeliveryState // after the first try
	}{
		{"500", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) }, store.DeliveryUnknown},
		{"429", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(429)
		}, store.DeliveryUnknown},
		{"hangs", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, store.DeliveryUnknown},
		{"drops the connection", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, store.DeliveryUnknown},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := fedtest.New(t, "alice", "bob")
			alice, bob := c.Servers[0], c.Servers[1]
			bob.Follows(t, alice)
			bob.Misbehave(tc.fault)
			p := alice.Post(t, store.Public, "Through thick and thin")
			q := alice.Post(t, store.Public, "And one more")
			if r := receipt(t, alice, p, bob.Host); r.State != tc.state || r.Error == "" || r.DueAt.IsZero() {
				t.Errorf("after the fault: %+v", r)
			}
			bob.Misbehave(nil)
			c.SettleFor(30*time.Minute, time.Minute)
			for _, post := range []store.Post{p, q} {
				if _, ok := bob.Has(t, post.URI); !ok {
					t.Errorf("the healed server never got %q", post.Content)
				}
			}
			if r := receipt(t, alice, p, bob.Host); r.State != store.DeliveryAccepted {
				t.Errorf("after healing: %+v", r)
			}
		})
	}
}

func TestAPeerThatRefusesIsNotAskedAgain(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Forget()
	bob.Misbehave(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "we do not like you", http.StatusForbidden)
	})
	p := alice.Post(t, store.Public, "Hello")
	c.SettleFor(2*time.Hour, 10*time.Minute)
	r := receipt(t, alice, p, bob.Host)
	if r.State != store.DeliveryRefused || !strings.Contains(r.Error, "we do not like you") {
		t.Errorf("receipt %+v", r)
	}
	// Once in each scheme of signatures, since a 403 can mean that the first was not understood.
	if n := len(bob.Received("Create")); n != 2 {
		t.Errorf("it was sent %d times", n)
	}
	bob.Forget()
	alice.Post(t, store.Public, "Hello again")
	if n := len(bob.Received("Create")); n != 2 {
		t.Errorf("two hours later the next one was sent %d times", n)
	}
	bob.Forget()
	alice.Post(t, store.Public, "And again")
	if n := len(bob.Received("Create")); n != 1 {
		t.Errorf("right after a refusal in both schemes the next one was sent %d times", n)
	}
}

func TestAFollowerWhoLeftIsDropped(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Misbehave(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusGone) })
	alice.Post(t, store.Public, "Anybody there?")
	c.SettleFor(10*time.Minute, time.Minute)
	n, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) })
	if err != nil || n != 0 {
		t.Errorf("alice still counts %d followers, %v", n, err)
	}
}

func TestADeadPeerIsGivenUpAfterThreeDaysAndRevivesWhenItSpeaks(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Misbehave(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	first := alice.Post(t, store.Public, "Nobody hears this")
	c.SettleFor(71*time.Hour, time.Hour)
	if r := receipt(t, alice, first, bob.Host); r.State != store.DeliveryUnknown {
		t.Fatalf("given up too early: %+v", r)
	}
	c.SettleFor(40*time.Hour, time.Hour)
	if r := receipt(t, alice, first, bob.Host); r.State != store.DeliveryLost {
		t.Fatalf("not given up after four and a half days: %+v", r)
	}
	second := alice.Post(t, store.Public, "Wait for this")
	if _, ok := bob.Has(t, second.URI); ok {
		t.Fatal("a dead server got a post")
	}
	bob.Misbehave(nil)
	bob.Post(t, store.Direct, "@"+alice.Handle()+" I am back") // speaking revives its queue
	if _, ok := bob.Has(t, second.URI); !ok {
		t.Error("the queue did not go out when the server spoke again")
	}
}

func TestDeleteCancelsWhatWasNeverSent(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Forget()
	p, err := alice.Publish(ctx(), draft("Oh no", store.Followers))
	if err != nil {
		t.Fatal(err)
	}
	if servers, err := alice.Delete(ctx(), p.ID); err != nil || servers != 0 {
		t.Fatalf("Delete goes to %d servers, %v", servers, err)
	}
	c.Settle()
	if n := len(bob.Received("")); n != 0 {
		t.Errorf("bob was sent %d activities about a post that never left", n)
	}
}
