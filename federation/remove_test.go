package federation_test

import (
	"errors"
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
)

func TestADeleteGoesToExactlyThoseWhoHoldThePost(t *testing.T) {
	for _, tc := range []struct {
		v       store.Visibility
		servers int // bob who got it and left; carol who follows since
	}{
		{store.Public, 2},
		{store.Unlisted, 2},
		{store.Followers, 1},
		{store.Direct, 1},
	} {
		c := fedtest.New(t, "alice", "bob", "carol", "dave")
		alice, bob, carol, dave := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3]
		bob.Follows(t, alice)
		p := alice.Post(t, tc.v, "Regret, @"+bob.Handle())
		if err := bob.Unfollow(ctx(), person(t, bob, alice).ID); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		carol.Find(t, alice)
		carol.Follows(t, alice)
		dave.Find(t, alice) // knows alice and nothing of the post
		servers, err := alice.Delete(ctx(), p.ID)
		if err != nil || servers != tc.servers {
			t.Errorf("visibility %d: the Delete goes to %d servers, want %d, %v", tc.v, servers, tc.servers, err)
		}
		c.Settle()
		if _, ok := bob.Has(t, p.URI); ok {
			t.Errorf("visibility %d: bob still has it", tc.v)
		}
		if len(bob.Received("Delete")) != 1 || len(carol.Received("Delete")) != tc.servers-1 || len(dave.Received("Delete")) != 0 {
			t.Errorf("visibility %d: Deletes to bob %d, carol %d, dave %d", tc.v,
				len(bob.Received("Delete")), len(carol.Received("Delete")), len(dave.Received("Delete")))
		}
		body := bob.Received("Delete")[0].Body
		if !strings.Contains(body, `"Tombstone"`) || tc.v > store.Unlisted && strings.Contains(body, "#Public") {
			t.Errorf("visibility %d: %s", tc.v, body)
		}
		_, err = store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Post, error) { return tx.Post(p.ID) })
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("it is still here: %v", err)
		}
	}
}
