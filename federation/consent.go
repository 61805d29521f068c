package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// requests are the kinds of consent that others may ask for: what a stamp of it
// is called here, by the type of the request (FEP-044f, GoToSocial's interaction
// controls).
var requests = map[string]string{
	"QuoteRequest": "quote", "ReplyRequest": "reply", "LikeRequest": "like", "AnnounceRequest": "announce",
}

// authorizations are the types of the stamps on the wire.
var authorizations = map[string]string{
	"quote": "QuoteAuthorization", "reply": "ReplyAuthorization", "like": "LikeAuthorization", "announce": "AnnounceAuthorization",
}

// checkRequest: one asks for what one does oneself. Of the instrument only the id
// is believed, which must lie where the asker does.
func (s *Service) checkRequest(act *ap.Activity) error {
	instrument := act.Raw.FirstID("instrument")
	if act.ObjectID == "" || instrument == "" || len(instrument) > ap.MaxID {
		return reply.Errorf(reply.Invalid, "the request does not say what is asked for")
	}
	if !ap.SameOrigin(instrument, act.Actor) {
		return reply.Errorf(reply.Forbidden, "what consent is asked for lies on another server than the actor")
	}
	if o, ok := act.Raw.Obj("instrument"); ok {
		return checkAuthor(o, act.Actor)
	}
	return nil
}

func (s *Service) caresForRequest(tx *store.Tx, in *incoming) (bool, error) {
	return s.requestByStranger(tx, in.act)
}

func (s *Service) requestByStranger(tx *store.Tx, act *ap.Activity) (bool, error) {
	if !s.origin.Owns(act.ObjectID) {
		return false, nil
	}
	p, err := tx.PostByURI(act.ObjectID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && p.Own() && p.BoostOf == 0, err
}

// onRequest answers at once, as the policy of the post says: Accept with a stamp,
// or Reject. Whoever may not know of the post gets no answer (T42).
func (s *Service) onRequest(tx *store.Tx, in *incoming) (outcome, error) {
	p, err := tx.PostByURI(in.act.ObjectID)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!p.Own() || p.BoostOf != 0) {
		return done, nil
	}
	if err != nil {
		return done, err
	}
	if !p.Visibility.Open() {
		entitled, err := mayRead(tx, p.ID, in.sender)
		if err != nil || entitled == nobody || entitled == follower && p.Visibility != store.Followers {
			return done, err
		}
	}
	kind, object := requests[in.act.Type], in.act.Raw.FirstID("instrument")
	ok, err := s.consents(tx, kind, p, in.sender)
	if err != nil {
		return done, err
	}
	st, err := tx.StampFor(kind, p.ID, object)
	known := err == nil
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return done, err
	}
	if known && (!st.RevokedAt.IsZero() || st.ActorID != in.sender.ID) {
		ok = false // what was taken back is not given again
	}
	if !ok {
		return done, s.answerRequest(tx, "Reject", in, object, "")
	}
	if !known {
		// Old stamps make room for new ones: nobody may push out those of all others.
		if !s.budget.stamps.allow(registrable(ap.Host(in.sender.URI)), s.now()) {
			s.log.Debug("left out a request for consent: too many in a day", "actor", in.sender.URI)
			return done, nil
		}
		st = store.Stamp{Kind: kind, PostID: p.ID, ActorID: in.sender.ID, ObjectURI: object, RequestURI: in.act.ID}
		if err := tx.AddStamp(&st); err != nil {
			return done, err
		}
		if kind == "quote" {
			if err := s.quotedBySomebody(tx, st); err != nil {
				return done, err
			}
		}
	}
	return done, s.answerRequest(tx, "Accept", in, object, s.stampURI(st.ID))
}

// consents decides without asking the owner. Who may read a post may like and
// answer it; only what everybody may read can be boosted or quoted.
func (s *Service) consents(tx *store.Tx, kind string, p store.Post, asker store.Actor) (bool, error) {
	hidden, err := tx.HiddenActors(map[int64]store.Actor{asker.ID: asker})
	if err != nil || hidden[asker.ID] {
		return false, err
	}
	switch kind {
	case "like", "reply":
		return true, nil
	case "announce":
		return p.Visibility.Open(), nil
	}
	switch s.QuotePolicy(p) {
	case store.QuotePublic:
		return true, nil
	case store.QuoteFollowers:
		return tx.IsFollower(asker.ID)
	}
	return false, nil
}

// answerRequest sends Accept or Reject with the whole request inside.
func (s *Service) answerRequest(tx *store.Tx, kind string, in *incoming, object, stamp string) error {
	request := ap.Object{"type": in.act.Type, "actor": in.sender.URI, "object": in.act.ObjectID, "instrument": object}
	if in.act.ID != "" {
		request["id"] = in.act.ID
	}
	m := ap.NewActivity(kind, s.newActivityID(), s.actorURI, request, []string{in.sender.URI}, nil, time.Time{})
	m.Result = stamp
	return s.send(tx, kind, 0, m, inboxOf(in.sender))
}

