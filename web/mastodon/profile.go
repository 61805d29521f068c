package mastodon

import (
	"context"
	"slices"
	"strings"

	"dassie/store"
)

// profilePages bounds how many pages of somebody's posts are looked through for
// one answer, where few of them are wanted.
const profilePages = 10

// pinner is Service.Pin or Service.Unpin.
type pinner func(context.Context, int64) (store.Post, error)

// wanted says which of somebody's posts an app asks for.
type wanted struct {
	replies, boosts bool
	media           bool // only posts with media
	tag             string
}

// accountStatuses: GET /api/v1/accounts/:id/statuses.
func (a *API) accountStatuses(c *call) (any, error) {
	page := c.page(20, 40)
	want := wanted{
		replies: !c.params.truth("exclude_replies"), boosts: !c.params.truth("exclude_reblogs"),
		media: c.params.truth("only_media"), tag: store.TagName(strings.TrimPrefix(c.params.get("tagged"), "#")),
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		if _, err := tx.Actor(c.id); err != nil {
			return nil, err
		}
		if c.params.truth("pinned") {
			posts, err := tx.Pinned(c.id)
			if err != nil {
				return nil, err
			}
			m, err := a.gather(tx, posts)
			if err != nil {
				return nil, err
			}
			return m.statuses(posts), nil
		}
		posts, last, err := want.find(tx, c.id, page)
		if err != nil {
			return nil, err
		}
		m, err := a.gather(tx, posts)
		if err != nil {
			return nil, err
		}
		ids := make([]int64, len(posts))
		for i, p := range posts {
			ids[i] = p.ID
		}
		a.linkPages(c, page, ids)
		if last != 0 && len(posts) < page.Limit {
			a.linkNext(c, last) // there may be more beyond what was looked through
		}
		return m.statuses(posts), nil
	})
}

// find reads posts of somebody until the page is full or so many were looked
// through; last is then the id of the last one that was. Upwards it looks
// through one page, which may be short.
func (w wanted) find(tx *store.Tx, actorID int64, p store.Page) (posts []store.Post, last int64, err error) {
	limit := p.Limit
	for range profilePages {
		rows, err := tx.PostsBy(actorID, p)
		if err != nil {
			return nil, 0, err
		}
		whole := len(rows) < p.Limit || p.Min > 0
		if !whole {
			p.Max = rows[len(rows)-1].ID // before among, which closes the gaps in place
		}
		kept, err := w.among(tx, rows)
		if err != nil {
			return nil, 0, err
		}
		posts = append(posts, kept...)
		if len(posts) >= limit {
			return posts[:limit], 0, nil
		}
		if whole {
			return posts, 0, nil
		}
	}
	return posts, p.Max, nil
}

func (w wanted) among(tx *store.Tx, rows []store.Post) ([]store.Post, error) {
	own := map[int64]bool{} // parents by the same author: a thread of one's own is no reply
	if !w.replies {
		var parents []int64
		for _, p := range rows {
			parents = append(parents, p.ParentID)
		}
		list, err := tx.Posts(parents)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			own[p.ID] = len(rows) > 0 && p.ActorID == rows[0].ActorID
		}
	}
	return slices.DeleteFunc(rows, func(p store.Post) bool {
		return !w.boosts && p.BoostOf != 0 ||
			!w.replies && p.ParentURI != "" && !own[p.ParentID] ||
			w.media && len(p.Extra.Attachments) == 0 ||
			w.tag != "" && !slices.ContainsFunc(p.Extra.Tags, func(t string) bool { return store.TagName(t) == w.tag })
	}), nil
}
