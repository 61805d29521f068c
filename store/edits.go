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
	return many(t, func(r scanner) (Edit, error) {
		var e Edit
		var at int64
		var source, extra sql.NullString
		err := r.Scan(&at, &e.Summary, &e.Content, &source, &e.Sensitive, &extra)
		e.At, e.Source = fromMS(at), source.String
		if err == nil && extra.String != "" {
			err = json.Unmarshal([]byte(extra.String), &e.Extra)
		}
		return e, err
	}, `
		select at, summary, content, source, sensitive, extra
		from edits
		where post_id = ?
		order by at`, postID)
}
