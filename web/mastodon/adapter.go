package mastodon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/julienschmidt/httprouter"

	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

// call is one request that may be answered.
type call struct {
	ctx     context.Context
	r       *http.Request
	grant   *auth.Grant // nil for a stranger, who may ask what anyone may
	rate    auth.Rate   // of an endpoint that counts for itself
	params  params
	file    *store.Media      // what was uploaded with the request
	pics    map[string]string // names of the pictures that came with a form of the profile
	id      int64             // of the path; 0 where it has none
	link    string            // Link header of the answer
	refresh string            // Mastodon-Async-Refresh header: more is being fetched
}

// errNotFound is Mastodon's answer to an unknown id.
var errNotFound = reply.Errorf(reply.NotFound, "Record not found")

// errNoUser is Mastodon's answer to an app that asks for itself what only a person has.
var errNoUser = reply.Errorf(reply.Unprocessable, "This method requires an authenticated user")

// adapter stands around every endpoint: token, scope, id, body, answer.
func (a *API) adapter(rt route) http.Handler {
	scopes := strings.Fields(rt.scopes)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now() // only for the log
		c := &call{ctx: r.Context(), r: r}
		v, err := a.answer(w, c, rt, scopes)
		c.rate.SetHeaders(w.Header())
		if err != nil {
			reply.FailJSON(w, r, plainError(err), a.log)
			return
		}
		if c.link != "" {
			w.Header().Set("Link", c.link)
		}
		if c.refresh != "" {
			w.Header().Set("Mastodon-Async-Refresh", c.refresh)
		}
		a.write(w, r, v)
		a.log.Debug("app answered", "app", c.app(), "method", rt.method, "path", rt.path, "took", time.Since(began))
	})
}

func (a *API) answer(w http.ResponseWriter, c *call, rt route, scopes []string) (v any, err error) {
	if err := a.admit(w, c, rt, scopes); err != nil {
		return nil, err
	}
	if text := httprouter.ParamsFromContext(c.ctx).ByName("id"); text != "" {
		var ok bool
		if c.id, ok = parseID(text); !ok {
			return nil, errNotFound
		}
	}
	switch key := rt.method + " " + rt.path; {
	case uploads[key]:
		err = a.readUpload(w, c)
	case profileForms[key] && isMultipart(c.r):
		c.pics = map[string]string{}
		err = a.readUpload(w, c)
	default:
		c.params, err = readParams(w, c.r)
	}
	if err != nil {
		return nil, err
	}
	if open := strangers[rt.method+" "+rt.path]; open != nil && !c.owner() {
		return open(a, c)
	}
	return rt.answer(a, c)
}

// admit finds out who asks, and whether they may.
func (a *API) admit(w http.ResponseWriter, c *call, rt route, scopes []string) (err error) {
	open := rt.scopes == anyone || strangers[rt.method+" "+rt.path] != nil
	if rt.scopes == client || open && c.r.Header.Get("Authorization") == "" {
		rate, err := a.guard.Stranger(c.r)
		rate.SetHeaders(w.Header())
		return err
	}
	if c.grant, err = a.guard.Token(c.r); err != nil {
		return err
	}
	c.grant.Rate.SetHeaders(w.Header())
	a.svc.SeenToken(c.grant.Token.ID, auth.Bearer(c.r))
	switch {
	case rt.scopes == anyone, rt.scopes == anyApp:
		return nil
	case c.grant.Token.Client && !open:
		return errNoUser
	}
	return c.grant.Require(scopes...)
}

// owner says whether an app asks for the owner, and not a stranger or an app for itself.
func (c *call) owner() bool { return c.grant != nil && !c.grant.Token.Client }

// app names the app that asks, for the log.
func (c *call) app() string {
	if c.grant == nil {
		return ""
	}
	return c.grant.App.Name
}

// parseID reads an id; only what we would write ourselves is one.
func parseID(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n > 0 && id(n) == text
}

// plainError gives words to what the store says.
func plainError(err error) error {
	switch {
	case reply.CodeOf(err) != reply.Internal:
		return err
	case errors.Is(err, store.ErrNotFound):
		return errNotFound
	case store.IsFull(err):
		return &reply.Error{Code: reply.Unavailable, Message: "The disk of this server is full.", Err: err}
	}
	return err
}

// buffers are kept for the next answer unless one grew beyond maxKept.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const maxKept = 1 << 20

func (a *API) write(w http.ResponseWriter, r *http.Request, v any) {
	buf := buffers.Get().(*bytes.Buffer)
	buf.Reset()
	defer func() {
		if buf.Cap() <= maxKept {
			buffers.Put(buf)
		}
	}()
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false) // the type is JSON and nosniff: no browser reads it as HTML
	if err := enc.Encode(v); err != nil {
		reply.FailJSON(w, r, err, a.log)
		return
	}
	h := w.Header()
	reply.SecurityHeaders(h, false)
	h.Set("Cache-Control", reply.NoStore)
	h.Set("Content-Type", reply.TypeJSON)
	h.Set("Content-Length", strconv.Itoa(buf.Len()))
	w.WriteHeader(http.StatusOK)
	// An app that went away is nobody's fault, and the status is already sent.
	_, _ = w.Write(buf.Bytes())
}
