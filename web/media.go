package web

import (
	"errors"
	"io/fs"
	"net/http"
	"time"

	"github.com/julienschmidt/httprouter"

	"dassie/assets"
	"dassie/federation"
	"dassie/store/media"
	"dassie/web/auth"
	"dassie/web/reply"
)

// mediaTime is how long a large file may take to a slow reader.
const mediaTime = 15 * time.Minute

// static answers for a file of the program, under its address with a hash.
func static(w http.ResponseWriter, r *http.Request, _ httprouter.Params) {
	f, ok := assets.Static()[r.URL.Path]
	if !ok {
		reply.Text(w, r, http.StatusNotFound, "There is nothing at this address.")
		return
	}
	reply.Cached(w, r, f.Body, f.Type, reply.Cache{ETag: f.ETag, Control: reply.Immutable, Gzip: f.Gzip})
}

// media answers for a stored picture. The name is a hash, so the bytes never
// change. The type is decided by what was stored and never by a stranger, and a
// browser that is led here directly gets a sandbox. The owner's uploads have names
// of their own; files without an ending have no address but those.
func (w *Web) media(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	name := at[0].Value
	w.site.Robotic(rw.Header())
	if federation.IsOwnMedia(name) {
		reply.LimitTime(rw, mediaTime)
		w.svc.ServeOwnMedia(rw, r, name, w.isOwner)
		return
	}
	f, info, err := w.svc.Media().Open(name)
	if err == nil && media.MIME(name) == "application/octet-stream" {
		f.Close()
		err = media.ErrBadName
	}
	if errors.Is(err, media.ErrBadName) || errors.Is(err, fs.ErrNotExist) {
		reply.Text(rw, r, http.StatusNotFound, "There is nothing at this address.")
		return
	}
	if err != nil {
		reply.FailText(rw, r, err, w.log)
		return
	}
	defer f.Close()
	reply.LimitTime(rw, mediaTime)
	h := rw.Header() // nosniff and the sandbox are set for every answer
	h.Set("Content-Type", media.MIME(name))
	h.Set("Cache-Control", reply.Immutable)
	h.Set("ETag", `"`+name[:32]+`"`)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // other servers' pages show our pictures
	http.ServeContent(rw, r, "", info.ModTime(), f)
}

// isOwner says whether a request comes with the owner's session, or from one of
// their apps that may handle media: they see what is not posted yet.
func (w *Web) isOwner(r *http.Request) bool {
	if _, ok := w.guard.Session(r); ok {
		return true
	}
	if auth.Bearer(r) == "" {
		return false
	}
	grant, err := w.guard.Token(r)
	return err == nil && grant.Require("write:media") == nil
}
