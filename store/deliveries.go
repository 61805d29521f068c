package store

import (
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"
)

// DeliveryState is where one delivery to one inbox stands.
type DeliveryState int

const (
	DeliveryWaiting   DeliveryState = 0 // never sent
	DeliveryUnknown   DeliveryState = 1 // sent, but no answer: it may have arrived
	DeliveryAccepted  DeliveryState = 2
	DeliveryRefused   DeliveryState = 3 // the server said no, for good
	DeliveryGivenUp   DeliveryState = 4 // tried for days
	DeliveryCancelled DeliveryState = 5 // deleted before it was sent
	DeliveryLost      DeliveryState = 6 // given up or cancelled after it was sent without an answer: a copy may be there
)

const (
	// PostLifetime is for how long a delivery is tried at least.
	PostLifetime = 72 * time.Hour
	// ActorDeleteLifetime is the same for the deletion of the account.
	ActorDeleteLifetime = 7 * 24 * time.Hour
)

// retryAfter are the tries after a first failure, counted from that failure, each
// 20 % earlier or later; when they are used up, one a day follows while anything
// still waits. Neighbours lie so far apart that their jitter cannot overlap.
var retryAfter = []time.Duration{
	15 * time.Second, time.Minute, 4 * time.Minute, 15 * time.Minute,
	time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 48 * time.Hour, 72 * time.Hour,
}

// InboxTarget is an inbox and the server it lies on.
type InboxTarget struct {
	URL    string
	HostID int64
}

func scanInboxTarget(r scanner) (InboxTarget, error) {
	var i InboxTarget
	err := r.Scan(&i.URL, &i.HostID)
	return i, err
}

// Inbox is one place that deliveries go to. It is scheduled as a whole: what is
// queued for a failing inbox joins its next try.
type Inbox struct {
	ID           int64
	URL          string
	HostID       int64
	Tries        int       // failures in a row
	FailingSince time.Time // zero while it works
	DueAt        time.Time // zero if nothing waits
	Error        string
}

func scanInbox(r scanner) (Inbox, error) {
	var i Inbox
	var failing, due sql.NullInt64
	err := r.Scan(&i.ID, &i.URL, &i.HostID, &i.Tries, &failing, &due, &i.Error)
	i.FailingSince, i.DueAt = fromNullMS(failing), fromNullMS(due)
	return i, err
}

const inboxColumns = `i.id, i.url, i.host_id, i.tries, i.failing_since, i.due_at, i.error`

// Outgoing is an activity on its way. A Create or Update of a post has no
// payload: it is rendered from the post when it is sent.
type Outgoing struct {
	ID      int64
	Kind    string // Create, Update, Delete, Follow, Accept, …
	PostID  int64  // 0 if it concerns no post
	URI     string // id of the activity
	Payload []byte
	At      time.Time
	Until   time.Time // it is given up at the first failure after this
	Signer  string    // name of the private key that signs it; "" for the owner's
}

func scanOutgoing(r scanner) (Outgoing, error) {
	var o Outgoing
	var at, until int64
	err := r.Scan(&o.ID, &o.Kind, &o.PostID, &o.URI, &o.Payload, &at, &until, &o.Signer)
	o.At, o.Until = fromMS(at), fromMS(until)
	return o, err
}

const outgoingColumns = `o.id, o.kind, o.post_id, o.uri, o.payload, o.at, o.until, o.signer`

// Outgoing reads an activity on its way; ErrNotFound once it is folded.
func (t *Tx) Outgoing(id int64) (Outgoing, error) {
	var o Outgoing
	err := t.one(func(r scanner) (err error) { o, err = scanOutgoing(r); return }, `
		select `+outgoingColumns+`
		from outgoing o
		where o.id = ?`, id)
	return o, err
}

