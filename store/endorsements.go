package store

// Endorse recommends somebody; doing it again changes nothing.
func (t *Tx) Endorse(actorID int64) error {
	_, err := t.exec(`
		insert or ignore into endorsements (actor_id, at)
		values (?, ?)`, actorID, ms(t.Now()))
	return err
}

// Disendorse takes that back and says whether it was so.
func (t *Tx) Disendorse(actorID int64) (bool, error) {
	n, err := t.changed(`
		delete from endorsements
		where actor_id = ?`, actorID)
	return n > 0, err
}

// Endorsements lists whom the owner recommends, the last first, in pages: after is
// the actor id of the last one seen, 0 for the first page.
func (t *Tx) Endorsements(after int64, limit int) ([]int64, error) {
	return many(t, scanInt64, `
		select actor_id
		from endorsements
		where (at, actor_id) < (
			iif(?1 = 0, 1 << 62, coalesce((select at from endorsements where actor_id = ?1), 0)), ?1)
		order by at desc, actor_id desc
		limit ?2`, after, limit)
}

// CountEndorsements counts them.
func (t *Tx) CountEndorsements() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from endorsements`)
	return int(n), err
}

// endorsedAmong says which of some people the owner recommends, in one query.
func (t *Tx) endorsedAmong(actorIDs ...int64) (map[int64]bool, error) {
	ids, err := many(t, scanInt64, `
		select e.actor_id
		from json_each(?) j
		cross join endorsements e on e.actor_id = j.value`, idList(distinct(actorIDs)))
	out := make(map[int64]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}
