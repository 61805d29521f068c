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

// Boost shows a post to the owner's followers and tells its author (AP 6.9,
// Announce). It returns the row of the boost; boosting again returns the first
// one. The boost is never wider than its post.
func (s *Service) Boost(ctx context.Context, postID int64, v store.Visibility) (store.Post, error) {
	b, err := store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) { return s.boost(tx, postID, v) })
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("boost post %d: %w", postID, err)
	}
	return b, err
}

func (s *Service) boost(tx *store.Tx, postID int64, v store.Visibility) (store.Post, error) {
	p, author, err := touched(tx, postID)
	if err != nil {
		return p, err
	}
	if b, err := tx.BoostBy(store.OwnerID, p.ID); !errors.Is(err, store.ErrNotFound) {
		return b, err
	}
	if v, err = boostVisibility(v, p); err != nil {
		return p, err
	}
	if blocked, err := Blocked(tx, author.URI); err != nil {
		return p, err
	} else if blocked {
		return p, reply.Errorf(reply.Unprocessable, "You blocked @%s, or their server. Unblock them before you boost something of theirs.", author.Handle())
	}
	if err := clockFit(tx); err != nil {
		return p, err
	}
	if err := notMoved(tx); err != nil {
		return p, err
	}
	id := tx.NewID()
	b := store.Post{
		ID: id, URI: s.postURI(id) + "/activity", ActorID: store.OwnerID, BoostOf: p.ID, Visibility: v, Kept: true,
		PublishedAt: tx.Now().UTC().Truncate(time.Millisecond),
	}
	if err := tx.InsertPost(&b); err != nil {
		return b, err
	}
	if err := tx.KeepPost(p.ID); err != nil {
		return b, err
	}
	if err := tx.AddHome(b.ID, false); err != nil {
		return b, err
	}
	s.countsChanged(tx, p.ID)
	s.emit(tx, EventPost, b.ID)
	to, err := s.audience(tx, b, []store.Actor{author})
	if err != nil {
		return b, err
	}
	return b, s.sendPost(tx, "Announce", b, to)
}

// boostVisibility holds a boost within the audience of its post (T13): who may
// not read a post shall not learn of it either.
func boostVisibility(v store.Visibility, p store.Post) (store.Visibility, error) {
	switch {
	case p.Visibility == store.Direct:
		return v, reply.Errorf(reply.Unprocessable, "A post for the people named in it cannot be boosted.")
	case p.Visibility == store.Followers && !p.Own():
		return v, reply.Errorf(reply.Unprocessable, "A followers-only post of someone else cannot be boosted.")
	case v == store.Direct:
		return v, reply.Errorf(reply.Unprocessable, "A boost is for everyone or for your followers.")
	}
	return max(v, p.Visibility), nil
}

