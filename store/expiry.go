package store

import (
	"math"
	"slices"
	"time"
)

// ExpiryDays are the ages on offer after which own posts are deleted, as Mastodon
// has them.
var ExpiryDays = []int{7, 14, 30, 61, 91, 183, 365, 730}

// KeepTag is the hashtag that keeps a post, in lower case as tags are stored.
const KeepTag = "keep"

// Expiry is when own posts are deleted because of their age, and which never are.
type Expiry struct {
	Days   int       `json:"days"`          // one of ExpiryDays; 0: none is deleted
	From   time.Time `json:"from,omitzero"` // nothing is deleted before: a day after it was switched on or began to take more
	Paused bool      `json:"paused"`        // for as long as the owner wants
	Boosts bool      `json:"boosts"`        // own boosts are taken back as well
	Go     ExpiryOut `json:"go"`            // what else may go, as an exception is off
	Likes  int       `json:"likes"`         // posts with at least so many likes stay; 0: they do not
	Shares int       `json:"shares"`        // posts that were boosted at least so often stay; 0: they do not
}

// ExpiryOut names the exceptions that are off. Each false is a kind of post that
// stays, so that a new exception keeps more and never less.
type ExpiryOut struct {
	Pinned  bool `json:"pinned,omitempty"`
	Saved   bool `json:"saved,omitempty"` // by the owner
	Liked   bool `json:"liked,omitempty"` // by the owner
	Polls   bool `json:"polls,omitempty"`
	Media   bool `json:"media,omitempty"`
	Private bool `json:"private,omitempty"` // for the people named alone
	Tagged  bool `json:"tagged,omitempty"`  // with KeepTag
}

// Clamp holds it within what is on offer.
func (e *Expiry) Clamp() {
	if !slices.Contains(ExpiryDays, e.Days) {
		*e = Expiry{}
	}
	e.Likes, e.Shares = clamp(e.Likes, 0, 1_000_000), clamp(e.Shares, 0, 1_000_000)
}

// Before is when a post must have been published to be deleted now.
func (e Expiry) Before(now time.Time) time.Time { return now.AddDate(0, 0, -e.Days) }

// below is the same as the first id that is too young.
func (e Expiry) below(now time.Time) int64 { return ms(e.Before(now)) << 16 }

// Wider says that e may delete a post that old would have left.
func (e Expiry) Wider(old Expiry) bool {
	less := func(now, was int) bool { return now != was && (was == 0 || now != 0 && now < was) } // of an age
	more := func(now, was int) bool { return now != was && (now == 0 || was != 0 && now > was) } // of a number that keeps
	off := func(now, was bool) bool { return now && !was }
	a, b := e.Go, old.Go
	return e.Days != 0 && (less(e.Days, old.Days) || more(e.Likes, old.Likes) || more(e.Shares, old.Shares) || off(e.Boosts, old.Boosts) ||
		off(a.Pinned, b.Pinned) || off(a.Saved, b.Saved) || off(a.Liked, b.Liked) || off(a.Polls, b.Polls) ||
		off(a.Media, b.Media) || off(a.Private, b.Private) || off(a.Tagged, b.Tagged))
}

// outdated is true of an own post p that goes. It takes what expiryArgs gives.
const outdated = `p.actor_id = 1
	and p.id > ?1
	and p.id < ?2
	and (?3 or p.boost_of is null)
	and (?4 or not exists (select 1 from pins where actor_id = 1 and post_id = p.id))
	and (?5 or not exists (select 1 from bookmarks where post_id = p.id))
	and (?6 or not exists (select 1 from reactions where post_id = p.id and actor_id = 1))
	and (?7 or p.kind != 1)
	and (?8 or p.boost_of is not null or substr(coalesce(p.extra, ''), 1, 15) != '{"attachments":')
	and (?9 or p.visibility != 3)
	and (?10 or not exists (select 1 from tags g cross join post_tags x on x.tag_id = g.id and x.post_id = p.id where g.name = '` + KeepTag + `'))
	and (?11 = 0 or p.likes < ?11)
	and (?12 = 0 or p.boosts < ?12)`

func (e Expiry) args(after, before int64, more ...any) []any {
	return append([]any{after, before, e.Boosts, e.Go.Pinned, e.Go.Saved, e.Go.Liked, e.Go.Polls, e.Go.Media, e.Go.Private, e.Go.Tagged, e.Likes, e.Shares}, more...)
}

// Outdated lists the own posts above an id that are to be deleted for their age,
// the oldest first.
func (t *Tx) Outdated(e Expiry, after int64, now time.Time, limit int) ([]Post, error) {
	if e.Days == 0 {
		return nil, nil
	}
	return many(t, scanPost, `
		select `+postColumns+`
		from posts p indexed by posts_own
		where `+outdated+`
		order by p.id
		limit ?13`, e.args(after, e.below(now), limit)...)
}

// StillOutdated reads an own post that is to be deleted for its age; ErrNotFound if it
// stays.
func (t *Tx) StillOutdated(e Expiry, id int64, now time.Time) (p Post, err error) {
	if e.Days == 0 {
		return p, ErrNotFound
	}
	err = t.one(func(r scanner) (err error) { p, err = scanPost(r); return }, `
		select `+postColumns+`
		from posts p indexed by posts_own
		where `+outdated, e.args(id-1, min(id+1, e.below(now)))...)
	return p, err
}

// CountOutdated counts them all.
func (t *Tx) CountOutdated(e Expiry, now time.Time) (int, error) {
	if e.Days == 0 {
		return 0, nil
	}
	n, err := value[int64](t, `
		select count(*)
		from posts p indexed by posts_own
		where `+outdated, e.args(0, e.below(now))...)
	return int(n), err
}

// Expired is an own post that was deleted for its age. Nothing of what was in it is
// kept.
type Expired struct {
	PostID int64
	Boost  bool
	At     time.Time
}

// AddExpired notes one.
func (t *Tx) AddExpired(p Post) error {
	_, err := t.exec(`
		insert or replace into expired (post_id, boost, at)
		values (?, ?, ?)`, p.ID, p.BoostOf != 0, ms(t.Now()))
	return err
}

// ExpiredPosts lists those that were deleted last, before one of them if it is given.
func (t *Tx) ExpiredPosts(before Expired, limit int) ([]Expired, error) {
	at := int64(math.MaxInt64)
	if !before.At.IsZero() {
		at = ms(before.At)
	}
	return many(t, func(r scanner) (x Expired, err error) {
		var at int64
		err = r.Scan(&x.PostID, &x.Boost, &at)
		x.At = fromMS(at)
		return x, err
	}, `
		select post_id, boost, at
		from expired
		where (at, post_id) < (?, ?)
		order by at desc, post_id desc
		limit ?`, at, before.PostID, limit)
}

// CountExpired counts those that were deleted since, and says when the first of them was.
func (t *Tx) CountExpired(since time.Time) (n int, first time.Time, err error) {
	type found struct{ n, at int64 }
	list, err := many(t, func(r scanner) (x found, err error) {
		return x, r.Scan(&x.n, &x.at)
	}, `
		select count(*), coalesce(min(at), 0)
		from expired
		where at > ?`, ms(since))
	if err != nil || len(list) == 0 {
		return 0, first, err
	}
	return int(list[0].n), fromMS(list[0].at), nil
}
