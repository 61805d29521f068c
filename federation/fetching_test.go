package federation_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/federation/httpsig"
	"dassie/store"
)

// private are addresses that nobody may make us ask.
var private = []string{
	"http://10.0.0.1/x", "http://192.168.1.1:8080/x", "http://[fd00::1]/x", "http://169.254.169.254/latest", "data:application/json,{}",
	"file:///etc/passwd", "javascript:alert(1)", "http://internal/x", "https://router.local/x", "gopher://10.0.0.1/",
}

// T23: whatever names an address to us (an actor's inbox, pictures, collections
// and keys, a server's NodeInfo, an emoji, a parent, a quote), a private or odd
// one is left alone, and the rest of the document is of use all the same.
func TestT23_PrivateAddressesInDocuments(t *testing.T) {
	for _, address := range private {
		t.Run(address, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			alice := c.Servers[0]
			bob := c.Stranger("bob")
			actor := bob.Actor()
			for _, key := range []string{"outbox", "featured", "featuredTags", "followers", "following", "url"} {
				actor[key] = address
			}
			actor["icon"], actor["image"] = map[string]any{"type": "Image", "url": address}, address
			actor["endpoints"] = map[string]any{"sharedInbox": address}
			actor["movedTo"], actor["alsoKnownAs"] = address, []any{address}
			bob.Serve("/users/bob", actor)
			bob.Serve("/.well-known/nodeinfo", fedtest.Doc{Type: "application/json", Body: map[string]any{
				"links": []any{map[string]any{"rel": "http://nodeinfo.diaspora.software/ns/schema/2.1", "href": address}}}})
			followStranger(t, alice, bob)
			note := bob.Note("/n/1", "<p>hello :x:</p>")
			note["inReplyTo"], note["context"], note["quote"], note["replies"], note["likes"] = address, address, address, address, address
			note["tag"] = []any{map[string]any{"type": "Emoji", "name": ":x:", "icon": map[string]any{"url": address}}, map[string]any{"type": "Mention", "href": address, "name": "@x"}}
			note["attachment"] = []any{map[string]any{"type": "Image", "url": address}, map[string]any{"type": "Link", "href": address}}
			note["url"] = address
			if status := bob.Send(alice, bob.Activity("Create", note)); status != http.StatusAccepted {
				t.Errorf("answered %d", status)
			}
			start := time.Now()
			c.SettleFor(3*time.Hour, 30*time.Minute)
			if d := time.Since(start); d > 10*time.Second {
				t.Errorf("it took %v: something was dialled", d)
			}
			if _, ok := alice.Has(t, bob.URL("/n/1")); !ok {
				t.Error("the post was lost")
			}
		})
	}
}

// T23: a redirect to another server is not followed for ActivityPub documents,
// so that no signature of ours goes where it was not meant to.
func TestT23_SignedFetchesStayOnTheirServer(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	evil, other := c.Stranger("evil"), c.Stranger("other")
	away := func(path string) fedtest.Doc {
		return fedtest.Doc{Status: http.StatusFound, Header: map[string]string{"Location": other.URL(path)}}
	}
	other.Serve("/n/1", evil.Note("/n/1", "<p>x</p>"))
	evil.Serve("/n/1", away("/n/1"))
	if found, err := alice.Lookup(ctx(), evil.URL("/n/1")); err == nil {
		t.Errorf("a post: %+v", found.Post)
	}
	other.Serve("/users/evil", evil.Actor())
	evil.Serve("/users/evil", away("/users/evil"))
	if status := evil.Send(alice, evil.Activity("Follow", alice.ActorURI())); status != http.StatusUnauthorized {
		t.Errorf("a key: answered %d", status)
	}
	if n := len(other.Gets()); n != 0 {
		t.Errorf("the other server was asked: %v", other.Gets())
	}
}

