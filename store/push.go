package store

import (
	"encoding/json"
	"errors"
	"time"
)

// PushSubscription is where notifications go for one app: an address at its push
// service, which learns neither from whom they are nor what they say. An app has
// one, and it ends with the app's token.
type PushSubscription struct {
	ID       int64 // small: apps read it as a number of 32 bits
	TokenID  int64
	Endpoint string
	P256DH   []byte          // the app's public key
	Auth     []byte          // a secret that the app shares with us
	Standard bool            // encrypted as RFC 8291 has it, and not as its draft
	Alerts   map[string]bool // by the kind of notification
	Policy   string          // whose: all, followed, follower, none
	At       time.Time
}

const pushColumns = `p.id, p.token_id, p.endpoint, p.p256dh, p.auth, p.standard, p.alerts, p.policy, p.at`

func scanPush(r scanner) (PushSubscription, error) {
	var p PushSubscription
	var at int64
	var alerts string
	if err := r.Scan(&p.ID, &p.TokenID, &p.Endpoint, &p.P256DH, &p.Auth, &p.Standard, &alerts, &p.Policy, &at); err != nil {
		return p, err
	}
	p.At = fromMS(at)
	return p, json.Unmarshal([]byte(alerts), &p.Alerts)
}

// SavePush stores the subscription of an app in the place of the one it had, and
// sets its id.
func (t *Tx) SavePush(p *PushSubscription) error {
	alerts, err := json.Marshal(p.Alerts)
	if err != nil {
		return err
	}
	p.At = t.Now()
	p.ID, err = value[int64](t, `
		insert into push (token_id, endpoint, p256dh, auth, standard, alerts, policy, at)
		values (?, ?, ?, ?, ?, ?, ?, ?)
		on conflict (token_id) do update
		set endpoint = excluded.endpoint, p256dh = excluded.p256dh, auth = excluded.auth, standard = excluded.standard,
			alerts = excluded.alerts, policy = excluded.policy, at = excluded.at
		returning id`, p.TokenID, p.Endpoint, p.P256DH, p.Auth, p.Standard, string(alerts), p.Policy, ms(p.At))
	return err
}

// Push reads the subscription of a token.
func (t *Tx) Push(tokenID int64) (PushSubscription, error) {
	var p PushSubscription
	err := t.one(func(r scanner) (err error) { p, err = scanPush(r); return }, `
		select `+pushColumns+`
		from push p
		cross join tokens k on k.id = p.token_id
		where p.token_id = ?`, tokenID)
	return p, err
}

// Pushes reads all subscriptions whose tokens stand.
func (t *Tx) Pushes() ([]PushSubscription, error) {
	return many(t, scanPush, `
		select `+pushColumns+`
		from push p
		cross join tokens k on k.id = p.token_id
		order by p.id`)
}

// DropPush ends the subscription of a token, and says whether there was one.
func (t *Tx) DropPush(tokenID int64) (bool, error) {
	n, err := t.changed(`
		delete from push
		where token_id = ?`, tokenID)
	return n > 0, err
}

// DropPushAt ends the subscription of a token unless it has another address by now.
func (t *Tx) DropPushAt(tokenID int64, endpoint string) error {
	_, err := t.exec(`
		delete from push
		where token_id = ?
		and endpoint = ?`, tokenID, endpoint)
	return err
}

// TokensAmong says which of several tokens stand.
func (t *Tx) TokensAmong(ids []int64) (map[int64]bool, error) {
	list, err := many(t, scanInt64, `
		select k.id
		from json_each(?) j
		cross join tokens k on k.id = j.value`, idList(distinct(ids)))
	stand := make(map[int64]bool, len(list))
	for _, id := range list {
		stand[id] = true
	}
	return stand, err
}

// KeyPush names the key by which push services and apps know this server.
const KeyPush = "push"

// PushKey reads that key.
func (t *Tx) PushKey() ([]byte, error) {
	var der []byte
	err := t.one(func(r scanner) error { return r.Scan(&der) }, `
		select pkcs8
		from keys
		where name = ?`, KeyPush)
	return der, err
}

// AddPushKey stores that key unless there is one, and returns the one that counts.
func (t *Tx) AddPushKey(der []byte) ([]byte, error) {
	known, err := t.PushKey()
	if !errors.Is(err, ErrNotFound) {
		return known, err
	}
	return der, t.SavePrivateKey(PrivateKey{Name: KeyPush, PKCS8: der})
}
