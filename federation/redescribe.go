package federation

import (
	"context"
	"errors"

	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

// Redescribe changes what is said of an upload, wherever it is: of one that a post
// shows, the post is edited, and the servers that have it are told.
func (s *Service) Redescribe(ctx context.Context, a Attached) error {
	m, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Media, error) { return tx.Media(a.ID) })
	if errors.Is(err, store.ErrNotFound) {
		return reply.Errorf(reply.NotFound, "There is no such upload. What is not posted is kept for a day.")
	}
	if err != nil {
		return err
	}
	if m.PostID == 0 {
		_, err := s.Describe(ctx, a)
		return err
	}
	p, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return ownPost(tx, m.PostID) })
	if err != nil {
		return err
	}
	d := Draft{Text: p.Source, Markdown: p.Extra.Markdown, Summary: p.Summary, Language: p.Language, Sensitive: p.Sensitive}
	if d.Text == "" { // only what was written elsewhere has a text without its source
		d.Text, d.Markdown = markup.Text(p.Content), false
	}
	for _, shown := range p.Extra.Attachments {
		next := Attached{ID: shown.ID}
		if shown.ID == a.ID {
			next = a
		}
		d.Media = append(d.Media, next)
	}
	_, err = s.Edit(ctx, p.ID, d)
	return err
}
