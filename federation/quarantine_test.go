package federation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// writesTo makes a stranger name somebody in a public post.
func writesTo(t *testing.T, c *fedtest.Cluster, who *fedtest.Stranger, to *fedtest.Server, path string) {
	t.Helper()
	note := who.Note(path, "<p>Hello from "+who.Name+"</p>")
	note["tag"] = []any{map[string]any{"type": "Mention", "href": to.ActorURI()}}
	c.Advance(time.Second)
	if status := who.Send(to, who.Activity("Create", note)); status >= 300 {
		t.Fatalf("%s gets %d", who.Name, status)
	}
	c.Settle()
}

// made is a stranger whose server says that the account was made so long ago; 0 is
// that it does not say.
func made(c *fedtest.Cluster, name string, ago time.Duration) *fedtest.Stranger {
	s := c.Stranger(name)
	a := s.Actor()
	if ago != 0 {
		a["published"] = c.Now().Add(-ago).Format(time.RFC3339)
	}
	s.Serve("/users/"+name, a)
	return s
}

const days = 24 * time.Hour

func TestQuarantineHoldsYoungAccountsBack(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	known := made(c, "known", 0)            // met before, without a date
	honest := made(c, "honest", 400*days)   // on a server that is long known
	writesTo(t, c, known, alice, "/first")  // both stand in the inbox
	writesTo(t, c, honest, alice, "/first") //
	bob.Follows(t, alice)
	c.Advance(10 * days)
	c.Settle()
	spoken := made(c, "spoken", time.Hour)
	if _, err := alice.Lookup(ctx(), spoken.ActorID()); err != nil {
		t.Fatal(err)
	}
	alice.Post(t, store.Public, "Hello @spoken@"+spoken.Host)
	if err := alice.SetQuarantine(ctx(), 7); err != nil {
		t.Fatal(err)
	}
	if n := len(alice.Notified(t)); n != 3 {
		t.Fatalf("%d notices before", n)
	}
	for _, s := range []*fedtest.Stranger{known, honest, spoken} {
		writesTo(t, c, s, alice, "/second")
	}
	bob.Post(t, store.Public, "I follow you @"+alice.Handle())
	if n := len(alice.Notified(t)); n != 7 {
		t.Errorf("%d notices of people who are not for the quarantine: %v", n, alice.Notified(t))
	}
	fresh := made(c, "fresh", 2*days)
	liar := made(c, "liar", 3000*days) // a server that nobody met before says so
	silent := made(c, "silent", 0)
	future := made(c, "future", -days)
	for _, s := range []*fedtest.Stranger{fresh, liar, silent, future} {
		writesTo(t, c, s, alice, "/hello")
	}
	waiting, by := heldBack(t, alice)
	want := slices.Repeat([]store.HeldBy{store.HeldQuarantine}, 4)
	if len(waiting) != 4 || !slices.Equal(by, want) {
		t.Fatalf("%d wait, held by %v", len(waiting), by)
	}
	if _, here := alice.Has(t, liar.URL("/hello")); !here {
		t.Error("the post itself is lost")
	}

	// One is let through for good, the rest once.
	if err := alice.AllowNotices(ctx(), waiting[3].ID); err != nil {
		t.Fatal(err)
	}
	if err := alice.ReleaseAllNotices(ctx()); err != nil {
		t.Fatal(err)
	}
	if n := len(alice.Notified(t)); n != 11 {
		t.Errorf("%d notices after all were let through", n)
	}
	for _, s := range []*fedtest.Stranger{fresh, liar} {
		writesTo(t, c, s, alice, "/again")
	}
	if waiting, _ := heldBack(t, alice); len(waiting) != 1 {
		t.Errorf("%d wait; the one let through for good does not", len(waiting))
	}
	if err := alice.SetQuarantine(ctx(), -1); err == nil {
		t.Error("-1 days are taken")
	}
}

func TestAWaveOfStrangersIsSeenAndHeld(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	wave := func() int {
		t.Helper()
		n, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int, error) { return alice.Wave(tx) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	old := c.Stranger("old")
	writesTo(t, c, old, alice, "/1")
	c.Advance(40 * days)
	for i := range 9 {
		writesTo(t, c, c.Stranger(fmt.Sprint("spam", i)), alice, "/1")
		writesTo(t, c, old, alice, fmt.Sprint("/again", i))
	}
	if n := wave(); n != 10 {
		t.Fatalf("a wave of %d", n) // nine and the old one
	}
	if err := alice.BeginWave(ctx()); err != nil {
		t.Fatal(err)
	}
	if waiting, by := heldBack(t, alice); len(waiting) != 9 || by[0] != store.HeldQuarantine {
		t.Errorf("%d wait", len(waiting))
	}
	if n := len(alice.Notified(t)); n != 10 { // those of old, 40 days known
		t.Errorf("%d notices stay", n)
	}
	if n := wave(); n != 0 {
		t.Errorf("a wave of %d while it is held back", n)
	}
	late := c.Stranger("late")
	writesTo(t, c, late, alice, "/1")
	if waiting, _ := heldBack(t, alice); len(waiting) != 10 {
		t.Errorf("%d wait", len(waiting))
	}
	c.Advance(24 * time.Hour)
	writesTo(t, c, c.Stranger("after"), alice, "/1")
	if waiting, _ := heldBack(t, alice); len(waiting) != 10 {
		t.Errorf("%d wait after the end", len(waiting))
	}
	if err := alice.BeginWave(ctx()); err != nil {
		t.Fatal(err)
	}
	if err := alice.EndWave(ctx()); err != nil {
		t.Fatal(err)
	}
	writesTo(t, c, c.Stranger("last"), alice, "/1")
	if waiting, _ := heldBack(t, alice); len(waiting) != 11 { // "after" was within the hour
		t.Errorf("%d wait", len(waiting))
	}
	if err := alice.DismissAllNotices(ctx()); err != nil {
		t.Fatal(err)
	}
	if waiting, by := heldBack(t, alice); len(waiting) != 0 || len(by) != 11 {
		t.Errorf("%d wait, %d are held", len(waiting), len(by))
	}
}
