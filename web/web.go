// Package web is the front door: one table of all addresses (routes.go), the
// check of the Host, time limits, log-in and set-up pages, static files and
// stored pictures. What stands behind the other doors is public, dashboard,
// mastodon and federation's own handlers.
//
// It never decides who may see a post, never parses an activity, and writes no
// tables itself but for the first settings of an account made by the set-up
// page.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/store/media"
	"dassie/web/auth"
	"dassie/web/public"
	"dassie/web/reply"
)

// Config is what the front door stands on. Store and Templates are always
// needed; with Service also Media and Guard, without it Gate and OnAccount.
type Config struct {
	Store     *store.Store
	Media     *media.Store
	Service   *federation.Service // nil until there is an account: then only set-up is served
	Guard     *auth.Guard
	Templates *assets.Set
	Trusted   []netip.Prefix // proxies whose forwarding headers are believed
	Log       *slog.Logger   // nil: slog.Default
	Version   string

	Dashboard http.Handler // everything under /me; nil: 404
	API       http.Handler // everything under /api; nil: 404

	// Subscribe asks a visitor's server where a follow is finished; see public.Config.
	Subscribe func(ctx context.Context, user, host string) (string, error)

	Gate *auth.SetupGate // knows the one-time code
	// OnAccount is called once the set-up page has made the account in the store:
	// the caller builds the Service and shows the handler that has it.
	OnAccount func(context.Context, store.NewAccount) error
	// Resolve finds the addresses of a domain for the set-up page; nil asks the
	// system.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Web is the front door of one server.
type Web struct {
	c      Config
	log    *slog.Logger
	site   *public.Site
	setup  *setup
	routes table
}

// New opens the front door. Close it when another takes its place.
func New(c Config) (*Web, error) {
	if c.Store == nil || c.Templates == nil {
		return nil, errors.New("open the front door: store or templates are missing")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	w := &Web{c: c, log: c.Log}
	list := []route{}
	if c.Service == nil {
		if c.Gate == nil || c.OnAccount == nil {
			return nil, errors.New("open the front door: without an account the set-up gate is needed")
		}
		w.setup = newSetup(w)
		list = w.setupRoutes()
	} else {
		if c.Guard == nil || c.Media == nil {
			return nil, errors.New("open the front door: guard or media are missing")
		}
		w.site = public.New(public.Config{Service: c.Service, Templates: c.Templates, Log: c.Log, Subscribe: c.Subscribe})
		list = w.siteRoutes()
	}
	var err error
	w.routes, err = newTable(list)
	return w, err
}

// Close ends what the front door listens to.
func (w *Web) Close() {
	if w.site != nil {
		w.site.Close()
	}
}

// Handler answers every request to this server.
func (w *Web) Handler() http.Handler {
	https := false
	next := http.Handler(http.HandlerFunc(w.serveSetup))
	if w.site != nil {
		https = !w.c.Service.Origin().Loopback()
		next = w.checkHost(http.HandlerFunc(w.serveSite))
	}
	return w.recover(reply.Secure(https, next))
}

// Fail answers err with the error page; give it to auth.Options.Fail.
func (w *Web) Fail(rw http.ResponseWriter, r *http.Request, err error) {
	if w.site != nil {
		w.site.Fail(rw, r, err)
		return
	}
	public.ErrorPage(rw, r, err, "", w.c.Templates, w.log)
}

// FailPage is Fail before there is a Web: a Guard or SetupGate is made first.
// host is "" before the server has a name.
func FailPage(templates *assets.Set, host string, log *slog.Logger) func(http.ResponseWriter, *http.Request, error) {
	return func(w http.ResponseWriter, r *http.Request, err error) {
		public.ErrorPage(w, r, err, host, templates, log)
	}
}

// tracked knows whether an answer was begun.
type tracked struct {
	http.ResponseWriter
	begun bool
}

func (t *tracked) WriteHeader(status int) {
	t.begun = t.begun || status >= 200
	t.ResponseWriter.WriteHeader(status)
}

func (t *tracked) Write(b []byte) (int, error) {
	t.begun = true
	return t.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (t *tracked) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// recover turns a panic into one line of the log and an error page; one that
// comes after the answer was begun ends the connection.
func (w *Web) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		t := &tracked{ResponseWriter: rw}
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if fault == http.ErrAbortHandler {
				panic(fault)
			}
			w.log.Error("handler panicked", "method", r.Method, "path", r.URL.Path, "panic", fault, "at", panicSite())
			if t.begun {
				panic(http.ErrAbortHandler)
			}
			w.Fail(t, r, &reply.Error{Code: reply.Unavailable, Message: "Something went wrong on this server."})
		}()
		next.ServeHTTP(t, r)
	})
}

// hostOnly is a Host header without a default port, in lower case as it came
// otherwise.
func hostOnly(host, scheme string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return host
	}
	if scheme == "https" && (port == "443" || port == "80") || scheme == "http" && port == "80" {
		return name
	}
	return host
}
