package store_test

import (
	"slices"
	"testing"

	"dassie/store"
)

func TestSomebodysPostsByKind(t *testing.T) {
	f := newFinder(t)
	for _, who := range []int64{f.Carol.ID, store.OwnerID} {
		plain := f.post(who, "plain")
		media := f.post(who, "picture", func(p *store.Post) { p.Extra.Attachments = []store.Attachment{{URL: "x"}} })
		thread := f.post(who, "thread", func(p *store.Post) { p.ParentURI = plain.URI })
		reply := f.post(who, "reply", func(p *store.Post) { p.ParentURI = f.Walk.URI })
		far := f.post(who, "reply to what is not here", func(p *store.Post) { p.ParentURI = "https://far.example/1" })
		boost := f.post(who, "", func(p *store.Post) { p.BoostOf = f.Walk.ID })
		late := store.Post{URI: plain.URI + "/late", ActorID: who, Content: "not indexed yet", PublishedAt: f.at.Add(1e10)}
		write(t, f.Store, func(tx *store.Tx) error { return tx.InsertPost(&late) })
		for _, c := range []struct {
			what string
			q    store.AuthorQuery
			want []store.Post
		}{
			{"posts", store.AuthorQuery{}, []store.Post{late, thread, media, plain}},
			{"posts and boosts", store.AuthorQuery{Boosts: true}, []store.Post{late, boost, thread, media, plain}},
			{"and replies", store.AuthorQuery{Replies: true}, []store.Post{late, far, reply, thread, media, plain}},
			{"media", store.AuthorQuery{Replies: true, Media: true}, []store.Post{media}},
			{"boosts", store.AuthorQuery{OnlyBoosts: true, Replies: true}, []store.Post{boost}},
		} {
			var got, want []int64
			for _, p := range c.want {
				want = append(want, p.ID)
			}
			list := read(t, f.Store, func(tx *store.Tx) ([]store.Post, error) { return tx.PostsOf(who, c.q, store.Page{Limit: 50}) })
			for _, p := range list {
				if p.ID >= plain.ID {
					got = append(got, p.ID)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s of %d: %v, not %v", c.what, who, got, want)
			}
			up := read(t, f.Store, func(tx *store.Tx) ([]store.Post, error) {
				return tx.PostsOf(who, c.q, store.Page{Min: plain.ID - 1, Limit: 1})
			})
			if len(up) != 1 || up[0].ID != want[len(want)-1] {
				t.Errorf("%s of %d upwards: %v", c.what, who, up)
			}
		}
	}
}
