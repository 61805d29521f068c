package federation

import (
	"context"
	"errors"
	"time"

	"dassie/store"
)

// goneAfter is for how long an actor must answer 404 before it counts as gone;
// 410 counts at once.
const goneAfter = 7 * 24 * time.Hour

// wantRecheck queues a look at the people behind an inbox that says it does not
// exist: perhaps they left.
func (s *Service) wantRecheck(tx *store.Tx, in store.Inbox) error {
	return tx.AddJobOnce("recheck", idKey("recheck", in.ID), []byte(in.URL), s.now().Add(time.Minute))
}

// recheckActors asks for each actor behind an inbox whether it is still there.
func (s *Service) recheckActors(ctx context.Context, payload []byte) error {
	actors, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.Actor, error) { return tx.FollowersAt(string(payload), 20) })
	if err != nil {
		return err
	}
	for _, a := range actors {
		_, err := s.refreshActor(ctx, a.URI)
		if err == nil || !isGone(err) {
			continue
		}
		if !goneForGood(err) && s.now().Sub(a.FetchedAt) < goneAfter {
			continue
		}
		err = s.store.Write(ctx, func(tx *store.Tx) error { return s.actorGone(tx, a) })
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}
