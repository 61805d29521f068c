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
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/archive"
	"dassie/federation/remote"
	"dassie/web/auth"
	"dassie/web/dashboard"
	"dassie/web/mastodon"
	"dassie/web/public"
	"dassie/web/reply"
)

// Config is what the front door stands on. Only Service is needed.
type Config struct {
	Service   *federation.Service
	Remote    *remote.Client // asks visitors' servers where a follow is finished; nil: the helper shows the handle only
	Trusted   []netip.Prefix // proxies whose forwarding headers are believed
	Guard     *auth.Guard    // nil: one with the service's clock
	Templates *assets.Set    // nil: those of the program
	Log       *slog.Logger   // nil: slog.Default

	Dashboard http.Handler // everything under /me; nil: package dashboard
	API       http.Handler // everything under /api; nil: package mastodon
}

// Web is the front door of a server with an account.
type Web struct {
	door
	svc      *federation.Service
	guard    *auth.Guard
	trusted  []netip.Prefix
	site     *public.Site
	archives *archive.Keeper
	imports  *archive.Taker
	board    *dashboard.Dashboard // nil if Config brought another
	handler  http.Handler
	open     http.Handler // answer, for what apps in browsers may read

	manifest []byte // of the owner's pages as an app
}

// New opens the front door. Close it when another takes its place.
func New(c Config) (*Web, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Templates == nil {
		var err error
		if c.Templates, err = assets.Templates(nil); err != nil {
			return nil, fmt.Errorf("open the front door: %w", err)
		}
	}
	origin := c.Service.Origin()
	w := &Web{svc: c.Service, guard: c.Guard, trusted: c.Trusted, door: door{store: c.Service.Store(), templates: c.Templates, log: c.Log, host: origin.Host}}
	if w.guard == nil {
		w.guard = auth.New(w.store, origin, c.Trusted, auth.Options{Now: w.svc.Now, Log: c.Log, Fail: w.Fail})
	}
	src := archive.Source{Service: w.svc, Store: w.store, Media: w.svc.Media(), Now: w.svc.Now, Program: "dassie " + w.svc.Version()}
	w.archives = archive.NewKeeper(src, filepath.Join(w.store.Dir(), "archives"), c.Log)
	w.site = public.New(public.Config{
		Service: w.svc, Remote: c.Remote, Templates: c.Templates, Log: c.Log, Archives: w.archives,
		ClientAddr: func(r *http.Request) string { return auth.ThrottleKey(r, c.Trusted) },
	})
	w.imports = archive.NewTaker(src, filepath.Join(w.store.Dir(), "imports"), c.Log)
	if c.Dashboard == nil {
		w.board = dashboard.New(dashboard.Config{Service: w.svc, Archives: w.archives, Imports: w.imports, Guard: w.guard, Templates: c.Templates, Log: c.Log, Ended: w.ended})
		c.Dashboard = w.board.Handler()
	}
	if c.API == nil {
		c.API = mastodon.New(mastodon.Config{Service: w.svc, Guard: w.guard, Templates: c.Templates, Log: c.Log}).Handler()
	}
	var err error
	if w.manifest, err = makeManifest(origin.Host); err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	if w.routes, err = newTable(w.siteRoutes(c.Dashboard, c.API)); err != nil {
		return nil, err
	}
	w.open = reply.CORS(http.HandlerFunc(w.answer))
	w.handler = w.logged(w.recover(reply.Secure(!origin.Loopback(), w.checkHost(http.HandlerFunc(w.serve)))))
	return w, nil
}

// Work does what pages asked for and takes long, until ctx ends.
func (w *Web) Work(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.archives.Run(ctx) })
	group.Go(func() error { return w.imports.Run(ctx) })
	return group.Wait()
}

// Close ends what the front door listens to.
func (w *Web) Close() {
	w.site.Close()
	if w.board != nil {
		w.board.Close()
	}
	if err := w.svc.RequestLog().Close(); err != nil {
		w.log.Error("close the log of requests", "err", err)
	}
}

// ServeHTTP answers every request to this server.
func (w *Web) ServeHTTP(rw http.ResponseWriter, r *http.Request) { w.handler.ServeHTTP(rw, r) }

// Handler is the Web itself.
func (w *Web) Handler() http.Handler { return w }
