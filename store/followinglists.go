package store

import "time"

const followingFrom = `
	from following f
	cross join actors a on a.id = f.actor_id
	cross join hosts h on h.id = a.host_id
	left join last_posts l on l.actor_id = f.actor_id
	where f.state = 1`

// FollowingByPost lists whom the owner follows, who posted last first, in pages:
// after is the actor id of the last one seen, 0 for the first page.
func (t *Tx) FollowingByPost(after int64, limit int) ([]Silence, error) {
	return many(t, scanSilence, `
		select `+silenceColumns+followingFrom+`
		and (coalesce(l.at, 0), f.actor_id) < (
			iif(?1 = 0, 1 << 62, coalesce((select at from last_posts where actor_id = ?1), 0)), ?1)
		order by coalesce(l.at, 0) desc, f.actor_id desc
		limit ?2`, after, limit)
}

// silentFollowed is true of people followed from whom nothing came since ?1: their
// last post is older, they were followed before and none came at all, or their
// server counts as dead.
const silentFollowed = `(h.dead_at is not null
			or coalesce(l.at, 0) < ?1 and (l.at > 0 or f.decided_at < ?1))`

// SilentFollowing lists those of whom the owner follows from whom nothing came
// since a time, in the order of their ids; after is the last one seen, 0 for the
// first page.
func (t *Tx) SilentFollowing(since time.Time, after int64, limit int) ([]Silence, error) {
	return many(t, scanSilence, `
		select `+silenceColumns+followingFrom+`
		and `+silentFollowed+`
		and f.actor_id > ?2
		order by f.actor_id
		limit ?3`, ms(since), after, limit)
}

// CountFollowed counts the servers of those whom the owner follows, and those from
// whom nothing came since a time.
func (t *Tx) CountFollowed(since time.Time) (servers, silentOnes int, err error) {
	err = t.one(func(r scanner) error { return r.Scan(&servers, &silentOnes) }, `
		select count(distinct a.host_id), coalesce(sum(`+silentFollowed+`), 0)`+followingFrom, ms(since))
	return servers, silentOnes, err
}
