package webauthn

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// Flags of authenticator data (WebAuthn 6.1).
const (
	flagPresent    = 1 << 0
	flagVerified   = 1 << 2
	flagEligible   = 1 << 3
	flagBackedUp   = 1 << 4
	flagCredential = 1 << 6
	flagExtensions = 1 << 7
)

var errData = errors.New("the authenticator data is malformed")

// clientData is what the browser says that it asked for, and where (WebAuthn 5.8.1).
type clientData struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
	TopOrigin   string `json:"topOrigin"`
}

func readClientData(b []byte) (d clientData, challenge []byte, err error) {
	if err := json.Unmarshal(b, &d); err != nil {
		return d, nil, fmt.Errorf("read what the browser says: %w", err)
	}
	if challenge, err = decode(d.Challenge); err != nil {
		return d, nil, fmt.Errorf("read the challenge: %w", err)
	}
	return d, challenge, nil
}

// check says whether it is about kind ("webauthn.get"), this challenge and this
// server: steps 7 to 14 of WebAuthn 7.1, 10 to 14 of 7.2.
func (p Party) check(d clientData, kind string, given, challenge []byte) error {
	switch {
	case d.Type != kind:
		return fmt.Errorf("it is an answer of the kind %q, and not %s", short(d.Type), kind)
	case len(challenge) < 16 || subtle.ConstantTimeCompare(given, challenge) != 1:
		return errors.New("it answers another challenge")
	case d.Origin != p.Origin:
		return fmt.Errorf("it comes from %q, and not from %s", short(d.Origin), p.Origin)
	case d.CrossOrigin || d.TopOrigin != "":
		return errors.New("it comes from inside a page of somebody else")
	}
	return nil
}

// authData is what the authenticator signs (WebAuthn 6.1).
type authData struct {
	flags   byte
	counter uint32
	rest    []byte
}

func (p Party) readAuthData(b []byte) (d authData, err error) {
	if len(b) < 37 {
		return d, errData
	}
	sum := sha256.Sum256([]byte(p.ID))
	if subtle.ConstantTimeCompare(b[:32], sum[:]) != 1 {
		return d, errors.New("it is for another server")
	}
	d = authData{flags: b[32], counter: binary.BigEndian.Uint32(b[33:37]), rest: b[37:]}
	switch {
	case d.flags&flagPresent == 0:
		return d, errors.New("nobody was there to confirm it")
	case d.flags&flagBackedUp != 0 && d.flags&flagEligible == 0:
		return d, errData // 6.1.3
	}
	return d, nil
}

// credential reads the attested credential data, and that nothing follows but what
// extensions say, which is not asked for and passed over.
func (d authData) credential() (id []byte, key any, err error) {
	b := d.rest
	if d.flags&flagCredential == 0 || len(b) < 18 { // 16 bytes AAGUID, 2 of a length
		return nil, nil, errData
	}
	n := int(binary.BigEndian.Uint16(b[16:18]))
	if b = b[18:]; n == 0 || n > MaxID || n > len(b) {
		return nil, nil, errData
	}
	id, c := b[:n:n], &cbor{b[n:]}
	if key, err = readKey(c); err != nil {
		return nil, nil, err
	}
	return id, key, d.ends(c)
}

// ends says that nothing is left but one map of extensions if the flag says so.
func (d authData) ends(c *cbor) error {
	if d.flags&flagExtensions != 0 {
		if err := c.entries(1, func(string) error { return c.skip(2) }); err != nil {
			return err
		}
	}
	if len(c.rest) != 0 {
		return errData
	}
	return nil
}

// attested is the authenticator data in an attestation object (WebAuthn 6.5). The
// statement is read past: none is asked for, and nothing is concluded from one.
func attested(object []byte) (data []byte, err error) {
	c := &cbor{object}
	parts := map[string]bool{}
	err = c.entries(0, func(key string) (err error) {
		parts[key[1:]] = true
		switch key {
		case "\x63fmt":
			_, err = c.string(cborText)
		case "\x68authData":
			data, err = c.string(cborBytes)
		case "\x67attStmt":
			if len(c.rest) == 0 || c.rest[0]>>5 != cborMap {
				return errCBOR
			}
			err = c.skip(1)
		default:
			err = errCBOR
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(parts) != 3 || len(c.rest) != 0 {
		return nil, errCBOR
	}
	return data, nil
}

// encoding is base64url, which browsers write without padding.
var encoding = base64.RawURLEncoding.Strict()

func decode(s string) ([]byte, error) { return encoding.DecodeString(s) }

func short(s string) string {
	if len(s) > 80 {
		return s[:80] + "…"
	}
	return s
}
