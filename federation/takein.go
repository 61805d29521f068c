package federation

import (
	"context"
	"errors"
	"fmt"
	"html"
	"slices"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
)

// TakenPost is an own post from an archive.
type TakenPost struct {
	Post   store.Post // without an id it gets one of its date, with our addresses
	Files  []TakenFile
	Origin []string // addresses that it had where it was written
	Parent string   // address there of the own post that it answers, "" for none
	Import int64

	Counted bool // what it boosts or answers has it in its counts
}

// OldPost makes an own post of one that was written elsewhere. It names nobody, so
// that nobody is told of it, and has no files yet. followers is the address of those
// who followed the author there.
func (s *Service) OldPost(n *ap.Note, followers, author string) store.Post {
	quote := n.Quote
	n.Attachments, n.Icon = nil, ""
	shape(n)
	p := store.Post{
		ActorID: store.OwnerID, Kind: store.KindNote, Kept: true, Summary: n.Summary, Language: language(n.Language),
		Sensitive: n.Sensitive || n.Summary != "", PublishedAt: s.publishedAt(n),
	}
	p.Visibility = visibilityOf(n.Visibility(followers, author))
	if n.Updated.After(n.Published.Add(time.Second)) && n.Updated.Before(s.now()) {
		p.EditedAt = n.Updated
	}
	for _, h := range n.Hashtags {
		p.Extra.Tags = append(p.Extra.Tags, h.Name)
	}
	p.Content = markup.LinkHashtags(n.Content, s.tagPage)
	if n.Name != "" {
		p.Content = "<p><strong>" + html.EscapeString(n.Name) + "</strong></p>" + p.Content
	}
	if ap.IsURL(quote) && !strings.Contains(p.Content, quote) {
		p.Content += "<p>" + anchor(quote, "Quoted: "+quote) + "</p>"
	}
	if n.Poll != nil {
		p.Kind, p.Extra.Poll = store.KindQuestion, s.pollOf(n)
		for i := range p.Extra.Poll.Options {
			o := &p.Extra.Poll.Options[i] // of own posts it is plain text
			o.Name, o.Wire = oneLine(markup.Text(o.Name)), ""
		}
		if !p.Extra.Poll.Over(s.now()) { // nobody can vote in a copy
			p.Extra.Poll.Closed, p.Extra.Poll.EndsAt = true, p.PublishedAt
		}
	}
	return p
}

// AnswerWords say what a post answered whose author is somebody else, as safe HTML.
func AnswerWords(address string) string {
	if !ap.IsURL(address) {
		return ""
	}
	return "<p>In reply to " + anchor(address, address) + "</p>"
}

// ErrHere says that an archive's post is here already, or was deleted here.
var ErrHere = errors.New("the post is here already")

// TakePosts stores own posts from an archive, silently: nobody is told, and nothing
// is delivered. skipped are those that were here or deleted before. done runs in the
// same transaction: what it notes, and the posts, are stored together or not at all.
func (s *Service) TakePosts(ctx context.Context, list []TakenPost, done func(tx *store.Tx, skipped int) error) error {
	s.filesLock.Lock()
	defer s.filesLock.Unlock()
	for _, t := range list {
		for _, f := range t.Files {
			for _, name := range []string{f.File, f.Preview} {
				if err := s.stillThere(name); err != nil {
					return err
				}
			}
		}
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		skipped := 0
		for _, t := range list {
			_, err := s.takeIn(tx, t)
			if errors.Is(err, ErrHere) {
				skipped++
				continue
			}
			if err != nil {
				return fmt.Errorf("store an imported post: %w", err)
			}
		}
		return done(tx, skipped)
	})
}

// maxOrigin is how many old addresses a post keeps.
const maxOrigin = 16

