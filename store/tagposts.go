package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// taggedWaiting is how many posts that wait for the index are looked through for
// a hashtag.
const taggedWaiting = 1000

// FollowedTag is a hashtag that the owner follows.
type FollowedTag struct {
	ID   int64
	Name string // as of TagName
	At   time.Time
}

func scanFollowedTag(r scanner) (FollowedTag, error) {
	var f FollowedTag
	var at int64
	err := r.Scan(&f.ID, &f.Name, &at)
	f.At = fromMS(at)
	return f, err
}

// FollowTag follows a hashtag, named as of TagName; following it again changes nothing.
func (t *Tx) FollowTag(name string) error {
	id, err := t.tagID(name)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		insert or ignore into tag_follows (tag_id, at)
		values (?, ?)`, id, ms(t.Now()))
	return err
}

// UnfollowTag ends that.
func (t *Tx) UnfollowTag(name string) error {
	_, err := t.exec(`
		delete from tag_follows
		where tag_id = (select id from tags where name = ?)`, name)
	return err
}

// FollowedTags reads a page of the hashtags that the owner follows, by their ids.
func (t *Tx) FollowedTags(p Page) ([]FollowedTag, error) {
	const list = `
		select f.tag_id, g.name, f.at
		from tag_follows f
		cross join tags g on g.id = f.tag_id
		where f.tag_id < ?
		and f.tag_id > ?
		order by f.tag_id `
	return page(t, p, scanFollowedTag, list+`desc limit ?`, list+`asc limit ?`)
}

// FollowedAmong says which of several hashtags, named as of TagName, the owner
// follows.
func (t *Tx) FollowedAmong(names []string) (map[string]bool, error) {
	asked, err := json.Marshal(names)
	if err != nil {
		return nil, fmt.Errorf("look for followed hashtags: %w", err)
	}
	list, err := many(t, scanString, `
		select g.name
		from json_each(?) j
		cross join tags g on g.name = j.value
		cross join tag_follows f on f.tag_id = g.id`, string(asked))
	followed := make(map[string]bool, len(list))
	for _, name := range list {
		followed[name] = true
	}
	return followed, err
}

// tagWord is what a hashtag is in the column of authors of the search index: one
// word that no id of an author is, whatever the hashtag is written with.
func (t *Tx) tagWord(tag string) string {
	return "t" + strconv.FormatUint(uint64(t.hash("#"+TagName(tag))), 16)
}

// TagQuery says which posts with hashtags are meant.
type TagQuery struct {
	Any, All, None []string // at least one of Any, named as of TagName
	WidestTo       Visibility
	Local, Remote  bool // the owner's alone, others' alone
	Media          bool // with attachments alone
}

// match is the query as FTS5 has it. Words of the index are ours: nothing needs
// to be quoted against what somebody typed.
func (q TagQuery) match(t *Tx) string {
	words := func(tags []string, with string) string {
		list := make([]string, len(tags))
		for i, tag := range tags {
			list[i] = `"` + t.tagWord(tag) + `"`
		}
		return "(" + strings.Join(list, with) + ")"
	}
	match := words(q.Any, " OR ")
	if len(q.All) > 0 {
		match = "(" + match + " AND " + words(q.All, " AND ") + ")"
	}
	if len(q.None) > 0 {
		match = "(" + match + " NOT " + words(q.None, " OR ") + ")"
	}
	return "author : " + match
}

// takes says whether a post is meant.
func (q TagQuery) takes(p Post) bool {
	tags := TagNames(p.Extra.Tags)
	has := func(tag string) bool { return slices.Contains(tags, tag) }
	for _, tag := range q.All {
		if !has(tag) {
			return false
		}
	}
	return slices.ContainsFunc(q.Any, has) && !slices.ContainsFunc(q.None, has)
}

// tagWanted is the part of a TagQuery that is no hashtag, of a post p.
const tagWanted = `p.boost_of is null
	and p.visibility <= ?
	and (not ? or p.actor_id = 1)
	and (not ? or p.actor_id != 1)
	and (not ? or p.extra like '%"attachments":%')`

func (q TagQuery) args() []any { return []any{q.WidestTo, q.Local, q.Remote, q.Media} }

// Tagged reads a page of the posts with hashtags that are stored here, newest
// first. The index is filled in batches, so the newest of what still waits for it
// are looked through as well.
func (t *Tx) Tagged(q TagQuery, p Page) ([]Post, error) {
	const indexed = `
		select rowid
		from search
		where search match ?
		and exists (
			select 1
			from posts p
			where p.id = search.rowid
			and ` + tagWanted + `)
		and rowid < ?
		and rowid > ?
		order by rowid `
	const waiting = `
		select ` + postColumns + `
		from unindexed u
		cross join posts p on p.id = u.post_id
		where p.extra like '%"tags":%'
		and ` + tagWanted + `
		and u.post_id < ?
		and u.post_id > ?
		order by u.post_id `
	if len(q.Any) == 0 {
		return nil, nil
	}
	ids, err := page(t, p, scanInt64, indexed+`desc limit ?`, indexed+`asc limit ?`, append([]any{q.match(t)}, q.args()...)...)
	if err != nil {
		return nil, err
	}
	fresh := p
	fresh.Limit = taggedWaiting
	more, err := page(t, fresh, scanPost, waiting+`desc limit ?`, waiting+`asc limit ?`, q.args()...)
	if err != nil {
		return nil, err
	}
	for _, post := range more {
		if q.takes(post) {
			ids = append(ids, post.ID)
		}
	}
	posts, err := t.Posts(mergeIDs(ids, nil, p))
	// An edit that waits for the index may have taken the hashtag away.
	return slices.DeleteFunc(posts, func(post Post) bool { return !q.takes(post) }), err
}
