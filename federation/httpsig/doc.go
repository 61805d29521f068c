// Package httpsig signs HTTP requests and checks signed ones, in the two
// schemes that the fediverse speaks: draft-cavage-http-signatures-12 and
// RFC 9421 (HTTP Message Signatures).
//
// It owns the syntax of both schemes, the rules on what a signature must
// cover, the time window, the digest of the body, and the forms in which
// public keys travel (PEM and Multikey). It is pure: it opens no connection,
// reads no store and keeps no state. Fetching the key that a key id names,
// deciding whether that key's owner may act, and remembering signatures
// against replay are its callers' work; [Signature.ReplayKey] and
// [Signature.ValidUntil] tell them what to remember and for how long.
//
// Checking is split in two so that nothing is fetched for a request that
// could never pass: [Parse] does all that needs no key, [Signature.Verify]
// the rest. It writes no tables and no files.
package httpsig

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Scheme is the signature scheme a request was signed with.
type Scheme int

// The schemes.
const (
	Cavage  Scheme = iota // draft-cavage-http-signatures-12
	RFC9421               // HTTP Message Signatures
)

// String names the scheme for logs.
func (s Scheme) String() string {
	if s == RFC9421 {
		return "rfc9421"
	}
	return "cavage"
}

// Errors of this package; compare with errors.Is. All but ErrMalformed are a
// 401; ErrMalformed may be answered 400 or 401 (401 lets senders try their
// other scheme).
var (
	ErrMissing      = errors.New("httpsig: no signature")
	ErrMalformed    = errors.New("httpsig: malformed")
	ErrClock        = errors.New("httpsig: outside the time window")
	ErrDigest       = errors.New("httpsig: digest does not match the body")
	ErrUncovered    = errors.New("httpsig: signature covers too little")
	ErrHost         = errors.New("httpsig: signed for another host")
	ErrBadSignature = errors.New("httpsig: signature does not verify")
	ErrWeakKey      = errors.New("httpsig: key refused")
)

// Limits on what is read before any key is known.
const (
	maxHeader     = 8 << 10 // bytes of a Signature or Signature-Input header
	maxComponents = 32      // covered components of one signature
	maxKeyID      = 2048    // bytes
)

// Options say who we are and what came with the request.
type Options struct {
	Scheme string    // "https" (also when empty) or "http": our own, as configured; behind a proxy the request does not know it
	Host   string    // our configured host, with port if not the default; @target-uri and @authority are built from it, a signed host must equal it
	Hosts  []string  // other hosts we answer for (the handle's domain); optional
	Body   []byte    // the whole body, already read; nil for GET
	Now    time.Time // the time to judge by; the zero time refuses everything
}

// Signature is a request's one signature, checked as far as possible without
// the key. It keeps no reference to the request.
type Signature struct {
	KeyID   string
	Scheme  Scheme
	Created time.Time // zero if absent
	Expires time.Time // zero if absent

	algorithm string   // as claimed by the header; only ever used to refuse
	value     []byte   // the signature itself
	bases     []string // what may have been signed, the likeliest first
	until     time.Time
	hint      string // added to a failed verification's message
}

// Parse reads the signature of r and checks everything that needs no key:
// that there is exactly one signature, that no decisive header is doubled,
// that it covers method, target, host, time and (when there is a body or the
// method is not GET or HEAD) the digest, that the digest matches o.Body, and
// the clock: Date within one hour; created at most one hour ahead, expires not
// past, their span at most 12 hours plus one.
//
// A request with Signature-Input is RFC 9421 and never read as cavage.
func Parse(r *http.Request, o Options) (*Signature, error) {
	for _, name := range []string{"Date", "Content-Type", "Signature", "Host"} {
		if len(r.Header.Values(name)) > 1 {
			return nil, fmt.Errorf("%w: %d %s headers", ErrMalformed, len(r.Header.Values(name)), name)
		}
	}
	if h := r.Header.Get("Host"); h != "" && h != r.Host {
		return nil, fmt.Errorf("%w: two hosts", ErrMalformed)
	}
	m := newMessage(r, o)
	if len(r.Header.Values("Signature-Input")) > 0 {
		return parseRFC9421(m)
	}
	if r.Header.Get("Signature") == "" {
		return nil, ErrMissing
	}
	return parseCavage(m)
}

// ReplayKey identifies this signature: a hash of key id and signature bytes.
// Remember it until [Signature.ValidUntil], then the same request cannot pass
// twice.
func (s *Signature) ReplayKey() [32]byte {
	h := sha256.New()
	h.Write([]byte(s.KeyID))
	h.Write([]byte{0})
	h.Write(s.value)
	return [32]byte(h.Sum(nil))
}

// ValidUntil is the moment from which Parse refuses this request by its clock:
// at most 14 hours after it was first accepted.
func (s *Signature) ValidUntil() time.Time { return s.until }
