package httpsig

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What a server asks for is signed so that our own Parse takes it.
func TestWantedSignatures(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s := Signer{KeyID: "https://us.example/u#k", Key: key}
	now := time.Unix(1_800_000_000, 0)
	body := []byte("{}")
	for asks, want := range map[string]string{
		`a=("@method" "@target-uri" "content-digest");created`:                      `a=("@method" "@target-uri" "content-digest");created=1800000000;keyid="https://us.example/u#k"`,
		`a=("content-digest" "@method" "@path" "@query" "host");nonce="\"";tag="t"`: `a=("content-digest" "@method" "@path" "@query" "host");created=1800000000;keyid="https://us.example/u#k";nonce="\"";tag="t"`,
		`a=("@method" "@target-uri" "content-digest");alg="ed25519";expires`:        `;created=1800000000;expires=1800000300;keyid="https://us.example/u#k";alg="ed25519"`,
		`a=("@method" "@target-uri" "content-digest");alg="rsa-v1_5-sha256"`:        "",
		`a=("@method" "@target-uri" "content-digest");created=5`:                    "",
		`a=("@method" "@target-uri" "content-digest");nonce=:YQ==:`:                 "",
		`a=("@method" "@target-uri");created`:                                       "",
		`a=("@target-uri" "content-digest");created`:                                "",
		`a=("@method" "@target-uri" "content-digest" "@method")`:                    "",
		`a=("@method" "@target-uri" "content-digest";req)`:                          "",
		`a=("@method" "@target-uri" "content-digest" "x-not-there")`:                "",
		`a=()`:                                "",
		`a`:                                   "",
		``:                                    "",
		strings.Repeat(`a=("@method"),`, 100): "",
	} {
		r, err := http.NewRequest(http.MethodPost, "https://peer.example/inbox?q=1", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		list, err := ParseAcceptSignature(asks)
		if err == nil {
			err = s.SignWanted(r, body, now, list)
		}
		if want == "" {
			if err == nil || !errors.Is(err, ErrUnwilling) && !errors.Is(err, ErrMalformed) {
				t.Errorf("%s was signed: %q, %v", asks, r.Header.Get("Signature-Input"), err)
			}
			continue
		}
		if got := r.Header.Get("Signature-Input"); err != nil || !strings.HasSuffix(got, want) {
			t.Errorf("%s was signed as %q, %v", asks, got, err)
			continue
		}
		sig, err := Parse(r, Options{Host: "peer.example", Body: body, Now: now})
		if err != nil || sig.Verify(key.Public()) != nil {
			t.Errorf("%s: the signature does not pass: %v", asks, err)
		}
	}
}

// What we ask for ourselves is what Parse insists on.
func TestWhatWeAskForPasses(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Unix(1_800_000_000, 0)
	for method, body := range map[string][]byte{http.MethodGet: nil, http.MethodPost: []byte("{}")} {
		r, err := http.NewRequest(method, "https://us.example/inbox", nil)
		if err != nil {
			t.Fatal(err)
		}
		list, err := ParseAcceptSignature(AcceptSignature(body != nil))
		if err != nil {
			t.Fatal(err)
		}
		if err := (Signer{KeyID: "https://p.example/u#k", Key: key}).SignWanted(r, body, now, list); err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(r, Options{Host: "us.example", Body: body, Now: now}); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
}
