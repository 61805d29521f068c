package browsertest

import (
	"net/url"
	"strings"
	"time"
)

// access looks at what apps, filters, keys and the second factor bring about.
func (s *states) access() {
	a, h := s.alice, s.houses["alice"]
	app := newPhoneApp(s, h.url(""))
	s.page(a, "authorize", app.authorizeURL("read write", app.url+"/back"))
	a.press("Allow")
	a.sees("Signed in as alice")
	a.open(app.authorizeURL("read write", "urn:ietf:wg:oauth:2.0:oob"))
	a.press("Allow")
	s.show(a, "authorize-code")
	s.page(a, "apps-one", "/me/apps")
	a.open(app.authorizeURL("read", app.url+"/elsewhere"))
	s.show(a, "authorize-refused")

	a.open("/me/keys")
	eval[bool](a, `() => { document.querySelector("#k-6a").value = "f"; return true }`)
	a.press("Save keys")
	a.sees("has this key too")
	s.show(a, "keys-taken")
	a.open("/me/settings")
	eval[bool](a, `() => { document.querySelector("[name=timezone]").add(new Option("Nowhere", "Nowhere", true, true)); return true }`)
	a.press("Save settings")
	s.show(a, "settings-wrong")
	s.page(a, "block-server", "/me/blocked/servers/block?server="+url.QueryEscape(s.houses["bob"].host))
	s.page(s.visitor, "privacy-changed", h.url("/privacy-policy"))

	a.open("/me/security")
	a.press("Set up a second factor…")
	key := strings.ReplaceAll(eval[string](a, `() => document.querySelector("code.words").textContent`), " ", "")
	a.fill("code", "000000")
	a.press("Switch on")
	s.show(a, "factor-wrong")
	a.fill("code", codeAt(s.T, key, 0))
	a.press("Switch on")
	s.show(a, "codes-new")
	s.page(a, "security-on", "/me/security")
	s.page(a, "factor-off", "/me/security/factor/off")
	p := newTab(s.T, h.url(""), desktop)
	p.logIn("alice", h.password)
	p.sees("One more step")
	s.show(p, "login-code")
	p.fill("code", "123456")
	p.press("Log in")
	s.show(p, "login-code-wrong")
	p.fill("code", codeAt(s.T, key, 30*time.Second))
	p.press("Log in")
	s.page(p, "security-two", "/me/security")
}
