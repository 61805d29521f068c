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
	if err := s.actorNotBlocked(ctx, j.Sender); err != nil {
		return err // blocked while it waited
	}
	sender, err := s.storedSender(ctx, j)
	if err != nil {
		return err
	}
	in := &incoming{act: act, sender: sender, raw: j.Raw, proof: j.Proof}
	if !knownVerb(act.Type) {
		return nil
	}
	if resolve := verbs[act.Type].resolve; resolve != nil {
		if err := resolve(s, ctx, in); err != nil {
			return err
		}
	}
	cares, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return s.cares(tx, in) })
	if err != nil || !cares {
		return err
	}
	s.prepare(in)
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
