package federation

import (
	"context"
	"errors"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

// updateAsCreate is how young a post must be for its Update to be taken as its
// Create, which then is still on its way (mastodon#36176).
const updateAsCreate = 24 * time.Hour

// onUpdate takes an edit by the author (AP 7.3). Audience, author and parent of
// a post never change by it (T13).
func (s *Service) onUpdate(tx *store.Tx, in *incoming) (outcome, error) {
	if in.act.Object == nil {
		return needsMore, nil
	}
	if ap.IsActorType(in.act.Object.Type()) {
		return s.onUpdateActor(tx, in)
	}
	note, err := s.embeddedNote(in)
	if err != nil || note == nil {
		return done, err
	}
	return done, s.updateNote(tx, note, in.sender)
}

func (s *Service) caresForUpdate(tx *store.Tx, in *incoming) (bool, error) {
	if in.act.Object != nil && ap.IsActorType(in.act.Object.Type()) {
		return in.act.ObjectID == in.sender.URI, nil
	}
	known, err := postKnown(tx, in.act.ObjectID)
	if err != nil || known {
		return known, err
	}
	return s.caresForPost(tx, in.act, in.sender)
}

func (s *Service) updateNote(tx *store.Tx, note *ap.Note, author store.Actor) error {
	before, err := tx.PostByURI(note.ID)
	if errors.Is(err, store.ErrNotFound) {
		if s.now().Sub(s.publishedAt(note)) > updateAsCreate {
			return nil
		}
		return s.takeNote(tx, note, author)
	}
	if err != nil || before.ActorID != author.ID {
		return err
	}
	p := before
	if err := s.fillPost(tx, &p, note); err != nil {
		return err
	}
	if err := tx.SetCounts(p.ID, p.Replies, p.Boosts, p.Likes); err != nil {
		return err
	}
	// Consent to a quote, and a policy, come without a new date: the text is the same.
	if work, err := s.noteQuote(tx, p, note, note.Updated.After(before.EditedAt)); err != nil {
		return err
	} else if work != nil {
		if err := s.wantQuote(tx, *work); err != nil {
			return err
		}
	}
	if err := notePolicy(tx, &before, p); err != nil {
		return err
	}
	updated := note.Updated.Truncate(time.Millisecond) // as it is stored
	switch {
	case !updated.IsZero() && updated.Before(before.EditedAt):
		return nil
	case !updated.After(before.EditedAt) || neverEdited(note, before, p):
		// No new version: poll results come without "updated", or with that of the last edit.
		return s.takeResults(tx, before, p.Extra.Poll)
	}
	p.EditedAt = updated
	if p.EditedAt.After(s.now()) {
		p.EditedAt = s.now()
	}
	if err := tx.UpdatePost(before, &p); err != nil {
		return err
	}
	if err := s.pollMoved(tx, p, before.Extra.Poll); err != nil {
		return err
	}
	if err := s.noteMentions(tx, p); err != nil {
		return err
	}
	if err := s.wantEditedCard(tx, p); err != nil {
		return err
	}
	s.emit(tx, EventEdit, p.ID)
	return s.notifyEdit(tx, p)
}

// neverEdited: some servers write the date of publication into "updated".
func neverEdited(n *ap.Note, before, p store.Post) bool {
	return before.EditedAt.IsZero() && !n.Updated.After(n.Published.Add(time.Second)) &&
		p.Content == before.Content && p.Summary == before.Summary && p.Title == before.Title && p.Extra.Poll.SameQuestion(before.Extra.Poll)
}

// onUpdateActor takes a changed profile. The document is that of the signer
// itself; its handle stays, since a new one would have to be checked first.
func (s *Service) onUpdateActor(tx *store.Tx, in *incoming) (outcome, error) {
	if in.act.ObjectID != in.sender.URI {
		return done, nil
	}
	doc, err := ap.ReadActor(in.act.Object)
	if err != nil {
		s.log.Debug("ignored a profile", "actor", in.sender.URI, "error", err)
		return done, nil
	}
	a, err := s.storeActor(tx, doc, in.sender.Username, in.sender.Domain)
	if err != nil {
		return done, err
	}
	tx.After(func() { s.keys.forget(a.URI) })
	return done, s.wantPictures(tx, a)
}

// wantPictures queues the fetching of an actor's avatar and header, if there
// is a new one.
func (s *Service) wantPictures(tx *store.Tx, a store.Actor) error {
	if a.IconURL == "" && a.ImageURL == "" {
		return nil
	}
	if err := tx.AddJobOnce("pictures", idKey("pictures", a.ID), idPayload(a.ID), time.Time{}); err != nil {
		return err
	}
	tx.After(s.work.pokeJobs)
	return nil
}

// resolveUpdate fetches what an Update names only by id.
func (s *Service) resolveUpdate(ctx context.Context, in *incoming) error {
	act := in.act
	if act.Object != nil || act.ObjectID == "" {
		return nil
	}
	obj, err := s.fetchObject(ctx, act.ObjectID)
	if err != nil {
		return err
	}
	if err := checkAuthor(obj, act.Actor); err != nil && !ap.IsActorType(obj.Type()) {
		return err
	}
	act.Object = obj
	return nil
}
