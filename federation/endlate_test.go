package federation_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/store/storetest"
)

// finished drives the end of an account to its last step.
func finished(t *testing.T, c *fedtest.Cluster, s *fedtest.Server) store.Farewell {
	t.Helper()
	for range 3 {
		done, err := s.FinishDeletion(ctx(), false)
		if err != nil {
			t.Fatal(err)
		}
		if done {
			return *s.Ending()
		}
		c.Settle()
	}
	t.Fatal("it does not end")
	return store.Farewell{}
}

// The account is closed by a command, and the machine is off for longer than the
// week: servers get their week once it is on.
func TestAMachineThatWasOffForTheWeekTellsEverybody(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	carol.Follows(t, alice)
	uri := alice.ActorURI()
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	began := c.Now()
	c.Advance(9 * 24 * time.Hour)
	alice.Restart(t)
	if err := alice.Recover(ctx(), began); err != nil {
		t.Fatal(err)
	}
	if until := alice.Ending().Until; !until.Equal(c.Now().Add(store.ActorDeleteLifetime)) {
		t.Errorf("servers are asked until %v, now is %v", until, c.Now())
	}
	if done, err := alice.FinishDeletion(ctx(), false); err != nil || done {
		t.Fatalf("wiped before anybody was asked: %v", err)
	}
	carol.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	c.SettleFor(24*time.Hour, 3*time.Hour)
	if told(bob, uri) != 1 {
		t.Errorf("bob was told %d times", told(bob, uri))
	}

	// Off again until that week is over too: those that did not answer are asked once more.
	asked := told(carol, uri)
	carol.Misbehave(nil)
	c.Advance(8 * 24 * time.Hour)
	alice.Restart(t)
	if err := alice.Recover(ctx(), began); err != nil {
		t.Fatal(err)
	}
	if done, err := alice.FinishDeletion(ctx(), false); err != nil || done {
		t.Fatalf("wiped before carol was asked for the last time: %v", err)
	}
	c.Settle()
	if n := told(carol, uri); n != asked+1 {
		t.Errorf("carol was asked %d times more", n-asked)
	}
	for _, x := range finished(t, c, alice).Report {
		if x.State != store.DeliveryAccepted {
			t.Errorf("%+v", x)
		}
	}
}

// A server that has counted as dead for long is asked by the schedule: it cannot tell
// that it is back, since nothing is taken from it any more.
func TestADeadServerThatComesBackIsToldWithinTheWeek(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	c.Settle()
	down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	bob.Misbehave(down)
	for range 12 {
		alice.Post(t, store.Public, "Nobody there")
		c.SettleFor(24*time.Hour, 12*time.Hour)
	}
	if h := lookAt(t, alice, func(tx *store.Tx) (store.Host, error) { return tx.Host(bob.Host) }); h.DeadAt.IsZero() {
		t.Fatalf("it does not count as dead: %+v", h)
	}
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(24*time.Hour, time.Hour)
	bob.Misbehave(nil)
	c.SettleFor(36*time.Hour, time.Hour)
	if n := told(bob, alice.ActorURI()); n == 0 || alice.Ending().Until.Before(c.Now()) {
		t.Error("it was not told when it was back")
	}
	if d := finished(t, c, alice); d.Report[0].State != store.DeliveryAccepted {
		t.Errorf("%+v", d.Report)
	}
}

