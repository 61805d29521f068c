package browsertest

import (
	"github.com/chromedp/chromedp"
)

// controls counts what Tab must reach, and gives each a mark: radio buttons of
// one name are one stop.
const controls = `() => {
	let n = 0
	const radios = {}
	for (const e of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, video[controls], audio[controls], [tabindex='0']")) {
		if (!e.checkVisibility({ visibilityProperty: true }) || !e.getClientRects().length || e.disabled || e.tabIndex < 0) continue
		if (e.closest("details:not([open])") && !e.matches("details:not([open]) > summary:first-of-type")) continue
		if (e.type === "radio") {
			const group = (e.form && e.form.action) + e.name
			e.dataset.stop = radios[group] ??= ++n
		} else e.dataset.stop = ++n
	}
	// Tab goes on from where a focused element was taken away.
	const start = document.createElement("span")
	start.tabIndex = -1
	document.body.prepend(start)
	start.focus()
	start.remove()
	return n
}`

// stop says where the focus is: its mark, 0 for outside of the page, and what is
// wrong with how it can be seen.
const stop = `() => {
	const e = document.activeElement
	if (!e || e === document.body || e === document.documentElement) return { N: 0, Wrong: "" }
	const name = e.outerHTML.slice(0, 140), n = Number(e.dataset.stop || -1)
	if (n < 0) return { N: n, Wrong: "Tab stops at " + name }
	const ring = [e, e.parentElement, e.closest("label, .box, .compose")].some(x => x && getComputedStyle(x).outlineStyle !== "none" && parseFloat(getComputedStyle(x).outlineWidth) >= 2)
	if (!ring) return { N: n, Wrong: "no ring around " + name, Player: e.matches("video, audio, [type=datetime-local]") }
	const box = e.getClientRects()[0], x = box.x + box.width / 2, y = box.y + box.height / 2
	if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return { N: n, Wrong: "out of the window: " + name }
	const top = document.elementFromPoint(x, y)
	if (!top || !(e.contains(top) || top.contains(e) || e.labels && [...e.labels].some(l => l.contains(top)))) return { N: n, Wrong: "covered by " + (top && top.outerHTML.slice(0, 120)) + ": " + name }
	return { N: n, Wrong: "", Player: e.matches("video, audio, [type=datetime-local]") }
}`

// inPlayers is how many stops the players of a page may have in all, which the
// browser keeps to itself.
const inPlayers = 60

// keyboard goes through the page by Tab: every control once, in the order of the
// page, with a ring, and nothing in front of it (WCAG 2.1.1, 2.4.3, 2.4.7, 2.4.11).
func (g *gallery) keyboard(p *tab, name string) {
	g.Helper()
	type place struct {
		N      int
		Wrong  string
		Player bool
	}
	if !g.thorough(name) {
		return
	}
	for _, l := range widths(phone, desktop) { // the order is that of the page, in each of them
		p.wear(l)
		all := eval[int](p, controls)
		reached, last := 0, 0
		for range all + 3 + inPlayers {
			run(p, chromedp.KeyEvent("\t"))
			at := eval[place](p, stop)
			if at.Wrong != "" {
				g.Errorf("%s, %d px, by keyboard: %s", name, l.width, at.Wrong)
			}
			if at.N == 0 || at.N == 1 && reached == all {
				break // out of the page, or around it
			}
			if at.Player && at.N == last {
				continue // its own controls, or parts of a time, are in it
			}
			if at.N > 0 && at.N <= last {
				g.Errorf("%s, %d px: Tab leads from control %d back to %d", name, l.width, last, at.N)
				break
			}
			if at.N > 0 {
				reached, last = reached+1, at.N
			}
		}
		if reached != all {
			g.Errorf("%s, %d px: Tab reaches %d of %d controls", name, l.width, reached, all)
		}
	}
}
