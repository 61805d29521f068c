package web

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"dassie/assets"
	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/store/media"
)

// gallery is alice's whole server, and a stranger whose posts have pictures.
type gallery struct {
	*house
	cluster *fedtest.Cluster
	alice   *fedtest.Server
	eve     *fedtest.Stranger
	author  store.Actor
	folder  string
}

func newGallery(t *testing.T) *gallery {
	t.Helper()
	g := &gallery{cluster: fedtest.New(t, "alice")}
	g.alice, g.eve = g.cluster.Servers[0], g.cluster.Stranger("eve")
	g.house = &house{t: t, now: g.cluster.Now()}
	g.folder = filepath.Join(t.TempDir(), "media")
	g.open(g.alice.Store(), g.folder)
	found, err := g.alice.Lookup(bg, g.eve.ActorID())
	must(t, err)
	g.author = *found.Actor
	g.cluster.Settle()
	g.eve.Forget()
	return g
}

// showing stores a post of eve's with files at these paths of her server.
func (g *gallery) showing(v store.Visibility, paths ...string) store.Post {
	g.t.Helper()
	p := store.Post{ActorID: g.author.ID, Visibility: v, Content: "<p>Look.</p>", PublishedAt: g.now}
	p.URI = g.eve.URL(fmt.Sprintf("/n/%d", rand.Int64()))
	for _, path := range paths {
		p.Extra.Attachments = append(p.Extra.Attachments, store.Attachment{MediaType: "image/png", URL: g.eve.URL(path), Alt: "x"})
	}
	g.write(func(tx *store.Tx) error { return tx.InsertPost(&p) })
	return p
}

func (g *gallery) files(scope federation.Scope, p store.Post) []assets.Media {
	g.t.Helper()
	all, err := store.Get(bg, g.alice.Store(), func(tx *store.Tx) (map[int64][]assets.Media, error) { return g.svc.Files(tx, scope, p) })
	must(g.t, err)
	return all[p.ID]
}

// get asks as anybody would: no cookie, no token.
func (g *gallery) get(path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	g.t.Helper()
	return g.ask("GET", path, "image/*", append(change, func(r *http.Request) {
		r.Host, r.URL.Host, r.URL.Scheme, r.TLS = g.alice.Host, g.alice.Host, "http", nil
	})...)
}

func (g *gallery) asked(path string) (n int) {
	for _, got := range g.eve.Gets() {
		if got == path {
			n++
		}
	}
	return n
}

func dots(w, h int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img)
	return b.Bytes()
}

func TestAPictureOfAPeerComesFromHere(t *testing.T) {
	g := newGallery(t)
	g.eve.Serve("/a.png", fedtest.Doc{Type: "image/png", Body: dots(1200, 900)})
	m := g.files(federation.ForVisitors, g.showing(store.Public, "/a.png"))[0]
	for range 3 {
		w := g.get(m.Preview)
		h := w.Header()
		if w.Code != 200 || h.Get("Content-Type") != "image/jpeg" || h.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || !strings.Contains(h.Get("Cache-Control"), "immutable") ||
			h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Fatalf("%d %v", w.Code, h)
		}
		if w.Body.Len() > 80<<10 {
			t.Errorf("the small picture has %d bytes", w.Body.Len())
		}
		img, err := jpeg.Decode(w.Body)
		if err != nil || img.Bounds().Dx() > 800 {
			t.Errorf("%v, %v", img.Bounds(), err)
		}
	}
	if n := g.asked("/a.png"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	whole := g.get(m.URL)
	img, _, err := image.Decode(whole.Body)
	if err != nil || img.Bounds().Dx() != 1200 {
		t.Errorf("the whole picture: %d %v %v", whole.Code, img, err)
	}
	if n := g.asked("/a.png"); n != 2 {
		t.Errorf("asked %d times", n)
	}
	etag := func(r *http.Request) { r.Header.Set("If-None-Match", whole.Header().Get("ETag")) }
	if w := g.get(m.URL, etag); w.Code != http.StatusNotModified {
		t.Errorf("with its tag: %d", w.Code)
	}
	// Who empties the folder loses nothing.
	must(t, os.RemoveAll(g.pictures()))
	must(t, os.MkdirAll(filepath.Join(g.pictures(), "tmp"), 0o700))
	if w := g.get(m.Preview); w.Code != 200 || g.asked("/a.png") != 3 {
		t.Errorf("after the files went: %d, asked %d times", w.Code, g.asked("/a.png"))
	}
}

