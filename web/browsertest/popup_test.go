package browsertest

import (
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// windowPage signs in by a window of its own, as Phanpy does: it stays, and waits for
// what is said there.
const windowPage = `<button onclick="opened = open('/sign-in', 'a', 'width=400,height=700')">Sign in</button>
<button onclick="opened = open('/elsewhere', 'b', 'width=400,height=700')">Elsewhere</button><p id="said">Nothing yet.</p>
<script>addEventListener("message", e => { said.textContent = "The window said: " + e.data })</script>`

// window presses what opens another window, and returns that.
func (p *tab) window(words string) *tab {
	p.t.Helper()
	come := chromedp.WaitNewTarget(p.ctx, func(i *target.Info) bool { return i.OpenerID != "" })
	p.touch(words, "")
	w := &tab{t: p.t, site: p.site}
	ctx, end := chromedp.NewContext(p.ctx, chromedp.WithTargetID(<-come), chromedp.WithListener(w.note))
	p.t.Cleanup(end)
	if w.ctx = ctx; chromedp.Do(ctx) != nil {
		p.t.Fatal("the window cannot be had")
	}
	return w
}

// An app in a browser signs its person in by a window that it opens, and hears from it:
// nothing on the way, the log-in included, cuts the window off. The server's other pages
// do, which shows that this browser would.
func TestSignInByAWindow(t *testing.T) {
	long(t)
	t.Parallel()
	newTab(t, "about:blank", desktop)
	alice := demo(t)["alice"]
	a := newPhoneApp(t, alice.url(""))
	p := newTab(t, a.url, desktop)
	p.scripts(true)
	p.open("/window")
	w := p.window("Sign in")
	w.comes("Password")
	w.fill("name", "alice")
	w.fill("password", alice.password)
	w.press("Log in")
	w.sees("Allow Pocket to use your account?")
	if eval[bool](p, `() => opened.closed`) {
		t.Error("the app lost its window before anybody answered")
	}
	w.touch("Allow", "") // it closes itself
	p.comes("The window said: Signed in as alice")

	other := p.window("Elsewhere")
	other.comes("alice")
	eventually(t, "another page of the server is cut off from who opened it", func() bool { return eval[bool](p, `() => opened.closed`) })
}

// comes waits until words can be read.
func (p *tab) comes(words string) {
	p.t.Helper()
	p.waits(words, `words => document.body?.innerText.includes(words)`, words)
}
