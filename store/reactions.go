package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// MaxReactions is how many reactions one person may have to one post.
const MaxReactions = 10

// reactionsSought is how many of somebody's newest reactions are looked through
// for the id of one.
const reactionsSought = 1000

// Reaction is a like or an emoji reaction to a post: anybody's to an own post,
// the owner's to any.
type Reaction struct {
	ID      int64
	PostID  int64
	ActorID int64
	Emoji   string // "" of a like, one emoji, or :shortcode:
	Icon    string // address of a shortcode's picture
	URI     string // id of the activity, "" if it came without
	At      time.Time
}

const reactionColumns = `r.id, r.post_id, r.actor_id, r.emoji, r.icon, r.uri, r.at`

func scanReaction(s scanner) (Reaction, error) {
	var r Reaction
	var at int64
	err := s.Scan(&r.ID, &r.PostID, &r.ActorID, &r.Emoji, &r.Icon, &r.URI, &at)
	r.At = fromMS(at)
	return r, err
}

// React stores a reaction and sets its id, unless the same one is there or its
// person has as many as may be; it says whether it is new. A post's likes count
// people, not reactions.
func (t *Tx) React(r *Reaction) (bool, error) {
	had, err := t.ReactionsOf(r.PostID, r.ActorID)
	if err != nil || len(had) >= MaxReactions {
		return false, err
	}
	for _, old := range had {
		if old.Emoji == r.Emoji {
			return false, nil
		}
	}
	r.ID, r.At = t.NewID(), t.Now()
	if _, err := t.exec(`
		insert into reactions (id, post_id, actor_id, emoji, icon, uri, at)
		values (?, ?, ?, ?, ?, ?, ?)`, r.ID, r.PostID, r.ActorID, r.Emoji, r.Icon, r.URI, ms(r.At)); err != nil {
		return false, err
	}
	if len(had) > 0 {
		return true, nil
	}
	return true, t.bump(r.PostID, "likes", 1)
}

// Unreact takes a reaction back and says whether it was the last one of its
// person to that post.
func (t *Tx) Unreact(r Reaction) (last bool, err error) {
	n, err := t.changed(`
		delete from reactions
		where id = ?`, r.ID)
	if err != nil || n == 0 {
		return false, err
	}
	left, err := t.ReactionsOf(r.PostID, r.ActorID)
	if err != nil || len(left) > 0 {
		return false, err
	}
	return true, t.bump(r.PostID, "likes", -1)
}

// ReactionsOf lists one person's reactions to one post.
func (t *Tx) ReactionsOf(postID, actorID int64) ([]Reaction, error) {
	return many(t, scanReaction, `
		select `+reactionColumns+`
		from reactions r
		where r.post_id = ?
		and r.actor_id = ?`, postID, actorID)
}

// ReactionByURI finds one of somebody's newest reactions by its activity's id.
func (t *Tx) ReactionByURI(actorID int64, uri string) (Reaction, error) {
	var found Reaction
	err := t.one(func(r scanner) (err error) { found, err = scanReaction(r); return }, `
		select `+reactionColumns+`
		from reactions r indexed by reactions_actor
		where r.actor_id = ?
		and r.id >= coalesce((
			select id
			from reactions
			where actor_id = ?
			order by id desc
			limit 1
			offset ?), 0)
		and r.uri = ?
		limit 1`, actorID, actorID, reactionsSought, uri)
	return found, err
}

// Reacted is one emoji that people answered a post with.
type Reacted struct {
	Emoji string
	Icon  string // address of a shortcode's picture on the server of somebody who used it …
	By    int64  // … and who that is
	Count int
	Mine  bool // the owner among them
}

// ReactionsTo counts the emoji reactions to several posts: to own ones those of
// all, to others' the owner's. The most frequent ones come first.
func (t *Tx) ReactionsTo(postIDs []int64) (map[int64][]Reacted, error) {
	list, err := many(t, scanReaction, `
		select `+reactionColumns+`
		from json_each(?) j
		cross join reactions r indexed by reactions_post on r.post_id = j.value
		where r.emoji != ''`, idList(distinct(postIDs)))
	found := map[int64][]Reacted{}
	for _, r := range list {
		all := found[r.PostID]
		i := slices.IndexFunc(all, func(x Reacted) bool { return x.Emoji == r.Emoji })
		if i < 0 {
			i, all = len(all), append(all, Reacted{Emoji: r.Emoji, Icon: r.Icon, By: r.ActorID})
			found[r.PostID] = all
		}
		if all[i].By == OwnerID { // whose server has no pictures of its own
			all[i].Icon, all[i].By = r.Icon, r.ActorID
		}
		all[i].Count++
		all[i].Mine = all[i].Mine || r.ActorID == OwnerID
	}
	for _, all := range found {
		slices.SortStableFunc(all, func(a, b Reacted) int { return b.Count - a.Count })
	}
	return found, err
}

