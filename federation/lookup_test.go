package federation_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func TestPeopleAndPostsAreFoundByWhateverNamesThem(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob, mallory := c.Servers[0], c.Servers[1], c.Stranger("mallory")
	p := bob.Post(t, store.Public, "Find me")
	note := mallory.Note("/notes/1", "<p>Hello</p>")
	note["url"] = mallory.URL("/@mallory/1")
	mallory.Serve("/notes/1", note)
	mallory.Serve("/@mallory/1", note)                                          // a page that answers with the object
	mallory.Serve("/@mallory", mallory.Actor())                                 // likewise
	mallory.Serve("/u/mallory", fedtest.Doc{Type: "text/html", Body: "<html>"}) // a page that does not
	own := alice.Post(t, store.Public, "Mine")
	for _, tc := range []struct{ query, actor, post string }{
		{"@" + bob.Handle(), bob.ActorURI(), ""},
		{bob.Handle(), bob.ActorURI(), ""},
		{"  acct:" + bob.Handle() + " ", bob.ActorURI(), ""},
		{"@BOB@" + strings.ToUpper(bob.Host), bob.ActorURI(), ""},
		{bob.ActorURI(), bob.ActorURI(), ""},
		{p.URI, "", p.URI},
		{p.URI + "/activity", "", p.URI},
		{mallory.ActorID(), mallory.ActorID(), ""},
		{mallory.URL("/@mallory"), mallory.ActorID(), ""},
		{strings.TrimPrefix(mallory.URL("/@mallory"), "http://"), mallory.ActorID(), ""},
		{mallory.URL("/u/mallory"), mallory.ActorID(), ""},
		{mallory.URL("/notes/1"), "", mallory.URL("/notes/1")},
		{mallory.URL("/@mallory/1"), "", mallory.URL("/notes/1")},
		{"@alice", alice.ActorURI(), ""},
		{"@" + alice.Handle(), alice.ActorURI(), ""},
		{alice.ActorURI(), alice.ActorURI(), ""},
		{alice.Origin().URL("/@alice"), alice.ActorURI(), ""},
		{own.URI, "", own.URI},
		{own.URL, "", own.URI},
	} {
		f, err := alice.Lookup(ctx(), tc.query)
		switch {
		case err != nil:
			t.Errorf("%s: %v", tc.query, err)
		case tc.actor != "" && (f.Actor == nil || f.Actor.URI != tc.actor):
			t.Errorf("%s led to %+v", tc.query, f)
		case tc.post != "" && (f.Post == nil || f.Post.URI != tc.post):
			t.Errorf("%s led to %+v", tc.query, f)
		}
	}
	c.Settle()
	if _, ok := alice.Has(t, p.URI); !ok {
		t.Error("the post that was looked up is not stored")
	}
	if len(alice.Home(t)) != 1 {
		t.Error("looking posts up put them into the home timeline")
	}
}

func TestALookUpThatFailsSaysWhyAndNamesTheServer(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, mallory, victim := c.Servers[0], c.Stranger("mallory"), c.Stranger("victim")
	status := func(path string, code int) string {
		mallory.Serve(path, fedtest.Doc{Status: code})
		return mallory.URL(path)
	}
	mallory.Serve("/page", fedtest.Doc{Type: "text/html; charset=utf-8", Body: "<html>"})
	mallory.Serve("/json", fedtest.Doc{Type: "application/json", Body: mallory.Note("/json", "x")})
	mallory.Serve("/broken", fedtest.Doc{Body: "{"})
	mallory.Serve("/list", map[string]any{"id": mallory.URL("/list"), "type": "OrderedCollection"})
	lie := mallory.Note("/lie", "x")
	lie["attributedTo"] = victim.ActorID()
	mallory.Serve("/lie", lie)
	spoof := victim.Actor()
	mallory.Serve("/spoof", spoof)
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.BlockHost("blocked.localhost") }); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		query, words string
		code         reply.Code
	}{
		{"hello there", "neither a handle", reply.Unprocessable},
		{"", "neither a handle", reply.Unprocessable},
		{"javascript:alert(1)", "neither a handle", reply.Unprocessable},
		{"@nobody@" + alice.Host, "nobody called @nobody", reply.NotFound},
		{alice.Origin().URL("/posts/1"), "no such post", reply.NotFound},
		{alice.Origin().URL("/about"), "no person and no post", reply.NotFound},
		{"@a@blocked.localhost", "You blocked blocked.localhost", reply.Unprocessable},
		{"http://blocked.localhost/x", "You blocked blocked.localhost", reply.Unprocessable},
		{"http://192.0.2.1/x", "192.0.2.1 cannot be asked", reply.Unprocessable},
		{"http://127.0.0.1:1/x", "127.0.0.1:1 could not be reached", reply.Unavailable},
		{mallory.URL("/nothing"), mallory.Host + " knows no such", reply.NotFound},
		{status("/gone", 410), "was deleted", reply.NotFound},
		{status("/private", 403), "refused", reply.NotFound},
		{status("/busy", 503), "answered 503", reply.Unavailable},
		{mallory.URL("/page"), mallory.Host + " answered with a web page", reply.Unprocessable},
		{mallory.URL("/json"), "web page or a file", reply.Unprocessable},
		{mallory.URL("/broken"), "neither a person nor a post", reply.Unprocessable},
		{mallory.URL("/list"), "neither a person nor a post", reply.Unprocessable},
		{mallory.URL("/lie"), "not believed", reply.Unprocessable},
		{mallory.URL("/spoof"), "not believed", reply.Unprocessable},
	} {
		f, err := alice.Lookup(ctx(), tc.query)
		if reply.CodeOf(err) != tc.code || !strings.Contains(reply.Message(err), tc.words) {
			t.Errorf("%q: found %+v, %v, want %q", tc.query, f, err, tc.words)
		}
	}
	mallory.Handle(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if _, err := alice.Lookup(ctx(), mallory.URL("/slow")); reply.CodeOf(err) != reply.Unavailable || !strings.Contains(reply.Message(err), "did not answer") {
		t.Errorf("a server that hangs: %v", err)
	}
	n, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int, error) {
		_, err := tx.ActorByURI(victim.ActorID())
		return 0, err
	})
	if err != store.ErrNotFound {
		t.Errorf("the lie was stored: %d, %v", n, err)
	}
}

func TestALookedUpPersonIsNotEmpty(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, mallory := c.Servers[0], c.Stranger("mallory")
	outbox := make([]any, 3)
	for i := range outbox {
		outbox[i] = mallory.Activity("Create", mallory.Note(fmt.Sprint("/notes/", i), "x"))
	}
	mallory.Serve("/users/mallory/outbox", map[string]any{
		"id": mallory.ActorID() + "/outbox", "type": "OrderedCollection", "totalItems": 345, "orderedItems": outbox,
	})
	a := lookUp(t, alice, mallory.ActorID())
	c.Settle()
	posts, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Post, error) { return tx.PostsBy(a.ID, store.Page{}) })
	if err != nil || len(posts) != 3 || stored(t, alice, a.ID).PostsCount != 345 {
		t.Errorf("%d posts of %d, %v", len(posts), stored(t, alice, a.ID).PostsCount, err)
	}
}
