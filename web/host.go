package web

import (
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"dassie/store"
	"dassie/web/reply"
)

// checkHost lets requests in under our own name only. Another name that leads
// here would show the owner's pages under it, and take part in tricks with
// rebound names. Loopback names are for proxies and probes on this machine. The
// handle's domain, where it is another, has discovery and leads to the host.
func (w *Web) checkHost(next http.Handler) http.Handler {
	o := w.c.Service.Origin()
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

// panicSite names the line that panicked: the first frame above the runtime's.
func panicSite() string {
	callers := make([]uintptr, 32)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	panicked := false
	for {
		f, more := frames.Next()
		if panicked && !strings.HasPrefix(f.Function, "runtime.") {
			return f.Function + ":" + strconv.Itoa(f.Line)
		}
		panicked = panicked || f.Function == "runtime.gopanic"
		if !more {
			return ""
		}
	}
}
