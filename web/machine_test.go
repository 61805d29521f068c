package web

import (
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation"
	"dassie/store"
)

var update = flag.Bool("update", false, "write the files that programs ask for as they are now into testdata/machine")

// What other programs ask for is held to the byte: a change there is a change of
// what we promise.
func TestMachineFilesAreGolden(t *testing.T) {
	h := newHouse(t)
	key := h.svc.Identity().ActorKey // drawn anew for each database
	p := h.post(store.Public, "Frost on the beds, first of the year.", func(p *store.Post) {
		p.Extra.Tags, p.Language = []string{"Frost"}, "en"
		p.Extra.Attachments = []store.Attachment{{Name: strings.Repeat("a", 64) + ".jpg", MediaType: "image/jpeg", Alt: "Four long beds"}}
	})
	h.post(store.Public, "Slugs.", func(p *store.Post) { p.Summary = "Slugs, at length" })
	h.change(func(s *store.Settings) { s.SearchEngines, s.Contact = true, "nora@"+testHost })
	id := formatID(p.ID)
	for name, path := range map[string]string{
		"robots.txt": "/robots.txt", "sitemap.xml": "/sitemap.xml", "security.txt": "/.well-known/security.txt", "webfinger.json": "/.well-known/webfinger?resource=acct:nora@" + testHost,
		"nodeinfo.json": "/.well-known/nodeinfo", "nodeinfo-2.1.json": "/nodeinfo/2.1", "host-meta.xml": "/.well-known/host-meta", "host-meta.json": "/.well-known/host-meta.json",
		"feed.atom": "/@nora.atom", "feed.rss": "/@nora.rss", "feed.json": "/@nora.json", "tag.atom": "/tags/frost.atom",
		"oembed-post.json": "/oembed?url=https%3A%2F%2F" + testHost + "%2F%40nora%2F" + id, "oembed-profile.json": "/api/oembed?url=https%3A%2F%2F" + testHost + "%2F%40nora",
	} {
		w := h.ask("GET", path, "")
		got := strings.ReplaceAll("# "+w.Header().Get("Content-Type")+"\n"+w.Body.String(), key, "ACTORKEY")
		file := filepath.Join("testdata", "machine", name)
		if *update {
			must(t, os.MkdirAll(filepath.Dir(file), 0o755))
			must(t, os.WriteFile(file, []byte(got), 0o644))
		}
		want, err := os.ReadFile(file)
		must(t, err)
		if w.Code != 200 || got != string(want) {
			t.Errorf("%s: %d\n%s\nwant\n%s\n(go test ./web -run Golden -update writes it)", path, w.Code, got, want)
		}
	}
}

func TestRobotsAreAskedForWhatTheOwnerWants(t *testing.T) {
	h := newHouse(t)
	says(t, h.ask("GET", "/robots.txt", "").Body.String(), "User-agent: GPTBot", "Disallow: /\n")
	h.change(func(s *store.Settings) { s.AICrawlers = true })
	hides(t, h.ask("GET", "/robots.txt", "").Body.String(), "GPTBot", "Disallow: /\n")
	w := h.ask("GET", "/@nora", browser)
	if w.Header().Get("X-Robots-Tag") != "noindex" || !strings.Contains(w.Body.String(), `name="robots" content="noindex"`) {
		t.Errorf("AI let in: %v", w.Header())
	}
	h.change(func(s *store.Settings) { s.SearchEngines = true })
	if w = h.ask("GET", "/@nora", browser); w.Header().Get("X-Robots-Tag") != "" || strings.Contains(w.Body.String(), `name="robots"`) {
		t.Errorf("everybody let in: %v", w.Header())
	}
	h.change(func(s *store.Settings) { s.AICrawlers = false })
	picture := h.uploaded(1)
	_, err := h.svc.Publish(bg, federation.Draft{Text: "Look", Media: []federation.Attached{{ID: picture.ID}}})
	must(t, err)
	if w = h.ask("GET", "/media/"+picture.Name, ""); w.Code != 200 || w.Header().Get("X-Robots-Tag") != "noai, noimageai" {
		t.Errorf("a picture: %v", w.Header())
	}
}

