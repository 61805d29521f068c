package auth

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"dassie/web/reply"
)

type readCloser struct{ io.Reader }

func (readCloser) Close() error { return nil }

func recorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

// T56: only who reads the terminal gets in, and only until the account is made.
func TestT56_SetupCode(t *testing.T) {
	var codes []string
	g := NewSetupGate(nil, Options{}, func(code string) { codes = append(codes, code) })
	if len(codes) != 1 || !regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$`).MatchString(codes[0]) {
		t.Fatalf("printed %q", codes)
	}
	r := request("127.0.0.1")
	if g.Passed(r) {
		t.Error("passed without a code")
	}
	w := recorder()
	if err := g.Check(w, r, " "+strings.ToLower(strings.ReplaceAll(codes[0], "-", " "))); err != nil {
		t.Fatal(err)
	}
	r.AddCookie(w.Result().Cookies()[0])
	if !g.Passed(r) || g.Passed(request("127.0.0.1")) {
		t.Error("this browser, and no other, has passed")
	}
	elsewhere := request("203.0.113.9")
	elsewhere.AddCookie(w.Result().Cookies()[0])
	if g.Passed(elsewhere) {
		t.Error("passed from elsewhere")
	}
	g.Done()
	if g.Passed(r) {
		t.Error("passed after the account was made")
	}
	for _, code := range []string{codes[0], "", "-"} {
		if err := g.Check(recorder(), r, code); reply.CodeOf(err) != reply.Forbidden {
			t.Errorf("%q after the end: %v", code, err)
		}
	}
}

func TestT56_FiveTriesThenANewCode(t *testing.T) {
	var codes []string
	clock := newClock()
	trusted, _ := ParseTrusted("127.0.0.1")
	g := NewSetupGate(trusted, Options{Now: clock.now}, func(code string) { codes = append(codes, code) })
	r := request("127.0.0.1", "X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.1")
	for i := range 5 {
		if err := g.Check(recorder(), r, "0000-0000"); reply.CodeOf(err) != reply.Unauthorized {
			t.Fatalf("try %d: %v", i, err)
		}
	}
	if len(codes) != 2 || codes[0] == codes[1] {
		t.Fatalf("printed %q", codes)
	}
	if err := g.Check(recorder(), r, codes[0]); reply.CodeOf(err) != reply.Unauthorized {
		t.Errorf("the old code: %v", err)
	}
	for range 4 {
		g.Check(recorder(), r, "0000-0000")
	}
	if err := g.Check(recorder(), r, codes[2]); reply.CodeOf(err) != reply.RateLimited {
		t.Errorf("after ten wrong codes: %v", err)
	}
	clock.pass(firstDelay)
	if err := g.Check(recorder(), r, codes[2]); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestT56_WhereSetupIsOffered(t *testing.T) {
	trusted, _ := ParseTrusted("127.0.0.1 10.0.0.1")
	for _, c := range []struct {
		name, peer, host string
		header           []string
		proxies, ok      bool
	}{
		{"on the machine", "127.0.0.1", "localhost:8080", nil, false, true},
		{"on the machine, IPv6", "::1", "[::1]:8080", nil, false, true},
		{"through ssh -L beside a proxy", "127.0.0.1", "localhost:8080", nil, true, true},
		{"from the LAN", "192.168.1.9", "localhost:8080", nil, false, false},
		{"from the internet", "203.0.113.9", "example.org", nil, false, false},
		{"name rebound to loopback", "127.0.0.1", "evil.example", nil, false, false},
		{"undeclared proxy", "127.0.0.1", "localhost:8080", []string{"X-Forwarded-For", "203.0.113.9"}, false, false},
		{"undeclared proxy says https", "127.0.0.1", "example.org", []string{"X-Forwarded-Proto", "https"}, false, false},
		{"trusted proxy, https", "127.0.0.1", "example.org", []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "203.0.113.9"}, true, true},
		{"trusted proxy in another container, https", "10.0.0.1", "example.org", []string{"X-Forwarded-Proto", "https"}, true, true},
		{"trusted proxy, http", "127.0.0.1", "localhost:8080", []string{"X-Forwarded-Proto", "http"}, true, false},
		{"stranger claims https", "203.0.113.9", "example.org", []string{"X-Forwarded-Proto", "https"}, true, false},
	} {
		g := NewSetupGate(nil, Options{}, func(string) {})
		if c.proxies {
			g.trusted = trusted
		}
		r := request(c.peer, c.header...)
		r.Host = c.host
		if got := g.Allowed(r); got != c.ok {
			t.Errorf("%s: %v", c.name, got)
		}
		w := recorder()
		err := g.Check(w, r, g.code)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			k := w.Result().Cookies()[0]
			https := len(c.header) > 0
			if k.Secure != https || strings.HasPrefix(k.Name, "__Host-") != https || !k.HttpOnly || k.Path != "/" {
				t.Errorf("%s: %+v", c.name, k)
			}
		}
	}
}

// T52, T56: the set-up forms are protected as the others are.
func TestT52_ForgedSetup(t *testing.T) {
	g := NewSetupGate(nil, Options{}, func(string) {})
	page := g.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply.HTML(w, r, 200, []byte(g.CSRF(r)), reply.Headers{})
	}))
	w := recorder()
	page.ServeHTTP(w, request("127.0.0.1"))
	token, cookie := w.Body.String(), w.Result().Cookies()[0]
	post := func(token string, header ...string) int {
		r := request("127.0.0.1", append(header, "Content-Type", "application/x-www-form-urlencoded")...)
		r.Method, r.Body = "POST", readCloser{strings.NewReader(url.Values{"csrf": {token}}.Encode())}
		r.AddCookie(cookie)
		w := recorder()
		page.ServeHTTP(w, r)
		return w.Code
	}
	if post(token) != 200 || post("") != 403 || post(newSecret()) != 403 || post(token, "Sec-Fetch-Site", "cross-site") != 403 || post(token, "Origin", "https://evil.example") != 403 {
		t.Error("a forged set-up form was taken, or the real one refused")
	}
	w = recorder()
	page.ServeHTTP(w, request("203.0.113.9"))
	if w.Code != 403 {
		t.Errorf("from elsewhere: %d", w.Code)
	}
}
