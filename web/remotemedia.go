package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/julienschmidt/httprouter"

	"dassie/assets"
	"dassie/federation"
	"dassie/store/media"
	"dassie/web/reply"
)

const (
	// remoteKept is as long as our own cache keeps a picture that nobody looks at.
	remoteKept = "public, max-age=604800, immutable"
	// faceKept: the default picture stands for one that may be had tomorrow.
	faceKept = "public, max-age=3600"
)

// remoteMedia answers for a picture of somebody else, under an address that we
// signed when we put it into a page or an answer of the API. Whoever has that
// address may see the picture; whatever we did not sign is nothing (T46).
func (w *Web) remoteMedia(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	name, sign := at[0].Value, at[1].Value
	rw.Header().Set("X-Robots-Tag", "noindex, noai, noimageai") // they are not the owner's to offer
	reply.AnyOrigin(rw.Header())                                // apps in browsers read pixels, and why there are none
	if strings.HasPrefix(sign, "play-") {
		if err := w.svc.PlayRemote(rw, r, name, sign); err != nil {
			reply.FailText(rw, r, err, w.log)
		}
		return
	}
	reply.LimitTime(rw, mediaTime)
	p, err := w.svc.OpenRemote(r.Context(), name, sign)
	if errors.Is(err, federation.ErrNoFace) {
		f := assets.Static()[assets.StaticPath("avatar.png")]
		rw.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		reply.Cached(rw, r, f.Body, f.Type, reply.Cache{ETag: f.ETag, Control: faceKept})
		return
	}
	if err != nil {
		reply.FailText(rw, r, err, w.log)
		return
	}
	defer p.File.Close()
	h := rw.Header() // nosniff and the sandbox are set for every answer
	h.Set("Content-Type", media.MIME(p.Name))
	h.Set("Content-Disposition", "inline") // with no name of theirs (T35)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", reply.NoStore)
	if !p.Private {
		h.Set("Cache-Control", remoteKept)
		h.Set("ETag", `"`+p.Name[:32]+`"`)
	}
	http.ServeContent(rw, r, "", p.Info.ModTime(), p.File)
}
