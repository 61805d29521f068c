package store

import (
	"database/sql"
	"time"
)

// FollowState is where a follow stands, in either direction.
type FollowState int

const (
	FollowAsked    FollowState = 0 // waits for an answer
	FollowAccepted FollowState = 1
	FollowRejected FollowState = 2
	FollowRemoved  FollowState = 3 // was accepted, then taken back by the owner
)

// Follower is somebody who follows the owner or asks to.
type Follower struct {
	ActorID   int64
	State     FollowState
	FollowURI string // id of the Follow
	Follow    string // the Follow itself as JSON, since Accept and Reject embed it whole
	AskedAt   time.Time
	DecidedAt time.Time
}

func scanFollower(r scanner) (Follower, error) {
	var f Follower
	var asked int64
	var decided sql.NullInt64
	err := r.Scan(&f.ActorID, &f.State, &f.FollowURI, &f.Follow, &asked, &decided)
	f.AskedAt, f.DecidedAt = fromMS(asked), fromNullMS(decided)
	return f, err
}

const followerColumns = `actor_id, state, follow_uri, follow, asked_at, decided_at`

// Follower reads where a follow of the owner stands; ErrNotFound without one.
func (t *Tx) Follower(actorID int64) (Follower, error) {
	var f Follower
	err := t.one(func(r scanner) (err error) { f, err = scanFollower(r); return }, `
		select `+followerColumns+`
		from followers
		where actor_id = ?`, actorID)
	return f, err
}

// SaveFollower inserts or replaces a follower.
func (t *Tx) SaveFollower(f Follower) error {
	_, err := t.exec(`
		insert or replace into followers (`+followerColumns+`)
		values (?, ?, ?, ?, ?, ?)`, f.ActorID, f.State, f.FollowURI, f.Follow, ms(f.AskedAt), msOrNull(f.DecidedAt))
	return err
}

// DecideFollower answers a request or removes a follower.
func (t *Tx) DecideFollower(actorID int64, state FollowState) error {
	_, err := t.exec(`
		update followers
		set state = ?, decided_at = ?
		where actor_id = ?`, state, ms(t.Now()), actorID)
	return err
}

// DropFollower forgets a follow that its sender took back.
func (t *Tx) DropFollower(actorID int64) error {
	_, err := t.exec(`
		delete from followers
		where actor_id = ?`, actorID)
	return err
}

// FollowersIn lists followers in a state, the newest question first, in pages:
// after is the actor id of the last one seen, 0 for the first page.
func (t *Tx) FollowersIn(state FollowState, after int64, limit int) ([]Follower, error) {
	return many(t, scanFollower, `
		select `+followerColumns+`
		from followers
		where state = ?
		and (asked_at, actor_id) < (
			iif(? = 0, 1 << 62, coalesce((select asked_at from followers where actor_id = ?), 0)), ?)
		order by asked_at desc, actor_id desc
		limit ?`, state, after, after, after, limit)
}

// DecidedLately lists the requests that the owner answered, newest first.
func (t *Tx) DecidedLately(limit int) ([]Follower, error) {
	return many(t, scanFollower, `
		select `+followerColumns+`
		from followers
		where decided_at is not null
		order by decided_at desc
		limit ?`, limit)
}

