package store

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// NoticeGroup is what several people did with one post on one day, or one
// notification that stands alone.
type NoticeGroup struct {
	Key     string // the same as long as the group is
	Kind    string
	PostID  int64
	Members []Notification // newest first, at least one
}

// Newest is the member that says where the group stands among others.
func (g NoticeGroup) Newest() Notification { return g.Members[0] }

// Grouping says which notifications are read, and how they are joined.
type Grouping struct {
	Kinds  []string // none means all
	Except []string
	From   int64    // whoever caused it; 0 for everybody
	Held   HeldToo  // what is held back
	Joined []string // kinds that are joined: by post if they are about one, else by day alone
	Split  int64    // what is above it is never joined with what is not; 0 for no such place
}

func (g Grouping) query() NoticeQuery {
	return NoticeQuery{Kinds: g.Kinds, Except: g.Except, From: g.From, Held: g.Held}
}

// JoinedNotices are the kinds of which many are told in one line.
var JoinedNotices = []string{"favourite", "reblog", "follow", "follow_request"}

// GroupedNotices are the kinds that apps know in groups.
var GroupedNotices = []string{"favourite", "reblog", "follow"}

const alone = "ungrouped-" // begins the key of a notification that stands alone

// GroupKey names the group that a notification belongs to if some kinds are joined.
func (n Notification) GroupKey(joined []string) string {
	if !slices.Contains(joined, n.Kind) {
		return alone + strconv.FormatInt(n.ID, 10)
	}
	return n.Kind + "-" + strconv.FormatInt(n.PostID, 10) + "-" + strconv.FormatInt(dayOf(n.ID).Unix()/86400, 10)
}

// NoticeGroup reads the group that a key names, whole; ErrNotFound if nothing is
// left of it.
func (t *Tx) NoticeGroup(key string) (NoticeGroup, error) {
	g := NoticeGroup{Key: key}
	if text, ok := strings.CutPrefix(key, alone); ok {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return g, ErrNotFound
		}
		n, err := t.Notification(id)
		g.Kind, g.PostID, g.Members = n.Kind, n.PostID, []Notification{n}
		return g, err
	}
	parts := strings.Split(key, "-")
	if len(parts) != 3 || !slices.Contains(JoinedNotices, parts[0]) {
		return g, ErrNotFound
	}
	post, err := strconv.ParseInt(parts[1], 10, 64)
	days, err2 := strconv.ParseUint(parts[2], 10, 16)
	if err != nil || err2 != nil {
		return g, ErrNotFound
	}
	g.Kind, g.PostID = parts[0], post
	day := time.Unix(int64(days)*86400, 0)
	p := Page{Max: IDAt(day.Add(24 * time.Hour)), Since: IDAt(day) - 1, Limit: 1 << 30}
	if g.Members, err = t.Notices(p, NoticeQuery{Kinds: parts[:1]}); err != nil {
		return g, err
	}
	g.Members = slices.DeleteFunc(g.Members, func(n Notification) bool { return n.PostID != post })
	if len(g.Members) == 0 {
		return g, ErrNotFound
	}
	return g, nil
}

// NoticeGroups reads a page of groups, newest first. The bounds of the page are
// ids of their newest members. No group spans two days (of UTC), so that a group
// is on one page only, whole, and finding it reads no more than its day.
func (t *Tx) NoticeGroups(p Page, g Grouping) ([]NoticeGroup, error) {
	up := p.Min > 0
	bound := p.max()
	if up {
		bound = p.Min
	}
	var out []NoticeGroup
	for at := bound; len(out) < p.limit(); {
		from, to, err := t.noticeDay(at, up, g)
		if err != nil || from == 0 {
			return cutGroups(out, p), err
		}
		rows, err := t.Notices(Page{Max: to, Since: from - 1, Limit: 1 << 30}, g.query())
		if err != nil {
			return nil, err
		}
		day := g.join(rows)
		if up {
			slices.Reverse(day)
		}
		for _, x := range day {
			if head := x.Newest().ID; head < p.max() && head > max(p.Min, p.Since) {
				out = append(out, x)
			}
		}
		if at = from; up {
			at = to - 1
		}
		if !up && from <= p.Since {
			break
		}
	}
	return cutGroups(out, p), nil
}

func cutGroups(groups []NoticeGroup, p Page) []NoticeGroup {
	groups = groups[:min(len(groups), p.limit())]
	if p.Min > 0 {
		slices.Reverse(groups)
	}
	return groups
}

// noticeDay is the nearest day with a notification below an id, or above it: its
// first id and the one after its last. 0 is no such day.
func (t *Tx) noticeDay(at int64, up bool, g Grouping) (from, to int64, err error) {
	p := Page{Max: at, Limit: 1}
	if up {
		p = Page{Min: at, Limit: 1}
	}
	rows, err := t.Notices(p, g.query())
	if err != nil || len(rows) == 0 {
		return 0, 0, err
	}
	day := dayOf(rows[0].ID)
	return IDAt(day), IDAt(day.Add(24 * time.Hour)), nil
}

func dayOf(id int64) time.Time { return TimeOf(id).UTC().Truncate(24 * time.Hour) }

// join makes groups of the notifications of one day.
func (g Grouping) join(rows []Notification) []NoticeGroup {
	type key struct {
		kind  string
		post  int64
		above bool
	}
	var out []NoticeGroup
	at := map[key]int{}
	for _, n := range rows {
		if !slices.Contains(g.Joined, n.Kind) {
			out = append(out, NoticeGroup{n.GroupKey(nil), n.Kind, n.PostID, []Notification{n}})
			continue
		}
		k := key{n.Kind, n.PostID, n.ID > g.Split}
		i, known := at[k]
		if !known {
			i = len(out)
			at[k] = i
			out = append(out, NoticeGroup{Key: n.GroupKey(g.Joined), Kind: n.Kind, PostID: n.PostID})
		}
		out[i].Members = append(out[i].Members, n)
	}
	return out
}
