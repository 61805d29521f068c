package federation

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"dassie/store"
	"dassie/web/reply"
)

const (
	maxLists     = 50  // as in Mastodon
	longestTitle = 100 // characters of a list's title
	listFilled   = 40  // of the stored posts of somebody that a list takes when they come into it
)

// SaveList makes a list, or changes the one with that id. The choice of replies
// counts for what arrives from then on.
func (s *Service) SaveList(ctx context.Context, l store.List) (store.List, error) {
	l.Title = oneLine(l.Title)
	switch {
	case l.Title == "":
		return l, reply.Errorf(reply.Unprocessable, "Give the list a title.")
	case utf8.RuneCountInString(l.Title) > longestTitle:
		return l, reply.Errorf(reply.Unprocessable, "A title has at most %d characters.", longestTitle)
	}
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.List, error) {
		if l.ID == 0 {
			all, err := tx.Lists()
			if err != nil {
				return l, err
			}
			if len(all) >= maxLists {
				return l, reply.Errorf(reply.Unprocessable, "%d lists are the most there can be.", maxLists)
			}
		} else if _, err := listOf(tx, l.ID); err != nil {
			return l, err
		}
		return l, tx.SaveList(&l)
	})
}

// DropList removes a list; nobody is unfollowed by it.
func (s *Service) DropList(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := listOf(tx, id); err != nil {
			return err
		}
		return tx.DropList(id)
	})
}

func listOf(tx *store.Tx, id int64) (store.List, error) {
	l, err := tx.List(id)
	if errors.Is(err, store.ErrNotFound) {
		return l, reply.Errorf(reply.NotFound, "This list is not here any more.")
	}
	return l, err
}

// ErrListed is returned for somebody who is in the list already.
var ErrListed = &reply.Error{Code: reply.Unprocessable, Message: "They are in this list already."}

// AddToList puts people whom the owner follows, or asked to, into a list: all of
// them or nobody. The list takes what is stored of theirs lately.
func (s *Service) AddToList(ctx context.Context, listID int64, actorIDs ...int64) error {
	var l store.List
	err := s.store.Write(ctx, func(tx *store.Tx) (err error) {
		if l, err = listOf(tx, listID); err != nil {
			return err
		}
		for _, id := range actorIDs {
			if err := listable(tx, id); err != nil {
				return err
			}
			fresh, err := tx.AddListed(listID, id)
			if err != nil {
				return err
			}
			if !fresh {
				return ErrListed
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.fillList(ctx, l, actorIDs)
}

// RemoveFromList takes people out of a list, and with them what they wrote.
func (s *Service) RemoveFromList(ctx context.Context, listID int64, actorIDs ...int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := listOf(tx, listID); err != nil {
			return err
		}
		for _, id := range actorIDs {
			if err := tx.DropListed(listID, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetListsOf says in which lists somebody is, and in no others.
func (s *Service) SetListsOf(ctx context.Context, actorID int64, listIDs []int64) error {
	var added []store.List
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		added = nil
		if len(listIDs) > 0 {
			if err := listable(tx, actorID); err != nil {
				return err
			}
		}
		had, err := tx.ListsOf(actorID)
		if err != nil {
			return err
		}
		for _, l := range had {
			if err := tx.DropListed(l.ID, actorID); err != nil {
				return err
			}
		}
		for _, id := range listIDs {
			l, err := listOf(tx, id)
			if err != nil {
				return err
			}
			if _, err := tx.AddListed(id, actorID); err != nil {
				return err
			}
			added = append(added, l)
		}
		return nil
	})
	for _, l := range added {
		if err == nil {
			err = s.fillList(ctx, l, []int64{actorID})
		}
	}
	return err
}

// listable is an error for somebody whom the owner does not follow: a list would
// stay empty of them.
func listable(tx *store.Tx, actorID int64) error {
	f, err := tx.Following(actorID)
	if errors.Is(err, store.ErrNotFound) || err == nil && f.State != store.FollowAccepted && f.State != store.FollowAsked {
		return reply.Errorf(reply.NotFound, "Only people you follow can be in a list. Follow them first.")
	}
	return err
}

// fillList takes what is stored of people into a list that they came into, each
// in a write of its own.
func (s *Service) fillList(ctx context.Context, l store.List, actorIDs []int64) error {
	for _, id := range actorIDs {
		err := s.store.Write(ctx, func(tx *store.Tx) error {
			posts, err := tx.PostsBy(id, store.Page{Limit: listFilled})
			if err != nil {
				return err
			}
			boosts, err := showsBoosts(tx, id)
			if err != nil {
				return err
			}
			for _, p := range posts {
				if p.BoostOf != 0 && !boosts {
					continue
				}
				if err := enterList(tx, l, p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("fill list %d with posts of actor %d: %w", l.ID, id, err)
		}
	}
	return nil
}

// enterLists puts a post of somebody followed, or their boost, into the lists that
// they are in. It says whether one of these keeps them out of home.
func enterLists(tx *store.Tx, p store.Post) (apart bool, err error) {
	lists, err := tx.ListsOf(p.ActorID)
	if err != nil {
		return false, fmt.Errorf("read lists of actor %d: %w", p.ActorID, err)
	}
	for _, l := range lists {
		apart = apart || l.Exclusive
		if err := enterList(tx, l, p); err != nil {
			return apart, err
		}
	}
	return apart, nil
}

// enterList puts a post into a list if it belongs there. What is for the people
// named alone is a conversation, and no list has it.
func enterList(tx *store.Tx, l store.List, p store.Post) error {
	if p.Visibility == store.Direct {
		return nil
	}
	fits, err := listTakes(tx, l, p)
	if err != nil || !fits {
		return err
	}
	return tx.AddListPost(l.ID, p.ID)
}

// listTakes says whether a list shows a post: what answers nobody, its own author
// or the owner always, other answers as the list says (Mastodon's replies_policy).
func listTakes(tx *store.Tx, l store.List, p store.Post) (bool, error) {
	if p.BoostOf != 0 || p.ParentURI == "" {
		return true, nil
	}
	answered, err := answeredBy(tx, p)
	if err != nil {
		return false, err
	}
	for _, id := range answered {
		fits := id == p.ActorID || id == store.OwnerID
		switch {
		case fits:
		case l.Replies == store.RepliesListed:
			fits, err = tx.IsListed(l.ID, id)
		case l.Replies == store.RepliesFollowed:
			fits, err = tx.Follows(id)
		}
		if err != nil || fits {
			return fits, err
		}
	}
	return false, nil
}

// answeredBy says whom a post answers. If what it answers is not stored here, it
// is whoever the post names, and its own author where it names nobody.
func answeredBy(tx *store.Tx, p store.Post) ([]int64, error) {
	if p.ParentID != 0 {
		parent, err := tx.Post(p.ParentID)
		if err == nil {
			return []int64{parent.ActorID}, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	if len(p.Extra.Mentions) == 0 {
		return []int64{p.ActorID}, nil
	}
	var ids []int64
	for _, m := range p.Extra.Mentions {
		if m.ActorID != 0 {
			ids = append(ids, m.ActorID)
		}
	}
	return ids, nil
}
