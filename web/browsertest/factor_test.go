package browsertest

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// TestSecondFactor is how Alice switches the second factor on, comes back with a
// code and, her phone lost, with a recovery code, and ends what she is logged in at.
func TestSecondFactor(t *testing.T) {
	long(t)
	t.Parallel()
	for _, l := range widths(phone, desktop) {
		t.Run(l.name, func(t *testing.T) {
			newTab(t, "about:blank", l) // skips before the demo is started
			h := demo(t)["alice"]
			p := newTab(t, h.url(""), l)
			p.logIn("alice", h.password)
			p.open("/me/more")
			p.press("Security")
			p.sees("Off: whoever learns your password can log in", "this one")
			p.press("Set up a second factor…")
			p.sees("First, scan this with your app")
			p.shows(".qr")
			key := strings.ReplaceAll(eval[string](p, `() => document.querySelector("code.words").textContent`), " ", "")
			p.fill("code", "000000")
			p.press("Switch on")
			p.sees("The code is wrong")
			p.fill("code", codeAt(t, key, 0))
			p.press("Switch on")
			p.sees("The second factor is on.", "they are not shown again")
			codes := eval[[]string](p, `() => [...document.querySelectorAll(".codes code")].map(e => e.textContent)`)
			if len(codes) != 10 {
				t.Fatalf("%d recovery codes", len(codes))
			}
			p.press("I have them")
			p.sees("10 of 10 recovery codes are left")

			other := newTab(t, h.url(""), l)
			other.open("/me/tags")
			other.fill("name", "alice")
			other.fill("password", h.password)
			other.press("Log in")
			other.sees("Your password was right. One more step.")
			other.fill("code", "123456")
			other.press("Log in")
			other.sees("The code is wrong, or was used before")
			other.fill("code", codeAt(t, key, 30*time.Second)) // that of now is used
			other.press("Log in")
			if !strings.HasSuffix(other.address(), "/me/tags") {
				t.Fatalf("it leads to %s", other.address())
			}

			lost := newTab(t, h.url(""), l)
			lost.logIn("alice", h.password)
			lost.fill("code", strings.ToUpper(codes[4]))
			lost.press("Log in")
			lost.open("/me/security")
			lost.sees("9 of 10 recovery codes are left")
			lost.press("End all but this one…")
			lost.sees("2 log-ins end within a second")
			lost.press("End them")
			lost.sees("Ended.")
			for _, gone := range []*tab{p, other} {
				gone.open("/me")
				gone.sees("Visitors do not need one")
			}
			lost.press("Switch off…")
			lost.fill("password", h.password)
			lost.fill("code", codes[5])
			lost.press("Switch off")
			lost.sees("The second factor is off.")
			lost.open("/me/security/log")
			lost.sees("Second factor on", "with a recovery code", "Right password, wrong code", "Second factor off", "Log-in ended")
		})
	}
}

func codeAt(t *testing.T, key string, later time.Duration) string {
	t.Helper()
	code, err := totp.GenerateCode(key, time.Now().Add(later))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// shows says that a picture was loaded.
func (p *tab) shows(selector string) {
	p.t.Helper()
	if !eval[bool](p, `s => { const e = document.querySelector(s); return !!e && e.complete && e.naturalWidth > 100 }`, selector) {
		p.t.Fatalf("%s: the picture %s is not there", p.address(), selector)
	}
}
