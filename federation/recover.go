package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"dassie/federation/ap"
	"dassie/store"
)

const (
	gapLeast    = time.Hour           // a shorter absence is made good by the senders' own retries
	gapMost     = 30 * 24 * time.Hour // of an absence that is looked through
	gapOwn      = 7 * 24 * time.Hour  // age of the owner's posts whose conversations are looked through
	gapRequests = 2000                // for one absence
	gapPosts    = 40                  // of one person
	gapTold     = 40                  // notices given for one absence
	gapPeople   = 8                   // people in one step, two at a time …
	gapThreads  = 3                   // … or conversations
	gapPause    = 10 * time.Second    // between two steps, so that a small machine has time for its owner
	gapSettle   = 30 * time.Second    // after the start: the network may not be up yet
	gapTries    = 5                   // of a step in which nobody answered
)

// gapJob is how far the recovery of one absence has come.
type gapJob struct {
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
	Person int64     `json:"person,omitempty"` // the followed up to this one are done
	People bool      `json:"people,omitempty"` // all of them are
	Post   int64     `json:"post,omitempty"`   // own posts down to this one are done
	Used   int       `json:"used,omitempty"`   // requests
	Told   int       `json:"told,omitempty"`   // notices
	Failed int       `json:"failed,omitempty"` // times that nobody answered
}

// Recover makes an absence good that began at a time and ends now: what followed
// people posted meanwhile, and what was said in conversations of the owner's
// last week, is fetched by and by in the background. Up to an hour nothing need be
// done, since servers try again what they could not deliver. An account that ends
// misses nothing; servers that were not asked meanwhile get their time.
func (s *Service) Recover(ctx context.Context, since time.Time) error {
	if s.Ending() != nil {
		return s.beginAsking(ctx)
	}
	now := s.now()
	if since.IsZero() || now.Sub(since) < gapLeast {
		return nil
	}
	if earliest := now.Add(-gapMost); since.Before(earliest) {
		since = earliest
	}
	s.log.Info("recovering what was missed", "since", since.UTC().Format(time.RFC3339))
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		return s.queueGap(tx, gapJob{Since: since.UTC(), Until: now.UTC()}, now.Add(gapSettle))
	})
	if err != nil {
		return fmt.Errorf("queue the recovery of what was missed: %w", err)
	}
	return nil
}

func (s *Service) queueGap(tx *store.Tx, g gapJob, at time.Time) error {
	payload, err := json.Marshal(g)
	if err != nil {
		return err
	}
	tx.After(s.work.pokeJobs)
	return tx.AddJob("gap", "gap", payload, at)
}

// recoverStep is the job "gap": a part of the work, after which the rest is queued
// with its place, so that a restart goes on where it was.
func (s *Service) recoverStep(ctx context.Context, payload []byte) error {
	var g gapJob
	if err := json.Unmarshal(payload, &g); err != nil {
		return fmt.Errorf("%w: %w", ap.ErrSyntax, err)
	}
	if g.Used >= gapRequests {
		s.log.Info("recovery ends: all its requests were made", "since", g.Since)
		return nil
	}
	asked, m := metered(ctx, gapRequests-g.Used)
	next := g
	var more bool
	var err error
	if !g.People {
		more, err = s.recoverPeople(asked, &next)
	} else {
		more, err = s.recoverThreads(asked, &next)
	}
	if err != nil {
		return err
	}
	next.Used += m.spent()
	wait := gapPause
	if next.Failed > g.Failed {
		wait = time.Minute << (2 * (next.Failed - 1)) // 1, 4, 16 … minutes
	}
	if !more {
		s.log.Info("recovered what was missed", "since", g.Since, "requests", next.Used)
		return nil
	}
	return s.store.Write(ctx, func(tx *store.Tx) error { return s.queueGap(tx, next, s.now().Add(wait)) })
}

