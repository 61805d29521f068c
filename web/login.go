package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

type loginPage struct {
	assets.Plain
	Me                assets.Person
	Name, Error, Next string
	AskCode, KeyGiven bool
	Passkey           string // host that there are passkeys for; "" for none
	Wait              int
	Kept              []auth.Field // a text that was sent without a session
	Text              string       // of it
}

// login answers /login, inside Protect. Where it leads is only ever a path of
// this server. While a second factor is on, it takes two steps: name and password,
// then the code.
func (w *Web) login(rw http.ResponseWriter, r *http.Request) {
	next := auth.Next(r)
	if strings.HasPrefix(next, authorizePath+"?") {
		reply.LeadsOut(rw.Header())
	}
	if _, in := w.guard.Session(r); in && isRead(r) {
		reply.Redirect(rw, r, next)
		return
	}
	d := loginPage{Plain: w.plain("Log in", w.guard.CSRF(r))}
	if next != "/me" {
		d.Next = next
	}
	if isRead(r) {
		d.AskCode = !r.URL.Query().Has("again") && w.guard.CodeAsked(r)
		d.KeyGiven = !d.AskCode && w.guard.PasskeyGiven(r)
		w.showLogin(rw, r, http.StatusOK, d)
		return
	}
	d.Name = r.PostFormValue("name")
	d.keep(auth.KeptIn(r.PostForm))
	d.AskCode = r.PostForm.Has("code") && !r.PostForm.Has("name")
	d.KeyGiven = !d.AskCode && w.guard.PasskeyGiven(r)
	err := w.logIn(rw, r, d)
	switch {
	case err == nil && len(d.Kept) > 0 && w.board != nil:
		w.keepText(rw, r, d)
	case err == nil:
		reply.Redirect(rw, r, next)
	case errors.Is(err, auth.ErrCodeNeeded) && len(d.Kept) > 0: // a redirect would lose it
		d.AskCode = true
		w.showLogin(rw, r, http.StatusOK, d)
	case errors.Is(err, auth.ErrPasswordNeeded) && len(d.Kept) > 0:
		d.KeyGiven = true
		w.showLogin(rw, r, http.StatusOK, d)
	case errors.Is(err, auth.ErrCodeNeeded), errors.Is(err, auth.ErrPasswordNeeded):
		reply.Redirect(rw, r, codePath(d.Next))
	default:
		w.loginFailed(rw, r, d, err)
	}
}

func (w *Web) logIn(rw http.ResponseWriter, r *http.Request, d loginPage) error {
	if answer := r.PostFormValue("passkey"); answer != "" {
		return w.guard.LogInPasskey(rw, r, answer)
	}
	if d.AskCode {
		return w.guard.LogInCode(rw, r, r.PostFormValue("code"))
	}
	return w.guard.LogIn(rw, r, d.Name, r.PostFormValue("password"))
}

// codePath is the page of the second step; what is too long is not carried along.
func codePath(next string) string {
	target := "/login?next=" + url.QueryEscape(next)
	if next == "" || reply.Local(target) != target {
		return "/login"
	}
	return target
}

// loginFailed shows the form again, with what was wrong.
func (w *Web) loginFailed(rw http.ResponseWriter, r *http.Request, d loginPage, err error) {
	switch reply.CodeOf(err) {
	case reply.RateLimited:
		var told *reply.Error
		if errors.As(err, &told) {
			d.Wait = seconds(told.RetryAfter)
			rw.Header().Set("Retry-After", formatInt(d.Wait))
		}
		d.Error = "Too many wrong passwords."
		switch {
		case r.PostFormValue("passkey") != "":
			d.Error = "Too many passkeys were refused."
		case d.AskCode:
			d.Error = "Too many wrong codes."
		}
	case reply.Forbidden:
		d.AskCode = false
		fallthrough
	case reply.Unauthorized:
		d.Error = reply.Message(err)
	default:
		w.Fail(rw, r, err)
		return
	}
	w.showLogin(rw, r, reply.Status(err), d)
}

// seconds is a wait in whole seconds, rounded up.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func (w *Web) showLogin(rw http.ResponseWriter, r *http.Request, status int, d loginPage) {
	me, err := store.Get(r.Context(), w.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(store.OwnerID) })
	if err != nil {
		w.Fail(rw, r, err)
		return
	}
	d.Me = assets.Person{Name: me.Name, Handle: "@" + me.Handle(), URL: w.site.ProfilePath()}
	if me.Avatar != "" {
		d.Me.Avatar = "/media/" + me.Avatar
	}
	if !d.AskCode && !d.KeyGiven && w.guard.Passkeys(r.Context()) > 0 {
		d.Passkey = w.guard.PasskeyHost()
	}
	w.showAs(rw, r, status, "login", d, reply.Headers{Script: d.Passkey != ""})
}

// logout answers /logout, inside Protect. A GET changes nothing and leads to
// the page that has the button.
func (w *Web) logout(rw http.ResponseWriter, r *http.Request) {
	if isRead(r) {
		target := "/"
		if _, in := w.guard.Session(r); in {
			target = "/me/more"
		}
		reply.Redirect(rw, r, target)
		return
	}
	if err := w.guard.LogOut(rw, r); err != nil {
		w.Fail(rw, r, err)
		return
	}
	// What this browser kept for the owner goes with the log-in: texts, posts to read
	// without a connection, the worker and its push address.
	rw.Header().Set("Clear-Site-Data", `"storage"`)
	reply.Redirect(rw, r, "/")
}

// keep makes the text of a form that came without a session part of the page.
func (d *loginPage) keep(list []auth.Field) {
	d.Kept, d.Text = list, auth.Restored(list).Get("text")
}

// ended answers the form of a post that came without a session: the log-in, which
// carries the text along.
func (w *Web) ended(rw http.ResponseWriter, r *http.Request) {
	d := loginPage{Next: "/me/write"}
	if d.keep(w.guard.Kept(rw, r)); strings.TrimSpace(d.Text) == "" || strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Fail(rw, r, reply.Errorf(reply.Unauthorized, "Your session has ended. Log in again, then go back and send this once more."))
		return
	}
	d.Plain = w.plain("Log in", w.guard.FormToken(rw, r))
	w.showLogin(rw, r, http.StatusUnauthorized, d)
}

// keepText saves that text for whoever has just logged in, and leads to it.
func (w *Web) keepText(rw http.ResponseWriter, r *http.Request, d loginPage) {
	target, err := w.board.Keep(r, auth.Restored(d.Kept))
	if err != nil { // the browser has the text still, one step back
		w.Fail(rw, r, err)
		return
	}
	reply.Redirect(rw, r, target)
}
