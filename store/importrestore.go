package store

import (
	"encoding/json"
	"fmt"
	"time"
)

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

// MutedSince writes since when somebody is muted, if that is some time ago.
func (t *Tx) MutedSince(actorID int64, at time.Time) error {
	if at.IsZero() {
		return nil
	}
	_, err := t.exec(`
		update mutes
		set at = min(at, ?)
		where actor_id = ?`, ms(at), actorID)
	return err
}

// BlockedSince is MutedSince for blocks.
func (t *Tx) BlockedSince(actorID int64, at time.Time) error {
	if at.IsZero() {
		return nil
	}
	_, err := t.exec(`
		update blocks
		set at = min(at, ?)
		where actor_id = ?`, ms(at), actorID)
	return err
}
