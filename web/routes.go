package web

import (
	"net/http"

	"github.com/julienschmidt/httprouter"

	"dassie/web/auth"
	"dassie/web/reply"
)

// siteRoutes is every address of a server with an account. Pages for people
// stand above, what other programs ask for below.
func (w *Web) siteRoutes(me, api http.Handler) []route {
	s, p, g := w.svc, w.site, w.guard
	get, post, both, all := "GET", "POST", "GET POST", "*"
	return []route{
		{"/", get, page(p.Profile)},
		{"/@:name", get, w.name},
		{"/@:name/:id", get, w.below},
		{"/tags/:tag", get, w.tag},
		{"/archive/:year", get, func(rw http.ResponseWriter, r *http.Request, at httprouter.Params) { p.Year(rw, r, at[0].Value) }},
		{"/archive/:year/:month", get, func(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
			p.Month(rw, r, at[0].Value, at[1].Value)
		}},
		{"/search", get, page(p.Search)},
		{"/about", get, page(p.About)},
		{"/privacy-policy", get, page(p.Privacy)},
		{"/privacy", get, page(toPrivacy)},
		{"/terms", get, page(toPrivacy)}, // where Mastodon had it until 4.0
		{"/privacy/ask", both, page(p.AskKept)},
		{"/privacy/ask/:secret", both, func(rw http.ResponseWriter, r *http.Request, at httprouter.Params) { p.Kept(rw, r, at[0].Value) }},
		{"/follow", get, page(p.Follow)},
		{"/authorize_interaction", get, page(p.Interact)},
		{"/robots.txt", get, page(p.Robots)},
		{"/sitemap.xml", get, page(p.Sitemap)},
		{"/manifest.webmanifest", get, page(w.serveManifest)},
		{"/oembed", get, page(p.OEmbed)},
		{"/api/oembed", get, page(p.OEmbed)},
		{"/media/:name", get, w.media},
		{"/media/:name/:sign", get, w.remoteMedia},
		{"/static/:name", get, static},
		{"/healthz", get, page(w.healthOrCheck)},
		{"/mail/off/:token", both, w.mailOff},

		{"/login", both, handler(g.ProtectBody(auth.LoginBytes, http.HandlerFunc(w.login)))},
		{passkeyPath, post, handler(g.Protect(http.HandlerFunc(w.loginPasskey)))},
		{"/logout", both, handler(g.Protect(http.HandlerFunc(w.logout)))},
		{leavingPath, both, handler(g.Owner(g.Protect(http.HandlerFunc(w.leaving))))},
		{leavingPath + "/archive", get, handler(g.Owner(http.HandlerFunc(w.leavingArchive)))},
		{leavingPath + "/report", get, handler(g.Owner(http.HandlerFunc(w.leavingReport)))},
		{"/me", all, handler(me)},
		{"/me/*rest", all, handler(me)},
		{"/api/*rest", all, handler(api)},
		{"/oauth/token", all, handler(api)},
		{"/oauth/revoke", all, handler(api)},
		{"/oauth/userinfo", all, handler(api)},
		{authorizePath, both, handler(w.consenting(w.authorize))},
		{"/oauth/authorize/native", get, handler(w.consenting(w.showCode))},

		{"/inbox", post, page(s.ServeInbox)},
		{"/users/:key", get, w.actorOrPage},
		{"/users/:key/inbox", post, w.actor(s.ServeInbox)},
		{"/users/:key/outbox", get, w.actor(s.ServeOutbox)},
		{"/users/:key/followers", get, w.actor(s.ServeFollowers)},
		{"/users/:key/followers/sync", get, w.actor(s.ServeFollowersSync)},
		{"/users/:key/following", get, w.actor(s.ServeFollowing)},
		{"/users/:key/featured", get, w.actor(s.ServeFeatured)},
		{"/users/:key/tags", get, w.actor(s.ServeFeaturedTags)},
		{"/instance", get, page(s.ServeInstance)},
		{"/posts/:id", get, w.postOrPage},
		{"/posts/:id/activity", get, w.numbered(s.ServePostActivity)},
		{"/posts/:id/replies", get, w.numbered(s.ServeReplies)},
		{"/posts/:id/likes", get, w.numbered(s.ServeLikes)},
		{"/posts/:id/shares", get, w.numbered(s.ServeShares)},
		{"/contexts/:id", get, w.numbered(s.ServeContext)},
		{"/stamps/:id", get, w.numbered(s.ServeStamp)},
		{"/emojis/:id", get, w.emojiOrPicture},
		{"/emojis/:id/:file", get, func(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
			w.numbered(func(rw http.ResponseWriter, r *http.Request, id int64) { s.ServeEmojiPicture(rw, r, id, at[1].Value) })(rw, r, at)
		}},
		{"/activities/:id", get, w.numbered(s.ServeActivity)},

		{"/.well-known/webfinger", get, page(s.ServeWebFinger)},
		{"/.well-known/host-meta", get, page(s.ServeHostMeta)},
		{"/.well-known/host-meta.json", get, page(s.ServeHostMeta)},
		{"/.well-known/security.txt", get, page(p.SecurityTxt)},
		{"/.well-known/oauth-authorization-server", get, page(w.oauthMetadata)},
		{"/.well-known/nodeinfo", get, page(s.ServeNodeInfoIndex)},
		{"/nodeinfo/:version", get, func(rw http.ResponseWriter, r *http.Request, at httprouter.Params) {
			s.ServeNodeInfo(rw, r, at[0].Value)
		}},
	}
}

func toPrivacy(w http.ResponseWriter, r *http.Request) { reply.Redirect(w, r, "/privacy-policy") }

// setupRoutes is every address of a server without an account.
func (s *Setup) setupRoutes() []route {
	return []route{
		{"/setup", "GET POST", handler(s.gate.Protect(http.HandlerFunc(s.wizard)))},
		{"/static/:name", "GET", static},
		{"/healthz", "GET", page(s.health)},
	}
}