// pictures is the folder of the cache.
func (g *gallery) pictures() string { return filepath.Join(g.folder, "remote") }

func (g *gallery) change(p *store.Post, change func(*store.Post)) {
	g.t.Helper()
	before := *p
	before.Extra.Attachments = slices.Clone(p.Extra.Attachments)
	change(p)
	g.write(func(tx *store.Tx) error { return tx.UpdatePost(before, p) })
}

func (g *gallery) set(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = now
}

func TestT46_RemoteMediaIsNoOpenProxy(t *testing.T) {
	g := newGallery(t)
	g.eve.Serve("/a.png", fedtest.Doc{Type: "image/png", Body: dots(20, 20)})
	g.eve.Serve("/b.png", fedtest.Doc{Type: "image/png", Body: dots(22, 22)})
	open := g.showing(store.Public, "/a.png", "/b.png")
	secret := g.showing(store.Followers, "/a.png")
	never := g.get("/media/post-77777777777-0-0123abcd/small-AAAAAAAAAAAAAAAAAAAAAA")
	if never.Code != 404 {
		t.Fatalf("what never was: %d", never.Code)
	}
	nothing := func(what, path string) {
		t.Helper()
		w := g.get(path)
		if w.Code != 404 || w.Body.String() != never.Body.String() || fmt.Sprint(w.Header()) != fmt.Sprint(never.Header()) {
			t.Errorf("%s: %d %q %v", what, w.Code, w.Body, w.Header())
		}
	}
	public, private := g.files(federation.ForVisitors, open), g.files(federation.ForOwner, secret)
	good := public[0].Preview
	cut := strings.LastIndexByte(good, '-')
	forged := map[string]string{
		"empty signature":          good[:cut+1],
		"short signature":          good[:len(good)-1],
		"other signature":          good[:cut+1] + "AAAAAAAAAAAAAAAAAAAAAA",
		"other attachment":         strings.Replace(good, "-0-", "-1-", 1),
		"other post":               strings.Replace(good, formatID(open.ID), formatID(secret.ID), 1),
		"other tag":                regexp.MustCompile(`-[0-9a-f]{8}/`).ReplaceAllString(good, "-00000000/"),
		"other shape":              strings.Replace(good, "/small-", "/huge-", 1),
		"shape of a film":          strings.Replace(good, "/small-", "/still-", 1),
		"playing a picture":        strings.Replace(good, "/small-", "/play-", 1),
		"a face of that id":        strings.Replace(good, "post-", "face-", 1),
		"private, for visitors":    g.files(federation.ForVisitors, secret)[0].Preview,
		"private, unsigned":        "/media/post-" + formatID(secret.ID) + "-0-0123abcd/small-AAAAAAAAAAAAAAAAAAAAAA",
		"private, visitors' whole": g.files(federation.ForVisitors, secret)[0].URL,
	}
	for what, path := range forged {
		nothing(what, path)
	}
	for _, path := range []string{good[:strings.LastIndexByte(good, '/')], "/media/" + strings.ReplaceAll(g.eve.URL("/a.png"), "/", "%2F") + "/small-" + good[cut+1:]} {
		if w := g.get(path); w.Code != 404 { // no address of this kind at all
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if gets := g.eve.Gets(); len(gets) != 0 {
		t.Fatalf("forged addresses made us ask for %v", gets)
	}
	// Signed for the owner's pages, a private picture is there, and no cache keeps it.
	w := g.get(private[0].Preview)
	if w.Code != 200 || w.Header().Get("Cache-Control") != "private, no-store" || w.Header().Get("ETag") != "" {
		t.Errorf("private, signed: %d %v", w.Code, w.Header())
	}
	// Its bytes have no second address.
	row, err := store.Get(bg, g.alice.Store(), func(tx *store.Tx) (store.RemoteMedia, error) { return tx.RemoteMedia(g.eve.URL("/a.png"), "small") })
	must(t, err)
	if w := g.get("/media/" + row.Name); w.Code != 404 {
		t.Errorf("by its content's name: %d", w.Code)
	}
	// After an edit the old address is nothing, and after the post is gone all are.
	w = g.get(good)
	if w.Code != 200 {
		t.Fatalf("public, signed: %d", w.Code)
	}
	g.change(&open, func(p *store.Post) { p.Extra.Attachments[0].URL = g.eve.URL("/b.png") })
	nothing("edited", good)
	later := g.files(federation.ForVisitors, open)[0].Preview
	if w := g.get(later); w.Code != 200 {
		t.Errorf("after the edit: %d", w.Code)
	}
	for _, p := range []store.Post{open, secret} {
		g.write(func(tx *store.Tx) error { return tx.DeletePost(p) })
	}
	nothing("deleted", later)
	nothing("deleted, private", private[0].Preview)
}

// hostile are files that are no pictures, or more than one thing.
func hostile(t *testing.T) map[string]fedtest.Doc {
	var frame bytes.Buffer
	must(t, gif.Encode(&frame, image.NewPaletted(image.Rect(0, 0, 30, 30), color.Palette{color.White, color.Black}), nil))
	polyglot := append(frame.Bytes(), []byte("/*<script>alert(1)</script>*/=1;")...)
	bomb := dots(8, 8)
	copy(bomb[16:], []byte{0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50}) // 50,000 x 50,000
	var photo bytes.Buffer
	must(t, jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 40, 40)), nil))
	exif := append([]byte{0xff, 0xe1, 0x00, 0x2a}, []byte("Exif\x00\x00GPS 52.3702 N 4.8952 E here I live now..")[:40]...)
	located := append(append(append([]byte{}, photo.Bytes()[:2]...), exif...), photo.Bytes()[2:]...)
	return map[string]fedtest.Doc{
		"/x.svg":       {Type: "image/svg+xml", Body: `<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`},
		"/page.png":    {Type: "image/png", Body: "<!doctype html><script>alert(1)</script>"},
		"/script.gif":  {Type: "image/gif", Body: "GIF89a=1;alert(1)//"},
		"/doc.png":     {Type: "image/png", Body: "%PDF-1.4\n1 0 obj"},
		"/xml.png":     {Type: "image/png", Body: `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`},
		"/actor.png":   {Type: "application/activity+json", Body: `{"type":"Person"}`},
		"/text.png":    {Type: "text/plain", Body: "hello"},
		"/none.png":    {Type: "image/png", Body: ""},
		"/cut.png":     {Type: "image/png", Body: dots(400, 400)[:900]},
		"/bomb.png":    {Type: "image/png", Body: bomb},
		"/avif.png":    {Type: "image/png", Body: "\x00\x00\x00\x20ftypavif\x00\x00\x00\x00avifmif1miaf"},
		"/zip.png":     {Type: "image/png", Body: "x", Header: map[string]string{"Content-Encoding": "gzip"}},
		"/big.png":     {Type: "image/png", Body: append(dots(8, 8), make([]byte, 17<<20)...)},
		"/away.png":    {Status: 302, Type: "image/png", Header: map[string]string{"Location": "http://10.0.0.1/x.png"}},
		"/good.gif":    {Type: "image/gif", Body: polyglot, Header: map[string]string{"Content-Disposition": `attachment; filename="../../../etc/x.html"`}},
		"/located.jpg": {Type: "image/jpeg", Body: located},
	}
}

