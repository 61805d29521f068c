package federation

import (
	"context"
	"fmt"

	"dassie/store"
)

// RetryHost makes everything that waits for a server due at once.
func (s *Service) RetryHost(ctx context.Context, hostID int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.HostByID(hostID); err != nil {
			return err
		}
		if _, err := tx.RetryHost(hostID); err != nil {
			return err
		}
		tx.After(s.work.pokeDeliveries)
		return nil
	})
}

// RetryPost makes the inboxes due at once that an own post still waits for.
func (s *Service) RetryPost(ctx context.Context, postID int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		if _, err := ownPost(tx, postID); err != nil {
			return err
		}
		list, err := tx.WaitingFor(postID)
		if err != nil {
			return err
		}
		for _, w := range list {
			if err := tx.RetryInbox(w.InboxID); err != nil {
				return err
			}
		}
		tx.After(s.work.pokeDeliveries)
		return nil
	})
}

// DropHost gives up what waits for a server, or with a post what of that post
// does, and says how many activities that were. Deletions wait on unless they are
// asked for: what they ask to delete stays there for good then.
func (s *Service) DropHost(ctx context.Context, hostID, postID int64, deletions bool) (int, error) {
	n, err := store.Put(ctx, s.store, func(tx *store.Tx) (int, error) {
		h, err := tx.HostByID(hostID)
		if err != nil {
			return 0, err
		}
		list, err := tx.DropWaiting(hostID, postID, deletions, s.flights.has)
		if err != nil || len(list) == 0 {
			return 0, err
		}
		told := map[int64]bool{}
		for _, d := range list {
			if d.PostID != 0 && !told[d.PostID] {
				told[d.PostID] = true
				s.emit(tx, EventDeliveries, d.PostID)
			}
		}
		detail := fmt.Sprintf("%d for %s", len(list), h.Name)
		if deletions {
			detail += ", deletions too"
		}
		return len(list), tx.LogSecurity("deliveries dropped", detail, "")
	})
	if err != nil {
		return 0, fmt.Errorf("drop what waits for server %d: %w", hostID, err)
	}
	return n, nil
}
