package federation_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func TestAnEditReachesThoseWhoHaveThePost(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	p := alice.Post(t, store.Public, "Tulips")
	carol.Follows(t, alice) // after the post: backfill brings it, the edit need not
	carol.Forget()
	edited, err := alice.Edit(ctx(), p.ID, federation.Draft{Text: "Tulips and *frost*", Markdown: true, Summary: "Weather"})
	if err != nil {
		t.Fatal(err)
	}
	again, err := alice.Edit(ctx(), p.ID, federation.Draft{Text: "Tulips, frost", Markdown: true})
	if err != nil || !again.EditedAt.After(edited.EditedAt) || !edited.EditedAt.After(p.PublishedAt) {
		t.Fatalf("edit times %v, %v, %v: %v", p.PublishedAt, edited.EditedAt, again.EditedAt, err)
	}
	c.Settle()
	got, ok := bob.Has(t, p.URI)
	if !ok || !strings.Contains(got.Content, "Tulips, frost") || got.EditedAt.IsZero() {
		t.Errorf("bob has %+v", got)
	}
	if len(carol.Received("Update")) != 0 {
		t.Error("an edit went to a server that was never sent the post")
	}
	edits, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Edit, error) { return tx.Edits(p.ID) })
	if err != nil || len(edits) != 2 || edits[0].Source != "Tulips" {
		t.Errorf("history %+v, %v", edits, err)
	}
	bob.Forget()
	same, err := alice.Edit(ctx(), p.ID, federation.Draft{Text: "Tulips, frost", Markdown: true})
	c.Settle()
	if err != nil || !same.EditedAt.Equal(again.EditedAt) || len(bob.Received("")) != 0 {
		t.Errorf("the same text again made an edit: %v", err)
	}
}

func TestAnEditNeverWidensAPrivatePost(t *testing.T) {
	for _, v := range []store.Visibility{store.Followers, store.Direct} {
		alice := fedtest.New(t, "alice").Servers[0]
		bob, eve := someone(t, alice, "bob", "b.example"), someone(t, alice, "eve", "e.example")
		p, err := alice.Publish(ctx(), draft("For @bob@b.example", v))
		if err != nil {
			t.Fatal(err)
		}
		p, err = alice.Edit(ctx(), p.ID, federation.Draft{Text: "Not about @eve@e.example", Markdown: true, Visibility: store.Public})
		if err != nil || p.Visibility != v {
			t.Fatalf("visibility %d: %v", p.Visibility, err)
		}
		for _, url := range waitingInboxes(t, alice) {
			if strings.HasPrefix(url, "e.example") {
				t.Errorf("somebody named by the edit is sent it at %s", url)
			}
		}
		if !strings.Contains(p.Content, eve.URL) {
			t.Errorf("the name is no link: %s", p.Content)
		}
		err = alice.Store().Read(ctx(), func(tx *store.Tx) error {
			was, err := tx.Mentioned(p.ID, bob.ID)
			if err != nil {
				return err
			}
			now, err := tx.Mentioned(p.ID, eve.ID)
			if !was || now {
				t.Errorf("bob may read it: %v, eve may read it: %v", was, now)
			}
			return err
		})
		if err != nil || len(p.Extra.Mentions) != 1 || p.Extra.Mentions[0].ActorID != bob.ID {
			t.Errorf("it is addressed to %v, %v", p.Extra.Mentions, err)
		}
	}
}

func TestAnEditOfAPublicPostTellsThoseItNamesAnew(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	someone(t, alice, "eve", "e.example")
	p, err := alice.Publish(ctx(), draft("Hello", store.Public))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = alice.Edit(ctx(), p.ID, draft("Hello @eve@e.example #new", store.Public)); err != nil {
		t.Fatal(err)
	}
	if got := waitingInboxes(t, alice); !slices.Equal(got, []string{"e.example/inbox"}) {
		t.Errorf("the edit goes to %v", got)
	}
	tagged, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Post, error) { return tx.OwnTagged("new", store.Page{}) })
	if err != nil || len(tagged) != 1 {
		t.Errorf("under the new hashtag: %d posts, %v", len(tagged), err)
	}
}

func TestOnlyOwnPostsAreEditedAndDeleted(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	other := arrived(t, alice, someone(t, alice, "bob", "b.example"), store.Public)
	for _, id := range []int64{other.ID, 42} {
		if _, err := alice.Edit(ctx(), id, draft("Mine now", store.Public)); reply.CodeOf(err) != reply.NotFound {
			t.Errorf("edit of %d: %v", id, err)
		}
		if _, err := alice.Delete(ctx(), id); reply.CodeOf(err) != reply.NotFound {
			t.Errorf("delete of %d: %v", id, err)
		}
	}
}

func TestAnEditWhileTheCreateWaitsIsSentAfterIt(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Forget()
	p, err := alice.Publish(ctx(), draft("First", store.Followers))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alice.Edit(ctx(), p.ID, draft("Second", store.Followers)); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(time.Minute, time.Minute)
	if got, ok := bob.Has(t, p.URI); !ok || !strings.Contains(got.Content, "Second") {
		t.Errorf("bob has %q, %v", got.Content, ok)
	}
}

func TestAnEditOfAPublicPostReachesServersThatStillHoldIt(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	public := alice.Post(t, store.Public, "For all, with a slip")
	private := alice.Post(t, store.Followers, "For few, with a slip")
	if err := bob.Unfollow(ctx(), person(t, bob, alice).ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	c.Advance(time.Minute)
	for _, p := range []store.Post{public, private} {
		if _, err := alice.Edit(ctx(), p.ID, federation.Draft{Text: "Corrected", Markdown: true}); err != nil {
			t.Fatal(err)
		}
	}
	c.Settle()
	updates := bob.Received("Update")
	if len(updates) != 1 || !strings.Contains(updates[0].Body, public.URI) {
		t.Errorf("a former follower's server got %d updates, want that of the public post alone", len(updates))
	}
}

// Times are written to the second: a second edit within it must be a newer one.
func TestTwoEditsWithinASecondBothArrive(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	p := alice.Post(t, store.Public, "Frst")
	for _, text := range []string{"Firrst", "First"} {
		c.Advance(100 * time.Millisecond)
		if _, err := alice.Edit(ctx(), p.ID, federation.Draft{Text: text, Markdown: true}); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		if got, _ := bob.Has(t, p.URI); !strings.Contains(got.Content, text) {
			t.Errorf("bob has %q, not %q", got.Content, text)
		}
	}
}
