package federation

import (
	"context"

	"dassie/store"
)

// Save keeps a post for later. Nobody is told: it is between the owner and this
// server. It returns the post.
func (s *Service) Save(ctx context.Context, postID int64) (store.Post, error) {
	return s.onPost(ctx, "save", postID, func(tx *store.Tx, p store.Post, _ store.Actor) error {
		if err := tx.AddBookmark(p.ID); err != nil {
			return err
		}
		return tx.KeepPost(p.ID)
	})
}

// Unsave takes a post off what is saved.
func (s *Service) Unsave(ctx context.Context, postID int64) (store.Post, error) {
	return s.onPost(ctx, "unsave", postID, func(tx *store.Tx, p store.Post, _ store.Actor) error {
		return tx.DropBookmark(p.ID)
	})
}
