package store

import "time"

// deadAfter is on how many days deliveries to a server must fail, and none
// succeed in between, for it to count as dead (as in Mastodon).
const deadAfter = 7

// SetHostSignature remembers how a server wants to be signed to. One that was
// never met has no row and gets none.
func (t *Tx) SetHostSignature(name string, scheme int) error {
	_, err := t.exec(`
		update hosts
		set signature = ?, signature_at = ?
		where name = ?`, scheme, ms(t.Now()), name)
	return err
}

// HostSeen notes that a server spoke to us, at most once a day, and makes all
// that waits for it due at once: a server that speaks is alive.
func (t *Tx) HostSeen(id int64) (revived int, err error) {
	now := t.Now()
	if _, err := t.exec(`
		update hosts
		set seen_at = ?
		where id = ?
		and seen_at < ?`, ms(now), id, ms(now.Add(-24*time.Hour))); err != nil {
		return 0, err
	}
	if _, err := t.hostLives(id); err != nil {
		return 0, err
	}
	return t.hurryInboxes(id)
}

// hostLives forgets the failures of a server and says whether it was dead.
func (t *Tx) hostLives(id int64) (wasDead bool, err error) {
	wasDead, err = t.exists(`
		select 1
		from hosts
		where id = ?
		and dead_at is not null`, id)
	if err != nil {
		return false, err
	}
	_, err = t.exec(`
		update hosts
		set failed_days = 0, dead_at = null
		where id = ?
		and failed_days > 0`, id)
	return wasDead, err
}

// hurryInboxes makes what waits for a server due now.
func (t *Tx) hurryInboxes(hostID int64) (int, error) {
	now := ms(t.Now())
	return t.changed(`
		update inboxes
		set due_at = ?
		where host_id = ?
		and due_at > ?`, now, hostID, now)
}

// hostAnswered notes that a server answered a delivery for good: accepted, at
// most hourly, or refused with a reason. Either way it lives.
func (t *Tx) hostAnswered(id int64, reason string) error {
	wasDead, err := t.hostLives(id)
	if err != nil {
		return err
	}
	if wasDead {
		if _, err := t.hurryInboxes(id); err != nil {
			return err
		}
	}
	now := t.Now()
	if reason == "" {
		_, err = t.exec(`
			update hosts
			set accepted_at = ?, error = ''
			where id = ?
			and (accepted_at < ? or error != '')`, ms(now), id, ms(now.Add(-time.Hour)))
		return err
	}
	_, err = t.exec(`
		update hosts
		set failed_at = ?, error = ?
		where id = ?`, ms(now), reason, id)
	return err
}

// hostFailed notes a delivery that failed in passing and says whether the server
// counts as dead by now. Several failures on one day (UTC) count once.
func (t *Tx) hostFailed(id int64, reason string) (dead bool, err error) {
	now := t.Now()
	if _, err := t.exec(`
		update hosts
		set failed_days = iif(failed_days = 0 or failed_at / 86400000 < ?1 / 86400000, failed_days + 1, failed_days),
			failed_at = ?1, error = ?2
		where id = ?3`, ms(now), reason, id); err != nil {
		return false, err
	}
	if _, err := t.exec(`
		update hosts
		set dead_at = ?
		where id = ?
		and failed_days >= ?
		and dead_at is null`, ms(now), id, deadAfter); err != nil {
		return false, err
	}
	return t.exists(`
		select 1
		from hosts
		where id = ?
		and dead_at is not null`, id)
}

// FailingSince is since when deliveries to a server fail; zero while they arrive.
func (t *Tx) FailingSince(hostID int64) (time.Time, error) {
	at, err := value[int64](t, `
		select coalesce(min(failing_since), 0)
		from inboxes
		where host_id = ?
		and failing_since is not null`, hostID)
	return fromMS(at), err
}