func TestOnlyOwnPagesAreEmbedded(t *testing.T) {
	h := newHouse(t)
	p := h.post(store.Public, "Frost.")
	for address, want := range map[string]int{
		"https://" + testHost + "/@nora/" + formatID(p.ID): 200, "https://" + testHost + "/posts/" + formatID(p.ID): 200, "https://" + testHost + "/": 200, "https://" + testHost: 200,
		"https://evil.example/@nora/" + formatID(p.ID): 404, "http://" + testHost + "/@nora": 404, "https://" + testHost + "/about": 404, "https://" + testHost + "/@else": 404, "": 404, "%zz": 404,
		"https://" + testHost + "/@nora/1": 404,
	} {
		w := h.ask("GET", "/oembed?url="+address, "")
		if w.Code != want || !strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
			t.Errorf("%s: %d %s", address, w.Code, w.Body)
		}
	}
	hides(t, h.page("/oembed?url=https://"+testHost+"/@nora/"+formatID(p.ID)), "iframe", "script")
	says(t, h.page("/oembed?maxwidth=300&url=https://"+testHost+"/@nora/"+formatID(p.ID)), `"width":300`)
}

func TestTheContactIsShownWhereItIsLookedFor(t *testing.T) {
	h := newHouse(t)
	if w := h.ask("GET", "/.well-known/security.txt", ""); w.Code != 404 {
		t.Errorf("without a contact: %d", w.Code)
	}
	h.change(func(s *store.Settings) {
		s.Contact, s.Rules = "https://veldkamp.example/write", "Be kind.\n\n No <b>slugs</b>."
	})
	text := h.ask("GET", "/.well-known/security.txt", "").Body.String()
	expires, err := time.Parse(time.RFC3339, between(text, "Expires: ", "\n"))
	if err != nil || !strings.HasPrefix(text, "Contact: https://veldkamp.example/write\n") || expires.Before(h.clock()) || expires.After(h.clock().AddDate(1, 0, 0)) {
		t.Errorf("%v %s", err, text)
	}
	says(t, h.page("/about"), `href="https://veldkamp.example/write"`, "House rules", "Be kind.", "No &lt;b&gt;slugs&lt;/b&gt;.")
	says(t, h.page("/privacy-policy"), `href="https://veldkamp.example/write"`)
	h.change(func(s *store.Settings) { s.Contact, s.ShowBlocked = "nora@veldkamp.example", true })
	says(t, h.page("/about"), `href="mailto:nora@veldkamp.example"`, "Blocked servers", "None.")
	h.write(func(tx *store.Tx) error { return tx.BlockHost("spam.example") })
	says(t, h.page("/about"), "spam.example")
}

func TestThePrivacyPolicyNamesLogInsAndSearch(t *testing.T) {
	h := newHouse(t)
	first := h.page("/privacy-policy")
	says(t, first, "kept for 365 days at most")
	hides(t, first, "search for is not kept")
	h.change(func(s *store.Settings) { s.KeepAddressDays, s.VisitorSearch = 0, true })
	second := h.page("/privacy-policy")
	hides(t, second, "one exception")
	says(t, second, "search for is not kept")
	if between(first, "were last changed on", "</p>") == between(second, "were last changed on", "</p>") {
		t.Error("the date of the policy stands still")
	}
}

func TestMicroformats(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	p := h.post(store.Public, "Frost.", func(p *store.Post) { p.Extra.Tags = []string{"frost"} })
	h.answer(ann, store.Public, p, "Indeed.")
	shown := h.answer(ann, store.Public, store.Post{}, "Boosted.")
	h.boost(shown, store.Public)
	base := "https://" + testHost
	profile := microformats(t, base+"/@nora", h.page("/@nora"))
	cards := profile.all("h-card")
	if len(cards) == 0 || cards[0].one("name") != "nora" || !slices.Contains(cards[0].props["url"], base+"/@nora") || cards[0].one("photo") == "" {
		t.Errorf("h-card: %+v", cards)
	}
	feeds := profile.all("h-feed")
	if len(feeds) != 1 || feeds[0].one("name") != "Posts by nora" || len(feeds[0].all("h-entry")) != 2 {
		t.Fatalf("h-feed: %+v", feeds)
	}
	boosted, own := feeds[0].all("h-entry")[0], feeds[0].all("h-entry")[1]
	if own.one("url") != base+"/@nora/"+formatID(p.ID) || !strings.HasPrefix(own.one("published"), "2026-11-23T12:00:00") || own.one("content") != "Frost." || own.items["author"][0].one("name") != "nora" {
		t.Errorf("h-entry: %+v", own)
	}
	if of := boosted.items["repost-of"]; len(of) != 1 || of[0].one("url") != shown.URI || of[0].one("content") != "Boosted." || boosted.items["author"][0].one("name") != "nora" || of[0].items["author"][0].one("url") != ann.URI {
		t.Errorf("repost: %+v", boosted)
	}
	post := microformats(t, base, h.page("/@nora/"+formatID(p.ID))).all("h-entry")
	if len(post) != 1 || post[0].one("uid") != base+"/@nora/"+formatID(p.ID) || post[0].one("name") != "Post by nora" || len(post[0].items["comment"]) != 1 {
		t.Fatalf("post: %+v", post)
	}
	if comment := post[0].items["comment"][0]; comment.one("content") != "Indeed." || comment.items["author"][0].one("url") != ann.URI || comment.one("published") == "" {
		t.Errorf("comment: %+v", comment)
	}
	if tag := microformats(t, base, h.page("/tags/frost")).all("h-feed"); len(tag) != 1 || tag[0].one("name") != "#frost" || len(tag[0].all("h-entry")) != 1 {
		t.Errorf("tag: %+v", tag)
	}
}

