package httpsig

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
)

// Multicodec prefixes of public keys, as varints.
var (
	codecEd25519 = []byte{0xed, 0x01} // 0xed
	codecRSA     = []byte{0x85, 0x24} // 0x1205, PKCS #1 DER
)

// maxMultikey is the length in characters of an 8192-bit RSA key with some room.
const maxMultikey = 1600

// ParseMultikey reads a publicKeyMultibase (FEP-521a): base58btc of a
// multicodec Ed25519 or RSA key. Errors as in [ParsePublicKey].
func ParseMultikey(s string) (crypto.PublicKey, error) {
	if len(s) > maxMultikey || !strings.HasPrefix(s, "z") {
		return nil, fmt.Errorf("read multikey: %w: not base58btc", ErrMalformed)
	}
	raw, err := decode58(s[1:])
	if err != nil {
		return nil, fmt.Errorf("read multikey: %w", err)
	}
	var key crypto.PublicKey
	if rest, ok := bytes.CutPrefix(raw, codecEd25519); ok {
		key = ed25519.PublicKey(rest)
	} else if rest, ok := bytes.CutPrefix(raw, codecRSA); ok {
		if key, err = x509.ParsePKCS1PublicKey(rest); err != nil {
			return nil, fmt.Errorf("read multikey: %w: %w", ErrMalformed, err)
		}
	} else {
		return nil, fmt.Errorf("read multikey: %w: unknown key type", ErrWeakKey)
	}
	if err := CheckKey(key); err != nil {
		return nil, fmt.Errorf("read multikey: %w", err)
	}
	return key, nil
}

// EncodeMultikey writes a key as publicKeyMultibase (FEP-521a).
func EncodeMultikey(key crypto.PublicKey) (string, error) {
	if err := CheckKey(key); err != nil {
		return "", fmt.Errorf("write multikey: %w", err)
	}
	if k, ok := key.(*rsa.PublicKey); ok {
		return "z" + encode58(append(bytes.Clone(codecRSA), x509.MarshalPKCS1PublicKey(k)...)), nil
	}
	return "z" + encode58(append(bytes.Clone(codecEd25519), key.(ed25519.PublicKey)...)), nil
}

const alphabet58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// encode58 is base58btc: the bytes as one number, leading zero bytes as 1s.
func encode58(b []byte) string {
	zeros := len(b) - len(bytes.TrimLeft(b, "\x00"))
	var digits []byte // little end first
	for _, c := range b[zeros:] {
		carry := int(c)
		for i := range digits {
			carry += int(digits[i]) << 8
			digits[i] = byte(carry % 58)
			carry /= 58
		}
		for ; carry > 0; carry /= 58 {
			digits = append(digits, byte(carry%58))
		}
	}
	out := bytes.Repeat([]byte{alphabet58[0]}, zeros)
	for i := len(digits) - 1; i >= 0; i-- {
		out = append(out, alphabet58[digits[i]])
	}
	return string(out)
}

func decode58(s string) ([]byte, error) {
	zeros := len(s) - len(strings.TrimLeft(s, alphabet58[:1]))
	var out []byte // little end first
	for i := zeros; i < len(s); i++ {
		carry := strings.IndexByte(alphabet58, s[i])
		if carry < 0 {
			return nil, fmt.Errorf("%w: base58 character %q", ErrMalformed, s[i])
		}
		for j := range out {
			carry += int(out[j]) * 58
			out[j] = byte(carry)
			carry >>= 8
		}
		for ; carry > 0; carry >>= 8 {
			out = append(out, byte(carry))
		}
	}
	out = append(out, make([]byte, zeros)...)
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out, nil
}
