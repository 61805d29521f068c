package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation/httpsig"
	"dassie/store"
)

// matrix says of every route what it is, and what address of it a post has. A
// route that is not here fails the test: say first who may read it.
//
// readers: all (no post is named in the address), open (public and unlisted
// posts to everybody, others as if they never were), lists (public posts only),
// owner (behind the log-in), post (takes no GET).
var matrix = map[string]struct {
	readers string
	path    string // ID is the post's id
	missing int    // status of what never was, to an ActivityPub client; 0 for none
}{
	"/":                           {"lists", "/", 0},
	"/@:name":                     {"lists", "/@nora", 0},
	"/@:name/:id":                 {"open", "/@nora/ID", 404},
	"/tags/:tag":                  {"lists", "/tags/secret", 0},
	"/archive/:year":              {"lists", "/archive/2026", 0},
	"/archive/:year/:month":       {"lists", "/archive/2026/11", 0},
	"/search":                     {"lists", "/search?q=SECRET-WORDS", 0},
	"/about":                      {"all", "/about", 0},
	"/privacy-policy":             {"all", "/privacy-policy", 0},
	"/privacy":                    {"all", "/privacy", 0},
	"/terms":                      {"all", "/terms", 0},
	"/privacy/ask":                {"all", "/privacy/ask", 0},
	"/privacy/ask/:secret":        {"all", "/privacy/ask/ID", 0}, // who has the link: TestT42_AnAnswerIsForWhoHasItsLink
	"/follow":                     {"all", "/follow", 0},
	"/authorize_interaction":      {"all", "/authorize_interaction?uri=acct:ann@there.example", 0},
	"/robots.txt":                 {"all", "/robots.txt", 0},
	"/sitemap.xml":                {"lists", "/sitemap.xml", 0},
	"/manifest.webmanifest":       {"all", "/manifest.webmanifest", 0},
	"/oembed":                     {"open", "/oembed?url=https://" + testHost + "/@nora/ID", 404},
	"/api/oembed":                 {"open", "/api/oembed?url=https://" + testHost + "/posts/ID", 404},
	"/media/:name":                {"all", "/media/ID", 0}, // names, never ids: TestT42_MediaThatIsNotShownIsLikeWhatNeverWas
	"/media/:name/:sign":          {"open", "/media/post-ID-0-0123abcd/small-AAAAAAAAAAAAAAAAAAAAAA", 404},
	"/static/:name":               {"all", "/static/ID", 0},
	"/healthz":                    {"all", "/healthz", 0},
	"/mail/off/:token":            {"all", "/mail/off/ID", 404},
	"/login":                      {"all", "/login", 0},
	"/login/passkey":              {"post", "/login/passkey", 0},
	"/logout":                     {"all", "/logout", 0},
	"/me/leaving":                 {"owner", "/me/leaving", 0},
	"/me/leaving/archive":         {"owner", "/me/leaving/archive", 0},
	"/me/leaving/report":          {"owner", "/me/leaving/report", 0},
	"/me":                         {"owner", "/me", 0},
	"/me/*rest":                   {"owner", "/me/post/ID", 0},
	"/api/*rest":                  {"open", "/api/v1/statuses/ID", 404},
	"/oauth/token":                {"post", "/oauth/token", 0},
	"/oauth/revoke":               {"post", "/oauth/revoke", 0},
	"/oauth/userinfo":             {"owner", "/oauth/userinfo", 0},
	"/oauth/authorize":            {"owner", "/oauth/authorize?client_id=ID", 0},
	"/oauth/authorize/native":     {"owner", "/oauth/authorize/native?code=ID", 0},
	"/inbox":                      {"post", "/inbox", 0},
	"/users/:key":                 {"all", "/users/KEY", 0},
	"/users/:key/inbox":           {"post", "/users/KEY/inbox", 0},
	"/users/:key/outbox":          {"lists", "/users/KEY/outbox?page=true", 0},
	"/users/:key/followers":       {"all", "/users/KEY/followers", 0},
	"/users/:key/followers/sync":  {"all", "/users/KEY/followers/sync", 0},
	"/users/:key/following":       {"all", "/users/KEY/following", 0},
	"/users/:key/featured":        {"lists", "/users/KEY/featured", 0},
	"/users/:key/tags":            {"all", "/users/KEY/tags", 0},
	"/instance":                   {"all", "/instance", 0},
	"/posts/:id":                  {"open", "/posts/ID", 404},
	"/posts/:id/activity":         {"open", "/posts/ID/activity", 404},
	"/posts/:id/replies":          {"open", "/posts/ID/replies", 404},
	"/posts/:id/likes":            {"open", "/posts/ID/likes", 404},
	"/posts/:id/shares":           {"open", "/posts/ID/shares", 404},
	"/contexts/:id":               {"open", "/contexts/ID", 404},
	"/emojis/:id":                 {"all", "/emojis/ID", 404},
	"/emojis/:id/:file":           {"all", "/emojis/ID/still.png", 0},
	"/stamps/:id":                 {"open", "/stamps/ID", 404},
	"/activities/:id":             {"open", "/activities/ID", 404},
	"/.well-known/webfinger":      {"all", "/.well-known/webfinger?resource=acct:nora@" + testHost, 0},
	"/.well-known/host-meta":      {"all", "/.well-known/host-meta", 0},
	"/.well-known/host-meta.json": {"all", "/.well-known/host-meta.json", 0},
	"/.well-known/security.txt":   {"all", "/.well-known/security.txt", 0},
	"/.well-known/oauth-authorization-server": {"all", "/.well-known/oauth-authorization-server", 0},
	"/.well-known/nodeinfo":                   {"all", "/.well-known/nodeinfo", 0},
	"/nodeinfo/:version":                      {"all", "/nodeinfo/2.1", 0},
}

