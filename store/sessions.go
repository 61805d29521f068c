package store

import "time"

// Session is one browser that is logged in. Only the hash of its cookie is stored.
type Session struct {
	Hash      []byte
	CSRF      string
	CreatedAt time.Time
	UsedAt    time.Time // by the hour
	Address   string    // as the privacy policy keeps it; may be empty
	Agent     string
}

func scanSession(r scanner) (Session, error) {
	var s Session
	var created, used int64
	err := r.Scan(&s.Hash, &s.CSRF, &created, &used, &s.Address, &s.Agent)
	s.CreatedAt, s.UsedAt = fromMS(created), fromMS(used)
	return s, err
}

const sessionColumns = `hash, csrf, created_at, used_at, address, agent`

// AddSession stores a new session; beyond ten, the one unused longest ends.
func (t *Tx) AddSession(s Session) error {
	if _, err := t.exec(`
		insert into sessions (`+sessionColumns+`)
		values (?, ?, ?, ?, ?, ?)`, s.Hash, s.CSRF, ms(s.CreatedAt), ms(s.UsedAt), s.Address, s.Agent); err != nil {
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

// DropSessions ends all sessions.
func (t *Tx) DropSessions() error {
	_, err := t.exec(`delete from sessions`)
	return err
}

// LogSecurity adds a line to the owner's security log, which keeps 180 days.
// The address is stored as the privacy policy keeps it.
func (t *Tx) LogSecurity(kind, detail, address string) error {
	_, err := t.exec(`
		insert into security_log (id, at, kind, detail, address)
		values (?, ?, ?, ?, ?)`, t.NewID(), ms(t.Now()), kind, detail, address)
	return err
}

// SecurityEvent is one line of the security log.
type SecurityEvent struct {
	At      time.Time
	Kind    string
	Detail  string
	Address string
}

// SecurityLog lists the newest lines.
func (t *Tx) SecurityLog(limit int) ([]SecurityEvent, error) {
	return many(t, func(r scanner) (SecurityEvent, error) {
		var e SecurityEvent
		var at int64
		err := r.Scan(&at, &e.Kind, &e.Detail, &e.Address)
		e.At = fromMS(at)
		return e, err
	}, `
		select at, kind, detail, address
		from security_log
		order by id desc
		limit ?`, limit)
}

// Idempotent looks up which post an idempotency key made; ErrNotFound if none.
func (t *Tx) Idempotent(key string) (int64, error) {
	return value[int64](t, `
		select post_id
		from idempotency
		where key = ?`, key)
}

// SaveIdempotent remembers for a day which post a key made.
func (t *Tx) SaveIdempotent(key string, postID int64) error {
	_, err := t.exec(`
		insert or ignore into idempotency (key, post_id, at)
		values (?, ?, ?)`, key, postID, ms(t.Now()))
	return err
}