// ReactionsFor lists the reactions of several pairs of post and person at once.
func (t *Tx) ReactionsFor(pairs [][2]int64) ([]Reaction, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(pairs)
	if err != nil {
		return nil, fmt.Errorf("list reactions: %w", err)
	}
	return many(t, scanReaction, `
		select `+reactionColumns+`
		from json_each(?) j
		cross join reactions r on r.post_id = j.value ->> 0
		and r.actor_id = j.value ->> 1`, string(list))
}

// Likers reads a page of the ids of those who like a post or react to it, each
// once. They stand in the order of their ids, not of their likes, which would
// have to be sorted.
func (t *Tx) Likers(postID int64, p Page) ([]int64, error) {
	const list = `
		select actor_id
		from reactions indexed by reactions_post
		where post_id = ?
		and actor_id < ?
		and actor_id > ?
		group by actor_id
		order by actor_id `
	return page(t, p, scanInt64, list+`desc limit ?`, list+`asc limit ?`, postID)
}

// LikesBy reads a page of what somebody likes, newest like first.
func (t *Tx) LikesBy(actorID int64, p Page) ([]Reaction, error) {
	const list = `
		select ` + reactionColumns + `
		from reactions r indexed by reactions_actor
		where r.actor_id = ?
		and r.emoji = ''
		and r.id < ?
		and r.id > ?
		order by r.id `
	return page(t, p, scanReaction, list+`desc limit ?`, list+`asc limit ?`, actorID)
}

// Boosters reads a page of the ids of those who boosted a post, in the same order.
func (t *Tx) Boosters(postID int64, p Page) ([]int64, error) {
	const list = `
		select actor_id
		from posts indexed by posts_boost
		where boost_of = ?
		and actor_id < ?
		and actor_id > ?
		group by actor_id
		order by actor_id `
	return page(t, p, scanInt64, list+`desc limit ?`, list+`asc limit ?`, postID)
}

// Touched says which of several posts the owner likes and which he boosted.
func (t *Tx) Touched(postIDs []int64) (liked, boosted map[int64]bool, err error) {
	ids := idList(distinct(postIDs))
	likes, err := many(t, scanInt64, `
		select j.value
		from json_each(?) j
		cross join reactions r on r.post_id = j.value
		and r.actor_id = 1
		and r.emoji = ''`, ids)
	if err != nil {
		return nil, nil, err
	}
	boosts, err := many(t, scanInt64, `
		select j.value
		from json_each(?) j
		cross join posts p indexed by posts_boost on p.boost_of = j.value
		and p.actor_id = 1`, ids)
	return idSet(likes), idSet(boosts), err
}

// Marks are what the owner did with a post, and how often it is quoted with consent.
type Marks struct {
	Liked, Boosted, Saved bool
	Quotes                int
}

// Marks reads those of several posts, in one query; posts without any are left out.
func (t *Tx) Marks(postIDs []int64) (map[int64]Marks, error) {
	found := map[int64]Marks{}
	err := t.each(func(r scanner) error {
		var id, bits int64
		err := r.Scan(&id, &bits)
		found[id] = Marks{bits&1 != 0, bits&2 != 0, bits&4 != 0, int(bits >> 3)}
		return err
	}, `
		select j.value,
			exists (select 1 from reactions r where r.post_id = j.value and r.actor_id = 1 and r.emoji = '')
			+ 2 * exists (select 1 from posts p indexed by posts_boost where p.boost_of = j.value and p.actor_id = 1)
			+ 4 * exists (select 1 from bookmarks b where b.post_id = j.value)
			+ 8 * (select count(*) from quotes q where q.quoted_id = j.value and q.state = 1)
		from json_each(?) j
		where exists (select 1 from reactions r where r.post_id = j.value and r.actor_id = 1 and r.emoji = '')
		or exists (select 1 from posts p indexed by posts_boost where p.boost_of = j.value and p.actor_id = 1)
		or exists (select 1 from bookmarks b where b.post_id = j.value)
		or exists (select 1 from quotes q where q.quoted_id = j.value and q.state = 1)`, idList(distinct(postIDs)))
	return found, err
}

func idSet(ids []int64) map[int64]bool {
	set := make(map[int64]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// DropReactionsBy takes back at most limit reactions of somebody who is gone, so
// that the likes they gave are not counted any more; it says how many.
func (t *Tx) DropReactionsBy(actorID int64, limit int) (int, error) {
	list, err := many(t, scanReaction, `
		select `+reactionColumns+`
		from reactions r indexed by reactions_actor
		where r.actor_id = ?
		limit ?`, actorID, limit)
	if err != nil {
		return 0, err
	}
	for _, r := range list {
		if _, err := t.Unreact(r); err != nil {
			return 0, err
		}
	}
	return len(list), nil
}
