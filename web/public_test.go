package web

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
)

func TestVisitorsGetNoCookiesAndNoScripts(t *testing.T) {
	h := newHouse(t)
	p := h.post(store.Public, "Frost on the beds.", func(p *store.Post) { p.Extra.Tags = []string{"Frost"} })
	for path, want := range map[string]int{"/": 200, "/@nora": 200, "/@NORA": 200, "/@nora/replies": 200, "/@nora/" + formatID(p.ID): 200, "/tags/frost": 200, "/tags/FROST": 200,
		"/@nora.atom": 200, "/about": 200, "/privacy-policy": 200, "/follow": 200, "/robots.txt": 200, "/@nora/1": 404, "/@else": 404, "/tags/none": 404, "/@nora/0" + formatID(p.ID): 404, "/?before=x": 404} {
		w := h.ask("GET", path, browser)
		if w.Code != want || len(w.Result().Cookies()) != 0 || strings.Contains(strings.ToLower(w.Body.String()), "<script") {
			t.Errorf("%s: %d, cookies %v", path, w.Code, w.Result().Cookies())
		}
		if want == 200 && path != "/follow" {
			again := h.ask("GET", path, browser, func(r *http.Request) { r.Header.Set("If-None-Match", w.Header().Get("ETag")) })
			if w.Header().Get("ETag") == "" || again.Code != 304 || again.Body.Len() != 0 {
				t.Errorf("%s: ETag %q, then %d", path, w.Header().Get("ETag"), again.Code)
			}
		}
	}
	w := h.ask("GET", "/@nora/"+formatID(p.ID), browser)
	if !strings.Contains(w.Body.String(), `rel="alternate" type="application/activity+json" href="`+p.URI+`"`) || w.Header().Get("X-Robots-Tag") != "noindex, noai, noimageai" {
		t.Errorf("post page: %v", w.Header())
	}
}

func TestBrowsersAndServersShareAddresses(t *testing.T) {
	h := newHouse(t)
	p := h.post(store.Public, "Frost.")
	id, key := formatID(p.ID), h.svc.Identity().ActorKey
	for _, c := range []struct{ path, accept, kind, leads string }{
		{"/@nora", peer, "application/activity+json", ""}, {"/", peer, "application/activity+json", ""}, {"/@nora", browser, "text/html", ""},
		{"/@nora/" + id, peer, "application/activity+json", ""}, {"/posts/" + id, browser, "", "/@nora/" + id}, {"/posts/" + id, "", "application/activity+json", ""},
		{"/users/" + key, browser, "", "/@nora"}, {"/users/" + key, "*/*", "application/activity+json", ""}, {"/posts/1", browser, "", "/@nora/1"},
	} {
		w := h.ask("GET", c.path, c.accept)
		if !strings.HasPrefix(w.Header().Get("Content-Type"), c.kind) || w.Header().Get("Location") != c.leads || !strings.Contains(w.Header().Get("Vary"), "Accept") {
			t.Errorf("%s as %q: %d %v", c.path, c.accept, w.Code, w.Header())
		}
	}
}

func TestUnlistedPostsAreReadByTheirAddressOnly(t *testing.T) {
	h := newHouse(t)
	p := h.post(store.Unlisted, "QUIET-WORDS")
	shown := func(path string) bool {
		return strings.Contains(h.ask("GET", path, browser).Body.String(), "QUIET-WORDS")
	}
	if !shown("/@nora/"+formatID(p.ID)) || shown("/@nora") || shown("/@nora.atom") {
		t.Error("an unlisted post has the wrong readers")
	}
	set := h.svc.Settings()
	set.UnlistedOnWeb = true
	must(t, h.svc.SaveSettings(bg, set))
	if !shown("/@nora") || !shown("/@nora.atom") {
		t.Error("the setting does not show it")
	}
}

