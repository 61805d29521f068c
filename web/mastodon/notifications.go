package mastodon

import "dassie/store"

// noticeQuery reads which notifications an app wants. Those of one person come with
// what is held back of them, as apps that show a request expect it.
func noticeQuery(c *call) store.NoticeQuery {
	// Where somebody went is shown by their account: the client API has no kind for it.
	q := store.NoticeQuery{Kinds: c.params.list("types"), Except: append(c.params.list("exclude_types"), "move")}
	if text := c.params.get("account_id"); text != "" {
		var ok bool
		if q.From, ok = parseID(text); !ok {
			q.From = -1 // nobody
		}
	}
	if q.From != 0 || c.params.truth("include_filtered") {
		q.Held = store.HeldIn
	}
	return q
}

// notifications: GET /api/v1/notifications.
func (a *API) notifications(c *call) (any, error) {
	page := c.page(40, 80)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Notification, error) {
		rows, err := tx.Notices(page, noticeQuery(c))
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

// notification: GET /api/v1/notifications/:id.
func (a *API) notification(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Notification, error) {
		n, err := tx.Notification(c.id)
		if err != nil {
			return nil, err
		}
		list, err := a.noticeList(tx, []store.Notification{n})
		if err == nil && (len(list) == 0 || n.Kind == "move") {
			err = errNotFound
		}
		if err != nil {
			return nil, err
		}
		return list[0], nil
	})
}

// noticeList converts notifications; what is about something that is not here any
// more is left out.
func (a *API) noticeList(tx *store.Tx, rows []store.Notification) ([]*Notification, error) {
	m, reports, err := a.noticeRoom(tx, rows)
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

// noticeRoom gathers whoever caused notifications and what they are about.
func (a *API) noticeRoom(tx *store.Tx, rows []store.Notification) (*room, map[int64]*Report, error) {
	people := make([]int64, len(rows))
	var about, complaints []int64
	for i, n := range rows {
		people[i] = n.ActorID
		if n.Kind == reportKind {
			complaints = append(complaints, n.PostID)
		} else if n.PostID != 0 {
			about = append(about, n.PostID)
		}
	}
	if len(complaints) > 0 {
		people = append(people, store.OwnerID) // whom they are about
	}
	posts, err := tx.Posts(about)
	if err != nil {
		return nil, nil, err
	}
	m, err := a.gather(tx, posts, people...)
	if err != nil {
		return nil, nil, err
	}
	reports, err := m.reports(tx, complaints)
	return m, reports, err
}

// dismissNotification: POST /api/v1/notifications/:id/dismiss.
func (a *API) dismissNotification(c *call) (any, error) {
	return struct{}{}, a.svc.DismissNotice(c.ctx, c.id)
}

// clearNotifications: POST /api/v1/notifications/clear.
func (a *API) clearNotifications(c *call) (any, error) { return struct{}{}, a.svc.ClearNotices(c.ctx) }

// Count is a number alone.
type Count struct {
	Count int `json:"count"`
}

// unreadNotifications: GET /api/v1/notifications/unread_count, of what lies above the
// marker that the pages have too.
func (a *API) unreadNotifications(c *call) (any, error) {
	limit := c.params.number("limit", 100, 1000)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (n Count, err error) {
		marker, err := tx.NotificationMarker()
		if err != nil {
			return n, err
		}
		n.Count, err = tx.CountNoticesSince(marker, limit, noticeQuery(c))
		return n, err
	})
}
