package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// dated stores a post of the owner, dated by its id.
func dated(t testing.TB, s *store.Store, at time.Time, v store.Visibility, text string, change ...func(*store.Post)) store.Post {
	t.Helper()
	p := store.Post{ID: store.IDAt(at), URI: fmt.Sprint("https://alice.example/posts/", at.UnixNano()), ActorID: store.OwnerID, Visibility: v, Content: text, PublishedAt: at}
	for _, c := range change {
		c(&p)
	}
	write(t, s, func(tx *store.Tx) error { return tx.InsertPost(&p) })
	return p
}

func TestWhatTheOwnerWroteIsCountedByMonth(t *testing.T) {
	s := storetest.OpenAlice(t)
	month := func(m time.Month) time.Time { return time.Date(2026, m, 1, 0, 0, 0, 0, time.UTC) }
	if _, err := store.Get(bg, s, func(tx *store.Tx) (int64, error) { return tx.OldestWritten(store.Public) }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("before the first post: %v", err)
	}
	first := dated(t, s, month(3), store.Public, "the first moment of March")
	dated(t, s, month(4).Add(-time.Millisecond), store.Unlisted, "the last of March, quietly")
	dated(t, s, month(4), store.Public, "April", func(p *store.Post) { p.ParentURI = "https://elsewhere.example/1" })
	dated(t, s, month(4).Add(time.Hour), store.Followers, "nobody's business")
	dated(t, s, month(4).Add(2*time.Hour), store.Public, "", func(p *store.Post) { p.BoostOf = first.ID })
	spans := [][2]int64{}
	for m := time.March; m <= time.May; m++ {
		spans = append(spans, [2]int64{store.IDAt(month(m)), store.IDAt(month(m + 1))})
	}
	for v, want := range map[store.Visibility]string{store.Public: "[1 1 0]", store.Unlisted: "[2 1 0]"} {
		got, err := store.Get(bg, s, func(tx *store.Tx) ([]int, error) { return tx.CountWritten(v, spans) })
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("no narrower than %d: %v %v, want %s", v, got, err, want)
		}
	}
	if id, err := store.Get(bg, s, func(tx *store.Tx) (int64, error) { return tx.OldestWritten(store.Public) }); err != nil || id != first.ID {
		t.Errorf("the first: %d %v", id, err)
	}
}

// The index of posts with media reads the beginning of a JSON text, so the order
// of that text's fields is held here.
func TestPostsWithMediaAreFound(t *testing.T) {
	s := storetest.OpenAlice(t)
	everything := func(p *store.Post) {
		p.Extra = store.PostExtra{Attachments: []store.Attachment{{URL: "https://alice.example/media/x"}}, Tags: []string{"frost"}, Context: "x", Poll: &store.Poll{},
			Mentions: []store.Mention{{URI: "x"}}, Emojis: []store.Emoji{{Shortcode: "x"}}, App: "x", QuoteURI: "x"}
	}
	shown := dated(t, s, storetest.Start.Add(time.Hour), store.Public, "a picture", everything)
	dated(t, s, storetest.Start.Add(2*time.Hour), store.Followers, "a private picture", everything)
	dated(t, s, storetest.Start.Add(3*time.Hour), store.Public, "no picture", func(p *store.Post) { p.Extra.Tags = []string{"attachments"} })
	for _, p := range []store.Page{{}, {Min: 1}} {
		list, err := store.Get(bg, s, func(tx *store.Tx) ([]store.Post, error) { return tx.OwnWithMedia(p, store.Public) })
		if err != nil || len(list) != 1 || list[0].ID != shown.ID {
			t.Errorf("page %+v: %v %v", p, list, err)
		}
	}
	if n, err := store.Get(bg, s, func(tx *store.Tx) (int, error) { return tx.CountOwnWithMedia(store.Public) }); err != nil || n != 1 {
		t.Errorf("counted %d %v", n, err)
	}
}

// T42: neither the count of answers nor the search of strangers reads what is not
// for everybody.
func TestT42_StrangersCountAndFindOpenPostsOnly(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	answer := func(by store.Actor, v store.Visibility, n int) {
		write(t, s, func(tx *store.Tx) error {
			p := store.Post{URI: fmt.Sprintf("https://%s/a/%d", by.Domain, n), ActorID: by.ID, Visibility: v, ParentURI: w.Hello.URI, Content: "hidden words", PublishedAt: tx.Now()}
			return tx.InsertPost(&p)
		})
	}
	answer(w.Carol, store.Public, 1)
	answer(w.Carol, store.Public, 2)
	answer(w.Carol, store.Unlisted, 3)
	answer(w.Bob, store.Direct, 4)
	list, err := store.Get(bg, s, func(tx *store.Tx) ([]store.Answering, error) {
		return tx.OpenAnswers([]int64{w.Hello.ID, 77}, store.Public, 100)
	})
	got := map[int64]int{}
	for _, a := range list {
		got[a.ActorID]++
	}
	if err != nil || len(got) != 2 || got[w.Bob.ID] != 1 || got[w.Carol.ID] != 2 {
		t.Errorf("%v %v", list, err)
	}
	found := dated(t, s, storetest.Start.Add(time.Hour), store.Public, "hidden words in a public post")
	dated(t, s, storetest.Start.Add(2*time.Hour), store.Unlisted, "hidden words, quietly")
	dated(t, s, storetest.Start.Add(3*time.Hour), store.Followers, "hidden words for followers")
	write(t, s, func(tx *store.Tx) error {
		_, err := tx.IndexBatch(100, func(p store.Post) string { return p.Content })
		return err
	})
	for query, want := range map[string]int{"hidden words": 1, "HIDDEN": 1, "absent": 0, "": 0, `author:1`: 0, `" OR author : "2`: 0} {
		list, err := store.Get(bg, s, func(tx *store.Tx) ([]store.Post, error) { return tx.SearchOwn(query, store.Page{}) })
		if err != nil || len(list) != want || want == 1 && list[0].ID != found.ID {
			t.Errorf("search %q: %v %v", query, list, err)
		}
	}
	listed, err := store.Get(bg, s, func(tx *store.Tx) ([]store.Listed, error) { return tx.PublicAfter(0, 100) })
	if err != nil || len(listed) != 3 || listed[2].ID != found.ID { // Hello, Thanks and this
		t.Errorf("listed: %v %v", listed, err)
	}
}