func TestPagesChangeWithWhatIsOnThem(t *testing.T) {
	h := newHouse(t)
	read := func(path string) string { return h.ask("GET", path, browser).Body.String() }
	if strings.Contains(read("/@nora"), "fresh seed") {
		t.Fatal("too early")
	}
	p, err := h.svc.Publish(bg, federation.Draft{Text: "fresh seed", Language: "en"})
	must(t, err)
	page := "/@nora/" + formatID(p.ID)
	if !strings.Contains(read("/@nora"), "fresh seed") || !strings.Contains(read(page), "fresh seed") {
		t.Error("a new post is not shown")
	}
	_, err = h.svc.Edit(bg, p.ID, federation.Draft{Text: "older seed", Language: "en"})
	must(t, err)
	if !strings.Contains(read("/@nora"), "older seed") || !strings.Contains(read(page), "older seed") {
		t.Error("an edit is not shown")
	}
	_, err = h.svc.Delete(bg, p.ID)
	must(t, err)
	if w := h.ask("GET", page, browser); w.Code != 410 || strings.Contains(w.Body.String(), "seed") || strings.Contains(read("/@nora"), "older seed") {
		t.Errorf("after the Delete: %d %s", w.Code, w.Body)
	}
}

func TestThePrivacyPolicyFollowsTheSettings(t *testing.T) {
	h := newHouse(t)
	first := h.ask("GET", "/privacy-policy", browser).Body.String()
	set := h.svc.Settings()
	set.KeepRemoteDays, set.MediaCacheMB, set.ApproveFollowers = 41, 77, !set.ApproveFollowers
	must(t, h.svc.SaveSettings(bg, set))
	second := h.ask("GET", "/privacy-policy", browser).Body.String()
	if !strings.Contains(second, "after 41 days") || !strings.Contains(second, "77 MB") || strings.Contains(first, "waits here") == strings.Contains(second, "waits here") {
		t.Error(second)
	}
}

// attacks are what strangers, or the owner's own profile, may try to bring in.
var attacks = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `javascript:alert(1)`, `'"--></style></title><svg/onload=alert(1)>`,
	`]]><script>alert(1)</script>`, "\u202e\x00<iframe src=//evil.example>", `{{.Me}}`,
}

// T34: what others wrote is inert on public pages and in the feed, wherever it
// stands as text.
func TestT34_PublicPagesAndFeed(t *testing.T) {
	for _, attack := range attacks {
		h := newHouse(t)
		eve, _ := h.person("eve", "evil.example")
		var mine store.Post
		h.write(func(tx *store.Tx) error {
			me, err := tx.Actor(store.OwnerID)
			if err != nil {
				return err
			}
			me.Name, me.Extra.Fields = attack, []store.Field{{Name: attack, Value: "x"}}
			eve.Name, eve.URL = attack, "javascript:alert(1)"
			if err := tx.SaveActor(&eve); err != nil {
				return err
			}
			return tx.SaveActor(&me)
		})
		nasty := func(p *store.Post) {
			p.Language = attack
			p.Extra.Tags = []string{"frost"}
			p.Extra.Attachments = []store.Attachment{{URL: "javascript:alert(1)", Alt: attack, MediaType: attack}}
		}
		mine = h.post(store.Public, "Frost.", nasty)
		h.post(store.Public, "Frost.", nasty, func(p *store.Post) { p.Summary = attack })
		h.write(func(tx *store.Tx) error {
			p := store.Post{URI: "https://evil.example/1", URL: "javascript:alert(1)", ActorID: eve.ID, Content: "<p>hi</p>", Summary: attack, ParentID: mine.ID, ParentURI: mine.URI, PublishedAt: noon}
			nasty(&p)
			return tx.InsertPost(&p)
		})
		for _, path := range []string{"/@nora", "/@nora/" + formatID(mine.ID), "/tags/frost", "/about", "/follow?account=" + "%22%3E%3Cscript%3E", "/tags/%3Cscript%3E"} {
			inert(t, attack+" at "+path, h.ask("GET", path, browser).Body.String())
		}
		w := h.ask("GET", "/@nora.atom", "")
		d := xml.NewDecoder(strings.NewReader(w.Body.String()))
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			must(t, err)
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "content" {
				var text string
				must(t, d.DecodeElement(&text, &start))
				inert(t, attack+" in the feed", text)
			}
		}
	}
}