// EnsureInbox reads the id of an inbox and makes its row if there is none.
func (t *Tx) EnsureInbox(in InboxTarget) (int64, error) {
	id, err := value[int64](t, `
		select id
		from inboxes
		where url_hash = ?
		and url = ?`, t.hash(in.URL), in.URL)
	if !errors.Is(err, ErrNotFound) {
		return id, err
	}
	res, err := t.exec(`
		insert into inboxes (url, url_hash, host_id)
		values (?, ?, ?)`, in.URL, t.hash(in.URL), in.HostID)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// QueueOutgoing stores an activity and one delivery per distinct inbox. Inboxes
// that work are due at once; a failing one keeps its schedule; for a dead server
// it waits until that speaks, with one try when its time is over. The id, At and
// Until are set if they are zero. Errors: ErrFarewell once the account ends.
func (t *Tx) QueueOutgoing(o *Outgoing, to []InboxTarget) error {
	if err := t.refuseAfterFarewell(); err != nil {
		return err
	}
	if o.ID == 0 {
		o.ID = t.NewID()
	}
	if o.At.IsZero() {
		o.At = t.Now()
	}
	if o.Until.IsZero() {
		o.Until = o.At.Add(PostLifetime)
	}
	if _, err := t.exec(`
		insert into outgoing (id, kind, post_id, uri, payload, at, until, signer)
		values (?, ?, ?, ?, ?, ?, ?, ?)`, o.ID, o.Kind, o.PostID, o.URI, o.Payload, ms(o.At), ms(o.Until), o.Signer); err != nil {
		return err
	}
	for _, in := range to {
		id, err := t.EnsureInbox(in)
		if err != nil {
			return err
		}
		if err := t.queueDelivery(o, id, in.HostID); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tx) queueDelivery(o *Outgoing, inboxID, hostID int64) error {
	if _, err := t.exec(`
		insert or ignore into deliveries (outgoing_id, inbox_id)
		values (?, ?)`, o.ID, inboxID); err != nil {
		return err
	}
	_, err := t.exec(`
		update inboxes
		set due_at = iif(exists (
			select 1
			from hosts
			where id = ?
			and dead_at is not null), ?, ?)
		where id = ?
		and due_at is null`, hostID, ms(o.Until), ms(t.Now()), inboxID)
	return err
}

// DueInboxes lists inboxes with something to send now, the longest due first.
func (t *Tx) DueInboxes(now time.Time, limit int) ([]Inbox, error) {
	return many(t, scanInbox, `
		select `+inboxColumns+`
		from inboxes i
		where i.due_at <= ?
		order by i.due_at
		limit ?`, ms(now), limit)
}

// NextDue is when the next inbox is due; zero if none.
func (t *Tx) NextDue() (time.Time, error) {
	at, err := value[int64](t, `
		select due_at
		from inboxes
		where due_at is not null
		order by due_at
		limit 1`)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return fromMS(at), err
}

// Pending is the oldest activity that waits for an inbox; ErrNotFound if none.
func (t *Tx) Pending(inboxID int64) (Outgoing, error) {
	var o Outgoing
	err := t.one(func(r scanner) (err error) { o, err = scanOutgoing(r); return }, `
		select `+outgoingColumns+`
		from deliveries d
		cross join outgoing o on o.id = d.outgoing_id
		where d.inbox_id = ?
		and d.state < 2
		order by d.outgoing_id
		limit 1`, inboxID)
	return o, err
}

// PostWaiting is a post that is still to be sent to an inbox, or was without an answer.
type PostWaiting struct {
	OutgoingID, InboxID int64
	URL                 string
}

// WaitingFor lists the inboxes that a post of the owner is on its way to. What
// they get is written when it is sent.
func (t *Tx) WaitingFor(postID int64) ([]PostWaiting, error) {
	return many(t, func(r scanner) (PostWaiting, error) {
		var w PostWaiting
		err := r.Scan(&w.OutgoingID, &w.InboxID, &w.URL)
		return w, err
	}, `
		select d.outgoing_id, d.inbox_id, i.url
		from outgoing o
		cross join deliveries d on d.outgoing_id = o.id
		cross join inboxes i on i.id = d.inbox_id
		where o.post_id = ?
		and o.post_id != 0
		and o.kind in ('Create', 'Update')
		and d.state < 2`, postID)
}

// DeliveryDone records that an inbox answered for good: accepted or refused,
// with the reason. The inbox stays due while more waits for it.
func (t *Tx) DeliveryDone(in Inbox, outgoingID int64, state DeliveryState, reason string) error {
	if err := t.setDelivery(outgoingID, in.ID, state, reason); err != nil {
		return err
	}
	if err := t.hostAnswered(in.HostID, reason); err != nil {
		return err
	}
	_, err := t.exec(`
		update inboxes
		set tries = 0, failing_since = null, error = ?, due_at = iif(exists (
			select 1
			from deliveries
			where inbox_id = ?
			and state < 2), ?, null)
		where id = ?`, reason, in.ID, ms(t.Now()), in.ID)
	return err
}

func (t *Tx) setDelivery(outgoingID, inboxID int64, state DeliveryState, reason string) error {
	_, err := t.exec(`
		update deliveries
		set state = ?, tried_at = ?, error = ?
		where outgoing_id = ?
		and inbox_id = ?
		and state < 2`, state, ms(t.Now()), reason, outgoingID, inboxID)
	return err
}

// DeliveryFailed records a passing failure: the inbox waits for its next try
// (never before notBefore, for Retry-After), and what was tried for long enough
// is given up. Sent says that the request went out, so that it may have arrived.
func (t *Tx) DeliveryFailed(in Inbox, o Outgoing, sent bool, reason string, notBefore time.Time) error {
	now := t.Now()
	state := DeliveryWaiting
	if sent {
		state = DeliveryUnknown
	}
	if _, err := t.exec(`
		update deliveries
		set state = max(state, ?), tried_at = ?, error = ?
		where outgoing_id = ?
		and inbox_id = ?
		and state < 2`, state, ms(now), reason, o.ID, in.ID); err != nil {
		return err
	}
	if in.FailingSince.IsZero() {
		in.FailingSince = now
	}
	if _, err := t.exec(`
		update deliveries
		set state = iif(state = 1, 6, 4), error = ?
		where inbox_id = ?
		and state < 2
		and outgoing_id in (
			select o.id
			from deliveries d
			cross join outgoing o on o.id = d.outgoing_id
			where d.inbox_id = ?
			and d.state < 2
			and o.until <= ?)`, reason, in.ID, in.ID, ms(now)); err != nil {
		return err
	}
	next, err := t.afterFailure(in, reason, notBefore)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		update inboxes
		set tries = tries + 1, failing_since = ?, error = ?, due_at = iif(exists (
			select 1
			from deliveries
			where inbox_id = ?
			and state < 2), ?, null)
		where id = ?`, ms(in.FailingSince), reason, in.ID, ms(next), in.ID)
	return err
}

// afterFailure notes that a server failed and says when an inbox there is tried
// again: by the schedule, and once the server is dead, when the time of the
// oldest that waits is over, so that one try for each three days finds it again
// even if it never speaks to us. While the account ends, the schedule holds for all
// whose name still leads somewhere.
func (t *Tx) afterFailure(in Inbox, reason string, notBefore time.Time) (time.Time, error) {
	now := t.Now()
	dead, err := t.hostFailed(in.HostID, reason)
	if err != nil {
		return now, err
	}
	next := nextTry(in.FailingSince, now, rand.Float64())
	if dead && reason != NameNotFound { // the account's deletion has a week, in which nobody can speak to us
		ending, err := t.Ending()
		if err != nil {
			return now, err
		}
		dead = !ending
	}
	if dead {
		until, err := value[int64](t, `
			select coalesce(min(o.until), 0)
			from deliveries d
			cross join outgoing o on o.id = d.outgoing_id
			where d.inbox_id = ?
			and d.state < 2`, in.ID)
		if err != nil {
			return now, err
		}
		if over := fromMS(until); over.After(next) {
			next = over
		}
	}
	if next.Before(notBefore) {
		next = notBefore
	}
	return next, nil
}

// nextTry is the time of the next try of an inbox that has failed since a time:
// the first of the table that still lies ahead, whatever tries a revived server
// used up in between. The last of the table only comes later, never earlier, so
// that three days are kept. Chance lies between 0 and 1.
func nextTry(since, now time.Time, chance float64) time.Time {
	const jitter = 0.2
	failing := now.Sub(since)
	last := len(retryAfter) - 1
	for _, after := range retryAfter[:last] {
		if time.Duration(float64(after)*(1-jitter)) > failing {
			return since.Add(time.Duration(float64(after) * (1 + jitter*(2*chance-1))))
		}
	}
	wait := 24 * time.Hour
	if retryAfter[last] > failing {
		return since.Add(time.Duration(float64(retryAfter[last]) * (1 + jitter*chance)))
	}
	return now.Add(time.Duration(float64(wait) * (1 + jitter*(2*chance-1))))
}

// CrashRecovery marks what a server was perhaps sending when it died: such
// deliveries may have arrived. Call it when the last run did not end cleanly.
func (t *Tx) CrashRecovery() (int, error) {
	return t.changed(`
		update deliveries
		set state = 1
		where state = 0
		and inbox_id in (
			select i.id
			from inboxes i
			where i.failing_since is null
			and not exists (select 1 from hosts h where h.id = i.host_id and h.dead_at is not null))`)
}

// CountDeliveries counts what waits and the inboxes that fail.
func (t *Tx) CountDeliveries() (waiting, failing int, err error) {
	err = t.one(func(r scanner) error { return r.Scan(&waiting, &failing) }, `
		select
			(select count(*) from deliveries where state < 2),
			(select count(*) from inboxes where failing_since is not null and due_at is not null)`)
	return waiting, failing, err
}
