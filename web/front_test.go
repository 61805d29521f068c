package web

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"dassie/assets"
	"dassie/store"
)

func TestLogInAndOut(t *testing.T) {
	h := newHouse(t)
	first := h.ask("GET", "/login?next=/me/requests", browser)
	if first.Code != 200 || !strings.Contains(first.Body.String(), "Log in</button>") {
		t.Fatalf("log-in page: %d %s", first.Code, first.Body)
	}
	token := between(first.Body.String(), `name="csrf" value="`, `"`)
	send := func(fields string) *httptest.ResponseRecorder {
		return h.ask("POST", "/login", browser, cookies(first), form("csrf="+token+"&"+fields))
	}
	wrong := send("name=nora&password=wrong")
	if wrong.Code != 401 || !strings.Contains(wrong.Body.String(), "wrong") || !strings.Contains(wrong.Body.String(), `value="nora"`) {
		t.Errorf("wrong password: %d %s", wrong.Code, wrong.Body)
	}
	in := h.ask("POST", "/login", browser, cookies(first), form("csrf="+token+"&name=nora&password=three+short+words&next=/me/requests"), encrypted)
	if in.Code != 303 || in.Header().Get("Location") != "/me/requests" {
		t.Fatalf("log-in: %d %v %s", in.Code, in.Header(), in.Body)
	}
	if again := h.ask("GET", "/login", browser, cookies(in)); again.Code != 303 || again.Header().Get("Location") != "/me" {
		t.Errorf("log-in page of who is in: %d %v", again.Code, again.Header())
	}
	if get := h.ask("GET", "/logout", browser, cookies(in)); get.Code != 303 || len(get.Result().Cookies()) != 0 {
		t.Errorf("GET /logout: %d %v", get.Code, get.Header())
	}
	if forged := h.ask("POST", "/logout", browser, cookies(in), form("csrf=guess")); forged.Code != 403 {
		t.Errorf("log-out without token: %d", forged.Code)
	}
}

// encrypted is a request that came over TLS.
func encrypted(r *http.Request) { r.TLS = httptest.NewRequest("GET", "https://x/", nil).TLS }

func TestTooManyWrongPasswordsSayHowLongToWait(t *testing.T) {
	h := newHouse(t)
	first := h.ask("GET", "/login", browser)
	token := between(first.Body.String(), `name="csrf" value="`, `"`)
	var last *httptest.ResponseRecorder
	for range 12 {
		last = h.ask("POST", "/login", browser, cookies(first), form("csrf="+token+"&name=nora&password=wrong"))
	}
	if last.Code != 429 || last.Header().Get("Retry-After") == "" || !strings.Contains(last.Body.String(), "Wait 2 seconds") {
		t.Errorf("%d %v %s", last.Code, last.Header(), last.Body)
	}
}

