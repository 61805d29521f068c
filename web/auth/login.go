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
	EventLogIn    = "log-in"
	EventFailed   = "log-in failed"
	EventLogOut   = "log-out"
	EventPassword = "password changed"
	EventToken    = "token made"
	EventRevoked  = "app revoked"
)

const (
	maxFailureLines  = 10 // lines about wrong passwords at once
	failureLineEvery = 15 * time.Minute
)

// errPasswordChanged ends a log-in that another process overtook.
var errPasswordChanged = errors.New("the password was changed meanwhile")

// LogIn checks name and password and starts a session under a new id; one that
// the browser had before ends. Errors: Unauthorized (the same for a wrong name
// and a wrong password), RateLimited with the time to wait, Forbidden on a
// connection that is not encrypted, store.ErrNoAccount.
func (g *Guard) LogIn(w http.ResponseWriter, r *http.Request, name, password string) error {
	if !g.encrypted(r) {
		return reply.Errorf(reply.Forbidden, "This connection is not encrypted, so no password is taken. Log in at %s. "+
			"A proxy in between must send X-Forwarded-Proto and be named in -trusted-proxies.", g.origin.URL("/login"))
	}
	ctx, addr := r.Context(), g.ClientAddr(r)
	from := throttled(addr, g.trusted)
	id, known, err := g.account(ctx, from)
	if err != nil {
		return err
	}
	if wait := g.throttle.begin(from, known); wait > 0 {
		return tooMany("passwords", wait)
	}
	ok, err := verify(ctx, id.PasswordHash, password)
	if err != nil {
		g.throttle.undone(from)
		return err
	}
	// The password is hashed first whatever the name is: both cost the same.
	if named := sameName(id, name); !ok || !named {
		return g.wrongPassword(ctx, addr)
	}
	g.throttle.passed(from)
	fresh := ""
	if needsRehash(id.PasswordHash) {
		if fresh, err = HashPassword(ctx, password); err != nil {
			g.log.Warn("bring the password's hash up to date", "err", err)
			fresh = ""
		}
	}
	err = g.start(w, r, addr, id.PasswordHash, fresh)
	if errors.Is(err, errPasswordChanged) {
		return g.wrongPassword(ctx, addr)
	}
	return err
}

// account reads the identity, and whether a session from this block stands.
func (g *Guard) account(ctx context.Context, from netip.Prefix) (id store.Identity, known bool, err error) {
	err = g.st.Read(ctx, func(tx *store.Tx) error {
		if id, err = tx.Identity(); err != nil {
			return err
		}
		sessions, err := tx.Sessions()
		if err != nil {
			return err
		}
		for _, s := range sessions {
			addr, err := netip.ParseAddr(s.Address)
			known = known || err == nil && from.IsValid() && block(addr) == from
		}
		return nil
	})
	if err != nil {
		return id, false, fmt.Errorf("read the account: %w", err)
	}
	return id, known, nil
}

// start opens a session, provided that the password is still the one that was
// checked: a change of password ends all sessions, those just begun included.
func (g *Guard) start(w http.ResponseWriter, r *http.Request, addr netip.Addr, checked, fresh string) error {
	value, now := newSecret(), g.now()
	s := store.Session{
		Hash: hashSecret(value), CSRF: newSecret(), CreatedAt: now, UsedAt: now, Agent: agent(r),
	}
	old, _ := r.Cookie(g.origin.CookieName())
	err := g.st.Write(r.Context(), func(tx *store.Tx) error {
		id, err := tx.Identity()
		if err != nil {
			return err
		}
		if id.PasswordHash != checked {
			return errPasswordChanged
		}
		if fresh != "" {
			if err := tx.SetPassword(fresh); err != nil {
				return err
			}
		}
		if old != nil {
			if err := tx.DropSession(hashSecret(old.Value)); err != nil {
				return err
			}
		}
		s := s
		if s.Address, err = keptAddress(tx, addr); err != nil {
			return err
		}
		if err := tx.AddSession(s); err != nil {
			return err
		}
		return tx.LogSecurity(EventLogIn, s.Agent, s.Address)
	})
	if err != nil {
		return fmt.Errorf("start a session: %w", err)
	}
	http.SetCookie(w, g.cookie(value, sessionAge))
	http.SetCookie(w, g.formCookie().expired())
	return nil
}

// wrongPassword writes the security log, within bounds, and is the answer.
func (g *Guard) wrongPassword(ctx context.Context, addr netip.Addr) error {
	if n := g.failures.count(g.now()); n > 0 {
		detail := ""
		if n > 1 {
			detail = fmt.Sprintf("%d wrong passwords since the last line", n)
		}
		err := g.st.Write(ctx, func(tx *store.Tx) error {
			address, err := keptAddress(tx, addr)
			if err != nil {
				return err
			}
			return tx.LogSecurity(EventFailed, detail, address)
		})
		if err != nil {
			return fmt.Errorf("write the security log: %w", err)
		}
	}
	return reply.Errorf(reply.Unauthorized, "The name or the password is wrong.")
}

// count notes one wrong password. Its result is how many a line may speak of
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
		address, err := keptAddress(tx, addr)
		if err != nil {
			return err
		}
		return tx.LogSecurity(EventLogOut, v.session.Agent, address)
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
