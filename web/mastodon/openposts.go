package mastodon

import (
	"slices"

	"dassie/federation"
	"dassie/store"
)

// Of a conversation strangers get less than the owner, as in Mastodon.
const (
	openUp   = 40  // posts above
	openDown = 200 // and below
)

// openPost reads an own post that everybody may read. That one is private, or was
// deleted, is the same as none (T42).
func openPost(tx *store.Tx, id int64) (store.Post, error) {
	p, err := tx.Post(id)
	if err == nil && !isOpen(&p) {
		err = errNotFound
	}
	return p, err
}

func isOpen(p *store.Post) bool { return p.Own() && p.BoostOf == 0 && p.Visibility.Open() }

// readOpen reads a post of the path and what it is shown with.
func (a *API) readOpen(tx *store.Tx, c *call) (store.Post, *room, error) {
	p, err := openPost(tx, c.id)
	if err != nil {
		return p, nil, err
	}
	m, err := a.gatherFor(federation.ForVisitors, tx, []store.Post{p})
	return p, m, err
}

func (a *API) openStatus(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) {
		p, m, err := a.readOpen(tx, c)
		if err != nil {
			return nil, err
		}
		return m.status(&p), nil
	})
}

// openStatusList has those of the posts asked for that everybody may read.
func (a *API) openStatusList(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		posts, err := tx.Posts(askedIDs(c))
		if err != nil {
			return nil, err
		}
		return a.openStatuses(tx, slices.DeleteFunc(posts, func(p store.Post) bool { return !isOpen(&p) }))
	})
}

// openHistory is what became of an open post, as its page tells it.
func (a *API) openHistory(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]StatusEdit, error) {
		p, m, err := a.readOpen(tx, c)
		if err != nil {
			return nil, err
		}
		return m.history(tx, p)
	})
}

func (a *API) openCard(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (any, error) {
		p, m, err := a.readOpen(tx, c)
		if err != nil {
			return nil, err
		}
		if card := m.card(&p); card != nil {
			return card, nil
		}
		return struct{}{}, nil
	})
}

// openNobody answers who liked or boosted an open post. Visitors learn how many they
// are, and not who.
func (a *API) openNobody(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) {
		_, err := openPost(tx, c.id)
		return []*Account{}, err
	})
}

// openContext is the conversation as the page of the post shows it: up to the
// first post that is not for everybody, and down likewise. Nothing is fetched.
func (a *API) openContext(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Context, error) {
		p, err := openPost(tx, c.id)
		if err != nil {
			return nil, err
		}
		above, err := tx.Ancestors(p, openUp)
		if err != nil {
			return nil, err
		}
		below, err := tx.Descendants(p.ID, openDown)
		if err != nil {
			return nil, err
		}
		m, err := a.gatherFor(federation.ForVisitors, tx, slices.Concat(above, below))
		if err != nil {
			return nil, err
		}
		held, err := tx.HeldAmong(postIDs(below)...)
		if err != nil {
			return nil, err
		}
		listed := func(q *store.Post) bool {
			return m.seen(q) && !held[q.ID] && (!q.Own() || q.Visibility <= widest(m.settings))
		}
		for i := len(above) - 1; i >= 0; i-- {
			if !listed(&above[i]) {
				above = above[i+1:]
				break
			}
		}
		open := map[int64]bool{p.ID: true}
		below = slices.DeleteFunc(below, func(q store.Post) bool { // parents come before their answers
			open[q.ID] = listed(&q) && open[q.ParentID]
			return !open[q.ID]
		})
		return &Context{m.statuses(above), m.statuses(byBranch(p.ID, below))}, nil
	})
}

func (a *API) openPoll(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Poll, error) {
		p, m, err := a.readOpen(tx, c)
		if err != nil {
			return nil, err
		}
		if poll := m.poll(&p); poll != nil {
			return poll, nil
		}
		return nil, errNotFound
	})
}
