package store

import (
	"strconv"
	"strings"
	"unicode"
)

// IndexBatch brings waiting posts into the search index, which is the index of
// authors and hashtags too, oldest first, and says how many. Text is what turns a post's HTML
// into words. Each batch becomes one segment of the index: few large ones spare
// the card, but 200 posts already hold the writer for about 10 ms.
func (t *Tx) IndexBatch(limit int, text func(Post) string) (int, error) {
	ids, err := many(t, scanInt64, `
		select post_id
		from unindexed
		order by post_id
		limit ?`, limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	posts, err := t.Posts(ids)
	if err != nil {
		return 0, err
	}
	for _, p := range posts {
		if err := t.indexPost(p, text); err != nil {
			return 0, err
		}
	}
	_, err = t.exec(`
		delete from unindexed
		where post_id <= ?
		and post_id >= ?`, ids[len(ids)-1], ids[0])
	return len(ids), err
}

func (t *Tx) indexPost(p Post, text func(Post) string) error {
	author, body := "", ""
	if !p.Own() || p.BoostOf == 0 { // PostsBy reads the owner's from their own index
		author = authorWord(p.ActorID)
	}
	if p.BoostOf == 0 {
		body = searchable(text(p))
	}
	for _, tag := range p.Extra.Tags {
		author += " " + t.tagWord(tag)
	}
	if author == "" && body == "" { // an edit may have emptied it
		_, err := t.exec(`
			delete from search
			where rowid = ?`, p.ID)
		return err
	}
	_, err := t.exec(`
		insert or replace into search (rowid, author, body)
		values (?, ?, ?)`, p.ID, author, body)
	return err
}

// MergeSearch goes on bringing the parts of the search index together, about as many
// pages of 4 KB at a time, and says whether there was something to do. Deleting a post
// only marks its words as void; they stay in their part, with their places in the text,
// until it is written anew. begin takes in all parts as they stand now; without it goes
// on what was begun, so that it ends however much is indexed meanwhile
// (https://www.sqlite.org/fts5.html#the_merge_command).
func (t *Tx) MergeSearch(pages int, begin bool) (more bool, err error) {
	if begin {
		pages = -pages
	}
	const written = `select total_changes()`
	before, err := value[int64](t, written)
	if err != nil {
		return false, err
	}
	if _, err := t.exec(`
		insert into search (search, rank)
		values ('merge', ?)`, pages); err != nil {
		return false, err
	}
	after, err := value[int64](t, written)
	return after-before >= 2, err
}

func authorWord(actorID int64) string { return strconv.FormatInt(actorID, 10) }

// CountUnindexed counts the posts that wait for the indexes.
func (t *Tx) CountUnindexed() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from unindexed`)
	return int(n), err
}

// searchable splits text written without spaces into characters, so that the
// index finds any part of it.
func searchable(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == 0 {
			b.WriteByte(' ') // ends a query for FTS5
		} else if wordless(r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
		} else {
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

func wordless(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}
