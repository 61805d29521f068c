package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestRetrySchedule(t *testing.T) {
	want := []time.Duration{
		15 * time.Second, time.Minute, 4 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour,
		6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 72 * time.Hour,
	}
	since := storetest.Start
	for range 200 {
		now := since
		for i, after := range want {
			now = store.NextTry(since, now, rand.Float64())
			got := now.Sub(since)
			low, high := time.Duration(0.8*float64(after)), time.Duration(1.2*float64(after))
			if i == len(want)-1 {
				low = after // never earlier, so that three days are kept
			}
			if got < low || got > high {
				t.Fatalf("try %d comes after %v, not about %v", i+1, got, after)
			}
		}
		last := now
		if now = store.NextTry(since, now, rand.Float64()); now.Sub(last) < 19*time.Hour || now.Sub(last) > 29*time.Hour {
			t.Fatalf("then %v later, not about a day", now.Sub(last))
		}
	}
}

func send(t *testing.T, s *store.Store, w storetest.World, post store.Post, to ...store.InboxTarget) store.Outgoing {
	t.Helper()
	o := store.Outgoing{Kind: "Create", PostID: post.ID, URI: post.URI + "/activity"}
	write(t, s, func(tx *store.Tx) error { return tx.QueueOutgoing(&o, to) })
	return o
}

func inboxOf(a store.Actor) store.InboxTarget {
	return store.InboxTarget{URL: a.DeliveryInbox(), HostID: a.HostID}
}

func due(t *testing.T, s *store.Store, c *clock) []store.Inbox {
	t.Helper()
	return read(t, s, func(tx *store.Tx) ([]store.Inbox, error) { return tx.DueInboxes(c.Now(), 100) })
}

// A server that is down for days: one row, kept at least 72 h, and later posts join it.
func TestDeadInboxIsTriedForThreeDaysAndLaterPostsJoin(t *testing.T) {
	s, w, c := world(t)
	start := c.Now()
	first := send(t, s, w, w.Hello, inboxOf(w.Bob))
	tries, late, joined := 0, false, start
	var gaveUp time.Duration
	for c.Now().Sub(start) < 8*24*time.Hour {
		for _, in := range due(t, s, c) {
			tries++
			write(t, s, func(tx *store.Tx) error {
				o, err := tx.Pending(in.ID)
				if err != nil {
					return err
				}
				return tx.DeliveryFailed(in, o, false, "no route", time.Time{})
			})
		}
		if n := count(t, s, "select count(*) from deliveries where outgoing_id = ? and state < 2", first.ID); n == 0 && gaveUp == 0 {
			gaveUp = c.Now().Sub(start)
		}
		if !late && c.Now().Sub(start) > 30*time.Hour {
			late, joined = true, c.Now()
			send(t, s, w, w.Thanks, inboxOf(w.Bob))
			if n := len(due(t, s, c)); n != 0 {
				t.Error("a later post hurried a dead server")
			}
		}
		next := read(t, s, (*store.Tx).NextDue)
		if next.IsZero() {
			break
		}
		c.Set(next)
	}
	if gaveUp < 72*time.Hour || gaveUp > 90*time.Hour {
		t.Errorf("the first was given up after %v", gaveUp)
	}
	if d := c.Now().Sub(joined); d < 72*time.Hour || d > 102*time.Hour {
		t.Errorf("the later one was given up after %v", d)
	}
	if tries < 13 || tries > 18 {
		t.Errorf("%d tries", tries)
	}
	if n := count(t, s, "select count(*) from inboxes where url = ?", w.Bob.SharedInbox); n != 1 {
		t.Errorf("%d rows for one inbox", n)
	}
}

func TestServerThatSpeaksIsTriedAtOnceAndGetsAllInOrder(t *testing.T) {
	s, w, c := world(t)
	a := send(t, s, w, w.Hello, inboxOf(w.Bob))
	b := send(t, s, w, w.Thanks, inboxOf(w.Bob))
	in := due(t, s, c)[0]
	write(t, s, func(tx *store.Tx) error { return tx.DeliveryFailed(in, a, true, "timeout", time.Time{}) })
	if len(due(t, s, c)) != 0 {
		t.Fatal("it is due again at once")
	}
	write(t, s, func(tx *store.Tx) error { _, err := tx.HostSeen(w.Bob.HostID); return err })
	for _, want := range []int64{a.ID, b.ID} {
		in := due(t, s, c)
		if len(in) != 1 {
			t.Fatal("it is not due")
		}
		write(t, s, func(tx *store.Tx) error {
			o, err := tx.Pending(in[0].ID)
			if err != nil || o.ID != want {
				t.Errorf("pending is %d, %v, not %d", o.ID, err, want)
			}
			return tx.DeliveryDone(in[0], o.ID, store.DeliveryAccepted, "")
		})
	}
	if len(due(t, s, c)) != 0 {
		t.Error("it is due with nothing to send")
	}
}

