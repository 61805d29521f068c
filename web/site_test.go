package web

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/store"
	"dassie/web/public"
	"dassie/web/reply"
)

// change lets the owner choose.
func (h *house) change(f func(*store.Settings)) {
	h.t.Helper()
	set := h.svc.Settings()
	f(&set)
	must(h.t, h.svc.SaveSettings(bg, set))
}

// page is what a visitor sees at an address that must be there, some minutes
// after what went before: posts that tests store themselves are told to nobody.
func (h *house) page(path string) string {
	h.t.Helper()
	h.wait(2 * time.Minute)
	w := h.ask("GET", path, browser)
	if w.Code != 200 {
		h.t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

func (h *house) wait(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// says and hides hold what stands on a page.
func says(t testing.TB, page string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(page, w) {
			t.Errorf("the page does not say %q:\n%s", w, main(page))
		}
	}
}

func hides(t testing.TB, page string, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(page, w) {
			t.Errorf("the page says %q:\n%s", w, main(page))
		}
	}
}

func main(page string) string { return "<main" + between(page, "<main", "</main>") }

// answer stores a post of somebody else.
func (h *house) answer(by store.Actor, v store.Visibility, parent store.Post, text string) store.Post {
	h.t.Helper()
	var p store.Post
	h.write(func(tx *store.Tx) error {
		p = store.Post{URI: fmt.Sprintf("https://%s/%d", by.Domain, tx.NewID()), ActorID: by.ID, Visibility: v, Content: "<p>" + text + "</p>", ParentURI: parent.URI, PublishedAt: h.clock()}
		return tx.InsertPost(&p)
	})
	return p
}

func (h *house) boost(of store.Post, v store.Visibility) store.Post {
	return h.post(v, "", func(p *store.Post) { p.BoostOf, p.Content = of.ID, "" })
}

func TestTheProfileShowsBoostsOfPublicPosts(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	eve, _ := h.person("eve", "evil.example")
	open, quiet, private := h.answer(ann, store.Public, store.Post{}, "ANN-OPEN"), h.answer(ann, store.Unlisted, store.Post{}, "ANN-QUIET"), h.answer(ann, store.Followers, store.Post{}, "ANN-PRIVATE")
	blocked := h.answer(eve, store.Public, store.Post{}, "EVE-OPEN")
	for _, p := range []store.Post{open, quiet, private, blocked} {
		h.boost(p, store.Public)
	}
	h.boost(h.answer(ann, store.Public, store.Post{}, "QUIETLY-BOOSTED"), store.Unlisted)
	must(t, h.svc.Block(bg, eve.ID))
	page := h.page("/@nora")
	says(t, page, "ANN-OPEN", "boosted", "@ann<wbr>@there.example", `href="`+open.URI+`" rel="nofollow"`)
	hides(t, page, "ANN-QUIET", "ANN-PRIVATE", "EVE-OPEN", "QUIETLY-BOOSTED")
	for _, list := range []string{"/@nora/replies", "/@nora.atom", "/@nora.rss", "/@nora.json", "/archive/2026/11"} {
		if body := h.ask("GET", list, browser).Body.String(); strings.Contains(body, "ANN-OPEN") {
			t.Errorf("%s has a boost", list)
		}
	}
}

func TestAPageOfPostsIsReadInAFewQueries(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	for range 30 {
		p := h.post(store.Public, "Frost.")
		h.answer(ann, store.Public, p, "Indeed.")
		h.boost(h.answer(ann, store.Public, store.Post{}, "More frost."), store.Public)
	}
	page := h.page("/@nora")
	if n := strings.Count(page, "<article"); n != 20 {
		t.Errorf("%d posts on a page", n)
	}
	says(t, page, "1 reply", `rel="next" href="/@nora?before=`)
	older := between(page, `rel="next" href="`, `"`)
	says(t, h.page(older), "Newest posts")
}

func TestAQuoteIsShownIfEverybodyMayReadIt(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	quote := func(of store.Post, state store.QuoteState) string {
		p := h.post(store.Public, "Well said.", func(p *store.Post) { p.Extra.QuoteURI = of.URI })
		h.write(func(tx *store.Tx) error {
			return tx.SaveQuote(&store.Quote{PostID: p.ID, QuotedURI: of.URI, QuotedID: of.ID, State: state})
		})
		return h.page("/@nora/" + formatID(p.ID))
	}
	says(t, quote(h.answer(ann, store.Public, store.Post{}, "ANN-OPEN"), store.QuoteAccepted), "ANN-OPEN", "Open the quoted post")
	hides(t, quote(h.answer(ann, store.Public, store.Post{}, "ANN-WAITS"), store.QuotePending), "ANN-WAITS", "Open the quoted post")
	hides(t, quote(h.answer(ann, store.Followers, store.Post{}, "ANN-PRIVATE"), store.QuoteAccepted), "ANN-PRIVATE")
	must(t, h.svc.Block(bg, ann.ID))
	hides(t, quote(h.answer(ann, store.Public, store.Post{}, "ANN-BLOCKED"), store.QuoteAccepted), "ANN-BLOCKED")
}

func TestAPostShowsItsEarlierVersions(t *testing.T) {
	h := newHouse(t)
	p, err := h.svc.Publish(bg, federation.Draft{Text: "FIRST words", Language: "en"})
	must(t, err)
	page := "/@nora/" + formatID(p.ID)
	hides(t, h.page(page), "earlier version")
	for n := range 7 {
		h.wait(time.Minute)
		_, err = h.svc.Edit(bg, p.ID, federation.Draft{Text: fmt.Sprintf("words number %d", n), Language: "en"})
		must(t, err)
	}
	body := h.page(page)
	says(t, body, "words number 6", "5 earlier versions", "words number 1", "2 older versions not shown", `href="#history"`)
	hides(t, body, "FIRST")
}

func TestMonthsOfTheArchive(t *testing.T) {
	h := newHouse(t)
	h.change(func(s *store.Settings) { s.Timezone = "Europe/Amsterdam" })
	at := func(when string, v store.Visibility, text string) {
		day, err := time.Parse(time.RFC3339, when)
		must(t, err)
		h.post(v, text, func(p *store.Post) {
			p.ID, p.PublishedAt = store.IDAt(day), day
			p.URI = h.svc.Origin().URL("/posts/" + formatID(p.ID))
		})
	}
	at("2024-01-31T23:30:00Z", store.Public, "IN-FEBRUARY") // half past midnight in Amsterdam
	at("2024-06-10T12:00:00Z", store.Public, "IN-JUNE")
	at("2024-05-10T12:00:00Z", store.Followers, "PRIVATE-MAY")
	at("2026-11-01T12:00:00Z", store.Public, "IN-NOVEMBER")
	profile := h.page("/@nora")
	says(t, profile, `href="/archive/2026/11">Nov<span class="vh"> 2026</span>`, `href="/archive/2024"`)
	hides(t, profile, `href="/archive/2025"`, "/archive/2024/06")
	says(t, h.page("/archive/2024"), `href="/archive/2024/02"`, `href="/archive/2024/06"`, "2 posts")
	says(t, h.page("/archive/2024/02"), "IN-FEBRUARY", "1 post", `rel="next" href="/archive/2024/06"`)
	says(t, h.page("/archive/2024/01"), "Nothing from January 2024", `href="/archive/2024/02"`)
	may := h.page("/archive/2024/05")
	says(t, may, "Nothing from May 2024", `href="/archive/2024/02"`, `href="/archive/2024/06"`)
	hides(t, may, "PRIVATE")
	says(t, h.page("/archive/2003"), "Nothing from 2003", `href="/archive/2026"`)
	for _, odd := range []string{"/archive", "/archive/2024/5", "/archive/2024/13", "/archive/2024/00", "/archive/1999", "/archive/2030/01", "/archive/x/01", "/archive/+024/01", "/archive/2024/05/01"} {
		if w := h.ask("GET", odd, browser); w.Code != 404 {
			t.Errorf("%s: %d", odd, w.Code)
		}
	}
}

func TestTheMediaTabHidesWhatIsWarnedOf(t *testing.T) {
	h := newHouse(t)
	says(t, h.page("/@nora/media"), "No pictures, films or sounds")
	attached := func(alt string, change ...func(*store.Post)) store.Post {
		return h.post(store.Public, "x", append(change, func(p *store.Post) {
			p.Extra.Attachments = []store.Attachment{{URL: "https://" + testHost + "/media/" + alt + ".jpg", MediaType: "image/jpeg", Alt: alt}}
		})...)
	}
	shown, warned := attached("BEDS"), attached("SLUGS", func(p *store.Post) { p.Summary = "Slugs, at length" })
	attached("BLOOD", func(p *store.Post) { p.Sensitive = true })
	page := h.page("/@nora/media")
	says(t, page, `alt="BEDS"`, "<summary>Alt", `href="/@nora/`+formatID(shown.ID)+`"`, "Slugs, at length", `href="/@nora/`+formatID(warned.ID)+`"`, "Sensitive", `Media <span class="n">3</span>`)
	hides(t, page, "SLUGS", "BLOOD")
}

// T42: link previews get no more than a warning and no sensitive picture.
func TestT42_PreviewsRespectWarnings(t *testing.T) {
	h := newHouse(t)
	with := func(change func(*store.Post)) (page, embed string) {
		p := h.post(store.Public, "TEXT-WORDS", func(p *store.Post) {
			p.Extra.Attachments = []store.Attachment{{Name: strings.Repeat("a", 64) + ".jpg", MediaType: "image/jpeg", Alt: "ALT-WORDS"}}
			change(p)
		})
		address := "/@nora/" + formatID(p.ID)
		page = h.page(address)
		return between(page, "<head>", "</head>"), h.page(between(page, `type="application/json+oembed" title="oEmbed" href="`, `"`))
	}
	head, embed := with(func(*store.Post) {})
	says(t, head, "TEXT-WORDS", `property="og:image" content="https://veldkamp.example/media/aaaa`, `content="summary_large_image"`, `property="og:image:alt" content="ALT-WORDS"`,
		`property="og:type" content="article"`, `property="article:published_time" content="2026-11-23T12:`, `name="fediverse:creator" content="@nora@veldkamp.example"`, `rel="canonical" href="https://veldkamp.example/@nora/`)
	says(t, embed, "TEXT-WORDS", `"type":"rich"`)
	head, embed = with(func(p *store.Post) { p.Summary = "Slugs" })
	says(t, head, `property="og:description" content="Slugs"`, `name="twitter:card" content="summary"`)
	hides(t, head+embed, "TEXT-WORDS", "ALT-WORDS", "aaaa")
	head, embed = with(func(p *store.Post) { p.Sensitive = true })
	hides(t, head+embed, "ALT-WORDS", "aaaa")
	says(t, head, "TEXT-WORDS")
}

func TestWhatTheOwnerDoesNotShow(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	h.write(func(tx *store.Tx) error {
		return tx.SaveFollower(store.Follower{ActorID: ann.ID, State: store.FollowAccepted, FollowURI: "https://there.example/f/1", AskedAt: noon})
	})
	p := h.post(store.Public, "Frost.", func(p *store.Post) { p.Likes, p.Boosts, p.Extra.Tags = 64, 9, []string{"frost"} })
	h.answer(ann, store.Public, p, "Indeed.")
	post := "/@nora/" + formatID(p.ID)
	says(t, h.page("/@nora"), "64 likes", "9 boosts", "1 reply", "1 follower")
	says(t, h.page("/@nora/followers"), "@ann<wbr>@there.example")

	h.change(func(s *store.Settings) { s.ShowCounts = false })
	for _, path := range []string{"/@nora", post} {
		hides(t, h.page(path), "64 likes", "9 boosts", "1 reply", "1 follower")
	}
	says(t, h.page(post), "Indeed.", "<h2>Replies</h2>")
	says(t, h.page("/@nora/followers"), "@ann<wbr>@there.example")
	hides(t, h.page("/about"), "Public posts")

	h.change(func(s *store.Settings) { s.ShowLists = false })
	says(t, h.page("/@nora/followers"), "The owner does not show this list.")
	hides(t, h.page("/@nora/followers"), "there.example", `<span class="muted">`)
	hides(t, h.page("/@nora"), "followers")

	h.change(func(s *store.Settings) { s.PostsOnWeb = false })
	says(t, h.page("/@nora"), "does not show posts on the web")
	hides(t, h.page("/@nora"), "Frost.", ".atom", "/archive/")
	says(t, h.page(post), "Frost.", `name="robots" content="noindex`)
	for _, path := range []string{"/@nora/replies", "/@nora/media", "/archive/2026", "/archive/2026/11", "/tags/frost", "/tags/frost.atom", "/@nora.atom", "/@nora.rss", "/@nora.json"} {
		if w := h.ask("GET", path, browser); w.Code != 404 {
			t.Errorf("posts hidden: %s: %d", path, w.Code)
		}
	}
}

func TestVisitorsSearch(t *testing.T) {
	h := newHouse(t)
	h.post(store.Public, "The kale is PLEASED.", func(p *store.Post) { p.Extra.Tags = []string{"Kale"} })
	h.post(store.Unlisted, "The kale is QUIET.")
	h.post(store.Followers, "The kale is PRIVATE.")
	ann, _ := h.person("ann", "there.example")
	h.answer(ann, store.Public, store.Post{}, "The kale of ANN.")
	h.write(func(tx *store.Tx) error {
		_, err := tx.IndexBatch(100, func(p store.Post) string { return p.Content })
		return err
	})
	if w := h.ask("GET", "/search?q=kale", browser); w.Code != 404 {
		t.Errorf("it is off until the owner offers it: %d", w.Code)
	}
	hides(t, h.page("/about"), `href="/search"`)
	h.change(func(s *store.Settings) { s.VisitorSearch = true })
	says(t, h.page("/about"), `href="/search"`)
	found := h.page("/search?q=KALE")
	says(t, found, "PLEASED", `name="robots" content="noindex`)
	hides(t, found, "QUIET", "PRIVATE", "ANN")
	says(t, h.page("/search?q=%22%3E%3Cscript%3E"), "Nothing found for “<bdi>&#34;&gt;&lt;script&gt;</bdi>”", `href="/tags/kale"`)
	says(t, h.page("/search?q="+strings.Repeat("x", 201)), "at most 200")
	says(t, h.page("/search?q=%FF%00"), "Search")
	for range 30 {
		if w := h.ask("GET", "/search?q=kale", browser); w.Code == http.StatusTooManyRequests {
			if w.Header().Get("Retry-After") == "" {
				t.Error("it does not say how long to wait")
			}
			return
		}
	}
	t.Error("a visitor may search without end")
}

func TestAServerSendsTheOwnerBackToFollow(t *testing.T) {
	h := newHouse(t)
	for path, want := range map[string]string{
		"/authorize_interaction?uri=acct%3Aann%40there.example":    "/me/search?q=%40ann%40there.example",
		"/authorize_interaction?uri=https%3A%2F%2Fthere.example/1": "/me/search?q=https%3A%2F%2Fthere.example%2F1",
		"/follow?uri=ann%40there.example":                          "/me/search?q=ann%40there.example",
		"/authorize_interaction":                                   "/me/search",
		"/authorize_interaction?uri=" + strings.Repeat("x", 600):   "/me/search",
	} {
		if w := h.ask("GET", path, browser); w.Code != 303 || w.Header().Get("Location") != want {
			t.Errorf("%s: %d %q, want %q", path, w.Code, w.Header().Get("Location"), want)
		}
	}
	// Who is not logged in comes back there afterwards.
	if w := h.ask("GET", "/me/search?q=x", browser); w.Code != 303 || !strings.HasPrefix(w.Header().Get("Location"), "/login?next=") {
		t.Errorf("%d %q", w.Code, w.Header().Get("Location"))
	}
	says(t, h.page("/.well-known/webfinger?resource=acct:nora@"+testHost), `"http://ostatus.org/schema/1.0/subscribe","template":"https://veldkamp.example/`)
	for account, want := range map[string]string{"@nora@" + testHost: "an address on this server", "ann": "two parts", "@@": "two parts", "a@b@c": "two parts"} {
		says(t, h.page("/follow?account="+account), want, `readonly dir="ltr" value="@nora@veldkamp.example"`)
	}
}

// T55: nor do the new addresses lead anywhere else.
func TestT55_NoOpenRedirectByInteraction(t *testing.T) {
	h := newHouse(t)
	for _, uri := range []string{"//evil.example", "https://evil.example", `/\evil.example`, "%0d%0aLocation:%20https://evil.example", "acct://evil.example"} {
		if at := h.ask("GET", "/authorize_interaction?uri="+uri, browser).Header().Get("Location"); !strings.HasPrefix(at, "/me/search") || strings.ContainsAny(at, "\r\n\\") {
			t.Errorf("%s leads to %q", uri, at)
		}
	}
}

func TestEveryErrorIsAShortPage(t *testing.T) {
	h := newHouse(t)
	deleted := h.post(store.Public, "Gone.")
	h.write(func(tx *store.Tx) error { return tx.DeletePost(deleted) })
	if w := h.ask("GET", "/@nora/"+formatID(deleted.ID), browser); w.Code != 410 || !strings.Contains(w.Body.String(), "This post was deleted.") {
		t.Errorf("deleted: %d %s", w.Code, w.Body)
	}
	for code, want := range map[string]int{"invalid": 400, "forbidden": 403, "not_found": 404, "gone": 410, "too_large": 413, "rate_limited": 429, "": 500, "unavailable": 503} {
		w := httptest.NewRecorder()
		public.ErrorPage(w, httptest.NewRequest("GET", "/", nil), errorOf(code), testHost, pages(t), quiet)
		body := w.Body.String()
		if w.Code != want || len(body) > 3<<10 || !strings.Contains(body, `href="/"`) || !strings.Contains(body, fmt.Sprint(want)) || strings.Count(body, "<h1>") != 1 {
			t.Errorf("%s: %d, %d bytes: %s", code, w.Code, len(body), body)
		}
	}
}

// The budgets of a page, in bytes compressed. A page that grows over its own
// fails here.
func TestPagesKeepTheirBudgets(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	var p store.Post
	prose := strings.Repeat("Frost on the beds, first of the year; the kale is pleased, and the dahlias have resigned from their posts. ", 4)
	for n := range 25 {
		p = h.post(store.Public, fmt.Sprint(n, " ", shuffled(prose, n)), func(p *store.Post) {
			p.Extra.Tags, p.Replies = []string{"frost"}, 3
			p.Extra.Attachments = []store.Attachment{{Name: fmt.Sprintf("%064d.jpg", n), MediaType: "image/jpeg", Alt: shuffled(prose, n+7)[:150]}}
		})
	}
	parent := p
	for n := range 30 {
		a := h.answer(ann, store.Public, parent, shuffled(prose, n))
		if parent = p; n%3 > 0 {
			parent = a
		}
	}
	post := "/@nora/" + formatID(p.ID)
	for path, most := range map[string]int{"/@nora": 30 << 10, post: 20 << 10, "/@nora/media": 30 << 10, "/nothing": 3 << 10, "/@nora.atom": 40 << 10, "/@nora.rss": 40 << 10, "/@nora.json": 40 << 10,
		assets.StaticPath("public.css"): 10 << 10} {
		w := h.ask("GET", path, browser)
		n := zipped(w.Body.Bytes())
		t.Logf("%s: %d bytes, %d compressed, at most %d", path, w.Body.Len(), n, most)
		if n > most {
			t.Errorf("%s is %d bytes compressed, at most %d", path, n, most)
		}
	}
	// Besides the page itself, before its pictures: the style and the icon.
	for _, path := range []string{"/@nora", post} {
		head := between(h.page(path), "<head>", "</head>")
		loads := strings.Count(head, `rel="stylesheet"`) + strings.Count(head, `rel="icon"`) + strings.Count(head, `rel="apple-touch-icon"`) + strings.Count(head, "<script")
		if loads > 3 {
			t.Errorf("%s loads %d things besides pictures", path, loads)
		}
	}
}

// shuffled is prose that does not compress as a repetition would.
func shuffled(text string, seed int) string {
	words := strings.Fields(text)
	for i := range words {
		j := (i*7 + seed*13) % len(words)
		words[i], words[j] = words[j], words[i]+fmt.Sprint((seed*31+i*17)%97)
	}
	return strings.Join(words, " ")
}

func errorOf(code string) error {
	if code == "" {
		return errors.New("a fault of ours")
	}
	return &reply.Error{Code: reply.Code(code)}
}

func zipped(body []byte) int {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(body)
	_ = z.Close()
	return b.Len()
}

// A mute is nobody's business: no visitor can tell from any page whom the owner muted.
func TestAMuteChangesNothingForVisitors(t *testing.T) {
	h := newHouse(t)
	ann, _ := h.person("ann", "there.example")
	p := h.post(store.Public, "A question")
	h.answer(ann, store.Public, p, "ANN-WORDS")
	h.boost(h.answer(ann, store.Public, store.Post{}, "ANN-BOOSTED"), store.Public)
	post := "/@nora/" + formatID(p.ID)
	says(t, h.page(post), "ANN-WORDS", "1 reply")
	says(t, h.page("/@nora"), "1 reply", "ANN-BOOSTED")
	before := map[string]string{}
	for _, path := range []string{post, "/@nora", "/@nora/replies", "/@nora/followers", "/@nora.atom"} {
		before[path] = h.page(path)
	}
	must(t, h.svc.Mute(bg, ann.ID, time.Hour, true))
	for path, was := range before {
		if is := h.page(path); is != was {
			t.Errorf("%s changed:\n%s\nwas:\n%s", path, is, was)
		}
	}
}
