package store

import (
	"database/sql"
	"time"
)

// The kinds of what the owner did to have peace.
const (
	DidMute    = "mute"    // of somebody
	DidBlock   = "block"   // of somebody
	DidServer  = "server"  // the block of a server
	DidSilence = "silence" // of a server's strangers
	DidList    = "list"    // of servers, all at once
	DidThread  = "thread"  // a conversation was muted
	DidFilter  = "filter"
)

// Doing is one thing that the owner did to have peace, and that is in force.
type Doing struct {
	Kind  string
	ID    int64 // of the person, the server, the topmost post or the filter
	At    time.Time
	Until time.Time // zero for no end
	Count int       // servers of a list; else 1
}

// Doings lists what is in force, the last first, so many from one on; of one kind
// alone unless that is "". Servers that came in with one list are one thing.
func (t *Tx) Doings(kind string, from, limit int) ([]Doing, error) {
	return many(t, func(r scanner) (Doing, error) {
		var d Doing
		var at int64
		var until sql.NullInt64
		err := r.Scan(&d.Kind, &d.ID, &at, &until, &d.Count)
		d.At, d.Until = fromMS(at), fromNullMS(until)
		return d, err
	}, `
		select *
		from (
		select 'mute' kind, m.actor_id id, m.at at, m.until until, 1 n
		from mutes m
		where `+muteInForce+`
		union all
		select 'block', actor_id, at, null, 1
		from blocks
		union all
		select iif(blocked_at is null, 'silence', 'server'), id, coalesce(blocked_at, silenced_at), null, 1
		from hosts indexed by hosts_ruled
		where `+ruled+`
		and list_at is null
		union all
		select 'list', list_at, list_at, null, count(*)
		from hosts indexed by hosts_ruled
		where `+ruled+`
		and list_at is not null
		group by list_at
		union all
		select 'thread', root_id, at, null, 1
		from thread_mutes
		union all
		select 'filter', id, id >> 16, expires_at, 1
		from filters
		where expires_at is null
		or expires_at > ?)
		where ? in ('', kind)
		order by at desc, kind, id desc
		limit ?
		offset ?`, ms(t.Now()), ms(t.Now()), kind, limit, from)
}

// CountDoings counts what is in force by its kind, servers of lists among the servers.
func (t *Tx) CountDoings() (map[string]int, error) {
	type row struct {
		kind string
		n    int
	}
	list, err := many(t, func(r scanner) (x row, err error) { err = r.Scan(&x.kind, &x.n); return }, `
		select 'mute', count(*)
		from mutes m
		where `+muteInForce+`
		union all
		select 'block', count(*)
		from blocks
		union all
		select 'server', count(blocked_at)
		from hosts indexed by hosts_ruled
		where `+ruled+`
		union all
		select 'silence', count(iif(blocked_at is null, silenced_at, null))
		from hosts indexed by hosts_ruled
		where `+ruled+`
		union all
		select 'thread', count(*)
		from thread_mutes
		union all
		select 'filter', count(*)
		from filters
		where expires_at is null
		or expires_at > ?`, ms(t.Now()), ms(t.Now()))
	out := map[string]int{}
	for _, x := range list {
		out[x.kind] = x.n
	}
	return out, err
}
