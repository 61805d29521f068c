package mastodon

import (
	"context"
	"strings"

	"dassie/store"
)

// pinner is Service.Pin or Service.Unpin.
type pinner func(context.Context, int64) (store.Post, error)

// wantedOf reads which of somebody's posts an app asks for.
func wantedOf(c *call) store.AuthorQuery {
	q := store.AuthorQuery{
		Replies: !c.params.truth("exclude_replies"), Boosts: !c.params.truth("exclude_reblogs"), Media: c.params.truth("only_media"),
		Tag: store.TagName(strings.TrimPrefix(c.params.get("tagged"), "#")),
	}
	if c.params.truth("exclude_direct") {
		q.Hide = store.Direct
	}
	return q
}

// accountStatuses: GET /api/v1/accounts/:id/statuses.
func (a *API) accountStatuses(c *call) (any, error) {
	page, want := c.page(20, 40), wantedOf(c)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		if _, err := tx.Actor(c.id); err != nil {
			return nil, err
		}
		var posts []store.Post
		var err error
		if c.params.truth("pinned") {
			posts, err = tx.Pinned(c.id)
		} else if posts, err = tx.PostsOf(c.id, want, page); err == nil {
			a.linkPages(c, page, postIDs(posts))
		}
		if err != nil {
			return nil, err
		}
		m, err := a.gather(tx, posts)
		if err != nil {
			return nil, err
		}
		return m.statuses(posts), nil
	})
}
