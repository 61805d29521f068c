package dashboard

import (
	"bytes"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/store"
)

// Any key can be put elsewhere; two things never share one (WCAG 2.1.4).
func TestKeysCanBePutElsewhere(t *testing.T) {
	h := newHouse(t)
	p := h.open("/me/keys")
	p.says(t, `name="k-6a" value="j"`, "Next post", `name="k-67" value="g"`)
	p.hides(t, "Back to the usual keys", `data-keys`)

	p = h.sent("/me/keys", "k-6a", "l", "k-6b", "ä", "k-63", "n")
	p.says(t, "Saved.", `data-keys="j:l k:ä c:n"`, `name="k-6a" value="l"`, "<kbd>l</kbd>", "<kbd>ä</kbd>", "Back to the usual keys")
	p.hides(t, "n does the same", "<kbd>j</kbd>")
	if set := h.Settings(); set.KeyMap != "j:l k:ä c:n" {
		t.Errorf("stored %q", set.KeyMap)
	}
	// Where one moves into the place of another, both say so, and nothing is stored.
	p = h.submit("/me/keys", "k-6a", "f")
	if p.status != http.StatusUnprocessableEntity {
		t.Errorf("taken twice: %d", p.status)
	}
	p.says(t, "“Like, or take it back” has this key too.", "“Next post” has this key too.", `name="k-6a" value="f"`)
	for _, key := range []string{"", " ", "ab", "3", "\x00", "\u0301\u0301", "\xff"} {
		if p := h.submit("/me/keys", "k-6a", key); p.status != http.StatusUnprocessableEntity {
			t.Errorf("key %q: %d", key, p.status)
		}
	}
	// Changing places is no conflict.
	h.sent("/me/keys", "k-6a", "k", "k-6b", "j").says(t, `data-keys="j:k k:j c:n"`)
	p = h.sent("/me/keys", "do", "usual", "k-6a", "z")
	p.hides(t, "data-keys", "Back to the usual keys")
	p.says(t, "<kbd>j</kbd>")
}

func TestLessSpaceIsKept(t *testing.T) {
	h := newHouse(t)
	h.open("/me").hides(t, "data-density")
	h.sent("/me/appearance", "size", "100", "dense", "yes").says(t, `data-density="dense"`)
	h.sent("/me/appearance", "size", "100").hides(t, "data-density")
}

var browserKeys = []string{
	"p256dh", "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "auth", base64.RawURLEncoding.EncodeToString(make([]byte, 16)),
}

// A browser is switched on by the form that its script filled, changed and switched
// off without a script, from here or from another browser.
func TestPushOfThisBrowserAndOthers(t *testing.T) {
	h := newHouse(t)
	p := h.open("/me/push")
	p.says(t, "<b>Off.</b>", `data-key="`+h.PushKey()+`" hidden`, "home screen", "No other browser")
	p.hides(t, "Send a test")
	if p = h.submit("/me/push", "kind", "mention"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("without an address: %d", p.status)
	}
	p.says(t, "This browser gave no address")
	if p = h.submit("/me/push", append(browserKeys, "endpoint", "javascript:alert(1)", "kind", "mention")...); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a bad address: %d", p.status)
	}
	on := append(browserKeys, "endpoint", "http://push.localhost:1/abc", "kind", "mention", "kind", "follow")
	p = h.sent("/me/push", on...)
	p.says(t, "Saved.", "<b>On</b>", "push.localhost", "Send a test", `value="follow" checked`, `value="mention" checked`)
	p.hides(t, `value="quote" checked`, `name="words" value="yes" checked`, "abc")
	h.sent("/me/push", "kind", "quote", "words", "yes").says(t, `value="quote" checked`, `name="words" value="yes" checked`)
	if p = h.submit("/me/push/test"); p.status != http.StatusConflict {
		t.Errorf("a test that cannot arrive: %d", p.status)
	}
	p.says(t, "The push service at push.localhost did not take the message")

	other := append([]byte("another"), make([]byte, 25)...)
	if err := h.Store().Write(ctx, func(tx *store.Tx) error {
		return tx.AddSession(store.Session{Hash: other, CSRF: "x", CreatedAt: h.cluster.Now(), UsedAt: h.cluster.Now(), Agent: "Mozilla/5.0 (iPhone) Version/18 Safari/605"})
	}); err != nil {
		t.Fatal(err)
	}
	if err := h.SubscribeBrowser(ctx, other, federation.PushWish{Endpoint: "http://push.localhost:1/xyz", P256DH: browserKeys[1], Auth: browserKeys[3]}, false); err != nil {
		t.Fatal(err)
	}
	h.open("/me/push").says(t, "Safari on iPhone")
	p = h.sent("/me/push/off", "browser", store.Session{Hash: other}.Name())
	p.says(t, "Switched off.", "<b>On</b>", "No other browser")
	p = h.sent("/me/push/off")
	p.says(t, "Off.")
	h.sent("/me/push/off").says(t, "Off.") // pressed twice
}

