package store

import (
	"cmp"
	"slices"
	"time"
)

// NoticeRequest is somebody whose notices are held back, and who waits for the
// owner to decide.
type NoticeRequest struct {
	ID        int64 // holds when the first was held back
	ActorID   int64
	At        time.Time // when the last was
	Dismissed bool      // put aside, until they do something new
	Count     int       // notices held back, at least one
	LastID    int64     // the newest of them
	Held      HeldBy    // what held that one back
	PostID    int64     // the newest post of theirs among them; 0 for none
}

// heldNotices joins requests r with what is held back of them. Requests of which
// nothing is left are in no list, until a sweep takes them.
//
// Those of a blocked server are in none either, while it is blocked.
const heldNotices = `
		from notice_requests r
		cross join actors q on q.id = r.actor_id
		cross join hosts h not indexed on h.id = q.host_id and h.bound != 2
		cross join notifications n indexed by notifications_held on n.actor_id = r.actor_id and n.held != 0`

// n.held is that of the row with the greatest id (SQLite, "bare columns").
const requestColumns = `r.id, r.actor_id, r.at, r.dismissed, count(*), max(n.id), n.held, coalesce((
			select x.post_id
			from notifications x indexed by notifications_held
			where x.actor_id = r.actor_id
			and x.held != 0
			and x.kind in ('mention', 'quote')
			order by x.id desc
			limit 1), 0)`

func scanRequest(r scanner) (NoticeRequest, error) {
	var q NoticeRequest
	var at int64
	err := r.Scan(&q.ID, &q.ActorID, &at, &q.Dismissed, &q.Count, &q.LastID, &q.Held, &q.PostID)
	q.At = fromMS(at)
	return q, err
}

// requestNotices makes sure that somebody waits whose notice is held back.
func (t *Tx) requestNotices(actorID int64) error {
	_, err := t.exec(`
		insert into notice_requests (id, actor_id, at)
		values (?, ?, ?)
		on conflict (actor_id) do update
		set at = excluded.at, dismissed = 0`, t.NewID(), actorID, ms(t.Now()))
	return err
}

// NoticeRequests reads a page of those who wait, or of those who were put aside.
func (t *Tx) NoticeRequests(dismissed bool, p Page) ([]NoticeRequest, error) {
	const list = `
		select ` + requestColumns + heldNotices + `
		where r.dismissed = ?
		and r.id < ?
		and r.id > ?
		group by r.id
		order by r.id `
	return page(t, p, scanRequest, list+`desc limit ?`, list+`asc limit ?`, dismissed)
}

// NoticeRequestsByID reads several, in the order of their ids; missing ones are left out.
func (t *Tx) NoticeRequestsByID(ids ...int64) ([]NoticeRequest, error) {
	return many(t, scanRequest, `
		select `+requestColumns+heldNotices+`
		where r.id in (select value from json_each(?))
		group by r.id
		order by r.id`, idList(distinct(ids)))
}

// CountNoticeRequests counts who waits, and what is held back of them.
func (t *Tx) CountNoticeRequests() (people, notices int, err error) {
	err = t.one(func(r scanner) error { return r.Scan(&people, &notices) }, `
		select count(distinct r.id), count(*)`+heldNotices+`
		where r.dismissed = 0`)
	return people, notices, err
}

// DismissNotices puts somebody aside: what they did stays held back, and they are
// not among those who wait until they do something new.
func (t *Tx) DismissNotices(requestID int64) error {
	_, err := t.exec(`
		update notice_requests
		set dismissed = 1
		where id = ?`, requestID)
	return err
}

// AllowNotices lets through what is held back of somebody, as ReleaseNotices does,
// and all that they do from now on.
func (t *Tx) AllowNotices(actorID int64) error {
	if _, err := t.exec(`
		insert or ignore into notice_allowed (actor_id, at)
		values (?, ?)`, actorID, ms(t.Now())); err != nil {
		return err
	}
	return t.ReleaseNotices(actorID)
}

// ReleaseNotices lets through what is held back of somebody, at its own time; the
// rules hold for them as before. Conversations that they spoke in last are unread.
func (t *Tx) ReleaseNotices(actorID int64) error {
	for _, q := range []string{
		`update conversations
		set unread = 1
		where id in (
			select x.conversation_id
			from notifications n indexed by notifications_held
			cross join conversation_posts x on x.post_id = n.post_id
			where n.actor_id = ?
			and n.held != 0
			and n.kind = 'mention')
		and last_id in (
			select post_id
			from notifications indexed by notifications_held
			where actor_id = ?1
			and held != 0)`,
		`update notifications indexed by notifications_held
		set held = 0
		where actor_id = ?
		and held != 0`,
		`delete from notice_requests where actor_id = ?`,
	} {
		if _, err := t.exec(q, actorID); err != nil {
			return err
		}
	}
	return nil
}

// NoticesAllowed says whether no rule holds back what somebody does.
func (t *Tx) NoticesAllowed(actorID int64) (bool, error) {
	return t.exists(`
		select 1
		from notice_allowed
		where actor_id = ?`, actorID)
}

// NoticesAllowedList lists whom the owner lets through, in pages by actor id.
func (t *Tx) NoticesAllowedList(after int64, limit int) ([]int64, error) {
	return many(t, scanInt64, `
		select actor_id
		from notice_allowed
		where actor_id > ?
		order by actor_id
		limit ?`, after, limit)
}

// StopAllowingNotices puts somebody under the rules again.
func (t *Tx) StopAllowingNotices(actorID int64) error {
	_, err := t.exec(`
		delete from notice_allowed
		where actor_id = ?`, actorID)
	return err
}

// HeldNotices reads the newest of what is held back of several people, at most so
// many of each, in one query.
func (t *Tx) HeldNotices(each int, actorIDs ...int64) (map[int64][]Notification, error) {
	list, err := many(t, scanNotification, `
		select n.id, n.kind, n.actor_id, n.post_id, n.at, n.held
		from json_each(?) j
		cross join notifications n
		where n.id in (
			select x.id
			from notifications x indexed by notifications_held
			where x.actor_id = j.value
			and x.held != 0
			order by x.id desc
			limit ?)`, idList(distinct(actorIDs)), each)
	slices.SortFunc(list, func(a, b Notification) int { return cmp.Compare(b.ID, a.ID) })
	out := map[int64][]Notification{}
	for _, n := range list {
		out[n.ActorID] = append(out[n.ActorID], n)
	}
	return out, err
}
