package federation

import (
	"errors"
	"fmt"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// touched reads a post that the owner does something with, and its author. The
// id of a boost stands for the post that was boosted.
func touched(tx *store.Tx, id int64) (store.Post, store.Actor, error) {
	p, err := tx.Post(id)
	if err == nil && p.BoostOf != 0 {
		p, err = tx.Post(p.BoostOf)
	}
	if errors.Is(err, store.ErrNotFound) {
		return p, store.Actor{}, reply.Errorf(reply.NotFound, "This post is not here any more; it may have been deleted.")
	}
	if err != nil {
		return p, store.Actor{}, err
	}
	author, err := tx.Actor(p.ActorID)
	if err != nil {
		return p, author, fmt.Errorf("read author of post %d: %w", p.ID, err)
	}
	return p, author, nil
}

// authorInbox is where an author is told what the owner did with a post of
// theirs: nowhere if the owner wrote it, they are gone, they or their server are
// blocked, or they blocked the owner.
func authorInbox(tx *store.Tx, author store.Actor) ([]store.InboxTarget, error) {
	if author.ID == store.OwnerID || !author.GoneAt.IsZero() {
		return nil, nil
	}
	unreached, err := tx.UnreachedAmong(author.ID)
	if err != nil || unreached[author.ID] {
		return nil, err
	}
	return unblocked(tx, inboxOf(author))
}

// countsChanged drops the cached document of a post whose likes or boosts changed.
func (s *Service) countsChanged(tx *store.Tx, postID int64) {
	tx.After(func() { s.documents.forget(postID) })
}

// ownTarget is the own post that an activity is about, if its sender may read it:
// of what somebody cannot have seen nobody is told that they liked it.
func (s *Service) ownTarget(tx *store.Tx, uri string, sender store.Actor) (p store.Post, ok bool, err error) {
	if !s.origin.Owns(uri) {
		return p, false, nil
	}
	p, err = tx.PostByURI(uri)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!p.Own() || p.BoostOf != 0) {
		return p, false, nil
	}
	if err != nil || p.Visibility.Open() {
		return p, err == nil, err
	}
	entitled, err := mayRead(tx, p.ID, sender)
	return p, err == nil && (entitled == named || entitled == follower && p.Visibility == store.Followers), err
}

// ownKnown says whether an id is that of an own post.
func (s *Service) ownKnown(tx *store.Tx, uri string) (bool, error) {
	if !s.origin.Owns(uri) {
		return false, nil
	}
	return postKnown(tx, uri)
}

// undoneBefore says whether an activity was taken back before it arrived, or
// comes once more after that.
func undoneBefore(tx *store.Tx, in *incoming) (bool, error) {
	if in.act.ID == "" {
		return false, nil
	}
	if gone, err := tx.Buried(in.act.ID); err != nil || gone {
		return gone, err
	}
	return tx.Buried(claimed(in.sender.URI, in.act.ID))
}

// undoFirst remembers an Undo of what has not arrived, since it may be on its
// way still. Of what only has an id that is done for people whom the owner
// follows: of others hardly anything is taken.
func undoFirst(tx *store.Tx, in *incoming, wanted bool) error {
	uri := in.act.ObjectID
	if uri == "" || !ap.SameOrigin(uri, in.sender.URI) || !wanted && !follows(tx, in.sender.ID) {
		return nil
	}
	return tx.Bury(claimed(in.sender.URI, uri))
}