// alsoLists are addresses below the patterns that lists stand at.
var alsoLists = []string{
	"/@nora/replies", "/@nora/media", "/@nora/followers", "/@nora/following", "/@nora.atom", "/@nora.rss", "/@nora.json", "/tags/secret.atom", "/tags/secret.rss", "/tags/secret.json",
	"/search?q=secret", "/oembed?url=https://" + testHost + "/@nora",
}

// wideOpen is a house whose owner shows visitors as much as there is to show.
func wideOpen(t testing.TB) *house {
	h := newHouse(t)
	set := h.svc.Settings()
	set.SearchEngines, set.AICrawlers, set.UnlistedOnWeb, set.VisitorSearch, set.ShowBlocked, set.Contact = true, true, true, true, true, "nora@"+testHost
	must(t, h.svc.SaveSettings(bg, set))
	return h
}

func (h *house) address(pattern, id string) string {
	path := strings.ReplaceAll(matrix[pattern].path, "ID", id)
	return strings.ReplaceAll(path, "KEY", h.svc.Identity().ActorKey)
}

func TestEveryRouteIsInTheMatrix(t *testing.T) {
	h := newHouse(t)
	seen := map[string]bool{}
	for _, rt := range h.web.routes.list {
		seen[rt.pattern] = true
		if matrix[rt.pattern].readers == "" {
			t.Errorf("route %s: who may read it? Add it to the matrix", rt.pattern)
		}
	}
	for pattern := range matrix {
		if !seen[pattern] {
			t.Errorf("the matrix has %s, which is no route", pattern)
		}
	}
}

