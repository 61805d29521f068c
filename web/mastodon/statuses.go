package mastodon

import (
	"errors"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/web/reply"
)

// status: GET /api/v1/statuses/:id.
func (a *API) status(c *call) (any, error) {
	s, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) {
		p, err := tx.Post(c.id)
		if err != nil {
			return nil, err
		}
		return a.one(tx, p)
	})
	if errors.Is(err, store.ErrNotFound) {
		return a.heldStatus(c)
	}
	return s, err
}

// one converts a single post.
func (a *API) one(tx *store.Tx, p store.Post) (*Status, error) {
	m, err := a.gather(tx, []store.Post{p})
	if err != nil {
		return nil, err
	}
	s := m.status(&p)
	if s == nil {
		return nil, errNotFound
	}
	return s, nil
}

// refusedFields are what a post cannot have here. To leave them out silently
// would publish something else than the person wrote, or to other people.
var refusedFields = []struct{ name, words string }{
	{"local_only", "There are no local-only posts on this server."},
}

// keyLasts is how long an Idempotency-Key counts, as in Mastodon.
const keyLasts = time.Hour

// publish: POST /api/v1/statuses. The Idempotency-Key makes a repeated request
// answer with the first one's post. With scheduled_at it goes out later.
func (a *API) publish(c *call) (any, error) {
	d, err := a.draft(c)
	if err != nil {
		return nil, err
	}
	if c.params.has("scheduled_at") {
		return a.schedule(c, d)
	}
	sent, err := a.svc.Send(c.ctx, d, a.svc.UndoWindow(true))
	if err != nil {
		return nil, a.orNoQuoted(c, d.QuoteID, a.orNoParent(c, d.ParentID, err))
	}
	p := sent.Post
	if c.id = sent.Held.ID; c.id != 0 {
		return a.heldStatus(c)
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) { return a.one(tx, p) })
}

func (a *API) draft(c *call) (federation.Draft, error) {
	for _, f := range refusedFields {
		if c.params.has(f.name) && (f.name != "local_only" || c.params.truth(f.name)) {
			return federation.Draft{}, reply.Errorf(reply.Unprocessable, "%s", f.words)
		}
	}
	d := federation.Draft{
		Text: c.params.get("status"), Summary: c.params.get("spoiler_text"),
		Language: c.params.get("language"), Sensitive: c.params.truth("sensitive"),
		Markdown: a.svc.Settings().MarkdownAPI, App: c.grant.App.Name, AppURL: c.grant.App.Website, Known: true,
		Key: c.r.Header.Get("Idempotency-Key"), KeyLasts: keyLasts, QuotePolicy: store.QuotePolicy(c.params.get("quote_approval_policy")),
	}
	if quoted := or(c.params.get("quoted_status_id"), c.params.get("quote_id")); quoted != "" {
		var ok bool
		if d.QuoteID, ok = parseID(quoted); !ok {
			return d, errNoQuoted
		}
	}
	var err error
	if d.Media, err = attached(c.params); err != nil {
		return d, err
	}
	if d.Poll, err = pollDraft(c.params); err != nil {
		return d, err
	}
	if !c.params.has("sensitive") {
		d.Sensitive = len(d.Media) > 0 && a.svc.Settings().PostSensitive
	}
	d.Visibility = a.svc.Settings().PostVisibility
	if name := c.params.get("visibility"); name != "" {
		v, ok := visibilities[name]
		if !ok {
			return d, reply.Errorf(reply.Unprocessable, "Validation failed: the visibility %.20q is none of public, unlisted, private, direct.", name)
		}
		d.Visibility = v
	}
	parent := c.params.get("in_reply_to_id")
	if parent == "" {
		return d, nil
	}
	var ok bool
	if d.ParentID, ok = parseID(parent); !ok {
		return d, errNoParent
	}
	if c.params.get("visibility") == "" {
		d.Visibility, err = a.replyVisibility(c, d.ParentID)
	}
	return d, err
}

// replyVisibility is for whom an answer is if the app says nothing of it: never for
// more than the post it answers, or new posts, are. The address of a boost stands
// for the post that was boosted.
func (a *API) replyVisibility(c *call, parentID int64) (store.Visibility, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (store.Visibility, error) {
		p, err := tx.Post(parentID)
		if err == nil && p.BoostOf != 0 {
			p, err = tx.Post(p.BoostOf)
		}
		if errors.Is(err, store.ErrNotFound) {
			err = errNoParent
		}
		return max(federation.WidestReply(p), a.svc.Settings().PostVisibility), err
	})
}

var errNoParent = reply.Errorf(reply.NotFound, "The post you are trying to reply to does not appear to exist.")

// orNoParent turns the refusal of a post into Mastodon's if the cause is that
// its parent is not here.
func (a *API) orNoParent(c *call, parentID int64, err error) error {
	if parentID == 0 || reply.CodeOf(err) != reply.Unprocessable {
		return err
	}
	missing := a.st.Read(c.ctx, func(tx *store.Tx) error {
		_, err := tx.Post(parentID)
		return err
	})
	if errors.Is(missing, store.ErrNotFound) {
		return errNoParent
	}
	return err
}

// deleteStatus: DELETE /api/v1/statuses/:id. The answer carries the text as it
// was typed, for "delete and write anew"; the files stay for a day, to be shown again,
// unless delete_media is set.
func (a *API) deleteStatus(c *call) (any, error) {
	gone, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) {
		p, err := tx.Post(c.id)
		if err != nil {
			return nil, err
		}
		if !p.Own() {
			return nil, errNotFound
		}
		s, err := a.one(tx, p)
		if err == nil {
			s.Text = &p.Source
		}
		return s, err
	})
	if errors.Is(err, store.ErrNotFound) {
		return a.dropHeld(c)
	}
	if err != nil {
		return nil, err
	}
	switch {
	case gone.Reblog != nil: // an own boost
		_, err = a.svc.Unboost(c.ctx, c.id)
	case c.params.truth("delete_media"):
		_, err = a.svc.Delete(c.ctx, c.id)
	default:
		_, err = a.svc.DeleteToRedraft(c.ctx, c.id)
	}
	if err != nil {
		return nil, err
	}
	return gone, nil
}
