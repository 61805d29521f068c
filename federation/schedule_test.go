package federation_test

import (
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func TestAScheduledPostGoesOutAtItsTime(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	u, err := alice.Schedule(ctx(), federation.Draft{Text: "Good morning", Visibility: store.Followers}, c.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	c.Advance(59 * time.Minute)
	c.Settle()
	if n := len(bob.Home(t)); n != 0 {
		t.Fatalf("%d posts before its time", n)
	}
	if _, err := alice.Reschedule(ctx(), u.ID, c.Now().Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	c.Advance(2 * time.Minute)
	c.Settle()
	if n := len(bob.Home(t)); n != 0 {
		t.Fatalf("%d posts at its old time", n)
	}
	alice.Restart(t)
	c.Advance(9 * time.Minute)
	c.Settle()
	home := bob.Home(t)
	if len(home) != 1 || !strings.Contains(home[0].Content, "Good morning") || home[0].Visibility != store.Followers {
		t.Fatalf("%+v", home)
	}
	c.Advance(time.Hour)
	c.Settle()
	if n := len(bob.Home(t)); n != 1 {
		t.Errorf("it went out %d times", n)
	}
	if _, err := alice.Scheduled(ctx(), u.ID); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("it still waits: %v", err)
	}
}

func TestWhatCannotGoOutAtItsTimeBecomesADraft(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	parent := bob.Post(t, store.Public, "Anyone?")
	c.Settle()
	here, ok := alice.Has(t, parent.URI)
	if !ok {
		t.Fatal("the post did not arrive")
	}
	at := c.Now().Add(time.Hour)
	u, err := alice.Schedule(ctx(), federation.Draft{Text: "Me", ParentID: here.ID}, at)
	if err != nil {
		t.Fatal(err)
	}
	named, err := alice.Schedule(ctx(), federation.Draft{Text: "Hello @nobody@nowhere.localhost", Visibility: store.Direct}, at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Delete(ctx(), parent.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	c.Advance(2 * time.Hour)
	c.Settle()
	drafts, err := alice.Drafts(ctx())
	if err != nil || len(drafts) != 2 {
		t.Fatalf("%d drafts, %v", len(drafts), err)
	}
	for _, d := range drafts {
		if d.ID != u.ID && d.ID != named.ID || d.Draft.Problem == "" {
			t.Errorf("%+v", d)
		}
	}
	if own := lookAt(t, alice, func(tx *store.Tx) ([]store.Post, error) {
		return tx.OwnPosts(store.Page{Limit: 5}, store.Direct, true, true)
	}); len(own) != 0 {
		t.Errorf("published all the same: %+v", own)
	}
}

func TestWhatCanBeScheduled(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	now := c.Now()
	for what, at := range map[string]time.Time{"in the past": now.Add(-time.Hour), "at once": now.Add(4 * time.Minute), "in a life": now.Add(20 * 365 * 24 * time.Hour)} {
		if _, err := alice.Schedule(ctx(), federation.Draft{Text: "x"}, at); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, d := range map[string]federation.Draft{
		"nothing": {}, "too long": {Text: strings.Repeat("a", 5001)}, "a file of nobody": {Media: []federation.Attached{{ID: 4711}}}, "an answer to nothing": {Text: "a", ParentID: 4711},
	} {
		if _, err := alice.Schedule(ctx(), d, now.Add(time.Hour)); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%s: %v", what, err)
		}
	}
	day := now.Truncate(24 * time.Hour).Add(48 * time.Hour)
	var last store.Unsent
	for i := range 25 {
		var err error
		if last, err = alice.Schedule(ctx(), federation.Draft{Text: "x"}, day.Add(time.Duration(i)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := alice.Schedule(ctx(), federation.Draft{Text: "x"}, day.Add(time.Hour)); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("the 26th of a day: %v", err)
	}
	if err := alice.CancelScheduled(ctx(), last.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.Schedule(ctx(), federation.Draft{Text: "x"}, day.Add(time.Hour)); err != nil {
		t.Errorf("after one was deleted: %v", err)
	}
	if err := alice.CancelScheduled(ctx(), last.ID); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("deleted twice: %v", err)
	}
}
