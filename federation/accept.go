package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// Accept lets people follow the owner who asked to.
func (s *Service) Accept(ctx context.Context, actorIDs ...int64) error {
	return s.eachFollower(ctx, actorIDs, func(tx *store.Tx, a store.Actor, f store.Follower) error {
		if f.State != store.FollowAsked {
			return nil
		}
		if err := tx.LogSecurity("request", "accepted @"+a.Handle(), ""); err != nil {
			return err
		}
		return s.acceptFollower(tx, a, f, true)
	})
}

// Reject refuses requests. Nobody is told in words; their server gets a Reject.
func (s *Service) Reject(ctx context.Context, actorIDs ...int64) error {
	return s.eachFollower(ctx, actorIDs, func(tx *store.Tx, a store.Actor, f store.Follower) error {
		if f.State != store.FollowAsked {
			return nil
		}
		if err := tx.LogSecurity("request", "rejected @"+a.Handle(), ""); err != nil {
			return err
		}
		return s.rejectFollower(tx, a, f, store.FollowRejected)
	})
}

// RemoveFollower takes back what was accepted: no more deliveries from now on,
// and followers-only posts are refused to them.
func (s *Service) RemoveFollower(ctx context.Context, actorIDs ...int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		removed := false
		err := eachFollowerIn(tx, actorIDs, func(tx *store.Tx, a store.Actor, f store.Follower) error {
			if f.State != store.FollowAccepted {
				return nil
			}
			removed = true
			return s.turnAway(tx, a, f, store.FollowRemoved)
		})
		if err != nil || !removed {
			return err
		}
		return s.renameFor(tx, 0) // once, however many they are
	})
}

// RejectAndBlock refuses a request and everything else from that server, as
// BlockServer does. Its other followers and requests are rejected too, and the
// owner's follows there end.
func (s *Service) RejectAndBlock(ctx context.Context, actorID int64) (host string, err error) {
	a, err := store.Get(ctx, s.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(actorID) })
	if errors.Is(err, store.ErrNotFound) {
		return "", reply.Errorf(reply.NotFound, "This person is not known here.")
	}
	if err != nil {
		return "", err
	}
	return s.BlockServer(ctx, ap.Host(a.URI))
}

func (s *Service) eachFollower(ctx context.Context, ids []int64, do func(*store.Tx, store.Actor, store.Follower) error) error {
	return s.store.Write(ctx, func(tx *store.Tx) error { return eachFollowerIn(tx, ids, do) })
}

