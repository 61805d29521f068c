package store

import (
	"errors"
	"time"
)

// MaxPasskeys is how many the owner may have.
const MaxPasskeys = 20

var (
	// ErrManyPasskeys is returned where one more would be too many.
	ErrManyPasskeys = errors.New("there are as many passkeys as there may be")
	// ErrPasskeyKnown is returned for a passkey that is here already.
	ErrPasskeyKnown = errors.New("this passkey is known already")
)

// passkeyUserKey is the internal setting by which authenticators know the owner.
const passkeyUserKey = "passkey user"

// Passkey is a credential that opens the account: its public key, for which the
// owner's device or password manager has the private one.
type Passkey struct {
	ID         int64
	Credential []byte
	Key        []byte // PKIX
	Host       string // that it was made for, without a port
	Name       string
	Counter    uint32 // of the last signature; 0 for those that do not count
	Synced     bool   // it can be on several devices
	AddedAt    time.Time
	UsedAt     time.Time // zero until then
	DoubtedAt  time.Time // when it counted backwards, as if there were a copy; zero for never
}

func scanPasskey(r scanner) (Passkey, error) {
	var p Passkey
	var added, used, doubted int64
	err := r.Scan(&p.ID, &p.Credential, &p.Key, &p.Host, &p.Name, &p.Counter, &p.Synced, &added, &used, &doubted)
	p.AddedAt, p.UsedAt, p.DoubtedAt = fromMS(added), fromMS(used), fromMS(doubted)
	return p, err
}

const passkeyColumns = `id, credential, public_key, host, name, counter, synced, added_at, used_at, doubted_at`

// AddPasskey stores a new one and gives it its ID. ErrManyPasskeys, or
// ErrPasskeyKnown.
func (t *Tx) AddPasskey(p *Passkey) error {
	list, err := t.Passkeys()
	if err != nil {
		return err
	}
	for _, other := range list {
		if string(other.Credential) == string(p.Credential) {
			return ErrPasskeyKnown
		}
	}
	if len(list) >= MaxPasskeys {
		return ErrManyPasskeys
	}
	p.ID, p.AddedAt = t.NewID(), t.Now()
	_, err = t.exec(`
		insert into passkeys (id, credential, public_key, host, name, counter, synced, added_at)
		values (?, ?, ?, ?, ?, ?, ?, ?)`, p.ID, p.Credential, p.Key, p.Host, p.Name, p.Counter, p.Synced, ms(p.AddedAt))
	return err
}

// Passkeys lists all, those of other hosts too, the newest last.
func (t *Tx) Passkeys() ([]Passkey, error) {
	return many(t, scanPasskey, `
		select `+passkeyColumns+`
		from passkeys
		order by id`)
}

// CountPasskeys counts those that were made for a host.
func (t *Tx) CountPasskeys(host string) (int, error) {
	return value[int](t, `
		select count(*)
		from passkeys
		where host = ?`, host)
}

// Passkey reads one; ErrNotFound.
func (t *Tx) Passkey(id int64) (Passkey, error) {
	var p Passkey
	err := t.one(func(r scanner) (err error) { p, err = scanPasskey(r); return }, `
		select `+passkeyColumns+`
		from passkeys
		where id = ?`, id)
	return p, err
}

// PasskeyOf reads the one that a credential's id names, if it was made for this host;
// ErrNotFound.
func (t *Tx) PasskeyOf(host string, credential []byte) (Passkey, error) {
	var p Passkey
	err := t.one(func(r scanner) (err error) { p, err = scanPasskey(r); return }, `
		select `+passkeyColumns+`
		from passkeys
		where credential = ?
		and host = ?`, credential, host)
	return p, err
}

// UsePasskey notes a signature and its count, and says whether it may be: a count
// goes up, unless the authenticator does not count at all (WebAuthn 6.1.1).
func (t *Tx) UsePasskey(id int64, counter uint32) (bool, error) {
	n, err := t.changed(`
		update passkeys
		set counter = ?2, used_at = ?3
		where id = ?1
		and (counter < ?2 or counter = 0 and ?2 = 0)`, id, counter, ms(t.Now()))
	return n > 0, err
}

// DoubtPasskey notes that there may be a copy of one.
func (t *Tx) DoubtPasskey(id int64) error {
	_, err := t.exec(`
		update passkeys
		set doubted_at = ?
		where id = ?`, ms(t.Now()), id)
	return err
}

// RenamePasskey gives one another name; ErrNotFound.
func (t *Tx) RenamePasskey(id int64, name string) error {
	n, err := t.changed(`
		update passkeys
		set name = ?
		where id = ?`, name, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// DropPasskey removes one; ErrNotFound.
func (t *Tx) DropPasskey(id int64) error {
	n, err := t.changed(`
		delete from passkeys
		where id = ?`, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// DropPasskeys removes all, and says how many there were.
func (t *Tx) DropPasskeys() (int, error) { return t.changed(`delete from passkeys`) }

// PasskeyUser is what authenticators know the owner by (WebAuthn, user handle): drawn
// once, and nothing about the person. "" before there was a passkey.
func (t *Tx) PasskeyUser() (string, error) {
	user, err := t.Setting(passkeyUserKey)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return user, err
}

// SetPasskeyUser keeps it.
func (t *Tx) SetPasskeyUser(user string) error { return t.SetSetting(passkeyUserKey, user) }
