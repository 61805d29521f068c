package store

import "time"

// PrivacyChange is one change of a setting that the privacy policy speaks of. Was and
// Now are empty where the value itself is nobody's business.
type PrivacyChange struct {
	ID       int64
	At       time.Time
	What     string // the setting's name
	Was, Now string
}

// AddPrivacyChange notes a change.
func (t *Tx) AddPrivacyChange(c PrivacyChange) error {
	_, err := t.exec(`
		insert into privacy_changes (id, at, what, was, now)
		values (?, ?, ?, ?, ?)`, t.NewID(), ms(t.Now()), c.What, c.Was, c.Now)
	return err
}

// PrivacyChanges lists the newest changes.
func (t *Tx) PrivacyChanges(limit int) ([]PrivacyChange, error) {
	return many(t, func(r scanner) (PrivacyChange, error) {
		var c PrivacyChange
		var at int64
		err := r.Scan(&c.ID, &at, &c.What, &c.Was, &c.Now)
		c.At = fromMS(at)
		return c, err
	}, `
		select id, at, what, was, now
		from privacy_changes
		order by id desc
		limit ?`, limit)
}
