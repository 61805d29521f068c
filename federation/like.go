package federation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"dassie/federation/ap"
	"dassie/store"
	"dassie/web/reply"
)

// Like notes that the owner likes a post, and tells its author (AP 6.8). Liking
// it again changes nothing; a reaction of the owner's gives way to it. It returns
// the post as it is then.
func (s *Service) Like(ctx context.Context, postID int64) (store.Post, error) {
	return s.onPost(ctx, "like", postID, func(tx *store.Tx, p store.Post, author store.Actor) error {
		return s.answerWith(tx, p, author, ap.Reaction{})
	})
}

// React answers a post with an emoji: one character, or a shortcode that somebody
// has answered it with already or that the owner has a picture for. The owner has one answer to a post, a like or a
// reaction, as Misskey has it and as servers without reactions count it: the one
// before is taken back.
func (s *Service) React(ctx context.Context, postID int64, emoji string) (store.Post, error) {
	emoji = strings.TrimSpace(emoji)
	return s.onPost(ctx, "react to", postID, func(tx *store.Tx, p store.Post, author store.Actor) error {
		said := ap.Reaction{Emoji: emoji}
		if !ap.IsEmoji(emoji) {
			known, err := tx.ReactionsTo([]int64{p.ID})
			if err != nil {
				return err
			}
			for _, r := range known[p.ID] {
				if r.Emoji == emoji && r.Icon != "" {
					said.IconURL = r.Icon
				}
			}
			mine, err := tx.OwnEmojisCalled([]string{strings.Trim(emoji, ":")})
			if err != nil {
				return err
			}
			if said.IconURL == "" && len(mine) > 0 {
				said.Emoji, said.IconURL = ":"+mine[0].Shortcode+":", s.origin.URL(mine[0].Address())
			}
			if said.IconURL == "" {
				return reply.Errorf(reply.Unprocessable, "Choose one emoji, or put one into the field.")
			}
		}
		return s.answerWith(tx, p, author, said)
	})
}

// answerWith makes a like or a reaction the owner's one answer to a post.
func (s *Service) answerWith(tx *store.Tx, p store.Post, author store.Actor, said ap.Reaction) error {
	if blocked, err := Blocked(tx, author.URI); err != nil {
		return err
	} else if blocked {
		return reply.Errorf(reply.Unprocessable, "You blocked @%s, or their server. Unblock them before you like something of theirs.", author.Handle())
	}
	mine, err := tx.ReactionsOf(p.ID, store.OwnerID)
	if err != nil {
		return err
	}
	for _, r := range mine {
		if r.Emoji == said.Emoji {
			return nil
		}
	}
	to, err := authorInbox(tx, author)
	if err != nil {
		return err
	}
	if err := s.takeBack(tx, mine, p, author, to); err != nil {
		return err
	}
	r := store.Reaction{PostID: p.ID, ActorID: store.OwnerID, Emoji: said.Emoji, Icon: said.IconURL, URI: s.newActivityID()}
	if _, err := tx.React(&r); err != nil {
		return err
	}
	if err := tx.KeepPost(p.ID); err != nil {
		return err
	}
	s.countsChanged(tx, p.ID)
	return s.send(tx, "Like", 0, s.likeOf(r, p, author), to)
}

// Unlike takes the owner's like or reaction back (AP 6.10).
func (s *Service) Unlike(ctx context.Context, postID int64) (store.Post, error) {
	return s.onPost(ctx, "unlike", postID, func(tx *store.Tx, p store.Post, author store.Actor) error {
		mine, err := tx.ReactionsOf(p.ID, store.OwnerID)
		if err != nil {
			return err
		}
		to, err := authorInbox(tx, author)
		if err != nil {
			return err
		}
		return s.takeBack(tx, mine, p, author, to)
	})
}

// takeBack ends the owner's answers to a post, telling its author of each.
func (s *Service) takeBack(tx *store.Tx, mine []store.Reaction, p store.Post, author store.Actor, to []store.InboxTarget) error {
	for _, r := range mine {
		if _, err := tx.Unreact(r); err != nil {
			return err
		}
		s.countsChanged(tx, p.ID)
		undo := ap.NewActivity("Undo", s.newActivityID(), s.actorURI, s.likeOf(r, p, author), []string{author.URI}, nil, time.Time{})
		if err := s.send(tx, "Undo", 0, undo, to); err != nil {
			return err
		}
	}
	return nil
}

