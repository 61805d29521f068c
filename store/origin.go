package store

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Origin is where this server lives: the one place that decides scheme, cookie
// name and whether we are a try-out on loopback. It is computed from the host
// at start and never changes while the process runs.
type Origin struct {
	Scheme string // "https", or "http" on loopback
	Host   string // server host as it stands in ids, with its port if that is not the default
	Domain string // domain of the handle; often equal to Host
}

// NewOrigin computes the origin of a server. The scheme is http only when the
// host is localhost, *.localhost or a loopback address.
func NewOrigin(domain, host string) Origin {
	o := Origin{Scheme: "https", Host: host, Domain: domain}
	if IsLoopbackHost(host) {
		o.Scheme = "http"
	}
	return o
}

// IsLoopbackHost says whether a host, with or without a port, names this
// machine alone.
func IsLoopbackHost(host string) bool {
	name := strings.ToLower(strings.Trim(withoutPort(host), "[]"))
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback()
}

func withoutPort(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// Loopback says that this server is a try-out that federates with loopback only.
func (o Origin) Loopback() bool { return o.Scheme == "http" }

// URL is the absolute address of a path on this server; the path starts with a slash.
func (o Origin) URL(path string) string { return o.Scheme + "://" + o.Host + path }

// Owns says whether an absolute uri lies on this server.
func (o Origin) Owns(uri string) bool {
	rest, ok := strings.CutPrefix(uri, o.Scheme+"://"+o.Host)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '#' || rest[0] == '?')
}

// CookieName is the name of the session cookie. Over https it carries the
// __Host- prefix; on loopback the port keeps several try-outs apart, because
// browsers share cookies between ports.
func (o Origin) CookieName() string {
	if !o.Loopback() {
		return "__Host-dassie"
	}
	u, err := url.Parse(o.URL("/"))
	if err != nil || u.Port() == "" {
		return "dassie_80"
	}
	return "dassie_" + u.Port()
}

// FormCookieName is that of the cookie against forgery before there is a session.
func (o Origin) FormCookieName() string { return o.CookieName() + "-form" }

// CodeCookieName is that of the cookie between the password and the code.
func (o Origin) CodeCookieName() string { return o.CookieName() + "-code" }

// KeyCookieName is that of the cookie between a passkey and the password.
func (o Origin) KeyCookieName() string { return o.CookieName() + "-key" }

// Handle is the owner's full handle, without the leading @.
func (o Origin) Handle(name string) string { return fmt.Sprintf("%s@%s", name, o.Domain) }
