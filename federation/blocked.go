package federation

import (
	"context"
	"fmt"

	"dassie/federation/ap"
	"dassie/store"
)

// errBlockedPerson is returned for what somebody wrote whom the owner blocked.
// To whoever stores posts it is what a deleted post is: one that stays away.
var errBlockedPerson = fmt.Errorf("%w: it is by somebody the owner blocked: %w", errBlocked, store.ErrNotFound)

// Blocked says whether the owner blocked an actor, or the server they are on.
// It is the one question behind T48: what they send is refused, what they ask
// for is not there, what they wrote is not stored and not shown.
func Blocked(tx *store.Tx, actorURI string) (bool, error) {
	blocked, err := tx.HostBlocked(ap.Host(actorURI))
	if err != nil || blocked {
		return blocked, err
	}
	return tx.ActorBlocked(actorURI)
}

// actorNotBlocked is an error for an actor whom the owner blocked, or whose
// server.
func (s *Service) actorNotBlocked(ctx context.Context, actorURI string) error {
	blocked, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return Blocked(tx, actorURI) })
	if err != nil {
		return err
	}
	if blocked {
		return fmt.Errorf("%w: %s", errBlocked, printable(actorURI, 200))
	}
	return nil
}

// keyBlocked says whether a key is on a blocked server, or belongs to somebody
// whom the owner blocked.
func keyBlocked(tx *store.Tx, keyID string) (bool, error) {
	blocked, err := tx.HostBlocked(ap.Host(keyID))
	if err != nil || blocked {
		return blocked, err
	}
	key, err := tx.ActorKeyByID(keyID)
	if err == store.ErrNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	_, err = tx.BlockOf(key.ActorID)
	if err == store.ErrNotFound {
		return false, nil
	}
	return err == nil, err
}
