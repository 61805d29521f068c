package store

import (
	"encoding/json"
	"fmt"
)

// What visitors read of the owner's posts beyond OwnPosts: how many there are in
// a month, those with pictures, the answers that anybody may see, and search. The
// visibility is part of each query, so that nothing private is ever read for them.

// withMedia is how the extra of a post with attachments begins: they are the
// first of PostExtra. It must read as in the index posts_media.
const withMedia = `substr(p.extra, 1, 15) = '{"attachments":'`

// CountWritten counts the posts and answers that the owner wrote between pairs of
// ids: at the first or above it, below the second.
func (t *Tx) CountWritten(widestTo Visibility, spans [][2]int64) ([]int, error) {
	asked, err := json.Marshal(spans)
	if err != nil {
		return nil, fmt.Errorf("count posts: %w", err)
	}
	type counted struct{ span, n int }
	list, err := many(t, func(r scanner) (c counted, err error) { err = r.Scan(&c.span, &c.n); return }, `
		select j.key, (
			select count(*)
			from posts p indexed by posts_written
			where p.actor_id = 1
			and p.boost_of is null
			and p.visibility <= ?
			and p.id >= json_extract(j.value, '$[0]')
			and p.id < json_extract(j.value, '$[1]'))
		from json_each(?) j`, widestTo, string(asked))
	out := make([]int, len(spans))
	for _, c := range list {
		out[c.span] = c.n
	}
	return out, err
}

// OldestWritten is the id of the first post that the owner wrote; ErrNotFound
// without one.
func (t *Tx) OldestWritten(widestTo Visibility) (int64, error) {
	return value[int64](t, `
		select p.id
		from posts p indexed by posts_written
		where p.actor_id = 1
		and p.boost_of is null
		and p.visibility <= ?
		order by p.id
		limit 1`, widestTo)
}

// OwnWithMedia reads a page of the owner's posts that have attachments.
func (t *Tx) OwnWithMedia(p Page, widestTo Visibility) ([]Post, error) {
	const list = `
		select ` + postColumns + `
		from posts p indexed by posts_media
		where p.actor_id = 1
		and p.boost_of is null
		and ` + withMedia + `
		and p.visibility <= ?
		and p.id < ?
		and p.id > ?
		order by p.id `
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, widestTo)
}

// CountOwnWithMedia counts the owner's posts that have attachments.
func (t *Tx) CountOwnWithMedia(widestTo Visibility) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from posts p indexed by posts_media
		where p.actor_id = 1
		and p.boost_of is null
		and `+withMedia+`
		and p.visibility <= ?`, widestTo)
	return int(n), err
}

// Answering is one answer to a post: to which, and by whom.
type Answering struct{ PostID, ActorID int64 }

// OpenAnswers lists the direct answers to several posts that strangers may read:
// public ones, and the owner's down to a visibility. At most limit of them.
func (t *Tx) OpenAnswers(postIDs []int64, widestTo Visibility, limit int) ([]Answering, error) {
	return many(t, func(r scanner) (a Answering, err error) { err = r.Scan(&a.PostID, &a.ActorID); return }, `
		select p.parent_id, p.actor_id
		from json_each(?) j
		cross join posts p indexed by posts_parent on p.parent_id = j.value
		where p.boost_of is null
		and (p.visibility = 0 or p.actor_id = 1 and p.visibility <= ?)
		limit ?`, idList(distinct(postIDs)), widestTo, limit)
}

// SearchOwn finds the owner's public posts that hold all the words, newest first.
// The author is among the words, so that a common word costs what the owner wrote
// and not what is stored.
func (t *Tx) SearchOwn(query string, p Page) ([]Post, error) {
	match := matchQuery(query)
	if match == "" {
		return nil, nil
	}
	const list = `
		select ` + postColumns + `
		from search s
		cross join posts p not indexed on p.id = s.rowid
		where s.search match ?
		and p.actor_id = 1
		and p.boost_of is null
		and p.visibility = 0
		and s.rowid < ?
		and s.rowid > ?
		order by s.rowid `
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, `author : "`+authorWord(OwnerID)+`" AND `+match)
}

// Listed is a page of the owner's for a map of the site.
type Listed struct {
	ID      int64
	Changed int64 // milliseconds since 1970
}

// PublicAfter lists the owner's public posts above an id, oldest first.
func (t *Tx) PublicAfter(id int64, limit int) ([]Listed, error) {
	return many(t, func(r scanner) (l Listed, err error) { err = r.Scan(&l.ID, &l.Changed); return }, `
		select p.id, coalesce(p.edited_at, p.published_at)
		from posts p indexed by posts_written
		where p.actor_id = 1
		and p.boost_of is null
		and p.visibility = 0
		and p.id > ?
		order by p.id
		limit ?`, id, limit)
}
