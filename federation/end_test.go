package federation_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// told counts the Deletes of an account that a server got.
func told(s *fedtest.Server, actor string) int {
	n := 0
	for _, r := range s.Received("Delete") {
		if strings.Contains(r.Body, actor+"#delete") {
			n++
		}
	}
	return n
}

func TestDeletingTheAccountTellsEveryServerThatMayHoldACopy(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dave", "erin")
	alice, bob, carol, dave, erin := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3], c.Servers[4]
	bob.Follows(t, alice)   // a follower
	alice.Follows(t, carol) // whom she follows
	alice.Post(t, store.Direct, "Hello @"+dave.Handle())
	c.Settle()
	bob.Post(t, store.Public, "To stay")
	c.Settle()
	uri := alice.Identity().ActorURI(alice.Origin())
	if err := alice.DeleteAccount(ctx(), "@somebody@else.example", nil); reply.CodeOf(err) != reply.Unprocessable || alice.Ending() != nil {
		t.Fatalf("another handle: %v", err)
	}
	if err := alice.DeleteAccount(ctx(), " @ALICE@"+alice.Domain+" ", nil); err != nil {
		t.Fatal(err)
	}
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); reply.CodeOf(err) != reply.Conflict {
		t.Errorf("twice: %v", err)
	}
	c.Settle()
	for _, s := range []*fedtest.Server{bob, carol, dave} {
		if n := told(s, uri); n != 1 {
			t.Errorf("%s was told %d times", s.Name, n)
		}
	}
	if n := told(erin, uri); n != 0 {
		t.Errorf("erin, who never heard of alice, was told %d times", n)
	}
	if _, err := store.Get(ctx(), bob.Store(), func(tx *store.Tx) (store.Follower, error) {
		a, err := tx.ActorByURI(uri)
		if err == nil && a.GoneAt.IsZero() {
			err = errors.New("bob's server still shows alice")
		}
		return store.Follower{}, err
	}); err != nil && !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	done, err := alice.FinishDeletion(ctx(), false)
	if err != nil || !done {
		t.Fatalf("all have answered: %v, %v", done, err)
	}
	d, list, err := alice.Told(ctx())
	if err != nil || len(list) != 3 || d.Done.IsZero() || d.Posts != 1 {
		t.Fatalf("%+v, %v, %v", d, list, err)
	}
	for _, x := range list {
		if x.State != store.DeliveryAccepted {
			t.Errorf("%s: %+v", x.Host, x)
		}
	}
}

func TestDeletingTheAccountWaitsForThoseThatDoNotAnswer(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	carol.Follows(t, alice)
	carol.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if done, err := alice.FinishDeletion(ctx(), false); err != nil || done {
		t.Fatalf("carol was given up at once: %v", err)
	}
	alice.Restart(t) // it goes on
	if alice.Ending() == nil {
		t.Fatal("a restart forgot that the account ends")
	}
	carol.Misbehave(nil)
	c.SettleFor(3*24*time.Hour, time.Hour)
	if n := told(carol, alice.Identity().ActorURI(alice.Origin())); n == 0 {
		t.Error("carol was never told")
	}
	if done, err := alice.FinishDeletion(ctx(), false); err != nil || !done {
		t.Fatalf("%v, %v", done, err)
	}
}

func TestDeletingTheAccountEndsAfterAWeek(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	bob.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(store.ActorDeleteLifetime+2*time.Hour, 2*time.Hour)
	finished(t, c, alice)
	_, list, err := alice.Told(ctx())
	if err != nil || len(list) != 1 || list[0].State == store.DeliveryAccepted || !strings.Contains(list[0].Error, "401") {
		t.Errorf("%+v, %v", list, err)
	}
}

// Each kind of peer: what the report says of it is what it has in its own log.
func TestTheReportOfTheEndIsWhatPeersSaw(t *testing.T) {
	answers := map[string]int{"accepts": 202, "down": 0, "busy": 503, "unsure": 401, "refuses": 403, "gone": 410, "odd": 400}
	want := map[string]federation.Outcome{"accepts": federation.OutcomeAccepted, "down": federation.OutcomeSilent, "busy": federation.OutcomeSilent,
		"unsure": federation.OutcomeUnverified, "refuses": federation.OutcomeUnverified, "gone": federation.OutcomeGone, "odd": federation.OutcomeRefused}
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	peers := map[string]*fedtest.Server{}
	for name, status := range answers {
		p := c.Add(name)
		peers[name] = p
		p.Follows(t, alice)
		if status != 202 {
			p.Misbehave(func(w http.ResponseWriter, r *http.Request) {
				if status == 0 {
					panic(http.ErrAbortHandler)
				}
				w.WriteHeader(status)
			})
		}
	}
	late := c.Add("late") // down for three days
	late.Follows(t, alice)
	late.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(3*24*time.Hour, 3*time.Hour)
	if done, err := alice.FinishDeletion(ctx(), false); err != nil || done {
		t.Fatalf("after three days: %v, %v", done, err)
	}
	late.Misbehave(nil)
	alice.Restart(t)
	c.SettleFor(4*24*time.Hour+time.Hour, 3*time.Hour)
	finished(t, c, alice)
	d, list, err := alice.Told(ctx())
	if err != nil {
		t.Fatal(err)
	}
	report := federation.NewEndReport(alice.Identity(), d, list)
	peers["late"], want["late"] = late, federation.OutcomeAccepted
	if len(report.Servers) != len(peers) {
		t.Errorf("%d servers are in the report, %d were met", len(report.Servers), len(peers))
	}
	uri := alice.Identity().ActorURI(alice.Origin())
	for _, s := range report.Servers {
		name, _, _ := strings.Cut(s.Host, ".")
		if s.Outcome != want[name] {
			t.Errorf("%s: %s (%s), want %s", name, s.Outcome, s.Error, want[name])
		}
		taken := 0
		for _, r := range peers[name].Received("Delete") {
			if strings.Contains(r.Body, uri+"#delete") && r.Status == http.StatusAccepted {
				taken++
			}
		}
		if (taken > 0) != (s.Outcome == federation.OutcomeAccepted) || taken > 1 {
			t.Errorf("%s took the Delete %d times; the report says %s", name, taken, s.Outcome)
		}
		if tries := told(peers[name], uri); name != "down" && name != "late" && (name == "busy" || name == "unsure") != (tries > 5) {
			t.Errorf("%s was asked %d times", name, tries)
		}
	}
	text := string(report.Text())
	for _, line := range []string{"8 servers", "2 accepted the request, 2 do not answer, 2 could not verify it, 1 refused it, 1 no longer exists", "not proof of deletion", "cannot be used again"} {
		if !strings.Contains(text, line) {
			t.Errorf("the report does not say %q:\n%s", line, text)
		}
	}
}

