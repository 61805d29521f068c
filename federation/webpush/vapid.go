package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// tokenAge is for how long a signature holds; a day is the most (RFC 8292 2).
const tokenAge = 12 * time.Hour

// Key is this server's, by which push services and apps know it again.
type Key struct {
	private *ecdsa.PrivateKey
	public  []byte
}

// NewKey draws one, and returns it as ReadKey reads it.
func NewKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

// ReadKey reads a key of NewKey.
func ReadKey(pkcs8 []byte) (*Key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("not a key of P-256")
	}
	public, err := key.PublicKey.ECDH()
	if err != nil {
		return nil, err
	}
	return &Key{key, public.Bytes()}, nil
}

// Public is the key as apps get it: an uncompressed point in base64.
func (k *Key) Public() string { return encode(k.public) }

// Sign adds to a message who sends it (RFC 8292 3), for the push service of an
// endpoint. Contact is where that one may complain: a mailto: or https: address.
func (k *Key) Sign(m *Message, endpoint, contact string, now time.Time) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("sign a push message: %w", err)
	}
	token, err := k.token(u.Scheme+"://"+u.Host, contact, now.Add(tokenAge))
	if err != nil {
		return fmt.Errorf("sign a push message: %w", err)
	}
	if dh, draft := m.Header["Crypto-Key"]; draft { // draft-ietf-webpush-vapid-01, which goes with aesgcm
		m.Header["Crypto-Key"] = dh + ";p256ecdsa=" + k.Public()
		m.Header["Authorization"] = "WebPush " + token
		return nil
	}
	m.Header["Authorization"] = "vapid t=" + token + ", k=" + k.Public()
	return nil
}

// token is a JSON Web Token (RFC 7519) by ES256 (RFC 7518 3.4).
func (k *Key) token(audience, contact string, until time.Time) (string, error) {
	claims, err := json.Marshal(struct {
		Audience string `json:"aud"`
		Until    int64  `json:"exp"`
		Contact  string `json:"sub"`
	}{audience, until.Unix(), contact})
	if err != nil {
		return "", err
	}
	text := encode([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sum[:])
	if err != nil {
		return "", err
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + encode(signature), nil
}
