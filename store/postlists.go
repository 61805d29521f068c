package store

import (
	"slices"
	"strings"
)

// Page bounds a keyset page of ids, newest first: ids below Max (0: no bound)
// and above Since. With Min set, the ids just above Min, still newest first; Min 1
// pages up from the very beginning.
type Page struct {
	Max, Since, Min int64
	Limit           int
}

func (p Page) max() int64 {
	if p.Max <= 0 {
		return 1<<63 - 1
	}
	return p.Max
}

func (p Page) limit() int {
	if p.Limit <= 0 {
		return 20
	}
	return p.Limit
}

// page runs a list query that ends in upper bound, lower bound and limit: desc
// for pages from the newest down, asc for those just above Min. Either way the
// rows come back newest first.
func page[T any](t *Tx, p Page, scan func(scanner) (T, error), desc, asc string, args ...any) ([]T, error) {
	if p.Min > 0 {
		list, err := manyOf(t, p.limit(), scan, asc, append(args, p.max(), max(p.Min, p.Since), p.limit())...)
		slices.Reverse(list)
		return list, err
	}
	return manyOf(t, p.limit(), scan, desc, append(args, p.max(), p.Since, p.limit())...)
}

// distinct sorts ids and leaves out doubles and 0.
func distinct(ids []int64) []int64 {
	list := slices.Clone(ids)
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(id int64) bool { return id == 0 })
}

// AddHome puts a post into the home timeline. Late says that it arrived below
// the place where the owner stopped reading. A post of somebody whom the owner
// blocked stays out, and so does a boost of one: it is kept here, since a boost
// can come in by many ways (T19, T48).
func (t *Tx) AddHome(postID int64, late bool) error {
	var at any
	if late {
		at = ms(t.Now())
	}
	_, err := t.exec(`
		insert or ignore into home (post_id, late)
		select ?1, ?2
		where not exists (
			select 1
			from posts p
			cross join blocks b on b.actor_id = p.actor_id
			where p.id in (?1, (select boost_of from posts where id = ?1)))`, postID, at)
	return err
}

// Home reads a page of the home timeline. What people wrote or boosted whom the
// owner muted stays in it and is left out here, and so are boosts by those whose
// boosts are not wanted: it is there again once the mute is over.
func (t *Tx) Home(p Page) ([]Post, error) {
	const list = `
		select ` + postColumns + `
		from home h
		cross join posts p on p.id = h.post_id
		where ` + unmuted + `
		and ` + boostsWanted + `
		and ` + heard + `
		and h.post_id < ?
		and h.post_id > ?
		order by h.post_id `
	now := ms(t.Now())
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, now, now)
}

// InHome says whether a post is in the home timeline.
func (t *Tx) InHome(postID int64) (bool, error) {
	return t.exists(`
		select 1
		from home
		where post_id = ?`, postID)
}

// BoostedIntoHome says whether a boost of a post is in the home timeline.
func (t *Tx) BoostedIntoHome(postID int64) (bool, error) {
	return t.exists(`
		select 1
		from posts b indexed by posts_boost
		cross join home h on h.post_id = b.id
		where b.boost_of = ?`, postID)
}

// OwnPosts reads a page of the owner's posts no narrower than a visibility.
// Replies to others are left out unless wanted; boosts likewise.
func (t *Tx) OwnPosts(p Page, widestTo Visibility, replies, boosts bool) ([]Post, error) {
	const list = `
		select ` + postColumns + `
		from posts p indexed by posts_own
		where p.actor_id = 1
		and p.visibility <= ?
		and (? or p.parent_uri is null or exists (
			select 1
			from posts q
			where q.id = p.parent_id
			and q.actor_id = 1))
		and (? or p.boost_of is null)
		and p.id < ?
		and p.id > ?
		order by p.id `
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, widestTo, replies, boosts)
}

