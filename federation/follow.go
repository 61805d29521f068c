package federation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// FollowChoice is what the owner wants to see of somebody followed. Nil leaves it
// as it is; at first boosts are shown, posts not notified, and all languages are
// wanted.
type FollowChoice struct {
	Boosts, Notify *bool
	Languages      []string // BCP 47 codes; empty for all of them
}

const maxFollowLanguages = 20

// check brings the languages into the form in which they are kept.
func (c *FollowChoice) check() error {
	if c.Languages == nil {
		return nil
	}
	wanted := []string{}
	for _, code := range c.Languages {
		code = language(strings.TrimSpace(code))
		if code == "" {
			return reply.Errorf(reply.Unprocessable, "Languages are named by their codes, such as de or pt-BR.")
		}
		if !slices.Contains(wanted, code) {
			wanted = append(wanted, code)
		}
	}
	if len(wanted) > maxFollowLanguages {
		return reply.Errorf(reply.Unprocessable, "Name at most %d languages; without any, all are shown.", maxFollowLanguages)
	}
	slices.Sort(wanted)
	c.Languages = wanted
	return nil
}

// speaks says whether a post is in a language in which the owner wants to read its
// author. A post that names none is shown, and pt is Portuguese of any country.
func speaks(f store.Following, p store.Post) bool {
	if f.Languages == "" || p.Language == "" || p.BoostOf != 0 {
		return true
	}
	return slices.ContainsFunc(strings.Fields(f.Languages), func(code string) bool {
		return strings.EqualFold(code, p.Language) || len(p.Language) > len(code) && p.Language[len(code)] == '-' && strings.EqualFold(code, p.Language[:len(code)])
	})
}

func (c FollowChoice) on(f store.Following) store.Following {
	if c.Boosts != nil {
		f.Boosts = *c.Boosts
	}
	if c.Notify != nil {
		f.Notify = *c.Notify
	}
	if c.Languages != nil {
		f.Languages = strings.Join(c.Languages, " ")
	}
	return f
}

// Follow asks to follow somebody (AP 7.5). It waits as "asked" until their
// Accept comes. Asking again while it waits, or after a Reject, sends it again.
func (s *Service) Follow(ctx context.Context, actorID int64) (store.Following, error) {
	return s.FollowAs(ctx, actorID, FollowChoice{})
}

// FollowAs is Follow with a choice of what is shown. Of somebody who is followed,
// or was asked, only the choice changes: no server is told.
func (s *Service) FollowAs(ctx context.Context, actorID int64, c FollowChoice) (store.Following, error) {
	if actorID == store.OwnerID {
		return store.Following{}, reply.Errorf(reply.Unprocessable, "You cannot follow yourself.")
	}
	if err := c.check(); err != nil {
		return store.Following{}, err
	}
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.Following, error) {
		a, err := tx.Actor(actorID)
		if errors.Is(err, store.ErrNotFound) || err == nil && !a.GoneAt.IsZero() {
			return store.Following{}, reply.Errorf(reply.NotFound, "This person is not known here.")
		}
		if err != nil {
			return store.Following{}, err
		}
		if err := mayFollow(tx, a); err != nil {
			return store.Following{}, err
		}
		f, err := tx.Following(actorID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return f, err
		}
		if err != nil {
			f = store.Following{Boosts: true}
		}
		chosen := c.on(f)
		if f.State == store.FollowAccepted || f.ActorID != 0 && f.State == store.FollowAsked && (c.Boosts != nil || c.Notify != nil || c.Languages != nil) {
			if chosen == f {
				return f, nil
			}
			return chosen, tx.SaveFollowing(chosen)
		}
		return s.askToFollow(tx, a, chosen)
	})
}

// Choose changes what is shown of somebody whom the owner follows or asked to.
func (s *Service) Choose(ctx context.Context, actorID int64, c FollowChoice) error {
	if err := c.check(); err != nil {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		f, err := tx.Following(actorID)
		if errors.Is(err, store.ErrNotFound) || err == nil && f.State != store.FollowAccepted && f.State != store.FollowAsked {
			return reply.Errorf(reply.Conflict, "You do not follow this person.")
		}
		if err != nil {
			return err
		}
		return tx.SaveFollowing(c.on(f))
	})
}

// mayFollow says in words why the owner cannot follow somebody. That they
// blocked the owner is nobody's to tell.
func mayFollow(tx *store.Tx, a store.Actor) error {
	host, err := tx.HostBlocked(ap.Host(a.URI))
	if err != nil {
		return err
	}
	if host {
		return reply.Errorf(reply.Unprocessable, "You blocked %s. Unblock the server before you follow somebody there.", ap.Host(a.URI))
	}
	unreached, err := tx.UnreachedAmong(a.ID)
	if err != nil || !unreached[a.ID] {
		return err
	}
	if _, err := tx.BlockOf(a.ID); err == nil {
		return reply.Errorf(reply.Unprocessable, "You blocked this person. Unblock them before you follow them.")
	} else if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return reply.Errorf(reply.Unprocessable, "This person cannot be followed from here.")
}

// askToFollow sends a Follow; of f only the choices count: Boosts, Notify and Languages.
func (s *Service) askToFollow(tx *store.Tx, a store.Actor, f store.Following) (store.Following, error) {
	f.ActorID, f.State, f.FollowURI, f.AskedAt, f.DecidedAt = a.ID, store.FollowAsked, s.newActivityID(), s.now(), time.Time{}
	if err := tx.SaveFollowing(f); err != nil {
		return f, err
	}
	if err := s.wantPictures(tx, a); err != nil {
		return f, err
	}
	return f, s.send(tx, "Follow", 0, s.followOf(f.FollowURI, a.URI), inboxOf(a))
}

