package federation

import (
	"errors"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

var visibilities = map[ap.Visibility]store.Visibility{
	ap.VisPublic: store.Public, ap.VisUnlisted: store.Unlisted, ap.VisFollowers: store.Followers,
}

// visibilityOf maps the words of the wire to those of the store; whatever is
// not known to be wider is direct.
func visibilityOf(v ap.Visibility) store.Visibility {
	if w, ok := visibilities[v]; ok {
		return w
	}
	return store.Direct
}

var kinds = map[string]store.Kind{
	"Note": store.KindNote, "Question": store.KindQuestion, "Article": store.KindArticle, "Page": store.KindArticle,
	"Video": store.KindVideo, "Audio": store.KindAudio, "Image": store.KindImage, "Event": store.KindEvent, "ChatMessage": store.KindChat,
}

// freshAge is how old a post may be that is news to those who watch all that arrives.
const freshAge = 6 * time.Hour

// storeNote writes a post that arrived or was fetched, unless it is here or was
// deleted or its author is blocked; it says whether it is new. The note's author
// has been verified.
func (s *Service) storeNote(tx *store.Tx, n *ap.Note, author store.Actor) (store.Post, bool, error) {
	if blocked, err := Blocked(tx, author.URI); err != nil {
		return store.Post{}, false, err
	} else if blocked { // T19: by whatever way it comes
		return store.Post{}, false, errBlockedPerson
	}
	p, err := tx.PostByURI(n.ID)
	if !errors.Is(err, store.ErrNotFound) {
		return p, false, err
	}
	buried, err := s.buried(tx, n)
	if err != nil {
		return p, false, err
	}
	if buried || author.ID == 0 || author.URI != n.AttributedTo {
		return p, false, store.ErrNotFound
	}
	p = store.Post{URI: n.ID, ActorID: author.ID, Kind: kinds[n.Kind], ParentURI: n.InReplyTo}
	p.Visibility = visibilityOf(n.Visibility(author.FollowersURI, s.actorURI))
	p.PublishedAt = s.publishedAt(n)
	if err := s.fillPost(tx, &p, n); err != nil {
		return p, false, err
	}
	if n.Updated.After(n.Published.Add(time.Second)) && n.Kind != "Video" { // PeerTube counts views and likes as changes
		p.EditedAt = n.Updated
	}
	if err := tx.InsertPost(&p); err != nil {
		return p, false, err
	}
	s.threadChanged(tx, p)
	if p.Visibility == store.Public && s.now().Sub(p.PublishedAt) < freshAge {
		s.emit(tx, EventArrived, p.ID)
	}
	if n.Quote != "" {
		if _, err := s.noteQuote(tx, p, n, true); err != nil {
			return p, true, err
		}
	}
	if err := s.noteMentions(tx, p); err != nil {
		return p, true, err
	}
	if err := s.fileConversation(tx, p, author); err != nil {
		return p, true, err
	}
	return p, true, s.enterByTag(tx, p)
}

// buried says whether a post was deleted here, or its author said that it is.
func (s *Service) buried(tx *store.Tx, n *ap.Note) (bool, error) {
	gone, err := tx.Buried(n.ID)
	if err != nil || gone {
		return gone, err
	}
	return tx.Buried(claimed(n.AttributedTo, n.ID))
}

// threadChanged drops the cached document of an own post whose replies changed.
func (s *Service) threadChanged(tx *store.Tx, p store.Post) {
	if p.ParentID != 0 {
		tx.After(func() { s.documents.forget(p.ParentID) })
	}
}

// publishedAt clamps what the author's server says: never in the future.
func (s *Service) publishedAt(n *ap.Note) time.Time {
	now := s.now()
	if n.Published.IsZero() || n.Published.After(now) {
		return now
	}
	return n.Published
}

// fillPost copies what may change by an edit, after shape has made it safe.
func (s *Service) fillPost(tx *store.Tx, p *store.Post, n *ap.Note) error {
	shape(n)
	p.Title, p.Summary, p.Content = n.Name, n.Summary, n.Content
	p.Language, p.Sensitive, p.URL = language(n.Language), n.Sensitive, n.URL
	if p.URL == "" {
		p.URL = n.ID
	}
	p.Replies, p.Boosts, p.Likes = count(n.RepliesCount), count(n.SharesCount), count(n.LikesCount)
	p.Extra = store.PostExtra{Context: n.Context, RepliesURI: n.RepliesID, QuoteURI: n.Quote}
	if p.Extra.Context == "" {
		p.Extra.Context = n.Conversation
	}
	for _, h := range n.Hashtags {
		p.Extra.Tags = append(p.Extra.Tags, h.Name)
	}
	for _, e := range n.Emojis {
		p.Extra.Emojis = append(p.Extra.Emojis, store.Emoji{Shortcode: e.Shortcode, URL: e.IconURL})
	}
	for _, a := range n.Attachments {
		p.Extra.Attachments = append(p.Extra.Attachments, store.Attachment{
			MediaType: a.MediaType, URL: a.URL, Alt: a.Name, Width: a.Width, Height: a.Height,
			Blurhash: a.Blurhash, FocalX: a.FocalX, FocalY: a.FocalY, Preview: a.Icon, Size: a.Size, Seconds: a.Seconds,
		})
	}
	if n.Poll != nil {
		p.Extra.Poll = s.pollOf(n)
	}
	if err := notePostEmojis(tx, p); err != nil {
		return err
	}
	if err := s.fillPolicy(tx, p, n); err != nil {
		return err
	}
	return s.fillMentions(tx, p, n)
}

// fillPolicy keeps who may do what with a post.
func (s *Service) fillPolicy(tx *store.Tx, p *store.Post, n *ap.Note) error {
	if n.InteractionPolicy == nil {
		return nil
	}
	author, err := tx.Actor(p.ActorID)
	if err != nil {
		return err
	}
	p.Extra.Policy = s.policyOf(n, author)
	return nil
}

// fillMentions keeps whom a post names. Only the href counts, never the text of
// the link; the handle shown is that of the stored person, if there is one.
func (s *Service) fillMentions(tx *store.Tx, p *store.Post, n *ap.Note) error {
	for _, m := range n.Mentions {
		mention := store.Mention{URI: m.Href, URL: m.Href, Handle: m.Name}
		a, err := tx.ActorByURI(m.Href)
		if err == nil {
			mention.ActorID, mention.Handle, mention.URL = a.ID, a.Handle(), a.URL
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		} else if _, host, err := ap.ParseHandle(mention.Handle); err != nil || host == "" {
			mention.Handle = strings.TrimPrefix(mention.Handle, "@") + "@" + ap.Host(m.Href)
		}
		p.Extra.Mentions = append(p.Extra.Mentions, mention)
	}
	return nil
}

// noteMentions keeps the rows by which posts that name the owner are found.
func (s *Service) noteMentions(tx *store.Tx, p store.Post) error {
	named := false
	var ids []int64
	for _, m := range p.Extra.Mentions {
		named = named || m.ActorID == store.OwnerID
		if m.ActorID != 0 {
			ids = append(ids, m.ActorID)
		}
	}
	if !named && p.Visibility == store.Direct {
		// Addressed without a Mention tag: it still is for the owner alone.
		named, ids = true, append(ids, store.OwnerID)
	}
	if !named {
		return nil
	}
	return tx.SetMentions(p.ID, ids)
}

// language keeps only what looks like a BCP 47 code.
func language(code string) string {
	if len(code) > 20 {
		return ""
	}
	for _, r := range code {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' {
			return ""
		}
	}
	return code
}

// count clamps a count that a server claims; unknown is 0.
func count(n int64) int { return int(min(max(n, 0), 1<<31-1)) }
