package web

import (
	"encoding/json"
	"net/http"

	"dassie/assets"
	"dassie/web/reply"
)

// typeManifest is what browsers expect (Web Application Manifest 4).
const typeManifest = "application/manifest+json; charset=utf-8"

type manifestIcon struct {
	Src     string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose"`
}

type manifestLink struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

type shareFiles struct {
	Name   string   `json:"name"`
	Accept []string `json:"accept"`
}

type shareParams struct {
	Title string       `json:"title"`
	Text  string       `json:"text"`
	URL   string       `json:"url"`
	Files []shareFiles `json:"files"`
}

type shareTarget struct {
	Action  string      `json:"action"`
	Method  string      `json:"method"`
	EncType string      `json:"enctype"`
	Params  shareParams `json:"params"`
}

// manifest is what a device needs to put the owner's pages on its home screen and to
// share things with them. Nothing in it is private: browsers ask for it without
// cookies.
type manifest struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	ShortName  string         `json:"short_name"`
	Start      string         `json:"start_url"`
	Scope      string         `json:"scope"`
	Display    string         `json:"display"`
	Background string         `json:"background_color"`
	Theme      string         `json:"theme_color"`
	Icons      []manifestIcon `json:"icons"`
	Shortcuts  []manifestLink `json:"shortcuts"`
	Share      shareTarget    `json:"share_target"`
}

// makeManifest writes it for a host.
func makeManifest(host string) ([]byte, error) {
	icon := func(name, sizes, kind, purpose string) manifestIcon {
		return manifestIcon{assets.StaticPath(name), sizes, kind, purpose}
	}
	return json.Marshal(manifest{
		ID: "/me", Name: "dassie at " + host, ShortName: "dassie", Start: "/me", Scope: "/", Display: "standalone", Background: "#faf9f7", Theme: "#0b5d6b",
		Icons: []manifestIcon{
			icon("favicon.svg", "any", "image/svg+xml", "any"), icon("icon.small.png", "192x192", "image/png", "any"),
			icon("icon.png", "512x512", "image/png", "any"), icon("icon.png", "512x512", "image/png", "maskable"),
		},
		Shortcuts: []manifestLink{{"Write", "/me/write"}, {"Inbox", "/me/inbox"}, {"Search", "/me/search"}},
		Share: shareTarget{"/me/share", "POST", "multipart/form-data", shareParams{"title", "text", "url", []shareFiles{
			{"files", []string{"image/*", "video/*", "audio/*"}},
		}}},
	})
}

// serveManifest answers /manifest.webmanifest.
func (w *Web) serveManifest(rw http.ResponseWriter, r *http.Request) {
	reply.Cached(rw, r, w.manifest, typeManifest, reply.Cache{Control: reply.Brief})
}