// T36, T37, T35: whatever a peer calls a picture, what leaves here is our own
// encoding under our own name, or nothing.
func TestT36_T37_T35_HostilePicturesOverTheRealRoute(t *testing.T) {
	g := newGallery(t)
	for path, doc := range hostile(t) {
		g.eve.Serve(path, doc)
		p := g.showing(store.Public, path)
		at := g.files(federation.ForVisitors, p)[0].Preview
		w := g.get(at)
		if strings.HasPrefix(path, "/good") || strings.HasPrefix(path, "/located") {
			if kind := w.Header().Get("Content-Type"); w.Code != 200 || kind != "image/jpeg" && kind != "image/png" || w.Header().Get("Content-Disposition") != "inline" {
				t.Errorf("%s: %d %v", path, w.Code, w.Header())
			}
			for _, word := range []string{"script", "GPS", "Exif"} {
				if strings.Contains(w.Body.String(), word) {
					t.Errorf("%s: what is served holds %s", path, word)
				}
			}
			continue
		}
		if w.Code != 404 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || strings.Contains(w.Body.String(), "alert") || w.Body.Len() > 200 {
			t.Errorf("%s: %d %v %q", path, w.Code, w.Header(), w.Body)
		}
		// It is remembered, and the page says so with the file's name.
		before := len(g.eve.Gets())
		if again := g.get(at); again.Code != 404 || len(g.eve.Gets()) != before {
			t.Errorf("%s: asked for again at once: %d", path, again.Code)
		}
		m := g.files(federation.ForVisitors, p)[0]
		if m.Preview != "" || m.Words == "" || m.Name != strings.TrimPrefix(path, "/") || m.Original != g.eve.URL(path) {
			t.Errorf("%s: the page shows %+v", path, m)
		}
	}
	must(t, filepath.WalkDir(g.pictures(), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !media.ValidName(d.Name()) {
			t.Errorf("a file is called %s", path)
		}
		return err
	}))
	// T35: a name in an address is a name in a list and nothing else.
	for _, path := range []string{"/../../x.png", `/..%5Cx.png`, "/C:/x.png", "/%00.png", "/" + strings.Repeat("n", 300) + ".png", "/con", "/<script>.png"} {
		m := g.files(federation.ForVisitors, g.showing(store.Public, path))[0]
		if strings.ContainsAny(m.Name, "/\x00") || len(m.Name) > 100 || strings.Contains(m.Preview, "..") {
			t.Errorf("%q: name %q, at %s", path, m.Name, m.Preview)
		}
	}
}

