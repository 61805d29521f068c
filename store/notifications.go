package store

import "time"

// Notification is one thing that happened to the owner.
type Notification struct {
	ID      int64
	Kind    string // mention, follow, follow_request, reblog, favourite, quote, update, quoted_update, poll, status, admin.report: the client API's words; move: ours alone
	ActorID int64
	PostID  int64 // what it is about: a post, or of an admin.report the report; 0 for neither
	At      time.Time
	Held    HeldBy // the rule that keeps it back; 0 for none
}

const noticeColumns = `id, kind, actor_id, post_id, at, held`

func scanNotification(r scanner) (Notification, error) {
	var n Notification
	var at int64
	err := r.Scan(&n.ID, &n.Kind, &n.ActorID, &n.PostID, &at, &n.Held)
	n.At = fromMS(at)
	return n, err
}

// Notify stores a notification once: the same kind by the same actor about the
// same post is not told twice; without a post, not twice within an hour. It sets
// the id, which stays 0 for a repeat, and for what somebody did whom the owner
// blocked, or muted with their notices, and in a conversation that is muted. Whoever
// caused one that is held back waits until the owner decides about them.
func (t *Tx) Notify(n *Notification) error {
	known, err := t.notified(n)
	if err != nil || known {
		return err
	}
	if quiet, err := t.Hushed(*n); err != nil || quiet {
		return err
	}
	n.ID, n.At = t.NewID(), t.Now()
	if _, err = t.exec(`
		insert into notifications (id, kind, actor_id, post_id, at, held)
		values (?, ?, ?, ?, ?, ?)`, n.ID, n.Kind, n.ActorID, n.PostID, ms(n.At), n.Held); err != nil || n.Held == 0 {
		return err
	}
	return t.requestNotices(n.ActorID)
}

// Hushed says that there is to be no notification: of what somebody did whom the owner
// blocked, or muted with their notices, and in a conversation that is muted.
func (t *Tx) Hushed(n Notification) (bool, error) {
	if _, err := t.BlockOf(n.ActorID); err != ErrNotFound {
		return err == nil, err
	}
	if n.Kind == "admin.report" {
		return false, nil
	}
	m, err := t.MuteOf(n.ActorID)
	if err != nil && err != ErrNotFound {
		return false, err
	}
	if m.Notices || n.PostID == 0 {
		return m.Notices, nil
	}
	in, err := t.InMutedThread(n.PostID)
	return in[n.PostID], err
}

func (t *Tx) notified(n *Notification) (bool, error) {
	if n.PostID == 0 {
		return t.exists(`
			select 1
			from notifications
			where id > ?
			and kind = ?
			and actor_id = ?
			and post_id = 0`, IDAt(t.Now().Add(-time.Hour)), n.Kind, n.ActorID)
	}
	return t.exists(`
		select 1
		from notifications
		where post_id = ?
		and post_id != 0
		and kind = ?
		and actor_id = ?`, n.PostID, n.Kind, n.ActorID)
}

// HeldToo says how a list treats what is held back.
type HeldToo int

const (
	HeldOut   HeldToo = iota // it is left out
	HeldIn                   // it stands among the rest
	HeldAlone                // it is all there is
)

// NoticeQuery says which notifications are read.
type NoticeQuery struct {
	Kinds  []string // none means all
	Except []string
	From   int64 // whoever caused it; 0 for everybody
	Held   HeldToo
}

// wanted begins a query with what is asked for. Those of one person are found by
// their index. Its parameters are those of args.
func (q NoticeQuery) wanted(columns string) string {
	from, by := `not indexed`, `?3 = 0`
	if q.From != 0 {
		from, by = `indexed by notifications_actor`, `actor_id = ?3`
	}
	return `
		select ` + columns + `
		from notifications ` + from + `
		where ` + by + `
		and (?1 = '' or instr(?1, ',' || kind || ',') > 0)
		and instr(?2, ',' || kind || ',') = 0
		and case ?4 when 0 then held = 0 when 1 then 1 else held != 0 end
		and not exists (
			select 1
			from mutes m
			where m.actor_id = notifications.actor_id
			and m.notices = 1
			and (m.until is null or m.until > ?5))
		and not exists (
			select 1
			from actors a
			cross join hosts h not indexed on h.id = a.host_id
			where a.id = notifications.actor_id
			and h.bound = 2
			and kind not in ('admin.report', 'move'))`
}

func (q NoticeQuery) args(t *Tx) []any {
	return []any{joinKinds(q.Kinds), joinKinds(q.Except), q.From, q.Held, ms(t.Now())}
}

// Notices reads a page, newest first.
func (t *Tx) Notices(p Page, q NoticeQuery) ([]Notification, error) {
	list := q.wanted(noticeColumns) + `
		and id < ?6
		and id > ?7
		order by id `
	return page(t, p, scanNotification, list+`desc limit ?8`, list+`asc limit ?8`, q.args(t)...)
}

// Notifications is Notices of what is not held back; no kinds means all.
func (t *Tx) Notifications(p Page, kinds, except []string) ([]Notification, error) {
	return t.Notices(p, NoticeQuery{Kinds: kinds, Except: except})
}

func joinKinds(kinds []string) string {
	if len(kinds) == 0 {
		return ""
	}
	s := ","
	for _, k := range kinds {
		s += k + ","
	}
	return s
}

// Notification reads one.
func (t *Tx) Notification(id int64) (Notification, error) {
	var n Notification
	err := t.one(func(r scanner) (err error) { n, err = scanNotification(r); return }, `
		select `+noticeColumns+`
		from notifications
		where id = ?`, id)
	return n, err
}

// DropNotifications forgets what an actor did, of one kind; used when it is undone.
func (t *Tx) DropNotifications(kind string, actorID, postID int64) error {
	if postID == 0 {
		_, err := t.exec(`
			delete from notifications
			where kind = ?
			and actor_id = ?
			and post_id = 0`, kind, actorID)
		return err
	}
	_, err := t.exec(`
		delete from notifications
		where post_id = ?
		and post_id != 0
		and kind = ?
		and actor_id = ?`, postID, kind, actorID)
	return err
}

// DropNotices forgets some notifications, and says how many there were.
func (t *Tx) DropNotices(ids ...int64) (int, error) {
	n, err := t.changed(`
		delete from notifications
		where id in (select value from json_each(?))`, idList(ids))
	return int(n), err
}

// NoticeIDs lists ids up to a newest one, of what is not held back.
func (t *Tx) NoticeIDs(newest int64, limit int) ([]int64, error) {
	return many(t, scanInt64, `
		select id
		from notifications
		where id <= ?
		and held = 0
		order by id desc
		limit ?`, newest, limit)
}

// CountNoticesSince counts what is above a place, up to a limit.
func (t *Tx) CountNoticesSince(id int64, limit int, q NoticeQuery) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from (`+q.wanted("1")+`
			and id > ?6
			limit ?7)`, append(q.args(t), id, limit)...)
	return int(n), err
}

// CountNotificationsSince is CountNoticesSince of what is not held back; no kinds
// means all.
func (t *Tx) CountNotificationsSince(id int64, limit int, kinds ...string) (int, error) {
	return t.CountNoticesSince(id, limit, NoticeQuery{Kinds: kinds})
}
