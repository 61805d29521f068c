package reply

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// Cache says how a body that is kept as bytes may be kept by others.
type Cache struct {
	ETag    string // quoted, strong; empty: ETag(body)
	Control string // Cache-Control; empty means Revalidate
	Vary    string // e.g. "Accept" where the address has two forms
	Gzip    []byte // the same body compressed, if it exists
	Open    bool   // pages only: leave form-action out (the follow form on the profile)
}

// ETag returns a strong entity tag made of the body's hash.
func ETag(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// Cached answers 200 with body, or 304 if the asker has it already. It is for
// public bytes only: what depends on who asks never goes through here.
func Cached(w http.ResponseWriter, r *http.Request, body []byte, contentType string, c Cache) {
	h := w.Header()
	if c.ETag == "" {
		c.ETag = ETag(body)
	}
	if c.Control == "" {
		c.Control = Revalidate
	}
	if contentType == TypeHTML {
		pageHeaders(h, Headers{OpenForms: c.Open, Cache: c.Control, Vary: c.Vary})
	} else {
		secure(h, cspData)
		h.Set("Cache-Control", c.Control)
		addVary(h, c.Vary)
	}
	tag := c.ETag
	if c.Gzip != nil {
		addVary(h, "Accept-Encoding")
		if acceptsGzip(r) {
			// A strong tag names bytes, so the compressed form has its own
			// (RFC 9110 8.8.3.3).
			tag = strings.TrimSuffix(c.ETag, `"`) + `-gz"`
			h.Set("Content-Encoding", "gzip")
			body = c.Gzip
		}
	}
	h.Set("ETag", tag)
	if matches(r.Header.Values("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	write(w, http.StatusOK, contentType, body)
}

// matches compares weakly, as If-None-Match asks (RFC 9110 13.1.2).
func matches(lines []string, tag string) bool {
	for _, line := range lines {
		for candidate := range strings.SplitSeq(line, ",") {
			candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
			if candidate == tag || candidate == "*" {
				return true
			}
		}
	}
	return false
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q, hasQ := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q=")
			return !hasQ || strings.Trim(q, "0.") != "" // q=0 is a no
		}
	}
	return false
}
