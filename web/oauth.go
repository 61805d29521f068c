package web

import (
	"encoding/json"
	"net/http"
	"net/url"

	"dassie/assets"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/reply"
)

// authorizePath is where apps send the owner.
const authorizePath = "/oauth/authorize"

// consentPage asks the owner about an app.
type consentPage struct {
	assets.Plain
	Me      assets.Person
	App     string
	Website string // its own address, "" if it gave none
	Host    string
	Site    string // where the answer goes; "" if the owner carries it
	Program bool   // that is a program on this device
	Open    bool   // the way there is not encrypted
	Scopes  []auth.ScopeWords
	Hidden  [][2]string
}

type carryPage struct {
	assets.Plain
	Code string // "" after a no
}

// consenting is around the pages between an app and the owner. They may be in a
// window that the app opened, and end at its address.
func (w *Web) consenting(next http.HandlerFunc) http.Handler {
	inside := w.guard.Owner(w.guard.Protect(next))
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		reply.LeadsOut(rw.Header())
		inside.ServeHTTP(rw, r)
	})
}

// authorize answers /oauth/authorize: asks, and takes the owner's answer. Each app
// is asked for each time: force_login means nothing where one person has an account.
func (w *Web) authorize(rw http.ResponseWriter, r *http.Request) {
	get := r.URL.Query().Get
	if !isRead(r) {
		get = r.PostForm.Get
	}
	asked, err := w.guard.Ask(r, get)
	switch {
	case err != nil:
		w.Fail(rw, r, err)
	case isRead(r):
		w.showConsent(rw, r, asked)
	case r.PostForm.Get("answer") == "allow":
		target, err := w.guard.Allow(r, asked)
		if err != nil {
			w.Fail(rw, r, err)
			return
		}
		w.leave(rw, r, asked, target)
	default:
		w.leave(rw, r, asked, asked.Refuse())
	}
}

// leave sends the browser to the app, or to the page with the code.
func (w *Web) leave(rw http.ResponseWriter, r *http.Request, asked auth.Asked, target string) {
	switch {
	case target == "":
		w.show(rw, r, http.StatusOK, "authorize_code", carryPage{Plain: w.plain("Nothing was given", "")})
	case asked.OutOfBand():
		reply.Redirect(rw, r, target)
	default:
		reply.Found(rw, r, target)
	}
}

func (w *Web) showConsent(rw http.ResponseWriter, r *http.Request, asked auth.Asked) {
	me, err := store.Get(r.Context(), w.store, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(store.OwnerID) })
	if err != nil {
		w.Fail(rw, r, err)
		return
	}
	d := consentPage{
		Plain: w.plain("Allow "+asked.App.Name, w.guard.CSRF(r)), Me: w.face(me),
		App: asked.App.Name, Website: asked.App.Website, Scopes: asked.Scopes.InWords(), Hidden: asked.Fields(),
	}
	if u, err := url.Parse(d.Website); err == nil {
		d.Host = u.Host
	}
	d.Site, d.Program, d.Open = asked.Site()
	w.show(rw, r, http.StatusOK, "authorize", d)
}

// face is the owner on the small pages.
func (w *Web) face(me store.Actor) assets.Person {
	p := assets.Person{Name: me.Name, Handle: "@" + me.Handle(), URL: w.site.ProfilePath()}
	if me.Avatar != "" {
		p.Avatar = "/media/" + me.Avatar
	}
	return p
}

// showCode answers /oauth/authorize/native: the code that the owner carries over.
func (w *Web) showCode(rw http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("code")
	if !auth.IsCode(code) {
		w.Fail(rw, r, reply.Errorf(reply.Invalid, "This is no code of this server. Go back to the app and try again."))
		return
	}
	w.show(rw, r, http.StatusOK, "authorize_code", carryPage{Plain: w.plain("Code for the app", ""), Code: code})
}

// serverMetadata tells apps how to get a token (RFC 8414 2), as Mastodon 4.3 does.
type serverMetadata struct {
	Issuer        string   `json:"issuer"`
	Documentation string   `json:"service_documentation"`
	Authorize     string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Registration  string   `json:"app_registration_endpoint"`
	Revocation    string   `json:"revocation_endpoint"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Scopes        []string `json:"scopes_supported"`
	ResponseTypes []string `json:"response_types_supported"`
	ResponseModes []string `json:"response_modes_supported"`
	GrantTypes    []string `json:"grant_types_supported"`
	TokenAuth     []string `json:"token_endpoint_auth_methods_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
}

// oauthMetadata answers /.well-known/oauth-authorization-server.
func (w *Web) oauthMetadata(rw http.ResponseWriter, r *http.Request) {
	at := w.svc.Origin().URL
	body, err := json.Marshal(serverMetadata{
		Issuer: at("/"), Documentation: "https://docs.joinmastodon.org/", Authorize: at("/oauth/authorize"), Token: at("/oauth/token"),
		Registration: at("/api/v1/apps"), Revocation: at("/oauth/revoke"), UserInfo: at("/oauth/userinfo"), Scopes: auth.AllScopes(),
		ResponseTypes: []string{"code"}, ResponseModes: []string{"query"}, GrantTypes: []string{"authorization_code", "client_credentials"},
		TokenAuth: []string{"client_secret_basic", "client_secret_post"}, Challenges: []string{"S256"},
	})
	if err != nil {
		reply.FailJSON(rw, r, err, w.log)
		return
	}
	reply.Cached(rw, r, body, reply.TypeJSON, reply.Cache{Control: reply.Brief})
}