// What a browser keeps can be read by whoever holds the device: only what everybody
// can read is in it.
func TestT42_WhatABrowserKeepsIsPublic(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	bob.Post(t, store.Public, "For everybody")
	bob.Post(t, store.Unlisted, "For everybody, quietly")
	bob.Post(t, store.Followers, "FOR-FOLLOWERS")
	bob.Post(t, store.Direct, "@"+h.Server.Handle()+" FOR-ALICE")
	h.cluster.Settle()
	h.sent("/me/write", "text", "MY-OWN for followers", "audience", "followers", "do", "post", "key", "1")
	p := h.open("/me/offline")
	p.says(t, "For everybody", "For everybody, quietly", "Not connected")
	p.hides(t, "FOR-FOLLOWERS", "FOR-ALICE", "MY-OWN", "<script", "<img", "csrf")

	p = h.open("/me/worker.js")
	if p.header.Get("Service-Worker-Allowed") != "/me" || !strings.HasPrefix(p.header.Get("Content-Type"), "text/javascript") || !strings.Contains(p.header.Get("Content-Security-Policy"), "connect-src 'self'") {
		t.Errorf("worker: %v", p.header)
	}
	p.hides(t, `"/icon.small.png"`)
	h.browser.Jar = nil
	for _, path := range []string{"/me/worker.js", "/me/offline", "/me/push", "/me/share"} {
		if p := h.do("GET", path, nil); p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, "/login") {
			t.Errorf("a stranger gets %s: %d", path, p.status)
		}
	}
}

func (h *house) share(site string, pairs ...string) page {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, file := strings.CutPrefix(pairs[i], "@"); file {
			part, err := form.CreateFormFile(name, "shared.png")
			if err != nil {
				h.t.Fatal(err)
			}
			part.Write([]byte(pairs[i+1]))
			continue
		}
		form.WriteField(pairs[i], pairs[i+1])
	}
	form.Close()
	r, err := http.NewRequest("POST", h.web.URL+"/me/share", &body)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	if site != "" {
		r.Header.Set("Sec-Fetch-Site", site)
	}
	return h.send(r)
}

// What a device shares becomes a post that is not sent yet; no other site can do that.
func TestT52_SharedFromTheDevice(t *testing.T) {
	h := newHouse(t)
	h.open("/me/share?title=A+garden&text=Look&url=https%3A%2F%2Ftuin.example%2F").says(t, "A garden\n\nLook\n\nhttps://tuin.example/", "<h1>Write</h1>")
	h.open("/me/share?text=A+garden+https%3A%2F%2Ftuin.example%2F&title=A+garden&url=https%3A%2F%2Ftuin.example%2F").says(t, ">A garden https://tuin.example/</textarea>")
	h.open("/me/share?text=%3C%2Ftextarea%3E%3Cscript%3E").hides(t, "</textarea><script>")
	h.open("/me/share").says(t, "<h1>Write</h1>")

	p := h.share("none", "title", "Pots", "text", "on the sill", "@files", string(photo(t, 1)))
	p.says(t, "Pots\n\non the sill", "shared.png", "What can be seen?")
	if p.status != http.StatusOK {
		t.Errorf("shared: %d", p.status)
	}
	p = h.share("none", "text", "a film", "@files", "no picture at all")
	p.says(t, "a film", "shared.png")
	for _, site := range []string{"cross-site", "same-site", ""} {
		if p := h.share(site, "text", "forged", "@files", string(photo(t, 1))); p.status != http.StatusForbidden {
			t.Errorf("from %q: %d", site, p.status)
		}
	}
	if p := h.do("POST", "/me/share", map[string][]string{"text": {"forged"}}); p.status != http.StatusForbidden {
		t.Errorf("a plain form: %d", p.status)
	}
	if len(h.own()) != 0 {
		t.Error("something was posted")
	}
	h.browser.Jar = nil
	if p := h.share("none", "text", "x"); p.status != http.StatusUnauthorized {
		t.Errorf("a stranger: %d", p.status)
	}
}
