package public

import (
	"net/http"

	"dassie/assets"
	"dassie/store"
)

const tilesPage = 24 // posts with media on a page

// tile is one attachment in the grid. Of what stands behind a warning only the
// warning is shown.
type tile struct {
	assets.Media
	Post    string // the page of its post
	Warning string // why it is not shown at once, "" if it is
	Lang    string
}

type mediaPage struct {
	assets.Visitor
	profile
	Tiles []tile
	Pager assets.Pager
}

// Media answers GET of /@NAME/media: what is attached to the owner's posts, as a
// grid that leads to them.
func (s *Site) Media(w http.ResponseWriter, r *http.Request) {
	s.paged(w, r, "media", func(v *view, before int64) (*page, error) {
		if !v.set.PostsOnWeb {
			return nil, store.ErrNotFound
		}
		return v.media(before)
	})
}

func (v *view) media(before int64) (*page, error) {
	list := v.site.ProfilePath() + "/media"
	d := mediaPage{Visitor: v.profileFrame(list)}
	var err error
	if d.profile, err = v.profile("media"); err != nil {
		return nil, err
	}
	posts, err := v.tx.OwnWithMedia(store.Page{Max: before, Limit: tilesPage + 1}, v.widest())
	if err != nil {
		return nil, err
	}
	if before != 0 {
		d.Pager.Newer, d.Pager.NewerText = list, "Newest media"
	}
	if len(posts) > tilesPage {
		posts = posts[:tilesPage]
		d.Pager.Older, d.Pager.OlderText = list+"?before="+formatID(posts[tilesPage-1].ID), "Older media"
	}
	entries, err := v.entries(posts)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		d.Tiles = append(d.Tiles, tiles(e)...)
	}
	return v.profileHTML("public_media", d, d.FollowForm)
}

func tiles(e assets.Entry) []tile {
	warning := e.Warning
	if warning == "" && e.Hide {
		warning = "Sensitive"
	}
	if warning != "" && len(e.Media) > 0 { // one for all: what is behind it is nobody's guess
		return []tile{{Media: assets.Media{Kind: e.Media[0].Kind}, Post: e.URL, Warning: warning, Lang: e.Lang}}
	}
	var list []tile
	for _, m := range e.Media {
		list = append(list, tile{Media: m, Post: e.URL, Lang: e.Lang})
	}
	return list
}
