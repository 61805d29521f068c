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

// moveEvery is how often one account may move, ours or another's: Mastodon
// refuses a second Move within it too, so that a stolen account cannot drag its
// followers about.
const moveEvery = 7 * 24 * time.Hour

// checkMove: an account moves itself, and nobody else's (T12, T18).
func (s *Service) checkMove(act *ap.Activity) error {
	if act.ObjectID != act.Actor {
		return reply.Errorf(reply.Forbidden, "an account moves by its own word only")
	}
	if !ap.IsURL(act.Target) || act.Target == act.Actor {
		return reply.Errorf(reply.Invalid, "the activity does not say where to")
	}
	return nil
}

// caresForMove: only whom the owner follows, or asked to, is followed along. A
// follower of the owner who moved follows anew from the new account.
func (s *Service) caresForMove(tx *store.Tx, in *incoming) (bool, error) {
	if s.origin.Owns(in.act.Target) {
		return false, nil
	}
	f, err := tx.Following(in.sender.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && f.State != store.FollowAccepted && f.State != store.FollowAsked {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if lately, err := s.movedLately(tx, in.sender.ID); err != nil || lately {
		return false, err
	}
	blocked, err := Blocked(tx, in.act.Target)
	return !blocked, err
}

func (s *Service) movedLately(tx *store.Tx, actorID int64) (bool, error) {
	last, err := tx.LastMove(actorID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return s.now().Sub(last) < moveEvery, err
}

// resolveMove fetches the new account from its own server, whatever is stored of
// it: the alias there is what proves the Move, and an old copy proves nothing (T18).
func (s *Service) resolveMove(ctx context.Context, in *incoming) error {
	cares, err := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return s.caresForMove(tx, in) })
	if err != nil || !cares {
		return err
	}
	if err := s.mayAsk(ctx, ap.Host(in.act.Target)); err != nil {
		return err // over the budget, there is room again within the hour, and the follow is not lost
	}
	in.target, err = s.refreshActor(ctx, in.act.Target)
	return err
}

// onMove lets the owner's follow go along to the new account, if that names the
// old one as its alias.
func (s *Service) onMove(tx *store.Tx, in *incoming) (outcome, error) {
	cares, err := s.caresForMove(tx, in)
	if err != nil || !cares {
		return done, err
	}
	to := in.target
	if to.ID == 0 {
		return needsMore, nil
	}
	if to.ID == in.sender.ID || !arrivable(to, in.sender.URI) {
		s.log.Debug("ignored a Move: the new account does not say that it is the old one", "actor", in.sender.URI, "target", to.URI)
		return done, nil
	}
	old, err := tx.Actor(in.sender.ID)
	if err != nil {
		return done, err
	}
	old.Extra.MovedTo = to.URI
	if err := tx.SaveActor(&old); err != nil {
		return done, err
	}
	if err := tx.AddMove(old.ID, to.URI); err != nil {
		return done, err
	}
	if err := s.followAlong(tx, old, to); err != nil {
		return done, err
	}
	if err := carryAlong(tx, old, to); err != nil {
		return done, err
	}
	s.emit(tx, EventProfile, 0)
	return done, s.notify(tx, store.Notification{Kind: "move", ActorID: old.ID})
}

// arrivable says whether an account may be moved to from another one.
func arrivable(to store.Actor, from string) bool {
	return to.GoneAt.IsZero() && to.Extra.MovedTo == "" && slices.Contains(to.Extra.AlsoKnownAs, from)
}

// followAlong follows the new account under the same choices and ends the follow
// of the old one, telling both servers (misskey-dev/misskey#8690).
func (s *Service) followAlong(tx *store.Tx, old, to store.Actor) error {
	before, err := tx.Following(old.ID)
	if err != nil {
		return err
	}
	f, err := tx.Following(to.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err != nil || f.State != store.FollowAccepted && f.State != store.FollowAsked {
		unreached, err := tx.UnreachedAmong(to.ID)
		if err != nil {
			return err
		}
		if !unreached[to.ID] {
			if _, err := s.askToFollow(tx, to, store.Following{Boosts: before.Boosts, Notify: before.Notify, Languages: before.Languages}); err != nil {
				return err
			}
		}
	}
	if err := listAlong(tx, old, to); err != nil {
		return err
	}
	return s.unfollow(tx, old)
}

// listAlong puts the new account of somebody who moved into the lists of the old one,
// if it is followed.
func listAlong(tx *store.Tx, old, to store.Actor) error {
	if err := listable(tx, to.ID); err != nil {
		if reply.CodeOf(err) == reply.NotFound {
			return nil
		}
		return err
	}
	lists, err := tx.ListsOf(old.ID)
	if err != nil {
		return err
	}
	for _, l := range lists {
		if _, err := tx.AddListed(l.ID, to.ID); err != nil {
			return err
		}
	}
	return nil
}

const (
	maxAliases = 10
	aliasTime  = 20 * time.Second // that looking the aliases up may take in all
)

// SetAliases says which other accounts are the owner's, by handle or address.
// Only an account that is named here may move to this one, so it is what the
// owner does before moving in. Those that are named already are not asked about
// again: an old server may be down for good.
func (s *Service) SetAliases(ctx context.Context, names []string) error {
	var uris []string
	known, err := s.namedAliases(ctx)
	if err != nil {
		return fmt.Errorf("read the aliases: %w", err)
	}
	asked, cancel := context.WithTimeout(ctx, aliasTime)
	defer cancel()
	for _, name := range names {
		if name = oneLine(name); name == "" {
			continue
		}
		if len(uris) == maxAliases {
			return reply.Errorf(reply.Unprocessable, "%d other accounts are the most there can be.", maxAliases)
		}
		uri := known[name]
		if !strings.Contains(name, "://") { // ids have case, handles have none
			uri = known[strings.ToLower(strings.TrimPrefix(name, "@"))]
		}
		if uri == "" {
			a, err := s.lookupPerson(asked, name)
			if err != nil {
				return err
			}
			uri = a.URI
		}
		if !slices.Contains(uris, uri) {
			uris = append(uris, uri)
		}
	}
	return s.changeProfile(ctx, func(_ *store.Tx, me *store.Actor) error {
		me.Extra.AlsoKnownAs = uris
		return nil
	})
}

// namedAliases are the ids of the owner's aliases, by handle in lower case and by id.
func (s *Service) namedAliases(ctx context.Context) (map[string]string, error) {
	return store.Get(ctx, s.store, func(tx *store.Tx) (map[string]string, error) {
		me, err := tx.Actor(store.OwnerID)
		if err != nil {
			return nil, err
		}
		people, err := tx.ActorsByURI(me.Extra.AlsoKnownAs...)
		named := map[string]string{}
		for _, uri := range me.Extra.AlsoKnownAs {
			named[uri] = uri
			if a, ok := people[uri]; ok {
				named[strings.ToLower(a.Handle())] = uri
			}
		}
		return named, err
	})
}

// lookupPerson finds somebody else's account by handle or address.
func (s *Service) lookupPerson(ctx context.Context, name string) (store.Actor, error) {
	found, err := s.Lookup(ctx, name)
	if errors.Is(err, context.DeadlineExceeded) {
		return store.Actor{}, reply.Errorf(reply.Unavailable, "The servers took too long to answer. Try again.")
	}
	if err != nil {
		return store.Actor{}, err
	}
	if found.Actor == nil {
		return store.Actor{}, reply.Errorf(reply.Unprocessable, "%s is a post, not an account.", printable(name, 200))
	}
	if found.Actor.ID == store.OwnerID {
		return store.Actor{}, reply.Errorf(reply.Unprocessable, "%s is this account itself.", printable(name, 200))
	}
	return *found.Actor, nil
}

// MoveTarget looks up where the owner wants to move and says in words what is in
// the way. The account there is fetched anew.
func (s *Service) MoveTarget(ctx context.Context, name string) (store.Actor, error) {
	a, err := s.lookupPerson(ctx, oneLine(name))
	if err != nil {
		return a, err
	}
	if a, err = s.refreshActor(ctx, a.URI); err != nil {
		return a, lookupError(a.Domain, err)
	}
	err = s.store.Read(ctx, func(tx *store.Tx) error { return s.mayMoveTo(tx, a) })
	return a, err
}

func (s *Service) mayMoveTo(tx *store.Tx, to store.Actor) error {
	blocked, err := Blocked(tx, to.URI)
	if err != nil {
		return err
	}
	switch {
	case blocked:
		return reply.Errorf(reply.Unprocessable, "You blocked @%s. Unblock it first.", to.Handle())
	case to.Extra.MovedTo != "":
		return reply.Errorf(reply.Unprocessable, "@%s has moved on itself.", to.Handle())
	case !arrivable(to, s.actorURI):
		return reply.Errorf(reply.Unprocessable, "@%s does not name this account as its own yet. Log in there, add @%s to its aliases, then try again.", to.Handle(), s.origin.Handle(s.me.Name))
	}
	last, err := tx.LastMove(store.OwnerID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if again := last.Add(moveEvery); s.now().Before(again) {
		return reply.Errorf(reply.Unprocessable, "An account can move once in 7 days; other servers ignore more. You can move again on %s.", again.UTC().Format("2 January 2006, 15:04 MST"))
	}
	return nil
}

// MoveTo moves the owner to another account: the profile says so, and the servers
// of all followers are asked to follow the new account instead. From then on
// nothing can be published here, until the owner comes back. To move there once more
// does nothing.
func (s *Service) MoveTo(ctx context.Context, name string) (store.Actor, error) {
	to, err := s.MoveTarget(ctx, name)
	if err != nil && to.URI != "" {
		there, e := store.Get(ctx, s.store, func(tx *store.Tx) (bool, error) { return isAt(tx, to) })
		if e != nil || there {
			return to, e
		}
	}
	if err != nil {
		return to, err
	}
	err = s.store.Write(ctx, func(tx *store.Tx) error {
		if there, err := isAt(tx, to); err != nil || there {
			return err
		}
		if err := s.mayMoveTo(tx, to); err != nil { // what was found may have been blocked meanwhile
			return err
		}
		if err := s.applyProfile(tx, func(_ *store.Tx, me *store.Actor) error { me.Extra.MovedTo = to.URI; return nil }); err != nil {
			return err
		}
		if err := tx.AddMove(store.OwnerID, to.URI); err != nil {
			return err
		}
		if err := tx.LogSecurity("move", "to @"+to.Handle(), ""); err != nil {
			return err
		}
		return s.sendMove(tx, to)
	})
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("move to %s: %w", to.URI, err)
	}
	return to, err
}

// isAt says whether the owner moved to an account.
func isAt(tx *store.Tx, to store.Actor) (bool, error) {
	me, err := tx.Actor(store.OwnerID)
	return me.Extra.MovedTo == to.URI, err
}

// sendMove follows the Update that says the same, as Mastodon does it.
func (s *Service) sendMove(tx *store.Tx, to store.Actor) error {
	inboxes, err := tx.FollowerInboxes()
	if err != nil {
		return err
	}
	if inboxes, err = unblocked(tx, inboxes); err != nil {
		return err
	}
	m := ap.NewActivity("Move", s.newActivityID(), s.actorURI, s.actorURI, []string{s.followersURI()}, nil, s.now())
	m.Target = to.URI
	return s.send(tx, "Move", 0, m, inboxes)
}

// MoveBack says that the owner is here again. Followers who went along stay with
// the other account.
func (s *Service) MoveBack(ctx context.Context) error {
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		me, err := tx.Actor(store.OwnerID)
		if err != nil || me.Extra.MovedTo == "" {
			return err
		}
		if err := tx.LogSecurity("move", "back", ""); err != nil {
			return err
		}
		return s.applyProfile(tx, func(_ *store.Tx, me *store.Actor) error { me.Extra.MovedTo = ""; return nil })
	})
	if err != nil {
		return fmt.Errorf("move back: %w", err)
	}
	return nil
}

// notMoved refuses to publish while the profile says that the owner is elsewhere.
func notMoved(tx *store.Tx) error {
	me, err := tx.Actor(store.OwnerID)
	if err != nil || me.Extra.MovedTo == "" {
		return err
	}
	return reply.Errorf(reply.Conflict, "You moved to another account, so nothing is published from here. Come back under “Move” first, or do it there; nothing that you typed is lost.")
}