// T24: a key in a circle of redirects costs a few requests, and none for the
// next ten minutes.
func TestT24_RedirectLoopsOfKeys(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	evil := c.Stranger("evil")
	evil.Serve("/users/evil", fedtest.Doc{Status: http.StatusFound, Header: map[string]string{"Location": evil.URL("/b")}})
	evil.Serve("/b", fedtest.Doc{Status: http.StatusFound, Header: map[string]string{"Location": evil.URL("/users/evil")}})
	for i := range 20 {
		if status := evil.Send(alice, evil.Activity("Follow", alice.ActorURI())); status != http.StatusUnauthorized {
			t.Errorf("answered %d", status)
		}
		if n := len(evil.Gets()); n > 4 {
			t.Fatalf("request %d: %d fetches", i, n)
		}
	}
	c.Advance(11 * time.Minute)
	evil.Serve("/users/evil", evil.Actor())
	if status := evil.Send(alice, evil.Activity("Follow", alice.ActorURI())); status != http.StatusAccepted {
		t.Errorf("healed, it was answered %d", status)
	}
}

// T28: a post that names ten thousand of everything is cut or refused, and makes
// us ask at most twenty times.
func TestT28_TenThousandOfEverything(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, victim := c.Stranger("bob"), c.Stranger("victim")
	followStranger(t, alice, bob)
	_, port, _ := strings.Cut(victim.Host, ":")
	many := func(n int, one func(i int) any) []any {
		list := make([]any, n)
		for i := range list {
			list[i] = one(i)
		}
		return list
	}
	at := func(i int) string { return fmt.Sprintf("http://h%d.localhost:%s/u", i, port) }
	for name, change := range map[string]map[string]any{
		"mentions": {"tag": many(10_000, func(i int) any { return map[string]any{"type": "Mention", "href": at(i)} })},
		"hashtags": {"tag": many(10_000, func(i int) any { return map[string]any{"type": "Hashtag", "name": fmt.Sprint("#t", i)} })},
		"emoji": {"tag": many(5_000, func(i int) any {
			return map[string]any{"type": "Emoji", "name": fmt.Sprint(":e", i, ":"), "icon": map[string]any{"url": at(i)}}
		})},
		"files":     {"attachment": many(5_000, func(i int) any { return map[string]any{"type": "Image", "url": at(i), "name": "x"} })},
		"links":     {"attachment": many(5_000, func(i int) any { return map[string]any{"type": "Link", "href": at(i)} })},
		"receivers": {"to": many(10_000, func(i int) any { return at(i) }), "cc": []any{"https://www.w3.org/ns/activitystreams#Public"}},
		"options":   {"type": "Question", "oneOf": many(10_000, func(i int) any { return map[string]any{"type": "Note", "name": fmt.Sprint("o", i)} })},
		"a name":    {"type": "Article", "name": strings.Repeat("n", 900<<10)},
		"a warning": {"summary": strings.Repeat("w ", 450<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			note := bob.Note("/n/"+strings.ReplaceAll(name, " ", ""), "<p>many</p>")
			for k, v := range change {
				note[k] = v
			}
			start := time.Now()
			if status := bob.Send(alice, bob.Activity("Create", note)); status != http.StatusAccepted && !refused(status) {
				t.Errorf("answered %d", status)
			}
			c.Settle()
			if d := time.Since(start); d > slowness*3*time.Second {
				t.Errorf("it took %v", d)
			}
			if n := len(victim.Gets()); n > 20 {
				t.Errorf("%d look-ups", n)
			}
			p, ok := alice.Has(t, note["id"].(string))
			if !ok {
				return
			}
			options := 0
			if p.Extra.Poll != nil {
				options = len(p.Extra.Poll.Options)
			}
			for what, n := range map[string]int{
				"mentions": len(p.Extra.Mentions), "hashtags": len(p.Extra.Tags), "emoji": len(p.Extra.Emojis), "files": 5 * len(p.Extra.Attachments),
				"options": options, "of title": len(p.Title) / 21, "of warning": len(p.Summary) / 205, "KB of text": len(p.Content) >> 10,
			} {
				if n > 100 {
					t.Errorf("%d %s were kept", n, what)
				}
			}
		})
	}
}

