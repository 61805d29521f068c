package federation

import (
	"context"
	"errors"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

// errUndated says that an outbox tells no dates.
var errUndated = errors.New("the outbox tells no dates")

const (
	silentAfter   = 365 * 24 * time.Hour // without a post, somebody counts as silent
	lastPostAgain = 30 * 24 * time.Hour  // how often a server is asked for somebody's last post
	lastPostSlice = 20                   // people asked about in one run
	lastPostPause = 30 * time.Second     // between the runs
	lastPostAsks  = 3                    // requests for one person
)

// SilentSince is the time since which somebody must have posted not to count as
// silent, and LastPostAskedSince that since which a server that was asked for it
// is not asked again.
func (s *Service) SilentSince() time.Time { return s.now().Add(-silentAfter) }

// LastPostAskedSince is explained at SilentSince.
func (s *Service) LastPostAskedSince() time.Time { return s.now().Add(-lastPostAgain) }

// AskLastPosts begins to ask the servers of followers of whom no post is known
// here when they last posted. It takes its time: twenty people in half a minute.
func (s *Service) AskLastPosts(ctx context.Context) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		tx.After(s.work.pokeJobs)
		return tx.AddJobOnce("last-posts", "last-posts", idPayload(0), time.Time{})
	})
}

// askLastPosts is the job "last-posts". The payload is the id of the follower
// after whom it goes on.
func (s *Service) askLastPosts(ctx context.Context, payload []byte) error {
	after, err := payloadID(payload)
	if err != nil {
		return err
	}
	list, err := store.Get(ctx, s.store, func(tx *store.Tx) ([]store.Actor, error) {
		return tx.UnheardFollowers(s.SilentSince(), s.LastPostAskedSince(), after, lastPostSlice)
	})
	if err != nil {
		return err
	}
	for _, a := range list {
		at, err := s.lastPost(ctx, a)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			s.log.Debug("no outbox", "actor", a.URI, "error", err)
			continue // nothing is known then, rather than that they are silent
		}
		if err := s.store.Write(ctx, func(tx *store.Tx) error { return tx.AskedLastPost(a.ID, at) }); err != nil {
			return err
		}
	}
	if len(list) < lastPostSlice {
		return nil
	}
	last := list[len(list)-1].ID
	return s.store.Write(ctx, func(tx *store.Tx) error {
		return tx.AddJob("last-posts", "last-posts", idPayload(last), s.now().Add(lastPostPause))
	})
}

// lastPost reads the date of the newest entry of somebody's outbox (AP 5: newest
// first); zero if it has none.
func (s *Service) lastPost(ctx context.Context, a store.Actor) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	ctx, _ = metered(ctx, lastPostAsks)
	if err := s.actorNotBlocked(ctx, a.URI); err != nil {
		return time.Time{}, err
	}
	r := &postReader{s: s, author: a, tries: 1}
	c, err := r.collection(ctx, a.Outbox)
	if err != nil {
		return time.Time{}, err
	}
	if len(c.Items) == 0 && c.FirstPage != nil {
		c = c.FirstPage
	} else if len(c.Items) == 0 && c.First != "" {
		if c, err = r.collection(ctx, c.First); err != nil {
			return time.Time{}, err
		}
	}
	var newest time.Time
	for _, item := range c.Items {
		obj, ok := item.(ap.Object)
		if !ok {
			continue
		}
		if at := obj.Time("published"); at.After(newest) && !at.After(s.now()) {
			newest = at
		}
	}
	if newest.IsZero() && len(c.Items) > 0 { // addresses alone: the first is asked for its date
		if n := r.note(ctx, c.Items[0]); n != nil && !n.Published.After(s.now()) {
			newest = n.Published
		}
	}
	if newest.IsZero() && (len(c.Items) > 0 || c.TotalItems > 0) {
		return newest, errUndated
	}
	return newest, nil
}
