package store

import (
	"encoding/hex"
	"math"
	"time"
)

// Session is one browser that is logged in. Only the hash of its cookie is stored.
type Session struct {
	Hash      []byte
	CSRF      string
	CreatedAt time.Time
	UsedAt    time.Time // by the hour
	Address   string    // as the privacy policy keeps it; may be empty
	Agent     string
	CheckedAt time.Time // when the password or a code was last given
}

// Name is what a session is called in an address: the beginning of its hash, of
// which nothing leads back to the cookie.
func (s Session) Name() string { return hex.EncodeToString(s.Hash[:8]) }

func scanSession(r scanner) (Session, error) {
	var s Session
	var created, used, checked int64
	err := r.Scan(&s.Hash, &s.CSRF, &created, &used, &s.Address, &s.Agent, &checked)
	s.CreatedAt, s.UsedAt, s.CheckedAt = fromMS(created), fromMS(used), fromMS(checked)
	return s, err
}

const sessionColumns = `hash, csrf, created_at, used_at, address, agent, checked_at`

// AddSession stores a new session; beyond ten, the one unused longest ends.
func (t *Tx) AddSession(s Session) error {
	if _, err := t.exec(`
		insert into sessions (`+sessionColumns+`)
		values (?, ?, ?, ?, ?, ?, ?)`, s.Hash, s.CSRF, ms(s.CreatedAt), ms(s.UsedAt), s.Address, s.Agent, ms(s.CheckedAt)); err != nil {
		return err
	}
	_, err := t.exec(`
		delete from sessions
		where hash not in (
			select hash
			from sessions
			order by used_at desc
			limit 10)`)
	return err
}

// Session reads one by the hash of its cookie.
func (t *Tx) Session(hash []byte) (Session, error) {
	var s Session
	err := t.one(func(r scanner) (err error) { s, err = scanSession(r); return }, `
		select `+sessionColumns+`
		from sessions
		where hash = ?`, hash)
	return s, err
}

// TouchSession notes that a session is in use, at most hourly.
func (t *Tx) TouchSession(hash []byte) error {
	now := t.Now()
	_, err := t.exec(`
		update sessions
		set used_at = ?
		where hash = ?
		and used_at < ?`, ms(now), hash, ms(now.Add(-time.Hour)))
	return err
}

// CheckSession notes that the password or a code was given in a session, after the
// log-in.
func (t *Tx) CheckSession(hash []byte) error {
	_, err := t.exec(`
		update sessions
		set checked_at = max(?, created_at + 1)
		where hash = ?`, ms(t.Now()), hash)
	return err
}

// Sessions lists all, the last used first.
func (t *Tx) Sessions() ([]Session, error) {
	return many(t, scanSession, `
		select `+sessionColumns+`
		from sessions
		order by used_at desc`)
}

// DropSession ends one session.
func (t *Tx) DropSession(hash []byte) error {
	_, err := t.exec(`
		delete from sessions
		where hash = ?`, hash)
	return err
}

// DropOtherSessions ends all sessions but one, and says how many.
func (t *Tx) DropOtherSessions(hash []byte) (int, error) {
	return t.changed(`
		delete from sessions
		where hash != ?`, hash)
}

// DropSessions ends all sessions.
func (t *Tx) DropSessions() error {
	_, err := t.exec(`delete from sessions`)
	return err
}

// LogSecurity adds a line to the owner's security log, which keeps 180 days.
// The address is stored as the privacy policy keeps it.
func (t *Tx) LogSecurity(kind, detail, address string) error {
	if told := t.s.onSecurityLine.Load(); told != nil {
		t.After(*told)
	}
	_, err := t.exec(`
		insert into security_log (id, at, kind, detail, address)
		values (?, ?, ?, ?, ?)`, t.NewID(), ms(t.Now()), kind, detail, address)
	return err
}

// SecurityEvent is one line of the security log.
type SecurityEvent struct {
	ID      int64
	At      time.Time
	Kind    string
	Detail  string
	Address string
}

// SecurityLog lists the newest lines.
func (t *Tx) SecurityLog(limit int) ([]SecurityEvent, error) { return t.SecurityLogBefore(0, limit) }

// SecurityLogBefore lists the lines before one of them, the newest first; 0
// begins with the last.
func (t *Tx) SecurityLogBefore(before int64, limit int) ([]SecurityEvent, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	return many(t, scanSecurityEvent, `
		select id, at, kind, detail, address
		from security_log
		where id < ?
		order by id desc
		limit ?`, before, limit)
}

func scanSecurityEvent(r scanner) (SecurityEvent, error) {
	var e SecurityEvent
	var at int64
	err := r.Scan(&e.ID, &at, &e.Kind, &e.Detail, &e.Address)
	e.At = fromMS(at)
	return e, err
}

// Idempotent looks up what an idempotency key made since a time: the id of a post,
// or of a text that is scheduled; ErrNotFound if nothing.
func (t *Tx) Idempotent(key string, since time.Time) (int64, error) {
	return value[int64](t, `
		select post_id
		from idempotency
		where key = ?
		and at >= ?`, key, ms(since))
}

// SaveIdempotent remembers for a day what a key made.
func (t *Tx) SaveIdempotent(key string, postID int64) error {
	_, err := t.exec(`
		insert or replace into idempotency (key, post_id, at)
		values (?, ?, ?)`, key, postID, ms(t.Now()))
	return err
}

// MoveIdempotent makes the keys of one thing those of another: of a held text, those
// of the post that it became.
func (t *Tx) MoveIdempotent(from, to int64) error {
	_, err := t.exec(`
		update idempotency
		set post_id = ?
		where post_id = ?`, to, from)
	return err
}
