package federation_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// filled looks a stranger up as one whom alice follows, backfills, and says how
// many of their posts are stored.
func filled(t *testing.T, c *fedtest.Cluster, alice *fedtest.Server, s *fedtest.Stranger) (store.Actor, []store.Post) {
	t.Helper()
	a := lookUp(t, alice, s.ActorID())
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		return tx.SaveFollowing(store.Following{ActorID: a.ID, State: store.FollowAccepted, FollowURI: "x", AskedAt: alice.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	posts, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Post, error) { return tx.PostsBy(a.ID, store.Page{Limit: 100}) })
	if err != nil {
		t.Fatal(err)
	}
	return a, posts
}

func collection(s *fedtest.Stranger, path string, items ...any) map[string]any {
	return map[string]any{"id": s.URL(path), "type": "OrderedCollection", "totalItems": len(items), "orderedItems": items}
}

func TestAFollowBringsPinsAndTheLastPosts(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s := c.Servers[0], c.Stranger("sam")
	actor := s.Actor()
	actor["featured"] = s.URL("/featured")
	s.Serve("/users/sam", actor)
	var pins, items []any
	for i := range 7 {
		pins = append(pins, s.Note(fmt.Sprint("/pins/", i), "pinned"))
	}
	s.Serve("/featured", collection(s, "/featured", pins...))
	items = append(items, s.Activity("Announce", "https://elsewhere.example/1"))
	for i := range 30 {
		n := s.Note(fmt.Sprint("/notes/", i), "text")
		n["published"] = c.Now().Add(-time.Duration(i) * 24 * time.Hour).Format(time.RFC3339)
		if i%2 == 0 {
			items = append(items, s.Activity("Create", n)) // embedded: counts without another fetch
			continue
		}
		s.Serve(fmt.Sprint("/notes/", i), n)
		items = append(items, s.Activity("Create", s.URL(fmt.Sprint("/notes/", i)))) // only its id
	}
	outbox := collection(s, "/users/sam/outbox")
	delete(outbox, "orderedItems")
	outbox["first"] = s.URL("/page1")
	s.Serve("/users/sam/outbox", outbox)
	s.Serve("/page1", map[string]any{"type": "OrderedCollectionPage", "next": s.URL("/page2"), "orderedItems": items[:12]}) // without an id
	s.Serve("/page2", map[string]any{"id": s.URL("/page2"), "type": "OrderedCollectionPage", "orderedItems": items[12:]})
	a, posts := filled(t, c, alice, s)
	if len(posts) != 25 {
		t.Errorf("%d posts are stored, want 20 and 5 pins", len(posts))
	}
	home := alice.Home(t)
	if len(home) != 20 {
		t.Errorf("%d posts are in the home timeline, want 20", len(home))
	}
	if len(home) > 1 && !home[0].PublishedAt.After(home[1].PublishedAt) {
		t.Error("they do not stand at their own dates")
	}
	if len(alice.Notified(t)) != 0 {
		t.Errorf("notices: %v", alice.Notified(t))
	}
	pinned, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Post, error) { return tx.Pinned(a.ID) })
	if err != nil || len(pinned) != 5 {
		t.Errorf("%d pins, %v", len(pinned), err)
	}
	for _, g := range s.Gets() {
		if strings.HasPrefix(g, "/notes/") && (g[len(g)-1]-'0')%2 == 0 {
			t.Errorf("an embedded post was fetched again: %s", g)
		}
	}
}

