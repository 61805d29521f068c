package browsertest

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// waits looks at the page until a script says yes.
func (p *tab) waits(what, script string, args ...any) {
	p.t.Helper()
	for end := time.Now().Add(patience); !p.asks(script, args...); {
		if time.Now().After(end) {
			p.t.Fatalf("%s: not after %v: %s\n%s\n%s", p.address(), patience, what, eval[string](p, live), p.text())
		}
		run(p, chromedp.Sleep(50*time.Millisecond))
	}
}

// live is what a page that waits for news has done about it.
const live = `() => document.visibilityState + " " + document.hasFocus() + " " + (document.querySelector("#news")?.outerHTML ?? "") + performance.getEntriesByType("resource").filter(e => e.name.includes("/me/")).slice(-12).map(e => "\n" + e.name + " at " + Math.round(e.startTime) + " for " + Math.round(e.duration) + " ms: " + e.responseStatus).join("")`

// asks is eval for a script that may have to wait itself.
func (p *tab) asks(script string, args ...any) bool {
	p.t.Helper()
	b, err := json.Marshal(args)
	if err != nil {
		p.t.Fatal(err)
	}
	if len(args) == 0 {
		b = []byte("[]")
	}
	return run(p, chromedp.Evaluate[bool]("(async () => !!(await ("+script+")(..."+string(b)+")))()", chromedp.EvalAwaitPromise))
}

// types presses keys that stay on the page.
func (p *tab) types(keys string) {
	p.t.Helper()
	run(p, chromedp.Steps(chromedp.KeyEvent(keys), chromedp.Sleep(20*time.Millisecond)))
}

// turns presses keys, the last of which leads to another page.
func (p *tab) turns(keys string) {
	p.t.Helper()
	if rest := keys[:len(keys)-1]; rest != "" {
		p.types(rest)
	}
	p.load("press "+keys, chromedp.KeyEvent(keys[len(keys)-1:]))
	p.waitsForScript()
}

// waitsForScript waits until the deferred script of a page has run.
func (p *tab) waitsForScript() {
	p.t.Helper()
	p.waits("the script", `() => document.readyState === "complete"`)
}

func (p *tab) online(on bool) {
	p.t.Helper()
	call(p, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{{Offline: !on, DownloadThroughput: -1, UploadThroughput: -1}}})
}

// TestLive is one reader with scripts on, while a friend writes.
func TestLive(t *testing.T) {
	long(t)
	newTab(t, "about:blank", desktop) // skips before the demo is started
	j := &journey{TB: t, houses: demo(t)}
	j.alice, j.bob = j.arrive("alice", desktop), j.arrive("bob", desktop)
	j.alice.scripts(true)
	t.Run("new posts wait behind a button", j.newPosts)
	t.Run("a like stays in place", j.likeInPlace)
	t.Run("delivery and counters", j.counters)
	t.Run("the rest of a conversation", j.restOfThread)
	t.Run("a follow stays in place", j.followInPlace)
	t.Run("pictures by keys", j.pictureKeys)
	t.Run("other keys", j.otherKeys)
	t.Run("keys", j.pressKeys)
	t.Run("the place moves with what was seen", j.placeMoves)
	t.Run("unsent text is kept", j.unsent)
	t.Run("one stream for all windows", j.oneStream)
	t.Run("the session ends", j.sessionEnds)
}

func (j *journey) writes(p *tab, text string) {
	j.Helper()
	p.open("/me/write")
	p.fill("text", text)
	p.press("Post")
}

// newPosts: nothing moves under the reader, and the page says what waits.
func (j *journey) newPosts(*testing.T) {
	a := j.alice
	a.open("/me")
	a.waits("the stream", `async () => (await navigator.locks.query()).held.length === 1`)
	where := `() => { const card = document.querySelectorAll("#cards > article")[1]; return [scrollY, Math.round(card.getBoundingClientRect().top)] }`
	eval[bool](a, `() => { scrollTo(0, 240); return true }`)
	before := eval[[]float64](a, where)
	j.writes(j.bob, "The oven is warm.")
	a.waits("the button", `() => document.querySelector("#news a.new")?.textContent === "1 new post"`)
	j.writes(j.bob, "The bread is in.")
	a.waits("the button", `() => document.querySelector("#news a.new")?.textContent === "2 new posts"`)
	if after := eval[[]float64](a, where); before[0] < 200 || after[0] != before[0] || after[1] != before[1] {
		j.Errorf("the page moved from %v to %v", before, after)
	}
	a.misses("The oven is warm.", "The bread is in.")
	if !eval[bool](a, `() => { const b = document.querySelector("#news a.new").getBoundingClientRect(); return b.top >= 0 && b.bottom < innerHeight }`) {
		j.Error("the button is out of sight")
	}
	a.waits("it is said", `() => document.querySelector("main > [role=status]").textContent.includes("new post")`)
	a.turns(".")
	a.sees("The oven is warm.", "The bread is in.")
}

