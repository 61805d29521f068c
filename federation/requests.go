package federation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"dassie/federation/ap"
	"dassie/store"
)

const (
	evidencePosts = 3  // last posts that are shown beside a request
	evidenceLook  = 40 // stored posts that are looked through for shared contacts and earlier talk
	sharedShown   = 5  // shared contacts that are named
)

// Evidence is what helps to decide about somebody who asks to follow. It holds
// what their server says and what was seen here; nobody is rated.
type Evidence struct {
	Actor          store.Actor
	Host           store.Host
	FollowersThere int          // of the owner's followers, those on the same server
	LastPosts      []store.Post // their newest public ones known here, at most 3

	// Shared are people whom the owner follows and with whom this person has
	// talked in posts that are known here: one named or answered the other. Who
	// follows whom on other servers is not known here and not asked for.
	Shared      []store.Actor // at most 5
	SharedCount int

	EarlierTalk *store.Post // the newest post in which the owner named them, or they the owner
	AskedAt     time.Time   // zero if they did not ask
	Known       bool        // their profile could be fetched
}

// Evidence gathers, from the store alone, what helps to decide about a request.
func (s *Service) Evidence(ctx context.Context, actorID int64) (Evidence, error) {
	e, err := store.Get(ctx, s.store, func(tx *store.Tx) (Evidence, error) { return s.evidence(tx, actorID) })
	if err != nil {
		return e, fmt.Errorf("gather what is known of actor %d: %w", actorID, err)
	}
	return e, nil
}

func (s *Service) evidence(tx *store.Tx, actorID int64) (e Evidence, err error) {
	if e.Actor, err = tx.Actor(actorID); err != nil {
		return e, err
	}
	e.Known = e.Actor.Inbox != "" && !e.Actor.FetchedAt.IsZero() && e.Actor.GoneAt.IsZero()
	if e.Host, err = tx.HostByID(e.Actor.HostID); err != nil && !errors.Is(err, store.ErrNotFound) {
		return e, err
	}
	if e.FollowersThere, err = tx.FollowersOnHost(e.Actor.HostID); err != nil {
		return e, err
	}
	f, err := tx.Follower(actorID)
	if err == nil {
		e.AskedAt = f.AskedAt
	} else if !errors.Is(err, store.ErrNotFound) {
		return e, err
	}
	posts, err := tx.PostsBy(actorID, store.Page{Limit: evidenceLook})
	if err != nil {
		return e, err
	}
	for _, p := range posts {
		if p.Visibility.Open() && p.BoostOf == 0 && len(e.LastPosts) < evidencePosts {
			e.LastPosts = append(e.LastPosts, p)
		}
	}
	if e.EarlierTalk, err = earlierTalk(tx, actorID, posts); err != nil {
		return e, err
	}
	e.Shared, e.SharedCount, err = sharedContacts(tx, actorID, posts)
	return e, err
}

// earlierTalk is the newest post between the owner and somebody.
func earlierTalk(tx *store.Tx, actorID int64, posts []store.Post) (*store.Post, error) {
	var talk *store.Post
	own, err := tx.LastTalk(actorID)
	if err == nil {
		talk = &own
	} else if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	for _, p := range posts { // newest first
		if talk != nil && p.ID < talk.ID {
			break
		}
		named, err := tx.Mentioned(p.ID, store.OwnerID)
		if err != nil {
			return nil, err
		}
		if named {
			return &p, nil
		}
	}
	return talk, nil
}

// sharedContacts finds whom the owner follows among those named in somebody's
// posts, answered by them, or answering them; those in the newest posts first.
func sharedContacts(tx *store.Tx, actorID int64, posts []store.Post) ([]store.Actor, int, error) {
	met, err := tx.MetIn(posts)
	if err != nil {
		return nil, 0, err
	}
	met = slices.DeleteFunc(met, func(id int64) bool { return id == actorID || id == store.OwnerID })
	bonds, err := tx.Bonds(met)
	if err != nil {
		return nil, 0, err
	}
	ids := slices.DeleteFunc(met, func(id int64) bool { return !bonds[id].Follows })
	people, err := tx.Actors(ids[:min(len(ids), sharedShown)]...)
	if err != nil {
		return nil, 0, err
	}
	var shown []store.Actor
	for _, id := range ids {
		if a, ok := people[id]; ok {
			shown = append(shown, a)
		}
	}
	return shown, len(ids), nil
}

// SharedPeople are people whom the owner follows and with whom somebody has talked
// in posts that are known here, as Evidence has them, and how many there are.
func SharedPeople(tx *store.Tx, actorID int64) ([]store.Actor, int, error) {
	posts, err := tx.PostsBy(actorID, store.Page{Limit: evidenceLook})
	if err != nil {
		return nil, 0, err
	}
	return sharedContacts(tx, actorID, posts)
}

// gatherEvidence is the job "evidence": it asks the server of somebody who wants
// to follow what it runs, for their pins and last posts, and how many people
// they follow and are followed by. The payload is the actor's id. Whatever
// cannot be had is left out.
func (s *Service) gatherEvidence(ctx context.Context, payload []byte) error {
	id, err := payloadID(payload)
	if err != nil {
		return err
	}
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(id) })
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, backfillTime)
	defer cancel()
	if err := s.fetchHostInfo(ctx, idPayload(a.HostID)); err != nil {
		return err
	}
	if err := s.fillPerson(ctx, a); err != nil {
		s.log.Debug("no posts of who asks to follow", "actor", a.URI, "error", err)
	}
	return s.readCounts(ctx, a)
}

// readCounts asks for the sizes of an actor's collections. The address of the one
// of those followed is not stored, so the actor is asked for it.
func (s *Service) readCounts(ctx context.Context, a store.Actor) error {
	r := &postReader{s: s, author: a}
	followers, following := int64(-1), int64(-1)
	if c, err := r.collection(ctx, a.FollowersURI); err == nil {
		followers = c.TotalItems
	}
	if obj, err := s.fetchObject(ctx, a.URI); err == nil {
		if doc, err := ap.ReadActor(obj); err == nil {
			if c, err := r.collection(ctx, doc.Following); err == nil {
				following = c.TotalItems
			}
		}
	}
	return s.store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if err := noteCount(tx, a.ID, func(a *store.Actor) *int { return &a.FollowersCount }, followers); err != nil {
			return err
		}
		return noteCount(tx, a.ID, func(a *store.Actor) *int { return &a.FollowingCount }, following)
	})
}
