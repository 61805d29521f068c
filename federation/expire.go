package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const (
	expiryNotice  = 24 * time.Hour // between the choice and the first post that goes
	expiryPerHour = 60             // each is a Delete to every server that may hold it
	expiryPace    = time.Minute
	expiryLook    = time.Hour // how often it is looked for posts that came of age
)

// SetExpiry chooses after which age own posts are deleted, and which stay. What
// would take more than before begins a day later; what was chosen within that day
// waits its time again. Errors: Unprocessable for an age that is not on offer.
func (s *Service) SetExpiry(ctx context.Context, e store.Expiry) error {
	wanted := e.Days
	if e.Clamp(); e.Days != wanted {
		return reply.Errorf(reply.Unprocessable, "Choose an age from the list. Nothing was changed.")
	}
	return s.changeExpiry(ctx, func(now *store.Expiry) {
		e.From, e.Paused = now.From, now.Paused
		if e.Wider(*now) {
			e.From, e.Paused = s.now().Add(expiryNotice), false
		}
		*now = e
	})
}

// PauseExpiry stops the deletion of old own posts until it is told to go on.
func (s *Service) PauseExpiry(ctx context.Context, paused bool) error {
	return s.changeExpiry(ctx, func(e *store.Expiry) { e.Paused = paused && e.Days != 0 })
}

// SpareOldPosts gives the owner a day before old posts that come in can go for their
// age, as before anything else that begins to go.
func (s *Service) SpareOldPosts(ctx context.Context) error {
	return s.changeExpiry(ctx, func(e *store.Expiry) {
		if from := s.now().Add(expiryNotice); e.Days != 0 && e.From.Before(from) {
			e.From = from
		}
	})
}

func (s *Service) changeExpiry(ctx context.Context, change func(*store.Expiry)) error {
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		before, err := tx.Settings()
		if err != nil {
			return err
		}
		set := before
		change(&set.Expiry)
		if err := saveSettings(tx, before, set); err != nil {
			return err
		}
		return s.planExpiry(tx, set.Expiry, 0, time.Time{})
	})
	if err != nil {
		return fmt.Errorf("change when own posts are deleted: %w", err)
	}
	return s.Reload(ctx)
}

// planExpiry is when it is looked next, above the post it came to; never before
// what was promised.
func (s *Service) planExpiry(tx *store.Tx, e store.Expiry, after int64, at time.Time) error {
	if err := tx.DropJobs("expiry", "expiry"); err != nil {
		return err
	}
	if e.Days == 0 || e.Paused {
		return nil
	}
	if at.Before(e.From) {
		at = e.From
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJob("expiry", "expiry", idPayload(after), at)
}

// wantExpiry makes sure that it goes on after a start.
func (s *Service) wantExpiry(ctx context.Context) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		set, err := tx.Settings()
		if err != nil {
			return err
		}
		waits, err := tx.JobWaiting("expiry")
		if err != nil || waits {
			return err
		}
		return s.planExpiry(tx, set.Expiry, 0, time.Time{})
	})
}

// expire is the job "expiry": it deletes the next own post that is too old, and
// queues itself again in the same transaction, so that the pace holds whatever
// happens between. The payload is the post it came to: what stays is not looked at
// again until all were.
func (s *Service) expire(ctx context.Context, payload []byte) error {
	after, err := payloadID(payload)
	if err != nil {
		return err
	}
	now := s.now()
	// It is looked for beside the writer: among many that stay, that takes long.
	found, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.Post, error) {
		set, err := tx.Settings()
		if err != nil {
			return nil, err
		}
		return tx.Outdated(set.Expiry, after, now, 1)
	})
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) {
			s.log.Error("cannot look for own posts that are old enough to go; it is looked again", "in", expiryLook, "error", err)
		}
		return &tryLater{fmt.Errorf("look for own posts that are old enough to go: %w", err), expiryLook}
	}
	var next store.Post
	files, err := store.Put(ctx, s.store, func(tx *store.Tx) (files []string, err error) {
		set, err := tx.Settings()
		if err != nil {
			return nil, err
		}
		if now.Before(set.Expiry.From) {
			return nil, s.planExpiry(tx, set.Expiry, after, set.Expiry.From)
		}
		done, first, err := tx.CountExpired(now.Add(-time.Hour))
		if err != nil {
			return nil, err
		}
		if done >= expiryPerHour {
			return nil, s.planExpiry(tx, set.Expiry, after, first.Add(time.Hour))
		}
		if set.Expiry.Paused {
			return nil, nil
		}
		if len(found) == 0 {
			return nil, s.planExpiry(tx, set.Expiry, 0, now.Add(expiryLook))
		}
		next, err = tx.StillOutdated(set.Expiry, found[0].ID, now)
		if errors.Is(err, store.ErrNotFound) { // it was pinned, or the like, a moment ago
			return nil, s.planExpiry(tx, set.Expiry, found[0].ID, now)
		}
		if err != nil {
			return nil, err
		}
		if files, err = s.expirePost(tx, next); err != nil {
			return nil, err
		}
		return files, s.planExpiry(tx, set.Expiry, next.ID, now.Add(expiryPace))
	})
	if err != nil && ctx.Err() == nil {
		s.log.Error("cannot delete an own post for its age; the next ones go on", "post", next.ID, "error", err)
		err = s.store.Write(ctx, func(tx *store.Tx) error {
			return s.planExpiry(tx, s.Settings().Expiry, max(after, next.ID), s.now().Add(expiryPace))
		})
	}
	if err != nil {
		return &tryLater{err, expiryPace}
	}
	s.removeUnused(ctx, files...)
	return nil
}

func (s *Service) expirePost(tx *store.Tx, p store.Post) (files []string, err error) {
	if err := tx.AddExpired(p); err != nil {
		return nil, err
	}
	if p.BoostOf != 0 {
		return nil, s.retract(tx, p)
	}
	_, files, err = s.deletePost(tx, p, false)
	return files, err
}
