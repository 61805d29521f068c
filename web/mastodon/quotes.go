package mastodon

import (
	"errors"

	"github.com/julienschmidt/httprouter"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

var errNoQuoted = reply.Errorf(reply.NotFound, "The post you are trying to quote does not appear to exist.")

// quotes: GET /api/v1/statuses/:id/quotes, of an own post.
func (a *API) quotes(c *call) (any, error) {
	page := c.page(20, 40)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Status, error) {
		if err := ownPost(tx, c.id); err != nil {
			return nil, err
		}
		posts, err := tx.QuotedBy(c.id, page)
		if err != nil {
			return nil, err
		}
		m, err := a.gather(tx, posts)
		if err != nil {
			return nil, err
		}
		a.linkPages(c, page, postIDs(posts))
		return m.statuses(posts), nil
	})
}

func ownPost(tx *store.Tx, id int64) error {
	p, err := tx.Post(id)
	if err == nil && (!p.Own() || p.BoostOf != 0) {
		err = errNotFound
	}
	return err
}

// revokeQuote: POST /api/v1/statuses/:id/quotes/:quoting_status_id/revoke takes
// the consent back and answers with the quoting post.
func (a *API) revokeQuote(c *call) (any, error) {
	quotingID, ok := parseID(httprouter.ParamsFromContext(c.ctx).ByName("quoting_status_id"))
	if !ok {
		return nil, errNotFound
	}
	var quoting store.Post
	stamp, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (s store.Stamp, err error) {
		if err := ownPost(tx, c.id); err != nil {
			return s, err
		}
		if quoting, err = tx.Post(quotingID); err != nil {
			return s, err
		}
		return tx.StampFor("quote", c.id, quoting.URI)
	})
	if err != nil {
		return nil, err
	}
	if err := a.svc.RevokeQuote(c.ctx, stamp.ID); err != nil {
		return nil, err
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) { return a.one(tx, quoting) })
}

// interactionPolicy: PUT /api/v1/statuses/:id/interaction_policy.
func (a *API) interactionPolicy(c *call) (any, error) {
	policy := store.QuotePolicy(c.params.get("quote_approval_policy"))
	err := a.st.Read(c.ctx, func(tx *store.Tx) error { return ownPost(tx, c.id) })
	if err != nil {
		return nil, err
	}
	p, err := a.svc.SetQuotePolicy(c.ctx, c.id, policy)
	if err != nil {
		return nil, err
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) { return a.one(tx, p) })
}

// readQuotes reads what the posts of a page quote, and what those quote, which is
// named by id only.
func (m *room) readQuotes(tx *store.Tx) error {
	m.quoted = map[int64]federation.QuoteView{}
	for range 2 {
		var fresh []store.Post
		for id, p := range m.posts {
			if _, known := m.quoted[id]; !known && p.Extra.QuoteURI != "" {
				fresh = append(fresh, *p)
			}
		}
		if len(fresh) == 0 {
			break
		}
		views, err := m.api.svc.QuoteViews(tx, fresh)
		if err != nil {
			return err
		}
		var quoted []store.Post
		for id, v := range views {
			m.quoted[id] = v
			if _, known := m.posts[v.Post.ID]; v.Post.ID != 0 && !known {
				quoted = append(quoted, v.Post)
			}
		}
		m.add(quoted)
	}
	if err := m.readRelated(tx); err != nil { // whom a quoted post answers
		return err
	}
	var authors []int64
	for _, p := range m.posts {
		if p.Extra.Policy != nil && p.Extra.Policy.Quote != nil {
			authors = append(authors, p.ActorID)
		}
	}
	var err error
	m.bonds, err = tx.Bonds(authors)
	return err
}

// quoteStates are Mastodon's words. What is shown as a link only is no quote there.
var quoteStates = map[federation.Shown]string{
	federation.ShownAccepted: "accepted", federation.ShownPending: "pending", federation.ShownRefused: "rejected",
	federation.ShownRevoked: "revoked", federation.ShownGone: "deleted", federation.ShownHidden: "blocked_account",
}

// stateUnauthorized is of a quoted post that may not be read by who asks.
const stateUnauthorized = "unauthorized"

// quote is what a post quotes; nil for nothing. One level is whole.
func (m *room) quote(p *store.Post) any {
	v, ok := m.quoted[p.ID]
	state := quoteStates[v.State]
	if !ok || state == "" {
		return nil
	}
	if m.visited() && v.State == federation.ShownHidden {
		state = stateUnauthorized // whom the owner blocks is told to nobody
	}
	q := &Quote{State: state}
	quoted, here := m.posts[v.Post.ID]
	if v.State != federation.ShownAccepted || !here {
		return q
	}
	if q.Status = m.flat(quoted); q.Status == nil {
		q.State = quoteStates[federation.ShownGone]
		if !m.seen(quoted) {
			q.State = stateUnauthorized
		}
	}
	return q
}

// flat is a quoted post: what it quotes itself is named only.
func (m *room) flat(p *store.Post) *Status {
	s, v := m.bare(p), m.quoted[p.ID]
	if state := quoteStates[v.State]; s != nil && state != "" {
		if m.visited() && v.State == federation.ShownHidden {
			state = stateUnauthorized
		}
		shallow := &ShallowQuote{State: state}
		if v.State == federation.ShownAccepted {
			shallow.StatusID = idOrNull(v.Post.ID)
		}
		s.Quote = shallow
	}
	return s
}

// quoteApproval says who may quote a post.
func (m *room) quoteApproval(p *store.Post) QuoteApproval {
	a := QuoteApproval{Automatic: []string{}, Manual: []string{}}
	if p.Own() {
		switch m.api.svc.QuotePolicy(*p) {
		case store.QuotePublic:
			a.Automatic = []string{"public"}
		case store.QuoteFollowers:
			a.Automatic = []string{"followers"}
		}
	} else if p.Extra.Policy != nil && p.Extra.Policy.Quote != nil {
		a.Automatic, a.Manual = names(p.Extra.Policy.Quote.Auto), names(p.Extra.Policy.Quote.Manual)
	}
	if m.visited() {
		a.CurrentUser = "denied"
		return a
	}
	switch m.api.svc.MayQuote(*p, m.bonds[p.ActorID]) {
	case store.Allowed:
		a.CurrentUser = "automatic"
	case store.Asks:
		a.CurrentUser = "manual"
	case store.Denied:
		a.CurrentUser = "denied"
	default:
		a.CurrentUser = "unknown"
	}
	return a
}

// names are Mastodon's words for a set of people.
func names(who store.Who) []string {
	list := []string{}
	for _, w := range []struct {
		who  store.Who
		name string
	}{
		{store.WhoPublic, "public"}, {store.WhoFollowers, "followers"}, {store.WhoFollowing, "following"},
		{store.WhoOwner | store.WhoOthers, "unsupported_policy"},
	} {
		if who&w.who != 0 {
			list = append(list, w.name)
		}
	}
	return list
}

// orNoQuoted turns the refusal of a post into Mastodon's if the cause is that what
// it quotes is not here.
func (a *API) orNoQuoted(c *call, quotedID int64, err error) error {
	if quotedID == 0 || reply.CodeOf(err) != reply.Unprocessable {
		return err
	}
	missing := a.st.Read(c.ctx, func(tx *store.Tx) error {
		_, err := tx.Post(quotedID)
		return err
	})
	if errors.Is(missing, store.ErrNotFound) {
		return errNoQuoted
	}
	return err
}
