package webauthn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"math/big"
)

// Algorithms are the COSE numbers of the signatures that are taken, the one that is
// liked most first: EdDSA, ES256, RS256. Every authenticator has one of these.
var Algorithms = []int{algEdDSA, algES256, algRS256}

// IANA COSE algorithms, key types and curves.
const (
	algES256 = -7
	algEdDSA = -8
	algRS256 = -257

	typeOKP = 1
	typeEC2 = 2
	typeRSA = 3

	curveP256    = 1
	curveEd25519 = 6
)

var (
	errKey       = errors.New("the key is malformed or of a kind that is not taken")
	errSignature = errors.New("the signature is wrong")
)

// coseKey is a public key as it stands in authenticator data (RFC 9052 7).
type coseKey struct {
	kind, alg, curve int64
	x, y, n, e       []byte
}

// The labels of a COSE key, as they are written: kty 1, alg 3, and -1, -2, -3, whose
// meaning depends on kty.
const (
	labelKind  = "\x01"
	labelAlg   = "\x03"
	labelFirst = "\x20"
	labelNext  = "\x21"
	labelThird = "\x22"
)

// readKey reads the key at the beginning of c.
func readKey(c *cbor) (crypto.PublicKey, error) {
	var k coseKey
	err := c.entries(1, func(label string) (err error) {
		switch {
		case label == labelKind:
			k.kind, err = c.int()
		case label == labelAlg:
			k.alg, err = c.int()
		case label == labelFirst && k.kind == typeRSA:
			k.n, err = c.string(cborBytes)
		case label == labelFirst:
			k.curve, err = c.int()
		case label == labelNext && k.kind == typeRSA:
			k.e, err = c.string(cborBytes)
		case label == labelNext:
			k.x, err = c.string(cborBytes)
		case label == labelThird && k.kind == typeEC2:
			k.y, err = c.string(cborBytes)
		default:
			err = errKey // no other label belongs in a credential's key (WebAuthn 6.5.1.1)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return k.public()
}

// public is the key, if it is sound and goes with its algorithm.
func (k coseKey) public() (crypto.PublicKey, error) {
	switch {
	case k.kind == typeEC2 && k.alg == algES256 && k.curve == curveP256 && len(k.x) == 32 && len(k.y) == 32:
		point := append(append([]byte{4}, k.x...), k.y...)
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			return nil, errKey
		}
		return key, nil
	case k.kind == typeOKP && k.alg == algEdDSA && k.curve == curveEd25519 && len(k.x) == ed25519.PublicKeySize:
		return ed25519.PublicKey(k.x), nil
	case k.kind == typeRSA && k.alg == algRS256 && len(k.n) <= 512 && len(k.e) <= 4:
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(k.n), E: int(new(big.Int).SetBytes(k.e).Int64())}
		if bits := key.N.BitLen(); bits < 2048 || bits > 4096 || key.N.Bit(0) == 0 || key.E < 3 || key.E%2 == 0 || key.E > 1<<31-1 {
			return nil, errKey
		}
		return key, nil
	}
	return nil, errKey
}

// verify checks a signature with a key as Credential keeps it.
func verify(der, signed, signature []byte) error {
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return errKey
	}
	sum := sha256.Sum256(signed)
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(key, sum[:], signature) {
			return nil
		}
	case ed25519.PublicKey:
		if ed25519.Verify(key, signed, signature) {
			return nil
		}
	case *rsa.PublicKey:
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil {
			return nil
		}
	default:
		return errKey
	}
	return errSignature
}
