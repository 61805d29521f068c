package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

const aDay = 24 * time.Hour

func sweepAll(t *testing.T, s *store.Store) map[string]int {
	t.Helper()
	report, err := s.Sweep(bg)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestSweepTakesOldPostsThatNobodyTouched(t *testing.T) {
	s, w, c := world(t)
	index := func(tx *store.Tx) error {
		_, err := tx.IndexBatch(1000, func(p store.Post) string { return p.Content })
		return err
	}
	keep := map[string]bool{w.Hello.URI: true, w.Thanks.URI: true, w.Answer.URI: true, w.Boost.URI: true, w.Walk.URI: false, w.Tea.URI: false}
	write(t, s, func(tx *store.Tx) error {
		for i := range 500 {
			p := store.Post{URI: fmt.Sprint("https://bob.example/old/", i), ActorID: w.Bob.ID, PublishedAt: storetest.Start}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			switch i {
			case 0:
				if err := tx.KeepPost(p.ID); err != nil {
					return err
				}
			case 1:
				if err := tx.SetMentions(p.ID, []int64{store.OwnerID}); err != nil {
					return err
				}
			case 2: // boosted lately
				b := store.Post{URI: p.URI + "/boost", ActorID: w.Bob.ID, BoostOf: p.ID, PublishedAt: c.Now(), StoredAt: c.Now().Add(60 * aDay)}
				if err := tx.InsertPost(&b); err != nil {
					return err
				}
			}
			keep[p.URI] = i < 3
		}
		return index(tx)
	})
	c.Add(100 * aDay)
	report := sweepAll(t, s)
	for uri, want := range keep {
		err := s.Read(bg, func(tx *store.Tx) error { _, err := tx.PostIDByURI(uri); return err })
		if got := err == nil; got != want {
			t.Errorf("%s: kept %v, %v", uri, got, err)
		}
	}
	if n := report["remote posts nobody here touched"]; n < 498 || n > 500 {
		t.Errorf("the report says %d", n)
	}
	if n := count(t, s, "select count(*) from tombstones"); n != 0 {
		t.Errorf("%d swept posts count as deleted", n)
	}
	if again := sweepAll(t, s); len(again) != 0 {
		t.Errorf("a second sweep removed %v", again)
	}
}

// A face goes when nobody has it any more, and the picture of a preview with the
// preview: 90 days after it was fetched, as the privacy policy says.
func TestSweepTakesPicturesThatNothingShows(t *testing.T) {
	s, w, c := world(t)
	name := func(n int) string { return fmt.Sprintf("%064d", n) }
	here := func() (left string) {
		return fmt.Sprint(read(t, s, func(tx *store.Tx) ([]string, error) {
			return tx.Strings(`select substr(name, -1) from remote_media order by name`)
		}))
	}
	write(t, s, func(tx *store.Tx) error {
		bob := w.Bob
		bob.IconURL, bob.Avatar, bob.Header = "https://bob.example/face.png", name(1), name(2)
		if err := tx.SaveActor(&bob); err != nil {
			return err
		}
		for _, m := range []store.RemoteMedia{
			{URL: bob.IconURL, Shape: "avatar", Name: name(1)}, {URL: "https://bob.example/head.png", Shape: "header", Name: name(2)},
			{URL: "https://bob.example/before.png", Shape: "avatar", Name: name(3)}, {URL: "https://gone.example/face.png", Shape: "avatar", Name: name(4)},
			{URL: "https://page.example/cover.png", Shape: "card", Name: name(5)}, {URL: "https://gone.example/cover.png", Shape: "card", Name: name(6)},
		} {
			m.Size, m.FetchedAt, m.UsedAt = 5, c.Now(), c.Now()
			if err := tx.SaveRemoteMedia(m); err != nil {
				return err
			}
		}
		return tx.SaveLinkCard(store.LinkCard{URL: "https://page.example/", Title: "A page", Image: "https://page.example/cover.png", FetchedAt: c.Now()})
	})
	for _, step := range []struct {
		wait time.Duration
		left string
	}{{12 * time.Hour, "[1 2 3 4 5 6]"}, {12*time.Hour + time.Second, "[1 2 5]"}, {88 * aDay, "[1 2 5]"}, {2 * aDay, "[1 2]"}} {
		c.Add(step.wait)
		sweepAll(t, s)
		if left := here(); left != step.left {
			t.Errorf("%s later %s are left, want %s", step.wait, left, step.left)
		}
	}
	write(t, s, func(tx *store.Tx) error { return tx.ActorGone(w.Bob.ID) })
	sweepAll(t, s)
	if left := here(); left != "[]" {
		t.Errorf("of an account that was deleted %s are left", left)
	}
}

func TestT62_WhatStrangersFillHasACap(t *testing.T) {
	notWhileRacing(t)
	s, w, c := world(t)
	fill := func(n int, query string) {
		write(t, s, func(tx *store.Tx) error {
			return tx.Exec(`
				with recursive n (i) as (select 1000000 union all select i + 1 from n where i < ?1 + 999999)
				`+query, n)
		})
	}
	old := c.Now().UnixMilli() - 2*aDay.Milliseconds()
	at := fmt.Sprint(old)
	fill(60000, "insert into hosts (id, name, created_at, seen_at) select i, 'h' || i, "+at+", "+at+" from n")
	fill(60000, "insert into actors (id, uri, uri_hash, host_id, username, domain, kind, fetched_at) select i, 'u' || i, i, i, 'u', 'h' || i, 'Person', "+at+" from n")
	fill(60000, "insert into actor_keys (key_hash, key_id, actor_id, der, fetched_at) select i, 'k' || i, i, x'00', "+at+" from n")
	fill(60000, "insert into inboxes (id, url, url_hash, host_id) select i, 'x' || i, i, i from n")
	fill(12000, "insert into followers (actor_id, state, follow_uri, follow, asked_at) select i, 0, '', '', i from n")
	fill(30000, "insert into notifications (id, kind, actor_id, at) select i, 'follow', 2, "+fmt.Sprint(c.Now().UnixMilli())+" from n")
	fill(11000, "insert into notifications (id, kind, actor_id, at, held) select 40000 + i, 'follow', 2, "+fmt.Sprint(c.Now().UnixMilli())+", 1 from n")
	fill(10, "insert into notice_requests (id, actor_id, at) select i, i, 0 from n")
	fill(30000, "insert into security_log (id, at, kind) select i, "+fmt.Sprint(c.Now().UnixMilli())+", 'x' from n")
	fill(30000, "insert into remote_media (url_hash, url, shape, fetched_at, used_at, failed) select i, 'x', 'avatar', "+at+" + i, 0, 1 from n")
	fill(120000, "insert into tombstones (uri_hash, at) select i, "+at+" + i / 1000 from n")
	fill(3000, "insert into jobs (id, kind, run_at, dead_at) select i, 'x', 0, "+at+" from n")
	fill(3000, "insert into apps (id, client_id, name, scopes, created_at) select i, i, '', '', "+at+" from n")
	fill(3000, "insert into tags (name) select 't' || i from n")
	start := time.Now()
	report := sweepAll(t, s)
	t.Logf("swept in %v: %v", time.Since(start), report)
	for query, most := range map[string]int64{
		"select count(*) from actors":                                          50000,
		"select count(*) from actor_keys":                                      50000,
		"select count(*) from hosts":                                           50000,
		"select count(*) from inboxes":                                         0,
		"select count(*) from followers where state = 0":                       10000,
		"select count(*) from notifications where held = 0":                    20000,
		"select count(*) from notifications where held != 0":                   10000,
		"select count(*) from notice_requests":                                 0,
		"select count(*) from security_log":                                    10000,
		"select count(*) from remote_media":                                    20001,
		"select count(*) from tombstones":                                      100000,
		"select count(*) from jobs where dead_at is not null":                  1000,
		"select count(*) from apps":                                            1000,
		"select count(*) from tags":                                            0,
		"select count(*) from actors where id = 1000000":                       1, // the first who asked stay
		"select 1 - count(*) from actors where uri like '%/bob'":               0,
		"select 1 - count(*) from followers where actor_id != 0 and state = 1": 0,
	} {
		if n := count(t, s, query); n > most {
			t.Errorf("%s: %d", query, n)
		}
	}
	_ = w
}

func TestSweepStopsWithItsContext(t *testing.T) {
	s, _, _ := world(t)
	ctx, cancel := context.WithCancel(bg)
	cancel()
	if _, err := s.Sweep(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAddressesOfLogInsAreForgotten(t *testing.T) {
	s, _, c := world(t)
	write(t, s, func(tx *store.Tx) error {
		set, err := tx.Settings()
		if err != nil {
			return err
		}
		set.KeepAddressDays = 10
		if err := tx.SaveSettings(set); err != nil {
			return err
		}
		if err := tx.AddSession(store.Session{Hash: []byte("h"), CreatedAt: c.Now(), UsedAt: c.Now(), Address: "192.0.2.1"}); err != nil {
			return err
		}
		return tx.LogSecurity("login", "", "192.0.2.1")
	})
	c.Add(8 * aDay)
	sweepAll(t, s)
	left := func() int64 {
		return count(t, s, "select (select count(*) from sessions where address != '') + (select count(*) from security_log where address != '')")
	}
	if n := left(); n != 2 {
		t.Errorf("%d addresses after 8 days", n)
	}
	// The next sweep is a day away: they would be older than 10 days before it.
	c.Add(aDay + time.Minute)
	write(t, s, func(tx *store.Tx) error { return tx.TouchSession([]byte("h")) })
	sweepAll(t, s)
	if n := left(); n != 0 {
		t.Errorf("%d addresses after 9 days", n)
	}
	if n := count(t, s, "select count(*) from sessions"); n != 1 {
		t.Error("the session itself is gone")
	}
}
