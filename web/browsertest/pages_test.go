package browsertest

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// looks are those in which every page is looked at.
var looks = []look{
	{"phone-light", 390, 844, 2, false, false},
	{"phone-dark", 390, 844, 2, true, false},
	{"desktop-light", 1280, 900, 1, false, false},
	{"desktop-dark", 1280, 900, 1, true, false},
	{"forced-colours", 1280, 900, 1, true, true},
}

// narrow is the smallest width at which nothing may stick out.
var narrow = look{"narrow", 320, 640, 2, false, false}

// TestEveryPage looks at every page in every look; -artifacts keeps pictures.
func TestEveryPage(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 looks at every page")
	}
	t.Parallel()
	g := &gallery{T: t, dir: t.ArtifactDir()}
	t.Run("set-up", g.setUp)
	houses := demo(t)
	alice, bob := houses["alice"], houses["bob"]
	visitor := newTab(t, alice.url(""), desktop)
	g.pages(visitor, map[string]string{"public-profile": "/@alice", "about": "/about", "privacy-policy": "/privacy-policy", "follow": "/follow", "error-404": "/nothing-here", "tag": bob.url("/tags/bread")})
	visitor.open("/@alice")
	g.page(visitor, "public-post", eval[string](visitor, `() => document.querySelector("article a.u-uid").href`))
	visitor.isPolite()

	p := newTab(t, alice.url(""), desktop)
	g.page(p, "login", "/login")
	p.logIn("alice", "wrong-password-here")
	g.show(p, "login-wrong")
	p.logIn("alice", alice.password)
	p.sendsAtOnce()
	g.pages(p, map[string]string{
		"home": "/me", "catchup": "/me/catchup?h=24", "catchup-authors": "/me/catchup?h=24&group=author", "keys": "/me/keys", "write": "/me/write", "requests": "/me/requests", "requests-several": "/me/requests?several=1",
		"followers": "/me/followers", "followers-new": "/me/followers?by=new", "followers-silent": "/me/followers?by=silent", "deliveries": "/me/deliveries", "following": "/me/following", "following-post": "/me/following?by=post", "following-silent": "/me/following?by=silent", "muted": "/me/muted", "held": "/me/held", "search": "/me/search", "search-handle": "/me/search?q=" + strings.Replace(bob.handle(), "@", "%40", 2),
		"search-nobody": "/me/search?q=%40nobody%40" + bob.host, "search-words": "/me/search?q=hello", "search-silent": "/me/search?q=%40a%40silent.localhost:1",
		"inbox": "/me/inbox", "profile": "/me/profile", "settings": "/me/settings", "reach": "/me/reach", "drafts-none": "/me/drafts", "more": "/me/more", "owner-404": "/me/nothing",
		"filters-none": "/me/filters", "push": "/me/push", "mail": "/me/mail", "offline": "/me/offline", "appearance": "/me/appearance",
		"share":   "/me/share?title=A+garden&url=https%3A%2F%2Ftuin.example%2F",
		"reports": "/me/reports", "reports-own": "/me/reports?k=own", "blocked": "/me/blocked", "safety": "/me/safety", "servers": "/me/blocked/servers", "server-list": "/me/blocked/servers/list", "block-server": "/me/blocked/servers/block?server=spam.example", "move": "/me/move",
		"data": "/me/data", "kept": "/me/data/kept", "expiry": "/me/data/expiry", "expiry-ask": "/me/data/expiry/preview?after=30",
		"security": "/me/security", "apps-none": "/me/apps", "security-log": "/me/security/log", "confirm-others": "/me/security/others",
	})
	p.open("/me/security")
	p.press("Set up a second factor…")
	g.show(p, "factor")
	p.open("/me/followers")
	server := eval[string](p, `() => document.querySelector("table a.bare").href`)
	g.page(p, "server", server)
	g.page(p, "confirm-remove-server", server+"/remove")
	p.open("/me/following")
	person := eval[string](p, `() => document.querySelector("li.person a.name").href`)
	g.page(p, "person", person)
	g.page(p, "confirm-unfollow", person+"/unfollow")
	g.page(p, "confirm-block-person", person+"/block")
	g.page(p, "report", person+"/report")
	p.open("/me")
	g.page(p, "thread", eval[string](p, `() => [...document.querySelectorAll("article")].find(e => e.textContent.includes("Rye today")).querySelector(".meta a").href`))
	g.kept(p, person)
	thread := p.address()
	g.page(p, "react", thread+"/react")
	g.page(p, "likes", thread+"/likes")
	g.page(p, "messages", "/me/messages")
	p.press("Bob Okafor")
	g.show(p, "message")
	g.page(p, "confirm-delete-conversation", eval[string](p, `() => document.querySelector("a.danger[href$=delete]").href`))
	p.open("/me/requests")
	g.page(p, "confirm-block", eval[string](p, `() => document.querySelector("a.danger[href$=block]").href`))
	p.open("/me/write")
	p.fill("text", "A sentence that is not")
	p.press("Save draft")
	g.show(p, "write-draft-saved")
	g.page(p, "drafts", "/me/drafts")
	p.open("/me/write")
	p.press("Post")
	g.show(p, "write-empty-error")
	p.open("/me/write")
	p.fill("text", "The **river** stands high today.")
	p.press("Preview")
	g.show(p, "write-preview")
	p.press("Post")
	g.show(p, "posted")
	p.awaitsText("/me", "now The river stands high today. 1 of 1 server")
	g.page(p, "home-delivered", "/me")
	p.open("/me")
	own := eval[string](p, `() => document.querySelector("article .meta a").href`)
	g.page(p, "thread-own", own)
	g.page(p, "delivery", own+"/delivery")
	g.page(p, "confirm-delete", own+"/delete")
	id := own[strings.LastIndex(own, "/")+1:]
	g.page(p, "edit", "/me/write?edit="+id)
	g.page(p, "reply", "/me/write?reply="+id)
}

