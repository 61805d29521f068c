package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// EmojiFolder begins the addresses of the owner's emojis (DECISIONS 1).
const EmojiFolder = "/emojis/"

// OwnEmoji is a picture that the owner has for a word between colons. What it
// shows and how it is called never changes: another name is another emoji.
type OwnEmoji struct {
	ID        int64
	Shortcode string
	MIME      string // image/png, image/gif or image/webp
	File      string // in the media folder
	Still     string // there, its first picture; File where nothing moves
	Size      int64
	RemovedAt time.Time // zero while it is on offer
}

// Address is the path under which others have its picture; posts and the profile
// keep it.
func (e OwnEmoji) Address() string {
	return fmt.Sprintf("%s%d/picture.%s", EmojiFolder, e.ID, strings.TrimPrefix(e.MIME, "image/"))
}

// Emoji is what a text keeps of it.
func (e OwnEmoji) Emoji() Emoji { return Emoji{Shortcode: e.Shortcode, URL: e.Address()} }

const ownEmojiColumns = `e.id, e.shortcode, e.mime, e.file, e.still, e.size, e.removed_at`

func scanOwnEmoji(r scanner) (OwnEmoji, error) {
	var e OwnEmoji
	var removed sql.NullInt64
	err := r.Scan(&e.ID, &e.Shortcode, &e.MIME, &e.File, &e.Still, &e.Size, &removed)
	e.RemovedAt = fromNullMS(removed)
	return e, err
}

// AddOwnEmoji stores a new emoji and sets its id. Its name must be free.
func (t *Tx) AddOwnEmoji(e *OwnEmoji) error {
	e.ID = t.NewID()
	return t.RestoreOwnEmoji(*e)
}

// RestoreOwnEmoji stores one with its id. Its name must be free, unless it was
// removed.
func (t *Tx) RestoreOwnEmoji(e OwnEmoji) error {
	_, err := t.exec(`
		insert into own_emojis (id, shortcode, mime, file, still, size, removed_at)
		values (?, ?, ?, ?, ?, ?, ?)`, e.ID, e.Shortcode, e.MIME, e.File, e.Still, e.Size, msOrNull(e.RemovedAt))
	return err
}

// OwnEmoji reads one by id, also one that is not on offer any more.
func (t *Tx) OwnEmoji(id int64) (OwnEmoji, error) {
	var e OwnEmoji
	err := t.one(func(r scanner) (err error) { e, err = scanOwnEmoji(r); return }, `
		select `+ownEmojiColumns+`
		from own_emojis e
		where e.id = ?`, id)
	return e, err
}

// OwnEmojis lists those on offer, by their names.
func (t *Tx) OwnEmojis() ([]OwnEmoji, error) {
	return many(t, scanOwnEmoji, `
		select `+ownEmojiColumns+`
		from own_emojis e
		where e.removed_at is null
		order by e.shortcode`)
}

// OwnEmojisAfter lists all, also those that were removed, after an id.
func (t *Tx) OwnEmojisAfter(after int64, limit int) ([]OwnEmoji, error) {
	return many(t, scanOwnEmoji, `
		select `+ownEmojiColumns+`
		from own_emojis e
		where e.id > ?
		order by e.id
		limit ?`, after, limit)
}

// OwnEmojisCalled reads those on offer that have one of the names, in one query.
func (t *Tx) OwnEmojisCalled(codes []string) ([]OwnEmoji, error) {
	if len(codes) == 0 {
		return nil, nil
	}
	list, err := json.Marshal(codes)
	if err != nil {
		return nil, fmt.Errorf("read own emojis: %w", err)
	}
	return many(t, scanOwnEmoji, `
		select `+ownEmojiColumns+`
		from json_each(?) j
		cross join own_emojis e on e.shortcode = j.value
		and e.removed_at is null`, string(list))
}

// OwnEmojisLike lists some of those on offer whose names begin so.
func (t *Tx) OwnEmojisLike(begin string, limit int) ([]OwnEmoji, error) {
	return many(t, scanOwnEmoji, `
		select `+ownEmojiColumns+`
		from own_emojis e
		where e.removed_at is null
		and lower(substr(e.shortcode, 1, length(?1))) = lower(?1)
		order by e.shortcode
		limit ?2`, begin, limit)
}

// CountOwnEmojis counts those on offer.
func (t *Tx) CountOwnEmojis() (int, error) {
	n, err := value[int64](t, `
		select count(*)
		from own_emojis
		where removed_at is null`)
	return int(n), err
}

// RemoveOwnEmoji takes one off the offer.
func (t *Tx) RemoveOwnEmoji(id int64) error {
	_, err := t.exec(`
		update own_emojis
		set removed_at = ?
		where id = ?
		and removed_at is null`, ms(t.Now()), id)
	return err
}

// unshownEmoji is true of an emoji that was removed before ?1 and that no own post,
// none of its earlier versions and not the profile shows.
const unshownEmoji = `removed_at < ?1
	and not exists (
		select 1
		from actors a, json_each(a.extra, '$.emojis') j
		where a.id = 1
		and j.value ->> 'url' like '/emojis/' || x.id || '/%')
	and not exists (
		select 1
		from posts p, json_each(p.extra, '$.emojis') j
		where p.actor_id = 1
		and j.value ->> 'url' like '/emojis/' || x.id || '/%')
	and not exists (
		select 1
		from posts p
		cross join edits d on d.post_id = p.id, json_each(d.extra, '$.emojis') j
		where p.actor_id = 1
		and j.value ->> 'url' like '/emojis/' || x.id || '/%')`
