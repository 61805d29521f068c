package store

import (
	"database/sql"
	"slices"
	"time"
)

// HostQueue is what waits to be sent to a server.
type HostQueue struct {
	Host
	Waiting      int       // activities, each counted for each inbox there
	Oldest       time.Time // when the oldest of them was queued
	Tries        int       // failures in a row
	FailingSince time.Time // zero while nothing failed
	DueAt        time.Time // the next try
}

// HostQueues lists the servers for which something waits, in no order.
func (t *Tx) HostQueues() ([]HostQueue, error) {
	list, err := many(t, func(r scanner) (HostQueue, error) {
		var q HostQueue
		var failing, oldest sql.NullInt64
		var due int64
		var err error
		q.Host, err = scanHost(with(r, &q.Waiting, &oldest, &q.Tries, &failing, &due))
		q.FailingSince, q.DueAt = fromNullMS(failing), fromMS(due)
		if oldest.Valid {
			q.Oldest = TimeOf(oldest.Int64)
		}
		return q, err
	}, `
		select `+hostColumns+`, q.waiting, q.oldest, q.tries, q.failing, q.due
		from (
			select i.host_id, min(i.due_at) due, min(i.failing_since) failing, max(i.tries) tries,
				sum((
					select count(*)
					from deliveries d
					where d.inbox_id = i.id
					and d.state < 2)) waiting,
				min((
					select d.outgoing_id
					from deliveries d
					where d.inbox_id = i.id
					and d.state < 2
					order by d.outgoing_id
					limit 1)) oldest
			from inboxes i
			where i.due_at > 0
			group by i.host_id) q
		cross join hosts h on h.id = q.host_id`)
	return slices.DeleteFunc(list, func(q HostQueue) bool { return q.Waiting == 0 }), err
}

// QueueSize counts the deliveries that wait, and says when the oldest of them was
// queued; zero if nothing waits.
func (t *Tx) QueueSize() (waiting int, oldest time.Time, err error) {
	var id sql.NullInt64
	err = t.one(func(r scanner) error { return r.Scan(&waiting, &id) }, `
		select count(*), min(outgoing_id)
		from deliveries
		where state < 2`)
	if id.Valid {
		oldest = TimeOf(id.Int64)
	}
	return waiting, oldest, err
}

// RetryHost makes what waits for a server due now and says for how many inboxes.
func (t *Tx) RetryHost(hostID int64) (int, error) { return t.hurryInboxes(hostID) }

// WaitingOn counts what waits for servers by the kind of activity; of one post if
// postID is not 0.
func (t *Tx) WaitingOn(hostIDs []int64, postID int64) (map[int64]map[string]int, error) {
	type row struct {
		host int64
		kind string
		n    int
	}
	list, err := many(t, func(r scanner) (x row, err error) { err = r.Scan(&x.host, &x.kind, &x.n); return }, `
		select i.host_id, o.kind, count(*)
		from json_each(?1) j
		cross join inboxes i on i.host_id = j.value
		cross join deliveries d on d.inbox_id = i.id
		cross join outgoing o on o.id = d.outgoing_id
		where d.state < 2
		and (?2 = 0 or o.post_id = ?2)
		group by i.host_id, o.kind`, idList(distinct(hostIDs)), postID)
	kinds := map[int64]map[string]int{}
	for _, x := range list {
		if kinds[x.host] == nil {
			kinds[x.host] = map[string]int{}
		}
		kinds[x.host][x.kind] = x.n
	}
	return kinds, err
}

// Dropped is one delivery that was given up by the owner.
type Dropped struct {
	PostID, outgoing, inbox int64
	state                   DeliveryState
}

