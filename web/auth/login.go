package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// Kinds of lines in the security log that this package writes.
const (
	EventLogIn         = "log-in"
	EventFailed        = "log-in failed"
	EventCodeFailed    = "wrong code"        // after the right password
	EventCheckFailed   = "wrong code inside" // in a browser that is logged in
	EventLogOut        = "log-out"
	EventEnded         = "sessions ended"
	EventPassword      = "password changed"
	EventFactorOn      = "second factor on"
	EventFactorOff     = "second factor off"
	EventRecoveryCodes = "new recovery codes"
	EventToken         = "token made"
	EventRevoked       = "app revoked"

	EventPasskeyAdded   = "passkey added"
	EventPasskeyRemoved = "passkey removed"
	EventPasskeyUsed    = "passkey used"
	EventPasskeyFailed  = "passkey refused"
	EventPasskeyCopied  = "passkey counted backwards"
)

const (
	maxFailureLines  = 10 // lines about wrong passwords at once
	failureLineEvery = 15 * time.Minute
)

// ErrCodeNeeded is the answer of LogIn to the right password while a second factor
// is on: LogInCode is the next step.
var ErrCodeNeeded = &reply.Error{Code: reply.Unauthorized, Message: "A code from your app is needed too."}

// errPasswordChanged ends a log-in that another process overtook.
var errPasswordChanged = errors.New("the password was changed meanwhile")

// LogIn checks name and password and starts a session under a new id; one that
// the browser had before ends. While a second factor is on, the browser is marked
// as having given the password instead, unless the form has the code as well.
// Errors: ErrCodeNeeded, Unauthorized (the same for a wrong name and a wrong
// password), RateLimited with the time to wait, Forbidden on a connection that is
// not encrypted, store.ErrNoAccount.
func (g *Guard) LogIn(w http.ResponseWriter, r *http.Request, name, password string) error {
	if !g.encrypted(r) {
		return reply.Errorf(reply.Forbidden, "This connection is not encrypted, so no password is taken. Log in at %s. "+
			"A proxy in between must send X-Forwarded-Proto and be named in -trusted-proxies.", g.origin.URL("/login"))
	}
	ctx, addr := r.Context(), g.ClientAddr(r)
	from := throttled(addr, g.trusted)
	who, err := g.account(ctx, from)
	if err != nil {
		return err
	}
	if wait := g.throttle.begin(from, who.known); wait > 0 {
		return tooMany("passwords", wait)
	}
	ok, err := verify(ctx, who.PasswordHash, password)
	if err != nil {
		g.throttle.undone(from)
		return err
	}
	// The password is hashed first whatever the name is: both cost the same.
	if named := sameName(who.Identity, name); !ok || !named {
		return g.wrongPassword(ctx, addr)
	}
	if who.factor.On() {
		if k, given := g.keyGiven(r, who); given {
			return g.enterWithKey(w, r, who, k)
		}
		// The address is not known by the password alone: whoever has only that
		// must not guess codes as if at home.
		g.throttle.undone(from)
		if code := r.PostFormValue("code"); code != "" {
			return g.enter(w, r, who, code)
		}
		http.SetCookie(w, g.halfway(who, g.now()))
		return ErrCodeNeeded
	}
	g.throttle.passed(from)
	if needsRehash(who.PasswordHash) {
		if who.fresh, err = HashPassword(ctx, password); err != nil {
			g.log.Warn("bring the password's hash up to date", "err", err)
			who.fresh = ""
		}
	}
	err = g.start(w, r, addr, who)
	if errors.Is(err, errPasswordChanged) {
		return g.wrongPassword(ctx, addr)
	}
	return err
}

// knownOwner is the owner as a log-in finds them.
type knownOwner struct {
	store.Identity
	factor store.SecondFactor
	known  bool   // a session from the same block stands
	fresh  string // a hash of the password with today's costs; "" to leave it
}

// account reads the owner, and whether a session from this block stands.
func (g *Guard) account(ctx context.Context, from netip.Prefix) (who knownOwner, err error) {
	err = g.st.Read(ctx, func(tx *store.Tx) error {
		if who.Identity, err = tx.Identity(); err != nil {
			return err
		}
		if who.factor, err = tx.SecondFactor(); err != nil {
			return err
		}
		sessions, err := tx.Sessions()
		if err != nil {
			return err
		}
		for _, s := range sessions {
			addr, err := netip.ParseAddr(s.Address)
			who.known = who.known || err == nil && from.IsValid() && block(addr) == from
		}
		return nil
	})
	if err != nil {
		return who, fmt.Errorf("read the account: %w", err)
	}
	return who, nil
}

