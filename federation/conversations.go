package federation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"dassie/store"
)

const (
	conversationsFilledKey = "conversations_filled" // setting: "yes" once direct posts of before are filed
	conversationsSlice     = 200                    // posts filed in one write
)

// fileConversation files a direct post under its conversation. One whose notice a
// rule of the owner holds back, or that there is none of, makes nothing unread.
func (s *Service) fileConversation(tx *store.Tx, p store.Post, author store.Actor) error {
	if p.Visibility != store.Direct {
		return nil
	}
	held, drop, err := s.judgeNotice(tx, store.Notification{Kind: "mention", ActorID: author.ID, PostID: p.ID})
	if err != nil {
		return err
	}
	quiet, err := tx.Hushed(store.Notification{Kind: "mention", ActorID: author.ID, PostID: p.ID})
	if err != nil {
		return err
	}
	told := held == 0 && !drop && !quiet
	filed, err := tx.FileConversation(store.Filing{Post: p, Author: author, Unread: told})
	if filed && told {
		s.emit(tx, EventConversation, p.ID)
	}
	return err
}

// wantConversations queues the filing of what was stored before there were conversations.
func (s *Service) wantConversations(ctx context.Context) error {
	filled, err := store.Get(ctx, s.store, func(tx *store.Tx) (string, error) { return tx.Setting(conversationsFilledKey) })
	if err != nil && !errors.Is(err, store.ErrNotFound) || filled == "yes" {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		return tx.AddJobOnce("conversations", "conversations", nil, time.Time{})
	})
}

// fillConversations is the job "conversations". It files in slices and from the beginning: what is
// filed already is passed over, so that it may be stopped at any point. Nothing of
// it is unread, since the inbox told of it when it came.
func (s *Service) fillConversations(ctx context.Context, _ []byte) error {
	for after, more := int64(0), true; more && ctx.Err() == nil; {
		next, err := store.Put(ctx, s.store, func(tx *store.Tx) (int64, error) { return fillSlice(tx, after) })
		if err != nil {
			return fmt.Errorf("file direct posts above %d: %w", after, err)
		}
		after, more = next, next != 0
	}
	return ctx.Err()
}

// fillSlice files some posts above an id, and returns the last of them; at the
// end 0.
func fillSlice(tx *store.Tx, after int64) (int64, error) {
	posts, err := tx.DirectPosts(after, conversationsSlice)
	if err != nil {
		return 0, err
	}
	ids := make([]int64, len(posts))
	for i, p := range posts {
		ids[i] = p.ActorID
	}
	authors, err := tx.Actors(ids...)
	if err != nil {
		return 0, err
	}
	for _, p := range posts {
		if author, ok := authors[p.ActorID]; ok {
			if _, err := tx.FileConversation(store.Filing{Post: p, Author: author}); err != nil {
				return 0, err
			}
		}
	}
	if len(posts) == conversationsSlice {
		return posts[len(posts)-1].ID, nil
	}
	return 0, tx.SetSetting(conversationsFilledKey, "yes")
}

// ReadConversation says that the owner read a conversation up to a post; 0 is all of them.
func (s *Service) ReadConversation(ctx context.Context, id, until int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.ReadConversation(id, until) })
}

// UnreadConversation puts a conversation among those that are to be read yet.
func (s *Service) UnreadConversation(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.UnreadConversation(id) })
}

// DropConversation takes a conversation off the owner's list. Its posts stay, here and
// elsewhere, and nobody is told; the next one begins it anew.
func (s *Service) DropConversation(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Conversation(id); err != nil {
			return err
		}
		return tx.DropConversation(id)
	})
}
