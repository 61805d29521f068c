package store

import (
	"encoding/json"
	"time"
)

// SessionPush is where notices go for one browser that is logged in: an address at
// its push service. It ends with the session.
type SessionPush struct {
	Session  []byte // the hash of its cookie
	Endpoint string
	P256DH   []byte          // the browser's public key
	Auth     []byte          // a secret that the browser shares with us
	Alerts   map[string]bool // by the kind of notification
	Words    bool            // the message says who and what; else only of which kind it is
	At       time.Time
	Agent    string // of the session
}

const sessionPushColumns = `p.session, p.endpoint, p.p256dh, p.auth, p.alerts, p.words, p.at, s.agent`

func scanSessionPush(r scanner) (SessionPush, error) {
	var p SessionPush
	var at int64
	var alerts string
	if err := r.Scan(&p.Session, &p.Endpoint, &p.P256DH, &p.Auth, &alerts, &p.Words, &at, &p.Agent); err != nil {
		return p, err
	}
	p.At = fromMS(at)
	return p, json.Unmarshal([]byte(alerts), &p.Alerts)
}

// SaveSessionPush stores where a browser is told, in the place of what it had. A
// browser that logged in anew keeps its address: the older session loses it.
func (t *Tx) SaveSessionPush(p *SessionPush) error {
	alerts, err := json.Marshal(p.Alerts)
	if err != nil {
		return err
	}
	p.At = t.Now()
	if _, err := t.exec(`
		delete from session_push
		where endpoint = ?
		and session != ?`, p.Endpoint, p.Session); err != nil {
		return err
	}
	_, err = t.exec(`
		insert or replace into session_push (session, endpoint, p256dh, auth, alerts, words, at)
		values (?, ?, ?, ?, ?, ?, ?)`, p.Session, p.Endpoint, p.P256DH, p.Auth, string(alerts), p.Words, ms(p.At))
	return err
}

// SessionPush reads where the browser of a session is told; ErrNotFound also when
// the session has ended.
func (t *Tx) SessionPush(session []byte) (SessionPush, error) {
	var p SessionPush
	err := t.one(func(r scanner) (err error) { p, err = scanSessionPush(r); return }, `
		select `+sessionPushColumns+`
		from session_push p
		cross join sessions s on s.hash = p.session
		where p.session = ?`, session)
	return p, err
}

// SessionPushes reads all whose sessions stand, the newest first.
func (t *Tx) SessionPushes() ([]SessionPush, error) {
	return many(t, scanSessionPush, `
		select `+sessionPushColumns+`
		from session_push p
		cross join sessions s on s.hash = p.session
		order by p.at desc`)
}

// DropSessionPush ends one, and says whether there was one.
func (t *Tx) DropSessionPush(session []byte) (bool, error) {
	n, err := t.changed(`
		delete from session_push
		where session = ?`, session)
	return n > 0, err
}

// DropSessionPushAt ends one unless it has another address by now.
func (t *Tx) DropSessionPushAt(session []byte, endpoint string) error {
	_, err := t.exec(`
		delete from session_push
		where session = ?
		and endpoint = ?`, session, endpoint)
	return err
}
