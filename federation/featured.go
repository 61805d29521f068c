package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

const (
	maxOwnPins   = 5  // DECISIONS 35
	maxOtherPins = 20 // of one person elsewhere
)

// onAdd pins a post on its author's profile: only the author's own, in the
// author's own featured collection. An Add to a conversation is a hint that there
// is a post; one to anything else, such as the moderators of a group (PieFed,
// Lemmy), means nothing here.
func (s *Service) onAdd(tx *store.Tx, in *incoming) (outcome, error) {
	if in.act.Target != in.sender.FeaturedURI {
		return done, s.hintAdded(tx, in.act)
	}
	p, err := tx.PostByURI(in.act.ObjectID)
	if errors.Is(err, store.ErrNotFound) {
		// Its server lists it: one look there serves any number of Adds.
		tx.After(s.work.pokeJobs)
		return done, tx.AddJobOnce("pins", idKey("pins", in.sender.ID), idPayload(in.sender.ID), s.now().Add(2*time.Second))
	}
	if err != nil || p.ActorID != in.sender.ID || p.BoostOf != 0 || !p.Visibility.Open() { // T12
		return done, err
	}
	if err := tx.Pin(in.sender.ID, p.ID); err != nil {
		return done, err
	}
	return done, tx.TrimPins(in.sender.ID, maxOtherPins)
}

// onRemove takes a post off its author's profile.
func (s *Service) onRemove(tx *store.Tx, in *incoming) (outcome, error) {
	id, err := tx.PostIDByURI(in.act.ObjectID)
	if errors.Is(err, store.ErrNotFound) {
		return done, nil
	}
	if err != nil {
		return done, err
	}
	_, err = tx.Unpin(in.sender.ID, id) // of the sender's own pins only
	return done, err
}

func (s *Service) caresForAdd(tx *store.Tx, in *incoming) (bool, error) {
	if cares, err := s.caresForFeatured(tx, in); err != nil || cares {
		return cares, err
	}
	return s.caresForAdded(tx, in.act)
}

// caresForFeatured: the target is the sender's own featured collection as it is
// stored here, and the post lies on the sender's server.
func (s *Service) caresForFeatured(tx *store.Tx, in *incoming) (bool, error) {
	if in.sender.FeaturedURI == "" || in.act.Target != in.sender.FeaturedURI || !ap.SameOrigin(in.act.ObjectID, in.sender.URI) {
		return false, nil
	}
	if o := in.act.Object; o != nil && o.Type() != "" && !ap.IsPostType(o.Type()) {
		return false, nil // a featured hashtag
	}
	known, err := postKnown(tx, in.act.ObjectID)
	if err != nil || known || in.act.Type == "Remove" {
		return known, err
	}
	return follows(tx, in.sender.ID), nil
}

// fetchPins is the job "pins": it reads somebody's featured collection at their
// server. The payload is the actor's id.
func (s *Service) fetchPins(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(id) })
	if err != nil || a.FeaturedURI == "" || !a.GoneAt.IsZero() {
		return err
	}
	if err := s.actorNotBlocked(ctx, a.URI); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, backfillTime)
	defer cancel()
	r := &postReader{s: s, author: a, tries: backfillPins}
	pins, _, err := r.read(ctx, a.FeaturedURI, backfillPins)
	if err != nil {
		return err
	}
	return s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		return s.storeFound(tx, a, pins, nil, true)
	})
}

// Pin puts an own post on top of the profile, and tells the followers' servers.
func (s *Service) Pin(ctx context.Context, postID int64) (store.Post, error) {
	return s.feature(ctx, "Add", postID)
}

// Unpin takes it off.
func (s *Service) Unpin(ctx context.Context, postID int64) (store.Post, error) {
	return s.feature(ctx, "Remove", postID)
}

func (s *Service) feature(ctx context.Context, kind string, postID int64) (store.Post, error) {
	p, err := store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		p, err := tx.Post(postID)
		if errors.Is(err, store.ErrNotFound) {
			return p, reply.Errorf(reply.NotFound, "There is no such post.")
		}
		if err != nil {
			return p, err
		}
		if !p.Own() || p.BoostOf != 0 {
			return p, reply.Errorf(reply.Unprocessable, "Only posts that you wrote can be pinned.")
		}
		if kind == "Remove" {
			was, err := tx.Unpin(store.OwnerID, p.ID)
			if err != nil || !was {
				return p, err
			}
			return p, s.sendRemove(tx, p)
		}
		return p, s.pin(tx, p)
	})
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("pin or unpin post %d: %w", postID, err)
	}
	return p, err
}

func (s *Service) pin(tx *store.Tx, p store.Post) error {
	if !p.Visibility.Open() {
		return reply.Errorf(reply.Unprocessable, "Only posts that everyone may read can be pinned: the profile shows them to everyone.")
	}
	if pinned, err := tx.IsPinned(store.OwnerID, p.ID); err != nil || pinned {
		return err
	}
	n, err := tx.CountPins(store.OwnerID)
	if err != nil {
		return err
	}
	if n >= maxOwnPins {
		return reply.Errorf(reply.Unprocessable, "%d posts are pinned, which is the most there can be. Unpin one first.", n)
	}
	if err := tx.Pin(store.OwnerID, p.ID); err != nil {
		return err
	}
	s.emit(tx, EventProfile, 0)
	m, to, err := s.featuring(tx, "Add", p)
	if err != nil {
		return err
	}
	return s.send(tx, "Add", 0, m, to)
}

func (s *Service) sendRemove(tx *store.Tx, p store.Post) error {
	s.emit(tx, EventProfile, 0)
	m, to, err := s.featuring(tx, "Remove", p)
	if err != nil {
		return err
	}
	return s.send(tx, "Remove", 0, m, to)
}

// featuring is the Add or Remove of a pin, and whom it goes to.
func (s *Service) featuring(tx *store.Tx, kind string, p store.Post) (*ap.Message, []store.InboxTarget, error) {
	to, err := tx.FollowerInboxes()
	if err != nil {
		return nil, nil, err
	}
	if to, err = unblocked(tx, to); err != nil {
		return nil, nil, err
	}
	m := ap.NewActivity(kind, s.newActivityID(), s.actorURI, p.URI, []string{ap.Public}, []string{s.followersURI()}, s.now())
	m.Target = s.actorURI + "/featured"
	return m, to, nil
}