// Servers that are known only from what is nearly forgotten are told too.
func TestDeletingTheAccountReachesServersKnownFromTheirTracesAlone(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	reader, quoter, named, left, liked := c.Stranger("reader"), c.Stranger("quoter"), c.Stranger("named"), c.Stranger("left"), c.Stranger("liked")
	post := alice.Post(t, store.Public, "Read by many")
	if _, err := alice.Lookup(ctx(), "@named@"+named.Host); err != nil {
		t.Fatal(err)
	}
	alice.Post(t, store.Direct, "Hello @named@"+named.Host)
	follow := left.Activity("Follow", alice.ActorURI())
	left.Send(alice, follow)
	c.Settle()
	left.Send(alice, left.Activity("Undo", follow))
	found, err := alice.Lookup(ctx(), "@liked@"+liked.Host)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alice.Follow(ctx(), found.Actor.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if err := alice.Unfollow(ctx(), found.Actor.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	err = alice.Store().Write(ctx(), func(tx *store.Tx) error {
		host, err := tx.EnsureHost(reader.Host)
		if err != nil {
			return err
		}
		return tx.Fetched(post.ID, host)
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 4 { // what is not needed goes
		c.Advance(20 * 24 * time.Hour)
		if _, err := alice.Store().Sweep(ctx()); err != nil {
			t.Fatal(err)
		}
	}
	quoting, err := alice.Lookup(ctx(), "@quoter@"+quoter.Host)
	if err != nil {
		t.Fatal(err)
	}
	err = alice.Store().Write(ctx(), func(tx *store.Tx) error {
		return tx.AddStamp(&store.Stamp{Kind: "quote", PostID: post.ID, ActorID: quoting.Actor.ID, ObjectURI: quoter.URL("/n/1")})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	for _, s := range []*fedtest.Stranger{reader, quoter, named, left, liked} {
		if n := len(s.Received("Delete")); n != 1 {
			t.Errorf("%s was told %d times", s.Name, n)
		}
	}
}

// From the moment on nothing leaves but the Delete: neither what waits nor what is
// written now, nor what is held, scheduled or drafted.
func TestNothingLeavesAfterTheEndButTheDelete(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	c.Settle()
	bob.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	alice.Post(t, store.Public, "On its way")
	c.Settle()
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		for _, kind := range []store.UnsentKind{store.UnsentDraft, store.UnsentScheduled, store.UnsentHeld} {
			u := store.Unsent{Kind: kind, Draft: store.UnsentText{Text: "Not sent"}}
			if kind != store.UnsentDraft {
				u.DueAt = tx.Now().Add(time.Minute)
			}
			if err := tx.SaveUnsent(&u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	alice.Restart(t) // the jobs of what waits to go out
	bob.Misbehave(nil)
	bob.Forget()
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.Publish(ctx(), draft("Too late", store.Public)); !errors.Is(err, store.ErrFarewell) {
		t.Errorf("a post after the end: %v", err)
	}
	c.SettleFor(2*time.Hour, 10*time.Minute)
	for _, r := range bob.Received("") {
		if r.Type != "Delete" {
			t.Errorf("after the end came %s: %s", r.Type, r.Body)
		}
	}
	if n := told(bob, alice.Identity().ActorURI(alice.Origin())); n != 1 {
		t.Errorf("bob was told %d times", n)
	}
	for _, kind := range []store.UnsentKind{store.UnsentDraft, store.UnsentScheduled, store.UnsentHeld} {
		if list := lookAt(t, alice, func(tx *store.Tx) ([]store.Unsent, error) { return tx.UnsentList(kind) }); len(list) != 0 {
			t.Errorf("%d texts of kind %d wait", len(list), kind)
		}
	}
}
