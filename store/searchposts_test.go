package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// finder is a store with posts to search, whose texts are their words.
type finder struct {
	*store.Store
	t testing.TB
	storetest.World
	at time.Time
}

func newFinder(t testing.TB) *finder {
	s := storetest.OpenAlice(t)
	return &finder{s, t, storetest.Populate(t, s), storetest.Start}
}

func (f *finder) post(by int64, text string, change ...func(*store.Post)) store.Post {
	f.t.Helper()
	f.at = f.at.Add(time.Hour)
	p := store.Post{URI: fmt.Sprintf("https://x.example/%d", f.at.Unix()), ActorID: by, Content: text, PublishedAt: f.at, Language: "en"}
	for _, c := range change {
		c(&p)
	}
	write(f.t, f.Store, func(tx *store.Tx) error {
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		_, err := tx.IndexBatch(100, func(p store.Post) string { return p.Content })
		return err
	})
	return p
}

func (f *finder) find(q store.PostQuery) []int64 {
	f.t.Helper()
	return f.ids(q, store.Page{Limit: 50})
}

func (f *finder) ids(q store.PostQuery, p store.Page) []int64 {
	f.t.Helper()
	var ids []int64
	for _, p := range read(f.t, f.Store, func(tx *store.Tx) ([]store.Post, error) { posts, _, err := tx.SearchPosts(q, p); return posts, err }) {
		ids = append(ids, p.ID)
	}
	return ids
}

func (f *finder) expect(what string, q store.PostQuery, want ...store.Post) {
	f.t.Helper()
	ids := make([]int64, len(want))
	for i, p := range want {
		ids[i] = p.ID
	}
	if got := f.find(q); !slices.Equal(got, ids) {
		f.t.Errorf("%s finds %v, not %v", what, got, ids)
	}
}

func TestSearchHeedsWhatIsAskedFor(t *testing.T) {
	f := newFinder(t)
	mine := f.post(store.OwnerID, "Leeks in the rain", func(p *store.Post) { p.Language = "en-GB" })
	bobs := f.post(f.Bob.ID, "Rain on leeks", func(p *store.Post) { p.Extra.Attachments = []store.Attachment{{URL: "x"}} })
	poll := f.post(f.Bob.ID, "Which leeks", func(p *store.Post) {
		p.Extra.Poll, p.ParentURI = &store.Poll{}, "https://x.example/p"
		p.Language = "de"
	})
	f.expect("all", store.PostQuery{Words: "leeks"}, poll, bobs, mine)
	f.expect("a phrase", store.PostQuery{Words: `"the rain" leeks`}, mine)
	f.expect("an open quote", store.PostQuery{Words: `"the rain`}, mine, f.Walk)
	f.expect("without a word", store.PostQuery{Words: "leeks -rain"}, poll)
	f.expect("only without", store.PostQuery{Words: "-rain"})
	f.expect("without, and by", store.PostQuery{Words: "leeks -which", From: f.Bob.ID}, bobs)
	f.expect("mine", store.PostQuery{Words: "leeks", From: store.OwnerID}, mine)
	f.expect("theirs", store.PostQuery{Words: "leeks", From: f.Bob.ID}, poll, bobs)
	f.expect("of those followed", store.PostQuery{Words: "leeks", Followed: true}, poll, bobs)
	f.expect("media", store.PostQuery{Words: "leeks", Media: true}, bobs)
	f.expect("media alone", store.PostQuery{Media: true, From: f.Bob.ID}, bobs)
	f.expect("media of anybody", store.PostQuery{Media: true}, bobs)
	f.expect("polls", store.PostQuery{Words: "leeks", Poll: true}, poll)
	f.expect("replies", store.PostQuery{Words: "leeks", Reply: true}, poll)
	f.expect("English", store.PostQuery{Words: "leeks", Language: "en"}, bobs, mine)
	f.expect("British", store.PostQuery{Words: "leeks", Language: "EN-gb"}, mine)
	f.expect("since", store.PostQuery{Words: "leeks", After: bobs.PublishedAt}, poll, bobs)
	f.expect("before", store.PostQuery{Words: "leeks", Before: bobs.PublishedAt}, mine)
	f.expect("signs", store.PostQuery{Words: "!!", From: f.Bob.ID}, f.find2(f.Bob.ID)...)
	f.expect("nothing", store.PostQuery{})
}

// find2 is what somebody wrote, the last first.
func (f *finder) find2(by int64) []store.Post {
	posts := read(f.t, f.Store, func(tx *store.Tx) ([]store.Post, error) { return tx.PostsBy(by, store.Page{Limit: 50}) })
	return slices.DeleteFunc(posts, func(p store.Post) bool { return p.BoostOf != 0 })
}