// A Delete goes to those that have a copy or may have one, each once.
func TestHoldersAreThoseThatMayHaveACopy(t *testing.T) {
	s, w, c := world(t)
	var targets []store.InboxTarget
	names := []string{"waits", "flying", "timeout", "accepted", "refused", "lost"}
	write(t, s, func(tx *store.Tx) error {
		for _, n := range append(names, "fetched") {
			a, err := storetest.Person(tx, "x", n+".example")
			if err != nil {
				return err
			}
			if n == "fetched" {
				return tx.Fetched(w.Hello.ID, a.HostID)
			}
			targets = append(targets, inboxOf(a))
		}
		return nil
	})
	o := send(t, s, w, w.Hello, targets...)
	inbox := map[string]store.Inbox{}
	for _, in := range due(t, s, c) {
		inbox[names[slices.IndexFunc(targets, func(x store.InboxTarget) bool { return x.URL == in.URL })]] = in
	}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.DeliveryFailed(inbox["timeout"], o, true, "timeout", time.Time{}); err != nil {
			return err
		}
		if err := tx.DeliveryDone(inbox["accepted"], o.ID, store.DeliveryAccepted, ""); err != nil {
			return err
		}
		if err := tx.DeliveryDone(inbox["refused"], o.ID, store.DeliveryRefused, "403"); err != nil {
			return err
		}
		if err := tx.Fetched(w.Hello.ID, inbox["accepted"].HostID); err != nil {
			return err
		}
		return tx.DeliveryFailed(inbox["lost"], o, true, "timeout", time.Time{})
	})
	c.Add(store.PostLifetime + time.Second)
	write(t, s, func(tx *store.Tx) error {
		return tx.DeliveryFailed(inbox["lost"], o, false, "gone", time.Time{})
	})
	var got []string
	write(t, s, func(tx *store.Tx) error {
		list, err := tx.Holders(w.Hello.ID, func(_, id int64) bool { return id == inbox["flying"].ID })
		for _, in := range list {
			got = append(got, in.URL)
		}
		return err
	})
	slices.Sort(got)
	var want []string
	for _, n := range []string{"accepted", "fetched", "flying", "lost", "timeout"} {
		want = append(want, "https://"+n+".example/inbox")
	}
	if !slices.Equal(got, want) {
		t.Errorf("holders are %q", got)
	}
	if n := count(t, s, "select count(*) from deliveries where state < 2"); n != 0 {
		t.Errorf("%d deliveries of the deleted post are still to be sent", n)
	}
}

func TestLedgerFoldsWithoutLosingWhoHoldsACopy(t *testing.T) {
	s, w, c := world(t)
	var targets []store.InboxTarget
	write(t, s, func(tx *store.Tx) error {
		for i := range 300 {
			a, err := storetest.Person(tx, "x", fmt.Sprintf("s%d.example", i))
			if err != nil {
				return err
			}
			targets = append(targets, inboxOf(a))
		}
		return nil
	})
	o := send(t, s, w, w.Hello, targets...)
	for i, in := range read(t, s, func(tx *store.Tx) ([]store.Inbox, error) { return tx.DueInboxes(c.Now(), 1000) }) {
		state := []store.DeliveryState{store.DeliveryAccepted, store.DeliveryAccepted, store.DeliveryRefused}[i%3]
		write(t, s, func(tx *store.Tx) error { return tx.DeliveryDone(in, o.ID, state, "") })
	}
	// An Update that still runs must not leave its passing states in the record.
	up := store.Outgoing{Kind: "Update", PostID: w.Hello.ID, URI: "u"}
	write(t, s, func(tx *store.Tx) error { return tx.QueueOutgoing(&up, targets) })
	states := func() map[store.DeliveryState]int {
		out := map[store.DeliveryState]int{}
		for _, r := range read(t, s, func(tx *store.Tx) ([]store.Receipt, error) { return tx.Receipts(w.Hello.ID) }) {
			out[r.State]++
		}
		return out
	}
	c.Add(2 * time.Hour)
	if _, err := s.Sweep(bg); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s, "select count(*) from deliveries where outgoing_id = ?", o.ID); n != 0 {
		t.Errorf("%d rows stayed", n)
	}
	write(t, s, func(tx *store.Tx) error {
		return tx.Exec("update deliveries set state = 3 where outgoing_id = ?", up.ID)
	})
	if _, err := s.Sweep(bg); err != nil {
		t.Fatal(err)
	}
	want := map[store.DeliveryState]int{store.DeliveryAccepted: 200, store.DeliveryRefused: 100}
	if got := states(); !maps.Equal(got, want) {
		t.Errorf("states are %v", got)
	}
	size := count(t, s, "select length(body) from ledger where post_id = ?", w.Hello.ID)
	t.Logf("%d servers in %d bytes: %.1f each", len(targets), size, float64(size)/float64(len(targets)))
	if size > int64(3*len(targets)) {
		t.Errorf("%d bytes for %d servers", size, len(targets))
	}
}