func TestMethodsOfEveryRoute(t *testing.T) {
	h := newHouse(t)
	p := h.post(store.Public, "Hello.", func(p *store.Post) { p.Extra.Tags = []string{"secret"} })
	for _, rt := range h.web.routes.list {
		path := h.address(rt.pattern, formatID(p.ID))
		for _, accept := range []string{browser, peer} {
			get, head := h.ask("GET", path, accept), h.ask("HEAD", path, accept)
			if get.Code != head.Code {
				t.Errorf("%s: GET %d, HEAD %d", path, get.Code, head.Code)
			}
			if rt.methods == "POST" && get.Code != http.StatusMethodNotAllowed {
				t.Errorf("GET %s: %d", path, get.Code)
			}
			if get.Code >= 500 {
				t.Errorf("GET %s: %d %s", path, get.Code, get.Body)
			}
		}
		if rt.methods == "*" {
			continue
		}
		for _, method := range []string{"DELETE", "PUT", "PATCH", "BREW", "TRACE"} {
			w := h.ask(method, path, browser)
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
				t.Errorf("%s %s: %d, Allow %q", method, path, w.Code, w.Header().Get("Allow"))
			}
		}
		if rt.methods == "GET" {
			if w := h.ask("POST", path, browser); w.Code != http.StatusMethodNotAllowed {
				t.Errorf("POST %s: %d", path, w.Code)
			}
		}
	}
}

// T42: a followers-only, a direct, a deleted private post and a draft are, to
// anybody who may not read them, exactly what an id is that never was.
func TestT42_PrivatePostsAreLikeWhatNeverWas(t *testing.T) {
	everything := os.Getenv("DASSIE_LONG") != ""
	h := newHouse(t)
	secret := func(p *store.Post) { p.Extra.Tags = []string{"secret"} }
	hidden := map[string]store.Post{
		"followers-only": h.post(store.Followers, "SECRET-WORDS", secret),
		"direct":         h.post(store.Direct, "SECRET-WORDS", secret),
		"deleted":        h.post(store.Followers, "SECRET-WORDS", secret),
		"deleted direct": h.post(store.Direct, "SECRET-WORDS", secret),
	}
	h.write(func(tx *store.Tx) error {
		for _, name := range []string{"followers-only", "direct"} {
			if err := tx.Pin(store.OwnerID, hidden[name].ID); err != nil {
				return err
			}
		}
		if err := tx.DeletePost(hidden["deleted"]); err != nil {
			return err
		}
		u := store.Unsent{Kind: store.UnsentDraft, Draft: store.UnsentText{Text: "SECRET-WORDS #secret"}}
		if err := tx.SaveUnsent(&u); err != nil {
			return err
		}
		hidden["draft"] = store.Post{ID: u.ID}
		u = store.Unsent{Kind: store.UnsentScheduled, Draft: store.UnsentText{Text: "SECRET-WORDS #secret"}, DueAt: noon.Add(time.Hour)}
		if err := tx.SaveUnsent(&u); err != nil {
			return err
		}
		hidden["scheduled"] = store.Post{ID: u.ID}
		u = store.Unsent{Kind: store.UnsentHeld, Draft: store.UnsentText{Text: "SECRET-WORDS #secret", Known: true}, DueAt: noon.Add(time.Minute)}
		if err := tx.SaveUnsent(&u); err != nil {
			return err
		}
		hidden["held"] = store.Post{ID: u.ID}
		return tx.DeletePost(hidden["deleted direct"])
	})
	ann, _ := h.person("ann", "there.example")
	hidden["somebody's public post"] = h.answer(ann, store.Public, store.Post{}, "SECRET-WORDS") // it stands at its own server
	hidden["somebody's followers-only post"] = h.answer(ann, store.Followers, store.Post{}, "SECRET-WORDS")
	hidden["a message to the owner"] = h.answer(ann, store.Direct, store.Post{}, "SECRET-WORDS")
	signed := func(name, host string, then func(store.Actor)) func(*http.Request) {
		who, key := h.person(name, host)
		then(who)
		return func(r *http.Request) {
			if err := key.SignCavage(r, nil, noon); err != nil {
				t.Fatal(err)
			}
		}
	}
	follows := func(state store.FollowState) func(store.Actor) {
		return func(a store.Actor) {
			h.write(func(tx *store.Tx) error {
				return tx.SaveFollower(store.Follower{ActorID: a.ID, State: state, FollowURI: a.URI + "/f", AskedAt: noon})
			})
		}
	}
	askers := map[string]func(*http.Request){
		"anonymous":       func(*http.Request) {},
		"wrong token":     func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+strings.Repeat("x", 43)) },
		"stranger":        signed("eve", "evil.example", func(store.Actor) {}),
		"asked to follow": signed("ada", "asks.example", follows(store.FollowAsked)),
		"removed":         signed("rob", "gone.example", follows(store.FollowRemoved)),
		"on a blocked server": signed("bo", "blocked.example", func(a store.Actor) {
			follows(store.FollowAccepted)(a)
			h.write(func(tx *store.Tx) error { return tx.BlockHost("blocked.example") })
		}),
	}
	form := cookies(h.ask("GET", "/login", browser)) // or the log-in page draws another token each time
	for i, rt := range h.web.routes.list {
		for n, name := range slices.Sorted(maps.Keys(hidden)) {
			post, from := hidden[name], from(fmt.Sprintf("198.51.%d.%d", n, i)) // each with its own count of what strangers ask for
			for who, sign := range askers {
				for _, accept := range []string{browser, peer, "*/*", ""} {
					for _, method := range []string{"GET", "HEAD"} {
						if !everything && (method == "HEAD" && accept != peer || len(accept) < 4 && who != "anonymous") {
							continue // signing alone would take half a minute
						}
						got := h.ask(method, h.address(rt.pattern, formatID(post.ID)), accept, sign, form, from)
						never := h.ask(method, h.address(rt.pattern, "77777777777"), accept, sign, form, from)
						compareAnswers(t, strings.Join([]string{method, rt.pattern, name, who, accept}, " "), formatID(post.ID), got, never)
						want := matrix[rt.pattern].missing
						if who == "wrong token" && rt.pattern == "/api/*rest" {
							want = http.StatusUnauthorized
						}
						if want != 0 && accept == peer && got.Code != want {
							t.Errorf("%s %s %s: %d", rt.pattern, name, who, got.Code)
						}
					}
				}
			}
		}
	}
}

