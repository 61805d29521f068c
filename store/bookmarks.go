package store

import "time"

// Bookmark is a post that the owner saved for later.
type Bookmark struct {
	ID     int64 // drawn when it was saved: the list is paged by it
	PostID int64
	At     time.Time
}

func scanBookmark(r scanner) (Bookmark, error) {
	var b Bookmark
	var at int64
	err := r.Scan(&b.ID, &b.PostID, &at)
	b.At = fromMS(at)
	return b, err
}

// AddBookmark saves a post for later, once.
func (t *Tx) AddBookmark(postID int64) error {
	_, err := t.exec(`
		insert or ignore into bookmarks (post_id, id, at)
		values (?, ?, ?)`, postID, t.NewID(), ms(t.Now()))
	return err
}

// DropBookmark takes a post off that list.
func (t *Tx) DropBookmark(postID int64) error {
	_, err := t.exec(`
		delete from bookmarks
		where post_id = ?`, postID)
	return err
}

// Bookmarks reads a page of what the owner saved, the last saved first.
func (t *Tx) Bookmarks(p Page) ([]Bookmark, error) {
	const list = `
		select id, post_id, at
		from bookmarks
		where id < ?
		and id > ?
		order by id `
	return page(t, p, scanBookmark, list+`desc limit ?`, list+`asc limit ?`)
}

// BookmarkedAmong says which of several posts the owner saved.
func (t *Tx) BookmarkedAmong(postIDs []int64) (map[int64]bool, error) {
	ids, err := many(t, scanInt64, `
		select b.post_id
		from json_each(?) j
		cross join bookmarks b on b.post_id = j.value`, idList(distinct(postIDs)))
	return idSet(ids), err
}

// CountBookmarks counts what the owner saved.
func (t *Tx) CountBookmarks() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from bookmarks`)
	return int(n), err
}