// inert reads HTML as a browser does and looks for what would run.
func inert(t *testing.T, what, text string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(text))
	for {
		kind := z.Next()
		if kind == html.ErrorToken {
			return
		}
		token := z.Token()
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		if token.Data == "script" && slices.ContainsFunc(token.Attr, func(a html.Attribute) bool { return a.Key == "src" && a.Val == assets.StaticPath("app.js") }) {
			continue // the owner's pages have this one
		}
		switch token.Data {
		case "script", "iframe", "object", "embed", "style":
			t.Errorf("%s: <%s>", what, token.Data)
		}
		for _, a := range token.Attr {
			leads := a.Key == "href" || a.Key == "src" || a.Key == "action"
			if strings.HasPrefix(a.Key, "on") || leads && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("%s: %s=%q", what, a.Key, a.Val)
			}
		}
	}
}

func TestVisitorsSeeTheResultsOfAPoll(t *testing.T) {
	h := newHouse(t)
	ask := func(hide bool, ends time.Duration) store.Post {
		return h.post(store.Public, "Which seed?", func(p *store.Post) {
			p.Kind = store.KindQuestion
			p.Extra.Poll = &store.Poll{Options: []store.PollOption{{Name: "Kale <i>"}, {Name: "Leek", Votes: 3}}, Voters: 3, HideTotals: hide, EndsAt: h.clock().Add(ends)}
		})
	}
	shown := func(p store.Post) string { return h.ask("GET", "/@nora/"+formatID(p.ID), browser).Body.String() }
	open, hidden, over := shown(ask(false, time.Hour)), shown(ask(true, time.Hour)), shown(ask(true, -time.Hour))
	for _, words := range []string{"Kale &lt;i&gt;", `<meter min="0" max="100" value="100"`, "100 %", "3 votes", "Open until "} {
		if !strings.Contains(open, words) {
			t.Errorf("the open poll does not say %s: %s", words, open)
		}
	}
	if strings.Contains(hidden, "<meter") || strings.Contains(hidden, "3 votes") || !strings.Contains(hidden, "The counts are shown when it is over") {
		t.Errorf("counts that are kept back: %s", hidden)
	}
	if feed := h.ask("GET", "/@nora.atom", browser).Body.String(); !strings.Contains(feed, "&lt;li&gt;Kale &amp;lt;i&amp;gt;") {
		t.Errorf("the feed does not name the answers: %s", feed)
	}
	if !strings.Contains(over, "3 votes") || !strings.Contains(over, "Ended ") || strings.Contains(over, "/vote") {
		t.Errorf("over: %s", over)
	}
}

func TestTheFeedKeepsWarnings(t *testing.T) {
	h := newHouse(t)
	h.post(store.Public, "HIDDEN-WORDS", func(p *store.Post) { p.Summary = "Slugs" })
	text := h.ask("GET", "/@nora.atom", "").Body.String()
	if strings.Contains(text, "HIDDEN-WORDS") || !strings.Contains(text, "<title>Slugs</title>") {
		t.Error(text)
	}
}

func BenchmarkCachedPages(b *testing.B) {
	h := newHouse(b)
	var p store.Post
	for range 20 {
		p = h.post(store.Public, "Frost on the beds, first of the year. The kale is pleased. The dahlias have resigned.")
	}
	for name, path := range map[string]string{"profile": "/@nora", "post": "/@nora/" + formatID(p.ID)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				if w := h.ask("GET", path, browser, func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") }); w.Code != 200 {
					b.Fatal(w.Code)
				}
			}
		})
	}
}