func TestT62_AFloodOfLargePicturesStaysUnderTheCap(t *testing.T) {
	g := newGallery(t)
	set := g.svc.Settings()
	set.MediaCacheMB = 16
	must(t, g.svc.SaveSettings(bg, set))
	const budget = 16 << 20
	rng := rand.New(rand.NewPCG(1, 2))
	noise := image.NewGray(image.Rect(0, 0, 240, 240))
	var paths []string
	for i := range 12 {
		for j := range noise.Pix {
			noise.Pix[j] = byte(rng.Uint32())
		}
		var b bytes.Buffer
		must(t, jpeg.Encode(&b, noise, &jpeg.Options{Quality: 95}))
		path := fmt.Sprintf("/p%d.jpg", i)
		g.eve.Serve(path, fedtest.Doc{Type: "image/jpeg", Body: append(b.Bytes(), make([]byte, 10<<20)...)})
		paths = append(paths, path)
	}
	old := func(i int) string { return g.eve.URL(fmt.Sprintf("/old%d", i)) }
	g.write(func(tx *store.Tx) error {
		for i := range 200 {
			m := store.RemoteMedia{URL: old(i), Shape: "small", Name: fmt.Sprintf("%064x.jpg", i), Size: 80 << 10,
				FetchedAt: g.now.Add(-time.Hour), UsedAt: g.now.Add(time.Duration(i-500) * time.Second)}
			if err := tx.SaveRemoteMedia(m); err != nil {
				return err
			}
		}
		return tx.UseRemoteMedia(old(0), "small", g.now) // looked at: it is not the oldest any more
	})
	for _, m := range g.files(federation.ForOwner, g.showing(store.Public, paths...)) {
		if w := g.get(m.Preview); w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	size, err := store.Get(bg, g.alice.Store(), func(tx *store.Tx) (int64, error) { return tx.RemoteMediaSize() })
	must(t, err)
	if size > budget || size < budget-200<<10 {
		t.Errorf("the cache holds %d bytes of %d", size, budget)
	}
	for url, want := range map[string]bool{old(0): true, old(1): false, old(199): true, g.eve.URL(paths[0]): true, g.eve.URL(paths[11]): true} {
		_, err := store.Get(bg, g.alice.Store(), func(tx *store.Tx) (store.RemoteMedia, error) { return tx.RemoteMedia(url, "small") })
		if (err == nil) != want {
			t.Errorf("%s: kept %v", url, err == nil)
		}
	}
}

func TestT62_APictureThatFailsIsAskedForLessAndLess(t *testing.T) {
	g := newGallery(t)
	g.eve.Serve("/a.png", fedtest.Doc{Status: 500, Type: "image/png"})
	p := g.showing(store.Public, "/a.png")
	var minutes []int
	start := g.now
	for step := range 600 {
		m := g.files(federation.ForOwner, p)[0]
		before := g.asked("/a.png")
		if m.Preview != "" {
			g.get(m.Preview)
		} else if !strings.Contains(m.Words, "did not give") {
			t.Fatalf("the page says %q", m.Words)
		}
		if g.asked("/a.png") > before {
			minutes = append(minutes, int(g.clock().Sub(start).Minutes()))
		}
		g.set(start.Add(time.Duration(step+1) * 10 * time.Minute))
	}
	if fmt.Sprint(minutes) != "[0 10 50 210 850 3410]" {
		t.Errorf("asked after minutes %v", minutes)
	}
	g.eve.Serve("/a.png", fedtest.Doc{Type: "image/png", Body: dots(9, 9)})
	g.set(start.Add(40 * 24 * time.Hour))
	if w := g.get(g.files(federation.ForOwner, p)[0].Preview); w.Code != 200 {
		t.Errorf("healed: %d %s", w.Code, w.Body)
	}
}

// T62: visitors who all wait for one slow picture take no place from the owner, nor
// from what other visitors may have fetched.
func TestT62_VisitorsWhoWaitTakeNoPlaceFromTheOwner(t *testing.T) {
	g := newGallery(t)
	release := make(chan struct{})
	begun := make(chan struct{})
	g.eve.Handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		if r.URL.Path == "/slow.png" {
			close(begun)
			<-release
		}
		w.Write(dots(9, 9))
	})
	slow := g.files(federation.ForVisitors, g.showing(store.Public, "/slow.png"))[0].Preview
	var wg sync.WaitGroup
	answers := make(chan int, 300)
	for range 300 {
		wg.Go(func() { answers <- g.get(slow).Code })
	}
	<-begun
	for range 300 - 64 { // the rest is turned away at once
		if code := <-answers; code != http.StatusServiceUnavailable {
			t.Errorf("one too many: %d", code)
		}
	}
	if w := g.get(g.files(federation.ForOwner, g.showing(store.Public, "/owner.png"))[0].Preview); w.Code != 200 {
		t.Errorf("the owner meanwhile: %d %s", w.Code, w.Body)
	}
	close(release)
	wg.Wait()
	for range 64 {
		if code := <-answers; code != 200 {
			t.Errorf("who waited: %d", code)
		}
	}
	for i := range 20 { // one fetch was begun, not 300: visitors still have their share
		path := fmt.Sprintf("/later%d.png", i)
		if w := g.get(g.files(federation.ForVisitors, g.showing(store.Public, path))[0].Preview); w.Code != 200 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// Twenty who open the same page cost its server one request.
func TestOnePictureIsFetchedOnce(t *testing.T) {
	g := newGallery(t)
	body, begun, release := dots(50, 50), make(chan struct{}), make(chan struct{})
	g.eve.Handle(func(w http.ResponseWriter, r *http.Request) {
		close(begun) // a second request panics here
		<-release
		w.Header().Set("Content-Type", "image/png")
		w.Write(body)
	})
	m := g.files(federation.ForOwner, g.showing(store.Public, "/a.png"))[0]
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if w := g.get(m.Preview); w.Code != 200 {
				t.Errorf("%d", w.Code)
			}
		})
	}
	<-begun
	close(release)
	wg.Wait()
	if n := g.asked("/a.png"); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// A server that hangs keeps its own pictures waiting and nobody else's.
