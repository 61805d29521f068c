package browsertest

import (
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// find looks for something to press: by its words, whole or as they begin, in
// the smallest part of the page that has the words "near", or has that #id. It is brought to
// the middle of the window, and must not be covered there.
const find = `(words, near) => {
	const tidy = e => (e.textContent || "").replace(/\s+/g, " ").trim()
	let root = document.body
	if (near.startsWith("#")) root = document.querySelector(near)
	else if (near) {
		const parts = [...document.querySelectorAll("article, section, li.person, form, main, nav")].filter(e => tidy(e).includes(near))
		root = parts.sort((a, b) => tidy(a).length - tidy(b).length).find(e => [...e.querySelectorAll("a, button, summary, label")].some(b => tidy(b).startsWith(words)))
		if (!root) return { Why: "nothing near " + near }
	}
	const all = [...root.querySelectorAll("a, button, summary, label")].filter(e => e.checkVisibility() && e.getClientRects().length && e.ariaHidden !== "true")
	const it = all.find(e => tidy(e) === words) || all.find(e => tidy(e).startsWith(words))
	if (!it) return { Why: "there are " + all.map(tidy).join(" | ") }
	it.scrollIntoView({ block: "center", behavior: "instant" })
	const box = it.getClientRects()[0]
	const x = box.x + box.width / 2, y = box.y + box.height / 2
	const top = document.elementFromPoint(x, y)
	if (!top || !(it.contains(top) || top.contains(it))) return { Why: "covered by " + (top && top.outerHTML.slice(0, 200)) }
	return { X: x, Y: y }
}`

type spot struct {
	X, Y float64
	Why  string
}

func (p *tab) spot(words, near string) spot {
	p.t.Helper()
	s := eval[spot](p, find, words, near)
	if s.Why != "" {
		p.t.Fatalf("%s: cannot press %q: %s", p.address(), words, s.Why)
	}
	return s
}

// press presses a button or a link, and waits for the page that follows.
func (p *tab) press(words string) { p.t.Helper(); p.pressNear(words, "") }

func (p *tab) pressNear(words, near string) {
	p.t.Helper()
	s := p.spot(words, near)
	p.load("press "+words, chromedp.MouseClickXY(s.X, s.Y))
	if p.status >= 500 {
		p.t.Fatalf("press %s: answered %d\n%s", words, p.status, p.text())
	}
}

// touch presses what stays on the page: a label, or something to open.
func (p *tab) touch(words, near string) {
	p.t.Helper()
	s := p.spot(words, near)
	run(p, chromedp.Steps(chromedp.MouseClickXY(s.X, s.Y), chromedp.Sleep(20*time.Millisecond)))
}

// fill puts text into a field, in place of what is there, as pasting does.
func (p *tab) fill(name, text string) {
	p.t.Helper()
	const choose = `name => { const e = document.querySelector('[name="' + name + '"]:not([type="hidden"])'); if (e) { e.focus(); e.select() } return !!e }`
	if !eval[bool](p, choose, name) {
		p.t.Fatalf("%s has no field %q:\n%s", p.address(), name, p.text())
	}
	call(p, input.InsertText, input.InsertTextParams{Text: text})
}

func (p *tab) upload(name, path string) {
	p.t.Helper()
	run(p, chromedp.SetUploadFiles(chromedp.CSS(`input[type="file"][name="`+name+`"]`), []string{path}))
}

func (p *tab) logIn(name, password string) {
	p.t.Helper()
	p.open("/login")
	p.fill("name", name)
	p.fill("password", password)
	p.press("Log in")
}

// sendsAtOnce sets that the posts of whoever is logged in do not wait.
func (p *tab) sendsAtOnce() {
	p.t.Helper()
	p.open("/me/settings")
	p.choose("undo", "0")
	p.press("Save settings")
}

// choose takes one of the choices of a field.
func (p *tab) choose(name, value string) {
	p.t.Helper()
	const take = `(name, value) => { const e = document.querySelector('select[name="' + name + '"]'); e.value = value; return e.value === value }`
	if !eval[bool](p, take, name, value) {
		p.t.Fatalf("%s: %s cannot be %q", p.address(), name, value)
	}
}
