package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Report is a complaint: one that another server sent about the owner, or one
// that the owner made about somebody.
type Report struct {
	ID        int64
	Own       bool   // the owner made it
	ActorID   int64  // who made it: mostly the instance actor of a server
	AboutID   int64  // who it is about
	URI       string // id of the Flag
	Text      string // plain text
	Posts     []string
	Category  string // spam, legal, violation or other: the client API's words
	Forwarded bool   // of the owner's: it was sent to the other server
	At        time.Time
	DoneAt    time.Time // when the owner dealt with it; zero while it is open
	Answer    string    // the owner's note about that; it stays here
	Evidence  []Evidence
}

// Evidence is what a reported post said when the report came.
type Evidence struct {
	URI     string    `json:"uri"`
	Warning string    `json:"warning,omitempty"`
	Text    string    `json:"text"` // plain, perhaps cut
	Files   int       `json:"files,omitempty"`
	At      time.Time `json:"at"` // when the post was written, or last edited
}

const reportColumns = `r.id, r.own, r.actor_id, r.about_id, r.uri, r.text, r.posts, r.category, r.forwarded, r.at, r.answered_at, r.answer, r.evidence`

func scanReport(s scanner) (Report, error) {
	var r Report
	var posts, evidence string
	var at int64
	var done sql.NullInt64
	err := s.Scan(&r.ID, &r.Own, &r.ActorID, &r.AboutID, &r.URI, &r.Text, &posts, &r.Category, &r.Forwarded, &at, &done, &r.Answer, &evidence)
	if err != nil {
		return r, err
	}
	r.At, r.DoneAt = fromMS(at), fromNullMS(done)
	if err := json.Unmarshal([]byte(posts), &r.Posts); err != nil {
		return r, fmt.Errorf("read report %d: %w", r.ID, err)
	}
	if err := json.Unmarshal([]byte(evidence), &r.Evidence); err != nil {
		return r, fmt.Errorf("read evidence of report %d: %w", r.ID, err)
	}
	return r, nil
}

// AddReport stores a report under a new id.
func (t *Tx) AddReport(r *Report) error {
	posts := r.Posts
	if posts == nil {
		posts = []string{}
	}
	list, err := json.Marshal(posts)
	if err != nil {
		return fmt.Errorf("store report: %w", err)
	}
	evidence := []byte("[]")
	if len(r.Evidence) > 0 {
		if evidence, err = json.Marshal(r.Evidence); err != nil {
			return fmt.Errorf("store report: %w", err)
		}
	}
	r.ID, r.At = t.NewID(), t.Now()
	_, err = t.exec(`
		insert into reports (id, own, actor_id, about_id, uri, text, posts, category, forwarded, at, answered_at, answer, evidence)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.Own, r.ActorID, r.AboutID, r.URI, r.Text, string(list), r.Category, r.Forwarded, ms(r.At), msOrNull(r.DoneAt), r.Answer, string(evidence))
	return err
}

// Report reads one.
func (t *Tx) Report(id int64) (Report, error) {
	var r Report
	err := t.one(func(s scanner) (err error) { r, err = scanReport(s); return }, `
		select `+reportColumns+`
		from reports r
		where r.id = ?`, id)
	return r, err
}

// ReportsByID reads several in one query into a map; missing ones are left out.
func (t *Tx) ReportsByID(ids ...int64) (map[int64]Report, error) {
	list, err := many(t, scanReport, `
		select `+reportColumns+`
		from json_each(?) j
		cross join reports r on r.id = j.value`, idList(distinct(ids)))
	if err != nil {
		return nil, err
	}
	out := make(map[int64]Report, len(list))
	for _, r := range list {
		out[r.ID] = r
	}
	return out, nil
}

// Reports reads a page of those that arrived, or of the owner's own, newest first.
func (t *Tx) Reports(own bool, p Page) ([]Report, error) {
	const list = `
		select ` + reportColumns + `
		from reports r
		where r.own = ?
		and r.id < ?
		and r.id > ?
		order by r.id `
	return page(t, p, scanReport, list+`desc limit ?`, list+`asc limit ?`, own)
}

// CloseReport notes that the owner dealt with a report, and what the owner
// wrote down about it.
func (t *Tx) CloseReport(id int64, answer string) error {
	n, err := t.changed(`
		update reports
		set answered_at = ?, answer = ?
		where id = ?`, ms(t.Now()), answer, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// CountOpenReports counts those that arrived and wait for the owner.
func (t *Tx) CountOpenReports() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from reports indexed by reports_open
		where own = 0
		and answered_at is null`)
	return int(n), err
}

// CountReportsSince counts what arrived since a moment, from one server and in
// all. Ids hold the time, so that older rows are not looked at.
func (t *Tx) CountReportsSince(since time.Time, hostID int64) (fromHost, all int, err error) {
	err = t.one(func(r scanner) error { return r.Scan(&fromHost, &all) }, `
		select count(iif(a.host_id = ?, 1, null)), count(*)
		from reports r
		cross join actors a on a.id = r.actor_id
		where r.id > ?
		and r.own = 0`, hostID, IDAt(since))
	return fromHost, all, err
}
