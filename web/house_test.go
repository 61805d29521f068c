package web

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/httpsig"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/store/media"
	"dassie/web/auth"
)

const (
	testHost     = "veldkamp.example"
	testPassword = "three short words"
)

var (
	bg    = context.Background()
	noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	quiet = slog.New(slog.DiscardHandler)
)

// house is a whole server of @nora@veldkamp.example without a network.
type house struct {
	t   testing.TB
	web *Web
	svc *federation.Service
	now time.Time
	mu  sync.Mutex
	log *slog.Logger // nil: quiet
}

// passwordHash is made once: it is meant to take long.
var passwordHash = sync.OnceValues(func() (string, error) { return auth.HashPassword(bg, testPassword) })

// account is a database with an account, made once: its keys take long to draw.
var account = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "web")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	st, err := store.Open(dir, store.Options{Create: true, Now: func() time.Time { return noon }})
	if err != nil {
		return nil, err
	}
	hash, err := passwordHash()
	if err != nil {
		return nil, err
	}
	if _, err := st.CreateAccount(bg, store.NewAccount{Name: "nora", Domain: testHost, PasswordHash: hash}); err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, store.FileName))
})

func newHouse(t testing.TB) *house { return newHouseLogging(t, quiet) }

func newHouseLogging(t testing.TB, log *slog.Logger) *house {
	t.Helper()
	h := &house{t: t, now: noon, log: log}
	file, err := account()
	must(t, err)
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, store.FileName), file, 0o600))
	st, err := store.Open(dir, store.Options{Serve: true, Now: h.clock})
	must(t, err)
	t.Cleanup(func() { _ = st.Close() })
	h.open(st, filepath.Join(dir, "media"))
	return h
}

// open puts the server on a store that has an account.
func (h *house) open(st *store.Store, pictures string) {
	h.t.Helper()
	if h.log == nil {
		h.log = quiet
	}
	files, err := media.Open(pictures)
	must(h.t, err)
	me, err := store.Get(bg, st, func(tx *store.Tx) (store.Identity, error) { return tx.Identity() })
	must(h.t, err)
	client := remote.New(remote.Config{UserAgent: "test", Loopback: me.Origin().Loopback(), OwnHosts: []string{me.Host, me.Domain}, Now: h.clock})
	h.t.Cleanup(client.CloseIdle)
	h.svc, err = federation.New(bg, federation.Config{
		Store: st, Media: files, Remote: client, Identity: me, Version: "0.1", Log: h.log, Now: h.clock,
	})
	must(h.t, err)
	h.web, err = New(Config{Service: h.svc, Remote: client, Log: h.log, Templates: pages(h.t)})
	must(h.t, err)
	h.t.Cleanup(h.web.Close)
}

var parsed = sync.OnceValues(func() (*assets.Set, error) { return assets.Templates(nil) })

func pages(t testing.TB) *assets.Set {
	set, err := parsed()
	must(t, err)
	return set
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) write(fn func(*store.Tx) error) {
	h.t.Helper()
	must(h.t, h.svc.Store().Write(bg, fn))
}

// post stores a post of the owner, with a hashtag.
func (h *house) post(v store.Visibility, text string, change ...func(*store.Post)) store.Post {
	h.t.Helper()
	var p store.Post
	h.write(func(tx *store.Tx) error {
		id := tx.NewID()
		p = store.Post{
			ID: id, URI: h.svc.Origin().URL("/posts/" + strconv.FormatInt(id, 10)), ActorID: store.OwnerID, Visibility: v,
			Content: "<p>" + text + "</p>", Source: text, Language: "en", PublishedAt: h.clock(),
		}
		for _, c := range change {
			c(&p)
		}
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		var tags []string
		for _, tag := range p.Extra.Tags {
			tags = append(tags, strings.ToLower(tag))
		}
		return tx.SetTags(p.ID, nil, tags)
	})
	return p
}

// person is somebody elsewhere whose key is known here.
func (h *house) person(name, host string) (store.Actor, httpsig.Signer) {
	h.t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	must(h.t, err)
	der, err := x509.MarshalPKIXPublicKey(pub)
	must(h.t, err)
	uri := "https://" + host + "/users/" + name
	a := store.Actor{URI: uri, Username: name, Domain: host, Kind: "Person", Inbox: uri + "/inbox", FetchedAt: h.clock()}
	h.write(func(tx *store.Tx) (err error) {
		if a.HostID, err = tx.EnsureHost(host); err != nil {
			return err
		}
		if err := tx.SaveActor(&a); err != nil {
			return err
		}
		return tx.SaveActorKeys(a.ID, []store.ActorKey{{KeyID: uri + "#main-key", ActorID: a.ID, DER: der, FetchedAt: h.clock()}})
	})
	return a, httpsig.Signer{KeyID: uri + "#main-key", Key: key}
}

const (
	browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	peer    = "application/activity+json"
)

// ask sends one request from outside; change may add to it.
func (h *house) ask(method, path, accept string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	return ask(h.web, method, path, accept, change...)
}

func ask(handler http.Handler, method, path, accept string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "https://"+testHost+path, nil)
	r.RemoteAddr = "192.0.2.7:4711"
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// form posts a form as a browser on our own page would.
func form(text string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Body = io.NopCloser(strings.NewReader(text))
		r.ContentLength = int64(len(text))
	}
}

// cookies sends back what an answer set.
func cookies(w *httptest.ResponseRecorder) func(*http.Request) {
	return func(r *http.Request) {
		for _, c := range w.Result().Cookies() {
			r.AddCookie(c)
		}
	}
}

// between is the text of s after one mark and before the next.
func between(s, after, before string) string {
	_, s, _ = strings.Cut(s, after)
	s, _, _ = strings.Cut(s, before)
	return s
}

func formatID(id int64) string { return strconv.FormatInt(id, 10) }
