package ap

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// MaxID is the longest id or URL that we keep, in bytes.
const MaxID = 2048

// ErrHandle is wrapped by the errors of ParseHandle, ParseResource and ParseHost.
var ErrHandle = errors.New("not a handle")

// origin takes an id or URL apart into what FEP-fe34 compares. Only http and
// https have an origin here; userinfo, control characters, a trailing dot, and
// whatever else is read differently by different parsers make it invalid.
func origin(id string) (scheme, host, port string, ok bool) {
	if id == "" || len(id) > MaxID || strings.IndexFunc(id, unsafeInURL) >= 0 {
		return "", "", "", false
	}
	u, err := url.Parse(id)
	if err != nil || u.User != nil || u.Opaque != "" {
		return "", "", "", false
	}
	scheme = strings.ToLower(u.Scheme)
	if scheme != "https" && scheme != "http" {
		return "", "", "", false
	}
	host, ok = canonicalHost(u.Hostname())
	if !ok || strings.HasPrefix(u.Host, "[") != strings.Contains(host, ":") {
		return "", "", "", false
	}
	port = u.Port()
	if port == "" && strings.HasSuffix(u.Host, ":") {
		return "", "", "", false
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return "", "", "", false
		}
		port = strconv.FormatUint(n, 10)
	}
	if scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		port = ""
	}
	return scheme, host, port, true
}

// unsafeInURL finds characters that some parser drops, folds or takes for a
// slash, and those that change the direction of what is shown.
func unsafeInURL(r rune) bool {
	return r <= ' ' || r == '\\' || r == 0x7f || r == utf8.RuneError || unicode.Is(unicode.C, r) || unicode.Is(unicode.Z, r)
}

// SameOrigin tells whether two ids have the same scheme, host and port
// (FEP-fe34). Hosts are compared in lower case and punycode, default ports equal
// none. An id without an http(s) origin is never of the same origin as anything.
func SameOrigin(a, b string) bool {
	as, ah, ap, ok := origin(a)
	if !ok {
		return false
	}
	bs, bh, bp, ok := origin(b)
	return ok && as == bs && ah == bh && ap == bp
}

// Host is the canonical host of an id, with the port unless it is the default
// one; "" for anything that has no safe http(s) origin.
func Host(id string) string {
	_, host, port, ok := origin(id)
	switch {
	case !ok:
		return ""
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return host
}

// IsURL tells whether s is an absolute http or https URL with a safe origin, at
// most MaxID bytes long: what may be linked, shown or fetched.
func IsURL(s string) bool {
	_, _, _, ok := origin(s)
	return ok
}

// webURL is s if it may be linked, else "".
func webURL(s string) string {
	if strings.Contains(s, "&#") { // WordPress escapes addresses for HTML
		s = strings.ReplaceAll(s, "&#038;", "&")
	}
	if s = strings.TrimSpace(s); IsURL(s) {
		return s
	}
	return ""
}

// canonicalHost is a host name in lower case and punycode, or an IP address in
// its shortest form. A trailing dot is refused: it names the same machine but
// would be another origin.
func canonicalHost(host string) (string, bool) {
	if host == "" || len(host) > 253 {
		return "", false
	}
	if strings.Contains(host, ":") {
		a, err := netip.ParseAddr(host)
		return a.String(), err == nil && a.Zone() == ""
	}
	lower := strings.ToLower(host)
	if !isASCII(host) || strings.Contains(lower, "xn--") {
		ascii, err := idna.Lookup.ToASCII(host) // RFC 5891, UTS 46 non-transitional
		if err != nil || !utf8.ValidString(host) {
			return "", false
		}
		// Once more: what comes out must be a valid name by itself.
		if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
			return "", false
		}
		lower = ascii
	}
	for label := range strings.SplitSeq(lower, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", false
		}
		for i := range len(label) {
			// An underscore is no host name by RFC 1123 but is met in the wild.
			if c := label[i]; c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
				return "", false
			}
		}
	}
	// A last label that is a number makes some parsers read an IPv4 address, in
	// octal, hex or as one integer (WHATWG URL 3.5): only the plain form is one.
	last := lower[strings.LastIndexByte(lower, '.')+1:]
	if last[0] >= '0' && last[0] <= '9' && (strings.HasPrefix(last, "0x") || strings.Trim(last, "0123456789") == "") {
		a, err := netip.ParseAddr(lower)
		return lower, err == nil && a.Is4()
	}
	return lower, len(lower) <= 253
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// ParseHost is the canonical form of host[:port] as it stands in a handle: lower
// case, punycode, without :443. Ports occur between servers on loopback.
func ParseHost(s string) (string, error) {
	name, port, hasPort := strings.Cut(s, ":")
	host, ok := canonicalHost(name)
	if !ok {
		return "", fmt.Errorf("%w: host %.80q", ErrHandle, s)
	}
	if !hasPort || port == "443" {
		return host, nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || port[0] == '+' {
		return "", fmt.Errorf("%w: port %.80q", ErrHandle, s)
	}
	return host + ":" + strconv.FormatUint(n, 10), nil
}

// ParseHandle reads @user@host, user@host or acct:user@host. The name keeps its
// case (peers compare it without), the host is canonical.
func ParseHandle(s string) (user, host string, err error) {
	if len(s) > MaxID || !utf8.ValidString(s) {
		return "", "", fmt.Errorf("%w: too long or not UTF-8", ErrHandle)
	}
	rest := strings.TrimSpace(s)
	if len(rest) >= 5 && strings.EqualFold(rest[:5], "acct:") {
		rest = rest[5:]
	}
	rest = strings.TrimPrefix(rest, "@")
	user, rawHost, ok := strings.Cut(rest, "@")
	if !ok || !validUser(user) {
		return "", "", fmt.Errorf("%w: %.80q", ErrHandle, s)
	}
	if host, err = ParseHost(rawHost); err != nil {
		return "", "", err
	}
	return user, host, nil
}

// validUser is wider than Mastodon's pattern: Bridgy Fed has dots and colons in
// names, Discourse and Friendica other letters; nothing in it needs escaping in
// HTML, and nothing can end the name in a URL or a handle.
func validUser(user string) bool {
	if user == "" || len(user) > 255 {
		return false
	}
	for _, r := range user {
		if !unicode.In(r, unicode.L, unicode.N, unicode.M) && !strings.ContainsRune("_.-~:+!$*=%", r) {
			return false
		}
	}
	return true
}

// Resource is what a WebFinger client asks for: either a handle or a URL.
type Resource struct {
	User, Host string // canonical host; both empty when URL is set
	URL        string // an id or a profile page, as given
}

// ParseResource reads the resource parameter of WebFinger (RFC 7033 4.1):
// acct:user@host, acct:@user@host (met from several clients), a bare user@host,
// or an http(s) URL.
func ParseResource(resource string) (Resource, error) {
	if scheme, _, _ := strings.Cut(resource, ":"); strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http") {
		if !IsURL(resource) {
			return Resource{}, fmt.Errorf("%w: URL %.80q", ErrHandle, resource)
		}
		return Resource{URL: resource}, nil
	}
	user, host, err := ParseHandle(resource)
	if err != nil {
		return Resource{}, err
	}
	return Resource{User: user, Host: host}, nil
}
