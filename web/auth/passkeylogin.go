package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"dassie/store"
	"dassie/web/auth/webauthn"
	"dassie/web/reply"
)

// ErrPasswordNeeded is the answer of LogInPasskey to the right passkey on a device
// that did not make sure of who holds it: LogIn is the next step.
var ErrPasswordNeeded = &reply.Error{Code: reply.Unauthorized, Message: "The password is needed too."}

// Request is what a browser needs to ask for a passkey
// (PublicKeyCredentialRequestOptionsJSON, WebAuthn 5.1.10). It names none: the device
// knows which are for this server.
type Request struct {
	Challenge    string `json:"challenge"`
	Party        string `json:"rpId"`
	Timeout      int64  `json:"timeout"`
	Verification string `json:"userVerification"`
}

// AskPasskey draws a challenge for a browser that wants to log in or, logged in, is
// asked again who it is. Errors: NotFound if there is no passkey that could answer,
// RateLimited, Forbidden.
func (g *Guard) AskPasskey(r *http.Request) (Request, error) {
	p, ok := g.party()
	if !ok || g.Passkeys(r.Context()) == 0 {
		return Request{}, reply.Errorf(reply.NotFound, "There is no passkey for this server.")
	}
	why := forLogIn
	if _, in := g.Session(r); in {
		why = forCheck
	} else if from := throttled(g.ClientAddr(r), g.trusted); from.IsValid() {
		if _, err := g.drawn.take(from); err != nil {
			return Request{}, err
		}
	}
	browser, err := g.browserOf(r)
	if err != nil {
		return Request{}, err
	}
	raw := g.challenges.draw(why, browser, "")
	return Request{webauthn.Encode(raw), p.ID, challengeAge.Milliseconds(), "preferred"}, nil
}

// browserOf is what a browser proves to be by its cookie: the session, or what its
// forms are protected by before there is one.
func (g *Guard) browserOf(r *http.Request) (string, error) {
	v, err := g.visit(r)
	if err != nil {
		return "", err
	}
	if v.session != nil {
		return sessionBrowser(v.session), nil
	}
	c, err := r.Cookie(g.formCookie().name)
	if err != nil || !looksSecret(c.Value) {
		return "", reply.Errorf(reply.Forbidden, "This browser takes no cookies. Reload the page and try again.")
	}
	return "form " + string(hashSecret(c.Value)), nil
}

func sessionBrowser(s *store.Session) string { return "session " + string(s.Hash) }

// given is a passkey whose signature was right.
type given struct {
	store.Passkey
	webauthn.Assertion
}

// LogInPasskey starts a session for a passkey's answer to AskPasskey. If the device
// made sure of who holds it, that is both factors (its key, and finger, face or PIN);
// if not, it is one, and the browser is marked as having given it. Errors:
// ErrPasswordNeeded, Unauthorized, RateLimited, Forbidden on a connection that is not
// encrypted.
func (g *Guard) LogInPasskey(w http.ResponseWriter, r *http.Request, answer string) error {
	if !g.encrypted(r) {
		return reply.Errorf(reply.Forbidden, "This connection is not encrypted. Log in at %s.", g.origin.URL("/login"))
	}
	ctx, addr := r.Context(), g.ClientAddr(r)
	from := throttled(addr, g.trusted)
	who, err := g.account(ctx, from)
	if err != nil {
		return err
	}
	if wait := g.throttle.begin(from, who.known); wait > 0 {
		return tooMany("passkeys", wait)
	}
	value, s := g.newSession(r)
	k, err := g.passkey(r, answer, forLogIn, func(tx *store.Tx, k given) error {
		if !k.Verified {
			return nil
		}
		return g.open(tx, r, who, s, addr, WithCode+" passkey ("+k.Name+")")
	})
	switch {
	case errors.Is(err, errPasswordChanged):
		g.throttle.undone(from)
		return reply.Errorf(reply.Forbidden, "The password was changed meanwhile. Start again.")
	case err != nil:
		g.spare(from, err)
		return err
	case !k.Verified:
		g.throttle.undone(from) // as with the password alone
		http.SetCookie(w, g.keyCookie(who, k.Passkey, g.now()))
		return ErrPasswordNeeded
	}
	g.throttle.passed(from)
	g.welcome(w, value)
	g.endHalves(w)
	return nil
}

// spare takes a try back that was nobody's guess: it came late, or the store failed.
func (g *Guard) spare(from netip.Prefix, err error) {
	if errors.Is(err, errLate) || reply.CodeOf(err) == reply.Internal {
		g.throttle.undone(from)
	}
}

