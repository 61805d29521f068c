package store_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestCountsOfAPollAreNoNewVersion(t *testing.T) {
	s, w, c := world(t)
	q := &store.Poll{Options: []store.PollOption{{Name: `Tea "& <b>'`}, {Name: "b", Wire: " b"}}, EndsAt: c.Now().Add(time.Hour), HideTotals: true}
	for _, id := range []int64{w.Hello.ID, w.Walk.ID} { // one without anything in extra, one with
		before := read(t, s, func(tx *store.Tx) (store.Post, error) { return tx.Post(id) })
		if id == w.Walk.ID {
			before.Extra.Tags, before.Extra.App = []string{"Rain"}, "Phone"
			p := before
			write(t, s, func(tx *store.Tx) error { return tx.UpdatePost(before, &p) })
		}
		edits := count(t, s, "select count(*) from edits where post_id = ?", id)
		q.Options[0].Votes++
		write(t, s, func(tx *store.Tx) error { return tx.SetPoll(id, q) })
		p := read(t, s, func(tx *store.Tx) (store.Post, error) { return tx.Post(id) })
		if got := *p.Extra.Poll; !got.EndsAt.Equal(q.EndsAt) || !reflect.DeepEqual(got.Options, q.Options) || !got.HideTotals {
			t.Errorf("stored %+v", got)
		}
		p.Extra.Poll = nil
		if !reflect.DeepEqual(p.Extra, before.Extra) || p.Content != before.Content {
			t.Errorf("something else changed: %+v", p)
		}
		if n := count(t, s, "select count(*) from edits where post_id = ?", id); n != edits {
			t.Errorf("%d versions, %d before", n, edits)
		}
	}
}

func TestVotes(t *testing.T) {
	s, w, _ := world(t)
	add := func(post, actor int64, choice int) (fresh bool) {
		write(t, s, func(tx *store.Tx) (err error) { fresh, err = tx.AddVote(post, actor, choice); return err })
		return fresh
	}
	if !add(w.Walk.ID, store.OwnerID, 2) || !add(w.Walk.ID, store.OwnerID, 0) || add(w.Walk.ID, store.OwnerID, 2) {
		t.Error("a choice counts once")
	}
	add(w.Tea.ID, store.OwnerID, 1)
	add(w.Hello.ID, w.Bob.ID, 0)
	add(w.Hello.ID, w.Carol.ID, 0)
	mine := read(t, s, func(tx *store.Tx) (map[int64][]int, error) {
		return tx.OwnVotes([]int64{w.Tea.ID, w.Walk.ID, w.Hello.ID})
	})
	if !reflect.DeepEqual(mine, map[int64][]int{w.Walk.ID: {0, 2}, w.Tea.ID: {1}}) {
		t.Errorf("the owner chose %v", mine)
	}
	to := read(t, s, func(tx *store.Tx) ([]store.InboxTarget, error) { return tx.VoterInboxes(w.Hello.ID) })
	if len(to) != 2 || to[0].URL == to[1].URL || to[0].HostID == 0 {
		t.Errorf("news go to %v", to)
	}
	write(t, s, func(tx *store.Tx) error { return tx.ActorGone(w.Carol.ID) })
	to = read(t, s, func(tx *store.Tx) ([]store.InboxTarget, error) { return tx.VoterInboxes(w.Hello.ID) })
	if len(to) != 1 || to[0].URL != w.Bob.SharedInbox {
		t.Errorf("with carol gone news go to %v", to)
	}
	write(t, s, func(tx *store.Tx) error { return tx.DropVotes(w.Walk.ID) })
	left := read(t, s, func(tx *store.Tx) ([]int, error) { return tx.Votes(w.Walk.ID, store.OwnerID) })
	if len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	write(t, s, func(tx *store.Tx) error { return tx.DeletePost(w.Hello) })
	if n := count(t, s, "select count(*) from votes where post_id = ?", w.Hello.ID); n != 0 {
		t.Errorf("%d votes outlived their poll", n)
	}
}

// A voter whom nothing else keeps here goes like any stranger, and the votes with
// them: another person must never inherit them by the number of a row.
func TestSweptVotersTakeTheirVotes(t *testing.T) {
	s, w, c := world(t)
	voter := store.Actor{URI: "https://zoe.example/u", Username: "zoe", Domain: "zoe.example", Kind: "Person", HostID: w.Bob.HostID, FetchedAt: c.Now()}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.SaveActor(&voter); err != nil {
			return err
		}
		_, err := tx.AddVote(w.Hello.ID, voter.ID, 1)
		return err
	})
	c.Add(40 * aDay)
	sweepAll(t, s)
	if n := count(t, s, "select count(*) from votes where actor_id = ?", voter.ID); n != 0 {
		t.Errorf("%d votes stayed", n)
	}
}

func TestPlannedWorkIsMoved(t *testing.T) {
	s, _, c := world(t)
	plan := func(at time.Time) {
		write(t, s, func(tx *store.Tx) error { return tx.PlanJob("poll-end", "poll-end:1", []byte("1"), at) })
	}
	plan(c.Now().Add(time.Hour))
	plan(c.Now().Add(time.Minute))
	plan(c.Now().Add(2 * time.Hour))
	next := read(t, s, func(tx *store.Tx) (time.Time, error) { return tx.NextJob() })
	if n := count(t, s, "select count(*) from jobs"); n != 1 || !next.Equal(c.Now().Add(2*time.Hour)) {
		t.Errorf("%d jobs, the next at %v", n, next)
	}
}

func TestWhoWaitsForAPost(t *testing.T) {
	s, w, _ := world(t)
	o := store.Outgoing{Kind: "Update", PostID: w.Hello.ID, URI: "u"}
	write(t, s, func(tx *store.Tx) error {
		return tx.QueueOutgoing(&o, []store.InboxTarget{{URL: w.Bob.SharedInbox, HostID: w.Bob.HostID}})
	})
	waiting := func() []string {
		var urls []string
		for _, x := range read(t, s, func(tx *store.Tx) ([]store.PostWaiting, error) { return tx.WaitingFor(w.Hello.ID) }) {
			urls = append(urls, x.URL)
		}
		return urls
	}
	if got := waiting(); !slices.Equal(got, []string{w.Bob.SharedInbox}) {
		t.Errorf("waiting: %v", got)
	}
	due := read(t, s, func(tx *store.Tx) ([]store.Inbox, error) { return tx.DueInboxes(storetest.Start.Add(24*time.Hour), 10) })
	write(t, s, func(tx *store.Tx) error { return tx.DeliveryDone(due[0], o.ID, store.DeliveryAccepted, "") })
	if got := waiting(); len(got) != 0 {
		t.Errorf("still waiting: %v", got)
	}
}
