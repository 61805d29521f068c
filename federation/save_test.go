package federation_test

import (
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func saved(t *testing.T, s *fedtest.Server) (ids []int64) {
	t.Helper()
	for _, b := range lookAt(t, s, func(tx *store.Tx) ([]store.Bookmark, error) { return tx.Bookmarks(store.Page{}) }) {
		ids = append(ids, b.PostID)
	}
	return ids
}

// What is saved outlives the sweep, and not its author's deletion; nobody is told.
func TestSavedPosts(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	p := bob.Post(t, store.Followers, "Keep this")
	lost := bob.Post(t, store.Public, "Nobody keeps this")
	own := alice.Post(t, store.Public, "My own")
	bob.Forget()
	here, _ := alice.Has(t, p.URI)
	for range 2 {
		for _, id := range []int64{here.ID, own.ID} {
			if _, err := alice.Save(ctx(), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.Settle()
	if n := len(bob.Received("")); n != 0 {
		t.Errorf("bob's server was told %d things", n)
	}
	if got := saved(t, alice); len(got) != 2 || got[0] != own.ID || got[1] != here.ID {
		t.Errorf("saved: %v", got)
	}
	c.Advance(200 * 24 * time.Hour)
	if _, err := alice.Store().Sweep(ctx()); err != nil {
		t.Fatal(err)
	}
	if _, ok := alice.Has(t, p.URI); !ok {
		t.Error("what was saved is swept")
	}
	if _, ok := alice.Has(t, lost.URI); ok {
		t.Error("what nobody saved is not swept")
	}
	if _, err := bob.Delete(ctx(), p.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if got := saved(t, alice); len(got) != 1 || got[0] != own.ID {
		t.Errorf("after its author deleted it: %v", got)
	}
	if _, err := alice.Save(ctx(), here.ID); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("what is gone was saved: %v", err)
	}
	if _, err := alice.Unsave(ctx(), own.ID); err != nil || len(saved(t, alice)) != 0 {
		t.Errorf("unsaved: %v, %v", err, saved(t, alice))
	}
}

// The id of a boost stands for the post that was boosted.
func TestABoostIsSavedAsItsPost(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob)
	bob.Follows(t, carol)
	p := carol.Post(t, store.Public, "Carol wrote it")
	b := boost(t, c, bob, p.URI, store.Public)
	row, _ := alice.Has(t, b.URI)
	got, err := alice.Save(ctx(), row.ID)
	if err != nil || got.URI != p.URI {
		t.Fatalf("saved %q, %v", got.URI, err)
	}
	if ids := saved(t, alice); len(ids) != 1 || ids[0] != got.ID {
		t.Errorf("saved: %v", ids)
	}
}