// T55: nothing that came with a request leads a browser to another site.
func TestT55_NoOpenRedirect(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{
		"/@nora/../../evil.example", "//evil.example", "//evil.example/", "/%5Cevil.example", "/%5cevil.example/", "/@nora//evil.example/",
		"/login?next=//evil.example", "/login?next=https://evil.example", "/follow?uri=https://evil.example", "/follow?account=https://evil.example",
		"/me/?next=//evil.example", "/logout?next=//evil.example",
	} {
		w := h.ask("GET", path, browser)
		at := w.Header().Get("Location")
		if at != "" && (!strings.HasPrefix(at, "/") || strings.HasPrefix(at, "//") || strings.Contains(at, `\`)) {
			t.Errorf("%s leads to %q", path, at)
		}
	}
	first := h.ask("GET", "/login", browser)
	token := between(first.Body.String(), `name="csrf" value="`, `"`)
	in := h.ask("POST", "/login", browser, cookies(first), form("csrf="+token+"&name=nora&password=three+short+words&next=//evil.example"))
	if in.Code != 303 || in.Header().Get("Location") != "/me" {
		t.Errorf("log-in leads to %d %q", in.Code, in.Header().Get("Location"))
	}
}

// T57: no page lets another site read it.
func TestT57_NoPageForOtherSites(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/", "/about", "/privacy-policy", "/login", "/follow", "/@nora.atom", "/@nora/1", "/me"} {
		w := h.ask("GET", path, browser, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
		for name := range w.Header() {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: %s", path, name)
			}
		}
	}
}

func TestOnlyOurOwnNameIsAnswered(t *testing.T) {
	h := newHouse(t)
	for host, want := range map[string]int{testHost: 200, "VELDKAMP.example:443": 200, "localhost:8080": 200, "127.0.0.1:8080": 200,
		"evil.example": 421, "veldkamp.example.evil.example": 421, "": 421, "203.0.113.9": 421, testHost + ":81": 421} {
		if w := h.ask("GET", "/about", browser, func(r *http.Request) { r.Host = host }); w.Code != want {
			t.Errorf("Host %q: %d", host, w.Code)
		}
	}
	if w := h.ask("GET", "/healthz", "", func(r *http.Request) { r.Host = "10.0.0.3" }); w.Code != 200 || w.Body.String() != "ok\n" {
		t.Errorf("healthz: %d %s", w.Code, w.Body)
	}
}

func TestTheDomainLeadsToTheHost(t *testing.T) {
	st, err := store.Open(t.TempDir(), store.Options{Create: true, Serve: true})
	must(t, err)
	t.Cleanup(func() { _ = st.Close() })
	_, err = st.CreateAccount(bg, store.NewAccount{Name: "nora", Domain: "split.example", Host: testHost})
	must(t, err)
	h := &house{t: t, now: noon}
	h.open(st, t.TempDir())
	domain := func(r *http.Request) { r.Host = "split.example" }
	if w := h.ask("GET", "/.well-known/webfinger?resource=acct:nora@split.example", "", domain); w.Code != 200 {
		t.Errorf("WebFinger: %d", w.Code)
	}
	if w := h.ask("GET", "//evil.example/x?y=1", browser, domain); w.Code != 302 || !strings.HasPrefix(w.Header().Get("Location"), "https://"+testHost+"/") {
		t.Errorf("page: %d %q", w.Code, w.Header().Get("Location"))
	}
	if w := h.ask("POST", "/inbox", peer, domain); w.Code != 421 {
		t.Errorf("inbox: %d", w.Code)
	}
}

func TestStaticFilesAndPictures(t *testing.T) {
	h := newHouse(t)
	for path, f := range assets.Static() {
		w := h.ask("GET", path, "")
		if w.Code != 200 || w.Header().Get("Content-Type") != f.Type || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", path, w.Code, w.Header())
		}
	}
	name, _, err := h.svc.Media().Blob(bg, strings.NewReader(`{"type":"Person"}`), 1000)
	must(t, err)
	w := h.ask("GET", "/media/"+name, peer)
	if w.Code != 404 || strings.Contains(w.Body.String(), "Person") {
		t.Errorf("T10, T36: stored bytes: %d %s", w.Code, w.Body)
	}
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("T36: %v", w.Header())
	}
	for _, bad := range []string{"/media/..%2f..%2fdassie.db", "/media/x", "/media/" + strings.Repeat("0", 64), "/static/../web.go", "/static/x.css"} {
		if w := h.ask("GET", bad, ""); w.Code != 404 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
}

func TestAPanicIsOneLineAndAnErrorPage(t *testing.T) {
	h := newHouse(t)
	var log bytes.Buffer
	h.web.log = slog.New(slog.NewTextHandler(&log, nil))
	bad := h.web.recover(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("with a SECRET-WORD") }))
	if w := ask(bad, "GET", "/", browser); w.Code < 500 || strings.Contains(w.Body.String(), "SECRET") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "TestAPanicIsOneLine") {
		t.Errorf("log: %s", log.String())
	}
}

func TestTheServersOwnLogHasNoAddresses(t *testing.T) {
	var log bytes.Buffer
	out := errorLog(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	out.Print("http: TLS handshake error from 192.0.2.44:51000: EOF")
	out.Print("http: URL from [2001:db8::7]:443 is odd")
	if text := log.String(); strings.Contains(text, "192.0.2") || strings.Contains(text, "2001:db8") || strings.Count(text, "\n") != 2 {
		t.Error(text)
	}
}

// T58: who sends slowly is cut off, and the others are served meanwhile.
func TestT58_SlowSenders(t *testing.T) {
	h := newHouse(t)
	s := Server(h.web, quiet)
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 30*time.Second || s.MaxHeaderBytes != 32<<10 || s.HTTP2.MaxConcurrentStreams != 100 {
		t.Errorf("limits: %+v", s)
	}
	s.ReadHeaderTimeout = 200 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	var slow []net.Conn
	for range 100 {
		c, err := net.Dial("tcp", l.Addr().String())
		must(t, err)
		defer c.Close()
		_, err = fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
		must(t, err)
		slow = append(slow, c)
	}
	start := time.Now()
	resp, err := http.Get("http://" + l.Addr().String() + "/healthz")
	must(t, err)
	resp.Body.Close()
	if resp.StatusCode != 200 || time.Since(start) > time.Second {
		t.Errorf("another client: %d after %v", resp.StatusCode, time.Since(start))
	}
	for _, c := range slow {
		must(t, c.SetReadDeadline(time.Now().Add(5*time.Second)))
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Fatalf("a slow connection is still open: %v", err)
		}
	}
	c, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	defer c.Close()
	_, _ = fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Big: %s\r\n\r\n", strings.Repeat("x", 64<<10))
	if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil && resp.StatusCode != 431 {
		t.Errorf("64 KiB of headers: %d", resp.StatusCode)
	}
}

// T56: set-up needs the code from the terminal, only from this machine, once.
func TestT56_SetUp(t *testing.T) {
	st, err := store.Open(t.TempDir(), store.Options{Create: true, Serve: true})
	must(t, err)
	t.Cleanup(func() { _ = st.Close() })
	code, done := "", 0
	s := NewSetup(SetupConfig{Store: st, Templates: pages(t), Log: quiet, Print: func(c string) { code = c }, Done: func() { done++ },
		Resolve: func(_ context.Context, _ string) ([]netip.Addr, error) { return nil, fmt.Errorf("no such name") }})
	var jar []*http.Cookie
	here := func(r *http.Request) {
		r.Host, r.RemoteAddr = "localhost:8080", "127.0.0.1:5000"
		for _, c := range jar {
			r.AddCookie(c)
		}
	}
	token := ""
	send := func(fields string) *httptest.ResponseRecorder {
		w := ask(s, "POST", "/setup", browser, here, form("csrf="+token+"&"+fields))
		jar = append(jar, w.Result().Cookies()...)
		return w
	}
	for path, want := range map[string]int{"/": 503, "/setup": 403, "/inbox": 503, "/healthz": 200} {
		if w := ask(s, "GET", path, browser); w.Code != want {
			t.Errorf("from elsewhere %s: %d", path, w.Code)
		}
	}
	if w := ask(s, "GET", "/@nora", browser, here); w.Code != 303 || w.Header().Get("Location") != "/setup" {
		t.Errorf("here: %d", w.Code)
	}
	first := ask(s, "GET", "/setup", browser, here)
	jar, token = first.Result().Cookies(), between(first.Body.String(), `name="csrf" value="`, `"`)
	if w := send("step=address&name=eve&domain=evil.example&agree=yes"); w.Code != 403 {
		t.Errorf("without the code: %d", w.Code)
	}
	if w := send("step=code&code=0000-0000"); w.Code != 401 || !strings.Contains(w.Body.String(), "4 tries left") {
		t.Errorf("wrong code: %d", w.Code)
	}
	if w := send("step=code&code=" + code); w.Code != 303 {
		t.Fatalf("right code: %d %s", w.Code, w.Body)
	}
	if w := send("step=address&name=no+ra&domain=veldkamp.example&agree=yes"); w.Code != 422 || !strings.Contains(w.Body.String(), `id="name-error"`) {
		t.Errorf("odd name: %d %s", w.Code, w.Body)
	}
	if w := send("step=address&name=nora&domain=veldkamp.example&do=check"); w.Code != 200 || !strings.Contains(w.Body.String(), "has no address yet") {
		t.Errorf("check: %d %s", w.Code, w.Body)
	}
	if w := send("step=address&name=Nora&domain=localhost:8080&agree=yes"); w.Code != 303 {
		t.Errorf("address: %d %s", w.Code, w.Body)
	}
	if w := send("step=account&password=short&again=short"); w.Code != 422 || !strings.Contains(w.Body.String(), "10 characters") {
		t.Errorf("short password: %d %s", w.Code, w.Body)
	}
	w := send("step=account&display=Nora+V.&password=three+short+words&again=three+short+words&language=nl&timezone=Europe/Amsterdam&approve=yes")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `href="/me"`) || done != 1 {
		t.Fatalf("account: %d, done %d: %s", w.Code, done, w.Body)
	}
	if w := ask(s, "GET", "/setup", browser, here); w.Code != 404 {
		t.Errorf("a second time: %d", w.Code)
	}
	id, err := store.Get(bg, st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	if err != nil || id.Name != "nora" || id.Host != "localhost:8080" {
		t.Errorf("%+v %v", id, err)
	}
}
