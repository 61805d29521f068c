package httpsig

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
)

// Verify checks the signature with the key that the caller found for KeyID.
// The algorithm follows from the key: RSASSA-PKCS1-v1_5 with SHA-256 for RSA,
// Ed25519 for Ed25519; a header that claims another one is refused, and so is
// a key that [CheckKey] refuses. Cavage signatures over a target with a query
// are also tried without it.
func (s *Signature) Verify(key crypto.PublicKey) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if !algorithmFits(s.algorithm, key) {
		return fmt.Errorf("%w: algorithm %.30q contradicts the key (%T)", ErrBadSignature, s.algorithm, key)
	}
	for _, base := range s.bases {
		if verifyBase(key, base, s.value) {
			return nil
		}
	}
	return fmt.Errorf("%w%s", ErrBadSignature, s.hint)
}

func verifyBase(key crypto.PublicKey, base string, sig []byte) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		sum := sha256.Sum256([]byte(base))
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], sig) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(k, []byte(base), sig)
	}
	return false
}

// The names under which the two algorithms travel. hs2019 says only "look at
// the key" (draft-cavage-12 2.1.1); GoToSocial sends it and means RSA with SHA-256.
const (
	algHS2019    = "hs2019"
	algRSA       = "rsa-sha256"
	algRSA9421   = "rsa-v1_5-sha256"
	algEd25519   = "ed25519"
	algEdCavage2 = "ed25519-sha512"
)

// checkAlgorithmName refuses, before any key is fetched, what no key could satisfy.
func checkAlgorithmName(name string) error {
	switch name {
	case "", algHS2019, algRSA, algRSA9421, algEd25519, algEdCavage2:
		return nil
	}
	return fmt.Errorf("%w: algorithm %.30q", ErrBadSignature, name)
}

func algorithmFits(name string, key crypto.PublicKey) bool {
	switch name {
	case "", algHS2019:
		return true
	case algRSA, algRSA9421:
		_, ok := key.(*rsa.PublicKey)
		return ok
	case algEd25519, algEdCavage2:
		_, ok := key.(ed25519.PublicKey)
		return ok
	}
	return false
}
