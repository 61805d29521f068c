package browsertest

import (
	"strings"
	"testing"
)

// TestSetUp goes from an empty data directory to Home.
func TestSetUp(t *testing.T) {
	p := newTab(t, "about:blank", phone)
	r := start(t, nil, "serve", "-data", t.TempDir(), "-listen", "localhost:0")
	code := r.until(`with the code (\S+):`)[1]
	p.awaitsText(r.until(`(http://localhost:\d+/setup)`)[1], "One-time code")
	port := p.port()
	p.fill("code", "wrong-code")
	p.press("Go on")
	p.sees("That is not the code")
	p.fill("code", code)
	p.press("Go on")

	p.sees("Your address")
	p.fill("name", "dora")
	p.fill("domain", "dora.localhost:"+port)
	p.press("Use this address")
	p.sees("Tick this to go on")
	p.press("Check it")
	p.sees("This address can be used")
	p.touch("I understand", "")
	p.press("Use this address")

	p.sees("The way in")
	p.fill("display", "Dora Maar")
	p.fill("password", "short")
	p.fill("again", "short")
	p.press("Make the account")
	p.sees("The way in", "10")
	p.fill("password", "three-word-password")
	p.fill("again", "three-word-password")
	p.press("Make the account")
	p.sees("It is yours", "@dora@dora.localhost:"+port)

	p.awaits("http://dora.localhost:"+port+"/login", "the server is there", func(string) bool { return p.status == 200 })
	p.site = "http://dora.localhost:" + port
	p.logIn("dora", "three-word-password")
	p.sees("Home", "Nothing here yet")
	p.open("/setup")
	if p.status != 404 {
		t.Errorf("/setup answers %d once there is an account", p.status)
	}
}

func (p *tab) port() string {
	p.t.Helper()
	_, rest, _ := strings.Cut(p.address(), "localhost:")
	port, _, _ := strings.Cut(rest, "/")
	return port
}