// start opens a session, provided that the password is still the one that was
// checked, and that no second factor was switched on since: a change of either
// ends all sessions, those just begun included.
func (g *Guard) start(w http.ResponseWriter, r *http.Request, addr netip.Addr, who knownOwner) error {
	value, s := g.newSession(r)
	err := g.st.Write(r.Context(), func(tx *store.Tx) error {
		f, err := tx.SecondFactor()
		if err == nil && f.On() {
			err = errPasswordChanged
		}
		if err != nil {
			return err
		}
		return g.open(tx, r, who, s, addr, "")
	})
	if err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	g.welcome(w, value)
	return nil
}

// newSession draws a session and the value of its cookie.
func (g *Guard) newSession(r *http.Request) (value string, s store.Session) {
	value, now := newSecret(), g.now()
	return value, store.Session{
		Hash: hashSecret(value), CSRF: newSecret(), CreatedAt: now, UsedAt: now, CheckedAt: now, Agent: agent(r),
	}
}

// open stores a session in the place of the one that the browser had. with says in
// the log how it was opened.
func (g *Guard) open(tx *store.Tx, r *http.Request, who knownOwner, s store.Session, addr netip.Addr, with string) error {
	id, err := tx.Identity()
	if err != nil {
		return err
	}
	if id.PasswordHash != who.PasswordHash {
		return errPasswordChanged
	}
	if who.fresh != "" {
		if err := tx.SetPassword(who.fresh); err != nil {
			return err
		}
	}
	if old, err := r.Cookie(g.origin.CookieName()); err == nil {
		if err := tx.DropSession(hashSecret(old.Value)); err != nil {
			return err
		}
	}
	if s.Address, err = keptAddress(tx, addr); err != nil {
		return err
	}
	if err := tx.AddSession(s); err != nil {
		return err
	}
	return tx.LogSecurity(EventLogIn, s.Agent+with, s.Address)
}

// welcome gives the browser the cookie of its new session.
func (g *Guard) welcome(w http.ResponseWriter, value string) {
	http.SetCookie(w, g.cookie(value, sessionAge))
	http.SetCookie(w, g.formCookie().expired())
}

// wrongPassword writes the security log, within bounds, and is the answer.
func (g *Guard) wrongPassword(ctx context.Context, addr netip.Addr) error {
	if err := g.logFailure(ctx, &g.failures, EventFailed, "wrong passwords", addr); err != nil {
		return err
	}
	return reply.Errorf(reply.Unauthorized, "The name or the password is wrong.")
}

// logFailure writes a line about a failure, and those since the last line.
func (g *Guard) logFailure(ctx context.Context, f *failureLog, kind, many string, addr netip.Addr) error {
	n := f.count(g.now())
	if n == 0 {
		return nil
	}
	detail := ""
	if n > 1 {
		detail = fmt.Sprintf("%d %s since the last line", n, many)
	}
	if err := g.st.Write(ctx, func(tx *store.Tx) error { return logEvent(tx, kind, detail, addr) }); err != nil {
		return fmt.Errorf("write the security log: %w", err)
	}
	return nil
}

// count notes one failure. Its result is how many a line may speak of
// now, or 0 if no line may be written yet.
func (f *failureLog) count(now time.Time) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unsaid++
	if gained := int(now.Sub(f.filled) / failureLineEvery); gained > 0 {
		f.lines = min(f.lines+gained, maxFailureLines)
		f.filled = now
	}
	if f.lines == 0 {
		return 0
	}
	f.lines--
	n := f.unsaid
	f.unsaid = 0
	return n
}

// LogOut ends the request's session. The cookie goes even if the store fails.
func (g *Guard) LogOut(w http.ResponseWriter, r *http.Request) error {
	http.SetCookie(w, g.cookie("", -1))
	v, err := g.visit(r)
	if err != nil || v.session == nil {
		return err
	}
	addr := g.ClientAddr(r)
	err = g.st.Write(r.Context(), func(tx *store.Tx) error {
		if err := tx.DropSession(v.session.Hash); err != nil {
			return err
		}
		return logEvent(tx, EventLogOut, v.session.Agent, addr)
	})
	if err != nil {
		return fmt.Errorf("end the session: %w", err)
	}
	return nil
}

// sameName accepts the name as people write it: any case, with @, with domain.
func sameName(id store.Identity, name string) bool {
	name = strings.ToLower(strings.TrimPrefix(strings.TrimSpace(name), "@"))
	name = strings.TrimSuffix(name, "@"+strings.ToLower(id.Domain))
	got, want := sha256.Sum256([]byte(name)), sha256.Sum256([]byte(id.Name))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func agent(r *http.Request) string {
	a := r.UserAgent()
	if len(a) > maxAgentLen {
		a = a[:maxAgentLen]
	}
	return strings.ToValidUTF8(a, "")
}
