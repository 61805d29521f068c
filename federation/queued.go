package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"dassie/federation/ap"
	"dassie/store"
)

// runInbox applies a queued activity: fetches what it needs first, then calls
// the same verb as the fast path.
func (s *Service) runInbox(ctx context.Context, payload []byte) error {
	var j inboxJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	act, err := readActivity(j.Raw)
	if err != nil {
		return err
	}
	if j.Refer {
		return s.refer(ctx, act)
	}
	if err := s.notBlocked(ctx, j.Sender); err != nil {
		return err // blocked while it waited
	}
	sender, err := s.storedSender(ctx, j)
	if err != nil {
		return err
	}
	in := &incoming{act: act, sender: sender, raw: j.Raw, proof: j.Proof}
	if err := s.resolve(ctx, in); err != nil {
		return err
	}
	if verbs[act.Type] == nil {
		return nil
	}
	cares, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return s.cares(tx, in) })
	if err != nil || !cares {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if err := s.noteHost(tx, sender.HostID); err != nil {
			return err
		}
		_, err := s.apply(tx, in)
		return err
	})
}

// storedSender is the stored actor of a queued activity; what came with the key
// when it arrived is used if it is still in memory, which spares a fetch.
func (s *Service) storedSender(ctx context.Context, j inboxJob) (store.Actor, error) {
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(j.Sender) })
	if !errors.Is(err, store.ErrNotFound) {
		return a, err
	}
	if j.Doc != nil && j.Doc.ID == j.Sender {
		return s.saveActor(ctx, j.Doc)
	}
	return s.fetchActor(ctx, j.Sender)
}

// resolve fetches what an activity names only by id. What is fetched must obey
// the same origin rules as what is embedded.
func (s *Service) resolve(ctx context.Context, in *incoming) error {
	if in.act.Object != nil || in.act.ObjectID == "" {
		return nil
	}
	switch in.act.Type {
	case "Create":
		obj, err := s.fetchObject(ctx, in.act.ObjectID)
		if err != nil {
			return err
		}
		if err := checkAuthor(obj, in.act.Actor); err != nil {
			return err
		}
		in.act.Object = obj
	case "Update":
		return s.resolveUpdate(ctx, in.act)
	}
	return nil
}
