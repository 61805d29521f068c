package store

import (
	"maps"
	"time"
)

// Block is somebody whom the owner blocked.
type Block struct {
	ActorID int64
	URI     string // id of the Block activity that their server was sent
	At      time.Time
}

func scanBlock(r scanner) (Block, error) {
	var b Block
	var at int64
	err := r.Scan(&b.ActorID, &b.URI, &at)
	b.At = fromMS(at)
	return b, err
}

// AddBlock blocks an actor; an earlier block of theirs is replaced.
func (t *Tx) AddBlock(actorID int64, uri string) error {
	_, err := t.exec(`
		insert or replace into blocks (actor_id, uri, at)
		values (?, ?, ?)`, actorID, uri, ms(t.Now()))
	return err
}

// DropBlock takes a block back.
func (t *Tx) DropBlock(actorID int64) error {
	_, err := t.exec(`
		delete from blocks
		where actor_id = ?`, actorID)
	return err
}

// BlockOf reads the block of an actor; ErrNotFound without one.
func (t *Tx) BlockOf(actorID int64) (Block, error) {
	var b Block
	err := t.one(func(r scanner) (err error) { b, err = scanBlock(r); return }, `
		select actor_id, uri, at
		from blocks
		where actor_id = ?`, actorID)
	return b, err
}

// ActorBlocked says whether the owner blocked the actor with this ActivityPub id.
// It says nothing of the server.
func (t *Tx) ActorBlocked(uri string) (bool, error) {
	return t.exists(`
		select 1
		from actors a
		cross join blocks b on b.actor_id = a.id
		where a.uri_hash = ?
		and a.uri = ?`, t.hash(uri), uri)
}

// BlockedAmong says which of some actors the owner blocked, in one query.
func (t *Tx) BlockedAmong(actorIDs ...int64) (map[int64]bool, error) {
	ids, err := many(t, scanInt64, `
		select b.actor_id
		from json_each(?) j
		cross join blocks b on b.actor_id = j.value`, idList(distinct(actorIDs)))
	if err != nil {
		return nil, err
	}
	blocked := make(map[int64]bool, len(ids))
	for _, id := range ids {
		blocked[id] = true
	}
	return blocked, nil
}

// BlockList lists whom the owner blocked, newest first, in pages: after is the
// actor id of the last one seen, 0 for the first page.
func (t *Tx) BlockList(after int64, limit int) ([]Block, error) {
	return many(t, scanBlock, `
		select actor_id, uri, at
		from blocks
		where (at, actor_id) < (
			iif(? = 0, 1 << 62, coalesce((select at from blocks where actor_id = ?), 0)), ?)
		order by at desc, actor_id desc
		limit ?`, after, after, after, limit)
}

// CountBlocks counts whom the owner blocked.
func (t *Tx) CountBlocks() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from blocks`)
	return int(n), err
}

// LeaveHome takes posts of an actor, and boosts of them, out of the home
// timeline: at most limit posts, from below a post id on (0: the newest). It
// returns where the next slice begins, 0 at the end.
func (t *Tx) LeaveHome(actorID, below int64, limit int) (next int64, err error) {
	posts, err := t.PostsBy(actorID, Page{Max: below, Limit: limit})
	if err != nil || len(posts) == 0 {
		return 0, err
	}
	ids := make([]int64, len(posts))
	for i, p := range posts {
		ids[i] = p.ID
	}
	for _, q := range []string{
		`delete from home where post_id in (select value from json_each(?))`,
		`delete from home where post_id in (
			select b.id
			from json_each(?) j
			cross join posts b on b.boost_of = j.value)`,
	} {
		if _, err := t.exec(q, idList(ids)); err != nil {
			return 0, err
		}
	}
	if len(posts) < limit {
		return 0, nil
	}
	return ids[len(ids)-1], nil
}

// DropNotificationsOf forgets everything that an actor did to the owner, and that
// their notices were held back or let through.
func (t *Tx) DropNotificationsOf(actorID int64) error {
	for _, q := range []string{
		`delete from notifications where actor_id = ?`,
		`delete from notice_requests where actor_id = ?`,
		`delete from notice_allowed where actor_id = ?`,
	} {
		if _, err := t.exec(q, actorID); err != nil {
			return err
		}
	}
	return nil
}

// AddBlockedBy remembers that an actor blocked the owner.
func (t *Tx) AddBlockedBy(actorID int64, uri string) error {
	_, err := t.exec(`
		insert or replace into blocked_by (actor_id, uri, at)
		values (?, ?, ?)`, actorID, uri, ms(t.Now()))
	return err
}

// DropBlockedBy forgets it.
func (t *Tx) DropBlockedBy(actorID int64) error {
	_, err := t.exec(`
		delete from blocked_by
		where actor_id = ?`, actorID)
	return err
}

// BlockedBy reads the id of the Block by which an actor blocked the owner;
// ErrNotFound if they did not.
func (t *Tx) BlockedBy(actorID int64) (uri string, err error) {
	return value[string](t, `
		select uri
		from blocked_by
		where actor_id = ?`, actorID)
}

// UnreachedAmong says which of some actors get nothing from the owner: those
// whom the owner blocked, and those who blocked the owner.
func (t *Tx) UnreachedAmong(actorIDs ...int64) (map[int64]bool, error) {
	out, err := t.BlockedAmong(actorIDs...)
	if err != nil {
		return nil, err
	}
	by, err := t.blockersAmong(actorIDs...)
	maps.Copy(out, by)
	return out, err
}

// blockersAmong says which of some actors blocked the owner, in one query.
func (t *Tx) blockersAmong(actorIDs ...int64) (map[int64]bool, error) {
	ids, err := many(t, scanInt64, `
		select b.actor_id
		from json_each(?) j
		cross join blocked_by b on b.actor_id = j.value`, idList(distinct(actorIDs)))
	by := make(map[int64]bool, len(ids))
	for _, id := range ids {
		by[id] = true
	}
	return by, err
}
