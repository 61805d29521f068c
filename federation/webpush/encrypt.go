package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

const (
	saltBytes  = 16
	authBytes  = 16
	pointBytes = 65 // an uncompressed point of P-256
	recordSize = 4096

	// MaxBody is how long a message may be: what every push service takes (RFC 8030
	// 7.2), without the frame of either encoding.
	MaxBody = recordSize - saltBytes - 4 - 1 - pointBytes - tagBytes - 2

	tagBytes = 16
)

// ErrKeys says that an app's keys are none.
var ErrKeys = errors.New("not the keys of a push subscription")

// ErrTooLong says that a message is longer than MaxBody.
var ErrTooLong = errors.New("push message too long")

// Receiver is what an app gave so that it alone can read.
type Receiver struct {
	key  *ecdh.PublicKey
	auth []byte
}

// NewReceiver checks an app's keys. The error is ErrKeys.
func NewReceiver(p256dh, auth []byte) (Receiver, error) {
	key, err := ecdh.P256().NewPublicKey(p256dh)
	if err != nil {
		return Receiver{}, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	if len(auth) != authBytes {
		return Receiver{}, fmt.Errorf("%w: a secret of %d bytes", ErrKeys, len(auth))
	}
	return Receiver{key, auth}, nil
}

// Message is an encrypted body with the headers that it needs.
type Message struct {
	Body   []byte
	Header map[string]string
}

// once is what a message is encrypted with, and never another.
type once struct {
	key  *ecdh.PrivateKey
	salt []byte
}

func newOnce() (o once, err error) {
	o.salt = make([]byte, saltBytes)
	rand.Read(o.salt)
	o.key, err = ecdh.P256().GenerateKey(rand.Reader)
	return o, err
}

// Seal encrypts as RFC 8291 has it (aes128gcm).
func (r Receiver) Seal(plain []byte) (*Message, error) {
	o, err := newOnce()
	if err != nil {
		return nil, err
	}
	return r.seal(plain, o)
}

// SealDraft encrypts as draft-ietf-webpush-encryption-04 has it (aesgcm), which apps
// ask for that do not set "standard".
func (r Receiver) SealDraft(plain []byte) (*Message, error) {
	o, err := newOnce()
	if err != nil {
		return nil, err
	}
	return r.sealDraft(plain, o)
}

func (r Receiver) seal(plain []byte, o once) (*Message, error) {
	if len(plain) > MaxBody {
		return nil, ErrTooLong
	}
	secret, err := o.key.ECDH(r.key)
	if err != nil {
		return nil, err
	}
	ours := o.key.PublicKey().Bytes()
	// RFC 8291 3.4
	ikm, err := derive(secret, r.auth, "WebPush: info\x00"+string(r.key.Bytes())+string(ours), 32)
	if err != nil {
		return nil, err
	}
	// RFC 8188 2.1: one record, whose last byte but padding is 2.
	body := make([]byte, 0, saltBytes+4+1+pointBytes+len(plain)+1+tagBytes)
	body = append(body, o.salt...)
	body = binary.BigEndian.AppendUint32(body, recordSize)
	body = append(append(body, pointBytes), ours...)
	body, err = encrypt(body, ikm, o.salt, "Content-Encoding: aes128gcm\x00", "Content-Encoding: nonce\x00", append(plain[:len(plain):len(plain)], 2))
	return &Message{Body: body, Header: map[string]string{"Content-Encoding": "aes128gcm"}}, err
}

func (r Receiver) sealDraft(plain []byte, o once) (*Message, error) {
	if len(plain) > MaxBody {
		return nil, ErrTooLong
	}
	secret, err := o.key.ECDH(r.key)
	if err != nil {
		return nil, err
	}
	ours := o.key.PublicKey().Bytes()
	// draft-ietf-webpush-encryption-04 3.3
	ikm, err := derive(secret, r.auth, "Content-Encoding: auth\x00", 32)
	if err != nil {
		return nil, err
	}
	length := string(binary.BigEndian.AppendUint16(nil, pointBytes))
	context := "P-256\x00" + length + string(r.key.Bytes()) + length + string(ours)
	// draft-ietf-httpbis-encryption-encoding-03 2: two bytes of the padding's length, of which there is none.
	body, err := encrypt(nil, ikm, o.salt, "Content-Encoding: aesgcm\x00"+context, "Content-Encoding: nonce\x00"+context, append([]byte{0, 0}, plain...))
	return &Message{Body: body, Header: map[string]string{
		"Content-Encoding": "aesgcm",
		"Encryption":       "salt=" + encode(o.salt),
		"Crypto-Key":       "dh=" + encode(ours),
	}}, err
}

func derive(secret, salt []byte, info string, length int) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, salt, info, length)
}

// encrypt appends a record to what stands before it.
func encrypt(to, ikm, salt []byte, keyInfo, nonceInfo string, record []byte) ([]byte, error) {
	key, err := derive(ikm, salt, keyInfo, 16)
	if err != nil {
		return nil, err
	}
	nonce, err := derive(ikm, salt, nonceInfo, 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return gcm.Seal(to, nonce, record, nil), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Decode reads base64 as apps write it: of either alphabet, with padding or without.
func Decode(text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(strings.TrimSpace(text), "="))
	return base64.RawURLEncoding.DecodeString(text)
}