func TestT29_CollectionsWithoutEnd(t *testing.T) {
	page := func(s *fedtest.Stranger, path, next string, items ...any) map[string]any {
		return map[string]any{"id": s.URL(path), "type": "OrderedCollectionPage", "next": next, "orderedItems": items}
	}
	for _, tc := range []struct {
		name  string
		setup func(s, other *fedtest.Stranger)
	}{
		{"next is itself", func(s, _ *fedtest.Stranger) {
			s.Serve("/users/sam/outbox", page(s, "/users/sam/outbox", s.URL("/users/sam/outbox")))
		}},
		{"a circle", func(s, _ *fedtest.Stranger) {
			s.Serve("/users/sam/outbox", page(s, "/users/sam/outbox", s.URL("/b")))
			s.Serve("/b", page(s, "/b", s.URL("/users/sam/outbox")))
		}},
		{"first is itself", func(s, _ *fedtest.Stranger) {
			s.Serve("/users/sam/outbox", map[string]any{"id": s.URL("/users/sam/outbox"), "type": "OrderedCollection", "first": s.URL("/users/sam/outbox")})
		}},
		{"first on another server", func(s, other *fedtest.Stranger) {
			s.Serve("/users/sam/outbox", map[string]any{"id": s.URL("/users/sam/outbox"), "type": "OrderedCollection", "first": other.URL("/page")})
		}},
		{"items on another server", func(s, other *fedtest.Stranger) {
			s.Serve("/users/sam/outbox", collection(s, "/users/sam/outbox", other.URL("/1"), s.Activity("Create", other.URL("/2")), other.Note("/3", "not sam's"),
				s.Activity("Create", other.Note("/4", "not sam's")), "http://10.0.0.1/x", "file:///etc/passwd"))
		}},
		{"a redirect to another server", func(s, other *fedtest.Stranger) {
			s.Serve("/users/sam/outbox", fedtest.Doc{Status: 302, Header: map[string]string{"Location": other.URL("/outbox")}})
		}},
		{"no collection", func(s, _ *fedtest.Stranger) { s.Serve("/users/sam/outbox", s.Actor()) }},
		{"private posts", func(s, _ *fedtest.Stranger) {
			n := s.Note("/private", "for followers")
			n["to"], n["cc"] = []any{s.ActorID() + "/followers"}, []any{}
			s.Serve("/users/sam/outbox", collection(s, "/users/sam/outbox", n))
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			s, other := c.Stranger("sam"), c.Stranger("other")
			tc.setup(s, other)
			if _, posts := filled(t, c, c.Servers[0], s); len(posts) != 0 {
				t.Errorf("%d posts are stored", len(posts))
			}
			if n := len(other.Gets()); n != 0 {
				t.Errorf("another server was asked %d times", n)
			}
			if n := len(s.Gets()); n > 10 {
				t.Errorf("%d requests: %v", n, s.Gets())
			}
		})
	}
}

func TestT29_NewPagesForEver(t *testing.T) {
	c := fedtest.New(t, "alice")
	s := c.Stranger("sam")
	var pages, posts atomic.Int64
	actor, finger := s.Actor(), map[string]any{
		"subject": "acct:sam@" + s.Host,
		"links":   []any{map[string]any{"rel": "self", "type": "application/activity+json", "href": s.ActorID()}},
	}
	s.Handle(func(w http.ResponseWriter, r *http.Request) {
		var doc any = actor
		switch {
		case strings.HasPrefix(r.URL.Path, "/.well-known"):
			doc = fedtest.Doc{Type: "application/jrd+json", Body: finger}
		case strings.HasPrefix(r.URL.Path, "/users/sam/outbox"):
			page := pages.Add(1)
			items := []any{}
			for i := range 500 {
				items = append(items, s.URL(fmt.Sprintf("/lost/%d-%d", page, i)))
			}
			doc = map[string]any{"id": s.URL(r.URL.Path), "type": "OrderedCollectionPage", "next": s.URL(fmt.Sprint("/users/sam/outbox/", page)), "orderedItems": items}
		case strings.HasPrefix(r.URL.Path, "/lost"):
			posts.Add(1)
			http.NotFound(w, r)
			return
		}
		answer(w, doc)
	})
	filled(t, c, c.Servers[0], s)
	if pages.Load() > 10 || posts.Load() > 40 {
		t.Errorf("%d pages and %d posts were asked for", pages.Load(), posts.Load())
	}
}

func TestOpeningAPersonRefreshesAnOldProfile(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s := c.Servers[0], c.Stranger("sam")
	s.Serve("/users/sam/outbox", collection(s, "/users/sam/outbox", s.Note("/notes/1", "one")))
	a := lookUp(t, alice, s.ActorID())
	if err := alice.OpenPerson(ctx(), a.ID); err != nil {
		t.Fatal(err)
	}
	before := len(s.Gets())
	if err := alice.OpenPerson(ctx(), a.ID); err != nil || len(s.Gets()) != before {
		t.Errorf("opened again at once: %d requests, %v", len(s.Gets())-before, err)
	}
	c.Advance(2 * time.Hour)
	actor := s.Actor()
	actor["name"] = "Samira"
	s.Serve("/users/sam", actor)
	if err := alice.OpenPerson(ctx(), a.ID); err != nil || stored(t, alice, a.ID).Name != "Samira" {
		t.Errorf("two hours later the name is %q, %v", stored(t, alice, a.ID).Name, err)
	}
	c.Advance(2 * time.Hour)
	s.Serve("/users/sam", fedtest.Doc{Status: 503})
	if err := alice.OpenPerson(ctx(), a.ID); reply.CodeOf(err) != reply.Unavailable || stored(t, alice, a.ID).Name != "Samira" {
		t.Errorf("their server is down: %v, name %q", err, stored(t, alice, a.ID).Name)
	}
}

// answer writes a document as a stranger does.
func answer(w http.ResponseWriter, doc any) {
	d, ok := doc.(fedtest.Doc)
	if !ok {
		d = fedtest.Doc{Type: "application/activity+json", Body: doc}
	}
	w.Header().Set("Content-Type", d.Type)
	json.NewEncoder(w).Encode(d.Body)
}
