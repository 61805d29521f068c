package auth

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// freshAge is how long a password or a code counts for what is dangerous.
const freshAge = 10 * time.Minute

// Fresh says whether whoever sits at this browser gave the password or a code in
// the last minutes. Ask it before anything that a stranger at an open browser must
// not do.
func (g *Guard) Fresh(r *http.Request) bool {
	s, in := g.Session(r)
	return in && g.now().Sub(s.CheckedAt) < freshAge
}

// AskedAgain is Fresh for what a log-in is not enough for: only a password or a code
// counts that was given in the last minutes after it.
func (g *Guard) AskedAgain(r *http.Request) bool {
	s, in := g.Session(r)
	return in && s.CheckedAt.After(s.CreatedAt) && g.now().Sub(s.CheckedAt) < freshAge
}

// CheckPath is the page that asks for the password or a code and leads back.
func CheckPath(back string) string {
	return "/me/security/check?next=" + url.QueryEscape(reply.Local(back))
}

// Check takes the password, or a code of the second factor, from the owner who is
// logged in, and makes the session fresh. Errors: Unauthorized, RateLimited.
func (g *Guard) Check(r *http.Request, password, code string) error {
	session, err := g.owner(r)
	if err != nil {
		return err
	}
	note := func(tx *store.Tx) error { return tx.CheckSession(session.Hash) }
	if code != "" {
		return g.withCode(r.Context(), g.ClientAddr(r), true, EventCheckFailed, code, factorOn, note)
	}
	if _, err := g.rightPassword(r, password); err != nil {
		return err
	}
	if err := g.st.Write(r.Context(), note); err != nil {
		return fmt.Errorf("note that the password was given: %w", err)
	}
	return nil
}

// rightPassword checks the password of the owner who is logged in, as slowly as a
// log-in, and returns what is known of them.
func (g *Guard) rightPassword(r *http.Request, password string) (knownOwner, error) {
	ctx, addr := r.Context(), g.ClientAddr(r)
	from := throttled(addr, g.trusted)
	who, err := g.account(ctx, from)
	if err != nil {
		return who, err
	}
	if wait := g.throttle.begin(from, true); wait > 0 {
		return who, tooMany("passwords", wait)
	}
	ok, err := verify(ctx, who.PasswordHash, password)
	if err != nil {
		g.throttle.undone(from)
		return who, err
	}
	if !ok {
		if err := g.logFailure(ctx, &g.failures, EventFailed, "wrong passwords", addr); err != nil {
			return who, err
		}
		return who, reply.Errorf(reply.Unauthorized, "The password is wrong.")
	}
	g.throttle.passed(from)
	return who, nil
}

// owner is the session of a request that Owner let through.
func (g *Guard) owner(r *http.Request) (*store.Session, error) {
	v, err := g.visit(r)
	if err != nil {
		return nil, err
	}
	if v.session == nil {
		return nil, reply.Errorf(reply.Unauthorized, "Log in first.")
	}
	return v.session, nil
}

// CheckBoth takes the password and, while a second factor is on, a code too, for
// what can never be undone, and returns the session that gave them. Errors:
// Unauthorized, RateLimited.
func (g *Guard) CheckBoth(r *http.Request, password, code string) (*store.Session, error) {
	session, err := g.owner(r)
	if err != nil {
		return nil, err
	}
	who, err := g.rightPassword(r, password)
	if err != nil {
		return nil, err
	}
	if !who.factor.On() {
		return session, nil
	}
	return session, g.withCode(r.Context(), g.ClientAddr(r), true, EventCheckFailed, code, factorOn, func(*store.Tx) error { return nil })
}

// Watches says whether a request has the cookie whose hash is viewer: the browser
// from which the account was deleted, when there are no sessions any more.
func (g *Guard) Watches(r *http.Request, viewer []byte) bool {
	c, err := r.Cookie(g.origin.CookieName())
	return err == nil && looksSecret(c.Value) && subtle.ConstantTimeCompare(hashSecret(c.Value), viewer) == 1
}