// BenchmarkProfileAndThread is what pages for visitors cost that are made anew, with
// 100,000 stored posts: 20,000 by the owner, each with four answers, the first
// of them with a conversation of 500 below it.
func BenchmarkProfileAndThread(b *testing.B) {
	h := newHouse(b)
	var people []store.Actor
	for i := range 50 {
		a, _ := h.person(fmt.Sprintf("p%d", i), "there.example")
		people = append(people, a)
	}
	var first store.Post
	const words = "<p>Frost on the beds, first of the year. The kale is pleased. The dahlias have resigned.</p>"
	for done := 0; done < 20000; done += 1000 {
		h.wait(24 * time.Hour) // some months of the archive
		h.write(func(tx *store.Tx) error {
			for i := done; i < done+1000; i++ {
				id := tx.NewID()
				p := store.Post{ID: id, URI: h.svc.Origin().URL("/posts/" + formatID(id)), ActorID: store.OwnerID, Content: words, Language: "en", PublishedAt: h.clock()}
				if i%3 == 0 {
					p.Extra.Attachments = []store.Attachment{{URL: "/media/x", MediaType: "image/jpeg", Alt: "Kale", Width: 800, Height: 600}}
				}
				if err := tx.InsertPost(&p); err != nil {
					return err
				}
				if i == 0 {
					first = p
				}
				for n := range 4 {
					a := people[(i+n)%len(people)]
					q := store.Post{URI: fmt.Sprintf("https://there.example/%d-%d", i, n), ActorID: a.ID, ParentURI: p.URI, Content: words, PublishedAt: h.clock()}
					if err := tx.InsertPost(&q); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	h.write(func(tx *store.Tx) error {
		above := []store.Post{first}
		for i := range 500 {
			q := store.Post{URI: fmt.Sprintf("https://there.example/talk/%d", i), ActorID: people[i%50].ID, ParentURI: above[i/3].URI, Content: words, PublishedAt: h.clock()}
			if err := tx.InsertPost(&q); err != nil {
				return err
			}
			above = append(above, q)
		}
		return nil
	})
	for _, c := range []struct{ name, path string }{
		{"profile", "/@nora"}, {"profile-deep", "/@nora?before=" + formatID(first.ID+1<<36)}, {"replies", "/@nora/replies"}, {"media", "/@nora/media"},
		{"archive-month", "/archive/2026/11"}, {"feed", "/@nora.atom"}, {"thread", "/@nora/" + formatID(first.ID)}, {"thread-activity", "/posts/" + formatID(first.ID) + "/replies"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				h.wait(2 * time.Minute) // what was kept is too old
				if w := h.ask("GET", c.path, browser); w.Code != 200 {
					b.Fatalf("%s: %d", c.path, w.Code)
				}
			}
		})
	}
}

func TestTheProfileShowsPinsAndWhereTheOwnerWent(t *testing.T) {
	h := newHouse(t)
	p := h.post(store.Public, "Read this first")
	if w := h.ask("GET", "/@nora", browser); strings.Contains(w.Body.String(), "Pinned") || strings.Contains(w.Body.String(), "moved.") {
		t.Errorf("before: %s", w.Body)
	}
	if _, err := h.svc.Pin(context.Background(), p.ID); err != nil {
		t.Fatal(err)
	}
	if body := h.ask("GET", "/@nora", browser).Body.String(); !strings.Contains(body, "Pinned") || strings.Count(body, "Read this first") != 1 {
		t.Errorf("the pinned post is not there, once: %s", body)
	}
	h.write(func(tx *store.Tx) error {
		me, err := tx.Actor(store.OwnerID)
		me.Extra.MovedTo = "https://new.example/users/nora"
		if err != nil {
			return err
		}
		return tx.SaveActor(&me)
	})
	if _, err := h.svc.Unpin(context.Background(), p.ID); err != nil {
		t.Fatal(err)
	}
	w := h.ask("GET", "/@nora", browser)
	if body := w.Body.String(); strings.Contains(body, "Pinned") || !strings.Contains(body, "moved.") || !strings.Contains(body, "https://new.example/users/nora") {
		t.Errorf("after: %s", body)
	}
}

// T48: what somebody blocked answered stands under no post.
func TestT48_AnswersOfSomebodyBlockedAreNotShown(t *testing.T) {
	h := newHouse(t)
	p := h.post(store.Public, "A question")
	eve, _ := h.person("eve", "evil.example")
	h.write(func(tx *store.Tx) error {
		a := store.Post{URI: "https://evil.example/1", ActorID: eve.ID, Content: "<p>EVE-WORDS</p>", ParentURI: p.URI, PublishedAt: h.clock()}
		return tx.InsertPost(&a)
	})
	path := "/@nora/" + formatID(p.ID)
	if w := h.ask("GET", path, browser); !strings.Contains(w.Body.String(), "EVE-WORDS") {
		t.Fatalf("before the block: %s", w.Body)
	}
	if err := h.svc.Block(context.Background(), eve.ID); err != nil {
		t.Fatal(err)
	}
	if w := h.ask("GET", path, browser); strings.Contains(w.Body.String(), "EVE-WORDS") {
		t.Errorf("after it: %s", w.Body)
	}
}