// onPost does something with a post in one transaction and reads it anew.
func (s *Service) onPost(ctx context.Context, verb string, postID int64, do func(*store.Tx, store.Post, store.Actor) error) (store.Post, error) {
	p, err := store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		p, author, err := touched(tx, postID)
		if err != nil {
			return p, err
		}
		if err := do(tx, p, author); err != nil {
			return p, err
		}
		return tx.Post(p.ID)
	})
	if err != nil && reply.CodeOf(err) == reply.Internal {
		err = fmt.Errorf("%s post %d: %w", verb, postID, err)
	}
	return p, err
}

func (s *Service) likeOf(r store.Reaction, p store.Post, author store.Actor) *ap.Message {
	m := ap.NewActivity("Like", r.URI, s.actorURI, p.URI, []string{author.URI}, nil, time.Time{})
	if r.Emoji != "" {
		m.WithReaction(ap.Reaction{Emoji: r.Emoji, IconURL: r.Icon})
	}
	return m
}

// onLike takes a like of an own post (AP 7.10), or a reaction to it: EmojiReact
// of Pleroma and Akkoma, Like with content of Misskey. Who likes a post in
// several ways is told of once.
func (s *Service) onLike(tx *store.Tx, in *incoming) (outcome, error) {
	p, ok, err := s.ownTarget(tx, in.act.ObjectID, in.sender)
	if err != nil || !ok {
		return done, err
	}
	if undone, err := undoneBefore(tx, in); err != nil || undone {
		return done, err
	}
	said := ap.ReadReaction(in.act.Raw)
	r := store.Reaction{PostID: p.ID, ActorID: in.sender.ID, Emoji: said.Emoji, Icon: said.IconURL, URI: in.act.ID}
	fresh, err := tx.React(&r)
	if err != nil || !fresh {
		return done, err
	}
	if err := noteEmojis(tx, in.sender.HostID, []store.Emoji{{Shortcode: strings.Trim(said.Emoji, ":"), URL: said.IconURL}}); err != nil {
		return done, err
	}
	s.countsChanged(tx, p.ID)
	return done, s.notify(tx, store.Notification{Kind: "favourite", ActorID: in.sender.ID, PostID: p.ID})
}

func (s *Service) caresForLike(tx *store.Tx, in *incoming) (bool, error) {
	return s.ownKnown(tx, in.act.ObjectID)
}

func (s *Service) likeByStranger(tx *store.Tx, act *ap.Activity) (bool, error) {
	return s.ownKnown(tx, act.ObjectID)
}

// undoLike takes a like or a reaction back: the one with that id, else the same
// one to the same post.
func (s *Service) undoLike(tx *store.Tx, in *incoming) error {
	r, err := s.reactionUndone(tx, in)
	if errors.Is(err, store.ErrNotFound) {
		wanted := false
		if in.act.Object != nil {
			if wanted, err = s.ownKnown(tx, in.act.Object.FirstID("object")); err != nil {
				return err
			}
		}
		return undoFirst(tx, in, wanted)
	}
	if err != nil {
		return err
	}
	last, err := tx.Unreact(r)
	if err != nil {
		return err
	}
	s.countsChanged(tx, r.PostID)
	if !last {
		return nil
	}
	return tx.DropNotifications("favourite", r.ActorID, r.PostID)
}

func (s *Service) reactionUndone(tx *store.Tx, in *incoming) (store.Reaction, error) {
	if in.act.Object == nil {
		if in.act.ObjectID == "" {
			return store.Reaction{}, store.ErrNotFound
		}
		return tx.ReactionByURI(in.sender.ID, in.act.ObjectID)
	}
	p, err := tx.PostByURI(in.act.Object.FirstID("object"))
	if err != nil {
		return store.Reaction{}, err
	}
	list, err := tx.ReactionsOf(p.ID, in.sender.ID)
	if err != nil {
		return store.Reaction{}, err
	}
	same := ap.ReadReaction(in.act.Object).Emoji
	found, ok := store.Reaction{}, false
	for _, r := range list {
		if in.act.ObjectID != "" && r.URI == in.act.ObjectID {
			return r, nil
		}
		if r.Emoji == same {
			found, ok = r, true
		}
	}
	if !ok {
		return found, store.ErrNotFound
	}
	return found, nil
}