func TestAServerThatHangsHoldsUpNobodyElse(t *testing.T) {
	g := newGallery(t)
	release := make(chan struct{})
	defer close(release)
	g.eve.Handle(func(w http.ResponseWriter, r *http.Request) { <-release })
	bob := g.cluster.Stranger("bob")
	bob.Serve("/b.png", fedtest.Doc{Type: "image/png", Body: dots(50, 50)})
	p := g.showing(store.Public, "/1.png", "/2.png", "/3.png", "/4.png", "/5.png", "/6.png", "/7.png", "/8.png")
	g.change(&p, func(p *store.Post) {
		p.Extra.Attachments = append(p.Extra.Attachments, store.Attachment{MediaType: "image/png", URL: bob.URL("/b.png")})
	})
	files := g.files(federation.ForOwner, p)
	for _, m := range files[:8] {
		go g.web.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "http://"+g.alice.Host+m.Preview, nil))
	}
	if w := g.get(files[8].Preview); w.Code != 200 {
		t.Errorf("the other server's picture: %d %s", w.Code, w.Body)
	}
}

// Visitors can make us fetch so much and no more; what is here stays to be seen.
func TestVisitorsFetchWithinBounds(t *testing.T) {
	g := newGallery(t)
	g.eve.Handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/png")
		w.Write(dots(4, 4))
	})
	var paths []string
	for i := range 20 {
		paths = append(paths, fmt.Sprintf("/%d.png", i))
	}
	refused, seen := 0, ""
	var last store.Post
	for range 15 {
		last = g.showing(store.Public, paths...)
		for i, m := range g.files(federation.ForVisitors, last) {
			switch w := g.get(m.Preview + ""); w.Code {
			case 200:
				seen = m.Preview
			case http.StatusServiceUnavailable:
				if refused++; w.Header().Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
			default:
				t.Fatalf("%d", w.Code)
			}
			paths[i] += "x" // the next post has others
		}
	}
	if refused != 100 || len(g.eve.Gets()) != 200 {
		t.Errorf("of 300 pictures %d were refused, %d fetched", refused, len(g.eve.Gets()))
	}
	if w := g.get(seen); w.Code != 200 {
		t.Errorf("one that is here: %d", w.Code)
	}
	if w := g.get(g.files(federation.ForOwner, last)[19].Preview); w.Code != 200 {
		t.Errorf("for the owner: %d", w.Code)
	}
}