// sharedCache is a proxy that keeps what it may: answers that are public, by their
// address and by the headers of the request that Vary names (RFC 9111 3, 4.1).
type sharedCache struct {
	h    *house
	mu   sync.Mutex
	kept map[string]map[string]*httptest.ResponseRecorder
}

func (c *sharedCache) get(path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	var sent *http.Request
	w := c.h.ask("GET", path, "", append(change, func(r *http.Request) { sent = r })...)
	c.mu.Lock()
	defer c.mu.Unlock()
	for vary, kept := range c.kept[path] {
		if c.key(vary, sent) == kept.Header().Get("X-Kept-For") {
			return kept
		}
	}
	if control := w.Header().Get("Cache-Control"); w.Code != 200 || !strings.Contains(control, "public") || strings.Contains(control, "no-store") {
		return w
	}
	vary := strings.Join(w.Header().Values("Vary"), ",")
	w.Header().Set("X-Kept-For", c.key(vary, sent))
	if c.kept[path] == nil {
		c.kept[path] = map[string]*httptest.ResponseRecorder{}
	}
	c.kept[path][vary] = w
	return w
}

func (c *sharedCache) key(vary string, r *http.Request) string {
	var b strings.Builder
	for name := range strings.SplitSeq(vary, ",") {
		b.WriteString(strings.Join(r.Header.Values(strings.TrimSpace(name)), "|") + "\n")
	}
	return b.String()
}

// T43: through a proxy that keeps what it may, nobody is given what was meant for
// somebody else, and a browser and a server never get each other's form.
func TestT43_ThroughACachingProxy(t *testing.T) {
	h := wideOpen(t)
	private := h.post(store.Followers, "SECRET-WORDS")
	open := h.post(store.Public, "Open words.", func(p *store.Post) { p.Extra.Tags = []string{"open"} })
	fan, key := h.person("fan", "fans.example")
	h.write(func(tx *store.Tx) error {
		return tx.SaveFollower(store.Follower{ActorID: fan.ID, State: store.FollowAccepted, FollowURI: "https://fans.example/f/1", AskedAt: noon})
	})
	follower := func(r *http.Request) {
		r.Header.Set("Accept", peer)
		must(t, key.SignCavage(r, nil, noon))
	}
	accept := func(kind string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Accept", kind) }
	}
	first := h.ask("GET", "/login", browser)
	in := h.ask("POST", "/login", browser, cookies(first), form("csrf="+between(first.Body.String(), `name="csrf" value="`, `"`)+"&name=nora&password=three+short+words"), encrypted)
	if in.Code != 303 {
		t.Fatalf("log-in: %d", in.Code)
	}
	for _, id := range []string{formatID(private.ID), formatID(open.ID)} {
		for _, path := range append([]string{"/@nora/" + id, "/posts/" + id, "/posts/" + id + "/activity", "/", "/@nora", "/tags/open", "/archive/2026/11", "/oembed?url=https://" + testHost + "/@nora/" + id}, alsoLists...) {
			proxy := &sharedCache{h: h, kept: map[string]map[string]*httptest.ResponseRecorder{}}
			proxy.get(path, follower)
			proxy.get(path, accept(browser), cookies(in))
			for who, w := range map[string]*httptest.ResponseRecorder{"browser": proxy.get(path, accept(browser)), "server": proxy.get(path, accept(peer))} {
				direct := h.ask("GET", path, map[string]string{"browser": browser, "server": peer}[who])
				if w.Code != direct.Code || w.Body.String() != direct.Body.String() || strings.Contains(w.Body.String(), "SECRET") || len(w.Result().Cookies()) > 0 {
					t.Errorf("%s for a %s: %d %s, directly %d", path, who, w.Code, w.Body, direct.Code)
				}
			}
		}
	}
}
