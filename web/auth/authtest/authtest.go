// Package authtest lets tests in without the password: to check one takes longer than
// most tests, as it should. It is imported by tests alone.
package authtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"dassie/store"
	"dassie/web/auth"
)

// LogIn opens a session of the owner as auth.Guard.LogIn does for who gave the right
// password in a browser of that name, and returns its cookie.
func LogIn(tb testing.TB, st *store.Store, origin store.Origin, now time.Time, browser string) *http.Cookie {
	tb.Helper()
	secret := func() string {
		b := make([]byte, 32)
		rand.Read(b)
		return base64.RawURLEncoding.EncodeToString(b)
	}
	value := secret()
	hash := sha256.Sum256([]byte(value))
	err := st.Write(context.Background(), func(tx *store.Tx) error {
		if err := tx.AddSession(store.Session{Hash: hash[:], CSRF: secret(), CreatedAt: now, UsedAt: now, CheckedAt: now, Agent: browser}); err != nil {
			return err
		}
		return tx.LogSecurity(auth.EventLogIn, browser, "")
	})
	if err != nil {
		tb.Fatal(err)
	}
	return &http.Cookie{Name: origin.CookieName(), Value: value, Path: "/"}
}