// kept looks at what is saved, lists and hashtags.
func (g *gallery) kept(p *tab, person string) {
	g.pages(p, map[string]string{"saved-none": "/me/saved", "liked-none": "/me/saved?k=liked", "lists-none": "/me/lists", "tags-none": "/me/tags", "tag-page": "/me/tags/bread", "tag-nothing": "/me/tags/nothing"})
	p.open("/me")
	p.pressNear("Save", "Rye today")
	g.page(p, "saved", "/me/saved")
	p.open("/me/tags/bread")
	p.pressNear("Follow", "#main")
	g.page(p, "tags", "/me/tags")
	p.open("/me/lists")
	p.fill("title", "Bakers")
	p.press("Make the list")
	g.show(p, "list-people-none")
	p.pressNear("Add", "#add")
	g.show(p, "list-people")
	list := strings.TrimSuffix(strings.TrimSuffix(p.address(), "#add"), "/members")
	g.pages(p, map[string]string{"lists": "/me/lists", "list": list, "list-edit": list + "/edit", "list-delete": list + "/delete", "person-lists": person + "/lists"})
}

// gallery looks at pages and keeps pictures of them.
type gallery struct {
	*testing.T
	dir     string // of pictures
	sources string // of pages as they were sent
	samples bool   // these are samples: each page there is, and states of it behind a dot
}

// thorough says whether a page is looked at in every way: once as the sample of its
// kind. States of it and the real ones have the same frame, and that is what takes
// the time.
func (g *gallery) thorough(name string) bool { return g.samples && !strings.Contains(name, ".") }

func (g *gallery) pages(p *tab, list map[string]string) {
	for name, path := range list {
		g.page(p, name, path)
	}
}

func (g *gallery) page(p *tab, name, path string) {
	p.open(path)
	g.show(p, name)
}

// show checks and photographs the page that is there now.
func (g *gallery) show(p *tab, name string) {
	g.Helper()
	if p.status >= 500 && name != "search-silent" {
		g.Errorf("%s answered %d", name, p.status)
	}
	if csp := p.header["content-security-policy"]; !strings.Contains(csp, "default-src") {
		g.Errorf("%s: policy %q", name, csp)
	}
	g.basics(p, name)
	g.checked(p, name)
	g.keyboard(p, name)
	if !pictures() {
		return
	}
	for _, l := range looks {
		p.wear(l)
		height := eval[int64](p, `() => document.documentElement.scrollHeight`)
		l.height = max(l.height, min(height, 2400))
		p.wear(l)
		picture := run(p, chromedp.CaptureScreenshot())
		if err := os.WriteFile(filepath.Join(g.dir, name+"-"+l.name+".png"), picture, 0o600); err != nil {
			g.Fatal(err)
		}
	}
	p.wear(desktop)
}

// pictures says whether anybody will look at pictures.
func pictures() bool { return flag.Lookup("test.artifacts").Value.String() == "true" }

