package store

import (
	"context"
	"errors"
	"fmt"
)

// InitCommand makes the account in a data directory, and the database if there
// is none. It may run beside a server that waits for its set-up. The hash of
// the password is asked for only once nothing else stands in the way. Errors are those
// of Open and CreateAccount; an account that is there already is named, with
// why its domain cannot change.
func InitCommand(ctx context.Context, dir string, n NewAccount, passwordHash func() (string, error)) (Identity, error) {
	if err := n.Check(); err != nil {
		return Identity{}, err
	}
	if err := refuseSecond(ctx, dir, n); err != nil {
		return Identity{}, err
	}
	hash, err := passwordHash()
	if err != nil {
		return Identity{}, err
	}
	n.PasswordHash = hash
	s, err := Open(dir, Options{Create: true})
	if err != nil {
		return Identity{}, err
	}
	id, err := s.CreateAccount(ctx, n)
	return id, errors.Join(err, s.Close())
}

// refuseSecond looks before anything is asked or written.
func refuseSecond(ctx context.Context, dir string, n NewAccount) error {
	s, err := Open(dir, Options{})
	if errors.Is(err, ErrNoAccount) {
		return nil
	}
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Alive(ctx); err != nil && !errors.Is(err, ErrNoAccount) {
		if errors.Is(err, ErrFarewell) {
			err = fmt.Errorf("%w; its name cannot be used again: for another account give another -data directory", err)
		}
		return err
	}
	old, err := Get(ctx, s, func(tx *Tx) (Identity, error) { return tx.Identity() })
	if errors.Is(err, ErrNoAccount) {
		return nil
	}
	if err != nil {
		return err
	}
	handle := "@" + old.Origin().Handle(old.Name)
	switch {
	case old.Domain != n.Domain:
		return fmt.Errorf("%w: %s; its domain stays %s, because other servers know it by that name; for %s give another -data directory", ErrAccountExists, handle, old.Domain, n.Domain)
	case old.Host != n.Host:
		return fmt.Errorf("%w: %s; its server stays %s, because other servers know it by that name; for %s give another -data directory", ErrAccountExists, handle, old.Host, n.Host)
	}
	return fmt.Errorf("%w: %s; start it with dassie serve", ErrAccountExists, handle)
}
