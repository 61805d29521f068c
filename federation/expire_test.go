package federation_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

const day = 24 * time.Hour

func outdated(t *testing.T, s *fedtest.Server, e store.Expiry) []int64 {
	t.Helper()
	list, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) ([]store.Post, error) { return tx.Outdated(e, 0, s.Now(), 1000) })
	n, cerr := store.Get(ctx(), s.Store(), func(tx *store.Tx) (int, error) { return tx.CountOutdated(e, s.Now()) })
	if err != nil || cerr != nil || n != len(list) {
		t.Fatalf("%d of %d, %v, %v", len(list), n, err, cerr)
	}
	ids := make([]int64, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	every := store.Expiry{Days: e.Days, Boosts: true, Go: store.ExpiryOut{Pinned: true, Saved: true, Liked: true, Polls: true, Media: true, Private: true, Tagged: true}}
	for _, p := range lookAt(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Outdated(every, 0, s.Now(), 1000) }) {
		err := s.Store().Read(ctx(), func(tx *store.Tx) error { _, err := tx.StillOutdated(e, p.ID, s.Now()); return err })
		if goes := slices.Contains(ids, p.ID); goes && err != nil || !goes && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: listed %v, and alone %v", p.Source, goes, err)
		}
	}
	return ids
}

// Each exception keeps what it names, and gives it up when it is off; what the
// preview names is what goes.
func TestWhatStaysIsNamed(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	alice.Follows(t, bob)
	must := func(_ store.Post, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	publish := func(d federation.Draft) store.Post {
		t.Helper()
		p, err := alice.Publish(ctx(), d)
		if err != nil {
			t.Fatal(err)
		}
		c.Settle()
		c.Advance(time.Second)
		return p
	}
	plain := alice.Post(t, store.Public, "An old thought")
	pinned, saved, liked := alice.Post(t, store.Public, "Pinned"), alice.Post(t, store.Public, "Saved"), alice.Post(t, store.Public, "Liked")
	tagged, private := alice.Post(t, store.Public, "For ever #Keep"), alice.Post(t, store.Direct, "Psst, @"+bob.Handle())
	poll := publish(federation.Draft{Text: "Which?", Poll: &federation.PollDraft{Options: []string{"Kale", "Leek"}, Lasts: time.Hour}})
	file := upload(t, alice, "sill.png", 7)
	media := publish(federation.Draft{Text: "Look", Media: []federation.Attached{{ID: file.ID}}})
	praised := alice.Post(t, store.Public, "Praised")
	must(alice.Pin(ctx(), pinned.ID))
	must(alice.Save(ctx(), saved.ID))
	must(alice.Like(ctx(), liked.ID))
	copied, _ := bob.Has(t, praised.URI)
	must(bob.Like(ctx(), copied.ID))
	c.Settle()
	must(bob.Boost(ctx(), copied.ID, store.Public))
	c.Settle()
	theirs := bob.Post(t, store.Public, "Boost me")
	c.Settle()
	theirCopy, _ := alice.Has(t, theirs.URI)
	boost, err := alice.Boost(ctx(), theirCopy.ID, store.Public)
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	c.Advance(31 * day)
	alice.Post(t, store.Public, "New")
	c.Settle()

	always := []int64{plain.ID, praised.ID}
	e := store.Expiry{Days: 30}
	if got := outdated(t, alice, e); !slices.Equal(got, always) {
		t.Errorf("with every exception go %v, want %v", got, always)
	}
	for _, tc := range []struct {
		what string
		with func(*store.Expiry)
		also int64
	}{
		{"pinned", func(e *store.Expiry) { e.Go.Pinned = true }, pinned.ID},
		{"saved", func(e *store.Expiry) { e.Go.Saved = true }, saved.ID},
		{"liked", func(e *store.Expiry) { e.Go.Liked = true }, liked.ID},
		{"polls", func(e *store.Expiry) { e.Go.Polls = true }, poll.ID},
		{"media", func(e *store.Expiry) { e.Go.Media = true }, media.ID},
		{"private", func(e *store.Expiry) { e.Go.Private = true }, private.ID},
		{"tagged", func(e *store.Expiry) { e.Go.Tagged = true }, tagged.ID},
		{"boosts", func(e *store.Expiry) { e.Boosts = true }, boost.ID},
	} {
		off := e
		tc.with(&off)
		want := append(slices.Clone(always), tc.also)
		slices.Sort(want)
		if got := outdated(t, alice, off); !slices.Equal(got, want) {
			t.Errorf("without the exception %s go %v, want %v", tc.what, got, want)
		}
		if !off.Wider(e) || e.Wider(off) || e.Wider(e) {
			t.Errorf("%s: it is not seen that more goes without it", tc.what)
		}
	}
	for _, keeps := range []store.Expiry{{Days: 30, Likes: 1}, {Days: 30, Shares: 1}} {
		if got := outdated(t, alice, keeps); !slices.Equal(got, []int64{plain.ID}) {
			t.Errorf("%+v: go %v", keeps, got)
		}
		if keeps.Wider(e) || !e.Wider(keeps) {
			t.Errorf("%+v: it is not seen that less goes", keeps)
		}
	}
	if got := outdated(t, alice, store.Expiry{Days: 30, Likes: 2, Shares: 2}); !slices.Equal(got, always) {
		t.Errorf("numbers that no post has keep none: %v", got)
	}
	if got := outdated(t, alice, store.Expiry{}); len(got) != 0 {
		t.Errorf("switched off: %v", got)
	}

	all := store.Expiry{Days: 30, Boosts: true}
	want := outdated(t, alice, all)
	if err := alice.SetExpiry(ctx(), all); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(26*time.Hour, time.Minute)
	for _, id := range append(want, boost.ID) {
		if _, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Post, error) { return tx.Post(id) }); err == nil {
			t.Errorf("post %d is still here", id)
		}
	}
	if n, undone := len(bob.Received("Delete")), len(bob.Received("Undo")); n != 2 || undone != 1 {
		t.Errorf("bob got %d Deletes and %d Undos", n, undone)
	}
	for _, p := range []store.Post{pinned, saved, liked, tagged, private, poll, media} {
		if _, ok := bob.Has(t, p.URI); !ok {
			t.Errorf("bob lost %s", p.Source)
		}
	}
}

