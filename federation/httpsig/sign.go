package httpsig

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Signer signs requests as the owner of one key.
type Signer struct {
	KeyID string        // the URL under which peers find the public key
	Key   crypto.Signer // *rsa.PrivateKey or ed25519.PrivateKey
}

// SignCavage signs r with draft-cavage-12: (request-target), host and date, on
// anything but GET and HEAD also digest and content-type. It sets Date, Digest
// and Signature, replacing what stood there; body must be what will be sent.
func (s Signer) SignCavage(r *http.Request, body []byte, now time.Time) error {
	if err := s.prepare(r); err != nil {
		return fmt.Errorf("sign %s %s: %w", r.Method, r.URL.Redacted(), err)
	}
	r.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	m := newMessage(r, Options{Body: body})
	p := &cavageParams{headers: []string{"(request-target)", "host", "date"}}
	if m.needsDigest() {
		sum := sha256.Sum256(body)
		// Upper case: Threads answers 404 to sha-256= (fedify-dev/fedify#125).
		r.Header.Set("Digest", "SHA-256="+strict64.EncodeToString(sum[:]))
		p.headers = append(p.headers, "digest")
		if r.Header.Get("Content-Type") != "" {
			p.headers = append(p.headers, "content-type")
		}
	}
	p.headers = append(p.headers, alsoSigned(r)...)
	base, err := (&message{r: withHost(r), o: m.o}).cavageBase(p, r.URL.RequestURI())
	if err != nil {
		return fmt.Errorf("sign %s %s: %w", r.Method, r.URL.Redacted(), err)
	}
	sig, err := s.sign(base)
	if err != nil {
		return err
	}
	algorithm := algHS2019
	if _, ok := s.Key.Public().(*rsa.PublicKey); ok {
		algorithm = algRSA
	}
	r.Header.Set("Signature", `keyId="`+s.KeyID+`",algorithm="`+algorithm+`",headers="`+
		strings.Join(p.headers, " ")+`",signature="`+strict64.EncodeToString(sig)+`"`)
	return nil
}

// SignRFC9421 signs r with RFC 9421: @method and @target-uri, on anything but
// GET and HEAD also content-digest, with created and keyid. It sets
// Content-Digest, Signature-Input and Signature, replacing what stood there;
// body must be what will be sent.
func (s Signer) SignRFC9421(r *http.Request, body []byte, now time.Time) error {
	w := Wanted{label: "sig1", components: []string{"@method", "@target-uri"}}
	if newMessage(r, Options{Body: body}).needsDigest() {
		w.components = append(w.components, "content-digest")
	}
	w.components = append(w.components, alsoSigned(r)...)
	return s.sign9421(r, body, now, w)
}

// sign9421 signs exactly the components of w, which must cover what Parse
// insists on.
func (s Signer) sign9421(r *http.Request, body []byte, now time.Time, w Wanted) error {
	if err := s.prepare(r); err != nil {
		return fmt.Errorf("sign %s %s: %w", r.Method, r.URL.Redacted(), err)
	}
	r = withHost(r) // shares the header map
	m := newMessage(r, Options{Scheme: r.URL.Scheme, Host: r.Host, Body: body})
	if m.needsDigest() {
		sum := sha256.Sum256(body)
		r.Header.Set("Content-Digest", "sha-256=:"+strict64.EncodeToString(sum[:])+":")
	}
	in := &input{components: w.components, params: w.params(s.KeyID, now)}
	if in.covers("date") {
		r.Header.Set("Date", now.UTC().Format(http.TimeFormat))
	}
	if err := m.checkCover(in.components); err != nil {
		return fmt.Errorf("sign %s %s: %w", r.Method, r.URL.Redacted(), err)
	}
	base, err := m.signatureBase(in)
	if err != nil {
		return fmt.Errorf("sign %s %s: %w", r.Method, r.URL.Redacted(), err)
	}
	sig, err := s.sign(base)
	if err != nil {
		return err
	}
	r.Header.Set("Signature-Input", string(appendSignatureParams([]byte(w.label+"="), in.components, in.params)))
	r.Header.Set("Signature", w.label+"=:"+strict64.EncodeToString(sig)+":")
	return nil
}

// alsoSigned are the headers of a request that mean something to its receiver
// and are signed if they are there (FEP-8fcf).
func alsoSigned(r *http.Request) []string {
	if r.Header.Get("Collection-Synchronization") != "" {
		return []string{"collection-synchronization"}
	}
	return nil
}

// prepare checks what cannot be signed and removes an earlier signature, so
// that a request can be signed again in the other scheme.
func (s Signer) prepare(r *http.Request) error {
	if err := checkKeyID(s.KeyID); err != nil {
		return err
	}
	if s.Key == nil {
		return fmt.Errorf("%w: no private key for %s", ErrWeakKey, s.KeyID)
	}
	if r.URL.Host == "" && r.Host == "" {
		return fmt.Errorf("%w: no host", ErrMalformed)
	}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	for _, name := range []string{"Signature", "Signature-Input", "Digest", "Content-Digest"} {
		r.Header.Del(name)
	}
	return nil
}

// withHost is r with the host that net/http will send.
func withHost(r *http.Request) *http.Request {
	if r.Host != "" {
		return r
	}
	clone := *r
	clone.Host = r.URL.Host
	return &clone
}

func (s Signer) sign(base string) ([]byte, error) {
	var sig []byte
	var err error
	switch s.Key.Public().(type) {
	case *rsa.PublicKey:
		sum := sha256.Sum256([]byte(base))
		sig, err = s.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	case ed25519.PublicKey:
		sig, err = s.Key.Sign(rand.Reader, []byte(base), crypto.Hash(0))
	default:
		err = fmt.Errorf("%w: %T", ErrWeakKey, s.Key)
	}
	if err != nil {
		return nil, fmt.Errorf("sign with %s: %w", s.KeyID, err)
	}
	return sig, nil
}
