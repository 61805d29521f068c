package federation_test

import (
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

const window = 15 * time.Second

func held(t *testing.T, s *fedtest.Server, d federation.Draft) store.Unsent {
	t.Helper()
	sent, err := s.Send(ctx(), d, window)
	if err != nil || sent.Held.ID == 0 || sent.Post.ID != 0 {
		t.Fatalf("sent as %+v, %v", sent, err)
	}
	return sent.Held
}

func creates(s *fedtest.Server) int { return len(s.Received("Create")) }

func TestAHeldPostGoesOutOnceWhenItsWindowEnds(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	file := upload(t, alice, "sill.png", 7)
	poll := federation.PollDraft{Options: []string{"Kale", "Leek"}, Lasts: time.Hour}
	for _, d := range []federation.Draft{
		{Text: "Plain", Visibility: store.Followers}, {Text: "With a picture", Media: []federation.Attached{{ID: file.ID}}, Summary: "Seedlings"}, {Text: "Which?", Poll: &poll},
	} {
		before := creates(bob)
		held(t, alice, d)
		c.Advance(14 * time.Second)
		c.Settle()
		if n := creates(bob) - before; n != 0 || len(alice.Home(t)) != before {
			t.Fatalf("%s: %d went out within the window", d.Text, n)
		}
		alice.Restart(t)
		c.Advance(2 * time.Second)
		c.Settle()
		c.Advance(time.Minute)
		c.Settle()
		if n := creates(bob) - before; n != 1 {
			t.Fatalf("%s: %d Creates, want 1", d.Text, n)
		}
	}
	home := bob.Home(t)
	if len(home) != 3 || home[2].Visibility != store.Followers || home[1].Summary != "Seedlings" || len(home[1].Extra.Attachments) != 1 || home[0].Extra.Poll == nil {
		t.Errorf("%+v", home)
	}
	reply := held(t, alice, federation.Draft{Text: "@" + bob.Handle() + " yes", ParentID: alice.Home(t)[0].ID, QuoteID: alice.Home(t)[1].ID})
	if sent, err := alice.SendNow(ctx(), reply.ID, window); err != nil || sent.Post.ParentID == 0 || sent.Post.Extra.QuoteURI == "" {
		t.Errorf("sent now: %+v, %v", sent, err)
	}
	c.Settle()
	if n := creates(bob); n != 4 {
		t.Errorf("%d Creates after one was sent now", n)
	}
}

func TestAHeldPostIsTakenBack(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	file := upload(t, alice, "sill.png", 7)
	u := held(t, alice, federation.Draft{Text: "A tpyo", Summary: "Words", Media: []federation.Attached{{ID: file.ID}}, Key: "form"})
	if _, err := alice.Publish(ctx(), federation.Draft{Text: "The same picture", Media: []federation.Attached{{ID: file.ID}}}); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("T39: its file in another post: %v", err)
	}
	for range 2 {
		if err := alice.TakeBack(ctx(), u.ID); err != nil {
			t.Fatal(err)
		}
	}
	c.Advance(time.Hour)
	c.Settle()
	drafts, err := alice.Drafts(ctx())
	if err != nil || len(drafts) != 1 || drafts[0].Draft.Text != "A tpyo" || drafts[0].Draft.Summary != "Words" || len(drafts[0].Draft.Media) != 1 || creates(bob) != 0 {
		t.Fatalf("%+v, %v, %d Creates", drafts, err, creates(bob))
	}
	// The form that made it, sent once more, makes no second one.
	if again, err := alice.Send(ctx(), federation.Draft{Text: "A tpyo", Key: "form"}, window); err != nil || again.Held.ID != u.ID || again.Held.Kind != store.UnsentDraft {
		t.Errorf("%+v, %v", again, err)
	}
	if sent, err := alice.SendNow(ctx(), u.ID, window); err != nil || sent.Held.Kind != store.UnsentHeld {
		t.Fatalf("a draft is sent: %+v, %v", sent, err)
	}
	c.Advance(window)
	c.Settle()
	if n := creates(bob); n != 1 {
		t.Errorf("%d Creates", n)
	}
	if err := alice.TakeBack(ctx(), u.ID); !errors.Is(err, federation.ErrWentOut) {
		t.Errorf("taken back too late: %v", err)
	}
}

