package mastodon

import (
	"slices"

	"github.com/julienschmidt/httprouter"

	"dassie/store"
	"dassie/web/reply"
)

// samplePeople is how many people of a group are shown, as in Mastodon.
const samplePeople = 8

// grouping is noticeQuery with the kinds that the app can show in groups.
func grouping(c *call) store.Grouping {
	q := noticeQuery(c)
	g := store.Grouping{Kinds: q.Kinds, Except: q.Except, From: q.From, Held: q.Held, Joined: store.GroupedNotices}
	if known := c.params.list("grouped_types"); len(known) > 0 {
		g.Joined = slices.DeleteFunc(slices.Clone(g.Joined), func(kind string) bool { return !slices.Contains(known, kind) })
	}
	return g
}

// partialAvatars says whether the app wants most people as pictures alone.
func partialAvatars(c *call) (bool, error) {
	switch c.params.get("expand_accounts") {
	case "", "full":
		return false, nil
	case "partial_avatars":
		return true, nil
	}
	return false, reply.Errorf(reply.Invalid, "Invalid value for 'expand_accounts', allowed values are 'full' and 'partial_avatars'")
}

// noticeGroups: GET /api/v2/notifications. A group is on one page, whole, at the
// place of its newest notification.
func (a *API) noticeGroups(c *call) (any, error) {
	partial, err := partialAvatars(c)
	if err != nil {
		return nil, err
	}
	page := c.page(40, 80)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*GroupedNotifications, error) {
		groups, err := tx.NoticeGroups(page, grouping(c))
		if err != nil {
			return nil, err
		}
		heads := make([]int64, len(groups))
		for i, g := range groups {
			heads[i] = g.Newest().ID
		}
		a.linkPages(c, page, heads)
		out, err := a.grouped(tx, groups, partial)
		if err != nil || len(heads) == 0 {
			return out, err
		}
		// Apps go on from the least page_min_id, which must not lie below the next group.
		lowest := heads[len(heads)-1]
		if len(heads) < page.Limit && page.Min == 0 {
			lowest = 0
		}
		out.markPage(groups, lowest)
		return out, nil
	})
}

// markPage says of each group how much of it lies within the page.
func (out *GroupedNotifications) markPage(groups []store.NoticeGroup, lowest int64) {
	least := map[string]int64{}
	for _, g := range groups {
		for _, n := range g.Members {
			if n.ID >= lowest {
				least[g.Key] = n.ID // newest first: the last one counts
			}
		}
	}
	for _, g := range out.Groups {
		g.PageMin, g.PageMax, g.PageLatest = id(least[g.Key]), g.NewestID, g.newestAt
	}
}

// grouped converts groups. Only the people who are shown are read.
func (a *API) grouped(tx *store.Tx, groups []store.NoticeGroup, partial bool) (*GroupedNotifications, error) {
	var shown []store.Notification
	for _, g := range groups {
		shown = append(shown, g.Members[:min(len(g.Members), samplePeople)]...)
	}
	m, reports, err := a.noticeRoom(tx, shown)
	if err != nil {
		return nil, err
	}
	out := &GroupedNotifications{Accounts: []*Account{}, Statuses: []*Status{}, Groups: []*NotificationGroup{}}
	if partial {
		out.Partial = []PartialAccount{}
	}
	type standing struct{ full, partial bool }
	people, posts := map[string]*standing{}, map[string]bool{}
	for _, g := range groups {
		one := m.noticeGroup(g, reports)
		if one == nil {
			continue
		}
		out.Groups = append(out.Groups, one)
		if one.status != nil && !posts[one.status.ID] {
			posts[one.status.ID] = true
			out.Statuses = append(out.Statuses, one.status)
		}
		for i, acc := range one.people {
			at := people[acc.ID]
			if at == nil {
				at = &standing{}
				people[acc.ID] = at
			}
			if partial && i > 0 {
				at.partial = true
			} else if !at.full {
				at.full = true
				out.Accounts = append(out.Accounts, acc)
			}
		}
	}
	for _, one := range out.Groups {
		for _, acc := range one.people {
			if at := people[acc.ID]; at.partial && !at.full {
				at.full = true // once
				out.Partial = append(out.Partial, PartialAccount{acc.ID, acc.Acct, acc.Locked, acc.Bot, acc.URL, acc.Avatar, acc.AvatarStatic})
			}
		}
	}
	return out, nil
}

// noticeGroup is nil where nobody of the group, or what it is about, may be shown.
func (m *room) noticeGroup(g store.NoticeGroup, reports map[int64]*Report) *NotificationGroup {
	newest := g.Newest()
	out := &NotificationGroup{Key: g.Key, Count: len(g.Members), Type: g.Kind, NewestID: id(newest.ID), newestAt: date(newest.At), People: []string{}}
	for _, n := range g.Members[:min(len(g.Members), samplePeople)] {
		one := m.notification(n, reports)
		if one == nil || m.hidden[n.ActorID] || slices.Contains(out.People, one.Account.ID) {
			continue
		}
		out.people, out.People = append(out.people, one.Account), append(out.People, one.Account.ID)
		out.Report, out.status = one.Report, one.Status
	}
	if len(out.people) == 0 {
		return nil
	}
	if out.status != nil {
		out.StatusID = out.status.ID
	}
	return out
}

// pathGroup reads the group in the path.
func pathGroup(tx *store.Tx, c *call) (store.NoticeGroup, error) {
	return tx.NoticeGroup(groupKey(c))
}

func groupKey(c *call) string { return httprouter.ParamsFromContext(c.ctx).ByName("group_key") }

// noticeGroup: GET /api/v2/notifications/:group_key.
func (a *API) noticeGroup(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (*GroupedNotifications, error) {
		g, err := pathGroup(tx, c)
		if err != nil {
			return nil, err
		}
		out, err := a.grouped(tx, []store.NoticeGroup{g}, false)
		if err == nil && (len(out.Groups) == 0 || g.Kind == "move") {
			err = errNotFound
		}
		return out, err
	})
}

// noticeGroupPeople: GET /api/v2/notifications/:group_key/accounts, all of them, the
// last one first.
func (a *API) noticeGroupPeople(c *call) (any, error) {
	return store.Get(c.ctx, a.st, func(tx *store.Tx) ([]*Account, error) {
		g, err := pathGroup(tx, c)
		if err != nil {
			return nil, err
		}
		ids := make([]int64, len(g.Members))
		for i, n := range g.Members {
			ids[i] = n.ActorID
		}
		m, err := a.gather(tx, nil, ids...)
		if err != nil {
			return nil, err
		}
		list := make([]*Account, 0, len(ids))
		for _, actorID := range ids {
			if acc := m.account(actorID); acc != nil && !m.hidden[actorID] && !slices.Contains(list, acc) {
				list = append(list, acc)
			}
		}
		return list, nil
	})
}

// dismissNoticeGroup: POST /api/v2/notifications/:group_key/dismiss.
func (a *API) dismissNoticeGroup(c *call) (any, error) {
	return struct{}{}, a.svc.DismissNoticeGroup(c.ctx, groupKey(c))
}

// unreadNoticeGroups: GET /api/v2/notifications/unread_count.
func (a *API) unreadNoticeGroups(c *call) (any, error) {
	limit := c.params.number("limit", 100, 1000)
	return store.Get(c.ctx, a.st, func(tx *store.Tx) (n Count, err error) {
		marker, err := tx.NotificationMarker()
		if err != nil {
			return n, err
		}
		groups, err := tx.NoticeGroups(store.Page{Since: marker, Limit: limit}, grouping(c))
		n.Count = len(groups)
		return n, err
	})
}
