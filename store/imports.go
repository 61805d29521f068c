package store

import (
	"errors"
	"time"
)

// ImportState is where an import stands.
type ImportState int

const (
	ImportLooked    ImportState = 0 // its preview waits for the owner
	ImportRunning   ImportState = 1 // goes on after a restart
	ImportDone      ImportState = 2
	ImportFailed    ImportState = 3
	ImportCancelled ImportState = 4 // by the owner; what came until then stays
	ImportReading   ImportState = 5 // the preview is being made
	ImportCommand   ImportState = 6 // runs by a command beside the server, which does not touch it
)

// Import is an archive that comes in.
type Import struct {
	ID      int64
	Kind    string // of the archive; "" until it was looked at
	State   ImportState
	Name    string // of the file where the owner had it
	File    string // in the folder of imports; "" once it is gone
	Size    int64  // of the file
	Plan    string // what comes and what does not, as JSON
	Stage   int    // what is being imported …
	Place   int64  // … and how many items of that are done with
	Done    int    // of all items
	Total   int
	Result  string // what came of it, as JSON
	Error   string // why it failed, in words
	At      time.Time
	EndedAt time.Time
}

const importColumns = `i.id, i.kind, i.state, i.name, i.file, i.size, i.plan, i.stage, i.place, i.done, i.total, i.result, i.error, i.at, i.ended_at`

func scanImport(r scanner) (Import, error) {
	var i Import
	var at, ended int64
	err := r.Scan(&i.ID, &i.Kind, &i.State, &i.Name, &i.File, &i.Size, &i.Plan, &i.Stage, &i.Place, &i.Done, &i.Total, &i.Result, &i.Error, &at, &ended)
	i.At, i.EndedAt = fromMS(at), fromMS(ended)
	return i, err
}

// AddImport stores a new one and sets its id and its time.
func (t *Tx) AddImport(i *Import) error {
	i.ID, i.At = t.NewID(), fromMS(ms(t.Now()))
	if i.Plan == "" {
		i.Plan = "{}"
	}
	_, err := t.exec(`
		insert into imports (id, kind, state, name, file, size, plan, total, at)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?)`, i.ID, i.Kind, i.State, i.Name, i.File, i.Size, i.Plan, i.Total, ms(i.At))
	return err
}

// SaveImport writes all of one that may change.
func (t *Tx) SaveImport(i Import) error {
	_, err := t.exec(`
		update imports
		set kind = ?, state = ?, file = ?, plan = ?, stage = ?, place = ?, done = ?, total = ?, result = ?, error = ?, ended_at = ?
		where id = ?`, i.Kind, i.State, i.File, i.Plan, i.Stage, i.Place, i.Done, i.Total, i.Result, i.Error, ms(i.EndedAt), i.ID)
	return err
}

// ImportAt notes how far one is, in the transaction of what it brought in. It is
// ErrNotFound once the owner does not want it any more.
func (t *Tx) ImportAt(i Import) error {
	n, err := t.changed(`
		update imports
		set stage = ?, place = ?, done = ?, result = ?
		where id = ?
		and state in (1, 6)`, i.Stage, i.Place, i.Done, i.Result, i.ID)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// EndImportCommands notes that commands which were killed do not run any more.
func (t *Tx) EndImportCommands() error {
	_, err := t.exec(`
		update imports
		set state = ?, ended_at = ?
		where state = ?`, ImportCancelled, ms(t.Now()), ImportCommand)
	return err
}

// Import reads one by id.
func (t *Tx) Import(id int64) (Import, error) {
	var i Import
	err := t.one(func(r scanner) (err error) { i, err = scanImport(r); return }, `
		select `+importColumns+`
		from imports i
		where i.id = ?`, id)
	return i, err
}

// Imports lists all, the newest first.
func (t *Tx) Imports() ([]Import, error) {
	return many(t, scanImport, `
		select `+importColumns+`
		from imports i
		order by i.id desc
		limit 100`)
}

// DropImport forgets one; its file is for the caller to remove. The addresses of
// posts that came with it stay.
func (t *Tx) DropImport(id int64) error {
	if err := t.DropImportWants(id); err != nil {
		return err
	}
	_, err := t.exec(`
		delete from imports
		where id = ?`, id)
	return err
}

// Imported is the post that had an address where it was written; ErrNotFound if no
// import brought it.
func (t *Tx) Imported(uri string) (int64, error) {
	return value[int64](t, `
		select post_id
		from imported
		where uri_hash = ?
		and uri = ?`, t.hash(uri), uri)
}

// PostWithAddress is the post that has an address, or had it where it was written.
func (t *Tx) PostWithAddress(uri string) (int64, error) {
	id, err := t.PostIDByURI(uri)
	if errors.Is(err, ErrNotFound) {
		id, err = t.Imported(uri)
	}
	return id, err
}

// AdoptAnswers links posts that answer an own post under an address that it had where
// it was written.
func (t *Tx) AdoptAnswers(postID int64, address string) error {
	n, err := t.changed(`
		update posts
		set parent_id = ?, parent_hash = null
		where parent_hash = ?
		and parent_uri = ?`, postID, t.hash(address), address)
	if err != nil || n == 0 {
		return err
	}
	// An archive may have counted them already.
	_, err = t.exec(`
		update posts
		set replies = max(replies, (
			select count(*)
			from posts x indexed by posts_parent
			where x.parent_id = ?1))
		where id = ?1`, postID)
	return err
}

// AddImported notes an address that an own post had. parent is the address of what
// it answered, if that is own as well and not here yet; "" for none.
func (t *Tx) AddImported(importID, postID int64, uri, parent string) error {
	_, err := t.exec(`
		insert or ignore into imported (uri_hash, uri, post_id, import_id, parent)
		values (?, ?, ?, ?, ?)`, t.hash(uri), uri, postID, importID, parent)
	return err
}

// Orphan is an imported post whose parent had not come when it did.
type Orphan struct {
	PostID int64
	Parent string
}

// Orphans lists those of an import, after a post.
func (t *Tx) Orphans(importID, after int64, limit int) ([]Orphan, error) {
	return many(t, func(r scanner) (o Orphan, err error) { err = r.Scan(&o.PostID, &o.Parent); return }, `
		select post_id, parent
		from imported indexed by imported_parent
		where import_id = ?
		and post_id > ?
		and parent != ''
		order by post_id
		limit ?`, importID, after, limit)
}

// Adopt links an imported post to its parent, which came after it; parentID 0 leaves
// it without one.
func (t *Tx) Adopt(postID, parentID int64, parentURI string) error {
	if parentID != 0 {
		if _, err := t.exec(`
			update posts
			set parent_id = ?, parent_uri = ?
			where id = ?`, parentID, parentURI, postID); err != nil {
			return err
		}
		if err := t.bump(parentID, "replies", 1); err != nil {
			return err
		}
	}
	_, err := t.exec(`
		update imported
		set parent = ''
		where post_id = ?`, postID)
	return err
}

// SetContent writes the text of an own post, without a new version of it.
func (t *Tx) SetContent(id int64, content string) error {
	if _, err := t.exec(`
		update posts
		set content = ?
		where id = ?`, content, id); err != nil {
		return err
	}
	_, err := t.exec(`
		insert or ignore into unindexed (post_id, actor_id)
		values (?, ?)`, id, OwnerID)
	return err
}
