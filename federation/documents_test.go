package federation

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation/httpsig"
	"dassie/federation/remote"
	"dassie/store"
	"dassie/store/media"
	"dassie/store/storetest"
)

var docNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// docServer is a service on a real store, with people who ask it for things.
type docServer struct {
	*Service
	t testing.TB

	mu    sync.Mutex
	clock time.Time
}

func (d *docServer) later(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clock = d.clock.Add(by)
}

// newDocServer is the server of ann@DOMAIN at HOST.
func newDocServer(t testing.TB, domain, host string) *docServer {
	t.Helper()
	d := &docServer{t: t, clock: docNow}
	now := func() time.Time {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.clock
	}
	dir := t.TempDir()
	storetest.File(t, dir)
	st, err := store.Open(dir, store.Options{Now: now, RSAKey: storetest.RSAKey})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	ctx := context.Background()
	me, err := st.CreateAccount(ctx, store.NewAccount{Name: "ann", Domain: domain, Host: host, ApproveFollowers: true})
	if err != nil {
		t.Fatal(err)
	}
	files, err := media.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client := remote.New(remote.Config{
		UserAgent: "dassie-test", Loopback: me.Origin().Loopback(), OwnHosts: []string{host, domain}, Now: now,
	})
	t.Cleanup(client.CloseIdle)
	d.Service, err = New(ctx, Config{
		Store: st, Media: files, Remote: client, Identity: me, Version: "1.2.3",
		Log: slog.New(slog.DiscardHandler), Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *docServer) write(fn func(*store.Tx) error) {
	d.t.Helper()
	if err := d.store.Write(context.Background(), fn); err != nil {
		d.t.Fatal(err)
	}
}

// post stores a post of the owner.
func (d *docServer) post(v store.Visibility, change ...func(*store.Post)) store.Post {
	d.t.Helper()
	var p store.Post
	d.write(func(tx *store.Tx) error {
		id := tx.NewID()
		p = store.Post{
			ID: id, URI: d.postURI(id), ActorID: store.OwnerID, Visibility: v, Content: "<p>Hello.</p>",
			Source: "Hello.", Language: "en", PublishedAt: d.now(),
		}
		for _, c := range change {
			c(&p)
		}
		if err := tx.InsertPost(&p); err != nil {
			return err
		}
		var named []int64
		for _, m := range p.Extra.Mentions {
			named = append(named, m.ActorID)
		}
		return tx.SetMentions(p.ID, named)
	})
	return p
}

// docPerson is somebody elsewhere, with a key that is known here.
type docPerson struct {
	store.Actor
	sign httpsig.Signer
}

func (d *docServer) person(name, host string) docPerson {
	d.t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.personWith(name, host, pub, key)
}

func (d *docServer) personWith(name, host string, pub crypto.PublicKey, key crypto.Signer) docPerson {
	d.t.Helper()
	uri := "https://" + host + "/users/" + name
	a := store.Actor{
		URI: uri, Username: name, Domain: host, Kind: "Person", Inbox: uri + "/inbox", FollowersURI: uri + "/followers",
		FetchedAt: d.now(),
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		d.t.Fatal(err)
	}
	d.write(func(tx *store.Tx) (err error) {
		if a.HostID, err = tx.EnsureHost(host); err != nil {
			return err
		}
		if err := tx.SaveActor(&a); err != nil {
			return err
		}
		return tx.SaveActorKeys(a.ID, []store.ActorKey{{KeyID: uri + "#main-key", ActorID: a.ID, DER: der, FetchedAt: d.now()}})
	})
	return docPerson{a, httpsig.Signer{KeyID: uri + "#main-key", Key: key}}
}

func (d *docServer) follows(p docPerson, state store.FollowState) {
	d.t.Helper()
	d.write(func(tx *store.Tx) error {
		return tx.SaveFollower(store.Follower{ActorID: p.ID, State: state, AskedAt: d.now(), DecidedAt: d.now()})
	})
}

func (p docPerson) named() func(*store.Post) {
	return func(post *store.Post) {
		post.Extra.Mentions = append(post.Extra.Mentions, store.Mention{ActorID: p.ID, URI: p.URI, Handle: p.Handle()})
	}
}

// handler routes as package web does.
func (d *docServer) handler() http.Handler {
	mux := http.NewServeMux()
	withID := func(f func(http.ResponseWriter, *http.Request, int64)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
			f(w, r, id)
		}
	}
	user := "/users/" + d.me.ActorKey
	for path, f := range map[string]http.HandlerFunc{
		user: d.ServeActor, user + "/outbox": d.ServeOutbox, user + "/followers": d.ServeFollowers,
		user + "/followers/sync": d.ServeFollowersSync,
		user + "/following":      d.ServeFollowing, user + "/featured": d.ServeFeatured, user + "/tags": d.ServeFeaturedTags,
		"/instance": d.ServeInstance, "/.well-known/webfinger": d.ServeWebFinger, "/.well-known/host-meta": d.ServeHostMeta,
		"/.well-known/host-meta.json": d.ServeHostMeta, "/.well-known/nodeinfo": d.ServeNodeInfoIndex,
		"/posts/{id}": withID(d.ServePost), "/posts/{id}/activity": withID(d.ServePostActivity),
		"/posts/{id}/replies": withID(d.ServeReplies), "/posts/{id}/likes": withID(d.ServeLikes),
		"/posts/{id}/shares": withID(d.ServeShares), "/contexts/{id}": withID(d.ServeContext),
		"/activities/{id}": withID(d.ServeActivity),
		"/nodeinfo/{version}": func(w http.ResponseWriter, r *http.Request) {
			d.ServeNodeInfo(w, r, r.PathValue("version"))
		},
	} {
		mux.HandleFunc("GET "+path, f)
	}
	return mux
}

// request makes a GET of a path on our host, signed if somebody is given.
func (d *docServer) request(path string, by *docPerson) *http.Request {
	d.t.Helper()
	r := httptest.NewRequest("GET", strings.TrimPrefix(path, d.origin.URL("")), nil)
	r.Host = d.origin.Host
	r.Header.Set("Accept", "application/activity+json")
	if by != nil {
		if err := by.sign.SignCavage(r, nil, d.now()); err != nil {
			d.t.Fatal(err)
		}
	}
	return r
}

func (d *docServer) get(path string, by *docPerson) *httptest.ResponseRecorder {
	d.t.Helper()
	w := httptest.NewRecorder()
	d.handler().ServeHTTP(w, d.request(path, by))
	return w
}

func (d *docServer) object(path string, by *docPerson) map[string]any {
	d.t.Helper()
	w := d.get(path, by)
	if w.Code != 200 {
		d.t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return decodeDoc(d.t, w)
}

func decodeDoc(t testing.TB, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return v
}

func docItems(v any) []string {
	list, _ := v.([]any)
	out := make([]string, len(list))
	for i, item := range list {
		out[i] = fmt.Sprint(item)
	}
	return out
}

func TestPublicDocumentComesFromMemory(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	p := d.post(store.Public)
	first := d.get(p.URI, nil)
	d.write(func(tx *store.Tx) error {
		edited := p
		edited.Content = "<p>Edited.</p>"
		return tx.UpdatePost(p, &edited)
	})
	if again := d.get(p.URI, nil); again.Body.String() != first.Body.String() {
		t.Error("the second answer was made anew")
	}
	d.documents.clear()
	if again := d.get(p.URI, nil); !strings.Contains(again.Body.String(), "Edited.") {
		t.Error("after clear the old bytes are served")
	}
}

func TestDocumentReadBeforeAChangeIsNotKept(t *testing.T) {
	var c documentCache
	key := documentKey{docPost, 1}
	_, generation := c.get(key, docNow)
	c.clear() // a commit between our read and our put
	c.put(key, &document{body: []byte("old"), made: docNow}, generation)
	if d, _ := c.get(key, docNow); d != nil {
		t.Error("stale bytes were kept")
	}
}

func TestDocumentsInMemoryAreBounded(t *testing.T) {
	var c documentCache
	for i := range int64(3000) {
		_, generation := c.get(documentKey{docPost, i}, docNow)
		c.put(documentKey{docPost, i}, &document{body: make([]byte, 20<<10), made: docNow}, generation)
		c.put(documentKey{docPost, i}, &document{body: make([]byte, 20<<10), made: docNow}, generation)
	}
	total := 0
	for _, key := range c.kept.Keys() {
		d, _ := c.kept.Peek(key)
		total += len(d.body)
	}
	if c.bytes > documentBytes || c.bytes != total || c.kept.Len() < 100 {
		t.Errorf("%d bytes counted, %d there, %d documents", c.bytes, total, c.kept.Len())
	}
	if d, _ := c.get(documentKey{docPost, 2999}, docNow.Add(documentAge+time.Second)); d != nil {
		t.Error("an old document is still served")
	}
	c.forget(2999)
	if d, _ := c.get(documentKey{docPost, 2999}, docNow); d != nil {
		t.Error("forget left it")
	}
}

func TestHeadAndConditionalGetOverHTTP(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	p := d.post(store.Public)
	srv := httptest.NewServer(d.handler())
	defer srv.Close()
	for _, path := range []string{"/users/" + d.me.ActorKey, "/posts/" + strconv.FormatInt(p.ID, 10), "/instance"} {
		head, err := srv.Client().Head(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		head.Body.Close()
		if head.StatusCode != 200 || head.ContentLength < 100 || head.Header.Get("Content-Type") != "application/activity+json; charset=utf-8" {
			t.Errorf("HEAD %s: %d, %d bytes, %v", path, head.StatusCode, head.ContentLength, head.Header)
		}
		if head.Header.Get("Vary") != "Accept" || head.Header.Get("ETag") == "" {
			t.Errorf("HEAD %s: %v", path, head.Header)
		}
		r, _ := http.NewRequest("GET", srv.URL+path, nil)
		r.Header.Set("If-None-Match", head.Header.Get("ETag"))
		got, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got.Body.Close()
		if got.StatusCode != http.StatusNotModified {
			t.Errorf("GET %s with its tag: %d", path, got.StatusCode)
		}
	}
}

func TestActorDocument(t *testing.T) {
	d := newDocServer(t, "example.org", "social.example.org")
	name := strings.Repeat("ab", 32) + ".png"
	d.write(func(tx *store.Tx) error {
		me, err := tx.Actor(store.OwnerID)
		if err != nil {
			return err
		}
		me.Name, me.Summary, me.Avatar = "Ann", "<p>Hi.</p>", name
		me.Extra.Fields = []store.Field{{Name: "Home", Value: "here"}}
		me.Extra.AlsoKnownAs = []string{"https://old.example/users/ann"}
		return tx.SaveActor(&me)
	})
	a := d.object(d.actorURI, nil)
	for key, want := range map[string]any{
		"id": d.actorURI, "type": "Person", "preferredUsername": "ann", "webfinger": "ann@example.org", "name": "Ann",
		"summary": "<p>Hi.</p>", "url": "https://social.example.org/@ann", "inbox": "https://social.example.org/inbox",
		"outbox": d.actorURI + "/outbox", "followers": d.actorURI + "/followers", "following": d.actorURI + "/following",
		"featured": d.actorURI + "/featured", "featuredTags": d.actorURI + "/tags", "manuallyApprovesFollowers": true,
		"discoverable": false, "indexable": false, "published": "2026-11-23T12:00:00Z",
	} {
		if fmt.Sprint(a[key]) != fmt.Sprint(want) {
			t.Errorf("%s is %v, not %v", key, a[key], want)
		}
	}
	icon, _ := a["icon"].(map[string]any)
	if icon["url"] != "https://social.example.org/media/"+name || icon["mediaType"] != "image/png" || a["image"] != nil {
		t.Errorf("icon %v, image %v", icon, a["image"])
	}
	public, _ := a["publicKey"].(map[string]any)
	if public["id"] != d.actorURI+"#main-key" || public["owner"] != d.actorURI {
		t.Errorf("publicKey %v", public)
	}
	methods, _ := a["assertionMethod"].([]any)
	ids := []string{}
	for _, m := range methods {
		m := m.(map[string]any)
		ids = append(ids, m["id"].(string))
		key, err := httpsig.ParseMultikey(m["publicKeyMultibase"].(string))
		if err != nil || m["controller"] != d.actorURI {
			t.Errorf("multikey %v: %v", m, err)
		}
		if _, ok := key.(*rsa.PublicKey); ok != (m["id"] == public["id"]) {
			t.Errorf("%v is a %T", m["id"], key)
		}
	}
	if !slices.Equal(ids, []string{d.actorURI + "#main-key", d.actorURI + "#ed25519-key"}) {
		t.Errorf("assertionMethod %v", ids)
	}
	if _, ok := a["@context"].([]any); !ok {
		t.Error("no @context")
	}
}

func TestInstanceActor(t *testing.T) {
	d := newDocServer(t, "example.org", "social.example.org")
	a := d.object("/instance", nil)
	key, _ := a["publicKey"].(map[string]any)
	if a["type"] != "Application" || a["preferredUsername"] != "social.example.org" || a["id"] != "https://social.example.org/instance" ||
		a["inbox"] != "https://social.example.org/inbox" || key["id"] != d.signers().instance.KeyID || key["owner"] != a["id"] {
		t.Errorf("%v", a)
	}
}
