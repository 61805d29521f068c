package browsertest

import (
	"strings"
	"testing"
	"time"
)

// UX.md journey 9 with a second factor: the app's person gives password and code on
// their own server, and later ends the app there.
func TestPhoneAppWithSecondFactor(t *testing.T) {
	long(t)
	t.Parallel()
	newTab(t, "about:blank", phone)
	alice := demo(t)["alice"]
	own := newTab(t, alice.url(""), desktop)
	own.logIn("alice", alice.password)
	own.open("/me/security")
	own.press("Set up a second factor…")
	key := strings.ReplaceAll(eval[string](own, `() => document.querySelector("code.words").textContent`), " ", "")
	own.fill("code", codeAt(t, key, 0))
	own.press("Switch on")

	a := newPhoneApp(t, alice.url(""))
	p := newTab(t, a.url, phone)
	p.open("/")
	p.press("Sign in")
	p.fill("name", "alice")
	p.fill("password", alice.password)
	p.press("Log in")
	p.sees("Your password was right. One more step.")
	p.fill("code", codeAt(t, key, 30*time.Second))
	p.press("Log in")
	p.sees("Allow Pocket to use your account?")
	p.press("Allow")
	p.sees("Signed in as alice")

	own.open("/me/apps")
	own.sees("Pocket", "do nearly everything that you can do here")
	own.press("Revoke…")
	own.press("Revoke")
	at := time.Now()
	if status := a.ask("GET", "/api/v1/timelines/home", nil, nil); status != 401 || time.Since(at) > time.Second {
		t.Errorf("after it was revoked: %d, asked for %v", status, time.Since(at))
	}
	own.sees("No app has access")
	own.open("/me/security/log")
	own.sees("App allowed Pocket", "App revoked Pocket")
}
