package federation

import (
	"context"
	"errors"

	"dassie/store"
)

const (
	noticesSlice = 1000 // notifications that one write forgets
	toldQuotes   = 20   // the owner's newest quotes of a post that are told of its edit
)

// notify stores a notification and tells whoever listens, unless the owner's rules
// hold it back or want none.
func (s *Service) notify(tx *store.Tx, n store.Notification) error {
	held, drop, err := s.judgeNotice(tx, n)
	if err != nil || drop {
		return err
	}
	n.Held = held
	if err := tx.Notify(&n); err != nil || n.ID == 0 || n.Held != 0 {
		return err
	}
	return s.tellNotice(tx, n)
}

// notifyEdit tells the owner that a post was edited which they boosted or quoted. Of
// a quote it names the owner's own post, which now quotes other words.
func (s *Service) notifyEdit(tx *store.Tx, p store.Post) error {
	_, err := tx.BoostBy(store.OwnerID, p.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil {
		if err := s.notifyAnew(tx, store.Notification{Kind: "update", ActorID: p.ActorID, PostID: p.ID}); err != nil {
			return err
		}
	}
	quoting, err := tx.OwnQuotesOf(p.ID, toldQuotes)
	if err != nil {
		return err
	}
	for _, id := range quoting {
		if err := s.notifyAnew(tx, store.Notification{Kind: "quoted_update", ActorID: p.ActorID, PostID: id}); err != nil {
			return err
		}
	}
	return nil
}

// notifyAnew is for what happens to a post again and again: it stands in the place of
// the last.
func (s *Service) notifyAnew(tx *store.Tx, n store.Notification) error {
	if err := tx.DropNotifications(n.Kind, n.ActorID, n.PostID); err != nil {
		return err
	}
	return s.notify(tx, n)
}

// DismissNotice forgets a notification.
func (s *Service) DismissNotice(ctx context.Context, id int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.DropNotices(id)
		if err == nil && n == 0 {
			return store.ErrNotFound
		}
		s.emit(tx, EventMarker, 0)
		return err
	})
}

// DismissNoticeGroup forgets all of a group; one that is not there is no error.
func (s *Service) DismissNoticeGroup(ctx context.Context, key string) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		g, err := tx.NoticeGroup(key)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		ids := make([]int64, len(g.Members))
		for i, n := range g.Members {
			ids[i] = n.ID
		}
		s.emit(tx, EventMarker, 0)
		_, err = tx.DropNotices(ids...)
		return err
	})
}

// ClearNotices forgets every notification that there is now. What is held back
// stays: the owner has not seen it.
func (s *Service) ClearNotices(ctx context.Context) error {
	newest, err := store.Get(ctx, s.store, func(tx *store.Tx) (int64, error) { return tx.Newest(store.MarkerNotifications) })
	if err != nil {
		return err
	}
	for more := true; more; {
		more, err = store.Put(ctx, s.store, func(tx *store.Tx) (bool, error) {
			ids, err := tx.NoticeIDs(newest, noticesSlice)
			if err != nil || len(ids) == 0 {
				return false, err
			}
			s.emit(tx, EventMarker, 0)
			_, err = tx.DropNotices(ids...)
			return len(ids) == noticesSlice, err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