// CountOwnPosts counts the owner's posts that anyone may read.
func (t *Tx) CountOwnPosts() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from posts indexed by posts_own
		where actor_id = 1
		and visibility <= 1`)
	return int(n), err
}

// PostsBy reads a page of somebody's posts, newest first. The index is
// filled in batches, so what still waits for it is looked through as well.
func (t *Tx) PostsBy(actorID int64, p Page) ([]Post, error) {
	if actorID == OwnerID {
		return t.OwnPosts(p, Direct, true, true)
	}
	const indexed = `
		select rowid
		from search
		where search match ?
		and rowid < ?
		and rowid > ?
		order by rowid `
	const waiting = `
		select post_id
		from unindexed
		where actor_id = ?
		and post_id < ?
		and post_id > ?
		order by post_id `
	ids, err := page(t, p, scanInt64, indexed+`desc limit ?`, indexed+`asc limit ?`, `author : "`+authorWord(actorID)+`"`)
	if err != nil {
		return nil, err
	}
	more, err := page(t, p, scanInt64, waiting+`desc limit ?`, waiting+`asc limit ?`, actorID)
	if err != nil {
		return nil, err
	}
	return t.Posts(mergeIDs(ids, more, p))
}

// mergeIDs joins two pages of ids, newest first, each id once, cut to the
// limit at the end that is further from where the page starts.
func mergeIDs(a, b []int64, p Page) []int64 {
	all := append(a, b...)
	slices.Sort(all)
	all = slices.Compact(all)
	if p.Min <= 0 {
		slices.Reverse(all)
		return all[:min(len(all), p.limit())]
	}
	all = all[:min(len(all), p.limit())]
	slices.Reverse(all)
	return all
}

// BoostBy reads the row of somebody's boost of a post; ErrNotFound without one.
func (t *Tx) BoostBy(actorID, postID int64) (Post, error) {
	var p Post
	err := t.one(func(r scanner) (err error) { p, err = scanPost(r); return }, `
		select `+postColumns+`
		from posts p
		where p.boost_of = ?
		and p.actor_id = ?`, postID, actorID)
	return p, err
}

// Pin features a post on its author's profile.
func (t *Tx) Pin(actorID, postID int64) error {
	_, err := t.exec(`
		insert or ignore into pins (actor_id, post_id, at)
		values (?, ?, ?)`, actorID, postID, ms(t.Now()))
	return err
}

// SetPins replaces the pinned posts of an actor.
func (t *Tx) SetPins(actorID int64, postIDs []int64) error {
	if _, err := t.exec(`
		delete from pins
		where actor_id = ?`, actorID); err != nil {
		return err
	}
	for _, id := range postIDs {
		if err := t.Pin(actorID, id); err != nil {
			return err
		}
	}
	return nil
}

// Unpin takes a post off its author's profile and says whether it was there.
func (t *Tx) Unpin(actorID, postID int64) (bool, error) {
	n, err := t.changed(`
		delete from pins
		where actor_id = ?
		and post_id = ?`, actorID, postID)
	return n > 0, err
}

// TrimPins keeps the newest pins of an actor.
func (t *Tx) TrimPins(actorID int64, keep int) error {
	_, err := t.exec(`
		delete from pins
		where actor_id = ?1
		and post_id not in (
			select post_id
			from pins
			where actor_id = ?1
			order by at desc, post_id desc
			limit ?2)`, actorID, keep)
	return err
}

// IsPinned says whether a post is on its author's profile.
func (t *Tx) IsPinned(actorID, postID int64) (bool, error) {
	return t.exists(`
		select 1
		from pins
		where actor_id = ?
		and post_id = ?`, actorID, postID)
}

// PinnedAmong says which of several posts an actor pinned.
func (t *Tx) PinnedAmong(actorID int64, postIDs []int64) (map[int64]bool, error) {
	ids, err := many(t, scanInt64, `
		select p.post_id
		from json_each(?) j
		cross join pins p on p.actor_id = ?
		and p.post_id = j.value`, idList(distinct(postIDs)), actorID)
	return idSet(ids), err
}

// CountPins counts the pinned posts of an actor.
func (t *Tx) CountPins(actorID int64) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from pins
		where actor_id = ?`, actorID)
	return int(n), err
}

// Pinned lists the pinned posts of an actor, newest pin first.
func (t *Tx) Pinned(actorID int64) ([]Post, error) {
	return many(t, scanPost, `
		select `+postColumns+`
		from pins x
		cross join posts p on p.id = x.post_id
		where x.actor_id = ?
		order by x.at desc`, actorID)
}

// PublicQuery says which public posts are meant.
type PublicQuery struct {
	Local, Remote bool // the owner's alone, others' alone
	Media         bool // with attachments alone
}

// PublicPosts reads a page of the public posts that are stored here, without boosts
// and answers to others.
func (t *Tx) PublicPosts(q PublicQuery, p Page) ([]Post, error) {
	const begin = `
		select ` + postColumns + `
		from posts p `
	const rest = `
		where p.visibility = 0
		and p.boost_of is null
		and (not ? or p.actor_id != 1)
		and (not ? or p.extra like '%"attachments":%')
		and (p.parent_uri is null or exists (
			select 1
			from posts q
			where q.id = p.parent_id
			and q.actor_id = p.actor_id))
		and p.id < ?
		and p.id > ?
		order by p.id `
	list := begin + `not indexed` + rest
	if q.Local {
		list = begin + `indexed by posts_own` + strings.Replace(rest, "where", "where p.actor_id = 1\n\t\tand", 1)
	}
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, q.Remote, q.Media)
}