// likeInPlace: no page is loaded, and the focus stays where it was pressed.
func (j *journey) likeInPlace(*testing.T) {
	a := j.alice
	a.open("/me")
	eval[bool](a, `() => window.same = true`)
	card := "#" + eval[string](a, `() => [...document.querySelectorAll("article")].find(e => e.textContent.includes("The bread is in.")).id`)
	for _, step := range []struct{ press, then string }{{"Like", "Liked 1 like"}, {"Liked", "Like"}, {"Boost", "Boosted 1 boost"}, {"Boosted", "Boost"}} {
		a.touch(step.press, card)
		a.waits(step.then, `(card, word) => document.querySelector(card + " .acts").textContent.replace(/\s+/g, " ").includes(word)`, card, strings.Fields(step.then)[0])
		a.waits("the focus", `word => document.activeElement.matches(".acts button") && document.activeElement.textContent.trim() === word`, strings.Fields(step.then)[0])
	}
	if !eval[bool](a, `() => window.same === true`) {
		j.Error("a page was loaded")
	}
	a.touch("Like", card)
	a.waits("liked", `card => !!document.querySelector(card + " .on-like")`, card)
	j.bob.awaitsText("/me/inbox", "liked your post")
	// What cannot be done is said in words beside the button.
	a.online(false)
	a.touch("Boost", card)
	a.waits("the words", `card => document.querySelector(card + " .err")?.textContent.includes("did not answer")`, card)
	a.online(true)
	a.touch("Boost", card)
	a.waits("boosted", `card => !!document.querySelector(card + " .on-boost") && !document.querySelector(card + " .err")`, card)
}

// counters: what happens to an own post, and how much is unread, without a page.
func (j *journey) counters(*testing.T) {
	a := j.alice
	a.open("/me")
	a.fill("text", "What do the gulls want?")
	a.load("Ctrl+Enter", chromedp.KeyEvent("\r", chromedp.KeyModifiers(chromedp.ModifierCtrl)))
	a.sees("Posted.", "What do the gulls want?")
	a.waits("the delivery line", `() => [...document.querySelectorAll("article")].find(e => e.textContent.includes("What do the gulls want?")).querySelector(".delivery").textContent.includes("1 of 1 server")`)
	unread := `() => { const e = document.querySelector(".rail [data-n=inbox]"); return e.hidden ? 0 : parseInt(e.textContent) }`
	before := eval[int](a, unread)
	j.writes(j.bob, j.houses["alice"].handle()+" they want bread.")
	a.waits("one more unread", `before => (`+unread+`)() === before + 1`, before)
}

// restOfThread: what a search brought is counted and waits; the tree does not move.
func (j *journey) restOfThread(*testing.T) {
	a := j.alice
	j.writes(j.bob, "Who has a sieve for me?")
	j.bob.open("/@bob")
	post := eval[string](j.bob, `() => [...document.querySelectorAll("article")].find(e => e.textContent.includes("Who has a sieve")).querySelector("a.u-uid").href`)
	c := j.arrive("carol", desktop)
	c.open("/me/search?q=" + url.QueryEscape(post))
	c.pressNear("Reply", "Who has a sieve")
	c.fill("text", "I have two, and a spare.")
	c.press("Reply")
	j.bob.awaitsText("/me/inbox", "I have two")
	a.awaitsText("/me", "Who has a sieve")
	a.open(eval[string](a, `() => [...document.querySelectorAll("article")].find(e => e.textContent.includes("Who has a sieve")).querySelector(".meta a").href`))
	a.waits("what came", `() => document.querySelector("[data-thread]")?.textContent.includes("1 more post came.") || document.body.textContent.includes("I have two")`)
	if !strings.Contains(a.text(), "I have two") {
		a.press("Show the whole conversation")
	}
	a.sees("I have two, and a spare.")
}

// followInPlace: asked, and then accepted, without a page (journey 2).
func (j *journey) followInPlace(*testing.T) {
	a := j.alice
	a.open("/me/search?q=" + strings.Replace(j.houses["carol"].handle(), "@", "%40", 2))
	a.open(eval[string](a, `() => [...document.querySelectorAll("main a.name")].find(e => e.textContent.includes("Carol")).href`))
	eval[bool](a, `() => window.same = true`)
	a.touch("Follow", "#relation")
	a.waits("the answer", `() => document.querySelector("#relation").textContent.includes("You follow them")`)
	a.waits("the focus", `() => document.activeElement.closest("#relation")`)
	if !eval[bool](a, `() => window.same === true`) {
		j.Error("a page was loaded")
	}
}

