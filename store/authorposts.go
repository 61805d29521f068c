package store

// AuthorQuery says which of somebody's posts are meant. The zero value is what they
// wrote themselves, without answers to others.
type AuthorQuery struct {
	Replies    bool // answers to others too
	Boosts     bool // boosts too
	OnlyBoosts bool // boosts and nothing else
	Media      bool // only what has attachments
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
		and (not ? or p.extra like '%"attachments":%')`

func (q AuthorQuery) args(first ...any) []any {
	return append(first, q.Replies, q.Boosts || q.OnlyBoosts, q.OnlyBoosts, q.Media)
}

// PostsOf reads a page of some of somebody's posts, newest first. It reads as many
// of their posts as it takes to fill it.
func (t *Tx) PostsOf(actorID int64, q AuthorQuery, p Page) ([]Post, error) {
	if actorID == OwnerID {
		from := `posts_own
		where p.actor_id = 1`
		if q.Media { // boosts have no attachments
			from = `posts_media
		where p.actor_id = 1
		and p.boost_of is null
		and ` + withMedia
		}
		own := `
		select p.id
		from posts p indexed by ` + from + authored + `
		and p.id < ?
		and p.id > ?
		order by p.id `
		ids, err := page(t, p, scanInt64, own+`desc limit ?`, own+`asc limit ?`, q.args()...)
		if err != nil {
			return nil, err
		}
		return t.Posts(ids)
	}
	const indexed = `
		select search.rowid
		from search
		cross join posts p on p.id = search.rowid
		where search match ?` + authored + `
		and search.rowid < ?
		and search.rowid > ?
		order by search.rowid `
	const waiting = `
		select u.post_id
		from unindexed u
		cross join posts p on p.id = u.post_id
		where u.actor_id = ?` + authored + `
		and u.post_id < ?
		and u.post_id > ?
		order by u.post_id `
	ids, err := page(t, p, scanInt64, indexed+`desc limit ?`, indexed+`asc limit ?`, q.args(`author : "`+authorWord(actorID)+`"`)...)
	if err != nil {
		return nil, err
	}
	more, err := page(t, p, scanInt64, waiting+`desc limit ?`, waiting+`asc limit ?`, q.args(actorID)...)
	if err != nil {
		return nil, err
	}
	return t.Posts(mergeIDs(ids, more, p))
}