// quotedBySomebody queues what follows from a consent to a quote: the owner hears
// of it, and sees the quoting post if it can be fetched.
func (s *Service) quotedBySomebody(tx *store.Tx, st store.Stamp) error {
	payload, err := json.Marshal(st.ID)
	if err != nil {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJobOnce("quoted", fmt.Sprintf("quoted:%d:%s", st.ID, st.ObjectURI), payload, time.Time{})
}

// runQuoted is the job "quoted": it fetches the post that quotes the owner with
// consent, from where it lies, and notifies. A post that only its own readers may
// see cannot be fetched: the notice is then about the quoted post.
func (s *Service) runQuoted(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	var st store.Stamp
	var sender store.Actor
	err = s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if st, err = tx.Stamp(id); err != nil {
			return err
		}
		sender, err = tx.Actor(st.ActorID)
		return err
	})
	if err != nil || !st.RevokedAt.IsZero() {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	note, err := s.quotingNote(ctx, st, sender)
	if err != nil && passing(err) {
		return err
	}
	return s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return s.tellQuoted(tx, st, sender, note) })
}

// quotingNote is the quoting post as its own server has it; nil if it is here.
func (s *Service) quotingNote(ctx context.Context, st store.Stamp, sender store.Actor) (*ap.Note, error) {
	known, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return postKnown(tx, st.ObjectURI) })
	if err != nil || known {
		return nil, err
	}
	obj, err := s.fetchObject(ctx, st.ObjectURI)
	if err != nil {
		return nil, err
	}
	note, err := s.noteFrom(obj)
	if err != nil {
		return nil, err
	}
	if note.ID != st.ObjectURI || note.AttributedTo != sender.URI {
		return nil, fmt.Errorf("%w: %s is not by %s", errForeign, st.ObjectURI, sender.URI)
	}
	return note, nil
}

func (s *Service) tellQuoted(tx *store.Tx, st store.Stamp, sender store.Actor, note *ap.Note) error {
	if note != nil {
		if err := s.takeNote(tx, note, sender); err != nil {
			return err
		}
	}
	about := st.PostID
	p, err := tx.PostByURI(st.ObjectURI)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil && p.ActorID == sender.ID {
		q, err := tx.Quote(p.ID)
		if errors.Is(err, store.ErrNotFound) || err == nil && q.QuotedID != st.PostID {
			return nil // consent was asked for, but it quotes something else
		}
		if err != nil {
			return err
		}
		if err := s.settleOwnQuoted(tx, p, q); err != nil {
			return err
		}
		if err := tx.KeepPost(p.ID); err != nil {
			return err
		}
		about = p.ID
	}
	s.emit(tx, EventEdit, st.PostID)
	return s.notify(tx, store.Notification{Kind: "quote", ActorID: sender.ID, PostID: about})
}

// RevokeQuote takes the owner's consent to a quote back. The quoting server and
// those that have the quoted post are told by a Delete of the stamp (FEP-044f).
func (s *Service) RevokeQuote(ctx context.Context, stampID int64) error {
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		st, err := tx.Stamp(stampID)
		if errors.Is(err, store.ErrNotFound) || err == nil && st.Kind != "quote" {
			return reply.Errorf(reply.NotFound, "You gave no such consent.")
		}
		if err != nil || !st.RevokedAt.IsZero() {
			return err
		}
		return s.revokeQuote(tx, st)
	})
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("revoke quote %d: %w", stampID, err)
	}
	return err
}

func (s *Service) revokeQuote(tx *store.Tx, st store.Stamp) error {
	if err := tx.RevokeStamp(st.ID); err != nil {
		return err
	}
	if p, err := tx.PostByURI(st.ObjectURI); err == nil {
		q, err := tx.Quote(p.ID)
		if err == nil && q.QuotedID == st.PostID {
			err = s.endQuote(tx, q, store.QuoteRevoked)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	p, err := tx.Post(st.PostID)
	if err != nil {
		return err
	}
	to, err := s.holding(tx, p)
	if err != nil {
		return err
	}
	cc := []string{}
	asker, err := tx.Actor(st.ActorID)
	if err == nil {
		to, cc = append(inboxOf(asker), to...), append(cc, asker.URI)
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	s.emit(tx, EventEdit, p.ID)
	gone := ap.Object{"id": s.stampURI(st.ID), "type": authorizations[st.Kind]}
	m := ap.NewActivity("Delete", s.newActivityID(), s.actorURI, gone, []string{ap.Public}, cc, time.Time{})
	return s.send(tx, "Delete", 0, m, to)
}
