package federation

import (
	"errors"
	"fmt"
	"html"
	"strconv"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// composeQuote makes a new post one that quotes another, if its author does not
// rule it out. Who quotes somebody else in a post for few must name them: to be
// asked for consent, their server gets the post.
func (s *Service) composeQuote(tx *store.Tx, p *store.Post, d Draft, people []store.Actor) error {
	p.Extra.QuotePolicy = d.QuotePolicy
	if p.Extra.QuotePolicy == "" {
		p.Extra.QuotePolicy = s.Settings().QuotePolicy
	}
	if d.QuoteID == 0 {
		return nil
	}
	quoted, author, err := s.quotedOf(tx, d.QuoteID)
	if err != nil {
		return err
	}
	if err := s.mayQuoteIn(tx, *p, quoted, author, people); err != nil {
		return err
	}
	p.Extra.QuoteURI = quoted.URI
	p.Content = withQuoteLink(p.Content, quoted)
	return nil
}

// quotedOf reads the post that is to be quoted. Whoever quotes a boost means the
// post that was boosted.
func (s *Service) quotedOf(tx *store.Tx, id int64) (store.Post, store.Actor, error) {
	quoted, err := tx.Post(id)
	if err == nil && quoted.BoostOf != 0 {
		quoted, err = tx.Post(quoted.BoostOf)
	}
	if errors.Is(err, store.ErrNotFound) {
		return quoted, store.Actor{}, reply.Errorf(reply.Unprocessable, "The post you quote is not here any more; it may have been deleted.")
	}
	if err != nil {
		return quoted, store.Actor{}, err
	}
	author, err := tx.Actor(quoted.ActorID)
	if err != nil {
		return quoted, author, fmt.Errorf("read author of post %d: %w", quoted.ID, err)
	}
	return quoted, author, nil
}

func (s *Service) mayQuoteIn(tx *store.Tx, p, quoted store.Post, author store.Actor, people []store.Actor) error {
	if quoted.Own() {
		switch {
		case quoted.Visibility == store.Direct:
			return reply.Errorf(reply.Unprocessable, "A post for the people named in it cannot be quoted.")
		case !quoted.Visibility.Open() && p.Visibility < store.Followers:
			return reply.Errorf(reply.Unprocessable, "The post you quote is for your followers only. Choose “Followers” or “Only people named”.")
		}
		return nil
	}
	hidden, err := tx.HiddenActors(map[int64]store.Actor{author.ID: author})
	if err != nil {
		return err
	}
	bonds, err := tx.Bonds([]int64{author.ID})
	if err != nil {
		return err
	}
	named := p.Visibility.Open()
	for _, a := range people {
		named = named || a.ID == author.ID
	}
	switch {
	case hidden[author.ID]:
		return reply.Errorf(reply.Unprocessable, "@%s is gone, or you blocked them: their posts cannot be quoted.", author.Handle())
	case !quoted.Visibility.Open():
		return reply.Errorf(reply.Unprocessable, "The post you quote is not for everybody, so it cannot be quoted.")
	case s.MayQuote(quoted, bonds[author.ID]) == store.Denied:
		return reply.Errorf(reply.Unprocessable, "@%s does not let you quote this post.", author.Handle())
	case !named:
		return reply.Errorf(reply.Unprocessable, "Name @%s in this post, or choose “Everyone”: whoever is quoted is asked for consent and gets the post.", author.Handle())
	}
	return nil
}

// withQuoteLink puts a link to what is quoted in front of a text that has none, for
// servers that show no quotes. Those that do, hide it by its class, as we do.
func withQuoteLink(content string, quoted store.Post) string {
	address := quoted.URL
	if address == "" {
		address = quoted.URI
	}
	for _, link := range []string{address, quoted.URI} {
		if strings.Contains(content, `href="`+html.EscapeString(link)+`"`) {
			return content
		}
	}
	link := html.EscapeString(address)
	return `<p class="quote-inline">RE: <a href="` + link + `" rel="nofollow noopener">` + link + `</a></p>` + content
}

// keepQuoteLink does the same for an edited post. What it quotes never changes.
func keepQuoteLink(tx *store.Tx, p *store.Post) error {
	if p.Extra.QuoteURI == "" {
		return nil
	}
	quoted, err := tx.PostByURI(p.Extra.QuoteURI)
	if errors.Is(err, store.ErrNotFound) {
		quoted = store.Post{URI: p.Extra.QuoteURI}
	} else if err != nil {
		return err
	}
	p.Content = withQuoteLink(p.Content, quoted)
	return nil
}

// fileQuote stores that a new own post quotes another and asks its author for
// consent. Until that comes the quote is pending; of an own post none is needed.
func (s *Service) fileQuote(tx *store.Tx, p store.Post, quoteID int64) error {
	if quoteID == 0 {
		return nil
	}
	quoted, author, err := s.quotedOf(tx, quoteID)
	if err != nil {
		return err
	}
	q := store.Quote{PostID: p.ID, QuotedURI: quoted.URI, QuotedID: quoted.ID, State: store.QuoteAccepted}
	if quoted.Own() {
		return tx.SaveQuote(&q)
	}
	q.State, q.RequestURI = store.QuotePending, s.quoteRequestURI(p.ID)
	if err := tx.SaveQuote(&q); err != nil {
		return err
	}
	if err := tx.KeepPost(quoted.ID); err != nil {
		return err
	}
	return s.sendPost(tx, "QuoteRequest", p, inboxOf(author))
}

// quoteRequestURI is the id of the request for an own post: its own number, which
// no other activity has.
func (s *Service) quoteRequestURI(postID int64) string {
	return s.origin.URL("/activities/" + strconv.FormatInt(postID, 10))
}

// quoteRequestOf asks the author of what an own post quotes for consent, with the
// post as it is now (FEP-044f).
func (s *Service) quoteRequestOf(tx *store.Tx, p store.Post) (*ap.Message, error) {
	q, err := tx.Quote(p.ID)
	if err != nil {
		return nil, err
	}
	n, err := s.noteOf(tx, p)
	if err != nil {
		return nil, err
	}
	m := ap.NewActivity("QuoteRequest", q.RequestURI, s.actorURI, q.QuotedURI, nil, nil, time.Time{})
	m.Instrument = n.Encode()
	if q.QuotedID != 0 {
		author, err := authorOf(tx, q.QuotedID)
		if err != nil {
			return nil, err
		}
		m.To = []string{author.URI}
	}
	return m, nil
}

// fillQuote writes what an own post quotes. The link stays while consent is
// pending (fedify-dev/hollo#602); once it was refused, the fields that know no
// consent are left out.
func fillQuote(tx *store.Tx, n *ap.Note, p store.Post) error {
	if p.Extra.QuoteURI == "" {
		return nil
	}
	n.Quote = p.Extra.QuoteURI
	q, err := tx.Quote(p.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read quote of post %d: %w", p.ID, err)
	}
	switch q.State {
	case store.QuoteAccepted:
		n.QuoteAuthorization = q.StampURI
	case store.QuoteRefused, store.QuoteRevoked:
		n.QuoteRefused = true
	}
	return nil
}

// askedToQuote finds the own quote that an Accept or Reject is about: by the id of
// our request, else by the post in the request that it embeds.
func (s *Service) askedToQuote(tx *store.Tx, in *incoming) (store.Quote, bool, error) {
	number, ok := strings.CutPrefix(in.act.ObjectID, s.origin.URL("/activities/"))
	if o := in.act.Object; o != nil && o.Type() == "QuoteRequest" {
		if who := o.FirstID("actor"); who != "" && who != s.actorURI {
			return store.Quote{}, false, nil
		}
		if uri := o.FirstID("instrument"); uri != "" {
			number, ok = strings.CutPrefix(uri, s.origin.URL("/posts/"))
		}
	}
	id, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil {
		return store.Quote{}, false, nil
	}
	q, err := tx.Quote(id)
	if errors.Is(err, store.ErrNotFound) || err == nil && q.RequestURI == "" {
		return q, false, nil
	}
	return q, err == nil, err
}

// quoteAccepted takes the consent to an own quote. It counts once the stamp was
// seen at its address, where everybody else will look for it.
func (s *Service) quoteAccepted(tx *store.Tx, in *incoming, q store.Quote) error {
	ok, err := answersQuote(tx, in, q)
	stamp := in.act.Raw.FirstID("result")
	if err != nil || !ok || !ap.SameOrigin(stamp, in.sender.URI) || len(stamp) > ap.MaxID || stamp == q.StampURI {
		return err // T14, T17: nobody asked them, or nothing that they can give
	}
	q.State, q.StampURI = store.QuotePending, stamp
	if err := tx.SaveQuote(&q); err != nil {
		return err
	}
	return s.wantQuote(tx, quoteJob{Post: q.PostID})
}

// quoteRejected takes the refusal of an own quote, or the end of a consent.
func (s *Service) quoteRejected(tx *store.Tx, in *incoming, q store.Quote) error {
	ok, err := answersQuote(tx, in, q)
	if err != nil || !ok {
		return err
	}
	switch q.State {
	case store.QuotePending:
		return s.endQuote(tx, q, store.QuoteRefused)
	case store.QuoteAccepted:
		return s.endQuote(tx, q, store.QuoteRevoked)
	}
	return nil
}

// answersQuote says whether an answer is by the author of what is quoted.
func answersQuote(tx *store.Tx, in *incoming, q store.Quote) (bool, error) {
	if o := in.act.Object; o != nil {
		if target := o.FirstID("object"); target != "" && target != q.QuotedURI {
			return false, nil
		}
	}
	if q.QuotedID == 0 {
		return false, nil
	}
	return quotedAuthor(tx, q, in.sender)
}
