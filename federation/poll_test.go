package federation_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func TestWhatAPollMayBe(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	for what, q := range map[string]federation.PollDraft{
		"one answer":     {Options: []string{"a", " ", ""}, Lasts: time.Hour},
		"eleven answers": {Options: strings.Split("a b c d e f g h i j k", " "), Lasts: time.Hour},
		"twice the same": {Options: []string{"a", "b", " a\n"}, Lasts: time.Hour},
		"too long":       {Options: []string{"a", strings.Repeat("é", 51)}, Lasts: time.Hour},
		"too short":      {Options: []string{"a", "b"}, Lasts: 4 * time.Minute},
		"for ever":       {Options: []string{"a", "b"}, Lasts: 31 * 24 * time.Hour},
		"no end":         {Options: []string{"a", "b"}},
	} {
		if _, err := alice.Publish(ctx(), federation.Draft{Text: "?", Poll: &q}); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%s: %v", what, err)
		}
	}
	p := ask(t, c, alice, store.Public, federation.PollDraft{Options: []string{"  a <b>\t", strings.Repeat("é", 50), ""}, Lasts: 5 * time.Minute})
	if counts(t, alice, p.URI) != "a <b> 0, "+strings.Repeat("é", 50)+" 0 of 0" || !p.Extra.Poll.EndsAt.Equal(c.Now().Add(5*time.Minute)) {
		t.Errorf("%+v", p.Extra.Poll)
	}
}

