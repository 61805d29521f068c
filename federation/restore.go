package federation

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
)

// Restored is an own post with all that an archive of ours knows of it.
type Restored struct {
	Post    store.Post // its URI says its id
	Copy    bool       // it is of another account of ours: it gets an id and addresses of this one …
	Origin  []string   // … and keeps those that it had there, its page first
	Parent  string     // of a copy: the address there of the own post that it answers
	BoostOf string
	Files   []TakenFile
	Edits   []store.Edit
	Told    map[string]store.DeliveryState // inbox -> what became of it there
	Asked   map[string]time.Time           // server -> when it had it
	Quote   *store.Quote
	Import  int64
}

// OwnID is the number of an own post or boost in its address; 0 if that is none of
// this server.
func (s *Service) OwnID(uri string) int64 {
	at, ok := strings.CutPrefix(uri, s.origin.URL("/posts/"))
	if !ok {
		return 0
	}
	id, err := payloadID([]byte(strings.TrimSuffix(at, "/activity")))
	if err != nil || id <= 0 {
		return 0
	}
	return id
}

// restore stores it as it was.
func (s *Service) restore(tx *store.Tx, r Restored) error {
	if r.Copy {
		return s.restoreCopy(tx, r)
	}
	p := r.Post
	p.ID, p.ActorID, p.Kept = s.OwnID(p.URI), store.OwnerID, true
	if p.ID == 0 || p.PublishedAt.IsZero() {
		return errNotOurs
	}
	if r.BoostOf != "" {
		of, err := boostedBefore(tx, &p, r.BoostOf)
		if err != nil {
			return err
		}
		p.BoostOf = of.ID
	}
	origin, content := p.Extra.Origin, p.Content
	if err := s.cleanPost(tx, &p); err != nil {
		return err
	}
	if same, err := s.writtenAs(tx, p.Source, p.Extra.Markdown, content); err != nil {
		return err
	} else if same {
		p.Content = content
	}
	if p.BoostOf != 0 {
		p.URL = "" // it has no page
	} else if !strings.HasPrefix(p.URL, s.origin.URL("/@")) {
		p.URL = ""
		p.URL = s.pageOf(p)
	}
	p, err := s.takeIn(tx, TakenPost{Post: p, Files: r.Files, Origin: origin, Import: r.Import})
	if err != nil {
		return err
	}
	return s.restoreRest(tx, p, r)
}

// boostedBefore finds what a boost of an archive boosts, and sets to whom that may be:
// an archive may say what it wants.
func boostedBefore(tx *store.Tx, p *store.Post, uri string) (store.Post, error) {
	id, err := tx.PostWithAddress(uri)
	if errors.Is(err, store.ErrNotFound) {
		return store.Post{}, errNoBoosted
	}
	if err != nil {
		return store.Post{}, err
	}
	of, err := tx.Post(id)
	if err != nil {
		return of, err
	}
	if p.Visibility, err = boostVisibility(p.Visibility, of); err != nil || of.BoostOf != 0 {
		return of, errNoBoosted
	}
	return of, nil
}

// writtenAs says whether a text is what we make of that source: then it is safe as it
// is.
func (s *Service) writtenAs(tx *store.Tx, source string, markdown bool, content string) (bool, error) {
	if source == "" {
		return false, nil
	}
	people, err := knownIn(tx, source, markdown)
	if err != nil {
		return false, err
	}
	r, err := s.render(source, markdown, people)
	if err != nil {
		return false, nil // it cannot be rendered, so it was not
	}
	before, ok := strings.CutSuffix(content, r.HTML)
	link := quoteLink.FindStringSubmatch(before)
	return ok && (before == "" || link != nil && link[1] == link[2]), nil
}

// quoteLink is what stands before the text of a post that quotes another.
var quoteLink = regexp.MustCompile(`^<p class="quote-inline">RE: <a href="(https?://[^"<>\s]+)" rel="nofollow noopener">(https?://[^"<>\s]+)</a></p>$`)

var (
	errNotOurs   = errors.New("the post has no address of this server")
	errNoBoosted = errors.New("the boosted post is not here")
)

func (s *Service) restoreRest(tx *store.Tx, p store.Post, r Restored) error {
	for _, e := range r.Edits {
		content := e.Content
		e.Summary, e.Content = markup.Inline(e.Summary), markup.CleanHTML(e.Content)
		if same, err := s.writtenAs(tx, e.Source, e.Extra.Markdown, content); err != nil {
			return err
		} else if same {
			e.Content = content
		}
		if err := s.cleanExtra(tx, &e.Extra, true); err != nil {
			return err
		}
		if err := tx.RestoreEdit(p.ID, e); err != nil {
			return err
		}
	}
	if r.Quote != nil && ap.IsURL(r.Quote.QuotedURI) {
		q := *r.Quote
		q.PostID = p.ID
		if err := tx.SaveQuote(&q); err != nil {
			return err
		}
	}
	if q := p.Extra.Poll; q != nil && !q.Over(s.now()) { // what is over was told by the account that was
		if err := s.planEnd(tx, p); err != nil {
			return err
		}
	}
	return s.restoreLedger(tx, p.ID, r)
}

// restoreLedger writes which servers have a post. What had not gone out by then will
// not: an import sends nothing.
func (s *Service) restoreLedger(tx *store.Tx, postID int64, r Restored) error {
	states := map[int64]store.DeliveryState{}
	for at, state := range r.Told {
		if !s.elsewhere(at) {
			continue
		}
		host, err := tx.EnsureHost(ap.Host(at))
		if err != nil {
			return err
		}
		id, err := tx.EnsureInbox(store.InboxTarget{URL: at, HostID: host})
		if err != nil {
			return err
		}
		if state == store.DeliveryWaiting {
			state = store.DeliveryCancelled
		}
		states[id] = state
	}
	if len(states) > 0 {
		if err := tx.RestoreReceipts(postID, states); err != nil {
			return err
		}
	}
	for name, at := range r.Asked {
		if host, err := ap.ParseHost(name); err != nil || host != name {
			continue
		}
		id, err := tx.EnsureHost(name)
		if err == nil {
			err = tx.RestoreFetch(postID, id, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// RestorePosts is TakePosts for posts of an archive of ours. lost are boosts whose
// post is not here, and what has no address of this server though it should.
func (s *Service) RestorePosts(ctx context.Context, list []Restored, done func(tx *store.Tx, skipped, lost int) error) error {
	s.filesLock.Lock()
	defer s.filesLock.Unlock()
	for _, r := range list {
		for _, f := range r.Files {
			if err := errors.Join(s.stillThere(f.File), s.stillThere(f.Preview)); err != nil {
				return err
			}
		}
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		skipped, lost := 0, 0
		for _, r := range list {
			err := s.restore(tx, r)
			switch {
			case errors.Is(err, ErrHere):
				skipped++
			case errors.Is(err, errNotOurs), errors.Is(err, errNoBoosted):
				lost++
			case err != nil:
				return err
			}
		}
		tx.After(s.documents.clear)
		return done(tx, skipped, lost)
	})
}
