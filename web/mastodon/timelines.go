package mastodon

import "dassie/store"

// timeline answers with a page of posts that is bounded by their own ids.
func (a *API) timeline(c *call, page store.Page, read func(*store.Tx) ([]store.Post, error)) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		posts, err := read(tx)
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
		return m.statuses(posts), nil
	})
}

// home: GET /api/v1/timelines/home.
func (a *API) home(c *call) (any, error) {
	page := c.page(20, 40)
	return a.timeline(c, page, func(tx *store.Tx) ([]store.Post, error) { return tx.Home(page) })
}

// listTimeline: GET /api/v1/timelines/list/:id.
func (a *API) listTimeline(c *call) (any, error) {
	page := c.page(20, 40)
	return a.timeline(c, page, func(tx *store.Tx) ([]store.Post, error) {
		if _, err := tx.List(c.id); err != nil {
			return nil, err
		}
		return tx.ListPosts(c.id, page)
	})
}

// publicTimeline: GET /api/v1/timelines/public, of what is stored here: there is
// nobody else on this server whose posts could be shown.
func (a *API) publicTimeline(c *call) (any, error) {
	page := c.page(20, 40)
	q := store.PublicQuery{Local: c.params.truth("local"), Remote: c.params.truth("remote"), Media: c.params.truth("only_media")}
	return a.timeline(c, page, func(tx *store.Tx) ([]store.Post, error) { return tx.PublicPosts(q, page) })
}
