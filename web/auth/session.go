package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const (
	sessionAge  = 365 * 24 * time.Hour // unused for so long, a session is over
	touchEvery  = time.Hour
	maxAgentLen = 200 // bytes of User-Agent that are kept
)

// visit is what is known of a request's sender, looked up once and carried in
// its context.
type visit struct {
	session *store.Session // nil for a stranger
	token   string         // for the forms of this answer; empty outside Protect
}

type visitKey struct{}

func withVisit(r *http.Request, v visit) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
}

// Session is the session of a request, if it has one that still stands. An
// error of the store is logged and counts as none.
func (g *Guard) Session(r *http.Request) (*store.Session, bool) {
	v, err := g.visit(r)
	if err != nil {
		g.log.Error("read a session", "err", err)
		return nil, false
	}
	return v.session, v.session != nil
}

// visit looks the request's cookie up, unless a handler further out did.
func (g *Guard) visit(r *http.Request) (visit, error) {
	if v, ok := r.Context().Value(visitKey{}).(visit); ok {
		return v, nil
	}
	c, err := r.Cookie(g.origin.CookieName())
	if err != nil || !looksSecret(c.Value) {
		return visit{}, nil
	}
	s, err := store.Get(r.Context(), g.st, func(tx *store.Tx) (store.Session, error) { return tx.Session(hashSecret(c.Value)) })
	if errors.Is(err, store.ErrNotFound) {
		return visit{}, nil
	}
	if err != nil {
		return visit{}, fmt.Errorf("read session: %w", err)
	}
	if g.now().Sub(s.UsedAt) > sessionAge {
		return visit{}, nil
	}
	return visit{session: &s}, nil
}

// Stands says whether a session is still one: what stays open asks again and
// again, because a session can end in another window or by a command (T51).
func (g *Guard) Stands(ctx context.Context, s *store.Session) (bool, error) {
	now, err := store.Get(ctx, g.st, func(tx *store.Tx) (store.Session, error) { return tx.Session(s.Hash) })
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read session: %w", err)
	}
	return g.now().Sub(now.UsedAt) <= sessionAge, nil
}

// Owner lets only the owner through. A stranger who asks for a page is sent to
// the log-in and comes back after it; anybody else gets 401. Put it around
// Protect, so that nothing of a stranger's body is read.
func (g *Guard) Owner(next http.Handler) http.Handler { return g.OwnerOr(next, nil) }

// OwnerOr is Owner for a form whose text must not be lost: sent without a session, it
// goes to ended, which nobody vouches for. Kept reads what is worth keeping of it.
func (g *Guard) OwnerOr(next http.Handler, ended http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := g.visit(r)
		switch {
		case err != nil:
			g.fail(w, r, err)
		case v.session != nil:
			g.touch(w, r, v.session)
			next.ServeHTTP(w, withVisit(r, v))
		case wantsPage(r):
			reply.Redirect(w, r, loginTarget(r))
		case ended != nil && r.Method == http.MethodPost:
			ended(w, r)
		default:
			g.fail(w, r, reply.Errorf(reply.Unauthorized, "Your session has ended. Log in again, then go back and send this once more."))
		}
	})
}

// touch notes by the hour that a session is in use, and gives its cookie
// another year.
func (g *Guard) touch(w http.ResponseWriter, r *http.Request, s *store.Session) {
	if g.now().Sub(s.UsedAt) < touchEvery {
		return
	}
	if err := g.st.Write(r.Context(), func(tx *store.Tx) error { return tx.TouchSession(s.Hash) }); err != nil {
		// The page can be read all the same; the next request tries again.
		g.log.Warn("note that a session is in use", "err", err)
		return
	}
	if c, err := r.Cookie(g.origin.CookieName()); err == nil {
		http.SetCookie(w, g.cookie(c.Value, sessionAge))
	}
}

func wantsPage(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}

// loginTarget is the log-in page that leads back to what was asked for, unless
// that is too long to be carried along.
func loginTarget(r *http.Request) string {
	back := reply.Local(r.URL.RequestURI())
	target := "/login?next=" + url.QueryEscape(back)
	if back == "/" || reply.Local(target) != target {
		return "/login"
	}
	return target
}

// Next is where a log-in leads: the field next if it is a path of this server,
// else Home.
func Next(r *http.Request) string {
	if next := reply.Local(r.FormValue("next")); next != "/" {
		return next
	}
	return "/me"
}

// cookie is the session cookie; a negative age removes it.
func (g *Guard) cookie(value string, age time.Duration) *http.Cookie {
	return newCookie(g.origin.CookieName(), value, age, !g.origin.Loopback())
}

func newCookie(name, value string, age time.Duration, secure bool) *http.Cookie {
	c := &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: int(age / time.Second),
		Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	if age < 0 {
		c.MaxAge = -1
	}
	return c
}
