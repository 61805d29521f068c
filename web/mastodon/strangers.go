package mastodon

import (
	"slices"
	"strings"

	"dassie/federation"
	"dassie/store"
)

// strangers is what may be asked without a token, as in Mastodon, and how it is
// answered then: with what a visitor of the pages sees. So are apps that ask for
// themselves. A token of the owner's needs the scope of the route all the same.
var strangers = map[string]func(*API, *call) (any, error){
	"GET /api/v1/accounts/:id":          (*API).openAccount,
	"GET /api/v1/accounts/:id/statuses": (*API).openPosts,
	"GET /api/v1/statuses/:id":          (*API).openStatus,
	"GET /api/v1/statuses/:id/context":  (*API).openContext,
	"GET /api/v1/polls/:id":             (*API).openPoll,
	"GET /api/v1/tags/:tag":             (*API).openTag,
	"GET /api/v1/timelines/tag/:tag":    (*API).openTagged,
	"GET /api/v1/timelines/public":      (*API).openTimeline,
}

// Of a conversation strangers get less than the owner, as in Mastodon.
const (
	openUp   = 40  // posts above
	openDown = 200 // and below
)

// visited says that a page is for somebody else than the owner.
func (m *room) visited() bool { return m.scope == federation.ForVisitors }

// widest is the quietest of the owner's posts that lists show to strangers.
func widest(set store.Settings) store.Visibility {
	if set.UnlistedOnWeb {
		return store.Unlisted
	}
	return store.Public
}

// seen says whether who asks may read a post. Strangers read what the owner wrote
// for everyone, and of others what stands in public: private posts of theirs came
// here for the owner alone.
func (m *room) seen(p *store.Post) bool {
	switch {
	case !m.visited():
		return true
	case p.Own():
		return p.Visibility.Open()
	}
	return p.Visibility == store.Public && !m.hidden[p.ActorID]
}

// forVisitor leaves out what is the owner's business: with which app a post was
// written, and numbers that are not to be shown.
func (m *room) forVisitor(s *Status, p *store.Post) {
	m.answers(s, p)
	if p.Own() && !m.settings.ShowCounts {
		s.RepliesCount, s.ReblogsCount, s.FavouritesCount, s.QuotesCount = 0, 0, 0, 0
	}
}

// openAccount knows the owner only: whom else this server has heard of says much
// about whom the owner reads.
func (a *API) openAccount(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Account, error) {
		if c.id != store.OwnerID {
			return nil, errNotFound
		}
		m, err := a.gatherFor(federation.ForVisitors, tx, nil, store.OwnerID)
		if err != nil {
			return nil, err
		}
		return m.account(store.OwnerID), nil
	})
}

// openPosts are the owner's posts as the profile lists them.
func (a *API) openPosts(c *call) (any, error) {
	if c.id != store.OwnerID {
		return nil, errNotFound
	}
	page, set := c.page(20, 40), a.svc.Settings()
	if !set.PostsOnWeb {
		return []*Status{}, nil
	}
	replies, boosts := !c.params.truth("exclude_replies"), !c.params.truth("exclude_reblogs")
	tag := store.TagName(strings.TrimPrefix(c.params.get("tagged"), "#"))
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		var posts []store.Post
		var err error
		if c.params.truth("pinned") {
			if posts, err = tx.Pinned(store.OwnerID); err != nil {
				return nil, err
			}
			return a.openStatuses(tx, posts)
		}
		if posts, err = tx.OwnPosts(page, widest(set), replies, boosts); err != nil {
			return nil, err
		}
		a.linkPages(c, page, postIDs(posts))
		posts = slices.DeleteFunc(posts, func(p store.Post) bool {
			return c.params.truth("only_media") && len(p.Extra.Attachments) == 0 ||
				tag != "" && !slices.ContainsFunc(p.Extra.Tags, func(t string) bool { return store.TagName(t) == tag })
		})
		return a.openStatuses(tx, posts)
	})
}

func (a *API) openStatuses(tx *store.Tx, posts []store.Post) ([]*Status, error) {
	m, err := a.gatherFor(federation.ForVisitors, tx, posts)
	if err != nil {
		return nil, err
	}
	return m.statuses(posts), nil
}

// openPost reads an own post that everybody may read. That one is private, or was
// deleted, is the same as none (T42).
func openPost(tx *store.Tx, id int64) (store.Post, error) {
	p, err := tx.Post(id)
	if err == nil && (!p.Own() || p.BoostOf != 0 || !p.Visibility.Open()) {
		err = errNotFound
	}
	return p, err
}

func (a *API) openStatus(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) {
		p, err := openPost(tx, c.id)
		if err != nil {
			return nil, err
		}
		m, err := a.gatherFor(federation.ForVisitors, tx, []store.Post{p})
		if err != nil {
			return nil, err
		}
		return m.status(&p), nil
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
		listed := func(q *store.Post) bool {
			return m.seen(q) && (!q.Own() || q.Visibility <= widest(m.settings))
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
		p, err := openPost(tx, c.id)
		if err != nil {
			return nil, err
		}
		m, err := a.gatherFor(federation.ForVisitors, tx, []store.Post{p})
		if err != nil {
			return nil, err
		}
		if poll := m.poll(&p); poll != nil {
			return poll, nil
		}
		return nil, errNotFound
	})
}

// openTag is a hashtag without whether the owner follows it.
func (a *API) openTag(c *call) (any, error) {
	name, ok := pathTag(c)
	if !ok {
		return nil, errNotFound
	}
	return a.tagEntity(name, false), nil
}

// openTagged has the owner's posts only, as the page of the hashtag has.
func (a *API) openTagged(c *call) (any, error) {
	q, err := tagQueryOf(c)
	if err != nil {
		return nil, err
	}
	q.Local, q.Remote = true, q.Remote && !q.Local
	return a.openList(c, q.Remote, func(tx *store.Tx, p store.Page) ([]store.Post, error) { return tx.Tagged(q, p) })
}

// openTimeline has the owner's posts only: those of others are here because the
// owner reads them.
func (a *API) openTimeline(c *call) (any, error) {
	q := store.PublicQuery{Local: true, Media: c.params.truth("only_media")}
	others := c.params.truth("remote") && !c.params.truth("local")
	return a.openList(c, others, func(tx *store.Tx, p store.Page) ([]store.Post, error) { return tx.PublicPosts(q, p) })
}

// openList answers with a page of own posts; nothing if only others' are wanted,
// or the owner's posts are read one by one.
func (a *API) openList(c *call, others bool, read func(*store.Tx, store.Page) ([]store.Post, error)) (any, error) {
	if others || !a.svc.Settings().PostsOnWeb {
		return []*Status{}, nil
	}
	page := c.page(20, 40)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		posts, err := read(tx, page)
		if err != nil {
			return nil, err
		}
		a.linkPages(c, page, postIDs(posts))
		return a.openStatuses(tx, posts)
	})
}
