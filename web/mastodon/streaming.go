package mastodon

import (
	"net/http"
	"strings"
	"time"

	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

// streaming is below what all streams lie.
const streaming = "/api/v1/streaming"

// thump is how often a stream of events says that it is still there: proxies cut idle
// ones after 60 to 100 seconds.
const thump = 15 * time.Second

// serveStream answers what lies below /api/v1/streaming. The way is the rest of the
// path. A WebSocket may be opened at any of its addresses, as on Mastodon.
func (a *API) serveStream(w http.ResponseWriter, r *http.Request, way string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		reply.FailJSON(w, r, reply.Errorf(reply.NotFound, "This endpoint does not take that method."), a.log)
		return
	}
	if way == "/health" {
		reply.Text(w, r, http.StatusOK, "OK")
		return
	}
	q := r.URL.Query()
	kind, known := streamPaths[way]
	if way == "" {
		kind, known = q.Get("stream"), true
	}
	socket := wantsSocket(r)
	grant, err := a.guard.TokenValue(r, streamToken(r, socket))
	if err == nil && grant.Token.Client {
		err = errNoUser
	}
	if err == nil && !known {
		err = errNoStream
	}
	if err != nil {
		reply.FailJSON(w, r, err, a.log)
		return
	}
	grant.Rate.SetHeaders(w.Header())
	a.svc.SeenToken(grant.Token.ID, streamToken(r, socket))
	if strings.HasPrefix(kind, "public") && !strings.HasSuffix(kind, ":media") && (params{v: q}).truth("only_media") {
		kind += ":media"
	}
	l := newListener(grant, !socket)
	if kind == "" && socket {
		err = grant.Require(anyStream...)
	} else {
		err = a.listen(r, l, kind, q.Get("tag"), q.Get("list"))
	}
	if err != nil {
		reply.FailJSON(w, r, plainError(err), a.log)
		return
	}
	defer a.svc.Watching()()
	if socket {
		a.serveSocket(w, r, l)
		return
	}
	a.serveLines(w, r, l)
}

// listen adds a stream to a connection, if its token may listen to it. Errors:
// NotFound, Invalid, Forbidden.
func (a *API) listen(r *http.Request, l *listener, kind, tag, list string) error {
	s, err := streamOf(kind, tag, list)
	if err != nil {
		return err
	}
	grant := auth.Grant{Scopes: l.scopes}
	if err := grant.Require(streamKinds[s.kind]...); err != nil {
		return err
	}
	if s.list != 0 {
		if err := a.st.Read(r.Context(), func(tx *store.Tx) error { _, err := tx.List(s.list); return err }); err != nil {
			return plainError(err)
		}
	}
	if !a.stream.subscribe(l, s) {
		return reply.Errorf(reply.Invalid, "A connection carries %d streams at most.", maxOfOne)
	}
	return nil
}

// streamToken is the token of a stream, which may come in the query (DECISIONS 36),
// since browsers can set no header there, or as a WebSocket's subprotocol. A cookie
// opens nothing, so that no page of another site can listen by itself (T54).
func streamToken(r *http.Request, socket bool) string {
	if value := auth.Bearer(r); value != "" {
		return value
	}
	if value := r.URL.Query().Get("access_token"); value != "" {
		return value
	}
	if socket {
		return subprotocol(r)
	}
	return ""
}

// serveLines is a stream as server-sent events (HTML 9.2).
func (a *API) serveLines(w http.ResponseWriter, r *http.Request, l *listener) {
	out, err := reply.Events(w, r)
	if err != nil {
		return // a HEAD, or an app that is gone again
	}
	a.stream.join(l)
	defer a.stream.leave(l)
	if out.Write(":)\n\n") != nil {
		return
	}
	tick := time.NewTicker(thump)
	defer tick.Stop()
	for {
		var piece string
		select {
		case <-r.Context().Done():
			return
		case <-reply.Closing(r):
			return
		case <-l.ended:
			return
		case <-tick.C:
			piece = ":thump\n\n"
		case b := <-l.out:
			piece = string(b)
		}
		if out.Write(piece) != nil {
			return
		}
	}
}
