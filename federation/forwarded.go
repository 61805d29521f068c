package federation

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"dassie/federation/ap"
	"dassie/federation/httpsig"
	"dassie/store"
)

// referable are the kinds of activity that count when somebody else passes them on.
var referable = map[string]bool{"Create": true, "Delete": true, "Update": true}

// acceptForwarded takes an activity that its signer only passes on. Its body
// proves nothing (linked-data signatures have been fooled too often): it is a
// hint to ask the object's own server, worth a job only if the thread is known or a
// followed hashtag is in it, one per object at a time, and within what third parties may name (T31).
func (s *Service) acceptForwarded(ctx context.Context, act *ap.Activity, k *signer, body []byte) error {
	if !referable[act.Type] || act.ObjectID == "" || k.actorID == 0 || s.origin.Owns(act.ObjectID) {
		return nil
	}
	wanted, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) {
		uri := act.ObjectID
		if act.Type == "Create" && act.Object != nil {
			if bears, err := s.bearsFollowed(tx, act); err != nil || bears {
				return bears, err
			}
			uri = act.Object.FirstID("inReplyTo")
		}
		return postKnown(tx, uri)
	})
	if err != nil || !wanted {
		return err
	}
	if ok, err := s.mayContact(ctx, ap.Host(act.ObjectID)); err != nil || !ok {
		return err
	}
	payload, err := json.Marshal(inboxJob{Raw: body, Sender: k.actorURI, Refer: true})
	if err != nil {
		return err
	}
	// A key of its own: under an actor's id it would hold up what that actor sends.
	return s.store.WriteGrouped(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		tx.After(s.work.pokeJobs)
		return tx.AddJobOnce("inbox", "refer:"+act.Type+":"+act.ObjectID, payload, time.Time{})
	})
}

// refer follows the hint of a forwarded activity at the object's own server.
func (s *Service) refer(ctx context.Context, act *ap.Activity) error {
	switch act.Type {
	case "Delete":
		return s.confirmDeleted(ctx, act.ObjectID)
	case "Create":
		_, err := s.fetchPost(ctx, act.ObjectID)
		return err
	case "Update":
		return s.refreshPost(ctx, act.ObjectID)
	}
	return nil
}

// refreshPost reads a stored post anew from its own server.
func (s *Service) refreshPost(ctx context.Context, uri string) error {
	return s.refreshPostAs(ctx, uri, s.signers().instance)
}

// refreshPostAs is refreshPost with a choice of who signs.
func (s *Service) refreshPostAs(ctx context.Context, uri string, as httpsig.Signer) error {
	obj, err := s.fetchObjectAs(ctx, uri, as)
	if err != nil {
		return err
	}
	note, err := s.noteFrom(obj)
	if err != nil {
		return err
	}
	author, err := s.fetchActor(ctx, note.AttributedTo)
	if err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if known, err := postKnown(tx, note.ID); err != nil || !known {
			return err
		}
		return s.updateNote(tx, note, author)
	})
}

// confirmDeleted removes a post whose deletion was forwarded, if its own server
// says that it is gone. A 404 says so only of what everybody could read: what is
// private is answered 404 to whoever may not see it, us asking for the hint's
// sake included, and anybody could have it deleted here by a false hint (T12).
func (s *Service) confirmDeleted(ctx context.Context, uri string) error {
	_, fetched := s.fetchObject(ctx, uri)
	if fetched == nil || !isGone(fetched) {
		return fetched
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.PostByURI(uri)
		if errors.Is(err, store.ErrNotFound) || err == nil && p.Own() {
			return nil
		}
		if err != nil || !goneForGood(fetched) && !p.Visibility.Open() {
			return err
		}
		return s.forgetPost(tx, p)
	})
}