// pictureKeys: a picture is posted with scripts on, described and opened by keys.
func (j *journey) pictureKeys(t *testing.T) {
	j.picture(t.TempDir())
	a := j.alice
	a.open("/me")
	card := "#" + eval[string](a, `() => { const e = [...document.querySelectorAll("article")].find(e => e.textContent.includes("Pots on the sill")); e.tabIndex = -1; e.focus(); return e.id }`)
	a.types("a")
	a.sees("Six paper pots on a sill.")
	a.types("a")
	if eval[bool](a, `card => document.querySelector(card + " details.alt").open`, card) {
		j.Error("a does not close the description")
	}
	a.types("e")
	if !eval[bool](a, `card => document.activeElement.matches(".gallery a") && !!document.activeElement.closest(card)`, card) {
		j.Error("e does not lead to the picture")
	}
}

// pressKeys: a hand on the keyboard, and the switch that takes it off.
func (j *journey) pressKeys(*testing.T) {
	a := j.alice
	a.open("/me")
	at := `() => document.activeElement.id`
	a.types("j")
	first := eval[string](a, at)
	a.types("jj")
	third := eval[string](a, at)
	a.types("k")
	second := eval[string](a, at)
	order := eval[[]string](a, `() => [...document.querySelectorAll("#cards > article")].slice(0, 3).map(e => e.id)`)
	if first != order[0] || second != order[1] || third != order[2] {
		j.Errorf("j, j, j, k lead to %s, %s, %s of %v", first, third, second, order)
	}
	if name := eval[string](a, `() => document.activeElement.ariaLabel`); !strings.Contains(name, ": ") {
		j.Errorf("the post is called %q", name)
	}
	const bread = `() => { const e = [...document.querySelectorAll("article")].find(e => e.querySelector(".body").textContent.includes("The oven is warm.")); e.tabIndex = -1; e.focus(); return e.id }`
	card := "#" + eval[string](a, bread)
	a.types("f")
	a.waits("liked", `card => !!document.querySelector(card + " .on-like")`, card)
	a.types("f")
	a.waits("not liked", `card => !document.querySelector(card + " .on-like")`, card)
	a.types("m")
	a.waits("the menu", `card => document.querySelector(card + " .menu").open && document.activeElement.closest(".menu li")`, card)
	a.types("\x1b")
	if eval[bool](a, `card => document.querySelector(card + " .menu").open`, card) {
		j.Error("Escape leaves the menu open")
	}
	a.turns("o")
	a.sees("The oven is warm.")
	a.turns("\x1b")
	if at := a.address(); !strings.HasSuffix(at, "/me") {
		j.Errorf("Escape leads to %s", at)
	}
	eval[string](a, bread)
	a.turns("r")
	a.sees("Reply")
	a.fill("text", "")
	a.types("jgh?") // in a field they are letters
	if text := eval[string](a, `() => document.querySelector("textarea").value`); text != "jgh?" {
		j.Errorf("of jgh? the field has %q", text)
	}
	a.turns("\x1b?") // out of the field first
	a.sees("Keys", "Next post")
	for keys, path := range map[string]string{"gi": "/me/inbox", "gc": "/me/catchup", "gm": "/me/messages", "gb": "/me/saved", "gd": "/me/drafts", "gs": "/me/settings", "gp": "/me/profile", "gh": "/me", "c": "/me/write", "/": "/me/search"} {
		a.open("/me/keys")
		a.turns(keys)
		if at := a.address(); !strings.HasSuffix(at, path) {
			j.Errorf("%s leads to %s", keys, at)
		}
	}
	a.open("/me/settings")
	a.touch("Single keys", "")
	a.press("Save settings")
	a.open("/me")
	a.types("j?gi")
	if id := eval[string](a, at); id != "" || !strings.HasSuffix(a.address(), "/me") {
		j.Errorf("switched off, the keys lead to %s %s", a.address(), id)
	}
	a.open("/me/settings")
	a.touch("Single keys", "")
	a.press("Save settings")
}

