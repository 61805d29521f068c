package web

import (
	"net/http"
	"strings"

	"github.com/julienschmidt/httprouter"

	"dassie/federation"
	"dassie/store"
	"dassie/web/public"
	"dassie/web/reply"
)

// serve answers, and lets apps in browsers read what names this server: they ask
// for it before they know it, and have to read errors too.
func (w *Web) serve(rw http.ResponseWriter, r *http.Request) {
	if w.closed(rw, r) {
		return
	}
	if isDiscovery(r.URL.Path) {
		w.open.ServeHTTP(rw, r)
		return
	}
	w.answer(rw, r)
}

// answer goes by the table of routes. An address with a slash too many leads to the
// one without, with what it asks for: some apps send people to /oauth/authorize/?…
func (w *Web) answer(rw http.ResponseWriter, r *http.Request) {
	w.dispatch(rw, r, func(rw http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		if short := strings.TrimSuffix(path, "/"); short != path && isRead(r) {
			if rt, _ := w.routes.find(strings.TrimSuffix(r.URL.Path, "/")); rt != nil {
				if short == authorizePath {
					reply.LeadsOut(rw.Header())
				}
				if r.URL.RawQuery != "" {
					short += "?" + r.URL.RawQuery
				}
				reply.Redirect(rw, r, short)
				return
			}
		}
		if isDiscovery(r.URL.Path) {
			reply.FailText(rw, r, &reply.Error{Code: reply.NotFound}, w.log)
			return
		}
		w.site.Fail(rw, r, store.ErrNotFound)
	})
}

func (w *Web) nothing(rw http.ResponseWriter, r *http.Request, _ httprouter.Params) {
	w.site.Fail(rw, r, store.ErrNotFound)
}

// name answers below /@: the profile, or one of its feeds.
func (w *Web) name(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	name, ending, feed := public.CutFeed(at[0].Value)
	switch {
	case !w.site.IsOwner(name):
		w.nothing(rw, r, nil)
	case feed:
		w.site.Feed(rw, r, ending)
	default:
		w.site.Profile(rw, r)
	}
}

// below answers below /@NAME/: a post, or a part of the profile.
func (w *Web) below(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	if !w.site.IsOwner(at[0].Value) {
		w.nothing(rw, r, nil)
		return
	}
	switch part := at[1].Value; part {
	case "replies":
		w.site.Replies(rw, r)
	case "media":
		w.site.Media(rw, r)
	case "followers":
		w.site.Followers(rw, r)
	case "following":
		w.site.Following(rw, r)
	default:
		w.site.Post(rw, r, part)
	}
}

// tag answers below /tags/: the posts with a hashtag, or one of their feeds.
func (w *Web) tag(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	if tag, ending, feed := public.CutFeed(at[0].Value); feed {
		w.site.TagFeed(rw, r, tag, ending)
		return
	}
	w.site.Tag(rw, r, at[0].Value)
}

// actor answers below the owner's id; another key is somebody who never was.
func (w *Web) actor(f http.HandlerFunc) serveFunc {
	key := w.svc.Identity().ActorKey
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
	if wantsPage(r) && at[0].Value == w.svc.Identity().ActorKey {
		reply.Found(rw, r, w.site.ProfilePath())
		return
	}
	w.actor(w.svc.ServeActor)(rw, r, at)
}

func (w *Web) postOrPage(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	id, err := public.ParseID(at[0].Value)
	if err == nil && wantsPage(r) {
		reply.Found(rw, r, w.site.PostPath(id))
		return
	}
	w.numbered(w.svc.ServePost)(rw, r, at)
}

// emojiOrPicture shows a browser the picture of an own emoji.
func (w *Web) emojiOrPicture(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
	if id, err := public.ParseID(at[0].Value); err == nil && wantsPage(r) {
		reply.Found(rw, r, federation.EmojiStill(id))
		return
	}
	w.numbered(w.svc.ServeEmoji)(rw, r, at)
}

// wantsPage says that a browser asks. Who says nothing about types gets the
// object: at an id that is what programs come for.
func wantsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html") && !federation.WantsActivity(r)
}
