package httpsig

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// message is a request seen through our configuration.
type message struct {
	r     *http.Request
	o     Options
	path  string // as sent
	query string // as sent, with its question mark; "" if there is none
}

func newMessage(r *http.Request, o Options) *message {
	if o.Scheme == "" {
		o.Scheme = "https"
	}
	m := &message{r: r, o: o, path: requestTarget(r)}
	if i := strings.IndexByte(m.path, '?'); i >= 0 {
		m.path, m.query = m.path[:i], m.path[i:]
	}
	return m
}

// requestTarget is path and query as they were (or will be) sent.
func requestTarget(r *http.Request) string {
	t := r.RequestURI
	if t == "" {
		return r.URL.RequestURI()
	}
	if _, rest, ok := strings.Cut(t, "://"); ok && !strings.HasPrefix(t, "/") {
		// Absolute form, as sent to proxies: RFC 9112 3.2.2.
		if i := strings.IndexAny(rest, "/?"); i >= 0 && rest[i] == '/' {
			return rest[i:]
		} else if i >= 0 {
			return "/" + rest[i:]
		}
		return "/"
	}
	return t
}

// needsDigest reports whether the signature has to cover the body.
func (m *message) needsDigest() bool {
	return len(m.o.Body) > 0 || m.r.Method != http.MethodGet && m.r.Method != http.MethodHead
}

// field is the value of a header as both schemes sign it: lines trimmed and
// joined by a comma (RFC 9421 2.1). The name is in lower case.
func (m *message) field(name string) (string, bool) {
	if name == "host" {
		return m.r.Host, m.r.Host != "" // net/http moves it out of the header map
	}
	values := m.r.Header.Values(name)
	switch {
	case len(values) == 1:
		return strings.TrimSpace(values[0]), true
	case len(values) == 0 && name == "content-length" && m.r.ContentLength >= 0:
		return strconv.FormatInt(m.r.ContentLength, 10), true
	case len(values) == 0:
		return "", false
	}
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.TrimSpace(v)
	}
	return strings.Join(trimmed, ", "), true
}

// ownHost returns which of our hosts the request names.
func (m *message) ownHost() (string, bool) {
	asked := normalHost(m.r.Host, m.o.Scheme)
	if own := normalHost(m.o.Host, m.o.Scheme); asked == own {
		return own, true
	}
	for _, h := range m.o.Hosts {
		if own := normalHost(h, m.o.Scheme); own != "" && asked == own {
			return own, true
		}
	}
	return "", false
}

// checkHost refuses a signed Host header that is not ours: the request was
// meant for another server, or a proxy in front of us rewrites the header.
func (m *message) checkHost() error {
	if _, ok := m.ownHost(); !ok {
		return fmt.Errorf("%w: host signed was %.100q, we are %q", ErrHost, m.r.Host, m.o.Host)
	}
	return nil
}

// authority is the host that @authority and @target-uri are built from. A host
// header that is not ours is taken for a proxy's doing: what counts is what
// was signed, and we only ever verify our own names.
func (m *message) authority() string {
	if own, ok := m.ownHost(); ok {
		return own
	}
	return normalHost(m.o.Host, m.o.Scheme)
}

// normalHost lowers the case and drops the scheme's default port.
func normalHost(host, scheme string) string {
	host = strings.ToLower(host)
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// The time window. The remembered signatures grow with it, so it is no wider
// than Mastodon's.
const (
	skew    = time.Hour      // how far clocks may be apart
	maxSpan = 12 * time.Hour // how long a signature may be valid, whatever its expires says
)

// window judges the times of a signature and returns the moment from which it
// is refused. A zero time is an absent one.
func window(date, created, expires, now time.Time) (time.Time, error) {
	until := now.Add(maxSpan + 2*skew)
	limit := func(t time.Time) {
		if t.Before(until) {
			until = t
		}
	}
	if !date.IsZero() {
		if now.Add(skew).Before(date) {
			return until, fmt.Errorf("%w: Date is %s ahead", ErrClock, date.Sub(now).Round(time.Second))
		}
		limit(date.Add(skew))
	}
	if !created.IsZero() {
		if now.Add(skew).Before(created) {
			return until, fmt.Errorf("%w: created is %s ahead", ErrClock, created.Sub(now).Round(time.Second))
		}
		if expires.IsZero() {
			limit(created.Add(skew))
		} else {
			limit(created.Add(maxSpan + skew))
		}
	}
	if !expires.IsZero() {
		// RFC 9421 2.3: past expires, a signature is not to be accepted; no skew.
		limit(expires)
	}
	if !now.Before(until) {
		return until, fmt.Errorf("%w: expired %s ago", ErrClock, now.Sub(until).Round(time.Second))
	}
	return until, nil
}
