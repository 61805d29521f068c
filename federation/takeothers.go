package federation

import (
	"errors"
	"net/url"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
)

// KnowPerson makes somebody known whom an archive of ours names, as far as they are
// not: nobody is asked. Their server is, when something of theirs is next needed. It
// is store.ErrNotFound for what cannot be somebody.
func (s *Service) KnowPerson(tx *store.Tx, a store.Actor) (int64, error) {
	id, err := tx.ActorIDByURI(a.URI)
	if !errors.Is(err, store.ErrNotFound) {
		return id, err
	}
	host := ap.Host(a.URI)
	if !s.elsewhere(a.URI) || a.Username == "" || a.Domain == "" || !ap.IsActorType(a.Kind) {
		return 0, store.ErrNotFound
	}
	// An archive may say what it wants: nothing of somebody is on another server.
	for _, at := range []*string{&a.URL, &a.Inbox, &a.SharedInbox, &a.Outbox, &a.FollowersURI, &a.FeaturedURI} {
		if *at != "" && (!s.elsewhere(*at) || ap.Host(*at) != host) {
			*at = ""
		}
	}
	if a.Inbox == "" {
		return 0, store.ErrNotFound
	}
	if _, _, err := ap.ParseHandle(a.Username + "@" + a.Domain); err != nil {
		return 0, store.ErrNotFound
	}
	if a.IconURL != "" && !s.elsewhere(a.IconURL) {
		a.IconURL = ""
	}
	if a.URL == "" {
		a.URL = a.URI
	}
	a.ID, a.Name = 0, markup.Inline(a.Name)
	if a.HostID, err = tx.EnsureHost(host); err != nil {
		return 0, err
	}
	err = tx.SaveActor(&a)
	return a.ID, err
}

// elsewhere says whether an address is one that another server may have.
func (s *Service) elsewhere(address string) bool {
	u, err := url.Parse(address)
	if err != nil || !ap.IsURL(address) || u.Scheme != s.origin.Scheme {
		return false
	}
	host := ap.Host(address)
	return host != s.origin.Host && host != s.origin.Domain
}

// KnowPost stores a post by somebody else that an archive of ours has, silently, as
// far as it is not here: for the owner to see, until its server says otherwise. It is
// store.ErrNotFound if its author is not known here, is blocked, or is on another
// server than the post.
func (s *Service) KnowPost(tx *store.Tx, p store.Post, author string) (int64, error) {
	id, err := tx.PostIDByURI(p.URI)
	if !errors.Is(err, store.ErrNotFound) {
		return id, err
	}
	if !s.elsewhere(p.URI) || ap.Host(p.URI) != ap.Host(author) {
		return 0, store.ErrNotFound
	}
	if blocked, err := Blocked(tx, author); err != nil || blocked {
		return 0, errors.Join(err, store.ErrNotFound)
	}
	if gone, err := tx.Buried(p.URI); err != nil || gone {
		return 0, errors.Join(err, store.ErrNotFound)
	}
	a, err := tx.ActorByURI(author)
	if err != nil {
		return 0, err
	}
	p.ID, p.ActorID, p.BoostOf, p.Source, p.Kept = 0, a.ID, 0, "", true
	if p.PublishedAt.IsZero() || p.PublishedAt.After(s.now()) {
		p.PublishedAt = s.now()
	}
	if err := s.cleanPost(tx, &p); err != nil {
		return 0, err
	}
	if err := tx.RestorePost(&p); err != nil {
		return 0, err
	}
	if err := s.noteMentions(tx, p); err != nil {
		return 0, err
	}
	if p.Visibility == store.Direct {
		if _, err := tx.FileConversation(store.Filing{Post: p, Author: a}); err != nil {
			return 0, err
		}
	}
	return p.ID, nil
}

// cleanPost makes of a post from an archive what may be shown: an archive is a file,
// and anybody may have written it.
func (s *Service) cleanPost(tx *store.Tx, p *store.Post) error {
	p.Title, p.Summary, p.Content = markup.Inline(p.Title), markup.Inline(p.Summary), markup.CleanHTML(p.Content)
	p.Language, p.Sensitive = language(p.Language), p.Sensitive || p.Summary != "" && p.Own()
	if !ap.IsURL(p.URL) {
		p.URL = p.URI
	}
	if !ap.IsURL(p.ParentURI) {
		p.ParentURI = ""
	}
	return s.cleanExtra(tx, &p.Extra, p.Own())
}

func (s *Service) cleanExtra(tx *store.Tx, x *store.PostExtra, own bool) error {
	if !ap.IsURL(x.AppURL) {
		x.AppURL = ""
	}
	x.App = markup.Inline(x.App)
	if !ap.IsURL(x.QuoteURI) {
		x.QuoteURI = ""
	}
	if !x.QuotePolicy.Valid() {
		x.QuotePolicy = ""
	}
	var files []store.Attachment
	for _, a := range x.Attachments {
		if a.Name = ""; own || ap.IsURL(a.URL) {
			a.Alt = AltText(a.Alt)
			files = append(files, a)
		}
	}
	var emojis []store.Emoji
	for _, e := range x.Emojis {
		if !own && ap.IsURL(e.URL) {
			emojis = append(emojis, e)
		}
	}
	if own {
		var err error
		if emojis, err = knownEmojis(tx, x.Emojis); err != nil {
			return err
		}
	}
	if x.Poll != nil {
		for i := range x.Poll.Options {
			if x.Poll.Options[i].Name = oneLine(x.Poll.Options[i].Name); !own { // ours are plain text
				x.Poll.Options[i].Name = markup.Inline(x.Poll.Options[i].Name)
			}
		}
	}
	x.Attachments, x.Emojis = files, emojis
	return s.knowMentions(tx, x)
}

// knowMentions says which of the people named are known here.
func (s *Service) knowMentions(tx *store.Tx, x *store.PostExtra) error {
	var kept []store.Mention
	for _, m := range x.Mentions {
		if !ap.IsURL(m.URI) {
			continue
		}
		m.ActorID, m.Handle = 0, markup.Inline(m.Handle)
		if !ap.IsURL(m.URL) {
			m.URL = m.URI
		}
		id, err := tx.ActorIDByURI(m.URI)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		m.ActorID = id
		kept = append(kept, m)
	}
	x.Mentions = kept
	return nil
}