// CheckPasskey is Check with a passkey, from a device that made sure of who holds it.
// Errors: Unauthorized, RateLimited.
func (g *Guard) CheckPasskey(r *http.Request, answer string) error {
	session, err := g.owner(r)
	if err != nil {
		return err
	}
	addr := g.ClientAddr(r)
	from := throttled(addr, g.trusted)
	if wait := g.throttle.begin(from, true); wait > 0 {
		return tooMany("passkeys", wait)
	}
	k, err := g.passkey(r, answer, forCheck, func(tx *store.Tx, k given) error {
		if !k.Verified {
			return nil
		}
		if err := tx.CheckSession(session.Hash); err != nil {
			return err
		}
		return logEvent(tx, EventPasskeyUsed, k.Name+In+session.Agent, addr)
	})
	if err != nil {
		g.spare(from, err)
		return err
	}
	if !k.Verified {
		g.throttle.undone(from)
		return reply.Errorf(reply.Unauthorized, "That device did not make sure that it is you. Give your password.")
	}
	g.throttle.passed(from)
	return nil
}

// passkey checks an answer and does what it allows, in the transaction that notes its
// count. A wrong one is logged. Errors: errLate, or Unauthorized.
func (g *Guard) passkey(r *http.Request, answer string, why purpose, do func(*store.Tx, given) error) (k given, err error) {
	ctx, addr := r.Context(), g.ClientAddr(r)
	k, err = g.signed(r, answer, why)
	switch {
	case errors.Is(err, errLate), reply.CodeOf(err) == reply.Forbidden:
		return k, err
	case errors.Is(err, store.ErrNotFound):
		return k, g.refuse(ctx, addr, "That passkey is not one of this server, or was removed. Use your password.", err)
	case errors.Is(err, errUnreadable):
		return k, g.refuse(ctx, addr, "That passkey was not accepted. Use your password.", err)
	case err != nil:
		return k, fmt.Errorf("check a passkey: %w", err)
	}
	copied := false
	err = g.st.Write(ctx, func(tx *store.Tx) error {
		copied = false
		if _, err := tx.Passkey(k.ID); err != nil {
			return err // it was removed since
		}
		ok, err := tx.UsePasskey(k.ID, k.Assertion.Counter)
		if err != nil {
			return err
		}
		if ok {
			return do(tx, k)
		}
		copied = true
		if err := tx.DoubtPasskey(k.ID); err != nil {
			return err
		}
		return logEvent(tx, EventPasskeyCopied, k.Name+In+agent(r), addr)
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return k, g.refuse(ctx, addr, "That passkey is not one of this server, or was removed. Use your password.", err)
	case err != nil:
		return k, fmt.Errorf("use a passkey: %w", err)
	case copied: // WebAuthn 6.1.1: two devices may have the same key
		return k, reply.Errorf(reply.Unauthorized, "This passkey has counted backwards, as if there were a copy of it. Use your password, then look at Security.")
	}
	return k, nil
}

// errUnreadable wraps what is wrong with an answer.
var errUnreadable = errors.New("not a right answer")

// signed is the passkey that signed an answer. Errors: errLate, errUnreadable,
// store.ErrNotFound for one that is not known, or of the store.
func (g *Guard) signed(r *http.Request, answer string, why purpose) (k given, err error) {
	p, ok := g.party()
	if !ok {
		return k, store.ErrNotFound
	}
	a, err := webauthn.Read(answer)
	if err != nil {
		return k, errors.Join(errUnreadable, err)
	}
	browser, err := g.browserOf(r)
	if err != nil {
		return k, err
	}
	if _, err := g.challenges.take(a.Challenge, why, browser); err != nil {
		return k, err
	}
	var user string
	err = g.st.Read(r.Context(), func(tx *store.Tx) (err error) {
		if user, err = tx.PasskeyUser(); err != nil {
			return err
		}
		k.Passkey, err = tx.PasskeyOf(p.ID, a.ID)
		return err
	})
	if err != nil {
		return k, err
	}
	if webauthn.Encode(a.User) != user { // 7.2, step 6: none was named, so the device must
		return k, errors.Join(errUnreadable, errors.New("it is somebody else's"))
	}
	k.Assertion, err = p.Assert(a, a.Challenge, k.Key)
	if err == nil && k.Assertion.Synced != k.Passkey.Synced { // 7.2, step 19
		err = errors.New("it was of another kind when it was made")
	}
	if err != nil {
		return k, errors.Join(errUnreadable, err)
	}
	return k, nil
}

// refuse writes the security log, within bounds, and is the answer.
func (g *Guard) refuse(ctx context.Context, addr netip.Addr, words string, cause error) error {
	if err := g.logFailure(ctx, &g.wrongKeys, EventPasskeyFailed, "passkeys that were refused", addr); err != nil {
		return err
	}
	return &reply.Error{Code: reply.Unauthorized, Message: words, Err: cause}
}
