package mastodon

import (
	"errors"
	"time"

	"dassie/federation"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

// StatusSource is a post as it was typed.
type StatusSource struct {
	ID          string `json:"id"`
	Text        string `json:"text"`
	SpoilerText string `json:"spoiler_text"`
}

// source: GET /api/v1/statuses/:id/source. Of another's post, of which nobody here
// typed anything, it is the text as it reads.
func (a *API) source(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (StatusSource, error) {
		p, err := tx.Post(c.id)
		if errors.Is(err, store.ErrNotFound) {
			u, err := heldByID(tx, c.id)
			return StatusSource{id(c.id), u.Draft.Text, u.Draft.Summary}, err
		}
		if err != nil {
			return StatusSource{}, err
		}
		if _, err := a.one(tx, p); err != nil {
			return StatusSource{}, err
		}
		return StatusSource{id(p.ID), or(p.Source, markup.Text(p.Content)), p.Summary}, nil
	})
}

// edit: PUT /api/v1/statuses/:id. As in Mastodon, what is left out is taken away,
// files too; the language and the poll stay, and so does for whom the post is.
func (a *API) edit(c *call) (any, error) {
	before, err := store.Get(c.ctx, a.st, func(tx *store.Tx) (store.Post, error) {
		if err := ownPost(tx, c.id); err != nil {
			return store.Post{}, err
		}
		return tx.Post(c.id)
	})
	var held *store.Unsent
	if err != nil {
		u, heldErr := a.held(c)
		if heldErr != nil {
			return nil, err
		}
		held, before.Extra.Markdown = &u, !u.Draft.Plain
	}
	policy := store.QuotePolicy(c.params.get("quote_approval_policy"))
	if policy != "" && !policy.Valid() {
		return nil, reply.Errorf(reply.Unprocessable, "Validation failed: the quote_approval_policy %.20q is none of public, followers, nobody.", policy)
	}
	d := federation.Draft{
		Text: c.params.get("status"), Summary: c.params.get("spoiler_text"), Language: c.params.get("language"),
		Sensitive: c.params.truth("sensitive"), Markdown: before.Extra.Markdown,
	}
	if d.Media, err = attached(c.params); err != nil {
		return nil, err
	}
	if d.Poll, err = editedPoll(c.params); err != nil {
		return nil, err
	}
	if held != nil {
		if d.QuotePolicy = policy; policy == "" {
			d.QuotePolicy = held.Draft.QuotePolicy
		}
		if err := a.svc.ChangeHeld(c.ctx, c.id, d); err != nil {
			return nil, err
		}
		return a.heldStatus(c)
	}
	p, err := a.svc.Edit(c.ctx, c.id, d)
	if err != nil {
		return nil, err
	}
	if policy != "" && policy != before.Extra.QuotePolicy {
		if p, err = a.svc.SetQuotePolicy(c.ctx, c.id, policy); err != nil {
			return nil, err
		}
	}
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*Status, error) { return a.one(tx, p) })
}

// editedPoll reads the poll of an edit. Apps send it again as it is; how long it
// lasts was said when it began.
func editedPoll(p params) (*federation.PollDraft, error) {
	if !p.has("poll") {
		return nil, nil
	}
	return &federation.PollDraft{
		Options: p.list("poll[options]"), Multiple: p.truth("poll[multiple]"), HideTotals: p.truth("poll[hide_totals]"), Lasts: 24 * time.Hour,
	}, nil
}

// attached reads which uploads a post shall show, in media_ids, and what is said
// anew of some of them, in media_attributes.
func attached(p params) ([]federation.Attached, error) {
	var list []federation.Attached
	at := map[int64]int{}
	for _, text := range p.list("media_ids") {
		n, ok := parseID(text)
		if !ok {
			return nil, noUpload(text)
		}
		at[n] = len(list)
		list = append(list, federation.Attached{ID: n})
	}
	for _, g := range p.objects("media_attributes") {
		n, ok := parseID(g.get("id"))
		if !ok {
			return nil, noUpload(g.get("id"))
		}
		i, ok := at[n]
		if !ok {
			continue // the post does not show it
		}
		about, err := describedBy(g)
		if err != nil {
			return nil, err
		}
		list[i] = about(n)
	}
	return list, nil
}

func noUpload(text string) error {
	return reply.Errorf(reply.Unprocessable, "Validation failed: there is no upload %.20q.", text)
}
