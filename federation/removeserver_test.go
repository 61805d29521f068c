package federation_test

import (
	"fmt"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// crowd makes n people of a stranger's server follow somebody.
func crowd(t *testing.T, at *fedtest.Server, of *fedtest.Stranger, n int) (hostID int64) {
	t.Helper()
	err := at.Store().Write(ctx(), func(tx *store.Tx) (err error) {
		if hostID, err = tx.EnsureHost(of.Host); err != nil {
			return err
		}
		for i := range n {
			name := fmt.Sprintf("fan%d", i)
			uri := of.URL("/users/" + name)
			a := store.Actor{URI: uri, HostID: hostID, Username: name, Domain: of.Host, Kind: "Person", Inbox: uri + "/inbox", FetchedAt: tx.Now()}
			if err := tx.SaveActor(&a); err != nil {
				return err
			}
			f := store.Follower{ActorID: a.ID, State: store.FollowAccepted, FollowURI: uri + "/follow", AskedAt: tx.Now(), DecidedAt: tx.Now(),
				Follow: fmt.Sprintf(`{"id":%q,"type":"Follow","actor":%q,"object":%q}`, uri+"/follow", uri, at.ActorURI())}
			if err := tx.SaveFollower(f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return hostID
}

func followersOf(t *testing.T, s *fedtest.Server) int {
	t.Helper()
	n, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRemovingAServerRejectsEachOfItsFollowers(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	big := c.Stranger("big")
	host := crowd(t, alice, big, 120) // more than one slice
	if n, err := alice.RemoveFollowersOn(ctx(), host); err != nil || n != 120 {
		t.Fatalf("removed %d, %v", n, err)
	}
	if n := followersOf(t, alice); n != 1 {
		t.Errorf("alice has %d followers, want bob alone", n)
	}
	c.Settle()
	to := map[string]bool{}
	for _, r := range big.Received("Reject") {
		to[r.Path] = true
	}
	if len(to) != 120 {
		t.Errorf("%d people were told, want 120", len(to))
	}
	c.SettleFor(2*time.Minute, time.Minute) // what would have finished it after a crash finds nothing
	if n := len(big.Received("Reject")); n != 120 {
		t.Errorf("%d Rejects, want 120", n)
	}
	if _, err := alice.RemoveFollowersOn(ctx(), 1<<40); err == nil {
		t.Error("a server that is not known was emptied")
	}
}

func TestT45RemovingAServerEndsItsAccessAtOnce(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	host := person(t, alice, bob).HostID
	if n, err := alice.RemoveFollowersOn(ctx(), host); err != nil || n != 1 {
		t.Fatalf("removed %d, %v", n, err)
	}
	p := alice.Post(t, store.Followers, "For those who are left.")
	if _, ok := bob.Has(t, p.URI); ok {
		t.Error("the removed server got the post")
	}
	if got := followState(t, bob, alice); got != store.FollowRejected {
		t.Errorf("bob's follow is in state %d", got)
	}
	// Who asks anew before the clean-up after a crash would have run, stays.
	c.Advance(10 * time.Second)
	alice.Lock(t, false)
	bob.Follows(t, alice)
	c.SettleFor(3*time.Minute, time.Minute)
	if n := followersOf(t, alice); n != 1 {
		t.Errorf("alice has %d followers; bob asked anew and was accepted", n)
	}
}

// A crash between two slices: what is left goes with the job that was queued first.
func TestARemovalThatBrokeOffIsFinished(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	big := c.Stranger("big")
	host := crowd(t, alice, big, 60)
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		return tx.AddJob("remove-followers", "", fmt.Appendf(nil, "%d %d", host, c.Now().UnixMilli()), c.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	alice.Restart(t)
	c.Settle()
	if n := followersOf(t, alice); n != 0 || len(big.Received("Reject")) != 60 {
		t.Errorf("%d are left, %d were told", n, len(big.Received("Reject")))
	}
}
