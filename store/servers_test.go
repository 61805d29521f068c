package store_test

import (
	"fmt"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// crowded has 2,000 followers on 300 servers, every tenth of which fails, with
// something waiting for each of those.
func crowded(t testing.TB) (*store.Store, storetest.World) {
	t.Helper()
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	const n = "with recursive n (i) as (select 1 union all select i + 1 from n where i < "
	write(t, s, func(tx *store.Tx) error {
		for _, q := range []string{
			n + "300) insert into hosts (id, name, software, created_at, accepted_at) select 1000 + i, 'h' || i || '.example', 'mastodon', 0, ?1 from n",
			n + `2000) insert into actors (id, uri, uri_hash, host_id, username, domain, kind, inbox, shared_inbox)
				select 10000 + i, 'u' || i, random(), 1001 + i % 300, 'user' || i, 'h.example', 'Person', 'in' || i, 's' || i % 300 from n where ?1 > 0`,
			n + "2000) insert into followers (actor_id, state, follow_uri, follow, asked_at, decided_at) select 10000 + i, 1, '', '', ?1, ?1 from n",
			n + "2000) insert into last_posts (actor_id, at) select 10000 + i, ?1 - i * 500000000 from n where i % 2",
			n + "300) insert into inboxes (id, url, url_hash, host_id, due_at, failing_since, tries) select i, 's' || i, random(), 1000 + i, iif(i % 10, null, ?1), iif(i % 10, null, ?1), 3 from n",
			n + "50) insert into outgoing (id, kind, post_id, uri, at, until) select i, 'Create', i, '', ?1, ?1 from n",
			n + "50) insert into deliveries (outgoing_id, inbox_id, state) select n.i, x.id, iif(x.id % 10, 2, 0) from n, inboxes x where ?1 > 0",
		} {
			if err := tx.Exec(q, storetest.Start.UnixMilli()); err != nil {
				return err
			}
		}
		return nil
	})
	s.OnWriter("analyze")
	return s, w
}

func TestFollowersAreGroupedByServer(t *testing.T) {
	s, w := crowded(t)
	hosts := read(t, s, func(tx *store.Tx) ([]store.FollowerHost, error) { return tx.FollowerHosts() })
	people, failing := 0, 0
	for _, h := range hosts {
		people += h.People
		if !h.FailingSince.IsZero() {
			failing++
		}
	}
	if len(hosts) != 301 || people != 2001 || failing != 30 { // and bob
		t.Errorf("%d servers, %d people, %d failing", len(hosts), people, failing)
	}
	some := read(t, s, func(tx *store.Tx) (map[int64]int, error) {
		return tx.FollowersByHost([]int64{w.Bob.HostID, 1001, 1 << 40})
	})
	if some[w.Bob.HostID] != 1 || some[1001] != 6 || some[1<<40] != 0 {
		t.Errorf("%v", some)
	}
	queues := read(t, s, func(tx *store.Tx) ([]store.HostQueue, error) { return tx.HostQueues() })
	if len(queues) != 30 || queues[0].Waiting != 50 || queues[0].Tries != 3 || queues[0].FailingSince.IsZero() {
		t.Errorf("%d queues, %+v", len(queues), queues[0])
	}
}

// Pages of the two orders end, and show everybody once.
func TestFollowersInPages(t *testing.T) {
	s, _ := crowded(t)
	for name, page := range map[string]func(tx *store.Tx, after int64) ([]store.Silence, error){
		"by last post": func(tx *store.Tx, after int64) ([]store.Silence, error) { return tx.FollowersByPost(after, 100) },
		"silent": func(tx *store.Tx, after int64) ([]store.Silence, error) {
			return tx.SilentFollowers(storetest.Start.AddDate(-10, 0, 0), after, 100)
		},
		"of one server": func(tx *store.Tx, after int64) ([]store.Silence, error) { return tx.FollowersAtHost(1001, after, 2) },
	} {
		seen := map[int64]bool{}
		last := store.Silence{LastPost: storetest.Start.AddDate(100, 0, 0)}
		for {
			list := read(t, s, func(tx *store.Tx) ([]store.Silence, error) { return page(tx, last.ActorID) })
			if len(list) == 0 {
				break
			}
			for _, f := range list {
				if seen[f.ActorID] || name != "silent" && f.LastPost.After(last.LastPost) {
					t.Fatalf("%s: %+v after %+v", name, f, last)
				}
				seen[f.ActorID], last = true, f
			}
		}
		want := map[string]int{"by last post": 2001, "of one server": 6}[name]
		if name == "silent" {
			want = int(count(t, s, "select count(*) from last_posts where at > 0 and at < ?", storetest.Start.AddDate(-10, 0, 0).UnixMilli()))
		}
		if len(seen) != want || want == 0 {
			t.Errorf("%s: %d people, want %d", name, len(seen), want)
		}
	}
}

func TestWhenPeopleLastPosted(t *testing.T) {
	s, w, c := world(t)
	last := func(a store.Actor) time.Time {
		t.Helper()
		known := read(t, s, func(tx *store.Tx) (map[int64]store.Silence, error) { return tx.Silences([]int64{a.ID}) })
		return known[a.ID].LastPost
	}
	post := func(a store.Actor, at time.Time) {
		write(t, s, func(tx *store.Tx) error {
			p := store.Post{URI: fmt.Sprint("https://x.example/", at.UnixNano()), ActorID: a.ID, PublishedAt: at}
			return tx.InsertPost(&p)
		})
	}
	before := last(w.Bob)
	post(w.Bob, before.Add(time.Hour)) // the same half day: no write
	if got := last(w.Bob); !got.Equal(before) {
		t.Errorf("an hour later it is %v", got)
	}
	later := before.Add(30 * time.Hour)
	post(w.Bob, later)
	post(w.Bob, before.Add(-aDay)) // an old one that arrives late
	if got := last(w.Bob); !got.Equal(later) {
		t.Errorf("it is %v, want %v", got, later)
	}
	c.Add(aDay)
	write(t, s, func(tx *store.Tx) error { return tx.ActorGone(w.Bob.ID) })
	if n := count(t, s, "select count(*) from last_posts where actor_id = ?", w.Bob.ID); n != 0 {
		t.Error("it outlives the person")
	}
}

func TestCardsOfLinks(t *testing.T) {
	s, w, c := world(t)
	const url, image = "https://warraq.example/box7", "https://warraq.example/box.png"
	write(t, s, func(tx *store.Tx) error {
		if err := tx.SetPostLink(w.Walk.ID, url); err != nil {
			return err
		}
		if err := tx.SaveRemoteMedia(store.RemoteMedia{URL: image, Shape: "card", Name: "a.png", Size: 7, FetchedAt: tx.Now(), UsedAt: tx.Now()}); err != nil {
			return err
		}
		return tx.SaveLinkCard(store.LinkCard{URL: url, Title: "T", Image: image, FetchedAt: tx.Now()})
	})
	cards := func() map[int64]store.LinkCard {
		return read(t, s, func(tx *store.Tx) (map[int64]store.LinkCard, error) {
			return tx.LinkCards([]int64{w.Walk.ID, w.Hello.ID})
		})
	}
	if got := cards(); len(got) != 1 || got[w.Walk.ID].ImageName != "a.png" || got[w.Walk.ID].URL != url {
		t.Errorf("%+v", got)
	}
	// The picture goes when room is needed: the card stays.
	write(t, s, func(tx *store.Tx) error { _, err := tx.EvictRemoteMedia(1, 10); return err })
	if got := cards(); got[w.Walk.ID].ImageName != "" || got[w.Walk.ID].Title != "T" {
		t.Errorf("%+v", got)
	}
	c.Add(91 * aDay)
	if report := sweepAll(t, s); report["previews of links over 90 days"] != 1 || len(cards()) != 0 {
		t.Errorf("%v", report)
	}
	if n := count(t, s, "select count(*) from post_cards"); n != 0 { // went with the post, which was swept too
		t.Errorf("%d posts still have a link", n)
	}
}

// T62: whoever posts links by the ten thousand fills no table.
func TestT62CardsHaveACap(t *testing.T) {
	notWhileRacing(t)
	s, _, c := world(t)
	write(t, s, func(tx *store.Tx) error {
		return tx.Exec(`with recursive n (i) as (select 1 union all select i + 1 from n where i < 20100)
			insert into cards (url_hash, url, title, fetched_at) select i, 'u' || i, 'T', ?1 + i from n`, c.Now().UnixMilli())
	})
	if report := sweepAll(t, s); report["previews of links over 20,000"] != 100 {
		t.Errorf("%v", report)
	}
	if n := count(t, s, "select min(url_hash) from cards"); n != 101 {
		t.Errorf("the oldest that is left is %d, want 101", n)
	}
}

// What the pages by server cost with 2,000 followers on 300 servers.
func BenchmarkServers(b *testing.B) {
	s, _ := crowded(b)
	for name, fn := range map[string]func(tx *store.Tx) error{
		"followers":  func(tx *store.Tx) error { _, err := tx.FollowerHosts(); return err },
		"silence":    func(tx *store.Tx) error { _, _, err := tx.CountSilence(storetest.Start, storetest.Start); return err },
		"by-post":    func(tx *store.Tx) error { _, err := tx.FollowersByPost(0, 51); return err },
		"deliveries": func(tx *store.Tx) error { _, err := tx.HostQueues(); return err },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := s.Read(bg, fn); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
