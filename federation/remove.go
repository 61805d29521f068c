package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/web/reply"
)

// Delete removes an own post. What waits to be sent is cancelled; a Delete goes
// to the servers that have the post or may have it, to those that verifiably
// fetched it, and, if everybody could read it, to those of the followers, who may
// have it by other ways (DECISIONS 21). It returns the number of those servers.
func (s *Service) Delete(ctx context.Context, postID int64) (servers int, err error) {
	return s.remove(ctx, postID, false)
}

// DeleteToRedraft is Delete, but the uploads of the post stay for a day: what is
// written anew may show them, with what was said of them.
func (s *Service) DeleteToRedraft(ctx context.Context, postID int64) (servers int, err error) {
	return s.remove(ctx, postID, true)
}

func (s *Service) remove(ctx context.Context, postID int64, keep bool) (servers int, err error) {
	var files []string
	servers, err = store.Put(ctx, s.store, func(tx *store.Tx) (n int, err error) {
		p, err := ownPost(tx, postID)
		if err == nil {
			n, files, err = s.deletePost(tx, p, keep)
		}
		return n, err
	})
	if err == nil {
		s.removeUnused(ctx, files...)
	}
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("delete post %d: %w", postID, err)
	}
	return servers, err
}

func loosen(tx *store.Tx, postID int64) error {
	list, err := tx.MediaOf(postID)
	for _, m := range list {
		if err := tx.LooseMedia(m.ID); err != nil {
			return err
		}
	}
	return err
}

// deletePost is the transaction of Delete. With keep the uploads stay for what is
// written anew. It lists the files that nothing needs any
// more.
func (s *Service) deletePost(tx *store.Tx, p store.Post, keep bool) (servers int, files []string, err error) {
	to, err := s.holdersWithBoost(tx, p)
	if err != nil {
		return 0, nil, err
	}
	p.Extra.Attachments = nil
	if keep {
		err = loosen(tx, p.ID)
	} else {
		files, err = detach(tx, p)
	}
	if err != nil {
		return 0, nil, err
	}
	if err := tx.DeletePost(p); err != nil {
		return 0, nil, err
	}
	s.emit(tx, EventDelete, p.ID)
	return countHosts(to), files, s.send(tx, "Delete", p.ID, s.deletionOf(p), to)
}

// Redraft deletes an own post as Delete does, and keeps what was in it as a draft:
// the text, its files, its poll, what it answers and quotes.
func (s *Service) Redraft(ctx context.Context, postID int64) (u store.Unsent, err error) {
	var files []string
	u, err = store.Put(ctx, s.store, func(tx *store.Tx) (store.Unsent, error) {
		p, err := ownPost(tx, postID)
		if err != nil {
			return store.Unsent{}, err
		}
		u := store.Unsent{}
		if u.Draft, err = writtenAs(tx, p); err != nil {
			return u, err
		}
		if err := tx.SaveUnsent(&u); err != nil {
			return u, err
		}
		_, files, err = s.deletePost(tx, p, true)
		return u, err
	})
	if err == nil {
		s.removeUnused(ctx, files...)
	}
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("redraft post %d: %w", postID, err)
	}
	return u, err
}

// writtenAs is an own post as it was written.
func writtenAs(tx *store.Tx, p store.Post) (store.UnsentText, error) {
	t := store.UnsentText{
		Text: p.Source, Summary: p.Summary, Visibility: p.Visibility, Language: p.Language, ParentID: p.ParentID,
		Sensitive: p.Sensitive && p.Summary == "", QuotePolicy: p.Extra.QuotePolicy, Plain: !p.Extra.Markdown,
	}
	if t.Text == "" {
		t.Text = markup.Text(p.Content)
	}
	for _, a := range p.Extra.Attachments {
		t.Media = append(t.Media, a.ID)
	}
	if q := p.Extra.Poll; q != nil {
		t.Poll = &store.UnsentPoll{Multiple: q.Multiple, HideTotals: q.HideTotals, Lasts: q.EndsAt.Sub(p.PublishedAt).Round(time.Minute)}
		for _, o := range q.Options {
			t.Poll.Options = append(t.Poll.Options, o.Name)
		}
	}
	q, err := tx.Quote(p.ID)
	if errors.Is(err, store.ErrNotFound) {
		return t, nil
	}
	t.QuoteID = q.QuotedID
	return t, err
}

// holdersWithBoost is holders, and those who got the owner's own boost of the
// post: a Delete retracts both.
func (s *Service) holdersWithBoost(tx *store.Tx, p store.Post) ([]store.InboxTarget, error) {
	to, err := s.holders(tx, p)
	if err != nil {
		return nil, err
	}
	b, err := tx.BoostBy(store.OwnerID, p.ID)
	if errors.Is(err, store.ErrNotFound) {
		return to, nil
	}
	if err != nil {
		return nil, err
	}
	s.emit(tx, EventDelete, b.ID)
	more, err := s.holders(tx, b)
	return joined(to, more), err
}

// joined is two lists of inboxes as one, each inbox once.
func joined(to, more []store.InboxTarget) []store.InboxTarget {
	seen := make(map[string]bool, len(to))
	for _, in := range to {
		seen[in.URL] = true
	}
	for _, in := range more {
		if !seen[in.URL] {
			to = append(to, in)
		}
	}
	return to
}

// holders lists the inboxes that a Delete goes to, each once. Blocked servers
// are asked to delete what they have as well.
func (s *Service) holders(tx *store.Tx, p store.Post) ([]store.InboxTarget, error) {
	to, err := tx.Holders(p.ID, s.flights.has)
	if err != nil || !p.Visibility.Open() {
		return to, err
	}
	followers, err := tx.FollowerInboxes()
	return joined(to, followers), err
}

// deletionOf is the Delete of a post (AP 6.4), addressed as the post was: that of
// a private post names nobody else.
func (s *Service) deletionOf(p store.Post) *ap.Message {
	named := make([]string, 0, len(p.Extra.Mentions))
	for _, m := range p.Extra.Mentions {
		named = append(named, m.URI)
	}
	to, cc := ap.Audience(wireVisibility(p.Visibility), s.followersURI(), named)
	gone := &ap.Tombstone{ID: p.URI, FormerType: "Note", Deleted: s.now()}
	return ap.NewActivity("Delete", s.newActivityID(), s.actorURI, gone, to, cc, time.Time{})
}
