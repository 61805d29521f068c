package mastodon

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/time/rate"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

// Config is what the API stands on. Log may be nil: slog.Default.
type Config struct {
	Service *federation.Service
	Guard   *auth.Guard
	// Templates have the words of the privacy policy; nil: those of the program.
	Templates *assets.Set
	Log       *slog.Logger
}

// API answers apps. It is safe for use by many goroutines.
type API struct {
	svc      *federation.Service
	st       *store.Store
	guard    *auth.Guard
	log      *slog.Logger
	counts   countsCache
	stream   streamHub
	claim    claim         // of Mastodon's versions
	searches *rate.Limiter // by strangers
	words    func() (*assets.Set, error)

	noAvatar, noHeader string // addresses of the default pictures
}

// New makes the API of one server.
func New(c Config) *API {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	words := sync.OnceValues(func() (*assets.Set, error) { return assets.Templates(nil) })
	if c.Templates != nil {
		words = func() (*assets.Set, error) { return c.Templates, nil }
	}
	o := c.Service.Origin()
	a := &API{
		claim: claimed(routes), words: words, searches: rate.NewLimiter(searchesPerSecond, searchesAtOnce),
		svc: c.Service, st: c.Service.Store(), guard: c.Guard, log: c.Log,
		noAvatar: o.URL(assets.StaticPath("avatar.png")), noHeader: o.URL(assets.StaticPath("header.png")),
	}
	a.stream.api = a
	return a
}

// Handler answers everything under /api. Any site may read the answers, errors
// included: a token is needed, and browsers send none by themselves.
func (a *API) Handler() http.Handler {
	rest := a.router()
	return reply.CORS(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, streaming); ok && (name == "" || name[0] == '/') {
			a.serveStream(w, r, strings.TrimSuffix(name, "/"))
			return
		}
		rest.ServeHTTP(w, r)
	}))
}

func (a *API) tagURL(name string) string {
	return a.svc.Origin().URL("/tags/" + url.PathEscape(store.TagName(name)))
}
