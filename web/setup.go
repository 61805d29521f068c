package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

// SetupConfig is what set-up stands on. Store, Print and Done are needed.
type SetupConfig struct {
	Store     *store.Store
	Trusted   []netip.Prefix                                               // proxies whose forwarding headers are believed
	Templates *assets.Set                                                  // nil: those of the program
	Log       *slog.Logger                                                 // nil: slog.Default
	Now       func() time.Time                                             // nil: time.Now
	Print     func(code string)                                            // shows the one-time code, and each later one, in the terminal
	Done      func()                                                       // called once the account is in the store; must not wait for requests to end
	Resolve   func(ctx context.Context, host string) ([]netip.Addr, error) // finds a domain's addresses; nil asks the system
}

// Setup answers while there is no account: the wizard that makes it, in the
// steps code, address, way in, done. What was answered so far lives in memory;
// only one browser has passed the gate.
type Setup struct {
	door
	gate    *auth.SetupGate
	trusted []netip.Prefix
	tell    func()
	resolve func(context.Context, string) ([]netip.Addr, error)
	handler http.Handler

	mu      sync.Mutex
	answers store.NewAccount // name, domain and host once the address is chosen
	done    bool
}

// NewSetup draws a one-time code, has it printed, and answers for who knows it.
func NewSetup(c SetupConfig) *Setup {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Templates == nil {
		var err error
		if c.Templates, err = assets.Templates(nil); err != nil {
			panic(err) // the templates are part of the program
		}
	}
	s := &Setup{door: door{store: c.Store, templates: c.Templates, log: c.Log}, trusted: c.Trusted, tell: c.Done, resolve: c.Resolve}
	if s.resolve == nil {
		s.resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	s.gate = auth.NewSetupGate(c.Trusted, auth.Options{Now: c.Now, Log: c.Log, Fail: s.Fail}, c.Print)
	var err error
	if s.routes, err = newTable(s.setupRoutes()); err != nil {
		panic(err) // three fixed routes
	}
	s.handler = s.recover(reply.Secure(false, http.HandlerFunc(s.serve)))
	return s
}

// ServeHTTP answers every request while there is no account.
func (s *Setup) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Setup) serve(w http.ResponseWriter, r *http.Request) {
	s.dispatch(w, r, func(w http.ResponseWriter, r *http.Request) {
		if isRead(r) && s.gate.Allowed(r) {
			reply.Redirect(w, r, "/setup")
			return
		}
		s.Fail(w, r, &reply.Error{Code: reply.Unavailable, Message: "This server is not set up yet.", RetryAfter: time.Minute})
	})
}

// wizard answers /setup, inside the gate's Protect.
func (s *Setup) wizard(rw http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch step := r.PostFormValue("step"); {
	case s.done:
		s.Fail(rw, r, store.ErrNotFound)
	case isRead(r) && !s.gate.Passed(r), step == "code":
		s.code(rw, r)
	case !s.gate.Passed(r):
		s.Fail(rw, r, reply.Errorf(reply.Forbidden, "Give the one-time code first."))
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

func (s *Setup) code(rw http.ResponseWriter, r *http.Request) {
	d, status := codePage{Plain: s.frame(r)}, http.StatusOK
	if !isRead(r) {
		err := s.gate.Check(rw, r, r.PostFormValue("code"))
		if err == nil {
			reply.Redirect(rw, r, "/setup")
			return
		}
		d.Error, status = reply.Message(err), reply.Status(err)
		d.Left = s.gate.Left()
		var told *reply.Error
		if errors.As(err, &told) && told.RetryAfter > 0 {
			rw.Header().Set("Retry-After", formatInt(seconds(told.RetryAfter)))
		}
	}
	s.show(rw, r, status, "setup_code", d)
}

func (s *Setup) frame(r *http.Request) assets.Plain { return s.door.plain("Set-up", s.gate.CSRF(r)) }

// account makes the account from the last form, and tells the caller.
func (s *Setup) account(rw http.ResponseWriter, r *http.Request) {
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
		s.Fail(rw, r, err)
		return
	}
	id, err := s.store.CreateAccount(ctx, n)
	if err != nil {
		s.Fail(rw, r, err)
		return
	}
	s.done = true
	s.gate.Done()
	if err := s.store.Write(ctx, func(tx *store.Tx) error { return form.finish(tx) }); err != nil {
		s.log.Error("write the name of the new account; set it in the profile", "err", err)
	}
	s.log.Info("account made", "handle", id.Origin().Handle(id.Name))
	s.finished(rw, r, id, form.password)
	s.tell()
}

type donePage struct {
	assets.Plain
	Handle, LoginURL string
	Here             bool
}

// finished is the last page. A browser that is on the new address is logged in.
func (s *Setup) finished(rw http.ResponseWriter, r *http.Request, id store.Identity, password string) {
	o := id.Origin()
	d := donePage{Plain: s.frame(r), Handle: "@" + o.Handle(id.Name), LoginURL: o.URL("/login")}
	if strings.EqualFold(hostOnly(r.Host, o.Scheme), o.Host) {
		guard := auth.New(s.store, o, s.trusted, auth.Options{Log: s.log})
		if err := guard.LogIn(rw, r, id.Name, password); err != nil {
			s.log.Debug("not logged in after set-up", "err", err) // the page then leads to the log-in
		} else {
			d.Here, d.LoginURL = true, "/me"
		}
	}
	s.show(rw, r, http.StatusOK, "setup_done", d)
}
