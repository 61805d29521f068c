package federation

import (
	"context"
	"errors"

	"dassie/store"
)

// onDelete takes the deletion of a post by its author, or of an account by
// itself (AP 7.4), or of the consent to a quote. Unknown ids are remembered, since a Delete may overtake its
// Create.
func (s *Service) onDelete(tx *store.Tx, in *incoming) (outcome, error) {
	if in.act.ObjectID == in.sender.URI {
		return done, s.actorGone(tx, in.sender)
	}
	p, err := tx.PostByURI(in.act.ObjectID)
	if errors.Is(err, store.ErrNotFound) {
		if err := s.stampDeleted(tx, in.act.ObjectID, in.sender); err != nil {
			return done, err
		}
		return done, tx.Bury(claimed(in.sender.URI, in.act.ObjectID))
	}
	if err != nil {
		return done, err
	}
	if p.ActorID != in.sender.ID { // T12: somebody else's post on the same server
		return done, nil
	}
	return done, s.forgetPost(tx, p)
}

func (s *Service) caresForDelete(tx *store.Tx, in *incoming) (bool, error) {
	if in.act.ObjectID == in.sender.URI {
		return true, nil
	}
	known, err := postKnown(tx, in.act.ObjectID)
	if err != nil || known {
		return known, err
	}
	if quotes, err := tx.QuotesByStamp(in.act.ObjectID); err != nil || len(quotes) > 0 {
		return len(quotes) > 0, err
	}
	return tx.Follows(in.sender.ID) // an unknown post's Delete is remembered only if we would have taken its Create
}

// claimed is how an id is remembered as deleted on one actor's word alone: it
// keeps away what that actor creates later, and nobody else's.
func claimed(actorURI, objectURI string) string { return objectURI + " by " + actorURI }

// forgetPost removes another's post or boost and tells whoever shows it. The
// owner's boost of it goes too, and nobody is told: a Delete takes boosts along.
func (s *Service) forgetPost(tx *store.Tx, p store.Post) error {
	if p.BoostOf != 0 {
		if err := tx.DropNotifications("reblog", p.ActorID, p.BoostOf); err != nil {
			return err
		}
		s.countsChanged(tx, p.BoostOf)
	} else if b, err := tx.BoostBy(store.OwnerID, p.ID); err == nil {
		s.emit(tx, EventDelete, b.ID)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := tx.DeletePost(p); err != nil {
		return err
	}
	s.threadChanged(tx, p)
	s.emit(tx, EventDelete, p.ID)
	return nil
}

// actorGone removes what is known of an account that its server deleted. Their
// posts go in slices by a job, so that a busy account does not hold the writer.
func (s *Service) actorGone(tx *store.Tx, a store.Actor) error {
	if err := tx.ActorGone(a.ID); err != nil {
		return err
	}
	if err := tx.AddJobOnce("actor-posts", idKey("gone", a.ID), idPayload(a.ID), s.now()); err != nil {
		return err
	}
	tx.After(func() {
		s.keys.forget(a.URI)
		s.work.pokeJobs()
	})
	s.emit(tx, EventProfile, 0)
	return nil
}

// dropActorPosts removes the posts, boosts and likes of a deleted account in slices.
func (s *Service) dropActorPosts(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	if err := s.dropReactionsOf(ctx, id, nil); err != nil {
		return err
	}
	for {
		n, err := store.Put(ctx, s.store, func(tx *store.Tx) (int, error) {
			posts, err := tx.PostsBy(id, store.Page{Limit: 50})
			if err != nil {
				return 0, err
			}
			for _, p := range posts {
				if err := s.forgetPost(tx, p); err != nil {
					return 0, err
				}
			}
			return len(posts), nil
		})
		if err != nil || n == 0 {
			return err
		}
	}
}

// dropReactionsOf removes somebody's reactions in slices; begin, which may be nil, comes
// first in each.
func (s *Service) dropReactionsOf(ctx context.Context, actorID int64, begin func(*store.Tx) error) error {
	for {
		n, err := store.Put(ctx, s.store, func(tx *store.Tx) (int, error) {
			if begin != nil {
				if err := begin(tx); err != nil {
					return 0, err
				}
			}
			return tx.DropReactionsBy(actorID, 100)
		})
		if err != nil || n == 0 {
			return err
		}
	}
}
