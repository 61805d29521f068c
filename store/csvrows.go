package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// CSVRowState is what became of a row.
type CSVRowState int

const (
	CSVWaiting  CSVRowState = 0
	CSVTaken    CSVRowState = 1 // it took effect
	CSVSame     CSVRowState = 2 // it was so already
	CSVNotFound CSVRowState = 3 // its server knows it not
	CSVSilent   CSVRowState = 4 // its server did not answer
	CSVRefused  CSVRowState = 5 // it cannot be, as the reason says
)

// CSVRow is one line of a list that the owner brings in, or with a line below zero
// something that is here and is to go.
type CSVRow struct {
	ImportID int64
	Line     int
	State    CSVRowState
	Key      string // a handle, the address of a post or the name of a server; "" for a filter
	Host     string // that has to be asked about it
	Title    string // of the list or the filter
	Wish     CSVWish
	Ref      int64 // whom or what it is about, if that is here: a person, a post, a list or a filter
	Reason   string
	Tries    int
	TriedAt  time.Time // when its server was asked, or told, last
	DueAt    time.Time // not before
}

// CSVWish is what a row asks for beside who it is about.
type CSVWish struct {
	Boosts    *bool   `json:"boosts,omitempty"`
	Notify    *bool   `json:"notify,omitempty"`
	Languages *string `json:"languages,omitempty"` // codes with spaces between them, sorted
	Notices   *bool   `json:"notices,omitempty"`   // of a mute
	Bound     Bound   `json:"bound,omitempty"`
	Comment   string  `json:"comment,omitempty"`
	List      int64   `json:"list,omitempty"` // that somebody is to leave
	Filter    *Filter `json:"filter,omitempty"`
	Nth       int     `json:"nth,omitempty"` // of the filters with this title, from 0
}

const csvRowColumns = `r.import_id, r.line, r.state, r.key, r.host, r.title, r.wish, r.ref, r.reason, r.tries, r.tried_at, r.due_at`

func scanCSVRow(s scanner) (CSVRow, error) {
	var r CSVRow
	var wish string
	var tried, due int64
	err := s.Scan(&r.ImportID, &r.Line, &r.State, &r.Key, &r.Host, &r.Title, &wish, &r.Ref, &r.Reason, &r.Tries, &tried, &due)
	r.TriedAt, r.DueAt = fromMS(tried), fromMS(due)
	if err == nil && wish != "" {
		err = json.Unmarshal([]byte(wish), &r.Wish)
	}
	return r, err
}

// AddCSVRows stores rows that were read.
func (t *Tx) AddCSVRows(rows []CSVRow) error {
	for _, r := range rows {
		wish, err := json.Marshal(r.Wish)
		if err != nil {
			return fmt.Errorf("store line %d: %w", r.Line, err)
		}
		if string(wish) == "{}" {
			wish = nil
		}
		if _, err := t.exec(`
			insert into csv_rows (import_id, line, key, host, title, wish, ref)
			values (?, ?, ?, ?, ?, ?, ?)`, r.ImportID, r.Line, r.Key, r.Host, r.Title, string(wish), r.Ref); err != nil {
			return err
		}
	}
	return nil
}

// SaveCSVRow notes what became of a row.
func (t *Tx) SaveCSVRow(r CSVRow) error {
	_, err := t.exec(`
		update csv_rows
		set state = ?, ref = ?, reason = ?, tries = ?, tried_at = ?, due_at = ?
		where import_id = ?
		and line = ?`, r.State, r.Ref, r.Reason, r.Tries, ms(r.TriedAt), ms(r.DueAt), r.ImportID, r.Line)
	return err
}

// CSVRows reads a page of the rows after a line, also those below zero.
func (t *Tx) CSVRows(id int64, after, limit int) ([]CSVRow, error) {
	return many(t, scanCSVRow, `
		select `+csvRowColumns+`
		from csv_rows r
		where r.import_id = ?
		and r.line > ?
		order by r.line
		limit ?`, id, after, limit)
}

// CSVLeaving reads rows that are to go and wait, those last in their order first.
func (t *Tx) CSVLeaving(id int64, limit int) ([]CSVRow, error) {
	return many(t, scanCSVRow, `
		select `+csvRowColumns+`
		from csv_rows r indexed by csv_rows_waiting
		where r.import_id = ?
		and r.line < 0
		and r.state = 0
		order by r.line
		limit ?`, id, limit)
}

