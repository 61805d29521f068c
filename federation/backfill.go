package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

const (
	backfillPosts = 20        // posts taken from an outbox (DECISIONS 20)
	backfillPins  = 5         // pinned posts taken
	backfillPages = 10        // pages of one collection that are read (DECISIONS 38)
	backfillTries = 40        // posts fetched one by one, found or not, for one actor
	profileAge    = time.Hour // a profile that the owner opens is refreshed when it is older
	backfillTime  = 2 * time.Minute
)

// backfill is the job "backfill": pins and the last posts of an actor, so that no
// profile is empty after a follow or a look-up. The payload is the actor's id.
// Nobody is notified of what comes in this way.
func (s *Service) backfill(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(id) })
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, backfillTime)
	defer cancel()
	return s.fillPerson(ctx, a)
}

// OpenPerson makes what is known of somebody fresh when the owner opens their
// page: the profile if it is older than an hour, with pins and a page of posts,
// and these also if there are none yet. It takes at most 10 seconds; its error
// is for information, since what is stored can be shown all the same.
func (s *Service) OpenPerson(ctx context.Context, actorID int64) error {
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	var a store.Actor
	bare := false
	blocked := false
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.Actor(actorID); err != nil {
			return err
		}
		if blocked, err = Blocked(tx, a.URI); err != nil {
			return err
		}
		posts, err := tx.PostsBy(actorID, store.Page{Limit: 1})
		bare = len(posts) == 0
		return err
	})
	if err != nil || a.ID == store.OwnerID || !a.GoneAt.IsZero() || blocked {
		return err
	}
	stale := s.now().Sub(a.FetchedAt) >= profileAge
	if !stale && !bare {
		return s.wantLinks(ctx, a)
	}
	if stale {
		fresh, err := within(ctx, func() (store.Actor, error) { return s.refreshActor(ctx, a.URI) })
		if err != nil {
			return lookupError(ap.Host(a.URI), err)
		}
		a = fresh
	}
	if err := s.store.Write(ctx, func(tx *store.Tx) error {
		if err := s.wantHostInfo(tx, a.HostID); err != nil {
			return err
		}
		return s.wantSeenPictures(tx, a)
	}); err != nil {
		return err
	}
	if err := s.wantLinks(ctx, a); err != nil {
		return err
	}
	return lookupErrorOrNil(ap.Host(a.URI), s.fillPerson(ctx, a))
}

func lookupErrorOrNil(host string, err error) error {
	if err == nil {
		return nil
	}
	return lookupError(host, err)
}

// fillPerson fetches pins and the last posts of an actor. If the owner follows
// them, the posts enter the home timeline at their own dates (DECISIONS 20).
func (s *Service) fillPerson(ctx context.Context, a store.Actor) error {
	if err := s.actorNotBlocked(ctx, a.URI); err != nil || !a.GoneAt.IsZero() {
		return err
	}
	r := &postReader{s: s, author: a, tries: backfillTries}
	var pins, posts []*ap.Note
	total := int64(-1)
	pinned, problem := true, error(nil)
	if a.FeaturedURI != "" {
		if pins, _, problem = r.read(ctx, a.FeaturedURI, backfillPins); problem != nil {
			pinned = false // the pins that are known stay
		}
	}
	if a.Outbox != "" && ctx.Err() == nil {
		var err error
		if posts, total, err = r.read(ctx, a.Outbox, backfillPosts); err != nil {
			problem = err
		}
	}
	err := s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := s.storeFound(tx, a, pins, posts, pinned); err != nil {
			return err
		}
		return noteCount(tx, a.ID, func(a *store.Actor) *int { return &a.PostsCount }, total)
	})
	if err != nil {
		return fmt.Errorf("store posts of %s: %w", a.URI, err)
	}
	return problem
}

// storeFound writes fetched posts: the pins as pins, all others also into the
// home timeline of whom the owner follows, and never as arrived late.
func (s *Service) storeFound(tx *store.Tx, a store.Actor, pins, posts []*ap.Note, pinned bool) error {
	follows, err := tx.Follows(a.ID)
	if err != nil {
		return err
	}
	var ids []int64
	for i, n := range append(pins[:len(pins):len(pins)], posts...) {
		p, err := s.storeWithQuote(tx, n, a, 0)
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted lately
		}
		if err != nil {
			return err
		}
		if i < len(pins) {
			ids = append(ids, p.ID)
		} else if follows {
			if err := enterQuietly(tx, p); err != nil {
				return err
			}
			if err := s.wantCard(tx, p); err != nil {
				return err
			}
		}
	}
	if !pinned {
		return nil
	}
	return tx.SetPins(a.ID, ids)
}

// enterQuietly is enterHome for a post from before the follow: it is no news to
// anybody, and not late.
func enterQuietly(tx *store.Tx, p store.Post) error {
	f, err := tx.Following(p.ActorID)
	if err != nil && !errors.Is(err, store.ErrNotFound) || !speaks(f, p) {
		return err
	}
	if apart, err := enterLists(tx, p); err != nil || apart {
		return err
	}
	return tx.AddHome(p.ID, false)
}

