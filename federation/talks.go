package federation

import (
	"context"
	"fmt"
	"time"

	"dassie/store"
)

const (
	talksFilledKey = "talks_filled" // setting: "yes" once direct posts of before are filed
	talksSlice     = 200            // posts filed in one write
)

// fileTalk files a direct post under its conversation.
func (s *Service) fileTalk(tx *store.Tx, p store.Post, author store.Actor) error {
	if p.Visibility != store.Direct {
		return nil
	}
	_, err := tx.FileTalk(store.Talk{Post: p, Author: author, Unread: true})
	return err
}

// wantTalks queues the filing of what was stored before there were conversations.
func (s *Service) wantTalks(ctx context.Context) error {
	filled, err := store.Get(ctx, s.store, func(tx *store.Tx) (string, error) { return tx.Setting(talksFilledKey) })
	if err != nil || filled == "yes" {
		return err
	}
	return s.store.Write(ctx, func(tx *store.Tx) error {
		return tx.AddJobOnce("talks", "talks", nil, time.Time{})
	})
}

// fillTalks is the job "talks". It files in slices and from the beginning: what is
// filed already is passed over, so that it may be stopped at any point. Nothing of
// it is unread, since the inbox told of it when it came.
func (s *Service) fillTalks(ctx context.Context, _ []byte) error {
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
	posts, err := tx.DirectPosts(after, talksSlice)
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
			if _, err := tx.FileTalk(store.Talk{Post: p, Author: author}); err != nil {
				return 0, err
			}
		}
	}
	if len(posts) == talksSlice {
		return posts[len(posts)-1].ID, nil
	}
	return 0, tx.SetSetting(talksFilledKey, "yes")
}

// ReadTalk says that the owner read a conversation up to a post; 0 is all of them.
func (s *Service) ReadTalk(ctx context.Context, id, until int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.ReadTalk(id, until) })
}

// DropTalk takes a conversation off the owner's list. Its posts stay, here and
// elsewhere, and nobody is told; the next one begins it anew.
func (s *Service) DropTalk(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Conversation(id); err != nil {
			return err
		}
		return tx.DropTalk(id)
	})
}
