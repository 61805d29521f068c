package browsertest

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/store/media"
	"dassie/web"
)

// siteOf serves the site of @nora in this process, with what its owner stored
// before anybody came.
type siteOf struct {
	t       testing.TB
	svc     *federation.Service
	host    string
	warned  store.Post
	picture store.Post
}

func newSite(t testing.TB) *siteOf {
	t.Helper()
	ctx := context.Background()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	quiet := slog.New(slog.DiscardHandler)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	host := "nora.localhost:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	dir := t.TempDir()
	st, err := store.Open(dir, store.Options{Create: true, Serve: true})
	check(err)
	t.Cleanup(func() { _ = st.Close() })
	me, err := st.CreateAccount(ctx, store.NewAccount{Name: "nora", Domain: host})
	check(err)
	files, err := media.Open(filepath.Join(dir, "media"))
	check(err)
	client := remote.New(remote.Config{UserAgent: "test", Loopback: true, OwnHosts: []string{host}})
	t.Cleanup(client.CloseIdle)
	svc, err := federation.New(ctx, federation.Config{Store: st, Media: files, Remote: client, Identity: me, Version: "0.1", Log: quiet})
	check(err)
	front, err := web.New(web.Config{Service: svc, Remote: client, Log: quiet})
	check(err)
	t.Cleanup(front.Close)
	s := &siteOf{t: t, svc: svc, host: host}
	check(svc.UpdateProfile(ctx, federation.Profile{Name: "Nora Veldkamp", Bio: "Keeps an allotment."}))
	s.warned, s.picture = s.post("Slugs ate the dahlias.", "Slugs, at length", "A slug on a dahlia"), s.post("Frost on the beds.", "", "Four long beds in low light")
	server := web.Server(front, quiet)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return s
}

// post publishes a post with a picture.
func (s *siteOf) post(text, warning, alt string) store.Post {
	s.t.Helper()
	ctx := context.Background()
	var b bytes.Buffer
	m := image.NewRGBA(image.Rect(0, 0, 1200, 800))
	for i := range 1200 * 800 {
		m.Set(i%1200, i/1200, color.RGBA{90, uint8(i % 240), uint8(len(text) * 4), 255})
	}
	if err := png.Encode(&b, m); err != nil {
		s.t.Fatal(err)
	}
	up, err := s.svc.Upload(ctx, &b, "picture.png")
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := s.svc.Publish(ctx, federation.Draft{Text: text, Summary: warning, Language: "en", Media: []federation.Attached{{ID: up.ID, Alt: &alt}}})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// theirs is the visitor's own server: it says where a follow is finished.
func theirs(t testing.TB) (host string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host = "there.localhost:" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/webfinger", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jrd+json")
		_, _ = io.WriteString(w, `{"subject":"acct:ann@`+host+`","links":[{"rel":"http://ostatus.org/schema/1.0/subscribe","template":"http://`+host+`/authorize_interaction?uri={uri}"}]}`)
	})
	mux.HandleFunc("/authorize_interaction", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "Follow "+r.URL.Query().Get("uri")+"?")
	})
	server := &http.Server{Handler: mux}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close() })
	return host
}

// TestJourney8 is the visitor without scripts and cookies: profile, a post behind
// a warning, a picture's description, the follow helper, the feed.
func TestJourney8(t *testing.T) {
	t.Parallel()
	v := newTab(t, "", desktop)
	s := newSite(t)
	v.site = "http://" + s.host
	their := theirs(t)
	for _, l := range []look{desktop, phone} {
		v.wear(l)
		v.visit(s, their)
	}
	v.site = "http://" + s.host
	v.open("/@nora.atom")
	if !strings.HasPrefix(v.header["content-type"], "application/atom+xml") {
		t.Errorf("the feed is of type %q", v.header["content-type"])
	}
	res, err := onLoopback.Get("http://" + s.host + "/@nora.atom")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(body), "Four long beds") || strings.Contains(string(body), "dahlia") || len(res.Cookies()) > 0 {
		t.Errorf("the feed: %v %s", err, body)
	}
}

func (p *tab) visit(s *siteOf, their string) {
	p.t.Helper()
	p.open("/@nora")
	p.isPolite()
	p.sees("Nora Veldkamp", "Keeps an allotment.", "Frost on the beds.", "Slugs, at length")
	// One touch takes the whole handle, whatever it is broken into.
	if handle := eval[string](p, `() => { const h = document.querySelector("h1 + p .handle"); return getComputedStyle(h).userSelect + " " + h.textContent }`); handle != "all @nora@"+s.host {
		p.t.Errorf("the handle to copy is %q", handle)
	}
	p.misses("ate the dahlias")
	p.touch("Slugs, at length", part("/"+strconv.FormatInt(s.warned.ID, 10)))
	p.sees("Slugs ate the dahlias.")

	p.open("/@nora/" + strconv.FormatInt(s.warned.ID, 10))
	p.isPolite()
	p.preview(map[string]string{"og:type": "article", "og:description": "Slugs, at length", "og:url": "http://" + s.host + "/@nora/" + strconv.FormatInt(s.warned.ID, 10), "twitter:card": "summary", "fediverse:creator": "@nora@" + s.host})
	if source := p.source(); strings.Contains(strings.Split(source, "</head>")[0], "dahlia") {
		p.t.Error("a preview shows what stands behind the warning")
	}
	p.misses("ate the dahlias")
	p.touch("Slugs, at length", "Slugs, at length")
	p.sees("Slugs ate the dahlias.")

	p.open("/@nora/" + strconv.FormatInt(s.picture.ID, 10))
	p.preview(map[string]string{"og:description": "Frost on the beds.", "twitter:card": "summary_large_image", "og:image:alt": "Four long beds in low light"})
	picture := eval[string](p, `() => document.querySelector('meta[property="og:image"]').content`)
	if res, err := onLoopback.Get(picture); err != nil || res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "image/") {
		p.t.Errorf("the picture of the preview, %s: %v %v", picture, res, err)
	}

	p.open("/@nora")
	p.press("Media")
	p.sees("Slugs, at length")
	p.misses("Four long beds")
	p.touch("Alt", "Media")
	p.sees("Four long beds in low light")
	p.misses("A slug on a dahlia")
	p.isPolite()

	p.open("/@nora")
	p.fill("account", "ann@"+their)
	p.press("Follow")
	p.isPolite()
	p.sees("Go on at your server")
	p.press("Go on at your server")
	p.sees("Follow nora@" + s.host + "?")
	p.open("/follow?account=nobody")
	p.sees("An address has two parts")
	p.open("/@nora")
	p.press("Atom")
	if p.status != 200 {
		p.t.Errorf("the feed answers %d", p.status)
	}
}

// preview holds what the page tells those who make previews of links.
func (p *tab) preview(want map[string]string) {
	p.t.Helper()
	for name, value := range want {
		got := eval[string](p, `n => { const e = document.querySelector('meta[property="' + n + '"], meta[name="' + n + '"]'); return e ? e.content : "" }`, name)
		if got != value {
			p.t.Errorf("%s: %s is %q, want %q", p.address(), name, got, value)
		}
	}
}
