package federation

import (
	"context"
	"fmt"
	"time"

	"dassie/store"
)

const (
	seenEvery    = 24 * time.Hour // how old the note may be of when a picture was looked at
	seenTogether = 200            // such notes are written so many at a time
)

// usePicture notes that a picture is in use, once a day, and many at a time.
func (s *Service) usePicture(ctx context.Context, row store.RemoteMedia) {
	now := s.now()
	if now.Sub(row.UsedAt) < seenEvery {
		return
	}
	c := s.pictures
	c.mu.Lock()
	c.seen[[2]string{row.URL, row.Shape}] = now
	many := len(c.seen) >= seenTogether
	c.mu.Unlock()
	if many {
		if err := s.NoteSeen(context.WithoutCancel(ctx)); err != nil {
			s.log.Warn("cannot note which pictures are in use", "error", err)
		}
	}
}

// NoteSeen writes down which pictures were looked at; house-keeping calls it
// before it looks for those that were not.
func (s *Service) NoteSeen(ctx context.Context) error {
	c := s.pictures
	c.mu.Lock()
	seen := c.seen
	c.seen = map[[2]string]time.Time{}
	c.mu.Unlock()
	if len(seen) == 0 {
		return nil
	}
	err := s.store.Write(ctx, func(tx *store.Tx) error {
		for of, at := range seen {
			if err := tx.UseRemoteMedia(of[0], of[1], at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note which pictures are in use: %w", err)
	}
	return nil
}

// SweepRemote removes files of the cache folder that no entry names any more.
func (s *Service) SweepRemote(ctx context.Context, olderThan time.Time) (removed int, bytes int64, err error) {
	names, err := store.Get(ctx, s.store, func(tx *store.Tx) (map[string]bool, error) { return tx.CachedNames() })
	if err != nil {
		return 0, 0, fmt.Errorf("sweep the cache of pictures: %w", err)
	}
	return s.pictures.files.Sweep(ctx, func(name string) bool { return names[name] }, olderThan)
}
