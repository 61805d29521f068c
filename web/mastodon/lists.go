package mastodon

import (
	"dassie/store"
)

// home: GET /api/v1/timelines/home.
func (a *API) home(c *call) (any, error) {
	page := c.page(20, 40)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		posts, err := tx.Home(page)
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

// notifications: GET /api/v1/notifications.
func (a *API) notifications(c *call) (any, error) {
	page := c.page(40, 80)
	kinds, except := c.params.list("types"), c.params.list("exclude_types")
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Notification, error) {
		rows, err := tx.Notifications(page, kinds, except)
		if err != nil {
			return nil, err
		}
		ids, people, about := make([]int64, len(rows)), make([]int64, len(rows)), make([]int64, len(rows))
		for i, n := range rows {
			ids[i], people[i], about[i] = n.ID, n.ActorID, n.PostID
		}
		posts, err := tx.Posts(about)
		if err != nil {
			return nil, err
		}
		m, err := a.gather(tx, posts, people...)
		if err != nil {
			return nil, err
		}
		a.linkPages(c, page, ids)
		list := make([]*Notification, 0, len(rows))
		for _, n := range rows {
			if one := m.notification(n); one != nil {
				list = append(list, one)
			}
		}
		return list, nil
	})
}
