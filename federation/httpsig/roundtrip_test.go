package httpsig

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestSignedRequestsPassOverHTTP sends what we sign through real HTTP and reads
// it back as the receiver does.
func TestSignedRequestsPassOverHTTP(t *testing.T) {
	results := make(chan error, 1)
	var key crypto.PublicKey
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			results <- err
			return
		}
		o := Options{Scheme: "http", Host: r.Host, Body: body, Now: now}
		s, err := Parse(r, o)
		if err == nil {
			err = s.Verify(key)
		}
		results <- err
	}))
	defer srv.Close()
	for _, k := range []crypto.Signer{rsaKey(), edKey()} {
		key = k.Public()
		s := Signer{KeyID: keyID, Key: k}
		for name, sign := range map[string]func(*http.Request, []byte, time.Time) error{"cavage": s.SignCavage, "rfc9421": s.SignRFC9421} {
			for _, path := range []string{"", "/", "/inbox", "/a%20b/?page=1&x=%2F", "/outbox?"} {
				for _, method := range []string{"GET", "POST"} {
					var sent []byte
					if method == "POST" {
						sent = body
					}
					r, err := http.NewRequest(method, srv.URL+path, bytes.NewReader(sent))
					if err != nil {
						t.Fatal(err)
					}
					r.Header.Set("Content-Type", "application/activity+json")
					if err := sign(r, sent, now); err != nil {
						t.Fatal(err)
					}
					resp, err := http.DefaultClient.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					_ = resp.Body.Close() // nothing was written to it
					if err := <-results; err != nil {
						t.Errorf("%s %s %s with %T: %v", name, method, path, k, err)
					}
				}
			}
		}
	}
}

// TestRequestCanBeSignedAgain is the second knock: the same request in the
// other scheme leaves nothing of the first behind.
func TestRequestCanBeSignedAgain(t *testing.T) {
	r := signed(t, post(), Cavage, rsaKey(), body)
	signed(t, r, RFC9421, rsaKey(), body)
	if s, err := Parse(r, us(body)); err != nil || s.Scheme != RFC9421 || r.Header.Get("Digest") != "" {
		t.Errorf("after cavage, RFC 9421: %+v %v", s, err)
	}
	signed(t, r, Cavage, rsaKey(), body)
	if s, err := Parse(r, us(body)); err != nil || s.Scheme != Cavage || r.Header.Get("Content-Digest") != "" {
		t.Errorf("and back: %+v %v", s, err)
	}
}

// TestHeadersAsPeersExpectThem holds the exact form that picky peers ask for.
func TestHeadersAsPeersExpectThem(t *testing.T) {
	r := signed(t, post(), Cavage, rsaKey(), body)
	if !strings.HasPrefix(r.Header.Get("Digest"), "SHA-256=") {
		t.Error("Threads answers 404 to", r.Header.Get("Digest"))
	}
	want := `keyId="` + keyID + `",algorithm="rsa-sha256",headers="(request-target) host date digest content-type",signature="`
	if got := r.Header.Get("Signature"); !strings.HasPrefix(got, want) {
		t.Error(got)
	}
	if got := r.Header.Get("Date"); got != "Mon, 23 Nov 2026 10:00:00 GMT" {
		t.Error(got)
	}
	if got := signed(t, get("/x"), Cavage, rsaKey(), nil).Header.Get("Signature"); !strings.Contains(got, `headers="(request-target) host date"`) {
		t.Error(got)
	}
	r = signed(t, post(), RFC9421, rsaKey(), body)
	wantInput := `sig1=("@method" "@target-uri" "content-digest");created=1795428000;keyid="` + keyID + `"`
	if got := r.Header.Get("Signature-Input"); got != wantInput {
		t.Error(got)
	}
}

// TestQueryUnsigned: some peers sign the path alone.
func TestQueryUnsigned(t *testing.T) {
	r := get("/outbox?page=2")
	other := signed(t, get("/outbox"), Cavage, rsaKey(), nil)
	r.Header = other.Header
	mustPass(t, check(r, us(nil), rsaKey().Public()))

	r = get("/outbox?page=2")
	r.Header = signed(t, get("/outbox?page=3"), Cavage, rsaKey(), nil).Header
	wantErr(t, check(r, us(nil), rsaKey().Public()), ErrBadSignature)
}

