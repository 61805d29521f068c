package mastodon

import "dassie/store"

// bookmark: POST /api/v1/statuses/:id/bookmark.
func (a *API) bookmark(c *call) (any, error) { return a.touch(c, a.svc.Save) }

// unbookmark: POST /api/v1/statuses/:id/unbookmark.
func (a *API) unbookmark(c *call) (any, error) { return a.touch(c, a.svc.Unsave) }

// bookmarks: GET /api/v1/bookmarks, the last saved first. Its pages are bounded
// by the ids of the bookmarks.
func (a *API) bookmarks(c *call) (any, error) {
	page := c.page(20, 40)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		rows, err := tx.Bookmarks(page)
		if err != nil {
			return nil, err
		}
		ids, about := make([]int64, len(rows)), make([]int64, len(rows))
		for i, b := range rows {
			ids[i], about[i] = b.ID, b.PostID
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
