package federation

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

// addedTo reads an Add of a post to a conversation (FEP-171b): the post's id, what
// it answers, and the conversation. The added may be an activity around the post.
func addedTo(act *ap.Activity) (id, parent, conversation string) {
	o := act.Object
	if o == nil {
		return "", "", ""
	}
	if ap.IsActivityType(o.Type()) {
		inner, ok := o.Obj("object")
		if !ok || o.Type() != "Create" {
			return "", "", ""
		}
		o = inner
	}
	return o.ID(), o.FirstID("inReplyTo"), act.Target
}

// caresForAdded: an Add to a conversation is a hint if its owner's server is the
// conversation's, the post is new here, and what it answers is known here and of
// that very conversation.
func (s *Service) caresForAdded(tx *store.Tx, act *ap.Activity) (bool, error) {
	id, parent, conversation := addedTo(act)
	if parent == "" || !ap.SameOrigin(conversation, act.Actor) || s.origin.Owns(id) {
		return false, nil
	}
	if known, err := postKnown(tx, id); err != nil || known {
		return false, err
	}
	p, err := tx.PostByURI(parent)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && p.Extra.Context == conversation, err
}

// hintAdded queues the fetching of a post that was added to a known conversation,
// from its own server: nothing that the Add says of it is believed.
func (s *Service) hintAdded(tx *store.Tx, act *ap.Activity) error {
	cares, err := s.caresForAdded(tx, act)
	if err != nil || !cares {
		return err
	}
	id, _, _ := addedTo(act)
	payload, err := json.Marshal(id)
	if err != nil {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJobOnce("hinted", "hinted:"+id, payload, time.Time{})
}

// fetchHinted is the job "hinted": one post of a conversation, if it answers one
// that is here. The payload is its id.
func (s *Service) fetchHinted(ctx context.Context, payload []byte) error {
	var uri string
	if err := json.Unmarshal(payload, &uri); err != nil {
		return nil // trying again would not make it readable
	}
	if err := s.mayAsk(ctx, ap.Host(uri)); errors.Is(err, errOverBudget) {
		return nil // a hint is not worth more
	} else if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	note, err := s.fetchOpenNote(ctx, uri)
	if err != nil {
		return err
	}
	known, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return postKnown(tx, note.InReplyTo) })
	if err != nil || !known {
		return err
	}
	author, err := s.talker(ctx, note.AttributedTo)
	if err != nil {
		return err
	}
	return s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		_, _, err := s.storeNote(tx, note, author)
		if errors.Is(err, store.ErrNotFound) {
			return nil // deleted lately
		}
		return err
	})
}