// basics are what every page has: a title, a language, one heading of the first
// rank and none left out below it, one main part, names for all fields and
// buttons, ids only once, nothing sideways, no script and no style of its own.
const basics = `() => {
	const all = s => [...document.querySelectorAll(s)], wrong = []
	if (!document.title) wrong.push("no title")
	if (!document.documentElement.lang) wrong.push("no language")
	if (all("h1").length !== 1) wrong.push(all("h1").length + " h1")
	if (all("main").length !== 1) wrong.push(all("main").length + " main")
	let rank = 0
	for (const h of all("main h1, main h2, main h3, main h4")) {
		const r = Number(h.tagName[1])
		if (r > rank + 1) wrong.push("from h" + rank + " to h" + r + ": " + h.textContent)
		rank = r
	}
	const ids = all("[id]").map(e => e.id)
	for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push("id twice: " + id)
	for (const f of all("input:not([type=hidden]), select, textarea")) if (!f.labels.length && !f.ariaLabel) wrong.push("field without a label: " + f.name)
	for (const b of all("button, a[href]")) if (!b.textContent.trim() && !b.ariaLabel && b.ariaHidden !== "true" && !b.querySelector("img[alt]:not([alt=''])")) wrong.push("nameless " + b.outerHTML.slice(0, 120))
	for (const i of all("img:not([alt])")) wrong.push("no alt: " + i.src)
	for (const i of all("img")) if (i.complete && !i.naturalWidth && i.loading !== "lazy") wrong.push("picture does not load: " + i.src)
	if (all("style, [style], [onclick]").length) wrong.push("style inside the page")
	const forKeys = /^\/static\/[0-9a-f]+-passkey\.js defer$/
	const scripts = all("script").map(e => new URL(e.src || "x:").pathname + (e.defer ? " defer" : "") + e.textContent).filter(s => !forKeys.test(s) || !document.querySelector("[data-passkey]"))
	const ours = /^\/static\/[0-9a-f]+-app\.js defer$/
	if (document.querySelector(".rail") ? scripts.length !== 1 || !ours.test(scripts[0]) : scripts.length) wrong.push("scripts: " + scripts)
	return wrong
}`

const overflow = `() => {
	const wide = document.documentElement.scrollWidth, have = document.documentElement.clientWidth
	for (const m of document.querySelectorAll("details.menu")) {
		m.open = true
		const box = m.querySelector("ul").getBoundingClientRect()
		m.open = false
		if (box.left < 0 || box.right > have + 1) return "the menu of " + m.closest("article").id
	}
	if (wide <= have) return ""
	const out = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > have + 1)
	return wide + " px: " + out.slice(0, 3).map(e => e.outerHTML.slice(0, 150)).join(" … ")
}`

// rightToLeft turns the page, as a translation would.
const rightToLeft = `on => { document.documentElement.dir = on ? "rtl" : ""; return on }`

// spaced is WCAG 2.2's 1.4.12: no text may be lost by it.
const spaced = `on => {
	const sheet = new CSSStyleSheet()
	sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } p { margin-block-end: 2em !important }")
	document.adoptedStyleSheets = on ? [sheet] : []
	return on
}`

func (g *gallery) basics(p *tab, name string) {
	g.Helper()
	for _, wrong := range eval[[]string](p, basics) {
		g.Errorf("%s: %s", name, wrong)
	}
	for _, l := range []look{narrow, phone, desktop} {
		p.wear(l)
		if over := eval[string](p, overflow); over != "" {
			g.Errorf("%s sticks out at %s px: %s", name, strconv.FormatInt(l.width, 10), over)
		}
		for how, undo := range map[string]string{"from right to left": rightToLeft, "with the text spaced": spaced} {
			eval[bool](p, undo, true)
			if over := eval[string](p, overflow); over != "" {
				g.Errorf("%s %s sticks out at %d px: %s", name, how, l.width, over)
			}
			eval[bool](p, undo, false)
		}
	}
}

// setUp looks at the steps of set-up.
func (g *gallery) setUp(t *testing.T) {
	r := start(t, nil, "serve", "-data", t.TempDir(), "-listen", "localhost:0")
	p := newTab(t, "about:blank", desktop)
	code := r.until(`with the code (\S+):`)[1]
	p.awaitsText(r.until(`(http://localhost:\d+/setup)`)[1], "One-time code")
	g.show(p, "setup-1-code")
	p.fill("code", "wrong-code")
	p.press("Go on")
	g.show(p, "setup-1-wrong")
	p.fill("code", code)
	p.press("Go on")
	g.show(p, "setup-2-address")
	p.fill("name", "dora")
	p.fill("domain", "dora.localhost:"+p.port())
	p.press("Check it")
	g.show(p, "setup-2-checked")
	p.touch("I understand", "")
	p.press("Use this address")
	g.show(p, "setup-3-account")
	p.fill("password", "short")
	p.fill("again", "other")
	p.press("Make the account")
	g.show(p, "setup-3-wrong")
	p.fill("password", "three-word-password")
	p.fill("again", "three-word-password")
	p.press("Make the account")
	g.show(p, "setup-4-done")
	p.site = "http://dora.localhost:" + p.port()
	p.awaits(p.site+"/login", "the server is there", func(string) bool { return p.status == 200 })
	p.logIn("dora", "three-word-password")
	g.pages(p, map[string]string{"empty-home": "/me", "empty-requests": "/me/requests", "empty-followers": "/me/followers", "empty-following": "/me/following", "empty-inbox": "/me/inbox", "empty-messages": "/me/messages", "empty-profile": "/me/profile", "empty-public": "/@dora"})
}
