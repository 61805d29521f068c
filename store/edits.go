package store

import (
	"database/sql"
	"encoding/json"
	"time"
)

// UpdatePost writes an edit and keeps the version before it, of which at most
// the last 20 stay. Audience, author and parent never change.
func (t *Tx) UpdatePost(before Post, p *Post) error {
	oldExtra, err := before.extraJSON()
	if err != nil {
		return err
	}
	extra, err := p.extraJSON()
	if err != nil {
		return err
	}
	at := before.EditedAt
	if at.IsZero() {
		at = before.PublishedAt
	}
	if _, err := t.exec(`
		insert or replace into edits (post_id, at, summary, content, source, sensitive, extra)
		values (?, ?, ?, ?, ?, ?, ?)`, p.ID, ms(at), before.Summary, before.Content, nullStr(before.Source), before.Sensitive, oldExtra); err != nil {
		return err
	}
	if _, err := t.exec(`
		delete from edits
		where post_id = ?
		and at not in (
			select at
			from edits
			where post_id = ?
			order by at desc
			limit 20)`, p.ID, p.ID); err != nil {
		return err
	}
	if _, err := t.exec(`
		update posts
		set url = ?, title = ?, summary = ?, content = ?, source = ?, language = ?, sensitive = ?, edited_at = ?, extra = ?
		where id = ?`, p.URL, p.Title, p.Summary, p.Content, nullStr(p.Source), p.Language, p.Sensitive, msOrNull(p.EditedAt), extra, p.ID); err != nil {
		return err
	}
	_, err = t.exec(`
		insert or ignore into unindexed (post_id, actor_id)
		values (?, ?)`, p.ID, before.ActorID)
	return err
}

// Edit is an earlier version of a post.
type Edit struct {
	At        time.Time
	Summary   string
	Content   string
	Source    string
	Sensitive bool
	Extra     PostExtra
}

// CountEdits counts the earlier versions of a post that are kept.
func (t *Tx) CountEdits(postID int64) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from edits
		where post_id = ?`, postID)
	return int(n), err
}

// Edits lists the earlier versions of a post, oldest first.
func (t *Tx) Edits(postID int64) ([]Edit, error) {
	all, err := t.EditsOf([]int64{postID})
	return all[postID], err
}

// EditsOf is Edits for several posts at once.
func (t *Tx) EditsOf(postIDs []int64) (map[int64][]Edit, error) {
	type of struct {
		post int64
		Edit
	}
	list, err := many(t, func(r scanner) (e of, err error) {
		var at int64
		var source, extra sql.NullString
		err = r.Scan(&e.post, &at, &e.Summary, &e.Content, &source, &e.Sensitive, &extra)
		e.At, e.Source = fromMS(at), source.String
		if err == nil && extra.String != "" {
			err = json.Unmarshal([]byte(extra.String), &e.Extra)
		}
		return e, err
	}, `
		select e.post_id, e.at, e.summary, e.content, e.source, e.sensitive, e.extra
		from json_each(?) j
		cross join edits e on e.post_id = j.value
		order by e.post_id, e.at`, idList(distinct(postIDs)))
	edits := make(map[int64][]Edit, len(list))
	for _, e := range list {
		edits[e.post] = append(edits[e.post], e.Edit)
	}
	return edits, err
}