func eachFollowerIn(tx *store.Tx, ids []int64, do func(*store.Tx, store.Actor, store.Follower) error) error {
	for _, id := range ids {
		f, err := tx.Follower(id)
		if errors.Is(err, store.ErrNotFound) {
			continue // answered elsewhere, or taken back meanwhile
		}
		if err != nil {
			return err
		}
		a, err := tx.Actor(id)
		if err != nil {
			return err
		}
		if err := do(tx, a, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) acceptFollower(tx *store.Tx, a store.Actor, f store.Follower, tell bool) error {
	if err := tx.DecideFollower(a.ID, store.FollowAccepted); err != nil {
		return err
	}
	if err := s.answerFollow(tx, "Accept", a, f); err != nil {
		return err
	}
	if err := tx.DropNotifications("follow_request", a.ID, 0); err != nil {
		return err
	}
	s.emit(tx, EventProfile, 0)
	if !tell {
		return nil
	}
	return s.notify(tx, store.Notification{Kind: "follow", ActorID: a.ID})
}

func (s *Service) rejectFollower(tx *store.Tx, a store.Actor, f store.Follower, state store.FollowState) error {
	if f.State == store.FollowAccepted {
		if err := s.renameFor(tx, 0); err != nil {
			return err
		}
	}
	return s.turnAway(tx, a, f, state)
}

// turnAway is rejectFollower but for the names of the files that a follower knows.
func (s *Service) turnAway(tx *store.Tx, a store.Actor, f store.Follower, state store.FollowState) error {
	if err := tx.DecideFollower(a.ID, state); err != nil {
		return err
	}
	if err := tx.DropNotifications("follow_request", a.ID, 0); err != nil {
		return err
	}
	s.emit(tx, EventProfile, 0)
	return s.answerFollow(tx, "Reject", a, f)
}

// answerFollow sends Accept or Reject with the whole Follow inside: peers match
// it by different parts (AP 7.6, 7.7).
func (s *Service) answerFollow(tx *store.Tx, kind string, a store.Actor, f store.Follower) error {
	var follow ap.Object
	if err := json.Unmarshal([]byte(f.Follow), &follow); err != nil {
		return fmt.Errorf("read the follow of %s: %w", a.URI, err)
	}
	if follow.ID() == "" {
		delete(follow, "id") // older Misskey sends none
	}
	m := ap.NewActivity(kind, s.newActivityID(), s.actorURI, follow, []string{a.URI}, nil, time.Time{})
	return s.send(tx, kind, 0, m, inboxOf(a))
}

// onAccept takes the answer to a follow of ours. Servers name the Follow in
// many ways: it is matched by its id, else by the answerer, whom we asked.
func (s *Service) onAccept(tx *store.Tx, in *incoming) (outcome, error) {
	if q, ok, err := s.askedToQuote(tx, in); err != nil || ok {
		if err == nil {
			err = s.quoteAccepted(tx, in, q)
		}
		return done, err
	}
	f, ok, err := s.asked(tx, in)
	if err != nil || !ok || f.State != store.FollowAsked { // T14: nothing was asked
		return done, err
	}
	return done, s.followAccepted(tx, f)
}

// followAccepted puts a follow of ours in force.
func (s *Service) followAccepted(tx *store.Tx, f store.Following) error {
	f.State, f.DecidedAt = store.FollowAccepted, s.now()
	if err := tx.SaveFollowing(f); err != nil {
		return err
	}
	if err := tx.AddJobOnce("backfill", idKey("backfill", f.ActorID), idPayload(f.ActorID), time.Time{}); err != nil {
		return err
	}
	tx.After(s.work.pokeJobs)
	s.emit(tx, EventProfile, 0)
	return nil
}

// onReject takes a refusal, or the end of a follow that had been accepted.
func (s *Service) onReject(tx *store.Tx, in *incoming) (outcome, error) {
	if q, ok, err := s.askedToQuote(tx, in); err != nil || ok {
		if err == nil {
			err = s.quoteRejected(tx, in, q)
		}
		return done, err
	}
	f, ok, err := s.asked(tx, in)
	if err != nil || !ok {
		return done, err
	}
	f.State, f.DecidedAt = store.FollowRejected, s.now()
	s.emit(tx, EventProfile, 0)
	return done, tx.SaveFollowing(f)
}

// asked finds our follow that an Accept or Reject by its target is about.
func (s *Service) asked(tx *store.Tx, in *incoming) (store.Following, bool, error) {
	f, err := tx.Following(in.sender.ID)
	if errors.Is(err, store.ErrNotFound) {
		return f, false, nil
	}
	if err != nil {
		return f, false, err
	}
	if in.act.ObjectID == f.FollowURI {
		return f, true, nil
	}
	// Friendica and Pixelfed give a wrong id, Misskey none, Mitra and Owncast only an id:
	// it counts when nothing in it speaks of somebody else's follow.
	if o := in.act.Object; o != nil {
		if t := o.Type(); t != "" && t != "Follow" {
			return f, false, nil
		}
		if actor := o.FirstID("actor"); actor != "" && actor != s.actorURI {
			return f, false, nil
		}
		if target := o.FirstID("object"); target != "" && target != in.sender.URI {
			return f, false, nil
		}
	}
	return f, f.State == store.FollowAsked || in.act.ObjectID == "" || in.act.Object != nil, nil
}
