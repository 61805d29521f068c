package store

import (
	"errors"
	"time"
)

// tombstoneAge is how long the id of a deleted remote object is remembered, so
// that a Create which arrives after its Delete stays away.
const tombstoneAge = 7 * 24 * time.Hour

// DeletePost removes a post, boosts of it, and everything that hangs on it.
// An own one leaves its id behind, so that its address answers 410 if it was
// public; another's leaves a tombstone for a week. What the ledger knows of an
// own one stays.
func (t *Tx) DeletePost(p Post) error {
	if err := t.dropPost(p); err != nil {
		return err
	}
	if !p.Own() {
		if err := t.dropStampsFor(p.URI); err != nil {
			return err
		}
		return t.Bury(p.URI)
	}
	_, err := t.exec(`
		insert or ignore into deleted (post_id, visibility, at)
		values (?, ?, ?)`, p.ID, p.Visibility, ms(t.Now()))
	return err
}

// dropPost removes a post without a trace, as sweeps do: it may be fetched again.
func (t *Tx) dropPost(p Post) error {
	if err := t.dropBoostsOf(p.ID); err != nil {
		return err
	}
	if err := t.passMuteOn(p.ID); err != nil {
		return err
	}
	if err := t.unlinkPost(p); err != nil {
		return err
	}
	if err := t.leaveConversation(p.ID); err != nil {
		return err
	}
	for _, q := range []string{
		`delete from home where post_id = ?`,
		`delete from mentions where post_id = ?`,
		`delete from notifications where post_id = ? and post_id != 0`,
		`delete from edits where post_id = ?`,
		`delete from unindexed where post_id = ?`,
		`delete from pins where post_id = ?`,
		`delete from bookmarks where post_id = ?`,
		`delete from list_posts where post_id = ?`,
		`delete from filter_posts where post_id = ?`,
		`delete from search where rowid = ?`,
		`delete from reactions where post_id = ?`,
		`delete from votes where post_id = ?`,
		`delete from quotes where post_id = ?`,
		`update quotes set quoted_id = null where quoted_id = ?`,
		`delete from stamps where post_id = ?`,
		`delete from thread_fetches where post_id = ?`,
		`delete from media where post_id = ?`,
		`delete from post_cards where post_id = ?`,
		`delete from imported where post_id = ?`,
		`delete from posts where id = ?`,
	} {
		if _, err := t.exec(q, p.ID); err != nil {
			return err
		}
	}
	return t.SetTags(p.ID, TagNames(p.Extra.Tags), nil)
}

// dropBoostsOf removes the boosts of a post. Those of others may be many: they go
// all at once, and an Announce that comes again finds no post to boost. Those that
// still wait for the indexes are passed over there.
func (t *Tx) dropBoostsOf(id int64) error {
	own, err := t.BoostBy(OwnerID, id)
	if err == nil {
		err = t.DeletePost(own)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	const boosts = `(select b.id from posts b indexed by posts_boost where b.boost_of = ?)`
	for _, q := range []string{
		`delete from home where post_id in ` + boosts,
		`delete from list_posts where post_id in ` + boosts,
		`delete from search where rowid in ` + boosts,
		`delete from posts where id in ` + boosts,
	} {
		if _, err := t.exec(q, id); err != nil {
			return err
		}
	}
	return nil
}

// unlinkPost takes a post out of its thread: its replies keep the parent's uri.
func (t *Tx) unlinkPost(p Post) error {
	if p.ParentID != 0 {
		if err := t.bump(p.ParentID, "replies", -1); err != nil {
			return err
		}
	}
	if p.BoostOf != 0 {
		if err := t.bump(p.BoostOf, "boosts", -1); err != nil {
			return err
		}
	}
	_, err := t.exec(`
		update posts
		set parent_id = null, parent_hash = ?
		where parent_id = ?`, t.hash(p.URI), p.ID)
	return err
}

// DeletedOwn says whether an own post was deleted and how visible it was.
func (t *Tx) DeletedOwn(id int64) (Visibility, error) {
	v, err := value[int64](t, `
		select visibility
		from deleted
		where post_id = ?`, id)
	return Visibility(v), err
}

// Bury remembers for a week that a remote object is deleted.
func (t *Tx) Bury(uri string) error {
	_, err := t.exec(`
		insert or replace into tombstones (uri_hash, at)
		values (?, ?)`, t.hash(uri), ms(t.Now()))
	return err
}

// Buried says whether a remote object was deleted lately.
func (t *Tx) Buried(uri string) (bool, error) {
	_, err := value[int64](t, `
		select at
		from tombstones
		where uri_hash = ?`, t.hash(uri))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// SeenBefore says whether Seen was told of an activity within a week.
func (t *Tx) SeenBefore(uri string) (bool, error) {
	return t.exists(`
		select 1
		from seen
		where id_hash = ?`, t.hash(uri))
}

// Seen remembers an activity's id for a week and says whether it was known:
// what arrives twice, by two inboxes or by replay, is applied once.
func (t *Tx) Seen(uri string) (bool, error) {
	n, err := t.changed(`
		insert or ignore into seen (id_hash, at)
		values (?, ?)`, t.hash(uri), ms(t.Now()))
	return n == 0, err
}