// CSVDue is the next row of an import that may ask a server; hosts is those that
// must be left in peace now. ErrNotFound if none may.
func (t *Tx) CSVDue(id int64, now time.Time, hosts []string) (CSVRow, error) {
	peace, err := json.Marshal(append([]string{}, hosts...))
	if err != nil {
		return CSVRow{}, err
	}
	var row CSVRow
	err = t.one(func(r scanner) (err error) { row, err = scanCSVRow(r); return }, `
		select `+csvRowColumns+`
		from csv_rows r indexed by csv_rows_waiting
		where r.import_id = ?
		and r.state = 0
		and r.line > 0
		and r.due_at <= ?
		and r.host not in (select value from json_each(?))
		order by r.line
		limit 1`, id, ms(now), string(peace))
	return row, err
}

// CSVWaits says whether a row of an import waits.
func (t *Tx) CSVWaits(id int64) (bool, error) {
	return t.exists(`
		select 1
		from csv_rows indexed by csv_rows_waiting
		where import_id = ?
		and state = 0`, id)
}

// CSVTried lists the servers that rows asked, or told, after a time, with when.
func (t *Tx) CSVTried(after time.Time) (map[string]time.Time, error) {
	tried := map[string]time.Time{}
	err := t.each(func(r scanner) error {
		var host string
		var at int64
		err := r.Scan(&host, &at)
		tried[host] = fromMS(at)
		return err
	}, `
		select host, max(tried_at)
		from csv_rows indexed by csv_rows_tried
		where tried_at != 0
		and tried_at > ?
		group by host`, ms(after))
	return tried, err
}

// CSVRowCount counts rows of one state; of follows also by what was answered.
type CSVRowCount struct {
	State  CSVRowState
	Leaves bool // they are to go
	Told   bool // their servers were asked, or told
	Follow int  // a FollowState, or -1
	N      int
}

// CSVCounts counts the rows of an import by what became of them.
func (t *Tx) CSVCounts(id int64) ([]CSVRowCount, error) {
	return many(t, func(r scanner) (c CSVRowCount, err error) {
		err = r.Scan(&c.State, &c.Leaves, &c.Told, &c.Follow, &c.N)
		return c, err
	}, `
		select r.state, r.line < 0, r.tried_at != 0, coalesce(f.state, -1), count(*)
		from csv_rows r
		cross join csv_imports i on i.id = r.import_id
		left join following f on i.kind = 1 and f.actor_id = r.ref
		where r.import_id = ?
		group by 1, 2, 3, 4`, id)
}

// CSVLeft lists rows that did not take effect, with the reason, in the order of the
// file.
func (t *Tx) CSVLeft(id int64, after, limit int) ([]CSVRow, error) {
	return many(t, scanCSVRow, `
		select `+csvRowColumns+`
		from csv_rows r
		where r.import_id = ?
		and r.line > ?
		and r.state > 2
		order by r.line
		limit ?`, id, after, limit)
}

// CSVTurns counts how often each server has yet to be asked for the rows of an import:
// about a person, or a post, once, and not about what waits in an import before it.
func (t *Tx) CSVTurns(id int64, before ...int64) (map[string]int, error) {
	earlier, err := json.Marshal(append([]int64{}, before...))
	if err != nil {
		return nil, err
	}
	turns := map[string]int{}
	err = t.each(func(r scanner) error {
		var host string
		var n int
		err := r.Scan(&host, &n)
		turns[host] = n
		return err
	}, `
		select r.host, count(distinct iif(`+csvWaitsBefore+`, null, nullif(r.key, '')))
		from csv_rows r
		where r.import_id = ?1
		and r.line > 0
		and r.state = 0
		group by r.host`, id, nil, string(earlier))
	return turns, err
}

// ActorIDsByHandle finds people by user@domain, in lower case; of several, the last
// fetched. Missing ones are left out.
func (t *Tx) ActorIDsByHandle(handles []string) (map[string]int64, error) {
	names, err := json.Marshal(append([]string{}, handles...))
	if err != nil {
		return nil, err
	}
	found := map[string]int64{}
	err = t.each(func(r scanner) error {
		var handle string
		var id int64
		err := r.Scan(&handle, &id)
		found[handle] = id
		return err
	}, `
		select j.value, a.id
		from json_each(?) j
		cross join actors a indexed by actors_handle
			on a.username = substr(j.value, 1, instr(j.value, '@') - 1) collate nocase
			and a.domain = substr(j.value, instr(j.value, '@') + 1)
		where a.gone_at is null
		order by a.fetched_at`, string(names))
	return found, err
}
