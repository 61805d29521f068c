package store

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// TagName is the form in which a hashtag is stored and compared: without regard to
// case and to the width of letters, which Japanese keyboards have two of.
func TagName(name string) string { return strings.ToLower(norm.NFKC.String(name)) }

// TagNames is TagName of several.
func TagNames(names []string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = TagName(n)
	}
	return out
}

// SetTags stores the hashtags of an own post, names as of TagName, in place of
// those it had before. Those of others' posts are words of the search index.
func (t *Tx) SetTags(postID int64, before, names []string) error {
	for _, name := range before {
		if _, err := t.exec(`
			delete from post_tags
			where post_id = ?
			and tag_id = (select id from tags where name = ?)`, postID, name); err != nil {
			return err
		}
	}
	for _, name := range names {
		id, err := t.tagID(name)
		if err != nil {
			return err
		}
		if _, err := t.exec(`
			insert or ignore into post_tags (tag_id, post_id)
			values (?, ?)`, id, postID); err != nil {
			return err
		}
	}
	return nil
}

// TagsLike lists hashtags of own posts, and those the owner follows or features,
// whose names begin so, the most used first; begin is as of TagName.
func (t *Tx) TagsLike(begin string, limit int) ([]string, error) {
	return many(t, func(r scanner) (name string, err error) { err = r.Scan(&name); return }, `
		select g.name
		from tags g
		where g.name >= ?1
		and g.name < ?1 || char(0x10ffff)
		order by (select count(*) from post_tags where tag_id = g.id) desc, g.name
		limit ?2`, begin, limit)
}

func (t *Tx) tagID(name string) (int64, error) {
	id, err := value[int64](t, `
		select id
		from tags
		where name = ?`, name)
	if err != ErrNotFound {
		return id, err
	}
	res, err := t.exec(`
		insert into tags (name)
		values (?)`, name)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// OwnTagged reads a page of the owner's public posts with a hashtag.
func (t *Tx) OwnTagged(tag string, p Page) ([]Post, error) {
	const list = `
		select ` + postColumns + `
		from post_tags pt
		cross join posts p on p.id = pt.post_id
		where pt.tag_id = (select id from tags where name = ?)
		and p.actor_id = 1
		and p.visibility = 0
		and pt.post_id < ?
		and pt.post_id > ?
		order by pt.post_id `
	return page(t, p, scanPost, list+`desc limit ?`, list+`asc limit ?`, tag)
}
