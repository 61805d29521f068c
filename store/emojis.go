package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// hostEmojis is how many emojis of one server are known at a time; the largest
// servers have some thousands.
const hostEmojis = 5000

// emojiUsed is how old the note may be of when an emoji came last.
const emojiUsed = 7 * 24 * time.Hour

// EmojiName is how an emoji is called: each server has its own.
type EmojiName struct {
	HostID    int64
	Shortcode string
}

// CustomEmoji is a picture that a server has for a word between colons.
type CustomEmoji struct {
	ID int64
	EmojiName
	URL    string
	UsedAt time.Time
}

const emojiColumns = `e.id, e.host_id, e.shortcode, e.url, e.used_at`

func scanEmoji(r scanner) (CustomEmoji, error) {
	var e CustomEmoji
	var used int64
	err := r.Scan(&e.ID, &e.HostID, &e.Shortcode, &e.URL, &used)
	e.UsedAt = fromMS(used)
	return e, err
}

// SaveEmojis notes where a server has the pictures of its emojis. What is noted
// already costs no write.
func (t *Tx) SaveEmojis(hostID int64, list []Emoji) error {
	for _, e := range list {
		if err := t.saveEmoji(EmojiName{hostID, e.Shortcode}, e.URL); err != nil {
			return fmt.Errorf("save emoji %s: %w", e.Shortcode, err)
		}
	}
	return nil
}

func (t *Tx) saveEmoji(name EmojiName, url string) error {
	var old CustomEmoji
	err := t.one(func(r scanner) (err error) { old, err = scanEmoji(r); return }, `
		select `+emojiColumns+`
		from emojis e
		where e.host_id = ?
		and e.shortcode = ?`, name.HostID, name.Shortcode)
	if err == nil {
		if old.URL == url && t.Now().Sub(old.UsedAt) < emojiUsed {
			return nil
		}
		_, err = t.exec(`
			update emojis
			set url = ?, used_at = ?
			where id = ?`, url, ms(t.Now()), old.ID)
		return err
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	_, err = t.exec(`
		insert into emojis (host_id, shortcode, url, used_at)
		select ?1, ?2, ?3, ?4
		where (select count(*) from emojis where host_id = ?1) < ?5`, name.HostID, name.Shortcode, url, ms(t.Now()), hostEmojis)
	return err
}

// Emoji reads one by id.
func (t *Tx) Emoji(id int64) (CustomEmoji, error) {
	var e CustomEmoji
	err := t.one(func(r scanner) (err error) { e, err = scanEmoji(r); return }, `
		select `+emojiColumns+`
		from emojis e
		where e.id = ?`, id)
	return e, err
}

// Emojis reads several in one query; those that are not known are left out.
func (t *Tx) Emojis(names []EmojiName) ([]CustomEmoji, error) {
	if len(names) == 0 {
		return nil, nil
	}
	pairs := make([][2]any, len(names))
	for i, n := range names {
		pairs[i] = [2]any{n.HostID, n.Shortcode}
	}
	list, err := json.Marshal(pairs)
	if err != nil {
		return nil, fmt.Errorf("read emojis: %w", err)
	}
	return many(t, scanEmoji, `
		select `+emojiColumns+`
		from json_each(?) j
		cross join emojis e on e.host_id = j.value ->> 0
		and e.shortcode = j.value ->> 1`, string(list))
}
