package httpsig

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
)

// Bounds on RSA keys: under 2048 bits they can be broken, over 8192 each
// check costs a Pi milliseconds.
const (
	minRSABits = 2048
	maxRSABits = 8192
	maxPEM     = 16 << 10 // bytes
)

// CheckKey refuses with ErrWeakKey what we neither sign with nor believe: RSA
// under 2048 or over 8192 bits or with an exponent that is even or below 3, an
// Ed25519 key of the wrong length, and all other types.
func CheckKey(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		if k == nil || k.N == nil {
			return fmt.Errorf("%w: empty RSA key", ErrWeakKey)
		}
		if bits := k.N.BitLen(); bits < minRSABits || bits > maxRSABits {
			return fmt.Errorf("%w: RSA key of %d bits", ErrWeakKey, bits)
		}
		if k.E < 3 || k.E%2 == 0 || k.N.Bit(0) == 0 {
			return fmt.Errorf("%w: RSA key with exponent %d", ErrWeakKey, k.E)
		}
		return nil
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return fmt.Errorf("%w: Ed25519 key of %d bytes", ErrWeakKey, len(k))
		}
		return nil
	}
	return fmt.Errorf("%w: type %T", ErrWeakKey, key)
}

// ParsePublicKey reads a publicKeyPem: PKIX or PKCS #1, RSA or Ed25519. The
// label is not relied on: Mitra writes RSA PUBLIC KEY over a PKIX key. Errors
// are ErrMalformed for what cannot be read and ErrWeakKey for what CheckKey
// refuses.
func ParsePublicKey(text string) (crypto.PublicKey, error) {
	if len(text) > maxPEM {
		return nil, fmt.Errorf("read public key: %w: %d bytes", ErrMalformed, len(text))
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fmt.Errorf("read public key: %w: not PEM", ErrMalformed)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		rsaKey, err1 := x509.ParsePKCS1PublicKey(block.Bytes)
		if err1 != nil {
			return nil, fmt.Errorf("read public key: %w: %w", ErrMalformed, err)
		}
		key = rsaKey
	}
	if err := CheckKey(key); err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	return key, nil
}

// EncodePublicKey writes a key as PKIX PEM (BEGIN PUBLIC KEY), the form that
// all peers read.
func EncodePublicKey(key crypto.PublicKey) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", fmt.Errorf("write public key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", fmt.Errorf("write public key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}
