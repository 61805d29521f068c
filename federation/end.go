package federation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// ErrEnded is what Run returns when every server that may hold a copy was asked to
// delete it, or for a week did not answer: the account can be wiped.
var ErrEnded = errors.New("the account is deleted")

// endPoll is how often it is looked whether all servers have answered.
const endPoll = 5 * time.Second

// lastCallTime is how long servers that never answered are waited for at most when
// they are asked for the last time.
const lastCallTime = time.Hour

// Ending says how the end of the account stands, nil while it lives. From then on
// nothing is accepted and nothing posted.
func (s *Service) Ending() *store.Farewell { return s.ending.Load() }

// ConfirmHandle says whether the owner typed the whole handle of this account. It is
// asked before a code of the second factor is used up. Errors: Unprocessable.
func (s *Service) ConfirmHandle(typed string) error {
	mine := s.origin.Handle(s.me.Name)
	if !strings.EqualFold(strings.TrimPrefix(strings.TrimSpace(typed), "@"), mine) {
		return reply.Errorf(reply.Unprocessable, "Type @%s, the whole handle of the account that is to be deleted. Nothing was deleted.", mine)
	}
	return nil
}

// DeleteAccount ends the account for good. confirm is the whole handle as the owner
// typed it; viewer the hash of the session that may watch, nil for none. Every
// server that was ever sent something, fetched something, follows or is followed
// is sent one Delete of the actor, as Mastodon sends it, for a week if need be;
// the key is kept until then. Errors: Unprocessable for another handle, Conflict
// if it has ended already.
func (s *Service) DeleteAccount(ctx context.Context, confirm string, viewer []byte) error {
	if err := s.ConfirmHandle(confirm); err != nil {
		return err
	}
	now := s.now()
	m := ap.NewActivity("Delete", s.actorURI+"#delete", s.actorURI, s.actorURI, []string{ap.Public}, nil, now)
	body, err := ap.Marshal(m)
	if err != nil {
		return fmt.Errorf("write the Delete of the account: %w", err)
	}
	d := store.Farewell{Begun: now, Until: now.Add(store.ActorDeleteLifetime), Viewer: viewer}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Farewell(); !errors.Is(err, store.ErrNotFound) {
			if err == nil {
				err = reply.Errorf(reply.Conflict, "This account is being deleted already.")
			}
			return err
		}
		if err := tx.BeginFarewell(&d, &store.Outgoing{Kind: "Delete", URI: m.ID, Payload: body, At: now, Until: d.Until}); err != nil {
			return err
		}
		return s.mailFarewell(tx, len(viewer) > 0)
	})
	if err != nil {
		return fmt.Errorf("delete the account: %w", err)
	}
	return s.Reload(ctx)
}

