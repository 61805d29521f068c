package store

import "slices"

// AuthorQuery says which of somebody's posts are meant. The zero value is what they
// wrote themselves, without answers to others.
type AuthorQuery struct {
	Replies    bool       // answers to others too
	Boosts     bool       // boosts too
	OnlyBoosts bool       // boosts and nothing else
	Media      bool       // only what has attachments
	Hide       Visibility // nothing that is for so few, or fewer; 0 hides nothing
	Tag        string     // only with this hashtag, named as of TagName; "" for any
}

// authored is the end of a query of posts p by one author; its arguments are those
// of AuthorQuery.args. A thread of one's own is no answer to others.
const authored = `
		and (? or p.parent_uri is null or exists (
			select 1
			from posts q
			where q.id = p.parent_id
			and q.actor_id = p.actor_id))
		and (? or p.boost_of is null)
		and (not ? or p.boost_of is not null)
		and (not ? or p.extra like '%"attachments":%')
		and (? = 0 or p.visibility < ?)`

func (q AuthorQuery) args(first ...any) []any {
	return append(first, q.Replies, q.Boosts || q.OnlyBoosts, q.OnlyBoosts, q.Media, q.Hide, q.Hide)
}

// PostsOf reads a page of some of somebody's posts, newest first. It reads as many
// of their posts as it takes to fill it.
func (t *Tx) PostsOf(actorID int64, q AuthorQuery, p Page) ([]Post, error) {
	if actorID == OwnerID {
		return t.ownPostsOf(q, p)
	}
	const indexed = `
		select search.rowid
		from search
		cross join posts p on p.id = search.rowid
		where search match ?` + authored + `
		and search.rowid < ?
		and search.rowid > ?
		order by search.rowid `
	match := `author : "` + authorWord(actorID) + `"`
	if q.Tag != "" {
		match = `author : ("` + authorWord(actorID) + `" AND "` + t.tagWord(q.Tag) + `")`
	}
	ids, err := page(t, p, scanInt64, indexed+`desc limit ?`, indexed+`asc limit ?`, q.args(match)...)
	if err != nil {
		return nil, err
	}
	more, err := t.waitingPostsOf(actorID, q, p)
	if err != nil {
		return nil, err
	}
	posts, err := t.Posts(mergeIDs(ids, more, p))
	// An edit that waits for the index may have taken the hashtag away.
	return slices.DeleteFunc(posts, func(post Post) bool { return !q.bears(post) }), err
}

// bears says whether a post has the hashtag that is asked for.
func (q AuthorQuery) bears(p Post) bool {
	return q.Tag == "" || slices.Contains(TagNames(p.Extra.Tags), q.Tag)
}

func (t *Tx) ownPostsOf(q AuthorQuery, p Page) ([]Post, error) {
	from := `posts_own
		where p.actor_id = 1`
	if q.Media { // boosts have no attachments
		from = `posts_media
		where p.actor_id = 1
		and p.boost_of is null
		and ` + withMedia
	} else if q.OnlyBoosts {
		from = `posts_own_boosts
		where p.actor_id = 1
		and p.boost_of is not null`
	}
	own := `
		select p.id
		from posts p indexed by ` + from + authored + `
		and (? = '' or exists (
			select 1
			from post_tags pt
			where pt.tag_id = (select id from tags where name = ?)
			and pt.post_id = p.id))
		and p.id < ?
		and p.id > ?
		order by p.id `
	ids, err := page(t, p, scanInt64, own+`desc limit ?`, own+`asc limit ?`, append(q.args(), q.Tag, q.Tag)...)
	if err != nil {
		return nil, err
	}
	return t.Posts(ids)
}

// waitingPostsOf lists those that wait for the index; with a hashtag asked for, the
// newest of them are looked through.
func (t *Tx) waitingPostsOf(actorID int64, q AuthorQuery, p Page) ([]int64, error) {
	const waiting = `
		select u.post_id
		from unindexed u
		cross join posts p on p.id = u.post_id
		where u.actor_id = ?` + authored + `
		and u.post_id < ?
		and u.post_id > ?
		order by u.post_id `
	if q.Tag != "" {
		p.Limit = taggedWaiting
	}
	ids, err := page(t, p, scanInt64, waiting+`desc limit ?`, waiting+`asc limit ?`, q.args(actorID)...)
	if err != nil || q.Tag == "" || len(ids) == 0 {
		return ids, err
	}
	posts, err := t.Posts(ids)
	ids = ids[:0]
	for _, post := range posts {
		if q.bears(post) {
			ids = append(ids, post.ID)
		}
	}
	return ids, err
}
