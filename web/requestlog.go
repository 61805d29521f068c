package web

import (
	"net/http"
	"sync/atomic"
	"time"

	"dassie/store/logs"
	"dassie/web/auth"
)

// complaintEvery is how often it is said that the log of requests cannot be written.
const complaintEvery = int64(time.Minute)

// logged writes a line for each request while the owner wants a log of them: who
// asked, for what, and what the answer was. Of the address it is the path alone.
func (w *Web) logged(next http.Handler) http.Handler {
	var said atomic.Int64
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if w.svc.Settings().KeepLogDays == 0 {
			next.ServeHTTP(rw, r)
			return
		}
		t, began, path := &tracked{ResponseWriter: rw}, w.svc.Now(), r.URL.EscapedPath()
		defer func() {
			now := w.svc.Now()
			line := logs.Request{
				At: now, Client: auth.ClientAddr(r, w.trusted), Method: r.Method, Path: path, Status: t.status, Bytes: t.bytes, Took: now.Sub(began),
			}
			switch {
			case t.status == 0 && r.Header.Get("Upgrade") != "":
				line.Status = http.StatusSwitchingProtocols
			case t.status == 0:
				line.Status = http.StatusOK
			}
			if w.svc.Settings().KeepLogDays == 0 {
				return // it was switched off meanwhile
			}
			if err := w.svc.RequestLog().Write(line); err != nil {
				if last := said.Load(); now.UnixNano()-last > complaintEvery && said.CompareAndSwap(last, now.UnixNano()) {
					w.log.Error("cannot write the log of requests", "err", err)
				}
			}
		}()
		next.ServeHTTP(t, r)
	})
}
