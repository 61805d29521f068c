package federation

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
	"time"

	"dassie/store"
)

// sameAnswer compares all that an asker sees.
func sameAnswer(a, b *httptest.ResponseRecorder) bool {
	return a.Code == b.Code && a.Body.String() == b.Body.String() && maps.EqualFunc(a.Header(), b.Header(), slices.Equal[[]string])
}

// never is the address of a post that never was.
func (d *docServer) never() string { return d.postURI(store.IDAt(docNow.Add(-time.Hour)) + 77) }

// T42: who may read which post by ActivityPub, and that nobody else learns that
// there is one.
func TestT42_PostsForWhomTheyAreMeant(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	follower, named, stranger := d.person("bob", "b.example"), d.person("carol", "c.example"), d.person("eve", "e.example")
	former, asking, blocked := d.person("fred", "f.example"), d.person("gus", "g.example"), d.person("hal", "sub.h.example")
	instance := d.person("instance.actor", "b.example")
	d.follows(follower, store.FollowAccepted)
	d.follows(former, store.FollowRemoved)
	d.follows(asking, store.FollowAsked)
	d.follows(blocked, store.FollowAccepted)
	d.write(func(tx *store.Tx) error { return tx.BlockHost("h.example") })
	forged := follower
	forged.sign.Key = stranger.sign.Key

	everybody := map[string]*docPerson{
		"nobody": nil, "follower": &follower, "named": &named, "stranger": &stranger, "former follower": &former,
		"asks to follow": &asking, "blocked follower": &blocked, "instance actor of the follower": &instance, "forged follower": &forged,
	}
	may := map[store.Visibility][]string{
		store.Followers: {"follower", "named"},
		store.Direct:    {"named"},
	}
	for v, readers := range may {
		p := d.post(v, named.named())
		for _, suffix := range []string{"", "/activity", "/replies", "/likes", "/shares", "/replies?page=true"} {
			for who, by := range everybody {
				got := d.get(p.URI+suffix, by)
				if slices.Contains(readers, who) {
					if got.Code != 200 || got.Header().Get("Cache-Control") != "private, no-store" || got.Header().Get("Vary") != "Signature, Authorization, Accept" {
						t.Errorf("%d%s for %s: %d %v", v, suffix, who, got.Code, got.Header())
					}
					continue
				}
				if never := d.get(d.never()+suffix, by); got.Code != 404 || !sameAnswer(got, never) {
					t.Errorf("%d%s for %s: %d %v, but what never was: %d %v", v, suffix, who, got.Code, got.Header(), never.Code, never.Header())
				}
			}
		}
		if got, never := d.get(d.contextURI(p.ID), &stranger), d.get(d.contextURI(p.ID+5), &stranger); got.Code != 404 || !sameAnswer(got, never) {
			t.Errorf("context of %d: %d", v, got.Code)
		}
	}
	for _, v := range []store.Visibility{store.Public, store.Unlisted} {
		p := d.post(v)
		for who, by := range everybody {
			want := 200
			if who == "blocked follower" {
				want = 404 // T48
			}
			if got := d.get(p.URI, by); got.Code != want {
				t.Errorf("%d for %s: %d", v, who, got.Code)
			}
		}
	}
}

