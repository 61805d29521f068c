package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// A device can put the owner's pages on its home screen; visitors' pages have no
// manifest and no worker.
func TestTheManifest(t *testing.T) {
	h := newHouse(t)
	w := h.ask("GET", "/manifest.webmanifest", browser)
	var m manifest
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil || w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/manifest+json") {
		t.Fatalf("%d %v %s", w.Code, err, w.Body)
	}
	if m.Name != "dassie at "+testHost || m.Start != "/me" || m.Display != "standalone" || m.Share.Action != "/me/share" || m.Share.EncType != "multipart/form-data" {
		t.Errorf("%+v", m)
	}
	maskable := false
	for _, icon := range m.Icons {
		if got := h.ask("GET", icon.Src, browser); got.Code != 200 || got.Header().Get("Content-Type") != icon.Type {
			t.Errorf("icon %s: %d %s", icon.Src, got.Code, got.Header().Get("Content-Type"))
		}
		maskable = maskable || icon.Purpose == "maskable" && icon.Sizes == "512x512"
	}
	if !maskable {
		t.Error("no maskable icon")
	}
	for _, path := range []string{"/", "/about", "/privacy-policy", "/follow", "/login"} {
		page := h.ask("GET", path, browser)
		hides(t, page.Body.String(), "manifest", "worker.js", "<script")
		if strings.Contains(page.Header().Get("Content-Security-Policy"), "worker-src") {
			t.Errorf("%s allows workers", path)
		}
	}
}

// T51: what a browser kept for the owner goes with the log-out.
func TestT51_LogOutLeavesNothingInTheBrowser(t *testing.T) {
	h := newHouse(t)
	in := h.logIn()
	more := h.ask("GET", "/me/more", browser, in)
	w := h.ask("POST", "/logout", browser, in, form("csrf="+between(more.Body.String(), `name="csrf" value="`, `"`)))
	if w.Code != http.StatusSeeOther || w.Header().Get("Clear-Site-Data") != `"storage"` {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}