// CountFollowers counts those in a state.
func (t *Tx) CountFollowers(state FollowState) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from followers
		where state = ?`, state)
	return int(n), err
}

// IsFollower says whether an actor is an accepted follower.
func (t *Tx) IsFollower(actorID int64) (bool, error) {
	return t.exists(`
		select 1
		from followers
		where actor_id = ?
		and state = 1`, actorID)
}

// FollowerInboxes lists where a post to all followers goes: each distinct
// shared inbox once, else the personal one.
func (t *Tx) FollowerInboxes() ([]InboxTarget, error) {
	return many(t, scanInboxTarget, `
		select distinct iif(a.shared_inbox != '', a.shared_inbox, a.inbox), a.host_id
		from followers f
		cross join actors a on a.id = f.actor_id
		where f.state = 1
		and a.gone_at is null
		and a.inbox != ''`)
}

// FollowersFrom lists the ids of the accepted followers on a server.
func (t *Tx) FollowersFrom(hostID int64, limit int) ([]string, error) {
	return many(t, func(r scanner) (string, error) {
		var uri string
		err := r.Scan(&uri)
		return uri, err
	}, `
		select a.uri
		from actors a
		cross join followers f on f.actor_id = a.id
		where a.host_id = ?
		and f.state = 1
		and a.gone_at is null
		limit ?`, hostID, limit)
}

// CountFollowerHosts counts the servers of the accepted followers.
func (t *Tx) CountFollowerHosts() (int, error) {
	n, err := value[int64](t, `
		select count(distinct a.host_id)
		from followers f
		cross join actors a on a.id = f.actor_id
		where f.state = 1`)
	return int(n), err
}

// Following is somebody whom the owner follows or asked to.
type Following struct {
	ActorID   int64
	State     FollowState
	FollowURI string
	Boosts    bool   // their boosts are shown
	Notify    bool   // their posts are notified
	Languages string // of their posts that are wanted in home, with spaces between them; "" for all
	AskedAt   time.Time
	DecidedAt time.Time
}

func scanFollowing(r scanner) (Following, error) {
	var f Following
	var asked int64
	var decided sql.NullInt64
	err := r.Scan(&f.ActorID, &f.State, &f.FollowURI, &f.Boosts, &f.Notify, &f.Languages, &asked, &decided)
	f.AskedAt, f.DecidedAt = fromMS(asked), fromNullMS(decided)
	return f, err
}

const followingColumns = `actor_id, state, follow_uri, boosts, notify, languages, asked_at, decided_at`

// Following reads where the owner's follow of somebody stands; ErrNotFound without one.
func (t *Tx) Following(actorID int64) (Following, error) {
	var f Following
	err := t.one(func(r scanner) (err error) { f, err = scanFollowing(r); return }, `
		select `+followingColumns+`
		from following
		where actor_id = ?`, actorID)
	return f, err
}

// SaveFollowing inserts or replaces a follow by the owner. Whom the owner neither
// follows nor asks is in no list and not recommended.
func (t *Tx) SaveFollowing(f Following) error {
	if f.State != FollowAccepted && f.State != FollowAsked {
		if err := t.followEnds(f.ActorID); err != nil {
			return err
		}
	}
	_, err := t.exec(`
		insert or replace into following (`+followingColumns+`)
		values (?, ?, ?, ?, ?, ?, ?, ?)`, f.ActorID, f.State, f.FollowURI, f.Boosts, f.Notify, f.Languages, ms(f.AskedAt), msOrNull(f.DecidedAt))
	return err
}

// followEnds drops what only people have whom the owner follows.
func (t *Tx) followEnds(actorID int64) error {
	if err := t.dropFromLists(actorID); err != nil {
		return err
	}
	_, err := t.Disendorse(actorID)
	return err
}

// DropFollowing forgets a follow by the owner; it takes them out of the lists and
// off the profile.
func (t *Tx) DropFollowing(actorID int64) error {
	if err := t.followEnds(actorID); err != nil {
		return err
	}
	_, err := t.exec(`
		delete from following
		where actor_id = ?`, actorID)
	return err
}

// Follows says whether the owner follows an actor and was accepted.
func (t *Tx) Follows(actorID int64) (bool, error) {
	return t.exists(`
		select 1
		from following
		where actor_id = ?
		and state = 1`, actorID)
}

// FollowingList lists whom the owner follows or asked to, newest first, in
// pages: after is the actor id of the last one seen, 0 for the first page.
func (t *Tx) FollowingList(after int64, limit int) ([]Following, error) {
	return many(t, scanFollowing, `
		select `+followingColumns+`
		from following indexed by following_asked
		where state < 2
		and (asked_at, actor_id) < (
			iif(? = 0, 1 << 62, coalesce((select asked_at from following where actor_id = ?), 0)), ?)
		order by asked_at desc, actor_id desc
		limit ?`, after, after, after, limit)
}

// FollowingAccepted lists those who accepted it, likewise.
func (t *Tx) FollowingAccepted(after int64, limit int) ([]Following, error) {
	return many(t, scanFollowing, `
		select `+followingColumns+`
		from following indexed by following_asked
		where state = 1
		and (asked_at, actor_id) < (
			iif(? = 0, 1 << 62, coalesce((select asked_at from following where actor_id = ?), 0)), ?)
		order by asked_at desc, actor_id desc
		limit ?`, after, after, after, limit)
}

// CountFollowing counts the accepted ones.
func (t *Tx) CountFollowing() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from following
		where state = 1`)
	return int(n), err
}

// FollowsOnHost lists the follows with a server: those who follow or ask to,
// and those whom the owner follows or asked.
func (t *Tx) FollowsOnHost(hostID int64) ([]Follower, []Following, error) {
	followers, err := many(t, scanFollower, `
		select f.actor_id, f.state, f.follow_uri, f.follow, f.asked_at, f.decided_at
		from followers f
		join actors a on a.id = f.actor_id
		where f.state < 2
		and a.host_id = ?`, hostID)
	if err != nil {
		return nil, nil, err
	}
	following, err := many(t, scanFollowing, `
		select f.actor_id, f.state, f.follow_uri, f.boosts, f.notify, f.languages, f.asked_at, f.decided_at
		from following f
		join actors a on a.id = f.actor_id
		where f.state < 2
		and a.host_id = ?`, hostID)
	return followers, following, err
}
