package store

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"
)

// OwnerID is the actor id of the person this server belongs to.
const OwnerID int64 = 1

// Identity is what is decided once, at init, and what guards the account.
type Identity struct {
	Name         string // [a-z0-9_]{1,30}, never in an id
	Domain       string // domain of the handle
	Host         string // host of the server, as in ids
	ActorKey     string // random part of the actor's id: a fresh start gets a new one
	Email        string // for mail from the server only; never shown nor given to an app
	PasswordHash string // argon2id, PHC form
	CreatedAt    time.Time
}

// ActorURI is the owner's actor id at an origin.
func (i Identity) ActorURI(o Origin) string { return o.URL("/users/" + i.ActorKey) }

// Origin of this identity.
func (i Identity) Origin() Origin { return NewOrigin(i.Domain, i.Host) }

// NewActorKey draws the random part of an actor's id: ten base32 characters.
func NewActorKey() string {
	b := make([]byte, 7)
	rand.Read(b)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))[:10]
}

// Identity reads the account; ErrNoAccount before it was made.
func (t *Tx) Identity() (Identity, error) {
	var i Identity
	err := t.one(func(r scanner) error {
		var created int64
		err := r.Scan(&i.Name, &i.Domain, &i.Host, &i.ActorKey, &i.Email, &i.PasswordHash, &created)
		i.CreatedAt = fromMS(created)
		return err
	}, `
		select name, domain, host, actor_key, email, password_hash, created_at
		from identity
		where id = 1`)
	if err == ErrNotFound {
		err = ErrNoAccount
	}
	return i, err
}

// CreateIdentity writes the account; it fails if there is one.
func (t *Tx) CreateIdentity(i Identity) error {
	_, err := t.exec(`
		insert into identity (id, name, domain, host, actor_key, email, password_hash, created_at)
		values (1, ?, ?, ?, ?, ?, ?, ?)`,
		i.Name, i.Domain, i.Host, i.ActorKey, i.Email, i.PasswordHash, ms(i.CreatedAt))
	return err
}

// SetPassword replaces the password's hash.
func (t *Tx) SetPassword(hash string) error {
	_, err := t.exec(`
		update identity
		set password_hash = ?`, hash)
	return err
}

// The names of our signing keys.
const (
	KeyMain     = "main"     // the owner's, RSA
	KeyEd25519  = "ed25519"  // the owner's, for those that know FEP-521a
	KeyInstance = "instance" // the server's, RSA
	KeyOld      = "old"      // the owner's RSA key before it was rotated, for a while
)

// PrivateKey is one of our signing keys.
type PrivateKey struct {
	Name      string
	KeyID     string // its public id
	PKCS8     []byte
	CreatedAt time.Time // of KeyOld: when it was replaced
}

// PrivateKeys reads all signing keys.
func (t *Tx) PrivateKeys() ([]PrivateKey, error) {
	return many(t, func(r scanner) (PrivateKey, error) {
		var k PrivateKey
		var at int64
		err := r.Scan(&k.Name, &k.KeyID, &k.PKCS8, &at)
		k.CreatedAt = fromMS(at)
		return k, err
	}, `
		select name, key_id, pkcs8, created_at
		from keys`)
}

// SavePrivateKey writes or replaces a signing key.
func (t *Tx) SavePrivateKey(k PrivateKey) error {
	_, err := t.exec(`
		insert or replace into keys (name, key_id, pkcs8, created_at)
		values (?, ?, ?, ?)`, k.Name, k.KeyID, k.PKCS8, ms(t.Now()))
	return err
}
