package federation

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"dassie/store"
	"dassie/web/reply"
)

// maxNote is how long a note about somebody may be, in characters.
const maxNote = 2000

// Mute keeps what somebody posts and boosts, and boosts of what they wrote, out of
// timelines and searches: for some time, or with 0 until it is taken back. With
// notices, nothing that they do is notified either. Nobody is told, follows stay,
// and their page shows what they wrote; in a conversation a line stands for it. It
// replaces a mute that is in force.
func (s *Service) Mute(ctx context.Context, actorID int64, d time.Duration, notices bool) error {
	if actorID == store.OwnerID {
		return reply.Errorf(reply.Unprocessable, "You cannot mute yourself.")
	}
	if d < 0 {
		return reply.Errorf(reply.Unprocessable, "A mute cannot end before it begins.")
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := knownPerson(tx, actorID); err != nil {
			return err
		}
		m := store.Mute{ActorID: actorID, Notices: notices}
		if d > 0 {
			m.Until = s.now().Add(d)
		}
		s.emit(tx, EventProfile, 0)
		return tx.SaveMute(m)
	})
}

// Unmute takes a mute back; without one it does nothing.
func (s *Service) Unmute(ctx context.Context, actorID int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		s.emit(tx, EventProfile, 0)
		return tx.DropMute(actorID)
	})
}

// MuteThread hides the conversation that a post is in: nothing in it is notified any
// more, whoever writes it, and Home and lists leave it out. Elsewhere it shows as
// before, and nobody is told. It answers with the post.
func (s *Service) MuteThread(ctx context.Context, postID int64) (store.Post, error) {
	return s.hush(ctx, postID, func(tx *store.Tx, p store.Post) error {
		above, err := tx.Ancestors(p, threadDepth)
		if err != nil {
			return err
		}
		root := p
		if len(above) > 0 {
			root = above[0]
		}
		if err := tx.KeepPost(root.ID); err != nil {
			return err
		}
		return tx.MuteThread(root.ID)
	})
}

// threadDepth is how far up the root of a conversation is looked for.
const threadDepth = 1000

// UnmuteThread takes that back; of a conversation that is not muted it does nothing.
func (s *Service) UnmuteThread(ctx context.Context, postID int64) (store.Post, error) {
	return s.hush(ctx, postID, func(tx *store.Tx, p store.Post) error { return tx.UnmuteThread(p.ID) })
}

// hush does something with the conversation of a post; a boost stands for the post
// that was boosted.
func (s *Service) hush(ctx context.Context, postID int64, do func(*store.Tx, store.Post) error) (store.Post, error) {
	return store.Put(ctx, s.store, func(tx *store.Tx) (store.Post, error) {
		p, _, err := touched(tx, postID)
		if err != nil {
			return p, err
		}
		return p, do(tx, p)
	})
}

// SetNote keeps what the owner notes about somebody, for nobody else to read; ""
// forgets it.
func (s *Service) SetNote(ctx context.Context, actorID int64, text string) error {
	text = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\r\n", "\n"), ""))
	if n := utf8.RuneCountInString(text); n > maxNote {
		return reply.Errorf(reply.Unprocessable, "A note may have 2,000 characters; this one has %d.", n)
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := knownPerson(tx, actorID); err != nil {
			return err
		}
		return tx.SetNote(actorID, text)
	})
}

// knownPerson reads somebody, in words if they are not here.
func knownPerson(tx *store.Tx, actorID int64) (store.Actor, error) {
	a, err := tx.Actor(actorID)
	if errors.Is(err, store.ErrNotFound) {
		return a, reply.Errorf(reply.NotFound, "This person is not known here.")
	}
	return a, err
}

// carryAlong keeps for the new account of somebody who moved what the owner noted
// about the old one, and a mute of it.
func carryAlong(tx *store.Tx, old, to store.Actor) error {
	notes, err := tx.Notes(old.ID, to.ID)
	if err != nil {
		return err
	}
	if text := notes[old.ID]; text != "" && notes[to.ID] == "" {
		if err := tx.SetNote(to.ID, text); err != nil {
			return err
		}
	}
	m, err := tx.MuteOf(old.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := tx.MuteOf(to.ID); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	m.ActorID = to.ID
	return tx.SaveMute(m)
}