func TestFacesOfStrangersAppear(t *testing.T) {
	g := newGallery(t)
	g.eve.Serve("/face.png", fedtest.Doc{Type: "image/png", Body: dots(500, 500)})
	g.eve.Serve("/none.png", fedtest.Doc{Type: "image/png", Body: "no picture"})
	face := func(path string) string {
		g.author.IconURL, g.author.Avatar = g.eve.URL(path), ""
		g.write(func(tx *store.Tx) error { return tx.SaveActor(&g.author) })
		return g.svc.FacePath(g.author, federation.ForVisitors)
	}
	at := face("/face.png")
	w := g.get(at)
	img, err := jpeg.Decode(w.Body)
	if w.Code != 200 || err != nil || img.Bounds().Dx() != 400 {
		t.Fatalf("%d %v", w.Code, err)
	}
	a, err := store.Get(bg, g.alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.Actor(g.author.ID) })
	must(t, err)
	if a.Avatar == "" || g.svc.FacePath(a, federation.ForVisitors) != "/media/"+a.Avatar {
		t.Errorf("afterwards the face is at %s", g.svc.FacePath(a, federation.ForVisitors))
	}
	for range 3 {
		if w := g.get(face("/none.png")); w.Code != 200 || w.Header().Get("Content-Type") != "image/png" || !bytes.Equal(w.Body.Bytes(), assets.Static()[assets.StaticPath("avatar.png")].Body) {
			t.Errorf("a face that cannot be had: %d %v", w.Code, w.Header())
		}
	}
	if g.asked("/none.png") != 1 {
		t.Errorf("asked %d times", g.asked("/none.png"))
	}
	if w := g.get(at); w.Code != 404 {
		t.Errorf("the face before: %d", w.Code)
	}
}

func TestAnEmojiComesFromHere(t *testing.T) {
	g := newGallery(t)
	clear := image.NewNRGBA(image.Rect(0, 0, 200, 100))
	for x := range 100 {
		clear.SetNRGBA(x, 50, color.NRGBA{200, 0, 0, 255})
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, clear))
	g.eve.Serve("/e.png", fedtest.Doc{Type: "image/png", Body: b.Bytes()})
	name := store.EmojiName{HostID: g.author.HostID, Shortcode: "blob"}
	read := func() string {
		paths := federation.EmojiPaths{}
		must(t, g.alice.Store().Read(bg, func(tx *store.Tx) error {
			return g.svc.ReadEmojis(tx, federation.ForOwner, paths, federation.EmojiWords{HostID: name.HostID, List: []store.Emoji{{Shortcode: ":blob:"}, {Shortcode: "../a"}}})
		}))
		return paths[name]
	}
	note := g.eve.Note("/n/1", "<p>:blob: hello</p>")
	note["tag"] = []any{
		map[string]any{"type": "Emoji", "name": ":blob:", "icon": map[string]any{"type": "Image", "url": g.eve.URL("/e.png")}},
		map[string]any{"type": "Emoji", "name": ":../a:", "icon": map[string]any{"type": "Image", "url": g.eve.URL("/x.png")}},
	}
	g.eve.Serve("/n/1", note)
	_, err := g.alice.Lookup(bg, g.eve.URL("/n/1"))
	must(t, err)
	w := g.get(read())
	img, err := png.Decode(w.Body)
	if w.Code != 200 || err != nil || img.Bounds() != image.Rect(0, 0, 64, 32) {
		t.Fatalf("%d %v", w.Code, err)
	}
	if _, _, _, alpha := img.At(0, 0).RGBA(); alpha != 0 {
		t.Error("nothing shows through it")
	}
}

