package store

import (
	"errors"
	"time"
)

// Kinds of what an import wants of other servers.
const (
	WantLike     = "like"
	WantBookmark = "bookmark"
	WantFollow   = "follow"
)

// ImportWant is something that an archive names and another server has.
type ImportWant struct {
	ID       int64
	ImportID int64
	Kind     string
	URI      string
	Detail   string
	Tries    int
}

// AddImportWant notes one, to be fetched in the order in which they are noted.
func (t *Tx) AddImportWant(w ImportWant) error {
	_, err := t.exec(`
		insert into import_wants (id, import_id, kind, uri, detail, due_at)
		values (?, ?, ?, ?, ?, ?)`, t.NewID(), w.ImportID, w.Kind, w.URI, w.Detail, ms(t.Now()))
	return err
}

// DueImportWants lists what an import may ask for now, the longest due first.
func (t *Tx) DueImportWants(importID int64, limit int) ([]ImportWant, error) {
	return many(t, func(r scanner) (w ImportWant, err error) {
		err = r.Scan(&w.ID, &w.ImportID, &w.Kind, &w.URI, &w.Detail, &w.Tries)
		return w, err
	}, `
		select id, import_id, kind, uri, detail, tries
		from import_wants indexed by import_wants_due
		where import_id = ?
		and due_at <= ?
		order by due_at, id
		limit ?`, importID, ms(t.Now()), limit)
}

// NextImportWant is when something is due, zero if nothing is wanted.
func (t *Tx) NextImportWant(importID int64) (time.Time, error) {
	at, err := value[int64](t, `
		select due_at
		from import_wants indexed by import_wants_due
		where import_id = ?
		order by due_at
		limit 1`, importID)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return fromMS(at), err
}

// CountImportWants counts what is yet to be fetched for an import.
func (t *Tx) CountImportWants(importID int64) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from import_wants
		where import_id = ?`, importID)
	return int(n), err
}

// DropImportWants forgets all of an import.
func (t *Tx) DropImportWants(importID int64) error {
	_, err := t.exec(`
		delete from import_wants
		where import_id = ?`, importID)
	return err
}

// ImportWantDone forgets one.
func (t *Tx) ImportWantDone(id int64) error {
	_, err := t.exec(`
		delete from import_wants
		where id = ?`, id)
	return err
}

// ImportWantFailed asks for one again later.
func (t *Tx) ImportWantFailed(id int64, again time.Time) error {
	_, err := t.exec(`
		update import_wants
		set tries = tries + 1, due_at = ?
		where id = ?`, ms(again), id)
	return err
}