// A day passes first; then at most 60 an hour go, also over a restart and a pause,
// and every one of them is on record.
func TestOldPostsGoSlowly(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	const old = 150
	for range old {
		alice.Post(t, store.Unlisted, "Weather")
		c.Advance(time.Second)
	}
	c.Settle()
	c.Advance(8 * day)
	if err := alice.SetExpiry(ctx(), store.Expiry{Days: 5}); err == nil {
		t.Error("an age that is not on offer was taken")
	}
	if err := alice.SetExpiry(ctx(), store.Expiry{Days: 7}); err != nil {
		t.Fatal(err)
	}
	gone := func() int { return len(bob.Received("Delete")) }
	c.SettleFor(23*time.Hour+50*time.Minute, 10*time.Minute)
	if gone() != 0 {
		t.Fatalf("%d went within the first day", gone())
	}
	c.SettleFor(time.Hour, time.Minute)
	if n := gone(); n < 45 || n > 60 {
		t.Errorf("%d went within an hour of the first", n)
	}
	alice.Restart(t)
	if err := alice.PauseExpiry(ctx(), true); err != nil {
		t.Fatal(err)
	}
	n := gone()
	alice.Restart(t)
	c.SettleFor(3*time.Hour, 5*time.Minute)
	if gone() != n {
		t.Errorf("%d went during the pause", gone()-n)
	}
	if err := alice.PauseExpiry(ctx(), false); err != nil {
		t.Fatal(err)
	}
	for range 200 { // the same minute again and again does not make it faster
		c.Settle()
		if err := alice.PauseExpiry(ctx(), false); err != nil {
			t.Fatal(err)
		}
	}
	if more := gone() - n; more > 60 {
		t.Errorf("%d went at once", more)
	}
	c.SettleFor(4*time.Hour, time.Minute)
	list, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Expired, error) { return tx.ExpiredPosts(store.Expired{}, 1000) })
	if gone() != old || len(list) != old || err != nil {
		t.Errorf("%d went, %d are on record, %v", gone(), len(list), err)
	}
	for i, x := range list {
		if i+60 < len(list) && x.At.Sub(list[i+60].At) < time.Hour {
			t.Fatalf("more than 60 between %s and %s", list[i+60].At, x.At)
		}
	}
}

// A disk that cannot be read for a while does not end the deletion of old posts.
func TestExpiryOutlivesLookUpsThatFail(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	alice.Post(t, store.Public, "Weather")
	c.SettleFor(8*day, 4*day)
	if err := alice.SetExpiry(ctx(), store.Expiry{Days: 7}); err != nil {
		t.Fatal(err)
	}
	set := func(text string) (before string) {
		t.Helper()
		err := alice.Store().Write(ctx(), func(tx *store.Tx) (err error) {
			if before, err = tx.Setting("owner"); err == nil {
				err = tx.SetSetting("owner", text)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return before
	}
	good := set("{") // no settings, no look-up
	c.SettleFor(3*day, 20*time.Minute)
	if n, _, err := goneForAge(alice); err != nil || n != 0 {
		t.Fatalf("%d went, %v", n, err)
	}
	set(good)
	c.SettleFor(2*time.Hour, 20*time.Minute)
	if n, _, err := goneForAge(alice); err != nil || n != 1 {
		t.Errorf("%d went when it could be looked again, %v", n, err)
	}
}

// What is chosen later waits a day again if it takes more, and not if it takes less.
func TestATighterExpiryWaitsADayAgain(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	if err := alice.SetExpiry(ctx(), store.Expiry{Days: 365}); err != nil {
		t.Fatal(err)
	}
	from := alice.Settings().Expiry.From
	c.Advance(48 * time.Hour)
	for _, tc := range []struct {
		e     store.Expiry
		again bool
	}{{store.Expiry{Days: 730}, false}, {store.Expiry{Days: 730, Likes: 5}, false}, {store.Expiry{Days: 730}, true}, {store.Expiry{Days: 30}, true}, {store.Expiry{}, false}, {store.Expiry{Days: 730}, true}} {
		c.Advance(time.Hour)
		if err := alice.SetExpiry(ctx(), tc.e); err != nil {
			t.Fatal(err)
		}
		now := alice.Settings().Expiry
		if moved := now.From.Equal(c.Now().Add(24 * time.Hour)); moved != tc.again || !moved && tc.e.Days != 0 && !now.From.Equal(from) {
			t.Errorf("%+v begins at %s; it was %s", tc.e, now.From, from)
		}
		from = now.From
	}
}