// placeMoves: what was in sight counts as read, and what was not does not.
func (j *journey) placeMoves(*testing.T) {
	a := j.alice
	a.wear(look{"tall", 1280, 20000, 1, false, false})
	a.open("/me")
	a.waits("the place", `async () => (await (await fetch("/me")).text()).includes("Nothing new since")`)
	a.open("/me/inbox")
	a.wear(look{"low", 1280, 400, 1, false, false})
	for _, text := range []string{"One loaf.", "Two loaves.", "Three loaves, and each of them with\n\na story\n\nthat is\n\nlong\n\nenough\n\nto fill\n\na window\n\nof this\n\nheight\n\nto its\n\nvery end."} {
		j.writes(j.bob, text)
		// Home is not opened meanwhile: on a busy machine the first would be seen before the last is there.
		a.waits("the post", `async text => (await (await fetch("/me")).text()).includes(text)`, text[:9])
	}
	a.open("/me")
	a.sees("3 new posts since", "You were here")
	run(a, chromedp.Sleep(2500*time.Millisecond)) // longer than the script waits
	a.open("/me")
	a.sees("3 new posts since") // only the newest was in sight, and that would leave a gap
	eval[bool](a, `() => { document.querySelector("#here").scrollIntoView({ block: "end" }); return true }`)
	a.waits("the place", `async () => !(await (await fetch("/me")).text()).includes("3 new posts since")`)
	a.open("/me")
	a.wear(desktop)
}

// unsent: a text that was not sent is there again.
func (j *journey) unsent(*testing.T) {
	a := j.alice
	a.open("/me/write")
	a.fill("text", "A thought that is not finished")
	a.open("/me/inbox")
	a.open("/me/write")
	if text := eval[string](a, `() => document.querySelector("textarea").value`); text != "A thought that is not finished" {
		j.Errorf("the text is %q", text)
	}
	a.press("Post")
	a.sees("Posted.")
	a.open("/me/write")
	if text := eval[string](a, `() => document.querySelector("textarea").value`); text != "" {
		j.Errorf("after it was posted the text is %q", text)
	}
}

// oneStream: a second window of the same browser listens through the first, and
// takes over when that is gone.
func (j *journey) oneStream(*testing.T) {
	a := j.alice
	a.open("/me")
	locks := `async () => { const l = await navigator.locks.query(); return [l.held.length, l.pending.length].join() }`
	a.waits("the stream", `async () => (await navigator.locks.query()).held.length === 1`)
	ctx, end := chromedp.NewContext(a.ctx)
	defer end()
	if err := chromedp.Do(ctx); err != nil {
		j.Fatal(err)
	}
	b := &tab{t: j.TB, ctx: ctx, site: a.site}
	b.open("/me")
	b.waits("waiting for its turn", `async () => await (`+locks+`)() === "1,1"`)
	j.writes(j.bob, "For both windows.")
	for _, p := range []*tab{a, b} {
		p.waits("the button", `() => document.querySelector("#news a.new")?.textContent === "1 new post"`)
	}
	a.load("leave", chromedp.Navigate(a.site+"/about"))
	b.waits("its turn", `async () => await (`+locks+`)() === "1,0"`)
	j.writes(j.bob, "For the other one.")
	b.waits("the button", `() => document.querySelector("#news a.new")?.textContent === "2 new posts"`)
}

// sessionEnds: another window logged out; this one says so, and where to go.
func (j *journey) sessionEnds(*testing.T) {
	a := j.alice
	a.open("/me")
	a.asks(`() => fetch("/logout", { method: "POST", redirect: "manual", body: new URLSearchParams({ csrf: document.querySelector("[name=csrf]").value }) })`)
	a.waits("the words", `() => document.querySelector("#news").textContent.includes("Your session has ended. Log in again")`)
	a.press("Log in again")
	a.fill("name", "alice")
	a.fill("password", j.houses["alice"].password)
	a.press("Log in")
	a.sees("Home")
}

// otherKeys: a key that was put elsewhere acts there and no more where it was.
func (j *journey) otherKeys(*testing.T) {
	a := j.alice
	a.open("/me/keys")
	a.waitsForScript()
	a.fill("k-6a", "l")
	a.fill("k-67", "z")
	if !a.asks(`() => { const e = new Event("beforeunload", { cancelable: true }); dispatchEvent(e); return e.defaultPrevented }`) {
		j.Error("the page would be left without a word about what is not saved")
	}
	a.press("Save keys")
	a.sees("Saved.")
	a.open("/me")
	a.waitsForScript()
	const atPost = `() => document.activeElement.matches("article")`
	a.types("j")
	if a.asks(atPost) {
		j.Error("j still goes to the next post")
	}
	a.types("l")
	a.waits("l goes to the next post", atPost)
	a.turns("zh")
	a.open("/me/keys")
	a.press("Back to the usual keys")
	a.open("/me")
	a.waitsForScript()
	a.types("j")
	a.waits("j goes to the next post", atPost)
}