func TestFoldRoundTrip(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		states := map[int64]store.DeliveryState{}
		for range rng.IntN(200) {
			states[1+rng.Int64N(1<<(1+rng.Int64N(50)))] = store.DeliveryState(rng.IntN(7))
		}
		got, err := store.Unfold(store.Fold(states))
		if err != nil || !maps.Equal(got, states) {
			t.Fatalf("%v became %v, %v", states, got, err)
		}
	}
	if _, err := store.Unfold([]byte{0x80}); err == nil {
		t.Error("a damaged record gave no error")
	}
}

func TestJobsOfOneKeyRunInOrder(t *testing.T) {
	s, _, c := world(t)
	write(t, s, func(tx *store.Tx) error {
		for i, key := range []string{"a", "a", "b", "", ""} {
			if err := tx.AddJob("inbox", key, []byte{byte(i)}, time.Time{}); err != nil {
				return err
			}
		}
		return nil
	})
	dueNow := func() []byte {
		var out []byte
		for _, j := range read(t, s, func(tx *store.Tx) ([]store.Job, error) { return tx.DueJobs(c.Now(), 10) }) {
			out = append(out, read(t, s, func(tx *store.Tx) ([]byte, error) { return tx.JobPayload(j.ID) })...)
		}
		slices.Sort(out)
		return out
	}
	if got := dueNow(); !slices.Equal(got, []byte{0, 2, 3, 4}) {
		t.Fatalf("due are %v", got)
	}
	first := read(t, s, func(tx *store.Tx) ([]store.Job, error) { return tx.DueJobs(c.Now(), 1) })[0]
	for try := range 5 {
		write(t, s, func(tx *store.Tx) error {
			aside, err := tx.JobFailed(first, "no")
			if aside != (try == 4) {
				t.Errorf("try %d: set aside %v", try, aside)
			}
			return err
		})
		first.Tries++
		if got := dueNow(); try < 4 && !slices.Equal(got, []byte{2, 3, 4}) {
			t.Errorf("while the oldest waits, due are %v", got)
		}
	}
	if got := dueNow(); !slices.Equal(got, []byte{1, 2, 3, 4}) {
		t.Errorf("after it was set aside, due are %v", got)
	}
}

// A page of own posts asks once, and learns of each post what asking for it alone says.
func TestReceiptsOfSeveralPosts(t *testing.T) {
	s, w, c := world(t)
	send(t, s, w, w.Hello, inboxOf(w.Bob), inboxOf(w.Carol))
	o := send(t, s, w, w.Thanks, inboxOf(w.Bob))
	for _, in := range due(t, s, c) {
		if in.HostID == w.Bob.HostID {
			write(t, s, func(tx *store.Tx) error { return tx.DeliveryDone(in, o.ID, store.DeliveryRefused, "no") })
		}
	}
	ids := []int64{w.Hello.ID, w.Thanks.ID, w.Walk.ID, w.Hello.ID}
	all := read(t, s, func(tx *store.Tx) (map[int64][]store.Receipt, error) { return tx.ReceiptsOf(ids) })
	for id, n := range map[int64]int{w.Hello.ID: 2, w.Thanks.ID: 1, w.Walk.ID: 0} {
		one := read(t, s, func(tx *store.Tx) ([]store.Receipt, error) { return tx.Receipts(id) })
		if !slices.Equal(all[id], one) || len(one) != n {
			t.Errorf("post %d: %v together, %v alone, not %d", id, all[id], one, n)
		}
	}
	if r := all[w.Thanks.ID][0]; r.State != store.DeliveryRefused || r.Error != "no" || r.Host != "bob.example" || all[w.Hello.ID][0].State != store.DeliveryWaiting {
		t.Errorf("%+v", all)
	}
}
