package store

// SetNote keeps what the owner notes about somebody, for nobody else to read; ""
// forgets it.
func (t *Tx) SetNote(actorID int64, text string) error {
	if text == "" {
		_, err := t.exec(`
			delete from notes
			where actor_id = ?`, actorID)
		return err
	}
	_, err := t.exec(`
		insert or replace into notes (actor_id, text, at)
		values (?, ?, ?)`, actorID, text, ms(t.Now()))
	return err
}

// Notes reads the owner's notes about some people, in one query. Whoever has none
// is left out.
func (t *Tx) Notes(actorIDs ...int64) (map[int64]string, error) {
	type note struct {
		id   int64
		text string
	}
	list, err := many(t, func(r scanner) (n note, err error) { err = r.Scan(&n.id, &n.text); return }, `
		select n.actor_id, n.text
		from json_each(?) j
		cross join notes n on n.actor_id = j.value`, idList(distinct(actorIDs)))
	out := make(map[int64]string, len(list))
	for _, n := range list {
		out[n.id] = n.text
	}
	return out, err
}

// Note is what the owner noted about somebody.
type Note struct {
	ActorID int64
	Text    string
}

// NoteList reads a page of all notes, by the ids of those whom they are about.
func (t *Tx) NoteList(after int64, limit int) ([]Note, error) {
	return many(t, func(r scanner) (n Note, err error) { err = r.Scan(&n.ActorID, &n.Text); return }, `
		select actor_id, text
		from notes
		where actor_id > ?
		order by actor_id
		limit ?`, after, limit)
}