// T42: the same on a server whose owner shows visitors everything there is to
// show, at every address that lists posts.
func TestT42_PrivatePostsAreInNoList(t *testing.T) {
	for name, h := range map[string]*house{"as it comes": newHouse(t), "wide open": wideOpen(t)} {
		before := map[string]string{}
		var paths []string
		for pattern := range matrix {
			paths = append(paths, matrix[pattern].path)
		}
		paths = append(paths, alsoLists...)
		id := "77777777777"
		read := func(path string) string {
			if strings.HasPrefix(path, "/search") {
				h.wait(time.Minute) // searches of strangers are few at a time
			}
			path = strings.ReplaceAll(strings.ReplaceAll(path, "ID", id), "KEY", h.svc.Identity().ActorKey)
			return fmt.Sprint(h.ask("GET", path, browser).Code, " ", h.ask("GET", path, peer).Body)
		}
		open := h.post(store.Public, "Everybody may read this.")
		ann, _ := h.person("ann", "there.example")
		for _, at := range []string{"/@nora/ID", "/oembed?url=https://" + testHost + "/@nora/ID", "/posts/ID", "/posts/ID/activity", "/posts/ID/replies", "/posts/ID/likes", "/posts/ID/shares", "/contexts/ID"} {
			paths = append(paths, strings.ReplaceAll(at, "ID", formatID(open.ID)))
		}
		for _, path := range paths {
			if path != "/sitemap.xml" && path != "/login" { // a log-in page draws another token each time
				before[path] = read(path)
			}
		}
		picture := func(p *store.Post) {
			p.Extra.Tags, p.Summary = []string{"secret"}, "SECRET-WARNING"
			p.Extra.Attachments = []store.Attachment{{URL: "https://" + testHost + "/media/SECRET-PICTURE", MediaType: "image/jpeg", Alt: "SECRET-ALT"}}
		}
		var hidden []store.Post
		for _, v := range []store.Visibility{store.Followers, store.Direct} {
			p := h.post(v, "SECRET-WORDS", picture)
			h.write(func(tx *store.Tx) error { return tx.Pin(store.OwnerID, p.ID) })
			// So does an answer to what everybody may read, whoever wrote it.
			hidden = append(hidden, p, h.post(v, "SECRET-WORDS", picture, func(p *store.Post) { p.ParentURI = open.URI }),
				h.answer(ann, v, open, "SECRET-WORDS"), h.answer(ann, v, store.Post{}, "SECRET-WORDS"))
		}
		h.write(func(tx *store.Tx) error {
			_, err := tx.IndexBatch(100, func(p store.Post) string { return p.Content })
			return err
		})
		h.now = h.now.Add(2 * time.Minute) // kept pages are made anew
		for _, p := range hidden {
			id = formatID(p.ID)
			for path, was := range before {
				is := strings.ReplaceAll(read(path), id, "77777777777")
				if is != was || strings.Contains(is, "SECRET-W") && !strings.Contains(path, "q=SECRET") {
					t.Errorf("%s: %s with private posts:\n%s\nwithout:\n%s", name, path, is, was)
				}
			}
			if strings.Contains(h.ask("GET", "/sitemap.xml", "").Body.String(), id) {
				t.Errorf("%s: the map of the site has a private post", name)
			}
		}
	}
}

