package federation

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"dassie/store"
)

// offPath is the page that ends mail of some kinds, without a log-in (RFC 8058).
const offPath = "/mail/off/"

// offAddress ends mail of some kinds. Whoever has the mail has the address, and nobody
// can make one for another kind.
func (s *Service) offAddress(m store.Mail, kinds []string) string {
	text := strings.Join(kinds, ",")
	return s.origin.URL(offPath + encode([]byte(text)) + "." + encode(signOff(m.Key, text)))
}

func signOff(key []byte, text string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("mail off\x00" + text))
	return mac.Sum(nil)[:18]
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// readOff is what a token ends. ErrNotFound for one that this server did not make, or
// made for another address.
func readOff(m store.Mail, token string) ([]string, error) {
	left, right, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(left)
	if err != nil || len(m.Key) == 0 {
		return nil, store.ErrNotFound
	}
	if sign, err := base64.RawURLEncoding.DecodeString(right); err != nil || !hmac.Equal(sign, signOff(m.Key, string(text))) {
		return nil, store.ErrNotFound
	}
	return strings.Split(string(text), ","), nil
}

// MailOff is what the token of a mail ends, in words, and whether all of it has ended.
// Errors: store.ErrNotFound.
func (s *Service) MailOff(ctx context.Context, token string) (kinds string, off bool, err error) {
	err = s.store.Read(ctx, func(tx *store.Tx) error {
		m, err := tx.Mail()
		if err != nil {
			return err
		}
		list, err := readOff(m, token)
		off = true
		for _, kind := range list {
			off = off && m.WhenOf(kind) == store.MailOff
		}
		kinds = listed(kindsInWords(list))
		return err
	})
	return kinds, off, err
}

// EndMail switches off what the token of a mail is for. Errors: store.ErrNotFound.
func (s *Service) EndMail(ctx context.Context, token string) error {
	return s.store.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Mail()
		if err != nil {
			return err
		}
		list, err := readOff(m, token)
		if err != nil {
			return err
		}
		if m.When == nil {
			m.When = map[string]store.MailWhen{}
		}
		for _, kind := range list {
			m.When[kind] = store.MailOff
		}
		return tx.SaveMail(m)
	})
}
