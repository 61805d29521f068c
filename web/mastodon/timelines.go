package mastodon

import (
	"slices"

	"dassie/store"
)

// timeline answers with a page of posts that is bounded by their own ids. Posts by
// people whom the owner muted are in none, nor by strangers of a silenced server, nor
// are boosts of them.
func (a *API) timeline(c *call, page store.Page, read func(*store.Tx) ([]store.Post, error)) (any, error) {
	return a.timelineOf(c, page, read, (*room).unmuted)
}

// timelineOf is the same with what is left out of it besides.
func (a *API) timelineOf(c *call, page store.Page, read func(*store.Tx) ([]store.Post, error), leave func(*room, *store.Tx, []store.Post) ([]store.Post, error)) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		posts, err := read(tx)
		if err != nil {
			return nil, err
		}
		m, err := a.gather(tx, posts)
		if err != nil {
			return nil, err
		}
		a.linkPages(c, page, postIDs(posts))
		posts, err = leave(m, tx, posts)
		return m.statuses(posts), err
	})
}

// unhushed leaves out conversations that the owner hid; what the owner wrote in them
// stays.
func unhushed(list any, err error) (any, error) {
	if list, ok := list.([]*Status); ok && err == nil {
		return slices.DeleteFunc(list, func(s *Status) bool { return s.hushed() }), nil
	}
	return list, err
}

// hushed says that a post is kept out of Home: it is somebody else's, or a boost of
// one, in a conversation that the owner hid.
func (s *Status) hushed() bool {
	if s.Reblog != nil {
		return s.Reblog.hushed()
	}
	return s.Muted && s.Account.ID != id(store.OwnerID)
}

// unlimited is unmuted where the store has left out already who is muted.
func (m *room) unlimited(tx *store.Tx, posts []store.Post) ([]store.Post, error) {
	if len(m.limited) == 0 {
		return posts, nil
	}
	return m.unmuted(tx, posts)
}

// unmuted leaves out what people wrote or boosted whom the owner muted, or who are
// strangers on a server that they silenced.
func (m *room) unmuted(tx *store.Tx, posts []store.Post) ([]store.Post, error) {
	ids := make([]int64, 0, len(m.actors))
	for id := range m.actors {
		ids = append(ids, id)
	}
	muted, err := tx.MutedAmong(ids...)
	if err != nil || len(muted) == 0 && len(m.limited) == 0 {
		return posts, err
	}
	by := func(id int64) bool { _, is := muted[id]; return is || m.limited[id] }
	return slices.DeleteFunc(posts, func(p store.Post) bool {
		original := m.posts[p.BoostOf]
		return by(p.ActorID) || original != nil && by(original.ActorID)
	}), nil
}

// home: GET /api/v1/timelines/home. The store leaves out already who is muted.
func (a *API) home(c *call) (any, error) {
	page := c.page(20, 40)
	return unhushed(a.timelineOf(c, page, func(tx *store.Tx) ([]store.Post, error) { return tx.Home(page) }, (*room).unlimited))
}

// listTimeline: GET /api/v1/timelines/list/:id.
func (a *API) listTimeline(c *call) (any, error) {
	page := c.page(20, 40)
	return unhushed(a.timeline(c, page, func(tx *store.Tx) ([]store.Post, error) {
		if _, err := tx.List(c.id); err != nil {
			return nil, err
		}
		return tx.ListPosts(c.id, page)
	}))
}

// publicTimeline: GET /api/v1/timelines/public, of what is stored here: there is
// nobody else on this server whose posts could be shown.
func (a *API) publicTimeline(c *call) (any, error) {
	page := c.page(20, 40)
	q := store.PublicQuery{Local: c.params.truth("local"), Remote: c.params.truth("remote"), Media: c.params.truth("only_media")}
	return a.timeline(c, page, func(tx *store.Tx) ([]store.Post, error) { return tx.PublicPosts(q, page) })
}

// linkTimeline: GET /api/v1/timelines/link, of the public posts that are stored here
// and show the card of an address.
func (a *API) linkTimeline(c *call) (any, error) {
	page, address := c.page(20, 40), c.params.get("url")
	return a.timeline(c, page, func(tx *store.Tx) ([]store.Post, error) { return tx.PostsWithLink(address, false, page) })
}

// nothing: GET /api/v1/trends and below. One person's server has no trends: what many
// do is counted nowhere here.
func (a *API) nothing(*call) (any, error) { return []struct{}{}, nil }
