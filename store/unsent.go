package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// UnsentKind says why a text was not sent.
type UnsentKind int

const (
	UnsentDraft     UnsentKind = 0 // saved by the owner
	UnsentScheduled UnsentKind = 1 // goes out at DueAt
	UnsentHeld      UnsentKind = 2 // published, but held for the undo window until DueAt
)

// Unsent is a text of the owner that nobody else can reach.
type Unsent struct {
	ID       int64
	Kind     UnsentKind
	DueAt    time.Time // zero for drafts
	EditedAt time.Time
	Draft    UnsentText
}

// UnsentText is what the owner typed, with the choices beside it.
type UnsentText struct {
	Text       string     `json:"text"`
	Summary    string     `json:"summary,omitempty"`
	Visibility Visibility `json:"visibility"`
	Language   string     `json:"language,omitempty"`
	ParentID   int64      `json:"parent,omitempty"`
	QuoteID    int64      `json:"quote,omitempty"`

	Thread []string `json:"thread,omitempty"` // texts of posts that follow, each answering the one before

	Media       []int64     `json:"media,omitempty"` // uploads, in order; while it names them they stay
	Sensitive   bool        `json:"sensitive,omitempty"`
	Poll        *UnsentPoll `json:"poll,omitempty"`
	QuotePolicy QuotePolicy `json:"quote_policy,omitempty"`

	Plain   bool   `json:"plain,omitempty"` // not Markdown
	App     string `json:"app,omitempty"`   // program it was written with
	AppURL  string `json:"app_url,omitempty"`
	Problem string `json:"problem,omitempty"` // why it did not go out, in words

	EditID int64  `json:"edit,omitempty"`     // own post that it is to change, 0 for a new one
	Form   string `json:"form,omitempty"`     // key of the form that saved it last: what that form saves again is the same draft
	Known  bool   `json:"known_id,omitempty"` // whoever wrote it was told its id, and the post will have that
}

// UnsentPoll is the poll of a text, as far as it is written.
type UnsentPoll struct {
	Options    []string      `json:"options"`
	Multiple   bool          `json:"multiple,omitempty"`
	Lasts      time.Duration `json:"lasts,omitempty"`
	HideTotals bool          `json:"hide,omitempty"`
}

func scanUnsent(r scanner) (Unsent, error) {
	var u Unsent
	var due sql.NullInt64
	var edited int64
	var draft string
	if err := r.Scan(&u.ID, &u.Kind, &due, &draft, &edited); err != nil {
		return u, err
	}
	u.DueAt, u.EditedAt = fromNullMS(due), fromMS(edited)
	return u, json.Unmarshal([]byte(draft), &u.Draft)
}

// SaveUnsent inserts a text, or replaces the one with its id, and sets the id.
func (t *Tx) SaveUnsent(u *Unsent) error {
	b, err := json.Marshal(u.Draft)
	if err != nil {
		return fmt.Errorf("save draft: %w", err)
	}
	if u.ID == 0 {
		u.ID = t.NewID()
	}
	u.EditedAt = t.Now()
	_, err = t.exec(`
		insert or replace into unsent (id, kind, due_at, draft, edited_at)
		values (?, ?, ?, ?, ?)`, u.ID, u.Kind, msOrNull(u.DueAt), string(b), ms(u.EditedAt))
	return err
}

// Unsent reads one.
func (t *Tx) Unsent(id int64) (Unsent, error) {
	var u Unsent
	err := t.one(func(r scanner) (err error) { u, err = scanUnsent(r); return }, `
		select id, kind, due_at, draft, edited_at
		from unsent
		where id = ?`, id)
	return u, err
}

// UnsentList lists those of a kind, the last edited first, at most 200.
func (t *Tx) UnsentList(kind UnsentKind) ([]Unsent, error) {
	return many(t, scanUnsent, `
		select id, kind, due_at, draft, edited_at
		from unsent
		where kind = ?
		order by edited_at desc
		limit 200`, kind)
}

// Held lists what waits for its undo window to end, the next first.
func (t *Tx) Held() ([]Unsent, error) {
	return many(t, scanUnsent, `
		select id, kind, due_at, draft, edited_at
		from unsent indexed by unsent_held
		where kind = 2
		order by due_at`)
}

// DraftOfForm reads the draft that a form saved; ErrNotFound if it saved none.
func (t *Tx) DraftOfForm(key string) (Unsent, error) {
	var u Unsent
	err := t.one(func(r scanner) (err error) { u, err = scanUnsent(r); return }, `
		select id, kind, due_at, draft, edited_at
		from unsent
		where kind = 0
		and draft ->> '$.form' = ?
		limit 1`, key)
	return u, err
}

// Unplanned lists what is to go out by itself and has no job for it.
func (t *Tx) Unplanned(jobKind, keyPrefix string) ([]Unsent, error) {
	return many(t, scanUnsent, `
		select u.id, u.kind, u.due_at, u.draft, u.edited_at
		from unsent u
		where u.due_at is not null
		and u.kind in (1, 2)
		and not exists (
			select 1
			from jobs j
			where j.key = ?2 || u.id
			and j.kind = ?1
			and j.dead_at is null)`, jobKind, keyPrefix)
}

// Scheduled reads a page of what goes out later, by id.
func (t *Tx) Scheduled(p Page) ([]Unsent, error) {
	const list = `
		select id, kind, due_at, draft, edited_at
		from unsent
		where kind = 1
		and id < ?
		and id > ?
		order by id `
	return page(t, p, scanUnsent, list+`desc limit ?`, list+`asc limit ?`)
}

// CountScheduled counts what goes out between two times.
func (t *Tx) CountScheduled(from, to time.Time) (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from unsent
		where due_at >= ?
		and due_at < ?
		and kind = 1`, ms(from), ms(to))
	return int(n), err
}

// DropUnsent deletes one.
func (t *Tx) DropUnsent(id int64) error {
	_, err := t.exec(`
		delete from unsent
		where id = ?`, id)
	return err
}
