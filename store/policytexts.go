package store

import "time"

// PolicyText is one version of the owner's own words in the privacy policy.
type PolicyText struct {
	At    time.Time
	Words string // Markdown; "" from when on there were none
}

// AddPolicyText keeps a version with its day.
func (t *Tx) AddPolicyText(words string) error {
	_, err := t.exec(`
		insert into policy_texts (id, at, words)
		values (?, ?, ?)`, t.NewID(), ms(t.Now()), words)
	return err
}

// PolicyTexts lists the versions, the newest first.
func (t *Tx) PolicyTexts(limit int) ([]PolicyText, error) {
	return many(t, func(r scanner) (PolicyText, error) {
		var p PolicyText
		var at int64
		err := r.Scan(&at, &p.Words)
		p.At = fromMS(at)
		return p, err
	}, `
		select at, words
		from policy_texts
		order by id desc
		limit ?`, limit)
}
