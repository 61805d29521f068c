package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"dassie/assets"
	"dassie/store"
	"dassie/web/public"
	"dassie/web/reply"
)

// requestTime is how long a request may take to arrive, and its answer to
// leave, unless the handler gives itself more (http.ResponseController):
// uploads, archives, streams, media.
const requestTime = 30 * time.Second

// door is what the server has before and after there is an account.
type door struct {
	store     *store.Store
	templates *assets.Set
	log       *slog.Logger
	host      string // in ids; "" before there is an account
	routes    table
}

// dispatch answers by the table; missing answers for what is not in it.
func (d *door) dispatch(rw http.ResponseWriter, r *http.Request, missing http.HandlerFunc) {
	reply.LimitTime(rw, requestTime)
	rt, at := d.routes.find(r.URL.Path)
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

// plain is the frame of the small pages.
func (d *door) plain(title, csrf string) assets.Plain {
	if d.host != "" {
		title += " · " + d.host
	}
	return assets.Plain{Title: title, Host: d.host, Lang: "en", CSRF: csrf}
}

// show renders one of our own pages, which no cache keeps.
func (d *door) show(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	d.showAs(w, r, status, name, data, reply.Headers{})
}

func (d *door) showAs(w http.ResponseWriter, r *http.Request, status int, name string, data any, h reply.Headers) {
	var b bytes.Buffer
	if err := d.templates.Execute(&b, name, data); err != nil {
		d.Fail(w, r, err)
		return
	}
	reply.HTML(w, r, status, b.Bytes(), h)
}

// Fail answers err with the error page.
func (d *door) Fail(w http.ResponseWriter, r *http.Request, err error) {
	public.ErrorPage(w, r, err, d.host, d.templates, d.log)
}

// tracked knows whether an answer was begun, by which status, and how long it is.
type tracked struct {
	http.ResponseWriter
	begun  bool
	status int // 0 if none was given
	bytes  int64
}

func (t *tracked) WriteHeader(status int) {
	if !t.begun {
		t.status = status
	}
	t.begun = t.begun || status >= 200
	t.ResponseWriter.WriteHeader(status)
}

func (t *tracked) Write(b []byte) (int, error) {
	t.begun = true
	n, err := t.ResponseWriter.Write(b)
	t.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (t *tracked) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// recover turns a panic into one line of the log and an error page; one that
// comes after the answer was begun ends the connection.
func (d *door) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		t := &tracked{ResponseWriter: rw}
		defer func() {
			fault := recover()
			if fault == nil {
				return
			}
			if fault == http.ErrAbortHandler {
				panic(fault)
			}
			d.log.Error("handler panicked", "method", r.Method, "path", r.URL.Path, "panic", fault, "at", panicSite())
			if t.begun {
				panic(http.ErrAbortHandler)
			}
			d.Fail(t, r, &reply.Error{Code: reply.Unavailable, Message: "Something went wrong on this server."})
		}()
		next.ServeHTTP(t, r)
	})
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
