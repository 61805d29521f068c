// Package webauthn checks what browsers and authenticators answer when a passkey is
// made or used (W3C Web Authentication, Level 3): a registration without attestation,
// and an assertion, with ES256, EdDSA or RS256.
//
// It is pure: no network, no clock, no store. Who asked, whether a challenge stands,
// and what follows from a counter, package auth decides. Everything it reads is a
// stranger's until the signature was checked.
package webauthn

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
)

const (
	MaxID     = 1023     // bytes of a credential's id (WebAuthn 4)
	MaxAnswer = 32 << 10 // bytes of what a browser sends
	maxHandle = 64       // bytes of a user handle (WebAuthn 4)
)

// Party is this server as authenticators know it.
type Party struct {
	ID     string // the host without its port
	Origin string // as browsers write it: scheme, host, and the port if it is not the usual one
}

// Answer is what a browser sends, taken apart and not checked yet: a
// RegistrationResponseJSON or an AuthenticationResponseJSON (WebAuthn 5.1).
type Answer struct {
	ID        []byte // of the credential
	Challenge []byte // that it says it answers
	User      []byte // user handle, nil if there is none

	client      clientData
	clientBytes []byte
	auth        []byte
	signature   []byte
	attestation []byte
}

// Read takes the JSON of an answer apart.
func Read(text string) (Answer, error) {
	if len(text) > MaxAnswer {
		return Answer{}, errors.New("it is too large")
	}
	var j struct {
		ID       string `json:"rawId"`
		Type     string `json:"type"`
		Response struct {
			Client      string `json:"clientDataJSON"`
			Auth        string `json:"authenticatorData"`
			Signature   string `json:"signature"`
			User        string `json:"userHandle"`
			Attestation string `json:"attestationObject"`
		} `json:"response"`
	}
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		return Answer{}, fmt.Errorf("read the answer: %w", err)
	}
	if j.Type != "public-key" {
		return Answer{}, fmt.Errorf("the answer is a %q, and no passkey", short(j.Type))
	}
	var a Answer
	for _, part := range []struct {
		text string
		to   *[]byte
	}{
		{j.ID, &a.ID}, {j.Response.Client, &a.clientBytes}, {j.Response.Auth, &a.auth}, {j.Response.Signature, &a.signature},
		{j.Response.User, &a.User}, {j.Response.Attestation, &a.attestation},
	} {
		b, err := decode(part.text)
		if err != nil {
			return Answer{}, fmt.Errorf("read the answer: %w", err)
		}
		if len(b) > 0 {
			*part.to = b
		}
	}
	if len(a.ID) == 0 || len(a.ID) > MaxID || len(a.User) > maxHandle {
		return Answer{}, errors.New("the answer names no passkey")
	}
	var err error
	a.client, a.Challenge, err = readClientData(a.clientBytes)
	return a, err
}

// Credential is a passkey that was just made.
type Credential struct {
	ID       []byte
	Key      []byte // its public key, as PKIX
	Counter  uint32
	Synced   bool // it can be on several devices: its maker copies it between them
	Verified bool // the authenticator made sure of who was there
}

// Register checks that an answer is a new credential, made for this server and this
// challenge (WebAuthn 7.1).
func (p Party) Register(a Answer, challenge []byte) (Credential, error) {
	if err := p.check(a.client, "webauthn.create", a.Challenge, challenge); err != nil {
		return Credential{}, err
	}
	raw, err := attested(a.attestation)
	if err != nil {
		return Credential{}, err
	}
	d, err := p.readAuthData(raw)
	if err != nil {
		return Credential{}, err
	}
	id, key, err := d.credential()
	if err != nil {
		return Credential{}, err
	}
	if string(id) != string(a.ID) {
		return Credential{}, errors.New("it names two passkeys")
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return Credential{}, errKey
	}
	return Credential{ID: id, Key: der, Counter: d.counter, Synced: d.flags&flagEligible != 0, Verified: d.flags&flagVerified != 0}, nil
}

// Assertion is what a passkey's signature vouches for.
type Assertion struct {
	Counter  uint32
	Synced   bool
	Verified bool // the authenticator made sure of who was there: by finger, face or PIN
}

// Assert checks that an answer was signed with a credential's key for this server and
// this challenge (WebAuthn 7.2). Whether the counter may be what it is, the caller
// decides.
func (p Party) Assert(a Answer, challenge, key []byte) (Assertion, error) {
	if err := p.check(a.client, "webauthn.get", a.Challenge, challenge); err != nil {
		return Assertion{}, err
	}
	d, err := p.readAuthData(a.auth)
	if err != nil {
		return Assertion{}, err
	}
	sum := sha256.Sum256(a.clientBytes)
	if err := verify(key, append(append([]byte{}, a.auth...), sum[:]...), a.signature); err != nil {
		return Assertion{}, err
	}
	// What lies behind is looked at last: until here it is anybody's.
	if d.flags&flagCredential != 0 {
		_, _, err = d.credential()
	} else {
		err = d.ends(&cbor{d.rest})
	}
	if err != nil {
		return Assertion{}, err
	}
	return Assertion{Counter: d.counter, Synced: d.flags&flagEligible != 0, Verified: d.flags&flagVerified != 0}, nil
}

// Encode writes bytes as browsers and authenticators exchange them in JSON.
func Encode(b []byte) string { return encoding.EncodeToString(b) }
