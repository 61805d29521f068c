package store

import "time"

// unknownActor is true of people last fetched before ?1 who neither follow, are
// followed, wrote nor are named in anything stored here, and of whom the owner
// wants nothing kept.
const unknownActor = `a.id != 1
	and a.fetched_at < ?1
	and not exists (select 1 from followers where actor_id = a.id)
	and not exists (select 1 from following where actor_id = a.id)
	and not exists (select 1 from mentions where actor_id = a.id)
	and not exists (select 1 from unindexed where actor_id = a.id)
	and not exists (select 1 from search where search match 'author : "' || a.id || '"')
	and not exists (select 1 from notifications where actor_id = a.id)
	and not exists (select 1 from reactions where actor_id = a.id)
	and not exists (select 1 from blocks where actor_id = a.id)
	and not exists (select 1 from conversation_people where actor_id = a.id)
	and not exists (select 1 from mutes where actor_id = a.id)
	and not exists (select 1 from notes where actor_id = a.id)
	and not exists (select 1 from notice_allowed where actor_id = a.id)
	and not exists (select 1 from reports where actor_id = a.id or about_id = a.id)`

// unusedSince is the age at which what nobody here knows goes: 30 days, or one
// beyond a cap, since a stranger can name as many as it likes.
func unusedSince(t *Tx, table string, most int64) (time.Time, error) {
	n, err := value[int64](t, `
		select count(*)
		from `+table)
	if n > most {
		return t.Now().Add(-day), err
	}
	return t.Now().Add(-30 * day), err
}

func findActors(t *Tx, _ Settings, after int64) ([]any, int64, error) {
	cut, err := unusedSince(t, "actors", maxActors)
	if err != nil {
		return nil, 0, err
	}
	return walk(t, `
		select a.id, `+unknownActor+`
		from actors a
		where a.id > ?2
		order by a.id
		limit ?3`, ms(cut), after, sweepSlice)
}

func dropActor(t *Tx, _ Settings, key any) (bool, error) {
	n, err := t.changed(`
		delete from actors as a
		where a.id = ?2
		and `+unknownActor, ms(t.Now().Add(-day)), key)
	if err != nil || n == 0 {
		return false, err
	}
	for _, q := range []string{
		`delete from actor_keys where actor_id = ?`,
		`delete from pins where actor_id = ?`,
		`delete from votes where actor_id = ?`,
		`delete from blocked_by where actor_id = ?`,
		`delete from last_posts where actor_id = ?`,
		`delete from notice_requests where actor_id = ?`,
		`delete from verified_links where actor_id = ?`,
	} {
		if _, err := t.exec(q, key); err != nil {
			return false, err
		}
	}
	return true, nil
}

// findInboxes lists those that nothing was or is sent to, so that no ledger names
// them; what a failing one taught is kept for 30 days.
func findInboxes(t *Tx, _ Settings, _ int64) ([]any, int64, error) {
	keys, err := many(t, scanKey, `
		select id
		from inboxes
		where kept = 0
		and due_at is null
		and (failing_since is null or failing_since < ?)
		and id not in (select inbox_id from deliveries)
		limit ?`, ms(t.Now().Add(-30*day)), sweepSlice)
	return keys, 0, err
}

func dropInbox(t *Tx, _ Settings, key any) (bool, error) {
	n, err := t.changed(`
		delete from inboxes
		where id = ?
		and kept = 0
		and due_at is null`, key)
	return n > 0, err
}

const unknownHost = `h.blocked_at is null
	and h.silenced_at is null
	and h.created_at < ?1
	and h.seen_at < ?1
	and not exists (select 1 from actors where host_id = h.id)
	and not exists (select 1 from inboxes where host_id = h.id)
	and not exists (select 1 from fetches where host_id = h.id)`

func findHosts(t *Tx, _ Settings, after int64) ([]any, int64, error) {
	cut, err := unusedSince(t, "hosts", maxHosts)
	if err != nil {
		return nil, 0, err
	}
	return walk(t, `
		select h.id, `+unknownHost+`
		from hosts h
		where h.id > ?2
		order by h.id
		limit ?3`, ms(cut), after, sweepSlice)
}

func dropHost(t *Tx, _ Settings, key any) (bool, error) {
	n, err := t.changed(`
		delete from hosts as h
		where h.id = ?2
		and `+unknownHost, ms(t.Now().Add(-day)), key)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = t.exec(`
		delete from emojis
		where host_id = ?`, key)
	return true, err
}
