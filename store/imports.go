package store

import (
	"encoding/json"
	"errors"
	"fmt"
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
	for _, q := range []string{
		`delete from import_wants where import_id = ?`,
		`delete from imports where id = ?`,
	} {
		if _, err := t.exec(q, id); err != nil {
			return err
		}
	}
	return nil
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

// PostIDAt draws the id of an own post of that date.
func (t *Tx) PostIDAt(published time.Time) (int64, error) { return t.freePostID(published) }

// RestorePost stores a post with the counts that it has: no other post's counts
// change by it.
func (t *Tx) RestorePost(p *Post) error {
	if err := t.insertPost(p); err != nil {
		return err
	}
	if p.BoostOf == 0 {
		if err := t.adopt(p); err != nil {
			return err
		}
		if err := t.adoptQuotes(p); err != nil {
			return err
		}
	}
	_, err := t.exec(`
		insert or ignore into unindexed (post_id, actor_id)
		values (?, ?)`, p.ID, p.ActorID)
	return err
}

// RestoreEdit stores an earlier version of a post.
func (t *Tx) RestoreEdit(postID int64, e Edit) error {
	p := Post{Extra: e.Extra}
	extra, err := p.extraJSON()
	if err != nil {
		return err
	}
	_, err = t.exec(`
		insert or ignore into edits (post_id, at, summary, content, source, sensitive, extra)
		values (?, ?, ?, ?, ?, ?, ?)`, postID, ms(e.At), e.Summary, e.Content, nullStr(e.Source), e.Sensitive, extra)
	return err
}

// RestoreReceipts writes the folded record of what inboxes did with a post.
func (t *Tx) RestoreReceipts(postID int64, states map[int64]DeliveryState) error {
	if _, err := t.exec(`
		insert or ignore into ledger (post_id, body, at)
		values (?, ?, ?)`, postID, fold(states), ms(t.Now())); err != nil {
		return err
	}
	for id := range states {
		if _, err := t.exec(`
			update inboxes
			set kept = 1
			where id = ?
			and kept = 0`, id); err != nil {
			return err
		}
	}
	return nil
}

// RestoreFetch notes that a server had a post from us.
func (t *Tx) RestoreFetch(postID, hostID int64, at time.Time) error {
	_, err := t.exec(`
		insert or ignore into fetches (post_id, host_id, at)
		values (?, ?, ?)`, postID, hostID, ms(at))
	return err
}

// RestoreMedia stores an upload under the id and the name that it had; it is false
// if there is one with either.
func (t *Tx) RestoreMedia(m Media) (bool, error) {
	n, err := t.changed(`
		insert or ignore into media (id, name, kind, mime, file, preview, title, note, alt, focal_x, focal_y,
			width, height, seconds, blurhash, size, post_id, at)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.ID, m.Name, m.Kind, m.MIME, m.File, m.Preview, m.Title, m.Note, m.Alt, m.FocalX, m.FocalY,
		m.Width, m.Height, m.Seconds, m.Blurhash, m.Size, nullInt(m.PostID), ms(t.Now()))
	return n > 0, err
}

// RestoreSecurity writes a line of the security log of another day, without an
// address. The same line twice is one.
func (t *Tx) RestoreSecurity(v SecurityEvent) error {
	known, err := t.exists(`
		select 1
		from security_log
		where id between ? and ?
		and at = ?
		and kind = ?
		and detail = ?`, IDAt(v.At), IDAt(v.At)|0xffff, ms(v.At), v.Kind, v.Detail)
	if err != nil || known {
		return err
	}
	_, err = t.exec(`
		insert into security_log (id, at, kind, detail, address)
		select coalesce(max(id) + 1, ?1), ?3, ?4, ?5, ''
		from security_log
		where id between ?1 and ?2`, IDAt(v.At), IDAt(v.At)|0xffff, ms(v.At), v.Kind, v.Detail)
	return err
}

// UnsentKnown says whether the very text waits here already.
func (t *Tx) UnsentKnown(u Unsent) (bool, error) {
	return t.exists(`
		select 1
		from unsent
		where edited_at = ?
		and draft ->> '$.text' = ?`, ms(u.EditedAt), u.Draft.Text)
}

// RestoreUnsent stores a text that was not sent, with the time of its last change.
func (t *Tx) RestoreUnsent(u *Unsent) error {
	b, err := json.Marshal(u.Draft)
	if err != nil {
		return fmt.Errorf("save draft: %w", err)
	}
	u.ID = t.NewID()
	_, err = t.exec(`
		insert into unsent (id, kind, due_at, draft, edited_at)
		values (?, ?, ?, ?, ?)`, u.ID, u.Kind, msOrNull(u.DueAt), string(b), ms(u.EditedAt))
	return err
}

// RestorePins pins own posts, the first one on top.
func (t *Tx) RestorePins(postIDs []int64) error {
	for i, id := range postIDs {
		if _, err := t.exec(`
			insert or ignore into pins (actor_id, post_id, at)
			values (?, ?, ?)`, OwnerID, id, ms(t.Now())-int64(i)); err != nil {
			return err
		}
	}
	return nil
}

// RestoreReaction stores a like or a reaction of the owner's with its time, once.
func (t *Tx) RestoreReaction(r *Reaction) error {
	r.ActorID = OwnerID
	n, err := t.changed(`
		insert or ignore into reactions (id, post_id, actor_id, emoji, icon, uri, at)
		values (?, ?, ?, ?, ?, ?, ?)`, t.NewID(), r.PostID, r.ActorID, r.Emoji, r.Icon, r.URI, ms(r.At))
	if err != nil || n == 0 {
		return err
	}
	return t.KeepPost(r.PostID)
}

// RestoreBookmark saves a post with the time at which it was saved, once.
func (t *Tx) RestoreBookmark(postID int64, at time.Time) error {
	if _, err := t.exec(`
		insert or ignore into bookmarks (post_id, id, at)
		values (?, ?, ?)`, postID, t.NewID(), ms(at)); err != nil {
		return err
	}
	return t.KeepPost(postID)
}

// Kinds of what an import wants of other servers.
const (
	WantLike     = "like"
	WantBookmark = "bookmark"
	WantFollow   = "follow"
)

// ImportWant is something that an archive names and another server has.
type ImportWant struct {
	ID       int64
	ImportID int64
	Kind     string
	URI      string
	Detail   string
	Tries    int
}

// AddImportWant notes one, to be fetched in the order in which they are noted.
func (t *Tx) AddImportWant(w ImportWant) error {
	_, err := t.exec(`
		insert into import_wants (id, import_id, kind, uri, detail, due_at)
		values (?, ?, ?, ?, ?, ?)`, t.NewID(), w.ImportID, w.Kind, w.URI, w.Detail, ms(t.Now()))
	return err
}

// DueImportWants lists what an import may ask for now, the longest due first.
func (t *Tx) DueImportWants(importID int64, limit int) ([]ImportWant, error) {
	return many(t, func(r scanner) (w ImportWant, err error) {
		err = r.Scan(&w.ID, &w.ImportID, &w.Kind, &w.URI, &w.Detail, &w.Tries)
		return w, err
	}, `
		select id, import_id, kind, uri, detail, tries
		from import_wants indexed by import_wants_due
		where import_id = ?
		and due_at <= ?
		order by due_at, id
		limit ?`, importID, ms(t.Now()), limit)
}

// NextImportWant is when something is due, zero if nothing is wanted.
func (t *Tx) NextImportWant(importID int64) (time.Time, error) {
	at, err := value[int64](t, `
		select due_at
		from import_wants indexed by import_wants_due
		where import_id = ?
		order by due_at
		limit 1`, importID)
	if errors.Is(err, ErrNotFound) {
		return time.Time{}, nil
	}
	return fromMS(at), err
}

// CountImportWants counts what is yet to be fetched for an import.
func (t *Tx) CountImportWants(importID int64) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from import_wants
		where import_id = ?`, importID)
	return int(n), err
}

// ImportWantDone forgets one.
func (t *Tx) ImportWantDone(id int64) error {
	_, err := t.exec(`
		delete from import_wants
		where id = ?`, id)
	return err
}

// ImportWantFailed asks for one again later.
func (t *Tx) ImportWantFailed(id int64, again time.Time) error {
	_, err := t.exec(`
		update import_wants
		set tries = tries + 1, due_at = ?
		where id = ?`, ms(again), id)
	return err
}
