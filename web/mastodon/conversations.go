package mastodon

import "dassie/store"

// Conversation is an exchange in posts for the people who are named and nobody else.
type Conversation struct {
	ID       string     `json:"id"`
	Unread   bool       `json:"unread"`
	Accounts []*Account `json:"accounts"` // who takes part, but for the owner
	Last     *Status    `json:"last_status"`
}

// conversations: GET /api/v1/conversations, bounded by the ids of their last posts.
func (a *API) conversations(c *call) (any, error) {
	page := c.page(20, 40)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Conversation, error) {
		rows, err := tx.Conversations(page)
		if err != nil {
			return nil, err
		}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			ids[i] = r.LastID
		}
		a.linkPages(c, page, ids)
		return a.conversationList(tx, rows)
	})
}

// conversationList leaves out conversations with people alone who are not to be shown,
// and those of which the last post is held back by a rule of the owner.
func (a *API) conversationList(tx *store.Tx, rows []store.Conversation) ([]*Conversation, error) {
	ids, last := make([]int64, len(rows)), make([]int64, len(rows))
	for i, r := range rows {
		ids[i], last[i] = r.ID, r.LastID
	}
	people, err := tx.PeopleOf(ids)
	if err != nil {
		return nil, err
	}
	posts, err := tx.Posts(last)
	if err != nil {
		return nil, err
	}
	everybody := []int64{store.OwnerID}
	for _, who := range people {
		everybody = append(everybody, who...)
	}
	m, err := a.gather(tx, posts, everybody...)
	if err != nil {
		return nil, err
	}
	held, err := tx.HeldAmong(last...)
	if err != nil {
		return nil, err
	}
	list := make([]*Conversation, 0, len(rows))
	for _, r := range rows {
		if held[r.LastID] {
			continue
		}
		one := &Conversation{ID: id(r.ID), Unread: r.Unread, Accounts: []*Account{}}
		for _, actorID := range people[r.ID] {
			if acc := m.account(actorID); acc != nil && !m.hidden[actorID] {
				one.Accounts = append(one.Accounts, acc)
			}
		}
		switch {
		case len(one.Accounts) > 0:
		case len(people[r.ID]) > 0:
			continue
		default: // apps want somebody: a note to oneself, or to people who are not known here
			one.Accounts = append(one.Accounts, m.account(store.OwnerID))
		}
		if p := m.posts[r.LastID]; p != nil {
			one.Last = m.status(p)
		}
		list = append(list, one)
	}
	return list, nil
}

// readConversation: POST /api/v1/conversations/:id/read.
func (a *API) readConversation(c *call) (any, error) {
	row, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (store.Conversation, error) { return tx.Conversation(c.id) })
	if err != nil {
		return nil, err
	}
	if err := a.svc.ReadConversation(c.ctx, row.ID, row.LastID); err != nil {
		return nil, err
	}
	return a.oneConversation(c)
}

// unreadConversation: POST /api/v1/conversations/:id/unread.
func (a *API) unreadConversation(c *call) (any, error) {
	if err := a.svc.UnreadConversation(c.ctx, c.id); err != nil {
		return nil, err
	}
	return a.oneConversation(c)
}

func (a *API) oneConversation(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Conversation, error) {
		row, err := tx.Conversation(c.id)
		if err != nil {
			return nil, err
		}
		list, err := a.conversationList(tx, []store.Conversation{row})
		if err == nil && len(list) == 0 {
			err = errNotFound
		}
		if err != nil {
			return nil, err
		}
		return list[0], nil
	})
}

// dropConversation: DELETE /api/v1/conversations/:id. The posts stay.
func (a *API) dropConversation(c *call) (any, error) {
	return struct{}{}, a.svc.DropConversation(c.ctx, c.id)
}
