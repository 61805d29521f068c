package mastodon

import (
	"context"

	"dassie/store"
	"dassie/web/reply"
)

// favourite: POST /api/v1/statuses/:id/favourite.
func (a *API) favourite(c *call) (any, error) { return a.touch(c, a.svc.Like) }

// unfavourite: POST /api/v1/statuses/:id/unfavourite.
func (a *API) unfavourite(c *call) (any, error) { return a.touch(c, a.svc.Unlike) }

// unreblog: POST /api/v1/statuses/:id/unreblog. It answers with the post that
// was boosted.
func (a *API) unreblog(c *call) (any, error) { return a.touch(c, a.svc.Unboost) }

// reblog: POST /api/v1/statuses/:id/reblog. It answers with the boost, which
// holds the post.
func (a *API) reblog(c *call) (any, error) {
	v := store.Public
	if name := c.params.get("visibility"); name != "" {
		var ok bool
		if v, ok = visibilities[name]; !ok {
			return nil, reply.Errorf(reply.Unprocessable, "Validation failed: the visibility %.20q is none of public, unlisted, private.", name)
		}
	}
	return a.touch(c, func(ctx context.Context, id int64) (store.Post, error) { return a.svc.Boost(ctx, id, v) })
}

// muteThread: POST /api/v1/statuses/:id/mute mutes the conversation.
func (a *API) muteThread(c *call) (any, error) { return a.touch(c, a.svc.MuteThread) }

// unmuteThread: POST /api/v1/statuses/:id/unmute.
func (a *API) unmuteThread(c *call) (any, error) { return a.touch(c, a.svc.UnmuteThread) }

// touch does something with a post and answers with the one that comes of it.
func (a *API) touch(c *call, do func(context.Context, int64) (store.Post, error)) (any, error) {
	p, err := do(c.ctx, c.id)
	if err != nil {
		return nil, err
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) { return a.one(tx, p) })
}

// favouritedBy: GET /api/v1/statuses/:id/favourited_by. Whoever reacted is among them.
func (a *API) favouritedBy(c *call) (any, error) { return a.people(c, (*store.Tx).Likers) }

// rebloggedBy: GET /api/v1/statuses/:id/reblogged_by.
func (a *API) rebloggedBy(c *call) (any, error) { return a.people(c, (*store.Tx).Boosters) }

// people lists who did something with a post. The address of a boost stands for
// the post that was boosted.
func (a *API) people(c *call, list func(tx *store.Tx, postID int64, p store.Page) ([]int64, error)) (any, error) {
	page := c.page(40, 80)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) {
		p, err := tx.Post(c.id)
		if err != nil {
			return nil, err
		}
		if p.BoostOf != 0 {
			p.ID = p.BoostOf
		}
		ids, err := list(tx, p.ID, page)
		if err != nil {
			return nil, err
		}
		a.linkPages(c, page, ids)
		return a.accounts(tx, ids)
	})
}

// favourites: GET /api/v1/favourites, the last one liked first. Its pages are
// bounded by the ids of the likes.
func (a *API) favourites(c *call) (any, error) {
	return a.marked(c, func(tx *store.Tx, page store.Page) (ids, posts []int64, err error) {
		rows, err := tx.LikesBy(store.OwnerID, page)
		for _, l := range rows {
			ids, posts = append(ids, l.ID), append(posts, l.PostID)
		}
		return ids, posts, err
	})
}
