// Package webauthntest is an authenticator in software with the browser around it,
// for tests: it makes and uses passkeys as the specification says, and lies where a
// test wants it to.
package webauthntest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// Flags of authenticator data.
const (
	Present  = 0x01
	Verified = 0x04
	Synced   = 0x08 | 0x10
	attested = 0x40
)

// Device is one passkey and the browser that it is used in. Its fields are what it
// says next.
type Device struct {
	RPID, Origin string
	Flags        byte
	Counter      uint32
	User         []byte
	ID           []byte
	Type         string // in place of webauthn.create or webauthn.get
	CrossOrigin  bool
	Extra        []byte // after everything else in the authenticator data
	Key          crypto.Signer

	t testing.TB
}

// New is a passkey with an ES256 key, for a server.
func New(t testing.TB, rpID, origin string) *Device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 32)
	rand.Read(id)
	return &Device{RPID: rpID, Origin: origin, Flags: Present | Verified, ID: id, Key: key, t: t}
}

// Create answers a challenge with a new credential, as the browser's JSON.
func (d *Device) Create(challenge string) string {
	d.t.Helper()
	auth := d.auth(d.Flags | attested)
	auth = append(auth, make([]byte, 16)...)
	auth = binary.BigEndian.AppendUint16(auth, uint16(len(d.ID)))
	auth = append(append(auth, d.ID...), d.COSE()...)
	auth = append(auth, d.Extra...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData"), Bytes(auth)...)
	return d.json(map[string]string{"clientDataJSON": b64(d.client("webauthn.create", challenge)), "attestationObject": b64(object)})
}

// Get answers a challenge with a signature, as the browser's JSON.
func (d *Device) Get(challenge string) string {
	d.t.Helper()
	client, auth := d.client("webauthn.get", challenge), append(d.auth(d.Flags), d.Extra...)
	sum := sha256.Sum256(client)
	signed := append(append([]byte{}, auth...), sum[:]...)
	hash := crypto.SHA256
	digest := sha256.Sum256(signed)
	what := digest[:]
	if _, ok := d.Key.(ed25519.PrivateKey); ok {
		hash, what = 0, signed
	}
	signature, err := d.Key.Sign(rand.Reader, what, hash)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.json(map[string]string{
		"clientDataJSON": b64(client), "authenticatorData": b64(auth), "signature": b64(signature), "userHandle": b64(d.User),
	})
}

func (d *Device) client(kind, challenge string) []byte {
	if d.Type != "" {
		kind = d.Type
	}
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": d.Origin, "crossOrigin": d.CrossOrigin})
	if err != nil {
		d.t.Fatal(err)
	}
	return b
}

func (d *Device) auth(flags byte) []byte {
	sum := sha256.Sum256([]byte(d.RPID))
	return binary.BigEndian.AppendUint32(append(sum[:], flags), d.Counter)
}

func (d *Device) json(response map[string]string) string {
	b, err := json.Marshal(map[string]any{"rawId": b64(d.ID), "id": b64(d.ID), "type": "public-key", "response": response})
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b)
}

// COSE is the device's public key as it stands in authenticator data.
func (d *Device) COSE() []byte {
	switch key := d.Key.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			d.t.Fatal(err)
		}
		out := append([]byte("\xa5\x01\x02\x03\x26\x20\x01\x21"), Bytes(point[1:33])...)
		return append(append(out, 0x22), Bytes(point[33:])...)
	case ed25519.PublicKey:
		return append([]byte("\xa4\x01\x01\x03\x27\x20\x06\x21"), Bytes(key)...)
	case *rsa.PublicKey:
		return append(append([]byte("\xa4\x01\x03\x03\x39\x01\x00\x20"), Bytes(key.N.Bytes())...), "\x21\x43\x01\x00\x01"...)
	}
	d.t.Fatalf("a key of the kind %T", d.Key)
	return nil
}

// Bytes is a byte string in CBOR.
func Bytes(b []byte) []byte {
	switch n := len(b); {
	case n < 24:
		return append([]byte{0x40 | byte(n)}, b...)
	case n < 256:
		return append([]byte{0x58, byte(n)}, b...)
	default:
		return append([]byte{0x59, byte(n >> 8), byte(n)}, b...)
	}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
