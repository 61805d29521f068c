package webpush

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"
)

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	b, err := Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func private(t *testing.T, text string) *ecdh.PrivateKey {
	t.Helper()
	key, err := ecdh.P256().NewPrivateKey(decoded(t, text))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// RFC 8291 5 and appendix A.
func TestVectorOfRFC8291(t *testing.T) {
	r, err := NewReceiver(
		decoded(t, "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
		decoded(t, "BTBZMqHH6r4Tts7J_aSIgg"))
	if err != nil {
		t.Fatal(err)
	}
	o := once{private(t, "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), decoded(t, "DGv6ra1nlYgDCS1FRnbzlw")}
	m, err := r.seal([]byte("When I grow up, I want to be a watermelon"), o)
	if err != nil {
		t.Fatal(err)
	}
	const want = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
	if got := encode(m.Body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if m.Header["Content-Encoding"] != "aes128gcm" || len(m.Header) != 1 {
		t.Errorf("headers %v", m.Header)
	}
}

// draft-ietf-webpush-encryption-04 5.
func TestVectorOfTheDraft(t *testing.T) {
	r, err := NewReceiver(
		decoded(t, "BCEkBjzL8Z3C-oi2Q7oE5t2Np-p7osjGLg93qUP0wvqRT21EEWyf0cQDQcakQMqz4hQKYOQ3il2nNZct4HgAUQU"),
		decoded(t, "R29vIGdvbyBnJyBqb29iIQ"))
	if err != nil {
		t.Fatal(err)
	}
	o := once{private(t, "nCScek-QpEjmOOlT-rQ38nZzvdPlqa00Zy0i6m2OJvY"), decoded(t, "lngarbyKfMoi9Z75xYXmkg")}
	m, err := r.sealDraft([]byte("I am the walrus"), o)
	if err != nil {
		t.Fatal(err)
	}
	if got := encode(m.Body); got != "6nqAQUME8hNqw5J3kl8cpVVJylXKYqZOeseZG8UueKpA" {
		t.Errorf("got %s", got)
	}
	const dh = "dh=BNoRDbb84JGm8g5Z5CFxurSqsXWJ11ItfXEWYVLE85Y7CYkDjXsIEc4aqxYaQ1G8BqkXCJ6DPpDrWtdWj_mugHU"
	if m.Header["Content-Encoding"] != "aesgcm" || m.Header["Encryption"] != "salt=lngarbyKfMoi9Z75xYXmkg" || m.Header["Crypto-Key"] != dh {
		t.Errorf("headers %v", m.Header)
	}
}

func TestNothingIsUsedTwice(t *testing.T) {
	key := private(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")
	r, err := NewReceiver(key.PublicKey().Bytes(), make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	plain := bytes.Repeat([]byte("x"), MaxBody)
	for _, seal := range []func([]byte) (*Message, error){r.Seal, r.SealDraft} {
		a, err := seal(plain)
		if err != nil {
			t.Fatal(err)
		}
		b, err := seal(plain)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(a.Body, b.Body) || len(a.Body) > 4096 {
			t.Errorf("%d bytes; the same twice: %t", len(a.Body), bytes.Equal(a.Body, b.Body))
		}
		if _, err := seal(append(plain, 'x')); !errors.Is(err, ErrTooLong) {
			t.Errorf("too long: %v", err)
		}
	}
	if string(plain) != strings.Repeat("x", MaxBody) {
		t.Error("what was to be sealed was changed")
	}
}

func TestKeysThatAreNone(t *testing.T) {
	point := private(t, "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94").PublicKey().Bytes()
	off := bytes.Clone(point)
	off[64] ^= 1
	for what, keys := range map[string][2][]byte{
		"nothing": {nil, nil}, "no secret": {point, nil}, "a short secret": {point, make([]byte, 15)}, "a long secret": {point, make([]byte, 17)},
		"off the curve": {off, make([]byte, 16)}, "infinity": {{0}, make([]byte, 16)}, "compressed": {append([]byte{2}, point[1:33]...), make([]byte, 16)},
	} {
		if _, err := NewReceiver(keys[0], keys[1]); !errors.Is(err, ErrKeys) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got := decoded(t, " +/+/+w== "); !bytes.Equal(got, []byte{0xfb, 0xff, 0xbf, 0xfb}) {
		t.Errorf("decoded %x", got)
	}
}

// RFC 8292 2: whose signature it is, for whom, and until when.
func TestSignature(t *testing.T) {
	pkcs8, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ReadKey(pkcs8)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	m := &Message{Header: map[string]string{"Content-Encoding": "aes128gcm"}}
	if err := key.Sign(m, "https://push.example:8443/send/abc?x=1", "https://alice.example/", now); err != nil {
		t.Fatal(err)
	}
	token, public, ok := strings.Cut(strings.TrimPrefix(m.Header["Authorization"], "vapid t="), ", k=")
	parts := strings.Split(token, ".")
	if !ok || public != key.Public() || len(parts) != 3 {
		t.Fatalf("Authorization %q", m.Header["Authorization"])
	}
	var claims map[string]any
	if err := json.Unmarshal(decoded(t, parts[1]), &claims); err != nil {
		t.Fatal(err)
	}
	if claims["aud"] != "https://push.example:8443" || claims["sub"] != "https://alice.example/" || claims["exp"] != float64(now.Add(12*time.Hour).Unix()) {
		t.Errorf("claims %v", claims)
	}
	point, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), decoded(t, public))
	if err != nil {
		t.Fatal(err)
	}
	sum, sig := sha256.Sum256([]byte(parts[0]+"."+parts[1])), decoded(t, parts[2])
	if len(sig) != 64 || !ecdsa.Verify(point, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		t.Error("the signature does not hold")
	}
	draft := &Message{Header: map[string]string{"Crypto-Key": "dh=abc"}}
	if err := key.Sign(draft, "https://push.example/", "https://alice.example/", now); err != nil {
		t.Fatal(err)
	}
	if draft.Header["Crypto-Key"] != "dh=abc;p256ecdsa="+key.Public() || !strings.HasPrefix(draft.Header["Authorization"], "WebPush ey") {
		t.Errorf("headers of the draft %v", draft.Header)
	}
	if _, err := ReadKey([]byte("no key")); err == nil {
		t.Error("read a key from nothing")
	}
}