func (s *Service) followOf(uri, actorURI string) *ap.Message {
	return ap.NewActivity("Follow", uri, s.actorURI, actorURI, nil, nil, time.Time{})
}

// inboxOf is the personal inbox of one actor: what concerns one person goes there.
func inboxOf(a store.Actor) []store.InboxTarget {
	if a.Inbox == "" {
		return nil
	}
	return []store.InboxTarget{{URL: a.Inbox, HostID: a.HostID}}
}

// Unfollow takes a follow back, also one that waits for its answer.
func (s *Service) Unfollow(ctx context.Context, actorID int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		a, err := tx.Actor(actorID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.unfollow(tx, a)
	})
}

func (s *Service) unfollow(tx *store.Tx, a store.Actor) error {
	f, err := tx.Following(a.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := tx.DropFollowing(a.ID); err != nil {
		return err
	}
	return s.undoFollowing(tx, a, f.FollowURI)
}

// undoFollowing tells somebody that a Follow of ours is at an end. Threads answers
// 500 to an Undo that holds only the id: the whole Follow goes along.
func (s *Service) undoFollowing(tx *store.Tx, a store.Actor, followURI string) error {
	undo := ap.NewActivity("Undo", s.newActivityID(), s.actorURI, s.followOf(followURI, a.URI), nil, nil, time.Time{})
	return s.send(tx, "Undo", 0, undo, inboxOf(a))
}

// onFollow takes a request to follow the owner. With approval on it waits;
// else it is accepted at once. The whole Follow is kept, since the answer
// embeds it.
func (s *Service) onFollow(tx *store.Tx, in *incoming) (outcome, error) {
	if in.act.ObjectID != s.actorURI {
		return done, nil
	}
	uri := in.act.ID
	f, err := tx.Follower(in.sender.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return done, err
	}
	if err == nil && uri != "" && f.FollowURI == uri && !s.asksAnew(f) {
		return done, s.answerAgain(tx, in.sender, f)
	}
	known := err == nil && f.State == store.FollowAccepted
	asked := err == nil && f.State == store.FollowAsked
	follow, err := ap.Marshal(ap.Object{"id": uri, "type": "Follow", "actor": in.sender.URI, "object": s.actorURI})
	if err != nil {
		return done, fmt.Errorf("keep the follow of %s: %w", in.sender.URI, err)
	}
	f = store.Follower{ActorID: in.sender.ID, State: f.State, FollowURI: uri, Follow: string(follow), AskedAt: s.now(), DecidedAt: f.DecidedAt}
	if !known {
		f.State, f.DecidedAt = store.FollowAsked, time.Time{}
	}
	if err := tx.SaveFollower(f); err != nil {
		return done, err
	}
	if err := s.wantPictures(tx, in.sender); err != nil {
		return done, err
	}
	// Strangers of a silenced server always ask.
	limited, err := tx.LimitedAmong(in.sender.ID)
	if err != nil {
		return done, err
	}
	if known || !s.Settings().ApproveFollowers && !limited[in.sender.ID] {
		return done, s.acceptFollower(tx, in.sender, f, !known)
	}
	if asked {
		return done, nil
	}
	if err := tx.AddJobOnce("evidence", idKey("evidence", in.sender.ID), idPayload(in.sender.ID), s.now().Add(2*time.Second)); err != nil {
		return done, err
	}
	return done, s.notify(tx, store.Notification{Kind: "follow_request", ActorID: in.sender.ID})
}

func (s *Service) caresForFollow(_ *store.Tx, in *incoming) (bool, error) {
	return in.act.ObjectID == s.actorURI, nil
}

func (s *Service) followByStranger(_ *store.Tx, act *ap.Activity) (bool, error) {
	return act.ObjectID == s.actorURI, nil
}

// undoFollow takes a follow of the owner back.
func (s *Service) undoFollow(tx *store.Tx, in *incoming) error {
	f, err := tx.Follower(in.sender.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if in.act.Object == nil && in.act.ObjectID != f.FollowURI {
		return nil // the id of something else
	}
	if in.act.Object != nil && in.act.Object.FirstID("object") != s.actorURI {
		return nil
	}
	if err := tx.DropFollower(in.sender.ID); err != nil {
		return err
	}
	if f.State == store.FollowAccepted {
		if err := s.renameAfterLeaving(tx); err != nil {
			return err
		}
	}
	for _, kind := range []string{"follow_request", "follow"} {
		if err := tx.DropNotifications(kind, in.sender.ID, 0); err != nil {
			return err
		}
	}
	s.emit(tx, EventProfile, 0)
	return nil
}

// reaskAfter is how long after a refusal a Follow under the same id is a new
// request, and no second delivery of the one that was refused.
const reaskAfter = time.Hour

// asksAnew says whether a Follow under the id of an earlier one is a new request:
// servers of the Misskey family have one id for each pair of people, whenever they
// ask. Of a follow that was taken back there is no row, so it is new as well.
func (s *Service) asksAnew(f store.Follower) bool {
	refused := f.State == store.FollowRejected || f.State == store.FollowRemoved
	return refused && s.now().Sub(f.DecidedAt) >= reaskAfter
}

// answerAgain repeats the answer to a Follow that arrives once more: its sender
// never got the first one. A request that waits still waits.
func (s *Service) answerAgain(tx *store.Tx, a store.Actor, f store.Follower) error {
	switch f.State {
	case store.FollowAccepted:
		return s.answerFollow(tx, "Accept", a, f)
	case store.FollowRejected, store.FollowRemoved:
		return s.answerFollow(tx, "Reject", a, f)
	}
	return nil
}