// Of a server whose name leads nowhere it is said that it is gone only if another one
// was found: else this machine may have been without a network, and they are asked on.
func TestAMachineWithoutANetworkTakesNobodyForGone(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	lost := store.Told{Host: "a.example", State: store.DeliveryUnknown, Error: store.NameNotFound, TriedAt: c.Now(), Dead: c.Now()}
	for _, tc := range []struct {
		other store.Told
		want  federation.Outcome
	}{
		{store.Told{Host: "b.example", State: store.DeliveryAccepted, TriedAt: c.Now()}, federation.OutcomeGone},
		{store.Told{Host: "b.example", State: store.DeliveryUnknown, Error: "answered 503", TriedAt: c.Now()}, federation.OutcomeGone},
		{store.Told{Host: "b.example", State: store.DeliveryUnknown, Error: store.NameNotFound, TriedAt: c.Now()}, federation.OutcomeSilent},
		{store.Told{Host: "b.example", State: store.DeliveryUnknown, Error: store.NameUnclear, TriedAt: c.Now()}, federation.OutcomeSilent},
		{store.Told{Host: "b.example"}, federation.OutcomeSilent},
	} {
		report := federation.NewEndReport(alice.Identity(), store.Farewell{}, []store.Told{lost, tc.other})
		if got := report.Servers[0].Outcome; got != tc.want {
			t.Errorf("beside %+v it is %q, want %q", tc.other, got, tc.want)
		}
	}
	unclear := lost
	unclear.Error = store.NameUnclear
	met := store.Told{Host: "b.example", State: store.DeliveryAccepted, TriedAt: c.Now()}
	if got := federation.NewEndReport(alice.Identity(), store.Farewell{}, []store.Told{unclear, met}).Servers[0].Outcome; got != federation.OutcomeSilent {
		t.Errorf("a name that could not be looked up is %q", got)
	}
	var d store.Farewell
	untold := func() int {
		return lookAt(t, alice, func(tx *store.Tx) (int, error) { return tx.Untold(d.Outgoing) })
	}
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		for _, name := range []string{"a.example", "b.example"} {
			host, err := tx.EnsureHost(name)
			if err != nil {
				return err
			}
			if _, err := tx.EnsureInbox(store.InboxTarget{URL: "https://" + name + "/inbox", HostID: host}); err != nil {
				return err
			}
		}
		return tx.BeginFarewell(&d, &store.Outgoing{Kind: "Delete", URI: "x", Payload: []byte("{}"), Until: tx.Now().Add(store.ActorDeleteLifetime)})
	})
	if err != nil {
		t.Fatal(err)
	}
	fail := func(reason string, hosts ...string) {
		t.Helper()
		err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
			o, err := tx.Outgoing(d.Outgoing)
			if err != nil {
				return err
			}
			due, err := tx.DueInboxes(c.Now().Add(30*24*time.Hour), 10)
			for _, in := range due {
				if err == nil && slices.ContainsFunc(hosts, func(h string) bool { return strings.Contains(in.URL, h) }) {
					err = tx.DeliveryFailed(in, o, false, reason, time.Time{})
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 6 {
		fail(store.NameNotFound, "a.example", "b.example")
		c.Advance(24 * time.Hour)
	}
	fail(store.NameNotFound, "a.example", "b.example")
	if n := untold(); n != 2 {
		t.Errorf("%d are still to be told while nobody was found", n)
	}
	fail(store.NameUnclear, "b.example")
	if n := untold(); n != 2 {
		t.Errorf("%d are still to be told while names cannot be looked up", n)
	}
	fail("answered 503", "b.example")
	if n := untold(); n != 1 {
		t.Errorf("%d are still to be told, a.example is gone", n)
	}
}

// While the account ends nothing else is done: what expires does not, nobody is asked
// what was missed, no job is left behind, and no error is logged for it.
func TestNothingElseIsDoneWhileTheAccountEnds(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	alice.Follows(t, bob)
	alice.Post(t, store.Public, "Old by then")
	c.SettleFor(40*24*time.Hour, 20*24*time.Hour)
	if err := alice.SetExpiry(ctx(), store.Expiry{Days: 7}); err != nil {
		t.Fatal(err)
	}
	bob.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	bob.Forget()
	began := c.Now()
	c.Advance(25 * time.Hour)
	alice.Restart(t)
	if err := alice.Recover(ctx(), began); err != nil {
		t.Fatal(err)
	}
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.AddJob("expiry", "expiry", []byte("0"), time.Time{}) }) // one that was under way
	if err != nil {
		t.Fatal(err)
	}
	c.SettleFor(3*time.Hour, time.Hour)
	for _, r := range bob.Received("") {
		if r.Type != "Delete" {
			t.Errorf("bob's server gets %s", r.Type)
		}
	}
	if gets := bob.Gets(); len(gets) > 0 {
		t.Errorf("bob's server is asked for %v", gets)
	}
	if n, _, err := goneForAge(alice); err != nil || n != 0 {
		t.Errorf("%d posts went for their age while the account ended: %v", n, err)
	}
	if waits := lookAt(t, alice, func(tx *store.Tx) (bool, error) { return tx.JobWaiting("expiry") }); waits {
		t.Error("the job of what expires waits on")
	}
}

func goneForAge(s *fedtest.Server) (n int, first time.Time, err error) {
	err = s.Store().Read(ctx(), func(tx *store.Tx) error {
		n, first, err = tx.CountExpired(time.Time{})
		return err
	})
	return n, first, err
}

// Servers that have not heard of a new key get the Delete signed with the old one, also
// when the week of the rotation ends before the week of the deletion: nobody can look at
// the profile any more.
func TestTheOldKeySignsUntilTheAccountIsWiped(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	followed(t, c, alice, bob)
	bob.Handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	if err := alice.RotateKeys(ctx()); err != nil {
		t.Fatal(err)
	}
	ids := keyNames(t, alice)
	c.SettleFor(6*24*time.Hour, 12*time.Hour)
	if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
		t.Fatal(err)
	}
	bob.Handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	c.SettleFor(2*24*time.Hour, 6*time.Hour)
	sweep(t, alice)
	alice.Restart(t)
	bob.Forget()
	c.SettleFor(3*24*time.Hour, 6*time.Hour)
	if got := signedBy(bob, "Delete"); !slices.Contains(got, ids[store.KeyOld]) || !slices.Contains(got, ids[store.KeyMain]) {
		t.Errorf("a week after the rotation it is signed by %v; old is %s", got, ids[store.KeyOld])
	}
}

// The report of an account that was wiped says what is on the disk still.
func TestTheReportSaysWhatIsLeftOnTheDisk(t *testing.T) {
	st := storetest.OpenAlice(t)
	dir := st.Dir()
	err := st.Write(ctx(), func(tx *store.Tx) error {
		return tx.SaveFarewell(store.Farewell{Begun: tx.Now(), Done: tx.Now()})
	})
	if err := errors.Join(err, st.Close(), store.Wipe(dir, time.Now)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"media/ab/file", "mine.txt"} {
		name = filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if st, err = store.Open(dir, store.Options{}); err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	says := func(words, hides string) {
		t.Helper()
		text, err := federation.EndReportCommand(ctx(), st)
		if err != nil || !strings.Contains(string(text), words) || strings.Contains(string(text), hides) || !strings.Contains(string(text), "look through: mine.txt.") {
			t.Errorf("%s, %v", text, err)
		}
	}
	says("are not all removed yet", "are removed too")
	if err := store.WipeRest(ctx(), dir); err != nil {
		t.Fatal(err)
	}
	says("are removed too", "are not all removed yet")
}