// T42: a private post takes as long to refuse as an id that never was.
func TestT42_RefusalTakesAsLongAsForNothing(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	stranger := d.person("eve", "e.example")
	private := d.post(store.Followers)
	gone := d.post(store.Direct)
	d.write(func(tx *store.Tx) error { return tx.DeletePost(gone) })
	median := func(path string, by *docPerson) time.Duration {
		var took []time.Duration
		for range 50 {
			r := d.request(path, by)
			start := time.Now()
			d.handler().ServeHTTP(httptest.NewRecorder(), r)
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		return took[len(took)/2]
	}
	for _, by := range []*docPerson{nil, &stranger} {
		never := median(d.never(), by)
		for name, p := range map[string]store.Post{"private": private, "deleted": gone} {
			if took := median(p.URI, by); (took - never).Abs() > 5*time.Millisecond {
				t.Errorf("%s post %v, nothing %v", name, took, never)
			} else {
				t.Logf("signed %v: %s post %v, nothing %v", by != nil, name, took, never)
			}
		}
	}
}

func TestDeletedPosts(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	bob := d.person("bob", "b.example")
	d.follows(bob, store.FollowAccepted)
	for _, v := range []store.Visibility{store.Public, store.Unlisted, store.Followers, store.Direct} {
		p := d.post(v, bob.named())
		if w := d.get(p.URI, &bob); w.Code != 200 {
			t.Fatalf("%d before: %d", v, w.Code)
		}
		d.write(func(tx *store.Tx) error {
			d.emit(tx, EventDelete, p.ID)
			return tx.DeletePost(p)
		})
		for _, by := range []*docPerson{nil, &bob} {
			got := d.get(p.URI, by)
			if !v.Open() {
				if never := d.get(d.never(), by); got.Code != 404 || !sameAnswer(got, never) {
					t.Errorf("%d deleted: %d %v", v, got.Code, got.Header())
				}
				continue
			}
			o := decodeDoc(t, got)
			if got.Code != http.StatusGone || o["type"] != "Tombstone" || o["id"] != p.URI || got.Header().Get("Content-Type") != "application/activity+json; charset=utf-8" {
				t.Errorf("%d deleted: %d %v", v, got.Code, o)
			}
		}
	}
}

// T45: who was removed as a follower gets nothing any more, from the next request on.
func TestT45_RemovedFollowerReadsNothing(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	bob := d.person("bob", "b.example")
	d.follows(bob, store.FollowAccepted)
	p := d.post(store.Followers)
	if w := d.get(p.URI, &bob); w.Code != 200 {
		t.Fatalf("follower: %d", w.Code)
	}
	d.write(func(tx *store.Tx) error { return tx.DecideFollower(bob.ID, store.FollowRemoved) })
	if w := d.get(p.URI, &bob); w.Code != 404 {
		t.Errorf("removed follower: %d", w.Code)
	}
}

func TestBoostHasNoObjectOfItsOwn(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	bob := d.person("bob", "b.example")
	theirs := store.Post{URI: "https://b.example/1", ActorID: bob.ID, PublishedAt: docNow}
	d.write(func(tx *store.Tx) error { return tx.InsertPost(&theirs) })
	boost := d.post(store.Public, func(p *store.Post) { p.BoostOf, p.URI = theirs.ID, p.URI+"/activity" })
	base := d.postURI(boost.ID)
	for _, path := range []string{base, base + "/replies", base + "/likes", d.contextURI(boost.ID), d.postURI(theirs.ID)} {
		if w := d.get(path, nil); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	a := d.object(base+"/activity", nil)
	if a["type"] != "Announce" || a["object"] != theirs.URI || a["id"] != base+"/activity" || !slices.Contains(docItems(a["cc"]), bob.URI) {
		t.Errorf("%v", a)
	}
}

func TestFollowIsShownToWhomItAsks(t *testing.T) {
	d := newDocServer(t, "example.org", "example.org")
	bob, eve := d.person("bob", "b.example"), d.person("eve", "e.example")
	id := store.IDAt(docNow)
	uri := d.origin.URL("/activities/" + strconv.FormatInt(id, 10))
	d.write(func(tx *store.Tx) error {
		return tx.SaveFollowing(store.Following{ActorID: bob.ID, FollowURI: uri, AskedAt: docNow})
	})
	if o := d.object(uri, &bob); o["type"] != "Follow" || o["object"] != bob.URI || o["id"] != uri {
		t.Errorf("%v", o)
	}
	for _, by := range []*docPerson{nil, &eve} {
		if w := d.get(uri, by); w.Code != 404 {
			t.Errorf("others: %d", w.Code)
		}
	}
	if w := d.get(uri+"1", &bob); w.Code != 404 {
		t.Errorf("another activity: %d", w.Code)
	}
}

func TestWantsActivity(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false,
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8":                                                  false,
		"application/activity+json":                                                                                        true,
		`application/ld+json; profile="https://www.w3.org/ns/activitystreams"`:                                             true,
		`application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams", text/html;q=0.1`: true,
		"text/html, application/activity+json":                                                                             false,
		"application/activity+json, text/html":                                                                             true,
		"application/activity+json;q=0.5, text/html;q=0.9":                                                                 false,
		"application/activity+json;q=0, */*":                                                                               false,
		"application/json":                                                                                                 true,
		"Application/Activity+JSON; charset=utf-8":                                                                         true,
		"application/activity+json;q=nonsense":                                                                             false,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept", accept)
		if got := WantsActivity(r); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}

func benchmarkGet(b *testing.B, path func(*docServer) string) {
	d := newDocServer(b, "example.org", "example.org")
	p := path(d)
	h, r := d.handler(), d.request(p, nil)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkServeActor(b *testing.B) {
	benchmarkGet(b, func(d *docServer) string { return d.actorURI })
}

func BenchmarkServePost(b *testing.B) {
	benchmarkGet(b, func(d *docServer) string { return d.post(store.Public).URI })
}

func BenchmarkServeWebFinger(b *testing.B) {
	benchmarkGet(b, func(*docServer) string { return "/.well-known/webfinger?resource=acct:ann@example.org" })
}
