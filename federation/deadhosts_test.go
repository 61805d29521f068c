package federation_test

import (
	"net/http"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// dead is a cluster where nothing arrived at bob's server for seven days.
func dead(t *testing.T) (c *fedtest.Cluster, alice, bob *fedtest.Server) {
	t.Helper()
	c = fedtest.New(t, "alice", "bob")
	alice, bob = c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Misbehave(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(503) })
	for day := 1; hostOf(t, alice, bob.Host).DeadAt.IsZero(); day++ {
		if day > 9 {
			t.Fatalf("after %d days: %+v", day, hostOf(t, alice, bob.Host))
		}
		alice.Post(t, store.Public, "Anybody there?")
		c.SettleFor(24*time.Hour, 3*time.Hour)
	}
	if h := hostOf(t, alice, bob.Host); h.FailedDays < 7 {
		t.Fatalf("dead after %d days", h.FailedDays)
	}
	c.SettleFor(8*24*time.Hour, 6*time.Hour) // until nothing waits any more
	bob.Forget()
	return c, alice, bob
}

func TestADeadServerIsLeftAloneUntilItSpeaks(t *testing.T) {
	c, alice, bob := dead(t)
	first := alice.Post(t, store.Public, "One")
	c.SettleFor(50*time.Hour, 5*time.Hour)
	second := alice.Post(t, store.Public, "Two")
	c.SettleFor(20*time.Hour, 5*time.Hour)
	if n := len(bob.Received("")); n != 0 {
		t.Errorf("it was tried %d times in 70 hours", n)
	}
	for _, p := range []store.Post{first, second} {
		if r := receipt(t, alice, p, bob.Host); r.State != store.DeliveryWaiting || r.DeadAt.IsZero() || r.DueAt.IsZero() {
			t.Errorf("receipt %+v", r)
		}
	}
	bob.Misbehave(nil)
	bob.Post(t, store.Direct, "@"+alice.Handle()+" I am back")
	for _, p := range []store.Post{first, second} {
		if _, ok := bob.Has(t, p.URI); !ok {
			t.Errorf("%s did not go out when it spoke", p.Source)
		}
	}
	if h := hostOf(t, alice, bob.Host); !h.DeadAt.IsZero() || h.FailedDays != 0 {
		t.Errorf("it still counts as dead: %+v", h)
	}
	bob.Forget()
	alice.Post(t, store.Public, "Three")
	if n := len(bob.Received("Create")); n != 1 {
		t.Errorf("the next post was sent %d times", n)
	}
}

// A server that healed and has nothing to say to us is found by the one try that
// each post gets when its three days are over.
func TestADeadServerIsFoundAgainWithoutSpeaking(t *testing.T) {
	c, alice, bob := dead(t)
	first := alice.Post(t, store.Public, "One")
	c.SettleFor(30*time.Hour, 5*time.Hour)
	second := alice.Post(t, store.Public, "Two")
	c.SettleFor(44*time.Hour, 2*time.Hour)
	if n := len(bob.Received("")); n != 1 {
		t.Errorf("it was tried %d times in 74 hours", n)
	}
	if r := receipt(t, alice, first, bob.Host); r.State != store.DeliveryLost {
		t.Errorf("after three days the first is %+v", r)
	}
	bob.Misbehave(nil)
	c.SettleFor(32*time.Hour, 2*time.Hour)
	if _, ok := bob.Has(t, second.URI); !ok {
		t.Error("the second never arrived")
	}
	if h := hostOf(t, alice, bob.Host); !h.DeadAt.IsZero() {
		t.Errorf("it still counts as dead: %+v", h)
	}
}

// What a server says no to has arrived: it is not dead.
func TestAServerThatRefusesIsNotDead(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	for day := range 9 {
		status := http.StatusServiceUnavailable
		if day == 4 || day == 5 { // long enough for a daily try to fall into
			status = http.StatusForbidden
		}
		bob.Misbehave(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		alice.Post(t, store.Public, "Hello")
		c.SettleFor(24*time.Hour, 6*time.Hour)
	}
	if h := hostOf(t, alice, bob.Host); !h.DeadAt.IsZero() {
		t.Errorf("it counts as dead: %+v", h)
	}
}
