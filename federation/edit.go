package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// Edit changes the text of an own post: Text, Markdown, Summary, Language and
// Sensitive of the draft count, and a poll stays what it is. The post then shows
// the Media that the draft names and no others, whose files are deleted. The audience stays as it is (DECISIONS 21):
// whoever is named anew in a followers-only or direct post is a plain link and
// gets nothing. The Update goes to the servers that have the post or may yet get
// it and, if everybody may read it, to those of people named anew. Nothing
// happens if nothing changed.
func (s *Service) Edit(ctx context.Context, postID int64, d Draft) (store.Post, error) {
	before, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return ownPost(tx, postID) })
	if err != nil {
		return before, err
	}
	d.Visibility = before.Visibility
	if err := checkDraft(&d); err != nil {
		return before, err
	}
	if err := keepsPoll(before, d.Poll); err != nil {
		return before, err
	}
	if d.Language == "" {
		d.Language = before.Language
	}
	d.Sensitive = d.Sensitive || d.Summary != ""
	if sameText(before, d) && sameMedia(before, d.Media) {
		return before, nil
	}
	w, err := s.write(ctx, d)
	if err != nil {
		return before, err
	}
	if w.empty && len(d.Media) == 0 && before.Extra.QuoteURI == "" {
		return before, reply.Errorf(reply.Unprocessable, "Write something first, or delete the post.")
	}
	var dropped []string
	p, err := store.Put(ctx, s.store, func(tx *store.Tx) (p store.Post, err error) {
		p, dropped, err = s.edit(tx, postID, d, w)
		return p, err
	})
	if err == nil {
		s.removeUnused(ctx, dropped...)
	}
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("edit post %d: %w", postID, err)
	}
	return p, err
}

// ownPost reads a post that the owner wrote; a boost is none.
func ownPost(tx *store.Tx, id int64) (store.Post, error) {
	p, err := tx.Post(id)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!p.Own() || p.BoostOf != 0) {
		return store.Post{}, reply.Errorf(reply.NotFound, "There is no such post of yours.")
	}
	return p, err
}

func sameText(p store.Post, d Draft) bool {
	return p.Source == d.Text && p.Extra.Markdown == d.Markdown && p.Summary == d.Summary &&
		p.Language == d.Language && p.Sensitive == d.Sensitive
}

// edit is the one transaction of an edit. It lists the files that nothing of the
// post needs any more.
func (s *Service) edit(tx *store.Tx, id int64, d Draft, w written) (p store.Post, dropped []string, err error) {
	before, err := ownPost(tx, id)
	if err != nil || sameText(before, d) && sameMedia(before, d.Media) {
		return before, nil, err
	}
	p = before
	if err := s.revise(tx, &p, d, w); err != nil {
		return p, nil, err
	}
	if err := attach(tx, &p, d.Media); err != nil {
		return p, nil, err
	}
	if dropped, err = detach(tx, p); err != nil {
		return p, nil, err
	}
	p.EditedAt = s.editTime(before)
	people, err := s.namedAfterEdit(tx, &p, w)
	if err != nil {
		return p, nil, err
	}
	if err := tx.UpdatePost(before, &p); err != nil {
		return p, nil, err
	}
	if err := s.fileNames(tx, p, before.Extra.Tags, people); err != nil {
		return p, nil, err
	}
	if err := s.wantCard(tx, p); err != nil {
		return p, nil, err
	}
	to, err := s.editAudience(tx, before, p, people)
	if err != nil {
		return p, nil, err
	}
	s.emit(tx, EventEdit, p.ID)
	return p, dropped, s.sendPost(tx, "Update", p, to)
}

// revise puts the new text in.
func (s *Service) revise(tx *store.Tx, p *store.Post, d Draft, w written) (err error) {
	p.Content, p.Source, p.Summary, p.Language, p.Sensitive = w.html, d.Text, d.Summary, d.Language, d.Sensitive || d.Summary != ""
	p.Extra.Tags, p.Extra.Markdown = w.tags, d.Markdown
	if p.Extra.Emojis, err = postEmojis(tx, *p); err != nil {
		return err
	}
	return keepQuoteLink(tx, p)
}

// editTime is now, but always later than the version before, and by a second as
// it is written: servers take no edit that is not newer than what they have.
func (s *Service) editTime(before store.Post) time.Time {
	last := before.PublishedAt
	if before.EditedAt.After(last) {
		last = before.EditedAt
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	if last = last.UTC().Truncate(time.Second); now.Before(last.Add(time.Second)) {
		return last.Add(time.Second)
	}
	return now
}

// namedAfterEdit decides whom the new version names, and lists them. In a private
// post those are the people of the first version: to be named is to be let in.
func (s *Service) namedAfterEdit(tx *store.Tx, p *store.Post, w written) ([]store.Actor, error) {
	if !p.Visibility.Open() {
		return tx.MentionedActors(p.ID)
	}
	people := w.people
	if p.ParentID != 0 {
		author, err := authorOf(tx, p.ParentID)
		if err != nil {
			return nil, err
		}
		people = withAuthor(people, author)
	}
	p.Extra.Mentions = mentionsOf(people)
	return people, nil
}

// editAudience lists the inboxes of an Update: those that got the post or wait
// for it, and those of people whom only the new version names.
func (s *Service) editAudience(tx *store.Tx, before, p store.Post, people []store.Actor) ([]store.InboxTarget, error) {
	named := map[int64]bool{}
	for _, m := range before.Extra.Mentions {
		named[m.ActorID] = true
	}
	var to []store.InboxTarget
	ids := make([]int64, len(people))
	for i, a := range people {
		ids[i] = a.ID
	}
	unreached, err := tx.UnreachedAmong(ids...)
	if err != nil {
		return nil, err
	}
	for _, a := range people {
		if !named[a.ID] && !unreached[a.ID] && a.Inbox != "" && a.GoneAt.IsZero() {
			to = append(to, store.InboxTarget{URL: a.DeliveryInbox(), HostID: a.HostID})
		}
	}
	holders, err := s.holding(tx, before)
	if err != nil {
		return nil, err
	}
	return unblocked(tx, append(holders, to...))
}

// holding lists the inboxes that accepted a post, may have, or wait for it. The
// new text of a post for few goes only to those who may still read it (T45): a
// removed follower's server keeps the old version.
func (s *Service) holding(tx *store.Tx, p store.Post) ([]store.InboxTarget, error) {
	receipts, err := tx.Receipts(p.ID)
	if err != nil {
		return nil, err
	}
	has := map[int64]bool{}
	var ids []int64
	for _, r := range receipts {
		switch r.State {
		case store.DeliveryWaiting, store.DeliveryUnknown, store.DeliveryAccepted, store.DeliveryLost:
			has[r.InboxID] = true
			ids = append(ids, r.InboxID)
		}
	}
	if p.Visibility.Open() {
		return tx.InboxTargets(ids)
	}
	people, err := tx.MentionedActors(p.ID)
	if err != nil {
		return nil, err
	}
	candidates, err := s.audience(tx, p, people)
	if err != nil {
		return nil, err
	}
	var to []store.InboxTarget
	for _, in := range candidates {
		id, err := tx.EnsureInbox(in)
		if err != nil {
			return nil, err
		}
		if has[id] {
			to = append(to, in)
		}
	}
	return to, nil
}
