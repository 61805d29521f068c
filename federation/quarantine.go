package federation

import (
	"context"
	"slices"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const (
	waveTime   = time.Hour      // strangers who write within it …
	waveOf     = 10             // … and are so many are a wave
	waveLasts  = 24 * time.Hour // how long the quarantine is on for one
	waveGather = 500            // people looked at when it is switched on
	maxDays    = 365            // the longest that an account can be asked to be old
)

// quarantined are the kinds of notices that the quarantine is about: those that
// bring somebody's words to the owner.
var quarantined = []string{"mention", "quote"}

// KnownSince is since when an account exists, as far as it counts for the
// quarantine: as its server says, but not longer than that server is known here. A
// server that was made for a wave can claim any date for its accounts, and the claim
// is worth what is known of who makes it; of servers that are long known, mostly
// those with many people, the date is taken as said. Where none is said, or one that
// is still to come, it is when the account was first met.
func KnownSince(a store.Actor, server store.Host, now time.Time) (since time.Time, byServer bool) {
	since = a.PublishedAt
	if since.IsZero() || since.After(now) {
		since = store.TimeOf(a.ID)
	}
	if server.CreatedAt.After(since) {
		return server.CreatedAt, true
	}
	return since, false
}

// young says whether the quarantine is for an account. Whoever the owner spoke to
// before is spared.
func young(tx *store.Tx, a store.Actor, limit time.Duration) (bool, error) {
	server, err := tx.HostByID(a.HostID)
	if err != nil {
		return false, err
	}
	if since, _ := KnownSince(a, server, tx.Now()); tx.Now().Sub(since) >= limit {
		return false, nil
	}
	_, err = tx.LastTalk(a.ID)
	if err == store.ErrNotFound {
		return true, nil
	}
	return false, err
}

// SetQuarantine says how many days old an account has to be, from now on, so that
// its mentions are not held back; 0 switches the lasting quarantine off.
func (s *Service) SetQuarantine(ctx context.Context, days int) error {
	if days < 0 || days > maxDays {
		return reply.Errorf(reply.Unprocessable, "Choose between 0 and %d days.", maxDays)
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		q, err := tx.Quarantine()
		if err != nil {
			return err
		}
		q.Days = days
		return tx.SetQuarantine(q)
	})
}

// BeginWave switches the quarantine on for a day. What strangers wrote within the
// last hour comes under it as well: it is what made the owner do it.
func (s *Service) BeginWave(ctx context.Context) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		q, err := tx.Quarantine()
		if err != nil {
			return err
		}
		q.Until = s.now().Add(waveLasts)
		if err := tx.SetQuarantine(q); err != nil {
			return err
		}
		since := s.now().Add(-waveTime)
		ids, err := tx.StrangersSince(since, waveGather)
		if err != nil || len(ids) == 0 {
			return err
		}
		people, err := tx.Actors(ids...)
		if err != nil {
			return err
		}
		for _, a := range people {
			is, err := young(tx, a, q.Limit(s.now()))
			if err != nil {
				return err
			}
			if is {
				if err := tx.HoldNotices(a.ID, since, store.HeldQuarantine, quarantined...); err != nil {
					return err
				}
			}
		}
		s.emit(tx, EventMerged, 0)
		return nil
	})
}

// EndWave ends the quarantine for a wave before its time. A lasting one stays, and
// so does what was held back.
func (s *Service) EndWave(ctx context.Context) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		q, err := tx.Quarantine()
		if err != nil {
			return err
		}
		q.Until = time.Time{}
		return tx.SetQuarantine(q)
	})
}

// Wave is how many strangers wrote to the owner within the last hour, where that is
// a wave and nothing holds them back yet; 0 where there is none.
func (s *Service) Wave(tx *store.Tx) (int, error) {
	ids, err := tx.StrangersSince(s.now().Add(-waveTime), waveGather)
	if err != nil || len(ids) < waveOf {
		return 0, err
	}
	q, err := tx.Quarantine()
	if err != nil || q.Wave(s.now()) {
		return 0, err
	}
	return len(ids), nil
}

// ReleaseAllNotices lets through what is held back of everybody who waits, without
// letting through what they do from then on.
func (s *Service) ReleaseAllNotices(ctx context.Context) error {
	for more := true; more; {
		var err error
		more, err = store.Put(ctx, s.store, func(tx *store.Tx) (bool, error) {
			list, err := tx.NoticeRequests(false, store.Page{Limit: allowSlice})
			if err != nil || len(list) == 0 {
				return false, err
			}
			for _, r := range list {
				if err := tx.ReleaseNotices(r.ActorID); err != nil {
					return false, err
				}
			}
			s.emit(tx, EventMerged, 0)
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// DismissAllNotices puts everybody aside who waits.
func (s *Service) DismissAllNotices(ctx context.Context) error {
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.DismissAllNotices() })
}

// inQuarantine says whether the quarantine holds a notice back, of somebody whom the
// owner does not follow and who does not follow the owner.
func (s *Service) inQuarantine(tx *store.Tx, n store.Notification, a store.Actor, q store.Quarantine) (bool, error) {
	limit := q.Limit(s.now())
	if limit == 0 || !slices.Contains(quarantined, n.Kind) {
		return false, nil
	}
	return young(tx, a, limit)
}
