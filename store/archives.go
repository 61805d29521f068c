package store

import "time"

// ArchiveState is where an archive stands.
type ArchiveState int

const (
	ArchiveAsked  ArchiveState = 0 // waits, or is being packed; after a restart it begins anew
	ArchiveReady  ArchiveState = 1
	ArchiveFailed ArchiveState = 2
)

// ArchiveLasts is how long a packed archive is kept.
const ArchiveLasts = 7 * day

// Archive is one packed copy of what is the owner's, or the wish for one.
type Archive struct {
	ID      int64
	State   ArchiveState
	File    string // its name in the folder of archives; "" until it is ready
	Size    int64  // bytes
	Posts   int
	Files   int
	Missing int    // files that the disk did not have
	Error   string // why it failed, in words
	AskedAt time.Time
	EndedAt time.Time
}

const archiveColumns = `a.id, a.state, a.file, a.size, a.posts, a.files, a.missing, a.error, a.asked_at, a.ended_at`

func scanArchive(r scanner) (Archive, error) {
	var a Archive
	var asked, ended int64
	err := r.Scan(&a.ID, &a.State, &a.File, &a.Size, &a.Posts, &a.Files, &a.Missing, &a.Error, &asked, &ended)
	a.AskedAt, a.EndedAt = fromMS(asked), fromMS(ended)
	return a, err
}

// AskArchive notes that the owner wants an archive, and says whether it was not
// waiting or being packed already.
func (t *Tx) AskArchive() (bool, error) {
	n, err := t.changed(`
		insert into archives (id, asked_at)
		select ?, ?
		where not exists (select 1 from archives where state = 0)`, t.NewID(), ms(t.Now()))
	return n > 0, err
}

// SaveArchive notes how an archive ended; ErrNotFound if it was dropped meanwhile.
func (t *Tx) SaveArchive(a Archive) error {
	n, err := t.changed(`
		update archives
		set state = ?, file = ?, size = ?, posts = ?, files = ?, missing = ?, error = ?, ended_at = ?
		where id = ?`, a.State, a.File, a.Size, a.Posts, a.Files, a.Missing, a.Error, ms(a.EndedAt), a.ID)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// Archive reads one by id.
func (t *Tx) Archive(id int64) (Archive, error) {
	var a Archive
	err := t.one(func(r scanner) (err error) { a, err = scanArchive(r); return }, `
		select `+archiveColumns+`
		from archives a
		where a.id = ?`, id)
	return a, err
}

// Archives lists all, the newest first.
func (t *Tx) Archives() ([]Archive, error) {
	return many(t, scanArchive, `
		select `+archiveColumns+`
		from archives a
		order by a.id desc`)
}

// DropArchive forgets one; its file is for the caller to remove.
func (t *Tx) DropArchive(id int64) error {
	_, err := t.exec(`
		delete from archives
		where id = ?`, id)
	return err
}

// ArchiveSizes is how much an archive made now would hold.
type ArchiveSizes struct {
	Posts int   // and boosts
	Files int   // uploads
	Bytes int64 // of the uploads

	Others int // posts of others that come along: liked, saved, and private mentions
}

// ArchiveSizes counts that.
func (t *Tx) ArchiveSizes() (ArchiveSizes, error) {
	var n ArchiveSizes
	err := t.one(func(r scanner) error { return r.Scan(&n.Posts, &n.Files, &n.Bytes, &n.Others) }, `
		select
			(select count(*) from posts indexed by posts_own where actor_id = 1),
			(select count(*) from media),
			(select coalesce(sum(size), 0) from media),
			(select count(*) from reactions where actor_id = 1) + (select count(*) from bookmarks) + (select count(*) from conversation_posts)`)
	return n, err
}

// MediaAfter reads a page of the owner's uploads above an id, the oldest first.
func (t *Tx) MediaAfter(id int64, limit int) ([]Media, error) {
	return many(t, scanMedia, `
		select `+mediaColumns+`
		from media m
		where m.id > ?
		order by m.id
		limit ?`, id, limit)
}
