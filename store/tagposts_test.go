package store_test

import (
	"fmt"
	"slices"
	"testing"

	"dassie/store"
	"dassie/store/storetest"
)

func TestTagNamesHaveNoCaseAndNoWidth(t *testing.T) {
	for name, want := range map[string]string{
		"Rye": "rye", "ＲＹＥ": "rye", "rye_Bread2": "rye_bread2", "ｶﾌﾞﾄ": "カブト", "Brød": "brød", "ÄPFEL": "äpfel", "日本": "日本", "": "",
	} {
		if got := store.TagName(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// tagged stores a post with hashtags.
func tagged(tx *store.Tx, w storetest.World, i int, tags ...string) (store.Post, error) {
	p := store.Post{
		URI: fmt.Sprint("https://bob.example/tagged/", i), ActorID: w.Bob.ID, Content: "<p>Text</p>",
		PublishedAt: storetest.Start.AddDate(0, 0, i), Extra: store.PostExtra{Tags: tags},
	}
	return p, tx.InsertPost(&p)
}

func names(posts []store.Post) (list []string) {
	for _, p := range posts {
		list = append(list, p.URI[len("https://bob.example/tagged/"):])
	}
	return list
}

// Hashtags are found in what waits for the index and in what is in it, also when
// a page has both.
func TestTaggedPosts(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	put := func(first int, all ...[]string) {
		write(t, s, func(tx *store.Tx) error {
			for i, tags := range all {
				if _, err := tagged(tx, w, first+i, tags...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	index := func() {
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.IndexBatch(1000, func(p store.Post) string { return p.Content })
			return err
		})
	}
	check := func(q store.TagQuery, p store.Page, want ...string) {
		t.Helper()
		got := names(read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Tagged(q, p) }))
		if !slices.Equal(got, want) {
			t.Errorf("%+v %+v gives %v, want %v", q, p, got, want)
		}
	}
	rye := store.TagQuery{Any: []string{"rye"}}
	put(1, []string{"Rye", "Bread"}, []string{"rye_bread"}, []string{"ＲＹＥ"}, []string{"bread", "cafe"})
	check(rye, store.Page{}, "3", "1")
	index()
	put(5, []string{"Rye"}, nil, []string{"Rye", "Bread"})
	for range 2 {
		check(rye, store.Page{}, "7", "5", "3", "1")
		check(rye, store.Page{Limit: 2}, "7", "5")
		second := read(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.Tagged(rye, store.Page{Limit: 2}) })[1].ID
		check(rye, store.Page{Limit: 2, Max: second}, "3", "1")
		check(rye, store.Page{Limit: 1, Min: second}, "7")
		check(rye, store.Page{Limit: 2, Min: 1}, "3", "1")
		check(store.TagQuery{Any: []string{"rye", "cafe"}}, store.Page{}, "7", "5", "4", "3", "1")
		check(store.TagQuery{Any: []string{"rye"}, All: []string{"bread"}}, store.Page{}, "7", "1")
		check(store.TagQuery{Any: []string{"rye"}, None: []string{"bread", "cafe"}}, store.Page{}, "5", "3")
		check(store.TagQuery{Any: []string{"café"}}, store.Page{}) // "cafe" is another word
		check(store.TagQuery{Any: []string{"rye"}, Local: true}, store.Page{})
		check(store.TagQuery{Any: []string{"rye"}, Remote: true}, store.Page{Limit: 1}, "7")
		check(store.TagQuery{Any: []string{"rye"}, Media: true}, store.Page{})
		check(store.TagQuery{Any: []string{`rye" OR author : "x`, "2"}}, store.Page{})
		check(store.TagQuery{}, store.Page{})
		index()
	}
}

// An edit takes a hashtag away and gives another, before and after it is indexed.
func TestHashtagsFollowEdits(t *testing.T) {
	s := storetest.OpenAlice(t)
	w := storetest.Populate(t, s)
	index := func(tx *store.Tx) error {
		_, err := tx.IndexBatch(1000, func(p store.Post) string { return p.Content })
		return err
	}
	write(t, s, func(tx *store.Tx) error {
		p, err := tagged(tx, w, 1, "Rye")
		if err != nil {
			return err
		}
		if err := index(tx); err != nil {
			return err
		}
		edited := p
		edited.Extra.Tags = []string{"Wheat"}
		return tx.UpdatePost(p, &edited)
	})
	for range 2 {
		for tag, want := range map[string]int{"rye": 0, "wheat": 1} {
			if got := read(t, s, func(tx *store.Tx) ([]store.Post, error) {
				return tx.Tagged(store.TagQuery{Any: []string{tag}}, store.Page{})
			}); len(got) != want {
				t.Errorf("%s: %d posts, want %d", tag, len(got), want)
			}
		}
		write(t, s, index)
	}
}

func TestFollowedTags(t *testing.T) {
	s := storetest.OpenAlice(t)
	write(t, s, func(tx *store.Tx) error {
		for _, name := range []string{"rye", "bread", "rye"} {
			if err := tx.FollowTag(name); err != nil {
				return err
			}
		}
		return nil
	})
	sweepAll(t, s)
	list := read(t, s, func(tx *store.Tx) ([]store.FollowedTag, error) { return tx.FollowedTags(store.Page{}) })
	if len(list) != 2 || list[0].Name != "bread" || list[1].Name != "rye" {
		t.Errorf("followed: %+v", list)
	}
	among := read(t, s, func(tx *store.Tx) (map[string]bool, error) { return tx.FollowedAmong([]string{"rye", "wheat"}) })
	if len(among) != 1 || !among["rye"] {
		t.Errorf("among them: %v", among)
	}
	write(t, s, func(tx *store.Tx) error { return tx.UnfollowTag("rye") })
	sweepAll(t, s)
	if n := count(t, s, "select count(*) from tags"); n != 1 {
		t.Errorf("%d hashtags after the sweep", n)
	}
}
