package store

import "time"

// Notification is one thing that happened to the owner.
type Notification struct {
	ID      int64
	Kind    string // mention, follow, follow_request, reblog, favourite, quote, update, poll, status, admin.report: the client API's words; move: ours alone
	ActorID int64
	PostID  int64 // what it is about: a post, or of an admin.report the report; 0 for neither
	At      time.Time
}

func scanNotification(r scanner) (Notification, error) {
	var n Notification
	var at int64
	err := r.Scan(&n.ID, &n.Kind, &n.ActorID, &n.PostID, &at)
	n.At = fromMS(at)
	return n, err
}

// Notify stores a notification once: the same kind by the same actor about the
// same post is not told twice; without a post, not twice within an hour. It sets
// the id, which stays 0 for a repeat, and for what somebody did whom the owner
// blocked, or muted with their notices, and in a conversation that is muted.
func (t *Tx) Notify(n *Notification) error {
	known, err := t.notified(n)
	if err != nil || known {
		return err
	}
	if _, err := t.BlockOf(n.ActorID); err != ErrNotFound {
		return err
	}
	m, err := t.MuteOf(n.ActorID)
	if err == nil && m.Notices && n.Kind != "admin.report" {
		return nil
	}
	if err != nil && err != ErrNotFound {
		return err
	}
	if n.Kind != "admin.report" && n.PostID != 0 {
		in, err := t.InMutedThread(n.PostID)
		if err != nil || in[n.PostID] {
			return err
		}
	}
	n.ID, n.At = t.NewID(), t.Now()
	_, err = t.exec(`
		insert into notifications (id, kind, actor_id, post_id, at)
		values (?, ?, ?, ?, ?)`, n.ID, n.Kind, n.ActorID, n.PostID, ms(n.At))
	return err
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

// noticed leaves out notifications of people who are muted with their notices; its
// parameter is now.
const noticed = `not exists (
			select 1
			from mutes m
			where m.actor_id = notifications.actor_id
			and m.notices = 1
			and ` + muteInForce + `)`

// Notifications reads a page, newest first; no kinds means all.
func (t *Tx) Notifications(p Page, kinds, except []string) ([]Notification, error) {
	const list = `
		select id, kind, actor_id, post_id, at
		from notifications
		where (? = '' or instr(?, ',' || kind || ',') > 0)
		and instr(?, ',' || kind || ',') = 0
		and ` + noticed + `
		and id < ?
		and id > ?
		order by id `
	in, out := joinKinds(kinds), joinKinds(except)
	return page(t, p, scanNotification, list+`desc limit ?`, list+`asc limit ?`, in, in, out, ms(t.Now()))
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
		select id, kind, actor_id, post_id, at
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

// CountNotificationsSince counts what is above a place, up to a limit; no kinds
// means all.
func (t *Tx) CountNotificationsSince(id int64, limit int, kinds ...string) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from (
			select 1
			from notifications
			where id > ?
			and (? = '' or instr(?, ',' || kind || ',') > 0)
			and `+noticed+`
			limit ?)`, id, joinKinds(kinds), joinKinds(kinds), ms(t.Now()), limit)
	return int(n), err
}
