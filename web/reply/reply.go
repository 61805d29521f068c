package reply

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strconv"
)

// Content types.
const (
	TypeHTML     = "text/html; charset=utf-8"
	TypeText     = "text/plain; charset=utf-8"
	TypeJSON     = "application/json; charset=utf-8"
	TypeActivity = "application/activity+json; charset=utf-8" // AP 3.2
	TypeJRD      = "application/jrd+json; charset=utf-8"      // RFC 7033 10.2
	TypeAtom     = "application/atom+xml; charset=utf-8"
	TypeRSS      = "application/rss+xml; charset=utf-8"
	TypeJSONFeed = "application/feed+json; charset=utf-8" // JSON Feed 1.1, "Suggestions for publishers"
	TypeXML      = "application/xml; charset=utf-8"
	TypeXRD      = "application/xrd+xml; charset=utf-8"
)

// HTML writes a page.
func HTML(w http.ResponseWriter, r *http.Request, status int, body []byte, h Headers) {
	pageHeaders(w.Header(), h)
	write(w, status, TypeHTML, body)
}

func pageHeaders(head http.Header, h Headers) {
	policy := csp
	if h.OpenForms || leadsOut(head) {
		policy = cspOpenForms
	}
	if h.Script {
		policy += andScript
	}
	secure(head, policy)
	pageCORS(head)
	if h.Cache == "" {
		h.Cache = NoStore
	}
	head.Set("Cache-Control", h.Cache)
	addVary(head, h.Vary)
}

// JSON writes v for an app. If v cannot be encoded the answer is 500 and the
// fault is logged: it is a mistake in our own types.
func JSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		slog.Error("encode JSON answer", "err", err)
		status, body = http.StatusInternalServerError, []byte(`{"error":"`+internalMessage+`"}`)
	}
	data(w, status, TypeJSON, body)
}

// Activity writes an ActivityPub document. It varies by Accept, because a
// browser at the same address is sent to the page. Call PrivateAnswer before
// it for an object that not everybody may have.
func Activity(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	h := w.Header()
	if h.Get("Vary") == "" {
		h.Set("Vary", "Accept")
	}
	data(w, status, TypeActivity, body)
}

// Text writes a line for a machine or a terminal; the newline is added.
func Text(w http.ResponseWriter, r *http.Request, status int, text string) {
	data(w, status, TypeText, []byte(text+"\n"))
}

// Long begins a public answer that is too long to be made in memory first; what
// is written to it goes out as it comes.
func Long(w http.ResponseWriter, contentType, cache string) io.Writer {
	h := w.Header()
	secure(h, cspData)
	h.Set("Cache-Control", cache)
	h.Set("Content-Type", contentType)
	w.WriteHeader(http.StatusOK)
	return w
}

// File writes a file for the owner to keep, and nobody on the way. The name is one
// of our own constants.
func File(w http.ResponseWriter, r *http.Request, name, contentType string, body []byte) {
	h := w.Header()
	h.Set("Cache-Control", NoStore)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	data(w, http.StatusOK, contentType, body)
}

// Empty writes a status without a body: 202 from the inbox, 204, 304.
func Empty(w http.ResponseWriter, status int) {
	secure(w.Header(), cspData)
	w.WriteHeader(status)
}

// Redirect answers 303 See Other to a path of this server. A target that Local
// refuses becomes "/".
func Redirect(w http.ResponseWriter, r *http.Request, localPath string) {
	h := w.Header()
	secure(h, cspData)
	h.Set("Cache-Control", NoStore)
	h.Set("Location", Local(localPath))
	w.WriteHeader(http.StatusSeeOther)
}

// Found answers 302 to an address that this server made itself, at another
// host if need be: an id to its page, a consent to its app. Never hand it an
// address that came with the request unchecked; for those there is Redirect.
func Found(w http.ResponseWriter, r *http.Request, address string) {
	h := w.Header()
	secure(h, cspData)
	addVary(h, "Accept")
	h.Set("Cache-Control", NoStore)
	h.Set("Location", address)
	w.WriteHeader(http.StatusFound)
}

// data writes what is not a page.
func data(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	secure(h, cspData)
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", NoStore)
	}
	write(w, status, contentType, body)
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that went away is nobody's fault, and the status is already sent.
	_, _ = w.Write(body)
}