// T32: a thousand forged requests that name a thousand keys of one host make at
// most one request to it at a time, and what is no signature at all makes none.
func TestT32_OneKeyAtATime(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	eve, victim := c.Stranger("eve"), c.Stranger("victim")
	var now, most, all atomic.Int64
	victim.Handle(func(w http.ResponseWriter, r *http.Request) {
		all.Add(1)
		for n := now.Add(1); n > most.Load(); {
			most.Store(n)
		}
		time.Sleep(2 * time.Millisecond) // a victim that takes its time
		now.Add(-1)
		http.NotFound(w, r)
	})
	for _, header := range []string{"", "keyId", `keyId="x"`, `keyId="` + victim.URL("/u") + `"`, `keyId="` + victim.URL("/u") + `",headers="date",signature="AAAA"`} {
		r, _ := eve.Request(alice, eve.Activity("Follow", alice.ActorURI()))
		r.Header.Set("Signature", header)
		if status := c.Do(r); !refused(status) {
			t.Errorf("%q: answered %d", header, status)
		}
	}
	if n := all.Load(); n != 0 {
		t.Errorf("bad syntax cost %d fetches", n)
	}
	var wg sync.WaitGroup
	for i := range 200 {
		r, body := eve.Request(alice, eve.Activity("Follow", alice.ActorURI()))
		r.Header.Del("Signature")
		signer := httpsig.Signer{KeyID: victim.URL(fmt.Sprintf("/users/u%d#main-key", i)), Key: eve.Key}
		if err := signer.SignCavage(r, body, c.Now()); err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			if status := c.Do(r); status < 400 {
				t.Errorf("answered %d", status)
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 || all.Load() > 200 {
		t.Errorf("%d requests at once, %d in all", most.Load(), all.Load())
	}
}

// T30: ten thousand answers, one below the other, and a circle of two are
// stored and shown without a stack that grows with them.
func TestT30_LongChainsAndCircles(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	actor := followStranger(t, alice, bob)
	const depth = 10_000
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		parent := ""
		for i := range depth {
			p := store.Post{URI: bob.URL(fmt.Sprint("/c/", i)), ActorID: actor.ID, Content: "<p>x</p>", ParentURI: parent, PublishedAt: c.Now()}
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			parent = p.URI
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	last := bob.Note("/c/last", "<p>the end</p>")
	last["inReplyTo"] = bob.URL(fmt.Sprint("/c/", depth-1))
	for path, parent := range map[string]string{"/o/1": "/o/2", "/o/2": "/o/1", "/o/3": "/o/3"} {
		note := bob.Note(path, "<p>round</p>")
		note["inReplyTo"] = bob.URL(parent)
		bob.Serve(path, note)
		bob.Send(alice, bob.Activity("Create", note))
	}
	start := time.Now()
	if status := bob.Send(alice, bob.Activity("Create", last)); status != http.StatusAccepted {
		t.Errorf("answered %d", status)
	}
	c.Settle()
	for _, path := range []string{"/c/last", "/c/0", "/o/1", "/o/3"} {
		p, ok := alice.Has(t, bob.URL(path))
		if !ok {
			t.Fatalf("%s is not kept", path)
		}
		if _, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int, error) {
			up, err := tx.Ancestors(p, 1000)
			if err != nil {
				return 0, err
			}
			down, err := tx.Descendants(p.ID, 1000)
			return len(up) + len(down), err
		}); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if d := time.Since(start); d > slowness*5*time.Second {
		t.Errorf("it took %v", d)
	}
	if n := len(bob.Gets()); n > 400 {
		t.Errorf("%d requests", n)
	}
}
