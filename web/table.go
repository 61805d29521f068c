package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/julienschmidt/httprouter"

	"dassie/federation"
	"dassie/store"
	"dassie/web/public"
	"dassie/web/reply"
)

// requestTime is how long a request may take to arrive, and its answer to
// leave, unless the handler gives itself more (http.ResponseController):
// uploads, archives, streams, media.
const requestTime = 30 * time.Second

// serveFunc answers a request; at holds the parts of the path that the pattern
// names.
type serveFunc = httprouter.Handle

// route is one address. In a pattern ":name" stands for one segment and "*rest"
// for all that follow. methods are separated by spaces, HEAD goes with GET, and
// "*" leaves it to the handler.
type route struct {
	pattern string
	methods string
	serve   serveFunc
}

// table finds routes: exact paths in a map, before patterns in a tree, so that
// a fixed name below a parameter's place is no conflict.
type table struct {
	exact map[string]*route
	tree  *httprouter.Router
	list  []route
}

// found takes the route from the tree, which hands back only a function.
type found struct {
	http.ResponseWriter
	route *route
}

func newTable(list []route) (t table, err error) {
	defer func() {
		if fault := recover(); fault != nil { // httprouter's answer to two patterns for one path
			err = fmt.Errorf("make the table of routes: %v", fault)
		}
	}()
	t = table{exact: map[string]*route{}, tree: httprouter.New(), list: list}
	for i := range list {
		rt := &list[i]
		if !strings.ContainsAny(rt.pattern, ":*") {
			t.exact[rt.pattern] = rt
			continue
		}
		t.tree.Handle("GET", rt.pattern, func(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) { w.(*found).route = rt })
	}
	return t, nil
}

// find looks a path up; nil if there is no such address.
func (t *table) find(path string) (*route, httprouter.Params) {
	if rt, ok := t.exact[path]; ok {
		return rt, nil
	}
	mark, params, _ := t.tree.Lookup("GET", path)
	if mark == nil {
		return nil, nil
	}
	var f found
	mark(&f, nil, nil)
	return f.route, params
}

func (rt *route) allows(method string) bool {
	if rt.methods == "*" {
		return true
	}
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for m := range strings.SplitSeq(rt.methods, " ") {
		if m == method {
			return true
		}
	}
	return false
}

// dispatch answers by the table; missing answers for what is not in it.
func (w *Web) dispatch(rw http.ResponseWriter, r *http.Request, missing http.HandlerFunc) {
	limitTime(rw, requestTime)
	rt, at := w.routes.find(r.URL.Path)
	switch {
	case rt == nil:
		missing(rw, r)
	case !rt.allows(r.Method):
		allow := strings.ReplaceAll(strings.Replace(rt.methods, "GET", "GET HEAD", 1), " ", ", ")
		rw.Header().Set("Allow", allow)
		reply.Text(rw, r, http.StatusMethodNotAllowed, "This address answers "+allow+" only.")
	default:
		rt.serve(rw, r, at)
	}
}

// limitTime bounds a request from now on. A writer without a connection, as in
// tests, has no deadlines.
func limitTime(rw http.ResponseWriter, d time.Duration) {
	c, end := http.NewResponseController(rw), time.Now().Add(d)
	_ = c.SetReadDeadline(end)
	_ = c.SetWriteDeadline(end)
}

func (w *Web) serveSite(rw http.ResponseWriter, r *http.Request) {
	w.dispatch(rw, r, func(rw http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		if short := strings.TrimSuffix(path, "/"); short != path && isRead(r) {
			if rt, _ := w.routes.find(strings.TrimSuffix(r.URL.Path, "/")); rt != nil {
				reply.Redirect(rw, r, short)
				return
			}
		}
		w.site.Fail(rw, r, store.ErrNotFound)
	})
}

func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// page, handler and behind fit handlers into the table.

func page(f http.HandlerFunc) serveFunc {
	return func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) { f(w, r) }
}

func handler(h http.Handler) serveFunc { return page(h.ServeHTTP) }

func (w *Web) behind(h http.Handler) serveFunc {
	if h == nil {
		return w.nothing
	}
	return handler(h)
}

func (w *Web) nothing(rw http.ResponseWriter, r *http.Request, _ httprouter.Params) {
	w.site.Fail(rw, r, store.ErrNotFound)
}

// name answers below /@: the profile, or its feed.
func (w *Web) name(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	name := at[0].Value
	if base, ok := strings.CutSuffix(name, ".atom"); ok && w.site.IsOwner(base) {
		w.site.Feed(rw, r)
		return
	}
	if !w.site.IsOwner(name) {
		w.nothing(rw, r, nil)
		return
	}
	w.site.Profile(rw, r)
}

// below answers below /@NAME/: a post, or a tab of the profile.
func (w *Web) below(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	switch {
	case !w.site.IsOwner(at[0].Value):
		w.nothing(rw, r, nil)
	case at[1].Value == "replies":
		w.site.Replies(rw, r)
	default:
		w.site.Post(rw, r, at[1].Value)
	}
}

// actor answers below the owner's id; another key is somebody who never was.
func (w *Web) actor(f http.HandlerFunc) serveFunc {
	key := w.c.Service.Identity().ActorKey
	return func(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
		if at[0].Value != key {
			w.noObject(rw, r)
			return
		}
		f(rw, r)
	}
}

// numbered answers for an object by its number.
func (w *Web) numbered(f func(http.ResponseWriter, *http.Request, int64)) serveFunc {
	return func(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
		id, err := public.ParseID(at[0].Value)
		if err != nil {
			w.noObject(rw, r)
			return
		}
		f(rw, r, id)
	}
}

// noObject is federation's answer for what never was.
func (w *Web) noObject(rw http.ResponseWriter, r *http.Request) {
	reply.PrivateAnswer(rw.Header())
	reply.FailText(rw, r, &reply.Error{Code: reply.NotFound}, w.log)
}

// actorOrPage and postOrPage send a browser that asks for an id to the page, whether
// there is one or not: the page then says so.

func (w *Web) actorOrPage(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	if wantsPage(r) && at[0].Value == w.c.Service.Identity().ActorKey {
		reply.Found(rw, r, w.site.ProfilePath())
		return
	}
	w.actor(w.c.Service.ServeActor)(rw, r, at)
}

func (w *Web) postOrPage(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	id, err := public.ParseID(at[0].Value)
	if err == nil && wantsPage(r) {
		reply.Found(rw, r, w.site.PostPath(id))
		return
	}
	w.numbered(w.c.Service.ServePost)(rw, r, at)
}

// wantsPage says that a browser asks. Who says nothing about types gets the
// object: at an id that is what programs come for.
func wantsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") && !federation.WantsActivity(r)
}
