package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// CSVKind is what a list that the owner brings in holds.
type CSVKind int

const (
	CSVUnknown CSVKind = iota
	CSVFollowing
	CSVLists
	CSVBlocks
	CSVMutes
	CSVDomains
	CSVBookmarks
	CSVFilters // which come as JSON
)

// CSVState is where the import of a list stands.
type CSVState int

const (
	CSVReading CSVState = 0 // its rows are being stored; one that a crash left so is swept
	CSVRead    CSVState = 1 // the owner looks at what it would do
	CSVRunning CSVState = 2
	CSVDone    CSVState = 3
	CSVStopped CSVState = 4 // by the owner, who can let it go on
)

// CSVImport is a list that the owner brings in.
type CSVImport struct {
	ID        int64
	Kind      CSVKind
	State     CSVState
	File      string // as it was called
	Overwrite bool   // what is not in it goes
	Notes     CSVNotes
	Placed    int // lines up to this one were gone through for what needs no other server
	AskedAt   time.Time
	BegunAt   time.Time
	EndedAt   time.Time
}

// CSVNotes are what was found while a list was read.
type CSVNotes struct {
	Wrong    int          `json:"wrong,omitempty"` // lines that cannot be taken …
	Problems []CSVProblem `json:"problems,omitempty"`
	Doubles  int          `json:"doubles,omitempty"` // lines that stood there already
	Skipped  int          `json:"skipped,omitempty"` // lines that ask for nothing
	Encoding string       `json:"encoding,omitempty"`
	Unlike   CSVKind      `json:"unlike,omitempty"` // what the file looks like, where the owner says otherwise
	Bare     bool         `json:"bare,omitempty"`   // a list of servers by name alone, which says nothing of silence
}

// CSVProblem is a line that cannot be taken, and why.
type CSVProblem struct {
	Line int    `json:"line"`
	Text string `json:"text"`
	Why  string `json:"why"`
}

const csvImportColumns = `i.id, i.kind, i.state, i.file, i.overwrite, i.notes, i.placed, i.asked_at, i.begun_at, i.ended_at`

func scanCSVImport(r scanner) (CSVImport, error) {
	var i CSVImport
	var notes string
	var asked, begun, ended int64
	err := r.Scan(&i.ID, &i.Kind, &i.State, &i.File, &i.Overwrite, &notes, &i.Placed, &asked, &begun, &ended)
	i.AskedAt, i.BegunAt, i.EndedAt = fromMS(asked), fromMS(begun), fromMS(ended)
	if err == nil && notes != "" {
		err = json.Unmarshal([]byte(notes), &i.Notes)
	}
	return i, err
}

// SaveCSVImport stores an import, a new one under an id of its own.
func (t *Tx) SaveCSVImport(i *CSVImport) error {
	notes, err := json.Marshal(i.Notes)
	if err != nil {
		return fmt.Errorf("save the import of %s: %w", i.File, err)
	}
	if i.ID == 0 {
		i.ID, i.AskedAt = t.NewID(), t.Now()
	}
	_, err = t.exec(`
		insert into csv_imports (id, kind, state, file, overwrite, notes, placed, asked_at, begun_at, ended_at)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (id) do update
		set kind = excluded.kind, state = excluded.state, overwrite = excluded.overwrite, notes = excluded.notes, placed = excluded.placed,
			begun_at = excluded.begun_at, ended_at = excluded.ended_at`,
		i.ID, i.Kind, i.State, i.File, i.Overwrite, string(notes), i.Placed, ms(i.AskedAt), ms(i.BegunAt), ms(i.EndedAt))
	return err
}

// CSVImport reads one by id.
func (t *Tx) CSVImport(id int64) (CSVImport, error) {
	var i CSVImport
	err := t.one(func(r scanner) (err error) { i, err = scanCSVImport(r); return }, `
		select `+csvImportColumns+`
		from csv_imports i
		where i.id = ?`, id)
	return i, err
}

// CSVImports lists all, the newest first.
func (t *Tx) CSVImports() ([]CSVImport, error) {
	return many(t, scanCSVImport, `
		select `+csvImportColumns+`
		from csv_imports i
		order by i.id desc`)
}

// CSVRunning lists those that are at work, by their kinds.
func (t *Tx) CSVRunning() ([]CSVImport, error) {
	return many(t, scanCSVImport, `
		select `+csvImportColumns+`
		from csv_imports i
		where i.state = ?
		order by i.kind, i.id`, CSVRunning)
}

// DropCSVImport forgets an import. Its rows are for DropCSVRows, and swept.
func (t *Tx) DropCSVImport(id int64) error {
	_, err := t.exec(`
		delete from csv_imports
		where id = ?`, id)
	return err
}

// DropCSVRows removes some rows of an import, and says how many.
func (t *Tx) DropCSVRows(id int64, limit int) (int, error) {
	return t.changed(`
		delete from csv_rows
		where import_id = ?1
		and line in (
			select line
			from csv_rows
			where import_id = ?1
			limit ?2)`, id, limit)
}

// csvRowKey names a row, whose table has no row ids.
type csvRowKey struct{ id, line int64 }

// findCSVRows finds rows whose import is gone.
func findCSVRows(t *Tx, _ Settings, _ int64) ([]any, int64, error) {
	keys, err := many(t, func(r scanner) (any, error) {
		var k csvRowKey
		err := r.Scan(&k.id, &k.line)
		return k, err
	}, `
		select import_id, line
		from csv_rows
		where import_id not in (select id from csv_imports)
		limit ?`, sweepSlice)
	return keys, 0, err
}

func dropCSVRow(t *Tx, _ Settings, key any) (bool, error) {
	k := key.(csvRowKey)
	n, err := t.changed(`
		delete from csv_rows
		where import_id = ?
		and line = ?`, k.id, k.line)
	return n > 0, err
}