// Unboost takes the owner's boost of a post back. The Undo holds the whole
// Announce and goes to whoever got it. It returns the post as it is then.
func (s *Service) Unboost(ctx context.Context, postID int64) (store.Post, error) {
	return s.onPost(ctx, "unboost", postID, func(tx *store.Tx, p store.Post, _ store.Actor) error {
		b, err := tx.BoostBy(store.OwnerID, p.ID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.retract(tx, b)
	})
}

// retract retracts an own boost at the servers that have it.
func (s *Service) retract(tx *store.Tx, b store.Post) error {
	announce, err := s.announceOf(tx, b)
	if err != nil {
		return err
	}
	to, err := s.holders(tx, b)
	if err != nil {
		return err
	}
	if err := tx.DeletePost(b); err != nil {
		return err
	}
	s.countsChanged(tx, b.BoostOf)
	s.emit(tx, EventDelete, b.ID)
	undo := ap.NewActivity("Undo", s.newActivityID(), s.actorURI, announce, announce.To, announce.CC, time.Time{})
	return s.send(tx, "Undo", 0, undo, to)
}

// onAnnounce takes a boost (AP 7.11) of a post that is known here. One that is
// not is fetched first, if it will be shown.
func (s *Service) onAnnounce(tx *store.Tx, in *incoming) (outcome, error) {
	a := readAnnounced(in.act)
	if a.verb != "" && a.verb != "Create" {
		return needsMore, nil
	}
	p, err := tx.PostByURI(a.uri)
	if errors.Is(err, store.ErrNotFound) {
		return needsMore, nil
	}
	if err != nil || !mayBoost(p, in.sender.ID) {
		return done, err
	}
	return done, s.takeBoost(tx, in, p)
}

// mayBoost: what is not for everybody may be boosted by its author alone, and
// reaches nobody else by it (T13). A boost cannot be boosted.
func mayBoost(p store.Post, actorID int64) bool {
	return p.BoostOf == 0 && (p.Visibility.Open() || p.Visibility == store.Followers && p.ActorID == actorID)
}

// takeBoost stores a boost, once for each person and post, and puts it where it
// belongs.
func (s *Service) takeBoost(tx *store.Tx, in *incoming, p store.Post) error {
	if _, err := tx.BlockOf(p.ActorID); !errors.Is(err, store.ErrNotFound) {
		return err // T48: what somebody blocked wrote does not come back by a friend's boost
	}
	if undone, err := undoneBefore(tx, in); err != nil || undone {
		return err
	}
	if known, err := postKnown(tx, in.act.ID); err != nil || known {
		return err
	}
	if _, err := tx.BoostBy(in.sender.ID, p.ID); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	b := store.Post{URI: in.act.ID, ActorID: in.sender.ID, BoostOf: p.ID, PublishedAt: in.act.Published}
	if now := s.now(); b.PublishedAt.IsZero() || b.PublishedAt.After(now) {
		b.PublishedAt = now
	}
	heard := visibilityOf(ap.VisibilityOf(in.act.To, in.act.CC, in.sender.FollowersURI))
	b.Visibility = max(min(heard, store.Followers), p.Visibility) // addressed to nobody we know of: to no strangers
	if err := tx.InsertPost(&b); err != nil {
		return err
	}
	s.countsChanged(tx, p.ID)
	shown, err := showsBoosts(tx, in.sender.ID)
	if err != nil {
		return err
	}
	if shown {
		if err := s.enterHome(tx, b); err != nil {
			return err
		}
		if err := s.wantBoostedPicture(tx, p.ActorID); err != nil {
			return err
		}
	}
	if !p.Own() {
		return nil
	}
	return s.notify(tx, store.Notification{Kind: "reblog", ActorID: in.sender.ID, PostID: p.ID})
}

// showsBoosts says whether the owner follows somebody and wants to see what they boost.
func showsBoosts(tx *store.Tx, actorID int64) (bool, error) {
	f, err := tx.Following(actorID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && f.State == store.FollowAccepted && f.Boosts, err
}

// caresForAnnounce: a boost of a known post counts; an unknown one is fetched if
// it will be shown; nothing comes back from blocked servers by it (T19).
func (s *Service) caresForAnnounce(tx *store.Tx, in *incoming) (bool, error) {
	a := readAnnounced(in.act)
	if a.uri == "" || in.act.ID == "" {
		return false, nil
	}
	if repeated, err := postKnown(tx, in.act.ID); err != nil || repeated {
		return false, err
	}
	if blocked, err := tx.HostBlocked(ap.Host(a.uri)); err != nil || blocked {
		return false, err
	}
	known, err := postKnown(tx, a.uri)
	if err != nil || a.verb == "" && known {
		return known, err
	}
	if s.origin.Owns(a.uri) {
		return false, nil // it is gone, or a group tells of an answer that the owner wrote there
	}
	shown, err := showsBoosts(tx, in.sender.ID)
	if err != nil || !shown || a.verb == "" {
		return shown, err
	}
	return caresForWrapped(tx, a, known)
}

// announceByStranger: of people who are not known here, a boost counts if it is
// of an own post.
func (s *Service) announceByStranger(tx *store.Tx, act *ap.Activity) (bool, error) {
	a := readAnnounced(act)
	if a.verb != "" || act.ID == "" {
		return false, nil
	}
	return s.ownKnown(tx, a.uri)
}

// undoAnnounce takes a boost back: the one with that id, else the sender's boost
// of that post.
func (s *Service) undoAnnounce(tx *store.Tx, in *incoming) error {
	b, err := tx.PostByURI(in.act.ObjectID)
	target := ""
	if in.act.Object != nil {
		target = in.act.Object.FirstID("object")
	}
	if errors.Is(err, store.ErrNotFound) && target != "" {
		var p store.Post
		if p, err = tx.PostByURI(target); err == nil {
			b, err = tx.BoostBy(in.sender.ID, p.ID)
		}
	}
	if errors.Is(err, store.ErrNotFound) {
		wanted, err := s.ownKnown(tx, target)
		if err != nil {
			return err
		}
		return undoFirst(tx, in, wanted)
	}
	if err != nil || b.BoostOf == 0 || b.ActorID != in.sender.ID {
		return err
	}
	return s.forgetPost(tx, b)
}
