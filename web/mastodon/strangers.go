package mastodon

import (
	"dassie/federation"
	"dassie/store"
)

// strangers is what may be asked without a token, as in Mastodon, and how it is
// answered then: with what a visitor of the pages sees. So are apps that ask for
// themselves. A token of the owner's needs the scope of the route all the same.
var strangers = map[string]func(*API, *call) (any, error){
	"GET /api/v1/accounts":                     (*API).accountsByID,
	"GET /api/v1/accounts/lookup":              (*API).lookupAccount,
	"GET /api/v1/accounts/:id":                 (*API).openAccount,
	"GET /api/v1/accounts/:id/statuses":        (*API).openPosts,
	"GET /api/v1/accounts/:id/followers":       (*API).accountFollowers,
	"GET /api/v1/accounts/:id/following":       (*API).accountFollowing,
	"GET /api/v1/accounts/:id/featured_tags":   ofOwner((*API).accountFeaturedTags),
	"GET /api/v1/accounts/:id/endorsements":    ofOwner((*API).accountEndorsements),
	"GET /api/v1/accounts/:id/identity_proofs": ofOwner((*API).identityProofs),
	"GET /api/v1/directory":                    (*API).directory,
	"GET /api/v1/statuses":                     (*API).openStatusList,
	"GET /api/v1/statuses/:id":                 (*API).openStatus,
	"GET /api/v1/statuses/:id/context":         (*API).openContext,
	"GET /api/v1/statuses/:id/history":         (*API).openHistory,
	"GET /api/v1/statuses/:id/card":            (*API).openCard,
	"GET /api/v1/statuses/:id/favourited_by":   (*API).openNobody,
	"GET /api/v1/statuses/:id/reblogged_by":    (*API).openNobody,
	"GET /api/v1/polls/:id":                    (*API).openPoll,
	"GET /api/v1/tags/:tag":                    (*API).openTag,
	"GET /api/v1/timelines/tag/:tag":           (*API).openTagged,
	"GET /api/v1/timelines/public":             (*API).openTimeline,
	"GET /api/v1/timelines/link":               (*API).openLinked,
	"GET /api/v1/trends":                       (*API).nothing,
	"GET /api/v1/trends/tags":                  (*API).nothing,
	"GET /api/v1/trends/statuses":              (*API).nothing,
	"GET /api/v1/trends/links":                 (*API).nothing,
	"GET /api/v2/search":                       (*API).openSearch,
}

// scope is for whom an answer is.
func (c *call) scope() federation.Scope {
	if c.owner() {
		return federation.ForOwner
	}
	return federation.ForVisitors
}

// ofOwner answers about the owner only: that somebody else is known here says whom
// the owner reads.
func ofOwner(answer func(*API, *call) (any, error)) func(*API, *call) (any, error) {
	return func(a *API, c *call) (any, error) {
		if c.id != store.OwnerID {
			return nil, errNotFound
		}
		return answer(a, c)
	}
}

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

// forVisitor says with which app a post was written, and how often it was answered and
// liked, only if the owner shows that.
func (m *room) forVisitor(s *Status, p *store.Post) {
	m.answers(s, p)
	if p.Own() && m.settings.ShowApp {
		s.Application = application(p)
	}
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
	set := a.svc.Settings()
	if !set.PostsOnWeb {
		return []*Status{}, nil
	}
	page, want := c.page(20, 40), wantedOf(c)
	want.Hide = widest(set) + 1
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (list []*Status, err error) {
		var posts []store.Post
		if c.params.truth("pinned") {
			posts, err = tx.Pinned(store.OwnerID)
		} else if posts, err = tx.PostsOf(store.OwnerID, want, page); err == nil {
			a.linkPages(c, page, postIDs(posts))
		}
		if err != nil {
			return nil, err
		}
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

// openLinked are the owner's posts that show the card of an address.
func (a *API) openLinked(c *call) (any, error) {
	address := c.params.get("url")
	return a.openList(c, false, func(tx *store.Tx, p store.Page) ([]store.Post, error) { return tx.PostsWithLink(address, true, p) })
}
