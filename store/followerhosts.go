package store

import (
	"database/sql"
	"time"
)

// FollowerHost is a server with accepted followers of the owner.
type FollowerHost struct {
	Host
	People       int
	FailingSince time.Time // since when deliveries there fail; zero while they arrive
}

// FollowerHosts lists the servers of the accepted followers, in no order.
func (t *Tx) FollowerHosts() ([]FollowerHost, error) {
	return many(t, func(r scanner) (FollowerHost, error) {
		var h FollowerHost
		var failing sql.NullInt64
		var err error
		h.Host, err = scanHost(with(r, &h.People, &failing))
		h.FailingSince = fromNullMS(failing)
		return h, err
	}, `
		select `+hostColumns+`, n.people, (
			select min(i.failing_since)
			from inboxes i
			where i.host_id = h.id
			and i.failing_since is not null)
		from (
			select a.host_id, count(*) people
			from followers f
			cross join actors a on a.id = f.actor_id
			where f.state = 1
			group by a.host_id) n
		cross join hosts h on h.id = n.host_id`)
}

// with scans more columns behind those that a scan function knows.
func with(r scanner, more ...any) scanner { return wider{r, more} }

type wider struct {
	scanner
	more []any
}

func (w wider) Scan(dest ...any) error { return w.scanner.Scan(append(dest, w.more...)...) }

// FollowersByHost counts the accepted followers on each of these servers.
func (t *Tx) FollowersByHost(hostIDs []int64) (map[int64]int, error) {
	type row struct {
		id int64
		n  int
	}
	list, err := many(t, func(r scanner) (x row, err error) { err = r.Scan(&x.id, &x.n); return }, `
		select j.value, (
			select count(*)
			from actors a
			cross join followers f on f.actor_id = a.id
			where a.host_id = j.value
			and f.state = 1)
		from json_each(?) j`, idList(distinct(hostIDs)))
	found := make(map[int64]int, len(list))
	for _, x := range list {
		found[x.id] = x.n
	}
	return found, err
}

// Silence is what is known of when a follower last posted.
type Silence struct {
	ActorID   int64
	DecidedAt time.Time // since when they follow
	LastPost  time.Time // zero if no post of theirs is known
	AskedAt   time.Time // when their server was asked for it; zero if never
	DeadAt    time.Time // since when their server counts as dead; zero if it lives
}

func scanSilence(r scanner) (Silence, error) {
	var s Silence
	var decided, dead sql.NullInt64
	var last, asked int64
	err := r.Scan(&s.ActorID, &decided, &last, &asked, &dead)
	s.DecidedAt, s.LastPost, s.AskedAt, s.DeadAt = fromNullMS(decided), fromMS(last), fromMS(asked), fromNullMS(dead)
	return s, err
}

const silenceColumns = `f.actor_id, f.decided_at, coalesce(l.at, 0), coalesce(l.asked_at, 0), h.dead_at`

const silenceFrom = `
	from followers f
	cross join actors a on a.id = f.actor_id
	cross join hosts h on h.id = a.host_id
	left join last_posts l on l.actor_id = f.actor_id
	where f.state = 1`

// FollowersByPost lists accepted followers, who posted last first, in pages:
// after is the actor id of the last one seen, 0 for the first page.
func (t *Tx) FollowersByPost(after int64, limit int) ([]Silence, error) {
	return many(t, scanSilence, `
		select `+silenceColumns+silenceFrom+`
		and (coalesce(l.at, 0), f.actor_id) < (
			iif(?1 = 0, 1 << 62, coalesce((select at from last_posts where actor_id = ?1), 0)), ?1)
		order by coalesce(l.at, 0) desc, f.actor_id desc
		limit ?2`, after, limit)
}

// FollowersAtHost lists the accepted followers on a server, likewise.
func (t *Tx) FollowersAtHost(hostID, after int64, limit int) ([]Silence, error) {
	return many(t, scanSilence, `
		select `+silenceColumns+`
		from actors a
		cross join followers f on f.actor_id = a.id
		cross join hosts h on h.id = a.host_id
		left join last_posts l on l.actor_id = f.actor_id
		where a.host_id = ?3
		and f.state = 1
		and (coalesce(l.at, 0), f.actor_id) < (
			iif(?1 = 0, 1 << 62, coalesce((select at from last_posts where actor_id = ?1), 0)), ?1)
		order by coalesce(l.at, 0) desc, f.actor_id desc
		limit ?2`, after, limit, hostID)
}