// Twenty times the same form: one post, whether it is held, sent or out.
func TestTwentyDoubleSubmitsMakeOnePost(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	submit := func() map[int64]bool {
		var mu sync.Mutex
		var wg sync.WaitGroup
		ids := map[int64]bool{}
		for range 20 {
			wg.Go(func() {
				sent, err := alice.Send(ctx(), federation.Draft{Text: "once", Key: "same"}, window)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				ids[sent.Held.ID+sent.Post.ID] = true
			})
		}
		wg.Wait()
		return ids
	}
	first := submit()
	c.Advance(window)
	c.Settle()
	if after := submit(); len(first) != 1 || len(after) != 1 {
		t.Errorf("%v, then %v", first, after)
	}
	c.Advance(time.Minute)
	c.Settle()
	if n := creates(bob); n != 1 || len(alice.Home(t)) != 1 {
		t.Errorf("%d Creates, %d posts", n, len(alice.Home(t)))
	}
}

func TestWhatCannotGoOutIsNotHeld(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	parent := bob.Post(t, store.Followers, "Anyone?")
	c.Settle()
	here, _ := alice.Has(t, parent.URI)
	for what, d := range map[string]federation.Draft{
		"nothing": {Text: " "}, "nobody named": {Text: "x", Visibility: store.Direct}, "too long": {Text: strings.Repeat("a", 5001)},
		"too wide an answer": {Text: "x", ParentID: here.ID}, "an answer to nothing": {Text: "x", ParentID: 4711}, "a file of nobody": {Media: []federation.Attached{{ID: 4711}}},
	} {
		if sent, err := alice.Send(ctx(), d, window); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%s: %+v, %v", what, sent, err)
		}
	}
	held(t, alice, federation.Draft{Text: "@" + bob.Handle() + " me", ParentID: here.ID, Visibility: store.Direct})
	if _, err := bob.Delete(ctx(), parent.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	c.Advance(window)
	c.Settle()
	drafts, err := alice.Drafts(ctx())
	if err != nil || len(drafts) != 1 || !strings.Contains(drafts[0].Draft.Problem, "deleted") {
		t.Errorf("the answer to a deleted post: %+v, %v", drafts, err)
	}
}

func TestAScheduledPostThatIsLateAsksIfWanted(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	set := alice.Settings()
	set.LateScheduled = "ask"
	if err := alice.SaveSettings(ctx(), set); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := alice.Schedule(ctx(), federation.Draft{Text: "Good morning"}, c.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		c.Advance(3 * time.Hour) // the server was off
		c.Settle()
		drafts, err := alice.Drafts(ctx())
		if err != nil || len(drafts) != 1 || !strings.Contains(drafts[0].Draft.Problem, "off") && set.LateScheduled == "ask" {
			t.Fatalf("%+v, %v", drafts, err)
		}
		set.LateScheduled = ""
		if err := alice.SaveSettings(ctx(), set); err != nil {
			t.Fatal(err)
		}
	}
	if n := creates(bob); n != 1 {
		t.Errorf("%d Creates: one was to ask, one to go out late", n)
	}
}

// A job that was set aside must not keep a post for ever.
func TestWhatWaitsWithoutAJobIsPlannedAtTheStart(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	u := held(t, alice, federation.Draft{Text: "Forgotten"})
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.DropJobs("scheduled", "scheduled:"+strconv.FormatInt(u.ID, 10)) }); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Minute)
	c.Settle()
	if n := creates(bob); n != 0 {
		t.Fatal("it went out without a job")
	}
	if err := alice.WantUnsent(ctx()); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if n := creates(bob); n != 1 {
		t.Errorf("%d Creates", n)
	}
}
