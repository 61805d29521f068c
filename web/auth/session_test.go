package auth

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

// T51: a session has a new id at each log-in; one that was planted is not taken.
func TestT51_NewIdAtLogIn(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	planted := newSecret()
	u, _ := url.Parse(h.web.URL)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "dassie_8080", Value: planted}})
	if a := b.logIn("alice", ownerPassword); a.status != 303 || a.header.Get("Location") != "/me" {
		t.Fatalf("%d %s", a.status, a.header.Get("Location"))
	}
	first := b.cookie("dassie_8080")
	if first == planted || first == "" {
		t.Fatalf("cookie after log-in: %q", first)
	}
	b.logIn("alice", ownerPassword)
	if second := b.cookie("dassie_8080"); second == first || len(h.sessions()) != 1 {
		t.Errorf("second log-in: same id %v, %d sessions", second == first, len(h.sessions()))
	}
}

// T51: the cookie over https, and what is stored of it.
func TestT51_Cookie(t *testing.T) {
	h := newHouse(t)
	g := New(h.st, store.NewOrigin("example.org", "example.org"), nil, Options{Now: h.clock.now})
	r := request("127.0.0.1")
	r.Host = "example.org"
	w := httptest.NewRecorder()
	if err := g.LogIn(w, r, "alice", ownerPassword); err != nil {
		t.Fatal(err)
	}
	c := w.Result().Cookies()[0]
	if c.Name != "__Host-dassie" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || len(c.Value) != 43 {
		t.Errorf("%+v", c)
	}
	if err := h.st.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(h.dir, store.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(file, []byte(c.Value)) || !bytes.Contains(file, hashSecret(c.Value)) {
		t.Error("the file holds the hash and never the cookie")
	}
}

// A password is not taken on a connection that others can read.
func TestLogInNeedsEncryption(t *testing.T) {
	h := newHouse(t)
	trusted, _ := ParseTrusted("127.0.0.1")
	for _, c := range []struct {
		name, peer, host, proto string
		proxies                 bool
		ok                      bool
	}{
		{"plain http on the LAN", "192.168.1.9", "192.168.1.5:8080", "", false, false},
		{"plain http on the LAN under the real name", "192.168.1.9", "example.org", "", false, false},
		{"the LAN claims https", "192.168.1.9", "example.org", "https", true, false},
		{"proxy says https", "127.0.0.1", "example.org", "https", true, true},
		{"proxy says http", "127.0.0.1", "example.org", "http", true, false},
		{"proxy on this machine that was not declared", "127.0.0.1", "example.org", "", false, true},
		{"tunnel to localhost", "127.0.0.1", "localhost:8080", "", true, true},
	} {
		g := New(h.st, store.NewOrigin("example.org", "example.org"), nil, Options{Now: h.clock.now})
		if c.proxies {
			g.trusted = trusted
		}
		r := request(c.peer)
		r.Host = c.host
		if c.proto != "" {
			r.Header.Set("X-Forwarded-Proto", c.proto)
		}
		err := g.LogIn(httptest.NewRecorder(), r, "alice", ownerPassword)
		if ok := err == nil; ok != c.ok || err != nil && reply.CodeOf(err) != reply.Forbidden {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestT51_SessionSurvivesRestart(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	cookie := b.cookie("dassie_8080")
	h.restart()
	b = h.browser("192.0.2.1")
	u, _ := url.Parse(h.web.URL)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "dassie_8080", Value: cookie}})
	if a := b.get("/me"); a.status != 200 {
		t.Errorf("after restart: %d", a.status)
	}
}

// T51: a password set by another process ends all sessions at once, and the
// apps if that was asked for.
func TestT51_PasswordChangeEndsSessions(t *testing.T) {
	h := newHouse(t)
	phone, laptop := h.browser("192.0.2.1"), h.browser("192.0.2.2")
	for _, b := range []*browser{phone, laptop} {
		if b.logIn("alice", ownerPassword); b.get("/me").status != 200 {
			t.Fatal("not logged in")
		}
	}
	beside, err := store.Open(h.dir, store.Options{Now: h.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	token, err := TokenCommand(ctx, beside, "read", "script")
	if err != nil {
		t.Fatal(err)
	}
	bearer := request("192.0.2.1", "Authorization", "Bearer "+token)
	h.clock.pass(time.Second)
	if err := PasswdCommand(ctx, beside, "another long one", PasswdOptions{}); err != nil {
		t.Fatal(err)
	}
	h.clock.pass(time.Second) // ids are times: two processes draw them at different moments
	for _, b := range []*browser{phone, laptop} {
		if a := b.get("/me"); a.status != 303 {
			t.Errorf("still in: %d", a.status)
		}
	}
	if _, err := h.guard.Token(bearer); err != nil {
		t.Errorf("the app was to stay: %v", err)
	}
	if a := phone.logIn("alice", ownerPassword); a.status != 401 {
		t.Errorf("old password: %d", a.status)
	}
	if a := phone.logIn("alice", "another long one"); a.status != 303 {
		t.Errorf("new password: %d", a.status)
	}
	h.clock.pass(time.Second)
	if err := PasswdCommand(ctx, beside, "a third long one", PasswdOptions{RevokeApps: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.guard.Token(bearer); reply.CodeOf(err) != reply.Unauthorized {
		t.Errorf("the app was to go: %v", err)
	}
	if e := h.securityLog()[0]; e.Kind != EventPassword || !strings.Contains(e.Detail, "apps revoked") {
		t.Errorf("%+v", e)
	}
}

// T51: a log-in that was checked against the old password does not outlive its change.
func TestT51_PasswordChangedDuringLogIn(t *testing.T) {
	h := newHouse(t)
	id, err := store.Get(ctx, h.st, (*store.Tx).Identity)
	if err != nil {
		t.Fatal(err)
	}
	if err := PasswdCommand(ctx, h.st, "another long one", PasswdOptions{}); err != nil {
		t.Fatal(err)
	}
	r := request("192.0.2.1")
	if err := h.guard.start(httptest.NewRecorder(), r, ClientAddr(r, nil), knownOwner{Identity: id}); err == nil || len(h.sessions()) != 0 {
		t.Errorf("%v, %d sessions", err, len(h.sessions()))
	}
}

func TestT51_LogOutEndsTheSession(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	stolen := b.cookie("dassie_8080")
	if a := b.post("/logout", url.Values{"csrf": {b.get("/me").body}}); a.status != 303 || b.cookie("dassie_8080") != "" {
		t.Fatalf("%d, cookie %q", a.status, b.cookie("dassie_8080"))
	}
	u, _ := url.Parse(h.web.URL)
	b.client.Jar.SetCookies(u, []*http.Cookie{{Name: "dassie_8080", Value: stolen}})
	if a := b.get("/me"); a.status != 303 {
		t.Errorf("the old cookie still works: %d", a.status)
	}
	var kinds []string
	for _, e := range h.securityLog() {
		kinds = append(kinds, e.Kind)
	}
	if got := strings.Join(kinds, ", "); got != "log-out, log-in" {
		t.Errorf("security log: %s", got)
	}
}

func TestSessionIsNotedHourlyAndEndsAfterAYear(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	b.logIn("alice", ownerPassword)
	began := h.clock.now()
	h.clock.pass(59 * time.Minute)
	b.get("/me")
	if used := h.sessions()[0].UsedAt; !used.Equal(began) {
		t.Errorf("written after 59 minutes: %s", used)
	}
	h.clock.pass(2 * time.Minute)
	if a := b.get("/me"); !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=31536000") {
		t.Errorf("cookie is not renewed: %q", a.header.Get("Set-Cookie"))
	}
	if used := h.sessions()[0].UsedAt; !used.Equal(h.clock.now()) {
		t.Errorf("not written after an hour: %s", used)
	}
	h.clock.pass(366 * 24 * time.Hour)
	if a := b.get("/me"); a.status != 303 {
		t.Errorf("after a year: %d", a.status)
	}
}

// T55: the log-in leads back to where one was going, and nowhere else.
func TestT55_NextAfterLogIn(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	if a := b.get("/me/post/1?page=2"); a.status != 303 || a.header.Get("Location") != "/login?next=%2Fme%2Fpost%2F1%3Fpage%3D2" {
		t.Errorf("%d %s", a.status, a.header.Get("Location"))
	}
	if a := b.get("/me/" + strings.Repeat("é", 700)); a.header.Get("Location") != "/login" {
		t.Errorf("a long one: %s", a.header.Get("Location"))
	}
	for next, want := range map[string]string{
		"/me/post/1?page=2": "/me/post/1?page=2", "": "/me", "//evil.example": "/me", `/\evil`: "/me", "https://evil.example/": "/me",
		"/@user/../../evil": "/me", "/\t/evil": "/me",
	} {
		if a := b.logIn("alice", ownerPassword, "next", next); a.status != 303 || a.header.Get("Location") != want {
			t.Errorf("next %q: %d %q", next, a.status, a.header.Get("Location"))
		}
	}
}

func TestStrangersWhoAreNoBrowserGet401(t *testing.T) {
	h := newHouse(t)
	b := h.browser("192.0.2.1")
	for name, a := range map[string]answer{
		"script":           b.do("GET", "/me", "", "", "Accept", "application/json"),
		"post":             b.post("/me", url.Values{"text": {"hello"}}),
		"garbage cookie":   b.do("GET", "/me", "", "", "Accept", "*/*", "Cookie", "dassie_8080=x"),
		"cookie of nobody": b.do("GET", "/me", "", "", "Accept", "*/*", "Cookie", "dassie_8080="+newSecret()),
	} {
		// T57: what is behind the log-in is for its own site only.
		if a.status != 401 || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
	}
}

func BenchmarkSession(b *testing.B) {
	h := newHouse(b)
	w := httptest.NewRecorder()
	r := request("192.0.2.1")
	if err := h.guard.LogIn(w, r, "alice", ownerPassword); err != nil {
		b.Fatal(err)
	}
	r.AddCookie(w.Result().Cookies()[0])
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := h.guard.Session(r); !ok {
			b.Fatal("no session")
		}
	}
}