// recoverPeople reads the outboxes of the next few people whom the owner follows.
// If none of several answers, it is this machine that has no network: they are
// asked again later.
func (s *Service) recoverPeople(ctx context.Context, g *gapJob) (bool, error) {
	var people []store.Actor
	last := g.Person
	full := false
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		list, err := tx.FollowingList(g.Person, gapPeople)
		full = len(list) == gapPeople
		for _, f := range list {
			last = f.ActorID
			if f.State != store.FollowAccepted {
				continue
			}
			a, err := tx.Actor(f.ActorID)
			if err != nil {
				return err
			}
			if a.Outbox != "" && a.GoneAt.IsZero() {
				people = append(people, a)
			}
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("read whom the owner follows: %w", err)
	}
	told := make([]int, len(people))
	failed := make([]bool, len(people))
	var group errgroup.Group
	group.SetLimit(2)
	for i, a := range people {
		group.Go(func() (err error) {
			told[i], err = s.recoverPerson(ctx, a, g)
			if _, silent := missingWhy(err); err != nil && silent {
				failed[i] = true
			}
			if err != nil {
				s.log.Debug("cannot recover somebody's posts", "actor", a.URI, "error", err)
			}
			return nil // one person's server must not keep the others away
		})
	}
	_ = group.Wait() // none of them returns an error
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	silent := 0
	for i := range people {
		g.Told += told[i]
		if failed[i] {
			silent++
		}
	}
	if silent == len(people) && silent > 1 && g.Failed < gapTries {
		g.Failed++
		return true, nil
	}
	g.Failed, g.Person, g.People = 0, last, !full
	return true, nil
}

// recoverPerson takes what somebody posted during the absence: into home at its
// own date, with a notice only if it names the owner.
func (s *Service) recoverPerson(ctx context.Context, a store.Actor, g *gapJob) (told int, err error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	r := &postReader{s: s, author: a, tries: gapPosts, since: g.Since}
	notes, _, problem := r.read(ctx, a.Outbox, gapPosts)
	if len(notes) == 0 {
		return 0, problem
	}
	err = s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		told = 0
		for _, n := range notes {
			p, _, err := s.storeNote(tx, n, a)
			if errors.Is(err, store.ErrNotFound) || err == nil && !g.covers(p) {
				continue
			}
			if err != nil {
				return err
			}
			if err := s.enterHomeOnce(tx, p); err != nil {
				return err
			}
			n, err := s.tellMissed(tx, p, g, told)
			if err != nil {
				return err
			}
			told += n
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("store missed posts of %s: %w", a.URI, err)
	}
	return told, problem
}

// covers says whether a post was made during the absence.
func (g *gapJob) covers(p store.Post) bool {
	return !p.PublishedAt.Before(g.Since) && !p.PublishedAt.After(g.Until)
}

// tellMissed gives notice of a post that names the owner and was made during the
// absence, as far as there are not many already.
func (s *Service) tellMissed(tx *store.Tx, p store.Post, g *gapJob, told int) (int, error) {
	if p.Kept || !g.covers(p) || g.Told+told >= gapTold {
		return 0, nil // kept: the owner was told, or did something with it
	}
	named, err := tx.Mentioned(p.ID, store.OwnerID)
	if err != nil || !named {
		return 0, err
	}
	return 1, s.notifyMention(tx, p)
}

// recoverThreads searches the conversations in which the owner took part lately.
func (s *Service) recoverThreads(ctx context.Context, g *gapJob) (bool, error) {
	roots := map[int64]bool{}
	more := false
	err := s.store.Read(ctx, func(tx *store.Tx) error {
		own, err := tx.OwnPosts(store.Page{Max: g.Post, Since: store.IDAt(g.Until.Add(-gapOwn)), Limit: 20}, store.Unlisted, true, false)
		if err != nil {
			return err
		}
		for _, p := range own {
			if len(roots) == gapThreads {
				more = true
				return nil
			}
			g.Post = p.ID
			top, err := topIn(tx, p)
			if err != nil {
				return err
			}
			roots[top.ID] = true
		}
		more = len(own) == 20
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("read the owner's conversations: %w", err)
	}
	for id := range roots {
		state, worth, err := s.threadState(ctx, id)
		if err == nil && worth && s.now().Sub(state.At) >= listsAge {
			told := 0
			_, err = s.searchThread(ctx, id, func(tx *store.Tx, p store.Post) error {
				n, err := s.tellMissed(tx, p, g, told)
				told += n
				return err
			})
			g.Told += told
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return false, err
		}
	}
	return more, nil
}

// pause notices that the machine slept: its clock went on, our ticks did not.
type pause struct{ last time.Time }

// over returns when a pause that is over began; the zero time if there was none.
func (p *pause) over(now time.Time) time.Time {
	now = now.Round(0) // the wall clock: the other one stands still while a machine sleeps
	last := p.last
	p.last = now
	if last.IsZero() || now.Sub(last) < gapLeast {
		return time.Time{}
	}
	return last
}
