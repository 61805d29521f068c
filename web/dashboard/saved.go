package dashboard

import (
	"net/http"

	"dassie/assets"
	"dassie/store"
)

const savedCards = 20

type savedPage struct {
	assets.Owner
	Kind  string // saved, liked, pinned
	Tabs  []assets.Tab
	Cards []assets.Card
	Pager assets.Pager
}

// saved handles GET /me/saved: what the owner saved, liked (k=liked) or pinned
// (k=pinned), what was done last first.
func (d *Dashboard) saved(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	page := savedPage{Kind: "saved"}
	if k := query.Get("k"); k == "liked" || k == "pinned" {
		page.Kind = k
	}
	p := pageOf(number(query.Get("before")), number(query.Get("after")), savedCards)
	d.show(w, r, "saved", answer{}, func(v *view) (any, error) {
		var err error
		if page.Owner, err = v.frame(map[string]string{"saved": "Saved", "liked": "Liked", "pinned": "Pinned"}[page.Kind], "saved"); err != nil {
			return nil, err
		}
		for _, tab := range []struct{ kind, url, text string }{
			{"saved", "/me/saved", "Saved"}, {"liked", "/me/saved?k=liked", "Liked"}, {"pinned", "/me/saved?k=pinned", "Pinned"},
		} {
			page.Tabs = append(page.Tabs, assets.Tab{URL: tab.url, Text: tab.text, Current: tab.kind == page.Kind})
		}
		posts, err := v.savedPosts(&page, p)
		if err != nil {
			return nil, err
		}
		v.evenMuted = true
		page.Cards, _, err = v.cards(posts)
		return page, err
	})
}

// savedPosts reads a page of posts by when the owner did something with them.
func (v *view) savedPosts(page *savedPage, p store.Page) ([]store.Post, error) {
	var ids []int64
	switch page.Kind {
	case "pinned": // a few, in one page
		return v.tx.Pinned(store.OwnerID)
	case "liked":
		rows, err := v.tx.LikesBy(store.OwnerID, p)
		if err != nil {
			return nil, err
		}
		rows, page.Pager = cutPage(rows, p, "/me/saved?k=liked&", func(r store.Reaction) int64 { return r.ID })
		for _, r := range rows {
			ids = append(ids, r.PostID)
		}
	default:
		rows, err := v.tx.Bookmarks(p)
		if err != nil {
			return nil, err
		}
		rows, page.Pager = cutPage(rows, p, "/me/saved?", func(b store.Bookmark) int64 { return b.ID })
		for _, b := range rows {
			ids = append(ids, b.PostID)
		}
	}
	page.Pager.NewerText, page.Pager.OlderText = "Newer", "Older"
	return v.tx.Posts(ids)
}

// save handles POST /me/post/ID/save.
func (d *Dashboard) save(w http.ResponseWriter, r *http.Request) { d.touch(w, r, d.service.Save) }

// unsave handles POST /me/post/ID/unsave.
func (d *Dashboard) unsave(w http.ResponseWriter, r *http.Request) { d.touch(w, r, d.service.Unsave) }

// addSaved says which posts the owner saved; each can be.
func (v *view) addSaved(posts []store.Post, cards []assets.Card) error {
	saved, err := v.tx.BookmarkedAmong(postIDs(posts))
	for i, p := range posts {
		cards[i].Saved, cards[i].May.Save = saved[p.ID], true
	}
	return err
}
