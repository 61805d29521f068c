package federation

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"sync"
	"time"

	"dassie/federation/httpsig"
	"dassie/store"
)

// oldKeyKept is how long the key before a rotation signs for servers that have
// not heard of the new one (DECISIONS 42).
const oldKeyKept = 7 * 24 * time.Hour

// signers are the keys of this server.
type signers struct {
	person   httpsig.Signer // signs what the owner does
	instance httpsig.Signer // signs fetches of public things
	ed25519  httpsig.Signer // published, signs nothing yet

	old     httpsig.Signer // the person's key before it rotated; no Key when none is rotating
	rotated time.Time      // since when
	last    bool           // the account ends: nobody can learn of a new key any more

	mu   sync.Mutex
	told map[int64]bool // hosts that know the person's new key, while one rotates
}

// signers are the keys as they are now.
func (s *Service) signers() *signers { return s.own.Load() }

// readSigners reads the signing keys and who knows the newest.
func readSigners(tx *store.Tx) (*signers, error) {
	keys, err := tx.PrivateKeys()
	if err != nil {
		return nil, fmt.Errorf("read signing keys: %w", err)
	}
	own := &signers{told: map[int64]bool{}}
	for _, k := range keys {
		parsed, err := x509.ParsePKCS8PrivateKey(k.PKCS8)
		if err != nil {
			return nil, fmt.Errorf("read signing key %s: %w", k.Name, err)
		}
		key, ok := parsed.(crypto.Signer)
		if !ok {
			return nil, fmt.Errorf("read signing key %s: it cannot sign", k.Name)
		}
		signer := httpsig.Signer{KeyID: k.KeyID, Key: key}
		switch k.Name {
		case store.KeyMain:
			own.person = signer
		case store.KeyInstance:
			own.instance = signer
		case store.KeyEd25519:
			own.ed25519 = signer
		case store.KeyOld:
			own.old, own.rotated = signer, k.CreatedAt
		}
	}
	if own.person.Key == nil || own.instance.Key == nil {
		return nil, fmt.Errorf("the account has no signing keys: restore a backup")
	}
	if own.old.Key != nil {
		if own.last, err = tx.Ending(); err != nil {
			return nil, err
		}
		hosts, err := tx.RotationTold()
		if err != nil {
			return nil, err
		}
		for _, id := range hosts {
			own.told[id] = true
		}
	}
	return own, nil
}

// rotating says whether the key before the last rotation is still in use.
func (o *signers) rotating(now time.Time) bool {
	return o.old.Key != nil && (o.last || now.Sub(o.rotated) < oldKeyKept)
}

// forHost is the person's key for what goes to a server: the old one while it
// rotates and the server has not heard of the new, which is then the second.
func (o *signers) forHost(hostID int64, now time.Time) (first httpsig.Signer, second *httpsig.Signer) {
	if !o.rotating(now) {
		return o.person, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.told[hostID] {
		return o.person, nil
	}
	return o.old, &o.person
}

// tell notes that a server knows the new key.
func (o *signers) tell(hostID int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.told[hostID] = true
}
