package web

import (
	"net"
	"net/http"
	"strings"

	"dassie/store"
	"dassie/web/reply"
)

// checkHost lets requests in under our own name only. Another name that leads
// here would show the owner's pages under it, and take part in tricks with
// rebound names. Loopback names are for proxies and probes on this machine. The
// handle's domain, where it is another, has discovery and leads to the host.
func (w *Web) checkHost(next http.Handler) http.Handler {
	o := w.svc.Origin()
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		host := hostOnly(r.Host, o.Scheme)
		switch {
		case strings.EqualFold(host, o.Host), store.IsLoopbackHost(host), r.URL.Path == "/healthz":
			next.ServeHTTP(rw, r)
		case !strings.EqualFold(host, o.Domain):
			reply.Text(rw, r, http.StatusMisdirectedRequest, "This server does not answer under that name.")
		case isDiscovery(r.URL.Path):
			next.ServeHTTP(rw, r)
		case isRead(r) && strings.HasPrefix(r.URL.RequestURI(), "/"):
			reply.Found(rw, r, o.URL(r.URL.RequestURI()))
		default:
			reply.Text(rw, r, http.StatusMisdirectedRequest, "Send this to "+o.Host+".")
		}
	})
}

// isDiscovery says that a path is asked for at a handle's domain.
func isDiscovery(path string) bool {
	return strings.HasPrefix(path, "/.well-known/") || strings.HasPrefix(path, "/nodeinfo/")
}

// hostOnly is a Host header without a default port, in lower case as it came
// otherwise.
func hostOnly(host, scheme string) string {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return host
	}
	if scheme == "https" && (port == "443" || port == "80") || scheme == "http" && port == "80" {
		return name
	}
	return host
}