// takeIn stores one, and says as what.
func (s *Service) takeIn(tx *store.Tx, t TakenPost) (store.Post, error) {
	p := t.Post
	t.Origin = slices.DeleteFunc(slices.Clone(t.Origin), func(at string) bool { return !ap.IsURL(at) })
	t.Origin = t.Origin[max(len(t.Origin)-maxOrigin, 0):] // those last in the list are the newest
	for _, at := range t.Origin {
		if _, err := tx.Imported(at); !errors.Is(err, store.ErrNotFound) {
			return p, errors.Join(err, ErrHere)
		}
	}
	restored := p.ID != 0
	if err := s.giveAddress(tx, &p, t); err != nil {
		return p, err
	}
	waits, err := s.findParent(tx, &p, t)
	if err != nil {
		return p, err
	}
	if err := tieFiles(tx, &p, t.Files); err != nil {
		return p, err
	}
	if !restored {
		if p.Extra.Emojis, err = postEmojis(tx, p); err != nil {
			return p, err
		}
	}
	insert := tx.InsertPost
	if restored || t.Counted {
		insert = tx.RestorePost
	}
	if err := insert(&p); err != nil {
		return p, err
	}
	return p, s.tieTaken(tx, p, t, waits)
}

// tieTaken notes what hangs on a post that was taken in.
func (s *Service) tieTaken(tx *store.Tx, p store.Post, t TakenPost, waits string) error {
	for _, at := range t.Origin {
		if err := tx.AddImported(t.Import, p.ID, at, waits); err != nil {
			return err
		}
		if err := tx.AdoptAnswers(p.ID, at); err != nil {
			return err
		}
	}
	var ids []int64
	for _, m := range p.Extra.Mentions {
		if m.ActorID != 0 {
			ids = append(ids, m.ActorID)
		}
	}
	if err := tx.SetMentions(p.ID, ids); err != nil {
		return err
	}
	if err := tx.SetTags(p.ID, nil, store.TagNames(p.Extra.Tags)); err != nil {
		return err
	}
	if p.Visibility != store.Direct {
		return nil
	}
	_, err := tx.FileConversation(store.Filing{Post: p, Author: store.Actor{ID: store.OwnerID}})
	return err
}

// giveAddress gives a post its id and its addresses.
func (s *Service) giveAddress(tx *store.Tx, p *store.Post, t TakenPost) (err error) {
	p.Extra.Origin = t.Origin
	if p.ID != 0 {
		if _, err := tx.Post(p.ID); !errors.Is(err, store.ErrNotFound) {
			return errors.Join(err, ErrHere)
		}
		if _, err := tx.DeletedOwn(p.ID); !errors.Is(err, store.ErrNotFound) {
			return errors.Join(err, ErrHere)
		}
		return nil
	}
	if p.ID, err = tx.PostIDAt(p.PublishedAt); err != nil {
		return err
	}
	p.URI = s.postURI(p.ID)
	if p.BoostOf != 0 { // it has no page
		p.URI += "/activity"
		return nil
	}
	p.URL = "" // that of a copy leads to where it was written
	p.URL = s.pageOf(*p)
	return nil
}

// findParent links a self-reply to what it answers, or says what to wait for.
func (s *Service) findParent(tx *store.Tx, p *store.Post, t TakenPost) (waits string, err error) {
	if t.Parent == "" {
		return "", nil
	}
	id, err := tx.Imported(t.Parent)
	if errors.Is(err, store.ErrNotFound) {
		return t.Parent, nil
	}
	if err != nil {
		return "", err
	}
	parent, err := tx.Post(id)
	if err != nil {
		return "", err
	}
	p.ParentID, p.ParentURI = parent.ID, parent.URI
	return "", nil
}

// AdoptPosts links imported self-replies that came before what they answer, after a
// post, and says which was the last of them; 0 at the end. The words of those whose
// parent never came say where it was.
func (s *Service) AdoptPosts(tx *store.Tx, importID, after int64, limit int) (last int64, err error) {
	list, err := tx.Orphans(importID, after, limit)
	if err != nil {
		return 0, err
	}
	seen := map[int64]bool{}
	for _, o := range list {
		last = o.PostID
		if seen[o.PostID] { // it had more than one address
			continue
		}
		seen[o.PostID] = true
		if err := s.adoptPost(tx, o); err != nil {
			return 0, err
		}
	}
	return last, nil
}

func (s *Service) adoptPost(tx *store.Tx, o store.Orphan) error {
	id, err := tx.Imported(o.Parent)
	if err == nil && id != o.PostID {
		parent, err := tx.Post(id)
		if err != nil {
			return err
		}
		return tx.Adopt(o.PostID, parent.ID, parent.URI)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	p, err := tx.Post(o.PostID)
	if err != nil {
		return err
	}
	if err := tx.SetContent(p.ID, AnswerWords(o.Parent)+p.Content); err != nil {
		return err
	}
	return tx.Adopt(o.PostID, 0, "")
}
