package archive_test

import (
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

func TestSettingsOfAnArchiveDeleteNothingAtOnce(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	p := alice.Post(t, store.Public, "From long ago")
	if err := alice.SetExpiry(ctx(), store.Expiry{Days: 30}); err != nil {
		t.Fatal(err)
	}
	c.Advance(20 * 24 * time.Hour)
	file := zipped(t, c, alice)
	c.Advance(20 * 24 * time.Hour)
	alice.Afresh(t)
	plan, _ := take(t, taker(t, c, alice, t.TempDir()), alice, file)
	if !strings.Contains(strings.Join(plan.Words, " "), "30 days old") {
		t.Errorf("the preview is silent: %q", plan.Words)
	}
	if e := alice.Settings().Expiry; e.Days != 30 || !e.From.Equal(c.Now().Add(24*time.Hour)) {
		t.Errorf("the setting came as %+v, now is %v", e, c.Now())
	}
	c.SettleFor(23*time.Hour, time.Hour)
	if _, ok := alice.Has(t, p.URI); !ok {
		t.Fatal("the post went within a day")
	}
	c.SettleFor(3*time.Hour, time.Hour)
	if _, ok := alice.Has(t, p.URI); ok {
		t.Error("the post stays although it is too old")
	}
}

// Old posts are too old for an expiry that runs: they stay a day all the same, so that
// it can be paused.
func TestOldPostsThatComeInStayADay(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	if err := alice.SetExpiry(ctx(), store.Expiry{Days: 30}); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(48*time.Hour, 12*time.Hour)
	plan, _ := take(t, taker(t, c, alice, t.TempDir()), alice, mastodonArchive(t, nil, nil))
	if !strings.Contains(strings.Join(plan.Words, " "), "30 days old, and these are dated") {
		t.Errorf("the preview is silent: %q", plan.Words)
	}
	left := func() int {
		n, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.ArchiveSizes, error) { return tx.ArchiveSizes() })
		if err != nil {
			t.Fatal(err)
		}
		return n.Posts
	}
	came := left()
	c.SettleFor(23*time.Hour, time.Hour)
	if now := left(); came == 0 || now != came {
		t.Fatalf("%d came, %d are left within a day", came, now)
	}
	c.SettleFor(3*time.Hour, time.Hour)
	if left() == came {
		t.Error("none goes afterwards")
	}
}