// noteCount stores a count that an actor's server told; -1 is none.
func noteCount(tx *store.Tx, actorID int64, field func(*store.Actor) *int, total int64) error {
	if total < 0 {
		return nil
	}
	a, err := tx.Actor(actorID)
	if err != nil || *field(&a) == count(total) {
		return err
	}
	*field(&a) = count(total)
	return tx.SaveActor(&a)
}

// postReader reads posts of one author out of their collections. Nothing that a
// collection says is believed beyond its own server: pages and posts elsewhere
// are passed over, and so is what others wrote.
type postReader struct {
	s      *Service
	author store.Actor
	tries  int       // posts that may still be fetched one by one
	since  time.Time // if set, reading ends at the first post from before it
}

// read takes at most limit posts from a collection, page after page, and also
// says how many it claims to hold (-1 if it does not say). Pages that lead back,
// away or on for ever end it (T29).
func (r *postReader) read(ctx context.Context, uri string, limit int) (notes []*ap.Note, total int64, err error) {
	total = -1
	seen := map[string]bool{}
	for pages := 0; uri != "" && !seen[uri] && pages < backfillPages; pages++ {
		seen[uri] = true
		c, err := r.collection(ctx, uri)
		if err != nil {
			return notes, total, err
		}
		if total < 0 {
			total = c.TotalItems
		}
		uri = c.Next
		if c.FirstPage != nil && len(c.Items) == 0 {
			c, uri = c.FirstPage, c.FirstPage.Next
		} else if len(c.Items) == 0 && uri == "" {
			uri = c.First
		}
		for _, item := range c.Items {
			if len(notes) == limit || r.old(item) {
				return notes, total, nil
			}
			if n := r.note(ctx, item); n != nil {
				if n.Published.Before(r.since) && !n.Published.IsZero() {
					return notes, total, nil
				}
				notes = append(notes, n)
			}
			if ctx.Err() != nil {
				return notes, total, ctx.Err()
			}
		}
	}
	return notes, total, nil
}

// old says of an item that tells its date that it is from before what is wanted:
// in an outbox so is all that follows (AP 5: newest first).
func (r *postReader) old(item any) bool {
	obj, ok := item.(ap.Object)
	if !ok || r.since.IsZero() {
		return false
	}
	at := obj.Time("published")
	return !at.IsZero() && at.Before(r.since)
}

// collection fetches a collection or a page of one, of the author's own server.
func (r *postReader) collection(ctx context.Context, uri string) (*ap.Collection, error) {
	if !ap.SameOrigin(uri, r.author.URI) {
		return nil, fmt.Errorf("%w: %s has a collection at %s", errForeign, r.author.URI, printable(uri, 200))
	}
	c, _, err := r.s.fetchCollection(ctx, uri)
	return c, err
}

// note reads one item: a post, the Create of one, or the id of either. Nil for
// anything else, such as a boost, or what somebody else wrote.
func (r *postReader) note(ctx context.Context, item any) *ap.Note {
	obj, ok := item.(ap.Object)
	if !ok {
		id, _ := item.(string)
		return r.fetch(ctx, id)
	}
	if ap.IsActivityType(obj.Type()) {
		if obj.Type() != "Create" || obj.FirstID("actor") != r.author.URI {
			return nil
		}
		inner, ok := obj.Obj("object")
		if !ok {
			return r.fetch(ctx, obj.FirstID("object"))
		}
		obj = inner
	}
	// It came from the author's own server: what is embedded there counts (DECISIONS 38).
	return r.accept(obj)
}

func (r *postReader) fetch(ctx context.Context, id string) *ap.Note {
	if id == "" || r.tries == 0 || !ap.SameOrigin(id, r.author.URI) {
		return nil
	}
	known, err := store.Get(ctx, r.s.store, func(tx *store.Tx) (bool, error) { return postKnown(tx, id) })
	if err != nil || known && !r.since.IsZero() {
		return nil // read again only for a profile, whose counts it brings
	}
	r.tries--
	obj, err := r.s.fetchObject(ctx, id)
	if err != nil {
		r.s.log.Debug("left out a post", "id", printable(id, 200), "error", err)
		return nil // one that cannot be had must not keep the others away
	}
	return r.accept(obj)
}

// accept holds a post to the origin rules (FEP-fe34) and leaves out what was not
// meant for everybody.
func (r *postReader) accept(obj ap.Object) *ap.Note {
	n, err := r.s.noteFrom(obj)
	if err != nil || n.AttributedTo != r.author.URI || !ap.SameOrigin(n.ID, r.author.URI) || n.IsVote() {
		return nil
	}
	if !visibilityOf(n.Visibility(r.author.FollowersURI, r.s.actorURI)).Open() {
		return nil
	}
	return n
}
