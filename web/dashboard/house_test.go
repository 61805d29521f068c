package dashboard

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"dassie/assets"
	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/auth"
	"dassie/web/auth/authtest"
	"dassie/web/reply"
)

const password = "correct horse battery"

var ctx = context.Background()

// house is alice's server with its dashboard, her browser, and other people's
// servers around it.
type house struct {
	*fedtest.Server
	t          testing.TB
	cluster    *fedtest.Cluster
	board      *Dashboard
	incoming   *archive.Taker
	importsDir string
	guard      *auth.Guard
	web        *httptest.Server
	browser    *http.Client
}

// page is an answer as a browser sees it.
type page struct {
	status   int
	body     string
	location string
	header   http.Header
}

// What every house needs and costs more than most tests is made once.
var (
	passwordHash = sync.OnceValues(func() (string, error) { return auth.HashPassword(ctx, password) })
	templates    = sync.OnceValues(func() (*assets.Set, error) { return assets.Templates(nil) })
)

// newHouse starts alice and the others, and logs alice in.
func newHouse(t testing.TB, others ...string) *house {
	t.Helper()
	h := &house{t: t, cluster: fedtest.New(t, append([]string{"alice"}, others...)...)}
	h.Server = h.cluster.Servers[0]
	hash, err := passwordHash()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Store().Write(ctx, func(tx *store.Tx) error { return tx.SetPassword(hash) }); err != nil {
		t.Fatal(err)
	}
	h.holds(0) // most tests are about what comes after
	set, err := templates()
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	h.guard = auth.New(h.Store(), h.Origin(), nil, auth.Options{Now: h.cluster.Now, Log: quiet})
	archives := archive.NewKeeper(archive.Source{Service: h.Service, Store: h.Store(), Media: h.Media(), Now: h.cluster.Now, Program: "dassie test"}, t.TempDir(), quiet)
	h.importsDir = t.TempDir()
	h.incoming = archive.NewTaker(archive.Source{Service: h.Service, Store: h.Store(), Media: h.Media(), Now: h.cluster.Now, Program: "dassie test"}, h.importsDir, quiet)
	h.board = New(Config{Service: h.Service, Archives: archives, Imports: h.incoming, Guard: h.guard, Templates: set, Log: quiet})
	t.Cleanup(h.board.Close)
	mux := http.NewServeMux()
	mux.Handle("/me", h.board.Handler())
	mux.Handle("/me/", h.board.Handler())
	mux.Handle("POST /login", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.guard.LogIn(w, r, r.FormValue("name"), r.FormValue("password")); err != nil {
			t.Errorf("log in: %v", err)
		}
	}))
	h.web = httptest.NewUnstartedServer(mux)
	reply.EndStreams(h.web.Config)
	h.web.Start()
	t.Cleanup(h.web.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	h.browser = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	here, err := url.Parse(h.web.URL)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(here, []*http.Cookie{authtest.LogIn(t, h.Store(), h.Origin(), h.cluster.Now(), "Go-http-client/1.1")})
	return h
}

// holds sets for how many seconds alice's posts wait.
func (h *house) holds(seconds int) {
	h.t.Helper()
	set := h.Settings()
	set.UndoSeconds = seconds
	if err := h.SaveSettings(ctx, set); err != nil {
		h.t.Fatal(err)
	}
}

// other is somebody else's server.
func (h *house) other(name string) *fedtest.Server {
	for _, s := range h.cluster.Servers {
		if s.Name == name {
			return s
		}
	}
	h.t.Fatalf("there is no %s", name)
	return nil
}

func (h *house) do(method, path string, form url.Values) page {
	h.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, h.web.URL+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return h.send(r)
}

func (h *house) send(r *http.Request) page {
	h.t.Helper()
	r.Header.Set("Accept", "text/html")
	answer, err := h.browser.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	// A handle may break before its server; readers of the tests need not know.
	text := strings.ReplaceAll(string(b), "<wbr>", "")
	return page{answer.StatusCode, text, answer.Header.Get("Location"), answer.Header}
}

// open shows a page that must be there.
func (h *house) open(path string) page {
	h.t.Helper()
	p := h.do("GET", path, nil)
	if p.status != http.StatusOK {
		h.t.Fatalf("GET %s answers %d: %s", path, p.status, p.body)
	}
	return p
}

var tokenField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// token is what the forms of a page carry.
func (h *house) token() string {
	h.t.Helper()
	m := tokenField.FindStringSubmatch(h.open("/me/more").body)
	if m == nil {
		h.t.Fatal("the page has no form token")
	}
	return m[1]
}

// submit sends a form: pairs of name and value.
func (h *house) submit(path string, pairs ...string) page {
	h.t.Helper()
	form := url.Values{"csrf": {h.token()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return h.do("POST", path, form)
}

// sent sends a form that must be answered with 303, and opens where it leads.
func (h *house) sent(path string, pairs ...string) page {
	h.t.Helper()
	p := h.submit(path, pairs...)
	if p.status != http.StatusSeeOther {
		h.t.Fatalf("POST %s answers %d, want 303: %s", path, p.status, p.body)
	}
	next, _, _ := strings.Cut(p.location, "#")
	shown := h.open(next)
	shown.location = p.location
	return shown
}

func (h *house) own() []store.Post {
	h.t.Helper()
	list, err := store.Get(ctx, h.Store(), func(tx *store.Tx) ([]store.Post, error) {
		return tx.OwnPosts(store.Page{Limit: 50}, store.Direct, true, false)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (p page) says(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(p.body, w) {
			t.Errorf("the page does not say %q:\n%s", w, p.main())
		}
	}
}

func (p page) hides(t *testing.T, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(p.body, w) {
			t.Errorf("the page says %q:\n%s", w, p.main())
		}
	}
}

// main is the part of a page inside its frame.
func (p page) main() string {
	if _, rest, ok := strings.Cut(p.body, "<main"); ok {
		rest, _, _ = strings.Cut(rest, "</aside>")
		return rest
	}
	return p.body
}

// siteDoc is a page of some site.
func siteDoc(html string) fedtest.Doc {
	return fedtest.Doc{Type: "text/html; charset=utf-8", Body: html}
}
