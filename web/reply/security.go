package reply

import "net/http"

// The content security policies (no nonces, no inline style or script).
const (
	// Visitors' pages have no script: default-src 'none' covers script-src.
	csp = "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; " +
		"manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	// The owner's, and the log-in where there are passkeys, have our files, which ask
	// nobody but this server.
	andScript = "; script-src 'self'; connect-src 'self'; worker-src 'self'"
	// Browsers apply form-action to the redirect that follows a form, so pages
	// whose form ends at another host (consent, the log-in that leads to it,
	// the follow helper) go without it.
	cspOpenForms = "default-src 'none'; style-src 'self'; img-src 'self'; media-src 'self'; " +
		"manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'"
	// What is not a page needs nothing, and is shown in a sandbox if somebody
	// opens it as one.
	cspData = "default-src 'none'; frame-ancestors 'none'; sandbox"
	// A browser that opens a film or sound by itself makes a page of it that loads
	// it once more.
	cspFilm = "default-src 'none'; media-src 'self'; frame-ancestors 'none'; sandbox"
)

// Headers are the choices a page has. The zero value is the strict one: the
// owner's page, never stored by a cache.
type Headers struct {
	OpenForms bool   // leave form-action out: consent, the log-in leading there, /follow
	Script    bool   // the page has a script of ours: the owner's, and the log-in with passkeys
	Cache     string // Cache-Control; empty means NoStore
	Vary      string // added to Vary
}

// Cache-Control values.
const (
	NoStore    = "private, no-store"                    // the owner's pages and private objects
	Private    = "private, no-cache"                    // a form whose text the back button should bring back
	Revalidate = "public, max-age=0, must-revalidate"   // public pages: kept, but asked for each time (ETag)
	Immutable  = "public, max-age=31536000, immutable"  // addresses that carry a hash of their content
	Brief      = "public, max-age=300, must-revalidate" // WebFinger, NodeInfo and the like
)

// SecurityHeaders sets what every answer carries, HTML or not. A page's own
// policy replaces the one set here when the page is written. hsts is true only
// where the server knows that the outside world reaches it by https.
func SecurityHeaders(h http.Header, hsts bool) {
	secure(h, cspData)
	if hsts {
		// No includeSubDomains: the neighbours under the domain are not ours.
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// FilmHeaders is SecurityHeaders for a film or sound, which a browser may play when
// it is opened by itself.
func FilmHeaders(h http.Header) { secure(h, cspFilm) }

// Secure is SecurityHeaders as a handler around all others.
func Secure(hsts bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		SecurityHeaders(w.Header(), hsts)
		next.ServeHTTP(w, r)
	})
}

// PrivateAnswer marks an object that only this asker may have, so that no
// cache on the way hands it to the next one. The 404 that stands for such an
// object carries the same.
func PrivateAnswer(h http.Header) {
	h.Set("Cache-Control", NoStore)
	h.Set("Vary", "Signature, Authorization, Accept")
}

// CORS lets any site read an answer of the API, without cookies or other
// credentials of the browser, and answers the preflight. It stands around
// /api, /oauth/token and the other endpoints for apps, never around pages.
func CORS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		AnyOrigin(h)
		h.Set("Access-Control-Expose-Headers", "Link, Mastodon-Async-Refresh, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id")
		if r.Method != http.MethodOptions {
			next.ServeHTTP(w, r)
			return
		}
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key")
		h.Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
	})
}

// AnyOrigin lets scripts of any site read this answer: WebFinger (RFC 7033 5)
// and the API.
func AnyOrigin(h http.Header) { h.Set("Access-Control-Allow-Origin", "*") }

// pageCORS takes away what a wrapper may have set: a page is for its own site.
func pageCORS(h http.Header) {
	h.Del("Access-Control-Allow-Origin")
	h.Del("Access-Control-Allow-Credentials")
	h.Del("Access-Control-Expose-Headers")
}

func secure(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: with it a browser sends "Origin: null" on our own forms
	// (Fetch, "append a request Origin header"), which the cross-origin check
	// would have to refuse.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY") // browsers older than frame-ancestors
	if !leadsOut(h) {
		h.Set(opener, "same-origin")
	}
}

const opener = "Cross-Origin-Opener-Policy"

// LeadsOut marks an answer on the way to an app: a form on the page may end at
// another site, and whoever opened the window in which the owner is asked keeps
// hold of it, because apps in browsers wait for what is said there. Such a page
// cannot be framed either. It counts for errors and redirects too: one answer in
// between with the strict policy would cut the window off (HTML 7.1.3).
func LeadsOut(h http.Header) { h.Set(opener, "unsafe-none") }

func leadsOut(h http.Header) bool { return h.Get(opener) == "unsafe-none" }

func addVary(h http.Header, value string) {
	if value == "" {
		return
	}
	if old := h.Get("Vary"); old != "" && old != value {
		value = old + ", " + value
	}
	h.Set("Vary", value)
}

// cspWorker lets a service worker ask this server, for what its pages ask for.
const cspWorker = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"

// Worker writes a service worker that stands between the browser and all below a path.
func Worker(w http.ResponseWriter, body []byte, scope string) {
	h := w.Header()
	secure(h, cspWorker)
	pageCORS(h)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Service-Worker-Allowed", scope) // Service Workers 1, 3.1.4
	write(w, http.StatusOK, "text/javascript; charset=utf-8", body)
}
