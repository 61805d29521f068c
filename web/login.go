package web

import (
	"errors"
	"net/http"
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
	AskCode           bool
	Wait              int
}

// login answers /login, inside Protect. Where it leads is only ever a path of
// this server.
func (w *Web) login(rw http.ResponseWriter, r *http.Request) {
	next := auth.Next(r)
	if strings.HasPrefix(next, "/oauth/authorize?") {
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
		w.showLogin(rw, r, http.StatusOK, d)
		return
	}
	d.Name = r.PostFormValue("name")
	err := w.guard.LogIn(rw, r, d.Name, r.PostFormValue("password"))
	if err == nil {
		reply.Redirect(rw, r, next)
		return
	}
	switch reply.CodeOf(err) {
	case reply.RateLimited:
		var told *reply.Error
		if errors.As(err, &told) {
			d.Wait = seconds(told.RetryAfter)
			rw.Header().Set("Retry-After", formatInt(d.Wait))
		}
		d.Error = "Too many wrong passwords."
	case reply.Unauthorized, reply.Forbidden:
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
	w.show(rw, r, status, "login", d)
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
	reply.Redirect(rw, r, "/")
}
