package federation

import (
	"context"
	"encoding/hex"
	"errors"

	"dassie/federation/ap"
	"dassie/store"
)

// verb applies one kind of activity inside a transaction: without the network,
// and only as far as its sender may.
type verb func(s *Service, tx *store.Tx, in *incoming) (outcome, error)

// verbs is the table of everything that has an effect on arrival. What is not
// in it is answered 202 and forgotten.
var verbs = map[string]verb{
	"Accept": (*Service).onAccept,
	"Create": (*Service).onCreate,
	"Delete": (*Service).onDelete,
	"Follow": (*Service).onFollow,
	"Reject": (*Service).onReject,
	"Undo":   (*Service).onUndo,
	"Update": (*Service).onUpdate,
}

// apply calls an activity's verb, but only once for one signed request: a
// replay has no effect for a week, also after a restart. Posts remember what was
// created, changed and deleted by themselves.
func (s *Service) apply(tx *store.Tx, in *incoming) (outcome, error) {
	switch in.act.Type {
	case "Create", "Update", "Delete":
	default:
		if seen, err := tx.Seen("signature " + hex.EncodeToString(in.proof)); err != nil || seen {
			return done, err
		}
	}
	return verbs[in.act.Type](s, tx, in)
}

// cares says whether an activity of a stored actor can have any effect here, so
// that what nobody wants costs no write. It may say yes too often, never no.
func (s *Service) cares(tx *store.Tx, in *incoming) (bool, error) {
	switch in.act.Type {
	case "Create":
		return s.caresForPost(tx, in.act, in.sender)
	case "Update":
		if in.act.Object != nil && ap.IsActorType(in.act.Object.Type()) {
			return in.act.ObjectID == in.sender.URI, nil
		}
		known, err := postKnown(tx, in.act.ObjectID)
		if err != nil || known {
			return known, err
		}
		return s.caresForPost(tx, in.act, in.sender)
	case "Delete":
		// An unknown post's Delete is remembered only if we would have taken its Create.
		if in.act.ObjectID == in.sender.URI {
			return true, nil
		}
		known, err := postKnown(tx, in.act.ObjectID)
		if err != nil || known {
			return known, err
		}
		return tx.Follows(in.sender.ID)
	case "Follow":
		return in.act.ObjectID == s.actorURI, nil
	}
	return true, nil
}

func postKnown(tx *store.Tx, uri string) (bool, error) {
	_, err := tx.PostIDByURI(uri)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// wantedFromStranger is cares for an actor who is not stored yet.
func (s *Service) wantedFromStranger(ctx context.Context, act *ap.Activity) (bool, error) {
	switch act.Type {
	case "Follow":
		return act.ObjectID == s.actorURI, nil
	case "Create":
		return store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) {
			return s.caresForPost(tx, act, store.Actor{})
		})
	}
	return false, nil
}

// caresForPost: a post is kept only if its author is followed, it is for the
// owner, or it answers a kept post.
func (s *Service) caresForPost(tx *store.Tx, act *ap.Activity, author store.Actor) (bool, error) {
	for _, list := range [][]string{act.To, act.CC} {
		for _, id := range list {
			if id == s.actorURI {
				return true, nil
			}
		}
	}
	if act.Object == nil {
		// Only its id came: without a follow nothing says that it is for us.
		return author.ID != 0 && follows(tx, author.ID), nil
	}
	for _, key := range []string{"to", "cc"} {
		for _, id := range act.Object.IDs(key) {
			if id == s.actorURI {
				return true, nil
			}
		}
	}
	for _, tag := range act.Object.Objs("tag") {
		if tag.Type() == "Mention" && tag.Str("href") == s.actorURI {
			return true, nil
		}
	}
	if author.ID != 0 && follows(tx, author.ID) {
		return true, nil
	}
	parent := act.Object.FirstID("inReplyTo")
	if parent == "" {
		return false, nil
	}
	return postKnown(tx, parent)
}

// follows treats a failed look-up as yes: the verb itself will then fail with
// the error and nothing is lost.
func follows(tx *store.Tx, actorID int64) bool {
	yes, err := tx.Follows(actorID)
	return yes || err != nil
}
