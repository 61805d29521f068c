package federation

import (
	"context"
	"errors"
	"slices"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// As in Mastodon: what counts as a new account, and as a new follower.
const (
	newAccount  = 30 * 24 * time.Hour
	newFollower = 3 * 24 * time.Hour
)

// ruledNotices are the kinds that the owner's rules are about. The rest is of the
// owner's own doing, or asked for.
var ruledNotices = []string{"mention", "quote", "favourite", "reblog", "follow", "follow_request"}

// judgeNotice asks the owner's rules about a notification: what holds it back, if
// anything, and whether there is to be none. A rule that drops counts before all
// that hold, and of those the one that says most about the person.
func (s *Service) judgeNotice(tx *store.Tx, n store.Notification) (held store.HeldBy, drop bool, err error) {
	if n.ActorID == store.OwnerID || !slices.Contains(ruledNotices, n.Kind) {
		return 0, false, nil
	}
	rules, err := tx.NoticePolicy()
	if err != nil {
		return 0, false, err
	}
	limited, err := tx.LimitedAmong(n.ActorID)
	if err != nil {
		return 0, false, err
	}
	silenced := limited[n.ActorID] && rules.Limited != store.NoticeAccept
	quarantine, err := tx.Quarantine()
	if err != nil {
		return 0, false, err
	}
	if !silenced && quarantine.Limit(s.now()) == 0 && rules.NotFollowed == store.NoticeAccept && rules.NotFollowers == store.NoticeAccept &&
		rules.NewAccounts == store.NoticeAccept && rules.Private == store.NoticeAccept {
		return 0, false, nil
	}
	if allowed, err := tx.NoticesAllowed(n.ActorID); err != nil || allowed {
		return 0, false, err
	}
	sort, err := s.sortOfSender(tx, n, quarantine)
	if err != nil {
		return 0, false, err
	}
	for _, is := range []struct {
		so   bool
		rule store.NoticeRule
		held store.HeldBy
	}{
		{silenced, rules.Limited, store.HeldLimited},
		{sort.quarantined, store.NoticeHold, store.HeldQuarantine},
		{sort.outOfTheBlue, rules.Private, store.HeldPrivate},
		{sort.newAccount, rules.NewAccounts, store.HeldNewAccount},
		{sort.notFollowed, rules.NotFollowed, store.HeldNotFollowed},
		{sort.notFollower, rules.NotFollowers, store.HeldNotFollower},
	} {
		if is.so && is.rule == store.NoticeDrop {
			return 0, true, nil
		}
		if is.so && is.rule == store.NoticeHold && held == 0 {
			held = is.held
		}
	}
	return held, false, nil
}

// senderSort is what the rules ask about whoever caused a notification.
type senderSort struct{ notFollowed, notFollower, newAccount, outOfTheBlue, quarantined bool }

func (s *Service) sortOfSender(tx *store.Tx, n store.Notification, q store.Quarantine) (is senderSort, err error) {
	is.notFollowed = !follows(tx, n.ActorID)
	f, err := tx.Follower(n.ActorID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return is, err
	}
	is.notFollower = err != nil || f.State != store.FollowAccepted || s.now().Sub(f.DecidedAt) < newFollower
	if !is.notFollowed {
		return is, nil // whom the owner chose is neither new nor out of the blue
	}
	a, err := tx.Actor(n.ActorID)
	if err != nil {
		return is, err
	}
	made := a.PublishedAt
	if made.IsZero() { // their server does not say: since they were first met
		made = store.TimeOf(a.ID)
	}
	is.newAccount = s.now().Sub(made) < newAccount
	if is.notFollower {
		if is.quarantined, err = s.inQuarantine(tx, n, a, q); err != nil {
			return is, err
		}
	}
	if n.Kind == "mention" {
		is.outOfTheBlue, err = outOfTheBlue(tx, n)
	}
	return is, err
}

// outOfTheBlue is true of a private mention that answers none of the owner's to the
// same person.
func outOfTheBlue(tx *store.Tx, n store.Notification) (bool, error) {
	p, err := tx.Post(n.PostID)
	if err != nil || p.Visibility != store.Direct {
		return false, err
	}
	up, err := tx.Ancestors(p, 100)
	for _, q := range up {
		if q.Own() && q.Visibility == store.Direct && slices.ContainsFunc(q.Extra.Mentions, func(m store.Mention) bool { return m.ActorID == n.ActorID }) {
			return false, err
		}
	}
	return true, err
}

// SetNoticePolicy says from now on whose notices the owner wants. What was held back
// before stays so.
func (s *Service) SetNoticePolicy(ctx context.Context, p store.NoticePolicy) error {
	for _, rule := range []store.NoticeRule{p.NotFollowed, p.NotFollowers, p.NewAccounts, p.Private, p.Limited} {
		if !rule.Valid() {
			return reply.Errorf(reply.Unprocessable, "Choose accept, filter or drop, not %.20q.", rule)
		}
	}
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.SetNoticePolicy(p) })
}

// allowSlice is how many people are let through in one write.
const allowSlice = 20

// AllowNotices lets through what is held back of some people who wait, and what
// they do from now on. It stands where it would have stood.
func (s *Service) AllowNotices(ctx context.Context, requestIDs ...int64) error {
	for ids := range slices.Chunk(requestIDs, allowSlice) {
		if err := s.store.Write(ctx, func(tx *store.Tx) error { return s.allowNotices(tx, ids) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) allowNotices(tx *store.Tx, requestIDs []int64) error {
	list, err := tx.NoticeRequestsByID(requestIDs...)
	if err != nil || len(list) == 0 {
		return err
	}
	for _, r := range list {
		if err := tx.AllowNotices(r.ActorID); err != nil {
			return err
		}
	}
	s.emit(tx, EventMerged, 0)
	return nil
}

// DismissNotices puts people aside who wait. What they did stays held back, and can
// still be let through.
func (s *Service) DismissNotices(ctx context.Context, requestIDs ...int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		for _, id := range requestIDs {
			if err := tx.DismissNotices(id); err != nil {
				return err
			}
		}
		return nil
	})
}

// StopAllowingNotices puts somebody under the owner's rules again.
func (s *Service) StopAllowingNotices(ctx context.Context, actorID int64) error {
	return s.store.Write(ctx, func(tx *store.Tx) error { return tx.StopAllowingNotices(actorID) })
}
