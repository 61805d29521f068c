package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

// quoteDepth is how far quotes of quotes are followed (T30).
const quoteDepth = 2

// quoteJob is the work of finding what a post quotes and whether it may.
type quoteJob struct {
	Post  int64 `json:"post"`
	Depth int   `json:"depth,omitempty"` // of the quoting post: 0 came by itself
	Again bool  `json:"again,omitempty"` // consent that was verified is looked at once more
}

// noteQuote keeps what a post quotes, as its author says: consent is only claimed
// until the job has checked it. newer says that the author edited the post; an old
// version that comes again takes nothing back, but a stamp that is missing in it
// may have been revoked. It says what there is to find out, nil for nothing.
func (s *Service) noteQuote(tx *store.Tx, p store.Post, n *ap.Note, newer bool) (*quoteJob, error) {
	q, err := tx.Quote(p.ID)
	known := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	switch {
	case n.Quote == "" || n.Quote == p.URI:
		if known && newer {
			return nil, tx.DropQuote(p.ID)
		}
		return nil, nil
	case known && q.QuotedURI != n.Quote && !newer, known && q.QuotedURI == n.Quote && q.StampURI == n.QuoteAuthorization:
		return nil, nil
	case known && n.QuoteAuthorization == "" && !newer:
		if q.State == store.QuoteAccepted && !s.origin.Owns(q.StampURI) {
			return &quoteJob{Post: p.ID, Again: true}, nil
		}
		return nil, nil
	}
	q = store.Quote{PostID: p.ID, QuotedURI: n.Quote, StampURI: n.QuoteAuthorization, State: store.QuotePending}
	if n.QuoteLegacy {
		q.State = store.QuoteLegacy
	}
	if err := tx.SaveQuote(&q); err != nil {
		return nil, err
	}
	if s.origin.Owns(q.QuotedURI) {
		return nil, s.settleOwnQuoted(tx, p, q) // nothing to fetch
	}
	return &quoteJob{Post: p.ID}, nil
}

// settleOwnQuoted decides about a quote of an own post from our own stamps.
func (s *Service) settleOwnQuoted(tx *store.Tx, p store.Post, q store.Quote) error {
	if q.QuotedID == 0 {
		return nil
	}
	st, err := tx.StampFor("quote", q.QuotedID, p.URI)
	if errors.Is(err, store.ErrNotFound) || err == nil && st.ActorID != p.ActorID {
		return nil
	}
	if err != nil {
		return err
	}
	q.StampURI, q.State = s.stampURI(st.ID), store.QuoteAccepted
	if !st.RevokedAt.IsZero() {
		q.State = store.QuoteRevoked
	}
	return tx.SaveQuote(&q)
}

// storeWithQuote stores a post that the owner is going to see, with what it quotes
// to follow. Posts of a thread are not stored so: they would name too many (T30).
func (s *Service) storeWithQuote(tx *store.Tx, n *ap.Note, author store.Actor, depth int) (store.Post, error) {
	p, fresh, err := s.storeNote(tx, n, author)
	if err != nil || !fresh || p.Extra.QuoteURI == "" {
		return p, err
	}
	return p, s.wantQuote(tx, quoteJob{Post: p.ID, Depth: depth})
}

// wantQuote queues the job for a post that quotes another, once for each claim.
// Its key ends in the address whose server may make it wait.
func (s *Service) wantQuote(tx *store.Tx, j quoteJob) error {
	if j.Depth >= quoteDepth {
		return nil
	}
	q, err := tx.Quote(j.Post)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	payload, err := json.Marshal(j)
	if err != nil {
		return err
	}
	claim := fnv.New64a()
	claim.Write([]byte(q.StampURI))
	tx.After(s.work.pokeJobs)
	return tx.AddJobOnce("quote", fmt.Sprintf("quote:%d:%x:%s", j.Post, claim.Sum64(), q.QuotedURI), payload, time.Time{})
}

// runQuote is the job "quote": it finds the quoted post and checks the consent to
// the quote, both at the quoted author's own server.
func (s *Service) runQuote(ctx context.Context, payload []byte) error {
	var j quoteJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	var p store.Post
	var q store.Quote
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if p, err = tx.Post(j.Post); err != nil {
			return err
		}
		q, err = tx.Quote(j.Post)
		return err
	})
	if err != nil || q.State == store.QuoteRevoked || q.State == store.QuoteAccepted && q.QuotedID != 0 && !j.Again {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	quoted, err := s.fetchQuoted(ctx, q.QuotedURI, j.Depth+1)
	if err != nil {
		return err
	}
	author, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(quoted.ActorID) })
	if err != nil {
		return err
	}
	allowed := quoted.ActorID == p.ActorID // FEP-044f: nobody needs consent for their own
	if !allowed && (q.State == store.QuotePending || j.Again) && q.StampURI != "" && !quoted.Own() {
		err := s.verifyStamp(ctx, q.StampURI, p.URI, quoted.URI, author.URI)
		if j.Again && err != nil && !passing(err) {
			return s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return s.consentLost(tx, q) })
		}
		if err != nil {
			return err
		}
		allowed = true
	}
	return s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return s.settleQuote(tx, p, q, quoted, allowed) })
}

