package store

import (
	"database/sql"
	"time"
)

// Stamp is the owner's consent to what somebody does with an own post: what
// /stamps/ID says (FEP-044f, GoToSocial's interaction controls).
type Stamp struct {
	ID         int64
	Kind       string // quote, reply, like, announce
	PostID     int64  // the own post
	ActorID    int64  // who asked
	ObjectURI  string // the quoting post, the reply, the Like or the Announce
	RequestURI string // "" if the request had no id
	At         time.Time
	RevokedAt  time.Time // zero while it stands
}

const stampColumns = `id, kind, post_id, actor_id, object_uri, request_uri, at, revoked_at`

func scanStamp(r scanner) (Stamp, error) {
	var s Stamp
	var at int64
	var revoked sql.NullInt64
	err := r.Scan(&s.ID, &s.Kind, &s.PostID, &s.ActorID, &s.ObjectURI, &s.RequestURI, &at, &revoked)
	s.At, s.RevokedAt = fromMS(at), fromNullMS(revoked)
	return s, err
}

// AddStamp stores a new stamp and sets its id.
func (t *Tx) AddStamp(s *Stamp) error {
	s.ID, s.At = t.NewID(), t.Now()
	_, err := t.exec(`
		insert into stamps (id, kind, post_id, actor_id, object_uri, object_hash, request_uri, at)
		values (?, ?, ?, ?, ?, ?, ?, ?)`, s.ID, s.Kind, s.PostID, s.ActorID, s.ObjectURI, t.hash(s.ObjectURI), s.RequestURI, ms(s.At))
	return err
}

// Stamp reads one, revoked or not.
func (t *Tx) Stamp(id int64) (Stamp, error) {
	var s Stamp
	err := t.one(func(r scanner) (err error) { s, err = scanStamp(r); return }, `
		select `+stampColumns+`
		from stamps
		where id = ?`, id)
	return s, err
}

// StampFor reads the newest stamp that says something of one thing done with a
// post, revoked or not.
func (t *Tx) StampFor(kind string, postID int64, objectURI string) (Stamp, error) {
	var s Stamp
	err := t.one(func(r scanner) (err error) { s, err = scanStamp(r); return }, `
		select `+stampColumns+`
		from stamps
		where object_hash = ?
		and object_uri = ?
		and kind = ?
		and post_id = ?
		order by id desc
		limit 1`, t.hash(objectURI), objectURI, kind, postID)
	return s, err
}

// StampsOf lists the stamps of a kind that stand for a post, newest first.
func (t *Tx) StampsOf(kind string, postID int64, limit int) ([]Stamp, error) {
	return many(t, scanStamp, `
		select `+stampColumns+`
		from stamps indexed by stamps_post
		where post_id = ?
		and kind = ?
		and revoked_at is null
		order by id desc
		limit ?`, postID, kind, limit)
}

// RevokeStamp takes a stamp back.
func (t *Tx) RevokeStamp(id int64) error {
	_, err := t.exec(`
		update stamps
		set revoked_at = ?
		where id = ?
		and revoked_at is null`, ms(t.Now()), id)
	return err
}

// dropStampsFor forgets the consent to something that is gone.
func (t *Tx) dropStampsFor(objectURI string) error {
	_, err := t.exec(`
		delete from stamps
		where object_hash = ?
		and object_uri = ?`, t.hash(objectURI), objectURI)
	return err
}
