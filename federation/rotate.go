package federation

import (
	"context"
	"errors"
	"fmt"

	"dassie/store"
	"dassie/web/reply"
)

// RotateKeys gives the owner new signing keys, RSA and Ed25519, and the instance
// actor a new one (DECISIONS 42). Followers' servers get the profile with the new
// keys, signed with the old one. That goes on signing for each server until it
// took the profile or answered 401, for a week at most, and as long it stays
// listed in assertionMethod. The instance actor's key changes at once: it signs
// nothing that waits, its document is served to everybody, and a new key id
// makes a server look there.
func (s *Service) RotateKeys(ctx context.Context) error {
	keys, err := store.DrawKeys(s.me)
	if err != nil {
		return fmt.Errorf("rotate keys: %w", err)
	}
	before := s.signers()
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		if err := tx.RotateKeys(keys); err != nil {
			return err
		}
		own, err := readSigners(tx)
		if err != nil {
			return err
		}
		s.own.Store(own) // the profile that is told has the new keys
		if err := tx.LogSecurity("keys", "rotated", ""); err != nil {
			return err
		}
		return s.announceProfile(tx)
	})
	if err != nil {
		s.own.Store(before)
		if errors.Is(err, store.ErrRotating) {
			return reply.Errorf(reply.Conflict, "the keys were changed on %s; they can be changed again a week after that",
				before.rotated.Format("2006-01-02 15:04 UTC"))
		}
		return fmt.Errorf("rotate keys: %w", err)
	}
	return s.Reload(ctx)
}

// RotateCommand is RotateKeys from the command line, with or without a server
// beside it, which then sends what is queued. Errors are those of RotateKeys, or
// store.ErrNoAccount.
func RotateCommand(ctx context.Context, st *store.Store, version string) error {
	id, err := store.Get(ctx, st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil {
		return err
	}
	s, err := New(ctx, Config{Store: st, Identity: id, Version: version}) // it asks nobody, so it needs neither pictures nor the network
	if err != nil {
		return err
	}
	return s.RotateKeys(ctx)
}

// rotationTold notes, while keys rotate, that a server took the profile with the
// new key.
func (s *Service) rotationTold(tx *store.Tx, in store.Inbox, o store.Outgoing) error {
	own := s.signers()
	if o.Kind != "Update" || o.PostID != 0 || !own.rotating(s.now()) || o.At.Before(own.rotated) {
		return nil
	}
	tx.After(func() { s.signers().tell(in.HostID) })
	return tx.TellRotation(in.HostID)
}

// knowsNewKey notes that a server answered 401 to the old key: it has looked at
// the profile already.
func (s *Service) knowsNewKey(ctx context.Context, hostID int64) {
	s.signers().tell(hostID)
	err := s.store.WriteGrouped(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.TellRotation(hostID) })
	if err != nil {
		s.log.Warn("cannot note that a server knows the new key", "error", err) // its next 401 says so again
	}
}
