package auth

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/store"
	"dassie/web/reply"
)

const ownerPassword = "correct horse battery"

var ctx = context.Background()

// clock stands still until a test moves it.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// house is one server with an account, a few pages and a proxy in front of it
// whose X-Forwarded-For the tests write.
type house struct {
	t     testing.TB
	clock *clock
	dir   string
	st    *store.Store
	guard *Guard
	web   *httptest.Server
}

const testHost = "alice.localhost:8080"

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, clock: newClock(), dir: t.TempDir()}
	file, err := newAccount()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.dir, store.FileName), file, 0o600); err != nil {
		t.Fatal(err)
	}
	h.open()
	t.Cleanup(func() { h.web.Close(); h.st.Close() })
	return h
}

// newAccount is a database with the owner's account, made once: drawing the
// signing keys takes longer than most tests.
var newAccount = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "auth")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	st, err := store.Open(dir, store.Options{Create: true, Now: newClock().now})
	if err != nil {
		return nil, err
	}
	hash, err := HashPassword(ctx, ownerPassword)
	if err != nil {
		return nil, err
	}
	if _, err := st.CreateAccount(ctx, store.NewAccount{Name: "alice", Domain: testHost, PasswordHash: hash}); err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, store.FileName))
})

// open starts the server on its data directory.
func (h *house) open() {
	st, err := store.Open(h.dir, store.Options{Create: true, Serve: true, Now: h.clock.now})
	if err != nil {
		h.t.Fatal(err)
	}
	h.st = st
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	trusted, err := ParseTrusted("127.0.0.1")
	if err != nil {
		h.t.Fatal(err)
	}
	h.guard = New(h.st, store.NewOrigin(testHost, testHost), trusted, Options{Now: h.clock.now, Log: quiet})
	h.web = httptest.NewServer(h.routes())
}

func (h *house) restart() {
	h.web.Close()
	if err := h.st.Close(); err != nil {
		h.t.Fatal(err)
	}
	h.open()
}

func (h *house) routes() http.Handler {
	g, mux := h.guard, http.NewServeMux()
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply.HTML(w, r, 200, []byte(g.CSRF(r)), reply.Headers{})
	})
	mux.Handle("GET /login", g.Protect(page))
	mux.Handle("POST /login", g.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if r.PostForm.Has("code") && !r.PostForm.Has("name") {
			err = g.LogInCode(w, r, r.PostFormValue("code"))
		} else {
			err = g.LogIn(w, r, r.PostFormValue("name"), r.PostFormValue("password"))
		}
		if errors.Is(err, ErrCodeNeeded) {
			reply.Redirect(w, r, "/login")
			return
		}
		if err != nil {
			g.fail(w, r, err)
			return
		}
		reply.Redirect(w, r, Next(r))
	})))
	mux.Handle("POST /logout", g.Owner(g.Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := g.LogOut(w, r); err != nil {
			g.fail(w, r, err)
			return
		}
		reply.Redirect(w, r, "/")
	}))))
	mux.Handle("/me/upload", g.Owner(g.ProtectBody(1<<20, page)))
	mux.Handle("/me", g.Owner(g.Protect(page)))
	mux.Handle("/me/", g.Owner(g.Protect(page)))
	return mux
}

func (h *house) sessions() []store.Session {
	list, err := store.Get(ctx, h.st, (*store.Tx).Sessions)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (h *house) securityLog() []store.SecurityEvent {
	list, err := store.Get(ctx, h.st, func(tx *store.Tx) ([]store.SecurityEvent, error) { return tx.SecurityLog(100) })
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// browser is one person with a cookie jar at an address.
type browser struct {
	h      *house
	client *http.Client
	addr   string
}

func (h *house) browser(addr string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{h: h, addr: addr, client: &http.Client{Jar: jar, CheckRedirect: stay}}
}

type answer struct {
	status int
	body   string
	header http.Header
}

func (b *browser) do(method, path, contentType, body string, header ...string) answer {
	b.h.t.Helper()
	r, err := http.NewRequest(method, b.h.web.URL+path, strings.NewReader(body))
	if err != nil {
		b.h.t.Fatal(err)
	}
	r.Header.Set("X-Forwarded-For", b.addr)
	r.Header.Set("Accept", "text/html")
	r.Header.Set("User-Agent", "Test browser")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := b.client.Do(r)
	if err != nil {
		b.h.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.h.t.Fatal(err)
	}
	return answer{resp.StatusCode, string(text), resp.Header}
}

func (b *browser) get(path string) answer { b.h.t.Helper(); return b.do("GET", path, "", "") }

func (b *browser) post(path string, form url.Values, header ...string) answer {
	b.h.t.Helper()
	return b.do("POST", path, "application/x-www-form-urlencoded", form.Encode(), header...)
}

func (b *browser) logIn(name, password string, more ...string) answer {
	b.h.t.Helper()
	form := url.Values{"csrf": {b.get("/login").body}, "name": {name}, "password": {password}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return b.post("/login", form)
}

func (b *browser) cookie(name string) string {
	u, err := url.Parse(b.h.web.URL)
	if err != nil {
		b.h.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// request is one that reached the server from a peer, with header pairs.
func request(peer string, header ...string) *http.Request {
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = "localhost:8080"
	r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(peer), 4000).String()
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}
