package web

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/logs"
)

const stranger = "203.0.113.77"

// talk is a log of the program, at its most talkative, through the program's filter.
type talk struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (h *talk) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.Write(b)
}

func (h *talk) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.String()
}

func (h *talk) log() *slog.Logger {
	return slog.New(logs.Filter(slog.NewTextHandler(h, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

// traffic is what strangers, apps, servers and the owner send from one address; it
// returns what must not be written down anywhere.
func (h *house) traffic() (secrets []string) {
	h.t.Helper()
	visitor := from(stranger)
	for _, path := range []string{
		"/", "/@nora", "/nothing?code=c0de-in-a-query", "/.well-known/webfinger?resource=acct:nora@" + testHost, "/login?next=/me", "/search?q=l00ked-for",
		"/media/" + strings.Repeat("a1", 32) + ".jpg", "/a%0d%0ab%1b[31m", "/api/v1/streaming?access_token=t0ken-in-a-query&stream=user", "/healthz", "/users/x?y=1",
	} {
		h.ask("GET", path, browser, visitor)
	}
	h.ask("GET", "/about", browser, visitor, func(r *http.Request) { r.Host = "evil.example" })
	first := h.ask("GET", "/login", browser, visitor)
	csrf := between(first.Body.String(), `name="csrf" value="`, `"`)
	for range 12 {
		h.ask("POST", "/login", browser, visitor, cookies(first), encrypted, form("csrf="+csrf+"&name=nora&password=wr0ng-password"))
	}
	h.mu.Lock()
	h.now = h.now.Add(time.Hour)
	h.mu.Unlock()
	in := h.ask("POST", "/login", browser, visitor, cookies(first), encrypted, form("csrf="+csrf+"&name=nora&password=three+short+words"))
	if in.Code != 303 {
		h.t.Fatalf("log in: %d", in.Code)
	}
	me := cookies(in)
	for _, c := range in.Result().Cookies() {
		if c.Value != "" { // else it is taken back
			secrets = append(secrets, c.Value)
		}
	}
	h.ask("GET", "/me/security", browser, visitor, me)
	fields := url.Values{"client_name": {"Elk"}, "redirect_uris": {target}, "scopes": {"read write"}}
	w := h.ask("POST", "/api/v1/apps", "", visitor, form(fields.Encode()))
	var a app
	a.ID, a.Secret = between(w.Body.String(), `"client_id":"`, `"`), between(w.Body.String(), `"client_secret":"`, `"`)
	code := codeOf(h.t, h.consent(func(r *http.Request) { me(r); visitor(r) }, a.query(), "allow"))
	token := tokenOf(h.t, h.token(a, code))
	h.ask("GET", "/api/v1/accounts/verify_credentials", "", visitor, bearer(token))
	h.ask("GET", "/api/v1/streaming?access_token="+token, "", visitor, func(r *http.Request) {
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Connection", "Upgrade")
	})
	h.ask("GET", "/api/v1/timelines/home?access_token="+token, "", visitor, bearer("wr0ng-token"))
	inbox := func(body string, change func(*http.Request)) {
		h.ask("POST", "/inbox", "", visitor, func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
			r.Header.Set("Content-Type", "application/activity+json")
			change(r)
		})
	}
	inbox(`{"type":"Like","content":"a b0dy"}`, func(r *http.Request) {
		r.Header.Set("Signature", `keyId="https://peer.example/u#main-key",algorithm="rsa-sha256",headers="date",signature="c2lnbmF0dXJl"`)
		r.Header.Set("Date", h.clock().UTC().Format(http.TimeFormat))
	})
	inbox("a b0dy", func(r *http.Request) { r.Header.Set("Signature-Input", "sig1=:c2lnbmF0dXJl:") })
	must(h.t, h.svc.RequestLog().Flush())
	return append(secrets, code, token, a.Secret, csrf, "c0de-in-a-query", "t0ken-in-a-query", "l00ked-for", "wr0ng", "short words", "c2lnbmF0dXJl", "b0dy", strings.Repeat("a1", 10))
}

// disk is every byte of the data directory below a folder.
func (h *house) disk(below string) string {
	h.t.Helper()
	var b strings.Builder
	must(h.t, filepath.WalkDir(filepath.Join(h.svc.Store().Dir(), below), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil
		}
		text, err := os.ReadFile(path)
		b.Write(text)
		return err
	}))
	return b.String()
}

// With the choices for it, an address stands nowhere: in no file, no table and no line.
func TestT63_NoAddressAnywhere(t *testing.T) {
	var said talk
	h := newHouseLogging(t, said.log())
	h.change(func(s *store.Settings) { s.KeepAddressDays = 0 })
	secrets := h.traffic()
	if strings.Contains(h.disk(""), stranger) {
		t.Error("the address stands in the data directory")
	}
	if _, err := os.Stat(filepath.Join(h.svc.Store().Dir(), logs.Folder)); err == nil {
		t.Error("there is a log of requests that nobody asked for")
	}
	for _, bad := range append(secrets, stranger) {
		if strings.Contains(said.String(), bad) {
			t.Errorf("%q stands in the log of the program:\n%s", bad, said.String())
		}
	}
	if !strings.Contains(said.String(), "request refused") {
		t.Errorf("the log was not read at its most talkative:\n%s", said.String())
	}
}

var logLine = regexp.MustCompile(`^2026-11-\d\dT\d\d:\d\d:\d\dZ (203\.0\.113\.77|192\.0\.2\.7|198\.51\.100\.1) (GET|POST) /[^ ?]* [1-5]\d\d \d+ \d+ms$`)

// A log of requests has one line for each, and no secret; it goes with its age, and
// the addresses of log-ins with theirs.
func TestT63_TheLogOfRequests(t *testing.T) {
	var said talk
	h := newHouseLogging(t, said.log())
	h.change(func(s *store.Settings) { s.KeepLogDays = 90 })
	secrets := h.traffic()
	log := h.disk(logs.Folder)
	for _, bad := range secrets {
		if strings.Contains(log, bad) || strings.Contains(said.String(), bad) {
			t.Errorf("%q is written down:\n%s\n%s", bad, log, said.String())
		}
	}
	n := 0
	for line := range strings.Lines(log) {
		if n++; !logLine.MatchString(strings.TrimSuffix(line, "\n")) {
			t.Errorf("odd line: %q", line)
		}
	}
	if n < 30 || !strings.Contains(log, " "+stranger+" GET /@nora 200 ") || !strings.Contains(log, " POST /inbox 401 ") || !strings.Contains(log, " GET /about 421 ") {
		t.Errorf("%d lines:\n%s", n, log)
	}
	if strings.Contains(said.String(), stranger) {
		t.Errorf("the address stands in the log of the program:\n%s", said.String())
	}
	addresses := func() (n int) {
		must(t, h.svc.Store().Read(bg, func(tx *store.Tx) error {
			sessions, err := tx.Sessions()
			must(t, err)
			lines, err := tx.SecurityLog(1000)
			must(t, err)
			for _, s := range sessions {
				n += len(s.Address)
			}
			for _, l := range lines {
				n += len(l.Address)
			}
			return nil
		}))
		return n
	}
	if addresses() == 0 {
		t.Error("no address of a log-in is kept")
	}
	later := func(d time.Duration) {
		h.mu.Lock()
		h.now = h.now.Add(d)
		h.mu.Unlock()
		must(t, h.svc.Purge(bg))
	}
	later(8 * 24 * time.Hour)
	if log := h.disk(logs.Folder); strings.Contains(log, stranger) || !strings.Contains(log, " 203.0.113.0/24 GET /@nora 200 ") {
		t.Errorf("after 8 days:\n%s", log)
	}
	later(83 * 24 * time.Hour)
	if log := h.disk(logs.Folder); log != "" {
		t.Errorf("after 91 days:\n%s", log)
	}
	later(275 * 24 * time.Hour)
	if addresses() != 0 {
		t.Error("addresses of log-ins are older than twelve months")
	}
}

// Switched on and off, it counts from the next request.
func TestTheLogOfRequestsIsSwitchedAtOnce(t *testing.T) {
	h := newHouse(t)
	lines := func() int {
		must(t, h.svc.RequestLog().Flush())
		return strings.Count(h.disk(logs.Folder), "\n")
	}
	h.page("/about")
	h.change(func(s *store.Settings) { s.KeepLogDays = 1 })
	h.page("/about")
	if n := lines(); n != 1 {
		t.Errorf("%d lines after one request", n)
	}
	h.change(func(s *store.Settings) { s.KeepLogDays = 0 })
	h.page("/about")
	if n := lines(); n != 1 {
		t.Errorf("%d lines once it is off", n)
	}
	must(t, h.svc.AgeRequests(bg))
	if n := lines(); n != 0 {
		t.Errorf("%d lines stayed", n)
	}
	// Behind a proxy it is the visitor's address, and a whole answer is counted.
	h.web.trusted = []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32")}
	h.change(func(s *store.Settings) { s.KeepLogDays = 1 })
	w := h.ask("GET", "/about", browser, func(r *http.Request) { r.Header.Set("X-Forwarded-For", "2001:db8:7::9") })
	must(t, h.svc.RequestLog().Flush())
	if log := h.disk(logs.Folder); !strings.Contains(log, fmt.Sprintf(" 2001:db8:7::9 GET /about 200 %d ", w.Body.Len())) {
		t.Errorf("%s, answer of %d", log, w.Body.Len())
	}
}

// What net/http and crypto/tls say of broken connections has no address either.
func TestT63_BrokenConnections(t *testing.T) {
	var said talk
	h := newHouseLogging(t, said.log())
	s := Server(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic("of a handler, for " + r.RemoteAddr)
		}
		rw.WriteHeader(200)
		rw.WriteHeader(500) // http: superfluous
	}), h.log)
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{selfSigned(t)}}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	served := make(chan error, 1)
	go func() { served <- s.ServeTLS(l, "", "") }()
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP("127.0.0.77")}}
	dial := func() net.Conn {
		c, err := from.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Skipf("this system has one loopback address only: %v", err)
		}
		return c
	}
	noise := make([]byte, 600)
	rand.Read(noise)
	for _, send := range [][]byte{nil, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), noise, []byte("\x16\x03\x01\x00\xff"), []byte("\x16\x03\x01\x40\x01\x01")} {
		c := dial()
		c.Write(send)
		c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		io.Copy(io.Discard, c)
		c.Close()
	}
	for _, proto := range []string{"http/1.1", "h2"} {
		for _, send := range []string{"GET /panic HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "rubbish\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nrubbish"} {
			c := tls.Client(dial(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{proto}})
			c.Write([]byte(send))
			c.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
			io.Copy(io.Discard, c)
			c.Close()
		}
	}
	must(t, s.Close())
	<-served
	text := said.String()
	for _, part := range []string{"TLS handshake error from an address", "panic serving an address", "superfluous"} {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q:\n%s", part, text)
		}
	}
	if strings.Contains(text, "127.0.0.77") {
		t.Errorf("the address stands in:\n%s", text)
	}
}

// selfSigned is the certificate that httptest brings.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.StartTLS()
	defer s.Close()
	return s.TLS.Certificates[0]
}
