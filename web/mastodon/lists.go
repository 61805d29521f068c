package mastodon

import "dassie/store"

// notifications: GET /api/v1/notifications.
func (a *API) notifications(c *call) (any, error) {
	page := c.page(40, 80)
	// Where somebody went is shown by their account: the client API has no kind for it.
	kinds, except := c.params.list("types"), append(c.params.list("exclude_types"), "move")
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Notification, error) {
		rows, err := tx.Notifications(page, kinds, except)
		if err != nil {
			return nil, err
		}
		ids := make([]int64, len(rows))
		for i, n := range rows {
			ids[i] = n.ID
		}
		a.linkPages(c, page, ids)
		return a.noticeList(tx, rows)
	})
}

// noticeList converts notifications; what is about something that is not here any
// more is left out.
func (a *API) noticeList(tx *store.Tx, rows []store.Notification) ([]*Notification, error) {
	people := make([]int64, len(rows))
	var about, complaints []int64
	for i, n := range rows {
		people[i] = n.ActorID
		if n.Kind == reportKind {
			complaints = append(complaints, n.PostID)
		} else {
			about = append(about, n.PostID)
		}
	}
	if len(complaints) > 0 {
		people = append(people, store.OwnerID) // whom they are about
	}
	posts, err := tx.Posts(about)
	if err != nil {
		return nil, err
	}
	m, err := a.gather(tx, posts, people...)
	if err != nil {
		return nil, err
	}
	reports, err := m.reports(tx, complaints)
	if err != nil {
		return nil, err
	}
	list := make([]*Notification, 0, len(rows))
	for _, n := range rows {
		if one := m.notification(n, reports); one != nil {
			list = append(list, one)
		}
	}
	return list, nil
}
