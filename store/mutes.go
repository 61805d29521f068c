package store

import (
	"database/sql"
	"time"
)

// Mute is somebody whose posts the owner does not want to see in timelines, for a
// time or for good. It is nobody else's business: no server is told.
type Mute struct {
	ActorID int64
	Until   time.Time // zero: for good
	Notices bool      // what they do is not notified either
	At      time.Time
}

// muteInForce is true of a mute m that is not over yet; its parameter is now. One
// that is over counts for nothing, whether a sweep took it or not.
const muteInForce = `(m.until is null or m.until > ?)`

// unmuted leaves out posts p by people whom the owner muted, boosts by them and
// boosts of what they wrote. It takes now twice.
const unmuted = `not exists (
			select 1
			from mutes m
			where m.actor_id = p.actor_id
			and ` + muteInForce + `)
		and (p.boost_of is null or not exists (
			select 1
			from posts o
			cross join mutes m on m.actor_id = o.actor_id
			where o.id = p.boost_of
			and ` + muteInForce + `))`

// boostsWanted leaves out boosts p by people whose boosts the owner does not want
// to see.
const boostsWanted = `(p.boost_of is null or not exists (
			select 1
			from following f
			where f.actor_id = p.actor_id
			and f.boosts = 0))`

const muteColumns = `m.actor_id, m.until, m.notices, m.at`

func scanMute(r scanner) (Mute, error) {
	var m Mute
	var at int64
	var until sql.NullInt64
	err := r.Scan(&m.ActorID, &until, &m.Notices, &at)
	m.Until, m.At = fromNullMS(until), fromMS(at)
	return m, err
}

// SaveMute mutes somebody from now on; an earlier mute of theirs is replaced.
func (t *Tx) SaveMute(m Mute) error {
	_, err := t.exec(`
		insert or replace into mutes (actor_id, until, notices, at)
		values (?, ?, ?, ?)`, m.ActorID, msOrNull(m.Until), m.Notices, ms(t.Now()))
	return err
}

// DropMute takes a mute back.
func (t *Tx) DropMute(actorID int64) error {
	_, err := t.exec(`
		delete from mutes
		where actor_id = ?`, actorID)
	return err
}

// MuteOf reads the mute of somebody; ErrNotFound if there is none in force.
func (t *Tx) MuteOf(actorID int64) (Mute, error) {
	var m Mute
	err := t.one(func(r scanner) (err error) { m, err = scanMute(r); return }, `
		select `+muteColumns+`
		from mutes m
		where m.actor_id = ?
		and `+muteInForce, actorID, ms(t.Now()))
	return m, err
}

// MutedAmong reads the mutes in force of some people, in one query.
func (t *Tx) MutedAmong(actorIDs ...int64) (map[int64]Mute, error) {
	list, err := many(t, scanMute, `
		select `+muteColumns+`
		from json_each(?) j
		cross join mutes m on m.actor_id = j.value
		where `+muteInForce, idList(distinct(actorIDs)), ms(t.Now()))
	out := make(map[int64]Mute, len(list))
	for _, m := range list {
		out[m.ActorID] = m
	}
	return out, err
}

// MuteList lists whom the owner muted, the last first, in pages: after is the actor
// id of the last one seen, 0 for the first page.
func (t *Tx) MuteList(after int64, limit int) ([]Mute, error) {
	return many(t, scanMute, `
		select `+muteColumns+`
		from mutes m
		where (m.at, m.actor_id) < (
			iif(? = 0, 1 << 62, coalesce((select at from mutes where actor_id = ?), 0)), ?)
		and `+muteInForce+`
		order by m.at desc, m.actor_id desc
		limit ?`, after, after, after, ms(t.Now()), limit)
}

// CountMutes counts whom the owner muted.
func (t *Tx) CountMutes() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from mutes m
		where `+muteInForce, ms(t.Now()))
	return int(n), err
}
