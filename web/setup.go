package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

// setup is the wizard that makes the account: code, address, way in, done. What
// was answered so far lives in memory; only one browser has passed the gate.
type setup struct {
	w *Web

	mu      sync.Mutex
	answers store.NewAccount // name, domain and host once the address is chosen
	done    bool
}

func newSetup(w *Web) *setup { return &setup{w: w} }

// serveSetup answers every request while there is no account.
func (w *Web) serveSetup(rw http.ResponseWriter, r *http.Request) {
	w.dispatch(rw, r, func(rw http.ResponseWriter, r *http.Request) {
		if isRead(r) && w.c.Gate.Allowed(r) {
			reply.Redirect(rw, r, "/setup")
			return
		}
		w.Fail(rw, r, &reply.Error{Code: reply.Unavailable, Message: "This server is not set up yet.", RetryAfter: time.Minute})
	})
}

// serve answers /setup, inside the gate's Protect.
func (s *setup) serve(rw http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch step := r.PostFormValue("step"); {
	case s.done:
		s.w.Fail(rw, r, store.ErrNotFound)
	case isRead(r) && !s.w.c.Gate.Passed(r), step == "code":
		s.code(rw, r)
	case !s.w.c.Gate.Passed(r):
		s.w.Fail(rw, r, reply.Errorf(reply.Forbidden, "Give the one-time code first."))
	case isRead(r) && (s.answers.Name == "" || r.URL.Query().Get("step") == "address"):
		s.showAddress(rw, r, http.StatusOK, addressPage{Name: s.answers.Name, Domain: s.answers.Domain})
	case step == "address":
		s.address(rw, r)
	case s.answers.Name == "":
		reply.Redirect(rw, r, "/setup")
	case step == "account":
		s.account(rw, r)
	default:
		s.showAccount(rw, r, http.StatusOK, newAccountForm(s.answers))
	}
}

type codePage struct {
	assets.Plain
	Error string
	Left  int
}

func (s *setup) code(rw http.ResponseWriter, r *http.Request) {
	d, status := codePage{Plain: s.plain(r)}, http.StatusOK
	if !isRead(r) {
		err := s.w.c.Gate.Check(rw, r, r.PostFormValue("code"))
		if err == nil {
			reply.Redirect(rw, r, "/setup")
			return
		}
		d.Error, status = reply.Message(err), reply.Status(err)
		var told *reply.Error
		if errors.As(err, &told) && told.RetryAfter > 0 {
			rw.Header().Set("Retry-After", formatInt(seconds(told.RetryAfter)))
		}
	}
	s.w.show(rw, r, status, "setup_code", d)
}

func (s *setup) plain(r *http.Request) assets.Plain { return s.w.plain("Set-up", s.w.c.Gate.CSRF(r)) }

// account makes the account from the last form, and tells the caller.
func (s *setup) account(rw http.ResponseWriter, r *http.Request) {
	form := readAccountForm(r, s.answers)
	if !form.check() {
		s.showAccount(rw, r, http.StatusUnprocessableEntity, form)
		return
	}
	// A browser that leaves now must not leave half an account.
	ctx := context.WithoutCancel(r.Context())
	n := form.newAccount(s.answers)
	var err error
	if n.PasswordHash, err = auth.HashPassword(ctx, form.password); err != nil {
		s.w.Fail(rw, r, err)
		return
	}
	id, err := s.w.c.Store.CreateAccount(ctx, n)
	if err != nil {
		s.w.Fail(rw, r, err)
		return
	}
	s.done = true
	s.w.c.Gate.Done()
	if err := s.w.c.Store.Write(ctx, func(tx *store.Tx) error { return form.finish(tx) }); err != nil {
		s.w.log.Error("write the name of the new account; set it in the profile", "err", err)
	}
	if err := s.w.c.OnAccount(ctx, n); err != nil {
		s.w.Fail(rw, r, err)
		return
	}
	s.w.log.Info("account made", "handle", id.Origin().Handle(id.Name))
	s.finished(rw, r, id, form.password)
}

type donePage struct {
	assets.Plain
	Handle, LoginURL string
	Here             bool
}

// finished is the last page. A browser that is on the new address is logged in.
func (s *setup) finished(rw http.ResponseWriter, r *http.Request, id store.Identity, password string) {
	o := id.Origin()
	d := donePage{Plain: s.plain(r), Handle: "@" + o.Handle(id.Name), LoginURL: o.URL("/login")}
	if strings.EqualFold(hostOnly(r.Host, o.Scheme), o.Host) {
		guard := auth.New(s.w.c.Store, o, s.w.c.Trusted, auth.Options{Log: s.w.log})
		if err := guard.LogIn(rw, r, id.Name, password); err != nil {
			s.w.log.Debug("not logged in after set-up", "err", err) // the page then leads to the log-in
		} else {
			d.Here, d.LoginURL = true, "/me"
		}
	}
	s.w.show(rw, r, http.StatusOK, "setup_done", d)
}
