package web

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/julienschmidt/httprouter"
)

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

func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// page and handler fit handlers into the table.

func page(f http.HandlerFunc) serveFunc {
	return func(w http.ResponseWriter, r *http.Request, _ httprouter.Params) { f(w, r) }
}

func handler(h http.Handler) serveFunc { return page(h.ServeHTTP) }