// DeleteCommand is DeleteAccount from the command line, with or without a server
// beside it, which then carries it out. prove is called once the handle is right.
func DeleteCommand(ctx context.Context, st *store.Store, version, confirm string, prove func() error) error {
	id, err := store.Get(ctx, st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil {
		return err
	}
	s, err := New(ctx, Config{Store: st, Identity: id, Version: version})
	if err != nil {
		return err
	}
	if err := s.ConfirmHandle(confirm); err != nil {
		return err
	}
	if err := prove(); err != nil {
		return err
	}
	return s.DeleteAccount(ctx, confirm, nil)
}

// StopAskingCommand ends the waiting for servers that did not answer, from the command
// line: the server that runs wipes at once, and one that is started does.
func StopAskingCommand(ctx context.Context, st *store.Store, version string) error {
	id, err := store.Get(ctx, st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil {
		return err
	}
	s, err := New(ctx, Config{Store: st, Identity: id, Version: version})
	if err != nil {
		return err
	}
	_, err = s.FinishDeletion(ctx, true)
	return err
}

// readEnding notes whether the account ends.
func (s *Service) readEnding(tx *store.Tx) error {
	d, err := tx.Farewell()
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the end of the account: %w", err)
	}
	if before := s.ending.Swap(&d); before == nil || before.Done.IsZero() != d.Done.IsZero() {
		s.documents.clear()
		select {
		case s.endPoke <- struct{}{}:
		default: // it will look anyway
		}
		s.work.pokeDeliveries()
	}
	return nil
}

// Told is what became of the deletion at each server so far.
func (s *Service) Told(ctx context.Context) (store.Farewell, []store.Told, error) {
	var d store.Farewell
	var list []store.Told
	err := s.store.Read(ctx, func(tx *store.Tx) (err error) {
		if d, err = tx.Farewell(); err != nil || !d.Done.IsZero() {
			list = d.Report
			return err
		}
		list, err = tx.Told(d.Outgoing)
		return err
	})
	return d, list, err
}

// FinishDeletion says whether the account can be wiped: all servers have answered,
// the time is over, or the owner does not want to wait (now). The report of each
// server is kept then.
func (s *Service) FinishDeletion(ctx context.Context, now bool) (bool, error) {
	d := s.Ending()
	if d == nil {
		return false, nil
	}
	if !d.Done.IsZero() {
		return true, nil
	}
	if !now {
		if waits, err := s.deletionWaits(ctx, d); err != nil || waits {
			return false, err
		}
	}
	done := *d
	err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
		if done.Report, err = tx.Told(d.Outgoing); err != nil {
			return err
		}
		done.Done = s.now()
		return tx.SaveFarewell(done)
	})
	if err != nil {
		return false, fmt.Errorf("end the account: %w", err)
	}
	s.ending.Store(&done)
	select {
	case s.endPoke <- struct{}{}:
	default:
	}
	return true, nil
}

// deletionWaits says whether somebody is to be told still: a server that has not
// answered, within the week and at its last call, or the owner, whose letter about
// it goes first if its server takes it.
func (s *Service) deletionWaits(ctx context.Context, d *store.Farewell) (bool, error) {
	untold, err := store.Get(ctx, s.store, func(tx *store.Tx) (int, error) { return tx.Untold(d.Outgoing) })
	now := s.now()
	switch {
	case err != nil:
		return false, err
	case untold > 0 && now.Before(d.Until):
		return true, nil
	case untold > 0:
		return s.lastCall(ctx, d)
	case now.Before(d.Begun.Add(time.Minute)):
		return s.lettersWait(ctx)
	}
	return false, nil
}

// lastCall asks all once more that have not answered when their time is over, as
// the machine may have been off for most of it. False once there was time for that.
func (s *Service) lastCall(ctx context.Context, d *store.Farewell) (bool, error) {
	now := s.now()
	if at := s.called.Load(); at != nil {
		return now.Before(at.Add(lastCallTime)), nil
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		tx.After(s.work.pokeDeliveries)
		return tx.LastCall(d.Outgoing)
	})
	if err == nil {
		s.called.Store(&now)
	}
	return true, err
}

// beginAsking gives servers a week from now on if none was asked yet: the account
// may have been closed by a command long before a server ran.
func (s *Service) beginAsking(ctx context.Context) error {
	d := s.Ending()
	if !d.Done.IsZero() || s.now().Before(d.Begun.Add(time.Hour)) {
		return nil
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		asked, err := tx.Asked(d.Outgoing)
		if err != nil || asked {
			return err
		}
		return tx.PutOffFarewell(*d, s.now().Add(store.ActorDeleteLifetime))
	})
	if err != nil {
		return fmt.Errorf("begin to ask servers: %w", err)
	}
	return s.Reload(ctx)
}

// endLoop waits until the account can be wiped; false if ctx ended first.
func (s *Service) endLoop(ctx context.Context) bool {
	said := ""
	for ctx.Err() == nil {
		var again <-chan time.Time
		if s.Ending() != nil {
			done, err := s.FinishDeletion(ctx, false)
			if d, told, e := s.Told(ctx); e == nil {
				said = s.logEnd(NewEndReport(s.me, d, told), said)
			}
			if done {
				return true
			}
			if err != nil && ctx.Err() == nil {
				s.log.Error("cannot look how far the deletion is", "error", err)
			}
			again = time.After(endPoll)
		}
		select {
		case <-ctx.Done():
		case <-s.endPoke:
		case <-again:
		}
	}
	return false
}
