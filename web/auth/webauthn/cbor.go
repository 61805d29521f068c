package webauthn

import (
	"encoding/binary"
	"errors"
	"unicode/utf8"
)

// errCBOR says that bytes are not CBOR as authenticators must write it.
var errCBOR = errors.New("malformed CBOR")

// maxDepth is how deep arrays and maps may lie in one another; an attestation
// statement with certificates needs three levels.
const maxDepth = 8

// Major types of CBOR (RFC 8949 3.1) that authenticators write.
const (
	cborUint  = 0
	cborNint  = 1
	cborBytes = 2
	cborText  = 3
	cborArray = 4
	cborMap   = 5
	cborOther = 7
)

// cbor reads one item after the other. It takes what CTAP2's canonical form allows
// and WebAuthn needs (CTAP 2.2, 8): definite lengths, each number in its shortest
// form, no tags, no floats, no key twice. The order of keys is left alone, because
// browsers write the attestation object in orders of their own.
type cbor struct{ rest []byte }

// head reads the head of an item: its major type and its number. What claims to be
// longer than what is left ends there, so that a length alone costs no memory.
func (c *cbor) head() (major byte, n uint64, err error) {
	if len(c.rest) == 0 {
		return 0, 0, errCBOR
	}
	major, info := c.rest[0]>>5, c.rest[0]&0x1f
	c.rest = c.rest[1:]
	if info < 24 {
		return major, uint64(info), nil
	}
	size, least := 0, uint64(0)
	switch info {
	case 24:
		size, least = 1, 24
	case 25:
		size, least = 2, 1<<8
	case 26:
		size, least = 4, 1<<16
	case 27:
		size, least = 8, 1<<32
	default:
		return 0, 0, errCBOR
	}
	if len(c.rest) < size || major == cborOther {
		return 0, 0, errCBOR
	}
	var b [8]byte
	copy(b[8-size:], c.rest)
	c.rest = c.rest[size:]
	if n = binary.BigEndian.Uint64(b[:]); n < least {
		return 0, 0, errCBOR
	}
	return major, n, nil
}

// string reads the bytes of a text or of a byte string.
func (c *cbor) string(want byte) ([]byte, error) {
	major, n, err := c.head()
	if err != nil || major != want || n > uint64(len(c.rest)) {
		return nil, errCBOR
	}
	s := c.rest[:n:n]
	c.rest = c.rest[n:]
	if want == cborText && !utf8.Valid(s) {
		return nil, errCBOR
	}
	return s, nil
}

// int reads a whole number as far as COSE has any for it.
func (c *cbor) int() (int64, error) {
	major, n, err := c.head()
	if err != nil || n > 1<<31 {
		return 0, errCBOR
	}
	switch major {
	case cborUint:
		return int64(n), nil
	case cborNint:
		return -1 - int64(n), nil
	}
	return 0, errCBOR
}

// entries reads a map: each calls for every key, in the form in which it is
// written, and reads its value.
func (c *cbor) entries(depth int, each func(key string) error) error {
	major, n, err := c.head()
	if err != nil || major != cborMap || n > uint64(len(c.rest)/2) || depth > maxDepth {
		return errCBOR
	}
	seen := map[string]bool{}
	for range n {
		if len(c.rest) == 0 {
			return errCBOR
		}
		before := c.rest
		switch before[0] >> 5 {
		case cborUint, cborNint:
			_, err = c.int()
		case cborText:
			_, err = c.string(cborText)
		default:
			err = errCBOR
		}
		if err != nil {
			return err
		}
		key := string(before[:len(before)-len(c.rest)])
		if seen[key] {
			return errCBOR
		}
		seen[key] = true
		if err := each(key); err != nil {
			return err
		}
	}
	return nil
}

// skip reads past one item of any kind.
func (c *cbor) skip(depth int) error {
	if len(c.rest) == 0 || depth > maxDepth {
		return errCBOR
	}
	switch major := c.rest[0] >> 5; major {
	case cborBytes, cborText:
		_, err := c.string(major)
		return err
	case cborMap:
		return c.entries(depth, func(string) error { return c.skip(depth + 1) })
	case cborArray:
		_, n, err := c.head()
		if err != nil || n > uint64(len(c.rest)) {
			return errCBOR
		}
		for range n {
			if err := c.skip(depth + 1); err != nil {
				return err
			}
		}
		return nil
	case cborOther:
		simple := c.rest[0] & 0x1f
		c.rest = c.rest[1:]
		if simple < 20 || simple > 22 { // false, true, null
			return errCBOR
		}
		return nil
	case cborUint, cborNint:
		_, _, err := c.head()
		return err
	}
	return errCBOR // a tag
}
