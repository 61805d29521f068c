package federation

import (
	"errors"
	"slices"
	"strings"

	"dassie/federation/ap"
	"dassie/store"
)

// audience lists the inboxes that an own post goes to, each once: those of the
// followers unless it is direct, of the people named, and of the author it
// answers. A direct post goes to personal inboxes, all else to shared ones where
// there are any. Blocked servers and people get nothing, nor do those who blocked
// the owner.
func (s *Service) audience(tx *store.Tx, p store.Post, mentioned []store.Actor) ([]store.InboxTarget, error) {
	wide, err := forFollowers(tx, p)
	if err != nil {
		return nil, err
	}
	var to []store.InboxTarget
	if wide {
		if to, err = tx.FollowerInboxes(); err != nil {
			return nil, err
		}
	}
	if p.ParentID != 0 {
		author, err := authorOf(tx, p.ParentID)
		if err != nil {
			return nil, err
		}
		mentioned = withAuthor(mentioned, author)
	}
	ids := make([]int64, len(mentioned))
	for i, a := range mentioned {
		ids[i] = a.ID
	}
	unreached, err := tx.UnreachedAmong(ids...)
	if err != nil {
		return nil, err
	}
	for _, a := range mentioned {
		if a.ID == store.OwnerID || a.Inbox == "" || !a.GoneAt.IsZero() || unreached[a.ID] {
			continue
		}
		inbox := a.DeliveryInbox()
		if p.Visibility == store.Direct {
			inbox = a.Inbox
		}
		to = append(to, store.InboxTarget{URL: inbox, HostID: a.HostID})
	}
	return unblocked(tx, to)
}

// authorOf is the author of a post; the owner, to whom nothing is sent, if the
// post is gone.
func authorOf(tx *store.Tx, postID int64) (store.Actor, error) {
	p, err := tx.Post(postID)
	if errors.Is(err, store.ErrNotFound) {
		return store.Actor{ID: store.OwnerID}, nil
	}
	if err != nil {
		return store.Actor{}, err
	}
	return tx.Actor(p.ActorID)
}

// forFollowers says whether a post goes to the owner's followers: never one that
// answers somebody else's private post (T44).
func forFollowers(tx *store.Tx, p store.Post) (bool, error) {
	if p.Visibility == store.Direct {
		return false, nil
	}
	if p.ParentID == 0 {
		return true, nil
	}
	parent, err := tx.Post(p.ParentID)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return parent.Own() || parent.Visibility.Open(), err
}

// unblocked leaves out the inboxes of blocked servers and those that stand twice.
// The blocked ones are read once and compared here: asking for each of hundreds
// of servers would hold the writer too long.
func unblocked(tx *store.Tx, to []store.InboxTarget) ([]store.InboxTarget, error) {
	list, err := tx.BlockedHosts()
	if err != nil {
		return nil, err
	}
	blocked := make(map[string]bool, len(list))
	for _, h := range list {
		blocked[h.Name] = true
	}
	seen := make(map[string]bool, len(to))
	return slices.DeleteFunc(to, func(in store.InboxTarget) bool {
		if seen[in.URL] || len(blocked) > 0 && hostIn(blocked, ap.Host(in.URL)) {
			return true
		}
		seen[in.URL] = true
		return false
	}), nil
}

// hostIn says whether a host, with or without its port, or a domain above it is
// in a set, as store.HostBlocked does.
func hostIn(set map[string]bool, host string) bool {
	if set[host] {
		return true
	}
	if i := strings.LastIndexByte(host, ':'); i > 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	for strings.Contains(host, ".") {
		if set[host] {
			return true
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return set[host]
}
