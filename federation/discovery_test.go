package federation

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"dassie/store"
)

func TestWebFinger(t *testing.T) {
	d := newDocServer(t, "example.org", "social.example.org")
	me, server := "acct:ann@example.org", "acct:social.example.org@social.example.org"
	for resource, want := range map[string]string{
		"acct:ann@example.org": me, "acct:ann@social.example.org": me, "acct:@ann@example.org": me, "ann@example.org": me,
		"@ann@EXAMPLE.org": me, "acct:ANN@example.org": me, "ACCT:ann@example.org": me, d.actorURI: me,
		"https://social.example.org/@ann": me, "https://social.example.org/@Ann": me, "https://example.org/@ann": me,
		"https://social.example.org/": me, "https://social.example.org": me,
		"acct:social.example.org@social.example.org": server, "acct:example.org@example.org": server,
		"https://social.example.org/instance": server,
		"acct:bob@example.org":                "", "acct:ann@other.example": "", "acct:ann": "", "ann": "", "acct:@": "",
		"https://other.example/@ann": "", "https://social.example.org.evil.example/@ann": "", d.actorURI + "x": "",
		"http://social.example.org/@ann": "", "https://user@social.example.org/@ann": "", "https://social.example.org/posts/1": "",
		"acct:ann@example.org\x00": "", strings.Repeat("a", 5000): "",
	} {
		w := d.get("/.well-known/webfinger?resource="+url.QueryEscape(resource), nil)
		if w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%q: no CORS", resource)
		}
		if want == "" {
			if w.Code != 404 {
				t.Errorf("%.60q: %d", resource, w.Code)
			}
			continue
		}
		if w.Code != 200 || w.Header().Get("Content-Type") != "application/jrd+json; charset=utf-8" {
			t.Errorf("%q: %d %v", resource, w.Code, w.Header())
			continue
		}
		o := decodeDoc(t, w)
		self := d.actorURI
		if want == server {
			self = "https://social.example.org/instance"
		}
		if o["subject"] != want || hrefOf(o, "self") != self {
			t.Errorf("%q: %v", resource, o)
		}
		if want == me && (hrefOf(o, "http://webfinger.net/rel/profile-page") != "https://social.example.org/@ann" ||
			hrefOf(o, "http://ostatus.org/schema/1.0/subscribe") != "https://social.example.org/follow?uri={uri}") {
			t.Errorf("%q: %v", resource, o)
		}
	}
	for _, query := range []string{"", "?resource=", "?rel=self", "?resource=%zz"} {
		if w := d.get("/.well-known/webfinger"+query, nil); w.Code != 400 {
			t.Errorf("%q: %d", query, w.Code)
		}
	}
}

func TestWebFingerOnLoopback(t *testing.T) {
	d := newDocServer(t, "ann.localhost:8080", "ann.localhost:8080")
	w := d.get("/.well-known/webfinger?resource=acct:ann@ann.localhost:8080", nil)
	if o := decodeDoc(t, w); o["subject"] != "acct:ann@ann.localhost:8080" || hrefOf(o, "self") != d.actorURI || !strings.HasPrefix(d.actorURI, "http://") {
		t.Errorf("%v", o)
	}
	w = d.get("/.well-known/webfinger?resource="+url.QueryEscape("acct:ann.localhost:8080@ann.localhost:8080"), nil)
	if o := decodeDoc(t, w); hrefOf(o, "self") != "http://ann.localhost:8080/instance" {
		t.Errorf("%v", o)
	}
}

func hrefOf(o map[string]any, rel string) string {
	links, _ := o["links"].([]any)
	for _, l := range links {
		l, _ := l.(map[string]any)
		if l["rel"] != rel {
			continue
		}
		if href, ok := l["href"].(string); ok {
			return href
		}
		template, _ := l["template"].(string)
		return template
	}
	return ""
}

func TestHostMeta(t *testing.T) {
	d := newDocServer(t, "example.org", "social.example.org")
	template := "https://social.example.org/.well-known/webfinger?resource={uri}"
	w := d.get("/.well-known/host-meta", nil)
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/xrd+xml; charset=utf-8" || !strings.Contains(w.Body.String(), `template="`+template+`"`) {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	asked := d.request("/.well-known/host-meta", nil)
	asked.Header.Set("Accept", "application/json")
	w2 := httptest.NewRecorder()
	d.handler().ServeHTTP(w2, asked)
	for _, w := range []*httptest.ResponseRecorder{d.get("/.well-known/host-meta.json", nil), w2} {
		if o := decodeDoc(t, w); hrefOf(o, "lrdd") != template || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%v %v", o, w.Header())
		}
	}
}

func TestT42_NodeInfoCountsOnlyWhatEverybodyMayRead(t *testing.T) {
	d := newDocServer(t, "example.org", "social.example.org")
	for _, v := range []store.Visibility{store.Public, store.Unlisted, store.Followers, store.Direct} {
		d.post(v)
	}
	index := decodeDoc(t, d.get("/.well-known/nodeinfo", nil))
	for _, version := range []string{"2.0", "2.1"} {
		address := hrefOf(index, "http://nodeinfo.diaspora.software/ns/schema/"+version)
		w := d.get(address, nil)
		o := decodeDoc(t, w)
		software, usage := o["software"].(map[string]any), o["usage"].(map[string]any)
		users := usage["users"].(map[string]any)
		if o["version"] != version || software["name"] != "dassie" || software["version"] != "1.2.3" || usage["localPosts"] != 2.0 ||
			users["total"] != 1.0 || users["activeMonth"] != 1.0 || users["activeHalfyear"] != 1.0 || o["openRegistrations"] != false {
			t.Errorf("%v", o)
		}
		// Libraries that do not know this server find out whose API it speaks.
		if upstream := o["metadata"].(map[string]any)["upstream"].(map[string]any); upstream["name"] != "mastodon" {
			t.Errorf("%v", o["metadata"])
		}
		if !strings.Contains(w.Header().Get("Content-Type"), "schema/"+version+"#") {
			t.Errorf("%v", w.Header())
		}
	}
	if w := d.get("/nodeinfo/1.0", nil); w.Code != 404 {
		t.Errorf("1.0: %d", w.Code)
	}
}