// Silences reads the same of these followers, whoever of them still is one.
func (t *Tx) Silences(ids []int64) (map[int64]Silence, error) {
	list, err := many(t, scanSilence, `
		select `+silenceColumns+`
		from json_each(?) j
		cross join followers f on f.actor_id = j.value
		cross join actors a on a.id = f.actor_id
		cross join hosts h on h.id = a.host_id
		left join last_posts l on l.actor_id = f.actor_id
		where f.state = 1`, idList(distinct(ids)))
	found := make(map[int64]Silence, len(list))
	for _, s := range list {
		found[s.ActorID] = s
	}
	return found, err
}

// silent is true of followers from whom nothing was heard since ?1: their last
// post is older, their server says that there is none, or it counts as dead.
const silent = `
	and (h.dead_at is not null
		or l.at > 0 and l.at < ?1
		or l.at = 0 and l.asked_at > 0 and f.decided_at < ?1)`

// SilentFollowers lists those from whom nothing was heard since a time, in the
// order of their ids; after is the last one seen, 0 for the first page.
func (t *Tx) SilentFollowers(since time.Time, after int64, limit int) ([]Silence, error) {
	return many(t, scanSilence, `
		select `+silenceColumns+silenceFrom+silent+`
		and f.actor_id > ?2
		order by f.actor_id
		limit ?3`, ms(since), after, limit)
}

// CountSilence counts the silent followers, and those of whom no post is known
// and whose server was not asked since a time.
func (t *Tx) CountSilence(since, asked time.Time) (silentOnes, unknown int, err error) {
	err = t.one(func(r scanner) error { return r.Scan(&silentOnes, &unknown) }, `
		select coalesce(sum(h.dead_at is not null
				or l.at > 0 and l.at < ?1
				or l.at = 0 and l.asked_at > 0 and f.decided_at < ?1), 0),
			coalesce(sum(h.dead_at is null
				and coalesce(l.at, 0) < ?1
				and coalesce(l.asked_at, 0) < ?2), 0)`+silenceFrom, ms(since), ms(asked))
	return silentOnes, unknown, err
}

// UnheardFollowers lists followers whose last post is not known, or older than
// since, and whose server lives and was not asked after asked, in the order of
// their ids.
func (t *Tx) UnheardFollowers(since, asked time.Time, after int64, limit int) ([]Actor, error) {
	return many(t, scanActor, `
		select `+actorColumns+silenceFrom+`
		and h.dead_at is null
		and coalesce(l.at, 0) < ?1
		and coalesce(l.asked_at, 0) < ?2
		and f.actor_id > ?3
		order by f.actor_id
		limit ?4`, ms(since), ms(asked), after, limit)
}

// lastPostStep is how much newer a post must be to be noted: an active person
// costs one write in this time.
const lastPostStep = 12 * time.Hour

// notePosted remembers when somebody who follows the owner, or is followed, last
// posted or boosted.
func (t *Tx) notePosted(p *Post) error {
	_, err := t.exec(`
		insert into last_posts (actor_id, at)
		select ?1, ?2
		where exists (select 1 from followers where actor_id = ?1)
		or exists (select 1 from following where actor_id = ?1)
		on conflict (actor_id) do update
		set at = excluded.at
		where excluded.at >= at + ?3`, p.ActorID, ms(p.PublishedAt), lastPostStep.Milliseconds())
	return err
}

// AskedLastPost notes what somebody's server says of when they last posted; the
// zero time if it says that they did not.
func (t *Tx) AskedLastPost(actorID int64, at time.Time) error {
	_, err := t.exec(`
		insert into last_posts (actor_id, at, asked_at)
		values (?, ?, ?)
		on conflict (actor_id) do update
		set at = max(at, excluded.at), asked_at = excluded.asked_at`, actorID, ms(at), ms(t.Now()))
	return err
}

// FollowersToRemove lists accepted followers on a server who were accepted up to
// a time: a slice of those that the owner removes together.
func (t *Tx) FollowersToRemove(hostID int64, upTo time.Time, limit int) ([]Follower, error) {
	return many(t, scanFollower, `
		select f.actor_id, f.state, f.follow_uri, f.follow, f.asked_at, f.decided_at
		from actors a
		cross join followers f on f.actor_id = a.id
		where a.host_id = ?
		and f.state = 1
		and coalesce(f.decided_at, 0) <= ?
		limit ?`, hostID, ms(upTo), limit)
}
