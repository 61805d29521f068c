package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// hideSlice is how many posts of somebody blocked leave home in one write.
const hideSlice = 500

// Block refuses everything from somebody from now on: follows end both ways,
// their posts leave home and their notices the inbox, and their server is told,
// as Mastodon does it, so that it stops showing the owner's posts to them.
func (s *Service) Block(ctx context.Context, actorID int64) error {
	if actorID == store.OwnerID {
		return reply.Errorf(reply.Unprocessable, "You cannot block yourself.")
	}
	if err := s.store.Write(ctx, func(tx *store.Tx) error { return s.block(tx, actorID) }); err != nil {
		return err
	}
	below := int64(0)
	for {
		// In slices: lists leave them out already, and a busy account has thousands.
		next, err := store.Put(ctx, s.store, func(tx *store.Tx) (int64, error) { return tx.LeaveHome(actorID, below, hideSlice) })
		if err != nil {
			return fmt.Errorf("take posts of actor %d out of home: %w", actorID, err)
		}
		if next == 0 {
			return nil
		}
		below = next
	}
}

func (s *Service) block(tx *store.Tx, actorID int64) error {
	a, err := tx.Actor(actorID)
	if errors.Is(err, store.ErrNotFound) {
		return reply.Errorf(reply.NotFound, "This person is not known here.")
	}
	if err != nil {
		return err
	}
	if _, err := tx.BlockOf(a.ID); !errors.Is(err, store.ErrNotFound) {
		return err // blocked already
	}
	if err := s.renameFor(tx, a.ID); err != nil {
		return err
	}
	if err := s.endFollows(tx, a); err != nil {
		return err
	}
	if err := tx.DropNotificationsOf(a.ID); err != nil {
		return err
	}
	if err := tx.ReadConversationsWith(a.ID); err != nil {
		return err
	}
	uri := s.newActivityID()
	if err := tx.AddBlock(a.ID, uri); err != nil {
		return err
	}
	if err := tx.LogSecurity("block", "@"+a.Handle(), ""); err != nil {
		return err
	}
	s.blocksChanged(tx, a)
	return s.send(tx, "Block", 0, s.blockOf(uri, a), inboxOf(a))
}

// Unblock takes a block back. Follows do not come back by themselves, nor do the
// posts that left home.
func (s *Service) Unblock(ctx context.Context, actorID int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		b, err := tx.BlockOf(actorID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		a, err := tx.Actor(actorID)
		if err != nil {
			return err
		}
		if err := tx.DropBlock(actorID); err != nil {
			return err
		}
		if err := tx.LogSecurity("unblock", "@"+a.Handle(), ""); err != nil {
			return err
		}
		s.blocksChanged(tx, a)
		undo := ap.NewActivity("Undo", s.newActivityID(), s.actorURI, s.blockOf(b.URI, a), nil, nil, time.Time{})
		return s.send(tx, "Undo", 0, undo, inboxOf(a))
	})
}

func (s *Service) blockOf(uri string, a store.Actor) *ap.Message {
	return ap.NewActivity("Block", uri, s.actorURI, a.URI, nil, nil, time.Time{})
}

// blocksChanged drops what is in memory and shows, or hides, what somebody wrote.
func (s *Service) blocksChanged(tx *store.Tx, a store.Actor) {
	tx.After(func() {
		s.keys.forget(a.URI)
		s.documents.clear()
	})
	s.emit(tx, EventProfile, 0)
}

// endFollows ends the follows between the owner and somebody, both ways, telling
// their server.
func (s *Service) endFollows(tx *store.Tx, a store.Actor) error {
	f, err := tx.Follower(a.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil && (f.State == store.FollowAsked || f.State == store.FollowAccepted) {
		if err := s.rejectFollower(tx, a, f, store.FollowRejected); err != nil {
			return err
		}
	}
	return s.unfollow(tx, a)
}

// onBlock takes the news that somebody blocked the owner: the follows between
// them end. It is never shown in words. A Block of anybody else, such as a
// community's ban (Lemmy), means nothing here.
func (s *Service) onBlock(tx *store.Tx, in *incoming) (outcome, error) {
	if in.act.ObjectID != s.actorURI {
		return done, nil
	}
	if undone, err := undoneBefore(tx, in); err != nil || undone {
		return done, err
	}
	if follows, err := tx.IsFollower(in.sender.ID); err != nil {
		return done, err
	} else if follows {
		if err := s.renameAfterLeaving(tx); err != nil {
			return done, err
		}
	}
	for _, drop := range []func(int64) error{tx.DropFollower, tx.DropFollowing} {
		if err := drop(in.sender.ID); err != nil {
			return done, err
		}
	}
	for _, kind := range []string{"follow_request", "follow"} {
		if err := tx.DropNotifications(kind, in.sender.ID, 0); err != nil {
			return done, err
		}
	}
	s.emit(tx, EventProfile, 0)
	return done, tx.AddBlockedBy(in.sender.ID, in.act.ID)
}

func (s *Service) caresForBlock(_ *store.Tx, in *incoming) (bool, error) {
	return in.act.ObjectID == s.actorURI, nil
}

// undoBlock takes that back. The follows do not come back.
func (s *Service) undoBlock(tx *store.Tx, in *incoming) error {
	uri, err := tx.BlockedBy(in.sender.ID)
	if errors.Is(err, store.ErrNotFound) {
		return undoFirst(tx, in, in.act.Object != nil && in.act.Object.FirstID("object") == s.actorURI)
	}
	if err != nil {
		return err
	}
	if in.act.Object == nil && (uri == "" || in.act.ObjectID != uri) {
		return nil // the id of something else
	}
	if in.act.Object != nil && in.act.Object.FirstID("object") != s.actorURI {
		return nil
	}
	return tx.DropBlockedBy(in.sender.ID)
}
