package browsertest

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestComposeWithoutScript is a thread with a picture, a found name and an emoji of
// one's own, with scripts switched off.
func TestComposeWithoutScript(t *testing.T) {
	long(t)
	t.Parallel()
	for _, l := range widths(desktop, phone) {
		t.Run(l.name, func(t *testing.T) {
			newTab(t, "about:blank", l) // skips before the demo is started
			j := &journey{TB: t, houses: demo(t)}
			j.alice, j.bob = j.arrive("alice", l), j.arrive("bob", l)
			a := j.alice
			file := filepath.Join(t.TempDir(), "sill.png")
			drawPicture(j, file)
			a.open("/me/emojis")
			a.fill("code", "sill")
			a.upload("picture", file)
			a.press("Add")
			a.sees("Added.", ":sill:")

			a.open("/me/write")
			a.fill("text", "First of all :sill:")
			a.press("Add another post")
			a.sees("Post 2 of 2")
			a.fill("part", "Second for")
			a.touch("Find a person", "#find")
			a.fill("find", "Bob")
			a.press("Find")
			a.press("Put in " + j.houses["bob"].handle())
			if got := eval[string](a, `() => document.querySelector("[name=part]").value`); got != "Second for "+j.houses["bob"].handle()+" " {
				j.Errorf("the second post is %q", got)
			}
			a.touch("Pictures, video or sound", "#files")
			a.upload("files", file)
			a.pressNear("Add", "#files")
			a.sees("Added.", "1 of 4")
			a.press("Show who gets it")
			a.sees("Bob Okafor", "servers", "Followers")
			a.press("Preview")
			a.sees("Preview", "First of all", "Second for")
			a.press("Post") // stops once
			a.sees("A file has no description", "press Post once more")
			a.fill(eval[string](a, `() => document.querySelector("[name^=alt-]").name`), "Pots on a sill")
			a.press("Post")
			a.sees("First of all", "Second for")
			j.bob.awaitsText("/me", "First of all")
			j.bob.awaits("/me", "the emoji and the picture", func(string) bool {
				return eval[bool](j.bob, `() => [...document.querySelectorAll("article")].some(e => e.textContent.includes("First of all") && e.querySelector("img.emoji[alt=':sill:']") && e.outerHTML.includes("Pots on a sill"))`)
			})
			j.bob.awaitsText("/me/inbox", "Second for")
		})
	}
}

// TestComposeWithScript: names are offered while they are typed, by keys and by the
// pointer; characters are counted; a picture is pointed at.
func TestComposeWithScript(t *testing.T) {
	long(t)
	t.Parallel()
	newTab(t, "about:blank", desktop) // skips before the demo is started
	j := &journey{TB: t, houses: demo(t)}
	a := j.arrive("alice", desktop)
	a.scripts(true)
	a.open("/me/write")
	a.waitsForScript()
	bob := j.houses["bob"].handle()
	text := `() => document.querySelector("#text").value`
	eval[bool](a, `() => { document.querySelector("#text").focus(); return true }`)
	a.types("Hello @bo")
	a.waits("the suggestions", `() => !document.querySelector("#offer-1").hidden && document.querySelectorAll("#offer-1 [role=option]").length > 0`)
	if where := eval[[]string](a, `() => { const t = document.querySelector("#text"); return [t.getAttribute("aria-controls"), t.getAttribute("aria-activedescendant") || "", document.querySelector("#offer-1 ~ [role=status]").textContent] }`); where[0] != "offer-1" || where[1] != "" || !strings.Contains(where[2], "suggestion") {
		j.Errorf("before a choice: %q", where)
	}
	a.types(kb.ArrowDown)
	a.waits("a choice", `() => { const t = document.querySelector("#text"), o = document.getElementById(t.getAttribute("aria-activedescendant")); return o && o.getAttribute("aria-selected") === "true" }`)
	// By itself: with the letter that the driver sends after it, the line would break
	// although the key was taken, which no keyboard does.
	call(a, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "rawKeyDown", Key: "Enter", Code: "Enter", WindowsVirtualKeyCode: 13})
	if got := eval[string](a, text); got != "Hello "+bob+" " {
		t.Fatalf("the text is %q, want %q", got, "Hello "+bob+" ")
	}
	// Escape leaves the text alone, and so does Enter where nothing is chosen.
	a.types("and @bo")
	a.waits("the suggestions", `() => !document.querySelector("#offer-1").hidden`)
	a.types(kb.Escape)
	a.waits("no suggestions", `() => document.querySelector("#offer-1").hidden && document.activeElement.id === "text"`)
	a.types("b")
	a.waits("the suggestions", `() => !document.querySelector("#offer-1").hidden`)
	a.types(kb.Enter)
	if got := eval[string](a, text); got != "Hello "+bob+" and @bob\n" {
		j.Errorf("the text is %q", got)
	}
	a.types("@bob")
	a.waits("the suggestions", `() => !document.querySelector("#offer-1").hidden`)
	s := eval[spot](a, `() => { const b = document.querySelector("#offer-1 [role=option]").getBoundingClientRect(); return { X: b.x + b.width / 2, Y: b.y + b.height / 2 } }`)
	a.clickAt(s)
	a.waits("the name", `want => document.querySelector("#text").value.endsWith(want)`, "\n"+bob+" ")
	left := `() => document.querySelector("#text-hint .left").textContent`
	before := eval[string](a, left)
	a.types("four")
	if now := eval[string](a, left); before == now || !strings.HasSuffix(now, " left") {
		j.Errorf("%q became %q", before, now)
	}
	eval[bool](a, `() => { const t = document.querySelector("#text"); t.value = "x".repeat(5003); t.dispatchEvent(new Event("input", { bubbles: true })); return true }`)
	if now := eval[string](a, left); now != "-3, too long" {
		j.Errorf("over the limit: %q", now)
	}
	eval[bool](a, `() => { const t = document.querySelector("#text"); t.value = "Pots"; t.dispatchEvent(new Event("input", { bubbles: true })); return true }`)

	file := filepath.Join(t.TempDir(), "sill.png")
	drawPicture(j, file)
	a.touch("Pictures, video or sound", "#files")
	a.upload("files", file)
	a.pressNear("Add", "#files")
	a.waitsForScript()
	a.waits("the picture", `() => document.querySelector(".attach img")?.naturalWidth > 0`)
	s = eval[spot](a, `() => { const i = document.querySelector(".attach img"); i.scrollIntoView({ block: "center", behavior: "instant" }); const b = i.getBoundingClientRect(); return { X: b.x + 2, Y: b.y + 2 } }`)
	a.clickAt(s)
	a.waits("the point", `() => { const [x, y] = document.querySelector("[name^=focus-]").value.split(",").map(Number); return x < -.5 && y > .9 }`)
	point := eval[string](a, `() => document.querySelector("[name^=focus-]").value`)
	a.press("Preview")
	if now := eval[string](a, `() => document.querySelector("[name^=focus-]").value`); strings.TrimRight(now, "0") != strings.TrimRight(point, "0") {
		j.Errorf("the point %s became %s", point, now)
	}
}

// clickAt presses a place of the page, which stays.
func (p *tab) clickAt(s spot) {
	p.t.Helper()
	run(p, chromedp.Steps(chromedp.MouseClickXY(s.X, s.Y), chromedp.Sleep(20*time.Millisecond)))
}
