package httpsig

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
)

// strict64 refuses newlines and left-over bits, so that one signature or
// digest has one spelling.
var strict64 = base64.StdEncoding.Strict()

// decode64 decodes base64; encoding/base64 skips line ends even when strict.
func decode64(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, fmt.Errorf("%w: line end in base64", ErrMalformed)
	}
	b, err := strict64.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%w: base64: %w", ErrMalformed, err)
	}
	return b, nil
}

// checkDigest compares a Digest header (RFC 3230) with the body. SHA-256
// decides, wherever it stands in the list; SHA-512 only in its absence.
func checkDigest(header string, body []byte) error {
	found := map[string][]byte{}
	for part := range strings.SplitSeq(header, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return fmt.Errorf("%w: Digest header", ErrMalformed)
		}
		name = strings.ToLower(name) // SHA-256 in most software, sha-256 in some
		if name != "sha-256" && name != "sha-512" {
			continue
		}
		sum, err := decode64(value)
		if err != nil {
			return fmt.Errorf("read Digest header: %w", err)
		}
		if found[name] != nil {
			return fmt.Errorf("%w: two %s values in Digest header", ErrMalformed, name)
		}
		found[name] = sum
	}
	return compareDigest(found, body)
}

// checkContentDigest compares a Content-Digest header (RFC 9530 2) with the body.
func checkContentDigest(header string, body []byte) error {
	dict, err := parseDictionary(header)
	if err != nil {
		return fmt.Errorf("read Content-Digest header: %w", err)
	}
	found := map[string][]byte{}
	for _, m := range dict {
		if m.isList || m.value.kind != kindBytes {
			return fmt.Errorf("%w: Content-Digest %.20q is no byte sequence", ErrMalformed, m.key)
		}
		found[m.key] = m.value.bytes
	}
	return compareDigest(found, body)
}

func compareDigest(found map[string][]byte, body []byte) error {
	if want, ok := found["sha-256"]; ok {
		if got := sha256.Sum256(body); !bytes.Equal(got[:], want) {
			return ErrDigest
		}
		return nil
	}
	if want, ok := found["sha-512"]; ok {
		if got := sha512.Sum512(body); !bytes.Equal(got[:], want) {
			return ErrDigest
		}
		return nil
	}
	return fmt.Errorf("%w: neither SHA-256 nor SHA-512", ErrDigest)
}
