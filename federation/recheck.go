package federation

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

// goneAfter is for how long an actor must answer 404 before it counts as gone;
// 410 counts at once.
const goneAfter = 7 * 24 * time.Hour

// absentAgain is when an actor that answered 404 is asked for again.
const absentAgain = 24 * time.Hour

// wantRecheck queues a look at the people behind an inbox that says it does not
// exist: perhaps they left.
func (s *Service) wantRecheck(tx *store.Tx, in store.Inbox) error {
	return tx.AddJobOnce("recheck", idKey("recheck", in.ID), []byte(in.URL), s.now().Add(time.Minute))
}

// recheckActors asks for each actor behind an inbox whether it is still there.
// The payload is the inbox, or after a first 404 the actor and when that was.
func (s *Service) recheckActors(ctx context.Context, payload []byte) error {
	if uri, at, ok := strings.Cut(string(payload), "\n"); ok {
		since, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
		}
		a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(uri) })
		if err != nil {
			return err
		}
		return s.recheck(ctx, a, since, false)
	}
	actors, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.Actor, error) { return tx.FollowersAt(string(payload), 20) })
	if err != nil {
		return err
	}
	for _, a := range actors {
		if err := s.recheck(ctx, a, s.now(), true); err != nil {
			return err
		}
	}
	return nil
}

// recheck asks for one actor. A 404 has to last for a week before it is
// believed: servers that lost their way answer so too.
func (s *Service) recheck(ctx context.Context, a store.Actor, since time.Time, first bool) error {
	_, err := s.refreshActor(ctx, a.URI)
	if err == nil || !isGone(err) {
		return nil // it is there, or does not say; the next refused delivery asks again
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if goneForGood(err) || s.now().Sub(since) >= goneAfter {
			return s.actorGone(tx, a)
		}
		add := tx.AddJob // beside the one that runs, which is still in the queue under the same key
		if first {
			add = tx.AddJobOnce
		}
		return add("recheck", idKey("absent", a.ID), []byte(a.URI+"\n"+since.UTC().Format(time.RFC3339)), s.now().Add(absentAgain))
	})
}