// fetchQuoted finds a quoted post: here, else at its own server, within what third
// parties may name (T31). What it quotes itself is followed up to quoteDepth (T30).
func (s *Service) fetchQuoted(ctx context.Context, uri string, depth int) (store.Post, error) {
	if err := s.notBlocked(ctx, uri); err != nil { // T19
		return store.Post{}, err
	}
	p, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return tx.PostByURI(uri) })
	if !errors.Is(err, store.ErrNotFound) || s.origin.Owns(uri) {
		return p, err
	}
	if ok, err := s.mayContact(ctx, ap.Host(uri)); err != nil || !ok {
		return p, errors.Join(err, store.ErrNotFound)
	}
	note, author, err := s.fetchNote(ctx, uri)
	if err != nil {
		return p, err
	}
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		return s.storeWithQuote(tx, note, author, depth)
	})
}

// verifyStamp fetches the consent to a quote from the server of the quoted author,
// the only one that can give it (T17): it must speak of this very quote. What the
// quoting server sends along counts for nothing.
func (s *Service) verifyStamp(ctx context.Context, stamp, quoting, quoted, author string) error {
	if !ap.SameOrigin(stamp, author) || !ap.SameOrigin(stamp, quoted) {
		return fmt.Errorf("%w: %s consents for %s", errForeign, printable(stamp, 200), author)
	}
	obj, err := s.fetchObject(ctx, stamp)
	if err != nil {
		return err
	}
	by := obj.IDs("attributedTo")
	if obj.ID() != stamp || obj.Type() != "QuoteAuthorization" || len(by) != 1 || by[0] != author ||
		obj.FirstID("interactingObject") != quoting || obj.FirstID("interactionTarget") != quoted {
		return fmt.Errorf("%w: %s is no consent to this quote", errForeign, printable(stamp, 200))
	}
	return nil
}

// settleQuote stores what was found out, unless the quote changed meanwhile. The
// holders of an own post get the stamp that they too will ask for.
func (s *Service) settleQuote(tx *store.Tx, p store.Post, asked store.Quote, quoted store.Post, allowed bool) error {
	q, err := tx.Quote(p.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil || q.StampURI != asked.StampURI || q.QuotedURI != asked.QuotedURI || q.State == store.QuoteRevoked {
		return err
	}
	before := q.State
	q.QuotedID = quoted.ID
	if allowed {
		q.State = store.QuoteAccepted
	}
	if err := tx.SaveQuote(&q); err != nil {
		return err
	}
	if p.Own() && allowed && before != store.QuoteAccepted {
		return s.sendUpdate(tx, p)
	}
	s.emit(tx, EventEdit, p.ID)
	return nil
}

// consentLost ends a quote whose stamp is not there any more, or says something else.
func (s *Service) consentLost(tx *store.Tx, asked store.Quote) error {
	q, err := tx.Quote(asked.PostID)
	if errors.Is(err, store.ErrNotFound) || err == nil && (q.StampURI != asked.StampURI || q.State != store.QuoteAccepted) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.endQuote(tx, q, store.QuoteRevoked)
}

// stampDeleted takes the Delete of a stamp by the author who had given it: the
// quote is shown no more (FEP-044f). The holders of an own quote are told.
func (s *Service) stampDeleted(tx *store.Tx, stamp string, by store.Actor) error {
	list, err := tx.QuotesByStamp(stamp)
	if err != nil {
		return err
	}
	for _, q := range list {
		ok, err := quotedAuthor(tx, q, by)
		if err != nil {
			return err
		}
		if !ok || q.State == store.QuoteRevoked || q.State == store.QuoteLegacy {
			continue
		}
		if err := s.endQuote(tx, q, store.QuoteRevoked); err != nil {
			return err
		}
	}
	return nil
}

// quotedAuthor says whether somebody wrote what is quoted. If that is not here,
// they must at least live where it lies.
func quotedAuthor(tx *store.Tx, q store.Quote, a store.Actor) (bool, error) {
	if q.QuotedID == 0 {
		return ap.SameOrigin(q.QuotedURI, a.URI), nil
	}
	quoted, err := tx.Post(q.QuotedID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && quoted.ActorID == a.ID, err
}

// endQuote marks a quote as refused or revoked and tells whoever shows it.
func (s *Service) endQuote(tx *store.Tx, q store.Quote, state store.QuoteState) error {
	q.State = state
	if err := tx.SaveQuote(&q); err != nil {
		return err
	}
	p, err := tx.Post(q.PostID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if p.Own() {
		return s.sendUpdate(tx, p)
	}
	s.emit(tx, EventEdit, p.ID)
	return nil
}
