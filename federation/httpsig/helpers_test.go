package httpsig

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

var (
	now    = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	keyID  = "https://peer.example/users/eve#main-key"
	body   = []byte(`{"type":"Create","actor":"https://peer.example/users/eve"}`)
	rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		return k
	})
	edKey = sync.OnceValue(func() ed25519.PrivateKey {
		_, k, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		return k
	})
)

// us is how our server would look at a request with this body.
func us(body []byte) Options {
	return Options{Scheme: "https", Host: "social.example.org", Hosts: []string{"example.org"}, Body: body, Now: now}
}

// post is a POST to our inbox as the server sees it.
func post() *http.Request {
	r := httptest.NewRequest("POST", "/inbox", bytes.NewReader(body))
	r.Host = "social.example.org"
	r.Header.Set("Content-Type", "application/activity+json")
	return r
}

func get(target string) *http.Request {
	r := httptest.NewRequest("GET", target, nil)
	r.Host = "social.example.org"
	return r
}

// signed signs a server-side request in the given scheme.
func signed(t testing.TB, r *http.Request, scheme Scheme, key crypto.Signer, body []byte) *http.Request {
	t.Helper()
	s := Signer{KeyID: keyID, Key: key}
	r.URL.Scheme = "https"
	var err error
	if scheme == Cavage {
		err = s.SignCavage(r, body, now)
	} else {
		err = s.SignRFC9421(r, body, now)
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// cavageWith signs r by hand over the given header list, with a real signature,
// so that only what is covered can be at fault. extra follows the headers
// parameter.
func cavageWith(t testing.TB, r *http.Request, headers, algorithm, extra string) *http.Request {
	t.Helper()
	if r.Header.Get("Date") == "" {
		r.Header.Set("Date", now.Format(http.TimeFormat))
	}
	if r.Method == "POST" && r.Header.Get("Digest") == "" {
		r.Header.Set("Digest", sha256Header(body))
	}
	head := `keyId="` + keyID + `",algorithm="` + algorithm + `",headers="` + headers + `"` + extra
	p, err := parseCavageHeader(head + `,signature="AAAA"`)
	if err != nil {
		r.Header.Set("Signature", head+`,signature="AAAA"`)
		return r
	}
	m := newMessage(r, us(body))
	base, err := m.cavageBase(p, m.path+m.query)
	if err != nil {
		t.Fatal(err)
	}
	sig, err := Signer{KeyID: keyID, Key: rsaKey()}.sign(base)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Signature", head+`,signature="`+base64.StdEncoding.EncodeToString(sig)+`"`)
	return r
}

// rfcWith does the same for RFC 9421; input is what follows "sig1=".
func rfcWith(t testing.TB, r *http.Request, input string, key crypto.Signer) *http.Request {
	t.Helper()
	if r.Method == "POST" && r.Header.Get("Content-Digest") == "" {
		r.Header.Set("Content-Digest", contentDigest(body))
	}
	r.Header.Set("Signature-Input", "sig1="+input)
	r.Header.Set("Signature", "sig1=:AAAA:")
	in, err := parseSignatureInput("sig1=" + input)
	if err != nil {
		return r
	}
	base, err := newMessage(r, us(body)).signatureBase(in)
	if err != nil {
		return r
	}
	sig, err := Signer{KeyID: keyID, Key: key}.sign(base)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Signature", "sig1=:"+base64.StdEncoding.EncodeToString(sig)+":")
	return r
}

func sha256Header(body []byte) string {
	sum := sha256.Sum256(body)
	return "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
}

func contentDigest(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

func sha512Digest(body []byte) string {
	sum := sha512.Sum512(body)
	return "sha-512=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// check parses and verifies as the inbox does.
func check(r *http.Request, o Options, key crypto.PublicKey) error {
	s, err := Parse(r, o)
	if err != nil {
		return err
	}
	return s.Verify(key)
}

func wantErr(t *testing.T, got error, want ...error) {
	t.Helper()
	for _, w := range want {
		if errors.Is(got, w) {
			return
		}
	}
	t.Errorf("got %v, want %v", got, want)
}

func mustPass(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
