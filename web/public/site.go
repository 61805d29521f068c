// Package public serves the pages for visitors: profile, posts, tags, archive,
// search, feeds, about, privacy policy, the follow helper, and the files that
// robots and other programs ask for.
//
// It owns what a stranger may see of the owner's posts: public ones everywhere,
// unlisted ones by their address, and nothing else. What is private, and what
// never was, get the same answer. Pages are kept as rendered bytes (cache.go)
// until something on them changes. It never sets a cookie, never sends a
// script, and never decides who is logged in.
//
// Tables written: none.
package public

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/archive"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/web/reply"
)

// Config is what the pages stand on. Service and Templates are needed.
type Config struct {
	Service   *federation.Service
	Templates *assets.Set
	Log       *slog.Logger // nil: slog.Default

	// Remote asks the visitor's server where a follow is finished; without it the
	// follow helper only shows the handle to copy.
	Remote *remote.Client

	Archives   *archive.Keeper            // packs what is kept about somebody
	ClientAddr func(*http.Request) string // the address that a request counts against, "" for none; nil: none at all
}

// Site is the public site of one account. It is safe for use by many
// goroutines.
type Site struct {
	svc       *federation.Service
	templates *assets.Set
	log       *slog.Logger
	remote    *remote.Client
	asks      *rate.Limiter // of other servers, by visitors
	searches  *rate.Limiter // by visitors
	maps      *rate.Limiter // of the site, for robots
	cache     *pageCache

	archives   *archive.Keeper
	clientAddr func(*http.Request) string
	kept       *keptGate
	counts     *keptCounts
}

// New makes the site. It listens to the service's events; Close ends that.
func New(c Config) *Site {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Site{
		svc: c.Service, templates: c.Templates, log: c.Log, remote: c.Remote, cache: newPageCache(c.Service),
		archives: c.Archives, clientAddr: c.ClientAddr, kept: newKeptGate(), counts: newKeptCounts(),
		asks: rate.NewLimiter(asksPerSecond, asksAtOnce), searches: rate.NewLimiter(searchesPerSecond, searchesAtOnce), maps: rate.NewLimiter(mapsPerSecond, mapsAtOnce),
	}
}

// Close stops listening. The site still answers afterwards.
func (s *Site) Close() { s.cache.close() }

// IsOwner says whether a name in an address is the owner's, in any case.
func (s *Site) IsOwner(name string) bool { return strings.EqualFold(name, s.svc.Identity().Name) }

// ProfilePath is the page of the owner.
func (s *Site) ProfilePath() string { return "/@" + s.svc.Identity().Name }

// PostPath is the page of an own post, whether there is one or not.
func (s *Site) PostPath(id int64) string { return s.ProfilePath() + "/" + formatID(id) }

// renderFunc makes one page out of what a visitor may see.
type renderFunc func(*view) (*page, error)

// serve answers with the page kept under key, or renders and keeps it.
func (s *Site) serve(w http.ResponseWriter, r *http.Request, key string, render renderFunc) {
	p, err := s.cached(r.Context(), key, render)
	if err != nil {
		s.Fail(w, r, err)
		return
	}
	s.Robotic(w.Header())
	reply.Cached(w, r, p.body, p.contentType, reply.Cache{ETag: p.etag, Vary: p.vary, Gzip: p.gzip, Open: p.open})
}

// cached is the page kept under key; one that is not there is rendered and kept.
func (s *Site) cached(ctx context.Context, key string, render renderFunc) (*page, error) {
	return s.cache.get(ctx, key, func(ctx context.Context) (*page, error) {
		return store.Get(ctx, s.svc.Store(), func(tx *store.Tx) (*page, error) {
			v, err := s.newView(tx)
			if err != nil {
				return nil, err
			}
			return render(v)
		})
	})
}

// Robotic asks robots for what the owner wants of them, in an answer of any type.
func (s *Site) Robotic(h http.Header) {
	set := s.svc.Settings()
	var words []string
	if !set.SearchEngines {
		words = append(words, "noindex")
	}
	if !set.AICrawlers {
		words = append(words, "noai", "noimageai")
	}
	if len(words) > 0 {
		h.Set("X-Robots-Tag", strings.Join(words, ", "))
	}
}

// html renders a template into a page.
func (v *view) html(name string, data any) (*page, error) {
	var b bytes.Buffer
	if err := v.site.templates.Execute(&b, name, data); err != nil {
		return nil, err
	}
	return &page{body: b.Bytes(), contentType: reply.TypeHTML, vary: "Accept"}, nil
}

// errorPage is what error.html reads.
type errorPage struct {
	assets.Plain
	Status                        int
	Message, Code, Home, HomeText string
}

// Fail answers with the error page. Whatever was not found gets one and the
// same answer, byte by byte.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	ErrorPage(w, r, err, s.svc.Origin().Host, s.templates, s.log)
}

// ErrorPage answers err with the error page of a server; host is "" before it
// has a name.
func ErrorPage(w http.ResponseWriter, r *http.Request, err error, host string, templates *assets.Set, log *slog.Logger) {
	w.Header().Set("Vary", "Accept")
	reply.Fail(w, r, missing(err), log, func(status int, message, code string) []byte {
		var b bytes.Buffer
		data := errorPage{Plain: assets.Plain{Title: message, Host: host, Lang: "en"}, Status: status, Message: message, Code: code, Home: "/"}
		if errors.Is(err, store.ErrFarewell) {
			data.Home = "" // the front page is gone too
		}
		if fault := templates.Execute(&b, "error", data); fault != nil {
			log.Error("render the error page", "err", fault)
			return []byte(message) // plain words are HTML too
		}
		return b.Bytes()
	})
}

// missing turns what the store did not find into an answer.
func missing(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &reply.Error{Code: reply.NotFound}
	}
	return err
}

// zoned is a time in the owner's zone.
func zoned(t time.Time, set store.Settings) time.Time {
	loc, err := time.LoadLocation(set.Timezone)
	if err != nil {
		loc = time.UTC // a zone that this system does not know
	}
	return t.In(loc)
}
