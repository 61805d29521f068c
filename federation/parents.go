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
	parentsUp   = 40               // posts fetched above one that arrived
	parentsTime = 2 * time.Minute  // for all of them
	askTime     = 15 * time.Second // for one post of a conversation and its author
)

// errPrivate is returned for a post that is not for everybody: it is not kept
// because of a conversation that it stands in.
var errPrivate = errors.New("not for everybody")

// wantParents queues the fetching of what a kept post answers, if it is not here.
func (s *Service) wantParents(tx *store.Tx, p store.Post) error {
	if p.ParentURI == "" || p.ParentID != 0 || s.origin.Owns(p.ParentURI) || !ap.IsURL(p.ParentURI) {
		return nil
	}
	tx.After(s.work.pokeJobs)
	// Many answers to one post arrive together: its address is the key.
	return tx.AddJobOnce("parents", "parents:"+p.ParentURI, idPayload(p.ID), time.Time{})
}

// fetchParents is the job "parents": what stands above a post, each from its own
// server. The payload is the post's id. Nobody is notified and nothing enters home.
func (s *Service) fetchParents(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	p, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return tx.Post(id) })
	if errors.Is(err, store.ErrNotFound) {
		return nil // deleted meanwhile
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, parentsTime)
	defer cancel()
	if _, err := s.climb(ctx, p, parentsUp); !errors.Is(err, errOverBudget) {
		return err
	}
	return nil // the owner can ask for more
}

// climb goes up from a post to the top of its thread and fetches, each from its
// own server, at most so many of the posts that are missing on the way. It
// returns the topmost post that it reached, also with an error. It is a loop, so
// that a chain without end costs its bound and no stack (T30).
func (s *Service) climb(ctx context.Context, p store.Post, limit int) (store.Post, error) {
	for range limit {
		top, err := s.topOf(ctx, p)
		if err != nil {
			return p, err
		}
		p = top
		if p.ParentID != 0 || s.origin.Owns(p.ParentURI) || !ap.IsURL(p.ParentURI) {
			return p, nil // the top, or a circle, or an answer to what is deleted here
		}
		parent, err := s.fetchTalk(ctx, p.ParentURI)
		if err != nil {
			return p, fmt.Errorf("fetch the parent of %s: %w", p.URI, err)
		}
		p = parent
	}
	return s.topOf(ctx, p)
}

// topOf is the topmost known post above one, or the post itself.
func (s *Service) topOf(ctx context.Context, p store.Post) (store.Post, error) {
	return store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return topIn(tx, p) })
}

func topIn(tx *store.Tx, p store.Post) (store.Post, error) {
	up, err := tx.Ancestors(p, contextClimb)
	if err != nil {
		return p, fmt.Errorf("read thread of post %d: %w", p.ID, err)
	}
	if len(up) > 0 {
		return up[0], nil
	}
	return p, nil
}

// fetchTalk finds a post of a conversation by its id: here, else on its own
// server. It is stored if everybody may read it, and put into no timeline.
func (s *Service) fetchTalk(ctx context.Context, uri string) (store.Post, error) {
	p, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return tx.PostByURI(uri) })
	if !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	if s.origin.Owns(uri) {
		return p, store.ErrNotFound
	}
	if err := s.mayAsk(ctx, ap.Host(uri)); err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	note, err := s.fetchOpenNote(ctx, uri)
	if err != nil {
		return p, err
	}
	author, err := s.talker(ctx, note.AttributedTo)
	if err != nil {
		return p, err
	}
	return store.Put(context.WithoutCancel(ctx), s.store, func(tx *store.Tx) (store.Post, error) {
		p, _, err := s.storeNote(tx, note, author)
		return p, err
	})
}

// fetchOpenNote fetches a post from its own id and refuses one that is not for
// everybody.
func (s *Service) fetchOpenNote(ctx context.Context, uri string) (*ap.Note, error) {
	obj, err := s.fetchObject(ctx, uri)
	if err != nil {
		return nil, err
	}
	return s.openNote(obj)
}

// openNote reads a post that proved to be of its own server.
func (s *Service) openNote(obj ap.Object) (*ap.Note, error) {
	note, err := s.noteFrom(obj)
	if err != nil {
		return nil, err
	}
	if note.IsVote() {
		return nil, fmt.Errorf("%w: a vote is not shown as a post", ap.ErrShape)
	}
	if !visibilityOf(note.Visibility("", s.actorURI)).Open() {
		return nil, fmt.Errorf("%w: %s", errPrivate, note.ID)
	}
	return note, nil
}

// talker finds the author of a post of a conversation. A further person of a
// server whose people have their handles under its own name costs one request:
// WebFinger would say the same, or not be believed.
func (s *Service) talker(ctx context.Context, uri string) (store.Actor, error) {
	var a store.Actor
	plain := false
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if a, err = tx.ActorByURI(uri); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		plain, err = tx.HandlesAtHome(ap.Host(uri))
		return err
	})
	switch {
	case err != nil || a.ID != 0:
		return a, err
	case !plain:
		return within(ctx, func() (store.Actor, error) { return s.refreshActor(ctx, uri) })
	}
	obj, err := s.fetchObject(ctx, uri)
	if err != nil {
		return a, err
	}
	doc, err := ap.ReadActor(obj)
	if err != nil {
		return a, fmt.Errorf("read actor %s: %w", uri, err)
	}
	if doc.WebFinger != "" { // it says that its handle may be another
		return s.saveActor(ctx, doc)
	}
	return store.Put(context.WithoutCancel(ctx), s.store, func(tx *store.Tx) (store.Actor, error) {
		return s.storeActor(tx, doc, doc.PreferredUsername, ap.Host(doc.ID))
	})
}
