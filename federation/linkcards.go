package federation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/federation/markup"
	"dassie/store"
	"dassie/store/media"
)

const (
	cardAge   = 14 * 24 * time.Hour // how long a preview counts as fresh
	cardRetry = 24 * time.Hour      // wait after a first failure, doubled with each more …
	cardLast  = 32 * 24 * time.Hour // … up to this
	cardHerd  = time.Minute         // a post reaches many servers at once: they do not all ask the page at once
	pageHour  = 30                  // pages asked for in an hour of one registrable domain
	cardShape = "card"              // of its picture in the cache

	cardTitle, cardText, cardName = 200, 300, 80 // characters that are kept
)

// errNoTitle says that a page has nothing to show a preview of.
var errNoTitle = errors.New("the page has no title")

// cardLink is the link of a post that gets a preview: the first that is neither a
// mention, a hashtag, an attachment nor what it quotes, and leads to another
// server. A post with media or a quote has none, and so has one to people named:
// a link in a letter may be a key, and asking for it may use it up.
func (s *Service) cardLink(p store.Post) string {
	if p.BoostOf != 0 || p.Visibility == store.Direct || len(p.Extra.Attachments) > 0 || p.Extra.QuoteURI != "" {
		return ""
	}
	first := markup.FirstLink(p.Content, func(href string) bool {
		if href == p.URL || href == p.URI || s.ownHost(href) {
			return true
		}
		for _, m := range p.Extra.Mentions {
			if href == m.URL || href == m.URI {
				return true
			}
		}
		return false
	})
	if len(first) > ap.MaxID || !strings.HasPrefix(first, s.origin.Scheme+"://") {
		return "" // http is never asked for
	}
	address, _, _ := strings.Cut(first, "#")
	return address
}

func (s *Service) ownHost(address string) bool {
	host := ap.Host(address)
	return host == s.origin.Host || host == s.origin.Domain
}

// wantCard notes which link of a post has a preview, and queues the fetching of it
// if it is not here or old.
func (s *Service) wantCard(tx *store.Tx, p store.Post) error {
	if !s.Settings().LinkPreviews {
		return nil
	}
	link := s.cardLink(p)
	if err := tx.SetPostLink(p.ID, link); err != nil || link == "" {
		return err
	}
	due, err := s.cardDue(tx, link)
	if err != nil || !due {
		return err
	}
	sum := sha256.Sum256([]byte(link))
	return tx.AddJobOnce("card", "card:"+hex.EncodeToString(sum[:16]), []byte(link), s.now().Add(rand.N(cardHerd)))
}

// wantShownCard is wantCard for what has just entered the home timeline, which may
// be a boost.
func (s *Service) wantShownCard(tx *store.Tx, p store.Post) error {
	if p.BoostOf != 0 {
		boosted, err := tx.Post(p.BoostOf)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		p = boosted
	}
	return s.wantCard(tx, p)
}

// wantEditedCard is wantCard for a new version of a post that is shown somewhere:
// its link may be another one.
func (s *Service) wantEditedCard(tx *store.Tx, p store.Post) error {
	shown := p.Kept
	if !shown {
		var err error
		if shown, err = tx.InHome(p.ID); err != nil {
			return err
		}
	}
	if !shown {
		return tx.SetPostLink(p.ID, "")
	}
	return s.wantCard(tx, p)
}

// OpenCard makes sure that the post which the owner opens has the preview of its
// link, if not on this page then on the next. It writes only where there is
// something to do.
func (s *Service) OpenCard(ctx context.Context, postID int64) error {
	var p store.Post
	due := false
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.Post(postID); err == nil && p.BoostOf != 0 {
			p, err = tx.Post(p.BoostOf)
		}
		if err != nil || !s.Settings().LinkPreviews {
			return err
		}
		if link := s.cardLink(p); link != "" {
			due, err = s.cardDue(tx, link)
		}
		return err
	})
	if err != nil || !due {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error { return s.wantCard(tx, p) })
}

func (s *Service) cardDue(tx *store.Tx, link string) (bool, error) {
	c, err := tx.LinkCard(link)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	age := s.now().Sub(c.FetchedAt)
	if c.Failed == 0 {
		return age >= cardAge, nil
	}
	return age >= min(cardRetry<<min(c.Failed-1, 10), cardLast), nil
}

// fetchCard is the job "card": it asks for the page that a link leads to and keeps
// what it says of itself. The payload is the address. What cannot be had is
// remembered and no failure of the job; what was known before stays.
func (s *Service) fetchCard(ctx context.Context, payload []byte) error {
	link := string(payload)
	var old store.LinkCard
	due := false
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if due, err = s.cardDue(tx, link); err != nil || !due {
			return err
		}
		old, err = tx.LinkCard(link)
		if errors.Is(err, store.ErrNotFound) {
			err = nil
		}
		return err
	})
	if err != nil || !due || !s.Settings().LinkPreviews {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	card, err := s.readCard(ctx, link, old)
	switch {
	case errors.Is(err, errOverBudget):
		return nil // asked for when a post with it is opened
	case errors.Is(err, context.Canceled):
		return err
	case err != nil:
		s.log.Debug("no preview", "url", printable(link, 200), "error", err)
		card = old
		card.Failed++
	}
	card.URL, card.FetchedAt = link, s.now()
	return s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.SaveLinkCard(card) })
}

