package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/federation/ap"
	"dassie/federation/httpsig"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/web/reply"
)

// errBlocked is returned for anything on a server that the owner blocked, and for
// what somebody sends or wrote whom the owner blocked.
var errBlocked = errors.New("the owner blocked this")

// fetchObject fetches a document by its id, signed by the instance actor.
func (s *Service) fetchObject(ctx context.Context, uri string) (ap.Object, error) {
	return s.fetchObjectAs(ctx, uri, s.signers().instance)
}

// fetchObjectAs is fetchObject with a choice of who signs. The document must
// carry the id under which it was fetched, or be fetched once more from the id it
// carries and then say the same (T11).
func (s *Service) fetchObjectAs(ctx context.Context, uri string, as httpsig.Signer) (ap.Object, error) {
	for range 2 {
		if err := s.notBlocked(ctx, uri); err != nil {
			return nil, err
		}
		doc, err := s.getObject(ctx, uri, as)
		if err != nil {
			return nil, fmt.Errorf("fetch %s: %w", uri, err)
		}
		obj, err := ap.Parse(doc.Body)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", uri, err)
		}
		id := obj.ID()
		if id == doc.URL || id == uri && ap.SameOrigin(doc.URL, uri) {
			return obj, nil
		}
		if !ap.SameOrigin(id, doc.URL) {
			return nil, fmt.Errorf("%w: the document at %s calls itself %s", errForeign, doc.URL, printable(id, 200))
		}
		uri = id
	}
	return nil, fmt.Errorf("%w: %s does not stand by its own id", errForeign, uri)
}

// fetchCollection fetches a collection or a page of one, and says where it came
// from, which is on the host that was asked. Its id is not compared: several servers
// write pages without one (WordPress conversations too), and each item is judged
// for itself.
func (s *Service) fetchCollection(ctx context.Context, uri string) (*ap.Collection, string, error) {
	if err := s.notBlocked(ctx, uri); err != nil {
		return nil, "", err
	}
	doc, err := s.getObject(ctx, uri, s.signers().instance)
	if err != nil {
		return nil, "", fmt.Errorf("fetch %s: %w", uri, err)
	}
	if !ap.SameOrigin(doc.URL, uri) {
		return nil, "", fmt.Errorf("%w: %s leads to %s", errForeign, uri, doc.URL)
	}
	obj, err := ap.Parse(doc.Body)
	if err != nil {
		return nil, "", fmt.Errorf("read %s: %w", uri, err)
	}
	c, err := ap.ReadCollection(obj)
	return c, doc.URL, err
}

func (s *Service) notBlocked(ctx context.Context, uri string) error {
	host := ap.Host(uri)
	blocked, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return tx.HostBlocked(host) })
	if err != nil {
		return err
	}
	if blocked {
		return fmt.Errorf("%w: %s", errBlocked, host)
	}
	return nil
}

// fetchPost finds a post by its id: here, else on its server, where its author
// is fetched too. It is stored, but put into no timeline.
func (s *Service) fetchPost(ctx context.Context, uri string) (store.Post, error) {
	p, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return tx.PostByURI(uri) })
	if !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	if s.origin.Owns(uri) {
		return p, store.ErrNotFound
	}
	note, author, err := s.fetchNote(ctx, uri)
	if err != nil {
		return p, err
	}
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		p, _, err := s.storeNote(tx, note, author)
		return p, err
	})
}

// fetchNote fetches a post from its own server, and its author if they are not
// stored. The post is not stored by it.
func (s *Service) fetchNote(ctx context.Context, uri string) (*ap.Note, store.Actor, error) {
	obj, err := s.fetchObject(ctx, uri)
	if err != nil {
		return nil, store.Actor{}, err
	}
	note, err := s.noteFrom(obj)
	if err != nil {
		return nil, store.Actor{}, err
	}
	author, err := s.fetchActor(ctx, note.AttributedTo)
	return note, author, err
}

// noteFrom reads a post that was fetched from its own id. A Create is unwrapped:
// some servers answer with it at the post's address.
func (s *Service) noteFrom(obj ap.Object) (*ap.Note, error) {
	if obj.Type() == "Create" {
		inner, ok := obj.Obj("object")
		if !ok || !ap.SameOrigin(inner.ID(), obj.ID()) {
			return nil, fmt.Errorf("%w: a Create without its own post", errForeign)
		}
		obj = inner
	}
	note, err := ap.ReadNote(obj)
	if err != nil {
		return nil, err
	}
	if !note.Shown() || note.IsVote() {
		return nil, fmt.Errorf("%w: a %s with nothing to show", ap.ErrShape, printable(note.Kind, 40))
	}
	if !ap.SameOrigin(note.ID, note.AttributedTo) { // FEP-fe34: id and attributedTo
		return nil, fmt.Errorf("%w: %s is attributed to %s", errForeign, note.ID, note.AttributedTo)
	}
	shape(note)
	return note, nil
}

// isGone says that a server answered for good that something is deleted.
func isGone(err error) bool {
	var status *remote.StatusError
	return errors.As(err, &status) && (status.Code == 410 || status.Code == 404)
}

// passing says whether a failed fetch may work later: only then is a job tried again.
func passing(err error) bool {
	var status *remote.StatusError
	if errors.As(err, &status) {
		return status.Code >= 500 || status.Code == 429 || status.Code == 408 || status.Code == 401
	}
	for _, final := range []error{errForeign, errBlocked, errPrivate, errSpent, ap.ErrShape, ap.ErrSyntax, remote.ErrAddress, remote.ErrOwnHost,
		remote.ErrRedirect, remote.ErrContentType, remote.ErrTooLarge, store.ErrNotFound} {
		if errors.Is(err, final) {
			return false
		}
	}
	return reply.CodeOf(err) == reply.Internal || reply.CodeOf(err) == reply.Unavailable || reply.CodeOf(err) == reply.RateLimited
}

// fetchTimeout bounds one piece of background fetching.
const fetchTimeout = 45 * time.Second

// goneForGood says that a server answered 410.
func goneForGood(err error) bool {
	var status *remote.StatusError
	return errors.As(err, &status) && status.Code == 410
}
