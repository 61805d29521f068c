package federation

import (
	"errors"
	"net/url"
	"strings"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
)

// restoreCopy stores a post of another account of ours as an old post of this one, with
// all that is said in it: only its addresses are new, and what others did with it there
// is not of this copy.
func (s *Service) restoreCopy(tx *store.Tx, r Restored) error {
	p := r.Post
	at, content := p.URI, p.Content
	p.ID, p.ActorID, p.Kept = 0, store.OwnerID, true
	p.Replies, p.Boosts, p.Likes = 0, 0, 0
	if p.PublishedAt.IsZero() || p.PublishedAt.After(s.now()) {
		p.PublishedAt = s.now()
	}
	if r.BoostOf != "" {
		return s.copyBoost(tx, p, r)
	}
	p.Extra = s.copiedExtra(p, at, r.Parent == "")
	if err := s.cleanPost(tx, &p); err != nil {
		return err
	}
	var err error
	if p.Content, err = s.retold(tx, p.Source, p.Extra.Markdown, content); err != nil {
		return err
	}
	if quote := r.Post.Extra.QuoteURI; ap.IsURL(quote) && !strings.Contains(p.Content, quote) && !strings.HasPrefix(p.Content, quoteStart) {
		p.Content += "<p>" + anchor(quote, "Quoted: "+quote) + "</p>"
	}
	if p, err = s.takeIn(tx, TakenPost{Post: p, Files: r.Files, Origin: r.Origin, Parent: r.Parent, Import: r.Import, Counted: p.ParentURI != ""}); err != nil {
		return err
	}
	return s.copyEdits(tx, p, r)
}

// quoteStart begins a text that leads to what it quotes.
const quoteStart = `<p class="quote-inline">`

// copiedExtra is what a copy keeps of what hangs on a post. root: it begins a thread of
// its own, or answers somebody else.
func (s *Service) copiedExtra(p store.Post, at string, root bool) store.PostExtra {
	x := store.PostExtra{
		Tags: p.Extra.Tags, Markdown: p.Extra.Markdown, Poll: p.Extra.Poll, App: p.Extra.App, AppURL: p.Extra.AppURL,
		QuotePolicy: p.Extra.QuotePolicy, Mentions: p.Extra.Mentions,
	}
	if q := x.Poll; q != nil && !q.Over(s.now()) { // nobody can vote in a copy
		q.Closed, q.EndsAt = true, p.PublishedAt
	}
	switch {
	case p.Visibility != store.Direct:
		if root && p.ParentURI != "" {
			x.Context = p.Extra.Context
		}
	case p.Extra.Context != "":
		x.Context = p.Extra.Context
	default: // so that the answers, which name it, stay in one conversation with it
		x.Context = strings.Replace(at, "/posts/", "/contexts/", 1)
	}
	if !ap.IsURL(x.Context) {
		x.Context = ""
	}
	return x
}

// copyBoost boosts a post without a word to anybody, if it is here.
func (s *Service) copyBoost(tx *store.Tx, p store.Post, r Restored) error {
	of, err := boostedBefore(tx, &p, r.BoostOf)
	if err != nil {
		return err
	}
	if _, err := tx.BoostBy(store.OwnerID, of.ID); !errors.Is(err, store.ErrNotFound) {
		return errors.Join(err, ErrHere)
	}
	_, err = s.takeIn(tx, TakenPost{
		Post:   store.Post{ActorID: store.OwnerID, BoostOf: of.ID, Visibility: p.Visibility, Kept: true, PublishedAt: p.PublishedAt},
		Origin: r.Origin, Import: r.Import, Counted: !of.Own(),
	})
	if err == nil {
		err = tx.KeepPost(of.ID)
	}
	return err
}

// copyEdits stores the earlier versions of a copy, whose files have new names.
func (s *Service) copyEdits(tx *store.Tx, p store.Post, r Restored) error {
	files := map[int64]store.Attachment{}
	for i, f := range r.Files {
		if f.Was != 0 && i < len(p.Extra.Attachments) {
			files[f.Was] = p.Extra.Attachments[i]
		}
	}
	for _, e := range r.Edits {
		content, kept := e.Content, e.Extra.Attachments
		e.Extra = store.PostExtra{Tags: e.Extra.Tags, Markdown: e.Extra.Markdown, Poll: e.Extra.Poll, App: e.Extra.App, AppURL: e.Extra.AppURL, QuotePolicy: e.Extra.QuotePolicy, Mentions: e.Extra.Mentions}
		for _, a := range kept {
			if now, ok := files[a.ID]; ok {
				now.Alt, now.FocalX, now.FocalY = a.Alt, a.FocalX, a.FocalY
				e.Extra.Attachments = append(e.Extra.Attachments, now)
			}
		}
		if err := s.cleanExtra(tx, &e.Extra, true); err != nil {
			return err
		}
		var err error
		e.Summary = markup.Inline(e.Summary)
		if e.Content, err = s.retold(tx, e.Source, e.Extra.Markdown, content); err != nil {
			return err
		}
		if err := tx.RestoreEdit(p.ID, e); err != nil {
			return err
		}
	}
	return nil
}

// retold is a text of another account of ours as this one would say it: its hashtags
// lead to pages here.
func (s *Service) retold(tx *store.Tx, source string, markdown bool, content string) (string, error) {
	clean := markup.LinkHashtags(markup.CleanHTML(content), s.tagPage)
	if source == "" {
		return clean, nil
	}
	people, err := knownIn(tx, source, markdown)
	if err != nil {
		return "", err
	}
	r, err := s.render(source, markdown, people)
	if err != nil {
		return clean, nil // it cannot be rendered, so it was not
	}
	quote := ""
	if i := strings.Index(content, "</p>"); i >= 0 {
		if link := quoteLink.FindStringSubmatch(content[:i+len("</p>")]); link != nil && link[1] == link[2] {
			quote = link[0]
		}
	}
	if markup.Text(quote+r.HTML) != markup.Text(content) { // the file says two things
		return clean, nil
	}
	return quote + r.HTML, nil
}

// tagPage is the address of the page of a hashtag.
func (s *Service) tagPage(tag string) string {
	return s.origin.URL("/tags/" + url.PathEscape(store.TagName(tag)))
}
