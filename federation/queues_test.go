package federation_test

import (
	"net/http"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// outOfOrder answers as a server does that is out of order.
func outOfOrder(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "out of order", http.StatusInternalServerError)
}

func receiptOf(t *testing.T, s *fedtest.Server, postID int64) store.Receipt {
	t.Helper()
	list, err := s.Receipts(ctx(), postID)
	if err != nil || len(list) != 1 {
		t.Fatalf("receipts %+v, %v", list, err)
	}
	return list[0]
}

func queueOf(t *testing.T, s *fedtest.Server) []store.HostQueue {
	t.Helper()
	list, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) ([]store.HostQueue, error) { return tx.HostQueues() })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTryNowSendsWhatWaitsForAServer(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Misbehave(outOfOrder)
	one := alice.Post(t, store.Public, "First.")
	c.SettleFor(time.Hour, time.Minute)
	two := alice.Post(t, store.Public, "Second.")
	q := queueOf(t, alice)
	if len(q) != 1 || q[0].Waiting != 2 || q[0].Name != bob.Host || q[0].Tries == 0 || q[0].Error == "" || !q[0].DueAt.After(c.Now()) {
		t.Fatalf("the queue is %+v", q)
	}
	bob.Misbehave(nil)
	c.Settle()
	if _, ok := bob.Has(t, one.URI); ok {
		t.Fatal("it went out before its next try: this test shows nothing")
	}
	if err := alice.RetryHost(ctx(), q[0].ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	for _, p := range []store.Post{one, two} {
		if _, ok := bob.Has(t, p.URI); !ok {
			t.Errorf("%q did not arrive", p.Source)
		}
	}
	if q := queueOf(t, alice); len(q) != 0 {
		t.Errorf("still waiting: %+v", q)
	}
	if err := alice.RetryHost(ctx(), 1<<40); err == nil {
		t.Error("a server that is not known was retried")
	}
}

func TestTryNowForOnePost(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Misbehave(outOfOrder)
	p := alice.Post(t, store.Public, "Once more.")
	bob.Misbehave(nil)
	if err := alice.RetryPost(ctx(), p.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if r := receiptOf(t, alice, p.ID); r.State != store.DeliveryAccepted {
		t.Errorf("the receipt is %+v", r)
	}
	if err := alice.RetryPost(ctx(), p.ID+1); err == nil {
		t.Error("a post that is not there was retried")
	}
}

// What is dropped after it was sent without an answer may be there: a later Delete
// goes there too.
func TestDroppedDeliveriesAreGivenUpAndStillDeleted(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	host := person(t, alice, bob).HostID
	bob.Misbehave(outOfOrder)
	p := alice.Post(t, store.Followers, "Perhaps it is there.")
	if n, err := alice.DropHost(ctx(), host, 0, false); err != nil || n != 1 {
		t.Fatalf("dropped %d, %v", n, err)
	}
	if r := receiptOf(t, alice, p.ID); r.State != store.DeliveryLost || !r.DueAt.IsZero() {
		t.Errorf("the receipt is %+v", r)
	}
	if q := queueOf(t, alice); len(q) != 0 {
		t.Errorf("still waiting: %+v", q)
	}
	bob.Forget()
	bob.Misbehave(nil)
	c.SettleFor(4*24*time.Hour, 12*time.Hour)
	if n := len(bob.Received("Create")); n != 0 {
		t.Errorf("it was sent %d times after it was dropped", n)
	}
	if n, err := alice.Delete(ctx(), p.ID); err != nil || n != 1 {
		t.Errorf("the Delete goes to %d servers, %v", n, err)
	}
	c.Settle()
	if len(bob.Received("Delete")) != 1 {
		t.Error("the server that may have a copy was not asked to delete it")
	}
}

func TestADeletionIsDroppedOnlyIfAskedFor(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	host := person(t, alice, bob).HostID
	gone := alice.Post(t, store.Public, "Regret.")
	bob.Misbehave(outOfOrder)
	if _, err := alice.Delete(ctx(), gone.ID); err != nil {
		t.Fatal(err)
	}
	stays := alice.Post(t, store.Public, "Another one.")
	if n, err := alice.DropHost(ctx(), host, 0, false); err != nil || n != 1 {
		t.Fatalf("dropped %d, %v", n, err)
	}
	if r := receiptOf(t, alice, stays.ID); r.State < store.DeliveryGivenUp {
		t.Errorf("the post still waits: %+v", r)
	}
	if q := queueOf(t, alice); len(q) != 1 || q[0].Waiting != 1 {
		t.Fatalf("the Delete must wait on: %+v", q)
	}
	if n, err := alice.DropHost(ctx(), host, 0, true); err != nil || n != 1 {
		t.Fatalf("dropped %d, %v", n, err)
	}
	if q := queueOf(t, alice); len(q) != 0 {
		t.Errorf("still waiting: %+v", q)
	}
	log, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.SecurityEvent, error) { return tx.SecurityLog(10) })
	if err != nil || len(log) < 2 || log[1].Kind != "deliveries dropped" || log[0].Kind != "deliveries dropped" {
		t.Errorf("the log says %+v, %v", log, err)
	}
}

func TestOnlyOnePostIsDropped(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Misbehave(outOfOrder)
	one, two := alice.Post(t, store.Public, "First."), alice.Post(t, store.Public, "Second.")
	if n, err := alice.DropHost(ctx(), person(t, alice, bob).HostID, one.ID, false); err != nil || n != 1 {
		t.Fatalf("dropped %d, %v", n, err)
	}
	bob.Misbehave(nil)
	c.SettleFor(time.Hour, time.Minute)
	if _, ok := bob.Has(t, one.URI); ok {
		t.Error("the dropped one arrived")
	}
	if _, ok := bob.Has(t, two.URI); !ok {
		t.Error("the other one did not arrive")
	}
}

func TestFollowersAreAskedWhenTheyLastPosted(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Post(t, store.Public, "The last thing I said.")
	posted := c.Now()
	c.Advance(400 * 24 * time.Hour)
	bob.Follows(t, alice)
	carol.Follows(t, alice)
	count := func() (silent, unknown int) {
		t.Helper()
		err := alice.Store().Read(ctx(), func(tx *store.Tx) (err error) {
			silent, unknown, err = tx.CountSilence(alice.SilentSince(), alice.LastPostAskedSince())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return silent, unknown
	}
	if silent, unknown := count(); silent != 0 || unknown != 2 {
		t.Errorf("before: %d silent, %d unknown", silent, unknown)
	}
	if err := alice.AskLastPosts(ctx()); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if silent, unknown := count(); silent != 1 || unknown != 0 {
		t.Errorf("after: %d silent, %d unknown; carol only follows since today", silent, unknown)
	}
	id := person(t, alice, bob).ID
	known, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (map[int64]store.Silence, error) { return tx.Silences([]int64{id}) })
	if err != nil || known[id].LastPost.Sub(posted).Abs() > time.Minute {
		t.Errorf("bob last posted %v, want %v, %v", known[id].LastPost, posted, err)
	}
	alice.Follows(t, bob)
	bob.Post(t, store.Public, "I am back.")
	if silent, _ := count(); silent != 0 {
		t.Errorf("bob is back and counts as silent")
	}
}
