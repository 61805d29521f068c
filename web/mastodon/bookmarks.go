package mastodon

import "dassie/store"

// bookmark: POST /api/v1/statuses/:id/bookmark.
func (a *API) bookmark(c *call) (any, error) { return a.touch(c, a.svc.Save) }

// unbookmark: POST /api/v1/statuses/:id/unbookmark.
func (a *API) unbookmark(c *call) (any, error) { return a.touch(c, a.svc.Unsave) }

// bookmarks: GET /api/v1/bookmarks, the last saved first. Its pages are bounded
// by the ids of the bookmarks.
func (a *API) bookmarks(c *call) (any, error) {
	return a.marked(c, func(tx *store.Tx, page store.Page) (ids, posts []int64, err error) {
		rows, err := tx.Bookmarks(page)
		for _, b := range rows {
			ids, posts = append(ids, b.ID), append(posts, b.PostID)
		}
		return ids, posts, err
	})
}

// marked answers with the posts that the owner left marks on, in pages by the ids
// of the marks.
func (a *API) marked(c *call, list func(*store.Tx, store.Page) (ids, posts []int64, err error)) (any, error) {
	page := c.page(20, 40)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		ids, about, err := list(tx, page)
		if err != nil {
			return nil, err
		}
		posts, err := tx.Posts(about)
		if err != nil {
			return nil, err
		}
		m, err := a.gather(tx, posts)
		if err != nil {
			return nil, err
		}
		a.linkPages(c, page, ids)
		return m.statuses(posts), nil
	})
}