func (s *Service) readCard(ctx context.Context, link string, old store.LinkCard) (store.LinkCard, error) {
	if err := s.mayAskPage(ctx, link); err != nil {
		return store.LinkCard{}, err
	}
	doc, err := s.remote.GetPage(ctx, link, false)
	if err != nil {
		return store.LinkCard{}, err
	}
	s.budget.pageMet(ap.Host(link))
	page := markup.ReadPage(doc.Body, doc.ContentType)
	if page.Title == "" {
		return store.LinkCard{}, errNoTitle
	}
	c := store.LinkCard{
		Title: shortened(page.Title, cardTitle), Description: shortened(page.Description, cardText),
		Site: shortened(page.Site, cardName), Language: language(page.Language), Author: shortened(page.Author, cardName),
	}
	if err := s.creditAuthor(ctx, &c, page.Creator, ap.Host(doc.URL)); err != nil {
		return c, err
	}
	c.Image = absolute(doc.URL, page.Image)
	if err := s.cardPicture(ctx, &c, old); err != nil {
		return c, err
	}
	if c.Image != "" {
		c.ImageAlt = shortened(page.ImageAlt, cardText)
	}
	return c, nil
}

// mayAskPage holds the fetching of pages that others named within bounds: new
// servers of one domain (T31), pages of one domain, and the owner's blocks.
func (s *Service) mayAskPage(ctx context.Context, address string) error {
	host := ap.Host(address)
	if host == "" {
		return fmt.Errorf("%w: no address of a page", ap.ErrShape)
	}
	if err := s.notBlocked(ctx, address); err != nil {
		return err
	}
	if !s.budget.pageKnown(host) {
		if err := s.mayAsk(ctx, host); err != nil {
			return err
		}
	}
	if !s.budget.pages.allow(registrable(host), s.now()) {
		return fmt.Errorf("%w: %s", errOverBudget, host)
	}
	return nil
}

// creditAuthor names whoever a page says has written it: a person whom we know, if
// their profile names the page's site as one that may say so (Mastodon's
// attributionDomains). Else anybody could be made the author of anything.
func (s *Service) creditAuthor(ctx context.Context, c *store.LinkCard, creator, site string) error {
	user, host, err := ap.ParseHandle(creator)
	if err != nil || host == "" {
		return nil
	}
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.ActorByHandle(user, host) })
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, domain := range a.Extra.CreditedBy {
		if site == domain || strings.HasSuffix(site, "."+domain) {
			c.Author, c.AuthorURL, c.AuthorID = a.DisplayName(), a.URL, a.ID
		}
	}
	return nil
}

// cardPicture fetches the picture of a page into the cache, small. Without it the
// preview is shown all the same.
func (s *Service) cardPicture(ctx context.Context, c *store.LinkCard, old store.LinkCard) error {
	if c.Image == "" {
		return nil
	}
	row, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.RemoteMedia, error) { return tx.RemoteMedia(c.Image, cardShape) })
	if errors.Is(err, store.ErrNotFound) {
		row, err = store.RemoteMedia{URL: c.Image, Shape: cardShape}, nil
	}
	if err != nil {
		return err
	}
	if !s.pictureDue(row) && (row.Failed > 0 || old.Image == c.Image) {
		c.Width, c.Height = old.Width, old.Height
		return nil
	}
	if free, err := s.media.Free(); err == nil && free < mediaReserve || s.ownHost(c.Image) || s.mayAskPage(ctx, c.Image) != nil {
		c.Image = ""
		return nil
	}
	pic, err := s.downloadPicture(ctx, c.Image, cardShape)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, media.ErrNoSpace):
		c.Image = ""
		return nil
	case err != nil:
		s.log.Debug("no picture of a preview", "url", printable(c.Image, 200), "error", err)
		row.Failed++
	default:
		s.budget.pageMet(ap.Host(c.Image))
		row.Name, row.Size, row.Failed = pic.Name, pic.Size, 0
		c.Width, c.Height = pic.Width, pic.Height
	}
	row.FetchedAt, row.UsedAt = s.now(), s.now()
	return s.cachePicture(ctx, row)
}

// absolute is the address that a page names, "" for none that may be fetched.
func absolute(page, reference string) string {
	base, err := url.Parse(page)
	if err != nil || reference == "" || len(reference) > ap.MaxID {
		return ""
	}
	u, err := base.Parse(reference)
	if err != nil {
		return ""
	}
	u.Fragment = ""
	if address := u.String(); ap.IsURL(address) && len(address) <= ap.MaxID {
		return address
	}
	return ""
}

// shortened is a text of at most so many characters.
func shortened(text string, runes int) string {
	if short := cut(text, runes); short != text {
		return strings.TrimRight(short, " .,;:–—-") + "…"
	}
	return text
}
