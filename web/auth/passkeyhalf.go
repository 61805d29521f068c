package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// keyCookie marks a browser that gave a passkey and no password yet. As halfway, it is
// sealed with the password's hash, and with the passkey's key.
func (g *Guard) keyCookie(who knownOwner, k store.Passkey, now time.Time) *http.Cookie {
	text := strconv.FormatInt(k.ID, 10) + "." + newSecret() + "." + strconv.FormatInt(now.Add(halfwayAge).Unix(), 10)
	return newCookie(g.origin.KeyCookieName(), text+"."+sealKey(who, k, text), halfwayAge, !g.origin.Loopback())
}

func sealKey(who knownOwner, k store.Passkey, text string) string {
	m := hmac.New(sha256.New, []byte(who.PasswordHash+"\x00"+string(k.Key)))
	m.Write([]byte("passkey given\x00" + text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// keyGiven is the passkey whose cookie the request has, while it is good.
func (g *Guard) keyGiven(r *http.Request, who knownOwner) (store.Passkey, bool) {
	c, err := r.Cookie(g.origin.KeyCookieName())
	if err != nil {
		return store.Passkey{}, false
	}
	cut := strings.LastIndexByte(c.Value, '.')
	parts := strings.Split(c.Value[:max(cut, 0)], ".")
	if len(parts) != 3 {
		return store.Passkey{}, false
	}
	id, err := strconv.ParseInt(parts[0], 10, 64)
	end, err2 := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || err2 != nil || g.now().Unix() >= end {
		return store.Passkey{}, false
	}
	k, err := store.Get(r.Context(), g.st, func(tx *store.Tx) (store.Passkey, error) { return tx.Passkey(id) })
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		g.log.Error("read a passkey", "err", err)
	}
	if err != nil || k.Host != g.PasskeyHost() {
		return store.Passkey{}, false
	}
	return k, hmac.Equal([]byte(c.Value[cut+1:]), []byte(sealKey(who, k, c.Value[:cut])))
}

// PasskeyGiven says whether the log-in page should say that only the password is
// missing. An error of the store is logged and counts as no.
func (g *Guard) PasskeyGiven(r *http.Request) bool {
	if _, err := r.Cookie(g.origin.KeyCookieName()); err != nil {
		return false
	}
	who, err := g.account(r.Context(), throttled(g.ClientAddr(r), g.trusted))
	if err != nil {
		g.log.Error("read the account", "err", err)
		return false
	}
	_, ok := g.keyGiven(r, who)
	return ok
}

// enterWithKey opens a session for the right password, after a passkey: those are two
// factors, and no code is asked for.
func (g *Guard) enterWithKey(w http.ResponseWriter, r *http.Request, who knownOwner, k store.Passkey) error {
	addr := g.ClientAddr(r)
	value, s := g.newSession(r)
	err := g.st.Write(r.Context(), func(tx *store.Tx) error {
		if _, err := tx.Passkey(k.ID); err != nil {
			return err
		}
		return g.open(tx, r, who, s, addr, WithCode+" passkey ("+k.Name+") and the password")
	})
	if errors.Is(err, errPasswordChanged) || errors.Is(err, store.ErrNotFound) {
		return reply.Errorf(reply.Forbidden, "The password or the passkeys were changed meanwhile. Start again.")
	}
	if err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	g.throttle.passed(throttled(addr, g.trusted))
	g.welcome(w, value)
	g.endHalves(w)
	return nil
}

// endHalves removes the cookies of log-ins that were begun in two steps.
func (g *Guard) endHalves(w http.ResponseWriter) {
	for _, name := range []string{g.halfwayName(), g.origin.KeyCookieName()} {
		http.SetCookie(w, newCookie(name, "", -1, !g.origin.Loopback()))
	}
}