// question is the object of a poll as others read it.
func question(t *testing.T, s *fedtest.Stranger, uri string) map[string]any {
	t.Helper()
	status, body := s.Fetch(uri, false)
	if status != 200 {
		t.Fatalf("GET %s: %d", uri, status)
	}
	var o map[string]any
	if err := json.Unmarshal([]byte(body), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestAPollOnTheWire(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	s := c.Stranger("zoe")
	one := ask(t, c, alice, store.Public, teaOrCoffee())
	many := ask(t, c, alice, store.Public, federation.PollDraft{Options: []string{"Mon", "Tue"}, Multiple: true, HideTotals: true})
	for _, p := range []store.Post{one, many} {
		s.Send(alice, ballot(s, p, alice.ActorURI(), p.Extra.Poll.Options[0].Name))
	}
	c.Settle()
	o := question(t, s, one.URI)
	options := o["oneOf"].([]any)
	if o["type"] != "Question" || o["anyOf"] != nil || len(options) != 2 || o["endTime"] != "2026-11-20T13:00:00Z" || o["closed"] != nil ||
		o["votersCount"] != 1.0 || o["updated"] != nil || !strings.Contains(o["content"].(string), "Tea or coffee?") {
		t.Errorf("the poll reads %v", o)
	}
	if first := options[0].(map[string]any); first["type"] != "Note" || first["name"] != "Tea" || first["replies"].(map[string]any)["totalItems"] != 1.0 {
		t.Errorf("its first answer reads %v", first)
	}
	hidden := question(t, s, many.URI)["anyOf"].([]any)[0].(map[string]any)
	if hidden["name"] != "Mon" || hidden["replies"] != nil {
		t.Errorf("counts that are kept back are told: %v", hidden)
	}
	c.Advance(time.Hour)
	c.Settle()
	if o := question(t, s, one.URI); o["closed"] != "2026-11-20T13:00:00Z" {
		t.Errorf("the poll that is over reads %v", o)
	}
	if shown := question(t, s, many.URI)["anyOf"].([]any)[0].(map[string]any); shown["replies"].(map[string]any)["totalItems"] != 1.0 {
		t.Errorf("at the end the counts read %v", shown)
	}
}

func TestResultsReachFollowersAndVotersOnceAMinute(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dora")
	alice, bob, carol, dora := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3]
	bob.Follows(t, alice)
	one := ask(t, c, alice, store.Public, teaOrCoffee())
	for _, s := range []*fedtest.Server{carol, dora} { // who follow nobody
		if _, err := s.Lookup(ctx(), one.URI); err != nil {
			t.Fatal(err)
		}
	}
	votes(t, c, carol, one.URI, 0)
	votes(t, c, bob, one.URI, 1)
	if n := len(bob.Received("Update")); n != 0 {
		t.Errorf("%d Updates went out at once", n)
	}
	c.Advance(time.Minute)
	c.Settle()
	for _, s := range []*fedtest.Server{bob, carol} {
		got := s.Received("Update")
		if len(got) != 1 || strings.Contains(got[0].Body, `"updated"`) || got[0].Status != 202 {
			t.Fatalf("%s got %d Updates: %v", s.Name, len(got), got)
		}
		wantCounts(t, s, one.URI, "Tea 1, Coffee 1 of 2")
		if p := known(t, s, one.URI); !p.EditedAt.IsZero() || edits(t, s, one.URI) != 0 {
			t.Errorf("%s takes new counts for an edit", s.Name)
		}
	}
	if n := len(dora.Received("")); n != 0 {
		t.Errorf("dora, who neither follows nor voted, got %d activities", n)
	}
	c.SettleFor(10*time.Minute, time.Minute)
	if n := len(bob.Received("Update")); n != 1 {
		t.Errorf("without new votes %d Updates went out", n)
	}
	if edits(t, alice, one.URI) != 0 {
		t.Error("votes are in the history of the post")
	}
}

func TestTheEndIsToldOnceAlsoAfterARestart(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	carol.Follows(t, alice)
	one := ask(t, c, alice, store.Public, federation.PollDraft{Options: []string{"Tea", "Coffee"}, HideTotals: true})
	votes(t, c, bob, one.URI, 1)
	c.SettleFor(10*time.Minute, time.Minute)
	if n := len(carol.Received("Update")); n != 0 {
		t.Errorf("counts that are kept back were told %d times", n)
	}
	alice.Restart(t)
	bob.Restart(t)
	c.SettleFor(time.Hour, time.Minute)
	for s, want := range map[*fedtest.Server]string{alice: "poll follow follow", bob: "poll", carol: ""} {
		if got := strings.Join(s.Notified(t), " "); got != want {
			t.Errorf("%s was notified of %q, want %q", s.Name, got, want)
		}
		wantCounts(t, s, one.URI, "Tea 0, Coffee 1 of 1")
		if !known(t, s, one.URI).Extra.Poll.Closed {
			t.Errorf("to %s the poll is not over", s.Name)
		}
	}
	if got := carol.Received("Update"); len(got) != 1 || !strings.Contains(got[0].Body, `"closed"`) {
		t.Errorf("carol got %v", got)
	}
	c.SettleFor(24*time.Hour, time.Hour)
	if n := len(slices.DeleteFunc(alice.Notified(t), func(k string) bool { return k != "poll" })); n != 1 {
		t.Errorf("alice was told %d times", n)
	}
}

// A server that is down while many vote finds one Update, with the last counts.
func TestAServerThatWasDownGetsTheLastCountsOnly(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	one := ask(t, c, alice, store.Public, teaOrCoffee())
	bob.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	bob.Forget()
	for i := range 5 {
		s := c.Stranger("voter" + string(rune('a'+i)))
		s.Send(alice, ballot(s, one, alice.ActorURI(), "Tea"))
		c.SettleFor(2*time.Minute, time.Minute)
	}
	bob.Misbehave(nil)
	bob.Forget()
	c.SettleFor(20*time.Minute, time.Minute)
	if n := len(bob.Received("Update")); n != 1 {
		t.Errorf("%d Updates waited for bob", n)
	}
	wantCounts(t, bob, one.URI, "Tea 5, Coffee 0 of 5")
}

func TestAnEditKeepsThePoll(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	one := ask(t, c, alice, store.Public, teaOrCoffee())
	votes(t, c, bob, one.URI, 0)
	c.Advance(time.Minute)
	if _, err := alice.Edit(ctx(), one.ID, federation.Draft{Text: "Tea, or coffee?"}); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	p := known(t, bob, one.URI)
	if !strings.Contains(p.Content, "Tea, or coffee?") || p.EditedAt.IsZero() || edits(t, bob, one.URI) != 1 {
		t.Errorf("the edit did not arrive: %+v", p)
	}
	for _, s := range c.Servers {
		wantCounts(t, s, one.URI, "Tea 1, Coffee 0 of 1")
	}
	if mine, err := store.Get(ctx(), bob.Store(), func(tx *store.Tx) ([]int, error) { return tx.Votes(p.ID, store.OwnerID) }); err != nil || len(mine) != 1 {
		t.Errorf("the edit of the text took bob's vote: %v %v", mine, err)
	}
	// Counts after an edit are still counts.
	s := c.Stranger("zoe")
	s.Send(alice, ballot(s, one, alice.ActorURI(), "Coffee"))
	c.SettleFor(2*time.Minute, time.Minute)
	wantCounts(t, bob, one.URI, "Tea 1, Coffee 1 of 2")
	if edits(t, bob, one.URI) != 1 {
		t.Error("bob takes counts for one more edit")
	}
	other := federation.PollDraft{Options: []string{"Tea", "Milk"}, Lasts: time.Hour}
	if _, err := alice.Edit(ctx(), one.ID, federation.Draft{Text: "Tea, or milk?", Poll: &other}); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("other answers were taken: %v", err)
	}
	same := teaOrCoffee()
	same.Lasts = 2 * time.Hour
	if _, err := alice.Edit(ctx(), one.ID, federation.Draft{Text: "Tea? Coffee?", Poll: &same}); err != nil {
		t.Errorf("an app that sends the poll again: %v", err)
	}
}

// T28: a poll with thousands of answers is cut, and a vote with thousands counts once.
func TestT28_HugePollsAndBallots(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	s := c.Stranger("zoe")
	var names []string
	for i := range 2000 {
		names = append(names, "Tea"+strings.Repeat("!", i%7))
	}
	one := ask(t, c, alice, store.Public, federation.PollDraft{Options: []string{"Tea", "Tea!"}, Multiple: true})
	s.Send(alice, ballot(s, one, alice.ActorURI(), names[:500]...))
	c.Settle()
	wantCounts(t, alice, one.URI, "Tea 1, Tea! 1 of 1")
	remotePoll(t, c, alice, s, map[string]any{"oneOf": options(map[string]any{}, names...)})
	if n := len(known(t, alice, s.URL("/notes/q")).Extra.Poll.Options); n > 100 {
		t.Errorf("%d answers are kept", n)
	}
}
