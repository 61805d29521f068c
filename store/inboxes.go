package store

// RetryInbox makes a failing inbox due now.
func (t *Tx) RetryInbox(id int64) error {
	_, err := t.exec(`
		update inboxes
		set due_at = ?
		where id = ?
		and due_at is not null`, ms(t.Now()), id)
	return err
}

// FollowersAt lists followers whose posts go to an inbox, those fetched longest
// ago first.
func (t *Tx) FollowersAt(inbox string, limit int) ([]Actor, error) {
	return many(t, scanActor, `
		select `+actorColumns+`
		from followers f
		cross join actors a on a.id = f.actor_id
		where f.state = 1
		and (a.inbox = ? or a.shared_inbox = ?)
		order by a.fetched_at
		limit ?`, inbox, inbox, limit)
}

// InboxTargets reads inboxes by their ids, as receipts name them.
func (t *Tx) InboxTargets(ids []int64) ([]InboxTarget, error) {
	var out []InboxTarget
	for _, id := range ids {
		var in InboxTarget
		err := t.one(func(r scanner) (err error) { in, err = scanInboxTarget(r); return }, `
			select url, host_id
			from inboxes
			where id = ?`, id)
		if err == ErrNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return out, nil
}
