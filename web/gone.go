package web

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

// leavingPath is the one page that is left while an account is being deleted, and
// after it.
const leavingPath = "/me/leaving"

// closed answers for an account that is being deleted: everything is gone but the
// page that shows how far it is, what that needs, and the actor of the server
// itself, whose key others may want for what it fetched (DECISIONS 25). False if
// the request goes on.
func (w *Web) closed(rw http.ResponseWriter, r *http.Request) bool {
	if w.svc.Ending() == nil {
		return false
	}
	switch path := r.URL.Path; {
	case path == "/instance", path == "/healthz", strings.HasPrefix(path, "/static/"):
		return false
	case path == leavingPath, path == leavingPath+"/archive", path == leavingPath+"/report":
		if _, watches := w.guard.Session(r); watches {
			return false
		}
	}
	reply.LimitTime(rw, requestTime)
	w.door.gone(rw, r)
	return true
}

// gone is the answer for everything of an account that is deleted. Apps in browsers
// may read it where they may read anything.
func (d *door) gone(rw http.ResponseWriter, r *http.Request) {
	err := &reply.Error{Code: reply.Gone, Message: "This account was deleted.", Err: store.ErrFarewell}
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/api/"), strings.HasPrefix(path, "/oauth/") && !strings.HasPrefix(path, authorizePath):
		reply.CORS(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { reply.FailJSON(rw, r, err, d.log) })).ServeHTTP(rw, r)
	case isDiscovery(path):
		reply.CORS(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { reply.FailText(rw, r, err, d.log) })).ServeHTTP(rw, r)
	case isRead(r) && !federation.WantsActivity(r) && strings.Contains(r.Header.Get("Accept"), "text/html"):
		d.Fail(rw, r, err)
	default:
		reply.FailText(rw, r, err, d.log)
	}
}

// Gone is the server of an account that was deleted and wiped: it answers 410 for
// everything, for ever, so that its handle is nobody else's by mistake.
type Gone struct {
	door
	guard   *auth.Guard
	report  federation.EndReport
	id      store.Identity
	handler http.Handler
	rest    atomic.Pointer[goneRest]
}

// goneRest is what else there is of the account.
type goneRest struct {
	state string   // one of these, "" once nothing is left
	left  []string // names in the data directory that dassie did not put there
}

// What else there was of the account, as the page says it.
const (
	restGoes  = "goes"  // is being removed
	restStays = "stays" // cannot be removed for the time being
)

// NewGone makes it from the small database that is left.
func NewGone(st *store.Store, id store.Identity, d store.Farewell, trusted []netip.Prefix, log *slog.Logger) (*Gone, error) {
	pages, err := assets.Templates(nil)
	if err != nil {
		return nil, fmt.Errorf("open the front door: %w", err)
	}
	origin := id.Origin()
	g := &Gone{door: door{store: st, templates: pages, log: log, host: origin.Host}, report: federation.NewEndReport(id, d, d.Report), id: id}
	g.guard = auth.New(st, origin, trusted, auth.Options{Log: log, Fail: g.Fail})
	g.handler = g.recover(reply.Secure(!origin.Loopback(), http.HandlerFunc(g.serve)))
	g.rest.Store(&goneRest{state: restGoes})
	return g, nil
}

// Rest notes whether pictures, archives and backups are removed, what prevents it, and
// what lies beside them that is not dassie's.
func (g *Gone) Rest(removed bool, err error, left ...string) {
	rest := goneRest{state: restGoes, left: left}
	switch {
	case removed:
		rest.state = ""
	case err != nil:
		rest.state = restStays
	}
	g.rest.Store(&rest)
}

// reportNow is the report with what is left on the disk by now.
func (g *Gone) reportNow() federation.EndReport {
	r, rest := g.report, g.rest.Load()
	r.Remains, r.Left = rest.state != "", rest.left
	return r
}

// ServeHTTP answers every request to a server whose account is gone.
func (g *Gone) ServeHTTP(rw http.ResponseWriter, r *http.Request) { g.handler.ServeHTTP(rw, r) }

func (g *Gone) serve(rw http.ResponseWriter, r *http.Request) {
	reply.LimitTime(rw, requestTime)
	switch path := r.URL.Path; {
	case path == "/healthz":
		reply.Text(rw, r, http.StatusOK, "ok")
	case strings.HasPrefix(path, "/static/"):
		static(rw, r, nil)
	case path == leavingPath && !isRead(r) && g.guard.Watches(r, g.report.Viewer): // a second click came too late
		reply.Redirect(rw, r, leavingPath)
	case path == leavingPath && g.guard.Watches(r, g.report.Viewer):
		g.showLeaving(rw, r)
	case path == leavingPath+"/report" && g.guard.Watches(r, g.report.Viewer):
		reply.Download(rw, r, bytes.NewReader(g.reportNow().Text()), reportName(g.id), time.Time{})
	default:
		g.gone(rw, r)
	}
}
