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
