package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// halfwayAge is how long the password is good for while a code is looked for.
const halfwayAge = 10 * time.Minute

// WithCode is how the log goes on, after the browser, about a log-in with a code.
const WithCode = ", with a"

// halfway is the cookie of a browser that gave the right password and no code yet.
// It is sealed with the hash of that password and with the secret of the codes, so
// that it ends with either and nothing has to be remembered.
func (g *Guard) halfway(who knownOwner, now time.Time) *http.Cookie {
	nonce := newSecret() + "." + strconv.FormatInt(now.Add(halfwayAge).Unix(), 10)
	return newCookie(g.halfwayName(), nonce+"."+seal(who, nonce), halfwayAge, !g.origin.Loopback())
}

func (g *Guard) halfwayName() string { return g.origin.CodeCookieName() }

func seal(who knownOwner, text string) string {
	m := hmac.New(sha256.New, []byte(who.PasswordHash+"\x00"+who.factor.Secret))
	m.Write([]byte("password given\x00" + text))
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

// isHalfway says whether the request has that cookie, and it is good.
func (g *Guard) isHalfway(r *http.Request, who knownOwner) bool {
	c, err := r.Cookie(g.halfwayName())
	if err != nil || !who.factor.On() {
		return false
	}
	cut := strings.LastIndexByte(c.Value, '.')
	if cut < 0 || !hmac.Equal([]byte(c.Value[cut+1:]), []byte(seal(who, c.Value[:cut]))) {
		return false
	}
	_, until, _ := strings.Cut(c.Value[:cut], ".")
	end, err := strconv.ParseInt(until, 10, 64)
	return err == nil && g.now().Unix() < end
}

// CodeAsked says whether the log-in page should ask for the code: this browser gave
// the password already. An error of the store is logged and counts as no.
func (g *Guard) CodeAsked(r *http.Request) bool {
	if _, err := r.Cookie(g.halfwayName()); err != nil {
		return false
	}
	who, err := g.account(r.Context(), throttled(g.ClientAddr(r), g.trusted))
	if err != nil {
		g.log.Error("read the account", "err", err)
		return false
	}
	return g.isHalfway(r, who)
}

// LogInCode is the second step of a log-in. Errors: Unauthorized for a wrong code
// or one used before, RateLimited, and Forbidden if the password was not given
// within the last minutes.
func (g *Guard) LogInCode(w http.ResponseWriter, r *http.Request, code string) error {
	who, err := g.account(r.Context(), throttled(g.ClientAddr(r), g.trusted))
	if err != nil {
		return err
	}
	if !g.isHalfway(r, who) {
		return reply.Errorf(reply.Forbidden, "Your name and password were given too long ago. Start again.")
	}
	return g.enter(w, r, who, code)
}

// enter opens a session for the right code, after the right password.
func (g *Guard) enter(w http.ResponseWriter, r *http.Request, who knownOwner, code string) error {
	addr := g.ClientAddr(r)
	from := throttled(addr, g.trusted)
	with := WithCode + " code"
	if isRecovery(code) {
		with = WithCode + " recovery code"
	}
	value, s := g.newSession(r)
	known := who.known || g.throttle.knows(from)
	err := g.withCode(r.Context(), addr, known, EventCodeFailed, code, factorOn, func(tx *store.Tx) error {
		return g.open(tx, r, who, s, addr, with)
	})
	if errors.Is(err, errPasswordChanged) {
		return reply.Errorf(reply.Forbidden, "The password was changed meanwhile. Start again.")
	}
	if err != nil {
		return err
	}
	g.throttle.passed(from)
	g.welcome(w, value)
	g.endHalves(w)
	return nil
}