// DropWaiting gives up what waits for a server: what was never sent is given up,
// what is being sent now or had no answer is lost, since a copy may be there.
// Deletions stay in the queue unless they are asked for; with postID only what is
// of that post goes.
func (t *Tx) DropWaiting(hostID, postID int64, deletions bool, inFlight func(outgoingID, inboxID int64) bool) ([]Dropped, error) {
	list, err := many(t, func(r scanner) (d Dropped, err error) {
		err = r.Scan(&d.PostID, &d.outgoing, &d.inbox, &d.state)
		return
	}, `
		select o.post_id, d.outgoing_id, d.inbox_id, d.state
		from inboxes i
		cross join deliveries d on d.inbox_id = i.id
		cross join outgoing o on o.id = d.outgoing_id
		where i.host_id = ?1
		and d.state < 2
		and (?2 = 0 or o.post_id = ?2)
		and (?3 or o.kind != 'Delete')`, hostID, postID, deletions)
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		state := DeliveryGivenUp
		if d.state == DeliveryUnknown || inFlight != nil && inFlight(d.outgoing, d.inbox) {
			state = DeliveryLost
		}
		if err := t.setDelivery(d.outgoing, d.inbox, state, "you stopped it"); err != nil {
			return nil, err
		}
	}
	_, err = t.exec(`
		update inboxes
		set due_at = null
		where host_id = ?
		and due_at is not null
		and not exists (
			select 1
			from deliveries d
			where d.inbox_id = inboxes.id
			and d.state < 2)`, hostID)
	return list, err
}

// Sending is one activity of a post as far as it is still recorded: once all of it
// is done it is folded within the hour, and only the ledger knows of it.
type Sending struct {
	Kind   string // Create, Update, Announce, Delete
	At     time.Time
	States map[DeliveryState]int // how many inboxes stand where
}

// Sendings lists the recorded activities of a post, oldest first.
func (t *Tx) Sendings(postID int64) ([]Sending, error) {
	type row struct {
		id    int64
		kind  string
		at    int64
		state DeliveryState
		n     int
	}
	list, err := many(t, func(r scanner) (x row, err error) {
		err = r.Scan(&x.id, &x.kind, &x.at, &x.state, &x.n)
		return
	}, `
		select o.id, o.kind, o.at, d.state, count(*)
		from outgoing o
		cross join deliveries d on d.outgoing_id = o.id
		where o.post_id = ?
		and o.post_id != 0
		group by o.id, d.state
		order by o.id`, postID)
	var out []Sending
	last := int64(0)
	for _, x := range list {
		if x.id != last {
			out, last = append(out, Sending{Kind: x.kind, At: fromMS(x.at), States: map[DeliveryState]int{}}), x.id
		}
		out[len(out)-1].States[x.state] += x.n
	}
	return out, err
}

// FetchedBy is a server that verifiably fetched an own post.
type FetchedBy struct {
	Host      string
	Followers int // the owner has there
	At        time.Time
}

// Fetches lists the servers that fetched a post, the latest first.
func (t *Tx) Fetches(postID int64, limit int) ([]FetchedBy, error) {
	return many(t, func(r scanner) (FetchedBy, error) {
		var f FetchedBy
		var at int64
		err := r.Scan(&f.Host, &f.Followers, &at)
		f.At = fromMS(at)
		return f, err
	}, `
		select h.name, (
			select count(*)
			from actors a
			cross join followers w on w.actor_id = a.id
			where a.host_id = h.id
			and w.state = 1), f.at
		from (
			select host_id, at
			from fetches
			where post_id = ?
			order by at desc
			limit ?) f
		cross join hosts h on h.id = f.host_id`, postID, limit)
}

// FetchesOf lists the servers that fetched each of several posts, the latest first,
// without counting followers there.
func (t *Tx) FetchesOf(postIDs []int64) (map[int64][]FetchedBy, error) {
	type of struct {
		post int64
		FetchedBy
	}
	list, err := many(t, func(r scanner) (f of, err error) {
		var at int64
		err = r.Scan(&f.post, &f.Host, &at)
		f.At = fromMS(at)
		return f, err
	}, `
		select f.post_id, h.name, f.at
		from json_each(?) j
		cross join fetches f on f.post_id = j.value
		cross join hosts h on h.id = f.host_id
		order by f.post_id, f.at desc, h.name`, idList(distinct(postIDs)))
	fetches := make(map[int64][]FetchedBy, len(list))
	for _, f := range list {
		fetches[f.post] = append(fetches[f.post], f.FetchedBy)
	}
	return fetches, err
}

// CountFetches counts the servers that fetched a post.
func (t *Tx) CountFetches(postID int64) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from fetches
		where post_id = ?`, postID)
	return int(n), err
}