func TestAFilmIsHandedThroughToTheOwner(t *testing.T) {
	g := newGallery(t)
	film := bytes.Repeat([]byte("film"), 1000)
	g.eve.Handle(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page.mp4":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, "<script>alert(1)</script>")
		case "/large.mp4":
			w.Header().Set("Content-Type", "video/mp4")
			w.Header().Set("Content-Length", fmt.Sprint(200<<20))
		case "/odd.mp4":
			w.Header().Set("Content-Type", "video/x-evil")
		default:
			w.Header().Set("Content-Type", "video/mp4")
			w.Header().Set("Set-Cookie", "a=b")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(film))
		}
	})
	post := func(path string) store.Post {
		p := g.showing(store.Public, path)
		g.change(&p, func(p *store.Post) { p.Extra.Attachments[0].MediaType = "video/mp4" })
		return p
	}
	p := post("/a.mp4")
	if m := g.files(federation.ForVisitors, p)[0]; m.Play != "" || m.Original == "" || m.Host != g.eve.Host {
		t.Errorf("visitors get %+v", m)
	}
	m := g.files(federation.ForOwner, p)[0]
	w := g.get(m.Play)
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), film) || w.Header().Get("Content-Type") != "video/mp4" || w.Header().Get("Set-Cookie") != "" ||
		w.Header().Get("Cache-Control") != "private, no-store" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	w = g.get(m.Play, func(r *http.Request) { r.Header.Set("Range", "bytes=4-11") })
	if w.Code != 206 || w.Body.String() != "filmfilm" || w.Header().Get("Content-Range") != "bytes 4-11/4000" {
		t.Errorf("a part: %d %q %v", w.Code, w.Body, w.Header())
	}
	for _, path := range []string{"/page.mp4", "/large.mp4", "/odd.mp4"} {
		if w := g.get(g.files(federation.ForOwner, post(path))[0].Play); w.Code != 404 || strings.Contains(w.Body.String(), "alert") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// loads lists what a browser fetches by itself for a page.
func loads(body string) (list []string) {
	for z := html.NewTokenizer(strings.NewReader(body)); z.Next() != html.ErrorToken; {
		tag := z.Token()
		rel := ""
		for _, a := range tag.Attr {
			if a.Key == "rel" {
				rel = a.Val
			}
		}
		for _, a := range tag.Attr {
			switch a.Key {
			case "src", "poster", "srcset", "data", "background":
				list = append(list, a.Val)
			case "href":
				if tag.Data == "link" && rel != "canonical" && rel != "alternate" {
					list = append(list, a.Val)
				}
			}
		}
	}
	return list
}

// Whatever a stranger's post holds, no page leads a browser to another server by
// itself, and what it leads to is there.
func TestNoPageLoadsAnythingFromElsewhere(t *testing.T) {
	g := newGallery(t)
	for _, path := range []string{"/face.png", "/a.png", "/still.png", "/e.png"} {
		g.eve.Serve(path, fedtest.Doc{Type: "image/png", Body: dots(60, 40)})
	}
	g.author.IconURL, g.author.Avatar, g.author.Name = g.eve.URL("/face.png"), "", "Eve :blob:"
	g.author.Extra.Emojis = []store.Emoji{{Shortcode: "blob", URL: g.eve.URL("/e.png")}}
	mine := g.post(store.Public, "Hello.", func(p *store.Post) { p.URI = "http://" + g.alice.Host + "/posts/" + formatID(p.ID) })
	answer := store.Post{
		URI: g.eve.URL("/n/1"), ActorID: g.author.ID, PublishedAt: g.now, ParentURI: mine.URI, ParentID: mine.ID, Summary: "With :blob:",
		Content: `<p>:blob: <a href="https://x.example/:blob:">x</a></p>`,
		Extra: store.PostExtra{
			Emojis: g.author.Extra.Emojis,
			Attachments: []store.Attachment{
				{MediaType: "image/png", URL: g.eve.URL("/a.png"), Alt: "A", FocalX: 1, Blurhash: "LEHV6nWB2yk8pyo0adR*.7kCMdnj"},
				{MediaType: "video/mp4", URL: g.eve.URL("/f.mp4"), Preview: g.eve.URL("/still.png")},
				{MediaType: "image/svg+xml", URL: g.eve.URL("/x.svg")},
				{MediaType: "application/pdf", URL: g.eve.URL("/x.pdf")},
			},
		},
	}
	g.write(func(tx *store.Tx) error {
		if err := tx.SaveActor(&g.author); err != nil {
			return err
		}
		if err := tx.SaveEmojis(g.author.HostID, g.author.Extra.Emojis); err != nil {
			return err
		}
		if err := tx.InsertPost(&answer); err != nil {
			return err
		}
		return tx.AddHome(answer.ID, false)
	})
	here := func(r *http.Request) {
		r.Host, r.URL.Host, r.URL.Scheme, r.TLS = g.alice.Host, g.alice.Host, "http", nil
	}
	owner := g.logInTo(here)
	for path, who := range map[string]func(*http.Request){
		"/@alice/" + formatID(mine.ID): here, "/me": owner, "/me/post/" + formatID(mine.ID): owner, "/me/post/" + formatID(answer.ID): owner,
		"/me/person/" + formatID(g.author.ID): owner, "/me/inbox": owner,
	} {
		w := g.ask("GET", path, browser, who, here)
		if w.Code != 200 {
			t.Fatalf("%s: %d", path, w.Code)
		}
		body := w.Body.String()
		own, pictures := 0, 0
		for _, address := range loads(body) {
			if !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") {
				t.Errorf("%s loads %s", path, address)
				continue
			}
			own++
			if strings.HasPrefix(address, "/media/") && !strings.Contains(address, "/play-") {
				pictures++
				if got := g.get(address); got.Code != 200 {
					t.Errorf("%s: %s answers %d %s", path, address, got.Code, got.Body)
				}
			}
		}
		if strings.Contains(body, ":blob:") && path != "/me/inbox" && (pictures < 2 || !strings.Contains(body, `class="emoji"`)) {
			t.Errorf("%s shows %d pictures", path, pictures)
		}
		if strings.HasPrefix(path, "/me/post") && !strings.Contains(body, "x10 y5") {
			t.Errorf("%s: the focal point is not kept", path)
		}
		if strings.HasPrefix(path, "/@") && (strings.Contains(body, "play-") || !strings.Contains(body, "SVG pictures cannot be shown here") || !strings.Contains(body, "Open at")) {
			t.Errorf("%s for visitors: %s", path, body)
		}
		for _, bad := range []string{`alt=""`} {
			if strings.Contains(galleryOf(body), bad) {
				t.Errorf("%s: %s in a gallery", path, bad)
			}
		}
	}
}

func galleryOf(body string) string {
	_, rest, _ := strings.Cut(body, `<ul class="gallery`)
	rest, _, _ = strings.Cut(rest, "</ul>")
	return rest
}

// logInTo is the owner's session at another address than the house's own.
func (g *gallery) logInTo(here func(*http.Request)) func(*http.Request) {
	g.t.Helper()
	hash, err := passwordHash()
	must(g.t, err)
	g.write(func(tx *store.Tx) error { return tx.SetPassword(hash) })
	first := g.ask("GET", "/login", browser, here)
	token := between(first.Body.String(), `name="csrf" value="`, `"`)
	in := g.ask("POST", "/login", browser, here, cookies(first), form("csrf="+token+"&name=alice&password="+strings.ReplaceAll(testPassword, " ", "+")))
	if in.Code != http.StatusSeeOther {
		g.t.Fatalf("log-in: %d %s", in.Code, in.Body)
	}
	return cookies(in)
}