// DECISIONS 11: whoever does not want to be found is found only where the owner
// had to do with it.
func TestSearchRespectsWhoDoesNotWantToBeFound(t *testing.T) {
	f := newFinder(t)
	boost := func(by, of int64) {
		f.post(by, "", func(p *store.Post) { p.BoostOf = of })
	}
	shy := f.post(f.Carol.ID, "Leeks of a shy one")
	f.expect("a stranger's", store.PostQuery{Words: "leeks"})
	write(t, f.Store, func(tx *store.Tx) error { return tx.KeepPost(shy.ID) })
	f.expect("what the owner touched", store.PostQuery{Words: "leeks"}, shy)
	second := f.post(f.Carol.ID, "More leeks")
	write(t, f.Store, func(tx *store.Tx) error { return tx.SetMentions(second.ID, []int64{store.OwnerID}) })
	f.expect("what names the owner", store.PostQuery{Words: "leeks"}, second, shy)
	third := f.post(f.Carol.ID, "Leeks for bob")
	boost(f.Bob.ID, third.ID)
	f.expect("a boost that is not in home", store.PostQuery{Words: "leeks"}, second, shy)
	write(t, f.Store, func(tx *store.Tx) error {
		b, err := tx.BoostBy(f.Bob.ID, third.ID)
		if err != nil {
			return err
		}
		return tx.AddHome(b.ID, false)
	})
	f.expect("what was boosted into home", store.PostQuery{Words: "leeks"}, third, second, shy)
	fourth := f.post(f.Carol.ID, "Leeks to be found")
	write(t, f.Store, func(tx *store.Tx) error {
		a, err := tx.Actor(f.Carol.ID)
		if err != nil {
			return err
		}
		a.Indexable = true
		return tx.SaveActor(&a)
	})
	f.expect("of whoever wants it", store.PostQuery{Words: "leeks"}, fourth, third, second, shy)
}

// T48: what blocked people wrote is not found; of muted people only when they are named.
func TestT48_SearchLeavesOutBlockedAndMuted(t *testing.T) {
	f := newFinder(t)
	p := f.post(f.Bob.ID, "Leeks")
	write(t, f.Store, func(tx *store.Tx) error { return tx.SaveMute(store.Mute{ActorID: f.Bob.ID}) })
	f.expect("muted", store.PostQuery{Words: "leeks"})
	f.expect("muted and named", store.PostQuery{Words: "leeks", From: f.Bob.ID}, p)
	write(t, f.Store, func(tx *store.Tx) error { return tx.AddBlock(f.Bob.ID, "x") })
	f.expect("blocked", store.PostQuery{Words: "leeks", From: f.Bob.ID})
	if list := read(t, f.Store, func(tx *store.Tx) ([]store.Actor, error) { return tx.SearchPeople("bob", 10) }); len(list) != 0 {
		t.Errorf("bob is found by name: %v", list)
	}
}

func TestSearchIsPagedBothWays(t *testing.T) {
	f := newFinder(t)
	var all []int64
	for i := range 45 {
		p := f.post(f.Bob.ID, fmt.Sprint("Leek ", i), func(p *store.Post) {
			if i%3 == 0 {
				p.Extra.Attachments = []store.Attachment{{URL: "x"}}
			}
		})
		if i%3 == 0 {
			all = append(all, p.ID)
		}
	}
	slices.Reverse(all)
	q := store.PostQuery{Words: "leek", Media: true}
	first := f.ids(q, store.Page{Limit: 6})
	second := f.ids(q, store.Page{Limit: 6, Max: first[5]})
	if !slices.Equal(slices.Concat(first, second), all[:12]) {
		t.Errorf("pages %v and %v of %v", first, second, all)
	}
	if up := f.ids(q, store.Page{Limit: 6, Min: second[0]}); !slices.Equal(up, first) {
		t.Errorf("upwards %v, not %v", up, first)
	}
}

// A search that finds little stops, and says where to go on.
func TestSearchStopsAndGoesOn(t *testing.T) {
	s, w := lopsided(t)
	rare := store.Post{URI: "https://bob.example/rare", ActorID: w.Bob.ID, Content: "text", PublishedAt: storetest.Start.Add(time.Second), Extra: store.PostExtra{Poll: &store.Poll{}}}
	write(t, s, func(tx *store.Tx) error {
		if err := tx.InsertPost(&rare); err != nil {
			return err
		}
		_, err := tx.IndexBatch(100, func(p store.Post) string { return "text" })
		return err
	})
	q, p, rounds := store.PostQuery{Words: "text", Poll: true}, store.Page{Limit: 20}, 0
	for ; rounds < 10; rounds++ {
		posts, next, err := searched(t, s, q, p)
		if err != nil {
			t.Fatal(err)
		}
		if len(posts) > 0 {
			if posts[0].ID != rare.ID || rounds < 3 {
				t.Errorf("found %v after %d rounds", posts, rounds)
			}
			return
		}
		if next == 0 {
			break
		}
		p.Max = next
	}
	t.Errorf("nothing found after %d rounds", rounds)
}

func searched(t testing.TB, s *store.Store, q store.PostQuery, p store.Page) (posts []store.Post, next int64, err error) {
	t.Helper()
	err = s.Read(bg, func(tx *store.Tx) (err error) { posts, next, err = tx.SearchPosts(q, p); return err })
	return posts, next, err
}

func TestPeopleAreFoundByName(t *testing.T) {
	f := newFinder(t)
	var other store.Actor
	write(t, f.Store, func(tx *store.Tx) (err error) {
		other, err = storetest.Person(tx, "bobby", "far.example")
		return err
	})
	find := func(words string) (ids []int64) {
		for _, a := range read(t, f.Store, func(tx *store.Tx) ([]store.Actor, error) { return tx.SearchPeople(words, 10) }) {
			ids = append(ids, a.ID)
		}
		return ids
	}
	for _, c := range []struct {
		words string
		want  []int64
	}{
		{"bo", []int64{f.Bob.ID, other.ID}}, {"@BOBB", []int64{other.ID}}, {"bob bob.example", []int64{f.Bob.ID}}, {"ob", []int64{f.Bob.ID}}, {"zz", nil}, {"", nil}, {"alice", nil}, {"%", nil},
	} {
		if got := find(c.words); !slices.Equal(got, c.want) {
			t.Errorf("%q finds %v, not %v", c.words, got, c.want)
		}
	}
}