// compareAnswers holds two answers to be the same in all but the id asked for.
func compareAnswers(t *testing.T, what, id string, got, never *httptest.ResponseRecorder) {
	t.Helper()
	body := strings.ReplaceAll(got.Body.String(), id, "77777777777")
	if got.Code != never.Code || body != never.Body.String() {
		t.Errorf("%s: %d %q, never was: %d %q", what, got.Code, body, never.Code, never.Body)
	}
	if strings.Contains(body, "SECRET") {
		t.Errorf("%s: shows the text", what)
	}
	for name := range got.Header() {
		if strings.HasPrefix(name, "X-Ratelimit") {
			continue // counts every request, whatever it is for
		}
		a := strings.ReplaceAll(strings.Join(got.Header().Values(name), "|"), id, "77777777777")
		if b := strings.Join(never.Header().Values(name), "|"); a != b {
			t.Errorf("%s: header %s is %q, never was: %q", what, name, a, b)
		}
	}
	if len(got.Header()) != len(never.Header()) {
		t.Errorf("%s: headers %v, never was: %v", what, got.Header(), never.Header())
	}
}

// T43: no cache on the way may keep a private answer, nor the 404 that stands
// for it, and a follower's answer never becomes anybody else's.
func TestT43_PrivateAnswersAreNotKept(t *testing.T) {
	h := newHouse(t)
	p := h.post(store.Followers, "SECRET-WORDS")
	fan, key := h.person("fan", "fans.example")
	h.write(func(tx *store.Tx) error {
		return tx.SaveFollower(store.Follower{ActorID: fan.ID, State: store.FollowAccepted, FollowURI: "https://fans.example/f/1", AskedAt: noon})
	})
	signed := func(s httpsig.Signer) func(*http.Request) {
		return func(r *http.Request) {
			if err := s.SignCavage(r, nil, noon); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, stranger := h.person("eve", "evil.example")
	for _, path := range []string{"/posts/" + formatID(p.ID), "/@nora/" + formatID(p.ID)} {
		mine := h.ask("GET", path, peer, signed(key))
		if mine.Code != 200 || !strings.Contains(mine.Body.String(), "SECRET") {
			t.Fatalf("%s: a follower gets %d %s", path, mine.Code, mine.Body)
		}
		for who, w := range map[string]*httptest.ResponseRecorder{
			"follower": mine, "stranger": h.ask("GET", path, peer, signed(stranger)), "nobody": h.ask("GET", path, peer),
		} {
			if w.Header().Get("Cache-Control") != "private, no-store" || !strings.Contains(w.Header().Get("Vary"), "Signature") || w.Header().Get("ETag") != "" {
				t.Errorf("%s for %s: %v", path, who, w.Header())
			}
			if who != "follower" && w.Code != 404 {
				t.Errorf("%s for %s: %d", path, who, w.Code)
			}
		}
	}
}