// TestTolerated is what real software sends and what must pass.
func TestTolerated(t *testing.T) {
	pass := func(name string, r *http.Request) {
		t.Helper()
		if err := check(r, us(body), rsaKey().Public()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	pass("hs2019 (GoToSocial)", cavageWith(t, post(), "(request-target) host date digest", "hs2019", ""))
	pass("upper-case names", cavageWith(t, post(), "(Request-Target) Host Date Digest", "RSA-SHA256", ""))
	pass("(created)", cavageWith(t, post(), "(request-target) (created) host digest", "hs2019", ",created=1795427900"))
	pass("quoted created", cavageWith(t, post(), "(request-target) (created) host digest", "hs2019", `,created="1795427900"`))
	r := post()
	r.Header.Set("Digest", strings.Replace(sha256Header(body), "SHA-256", "sha-256", 1))
	pass("lower-case digest", cavageWith(t, r, "(request-target) host date digest", "rsa-sha256", ""))
	r = post()
	r.Header.Set("Content-Digest", contentDigest(body))
	pass("content-digest in cavage", cavageWith(t, r, "(request-target) host date content-digest", "rsa-sha256", ""))
	r = post()
	r.Host = "example.org"
	pass("the handle's domain", signed(t, r, Cavage, rsaKey(), body))
	r = post()
	r.Host = "Social.Example.org:443"
	pass("default port and case", signed(t, r, Cavage, rsaKey(), body))
	pass("alg, nonce, tag, unknown parameters", rfcWith(t, post(),
		`("@method" "@authority" "@path" "content-digest" "content-type");created=1795428000;keyid="k";alg="rsa-v1_5-sha256";nonce="n";tag="t";x=?0;y;z=:AAAA:`, rsaKey()))
	r = post()
	r.Header.Set("Content-Digest", sha512Digest(body))
	pass("sha-512", rfcWith(t, r, `("@method" "@target-uri" "content-digest");created=1795428000;keyid="k"`, rsaKey()))
	r = signed(t, post(), RFC9421, rsaKey(), body)
	r.Host = "127.0.0.1:8080"
	pass("RFC 9421 behind a proxy that rewrites Host", r)
}

func TestKeysTravel(t *testing.T) {
	for _, k := range []crypto.Signer{rsaKey(), edKey()} {
		type equaler interface{ Equal(crypto.PublicKey) bool }
		want := k.Public().(equaler)
		text, err := EncodePublicKey(k.Public())
		if err != nil || !strings.HasPrefix(text, "-----BEGIN PUBLIC KEY-----\n") {
			t.Fatal(text, err)
		}
		if got, err := ParsePublicKey(text); err != nil || !want.Equal(got) {
			t.Errorf("%T through PEM: %v", k, err)
		}
		// Mitra's label over a PKIX key.
		mitra := strings.ReplaceAll(text, "PUBLIC KEY", "RSA PUBLIC KEY")
		if got, err := ParsePublicKey(mitra); err != nil || !want.Equal(got) {
			t.Errorf("%T with another label: %v", k, err)
		}
		if text, err = EncodeMultikey(k.Public()); err != nil {
			t.Fatal(err)
		}
		if got, err := ParseMultikey(text); err != nil || !want.Equal(got) {
			t.Errorf("%T through multikey: %v", k, err)
		}
	}
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&rsaKey().PublicKey)})
	if _, err := ParsePublicKey(string(pkcs1)); err != nil {
		t.Error("PKCS #1:", err)
	}
	for _, bad := range []string{"", "no key", strings.Repeat("A", maxPEM+1), "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"} {
		_, err := ParsePublicKey(bad)
		wantErr(t, err, ErrMalformed)
	}
	for _, bad := range []string{"", "z", "u7QGwDY2T", "z0OIl", "z6Mkr", "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme", "z" + strings.Repeat("1", 1599)} {
		_, err := ParseMultikey(bad)
		wantErr(t, err, ErrMalformed, ErrWeakKey)
	}
}

func TestCheckKey(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	n := func(bits uint) *big.Int { return new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1) }
	for name, key := range map[string]crypto.PublicKey{
		"nil": nil, "nil RSA": (*rsa.PublicKey)(nil), "empty RSA": &rsa.PublicKey{}, "ECDSA": ec.Public(),
		"2047 bits": &rsa.PublicKey{N: n(2047), E: 65537}, "8193 bits": &rsa.PublicKey{N: n(8193), E: 65537},
		"exponent 1": &rsa.PublicKey{N: n(2048), E: 1}, "exponent 0": &rsa.PublicKey{N: n(2048)}, "even exponent": &rsa.PublicKey{N: n(2048), E: 65536},
		"short Ed25519": ed25519.PublicKey(make([]byte, 31)), "private key": rsaKey(),
	} {
		if err := CheckKey(key); err == nil {
			t.Error(name, "is accepted")
		}
	}
	mustPass(t, CheckKey(&rsa.PublicKey{N: n(8192), E: 3}))
}

func TestSignerRefuses(t *testing.T) {
	for _, s := range []Signer{{}, {KeyID: "k"}, {KeyID: "a\"b", Key: edKey()}, {KeyID: "a\r\nX: y", Key: edKey()}} {
		if s.SignCavage(post(), body, now) == nil || s.SignRFC9421(post(), body, now) == nil {
			t.Errorf("signs with %q", s.KeyID)
		}
	}
}
