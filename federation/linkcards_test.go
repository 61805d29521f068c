package federation_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

const aPage = `<!doctype html><html lang="en"><head><title>Tab</title><meta property="og:title" content="Notes on box seven">
	<meta property="og:description" content="Forty-one names of beans."><meta property="og:site_name" content="Warraq"><meta property="og:image" content="/box.png"></head><body>`

// library is a site with one page and its picture.
func library(t *testing.T, c *fedtest.Cluster) *fedtest.Stranger {
	t.Helper()
	s := c.Stranger("warraq")
	s.Serve("/box7", fedtest.Doc{Type: "text/html; charset=utf-8", Body: aPage})
	s.Serve("/box.png", fedtest.Doc{Type: "image/png", Body: picture(t, 9, 900)})
	return s
}

func cardOf(t *testing.T, s *fedtest.Server, postID int64) (store.LinkCard, bool) {
	t.Helper()
	found, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) (map[int64]store.LinkCard, error) { return tx.LinkCards([]int64{postID}) })
	if err != nil {
		t.Fatal(err)
	}
	c, ok := found[postID]
	return c, ok
}

func TestALinkInAPostHasAPreview(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	site := library(t, c)
	alice.Follows(t, bob)
	p := bob.Post(t, store.Public, "Read "+site.URL("/box7")+" today.")
	got, ok := alice.Has(t, p.URI)
	if !ok {
		t.Fatal("the post did not arrive")
	}
	c.SettleFor(2*time.Minute, 10*time.Second)
	for at, id := range map[*fedtest.Server]int64{alice: got.ID, bob: p.ID} { // own posts too
		card, ok := cardOf(t, at, id)
		if !ok || card.Title != "Notes on box seven" || card.Description != "Forty-one names of beans." || card.Site != "Warraq" || card.URL != site.URL("/box7") {
			t.Fatalf("%s has %+v", at.Name, card)
		}
		if card.ImageName == "" || card.Width == 0 || card.Width > 400 || card.Height > 400 || card.Language != "en" {
			t.Errorf("%s keeps the picture as %+v", at.Name, card)
		}
		if f, _, err := at.Media().Open(card.ImageName); err != nil {
			t.Error(err)
		} else {
			f.Close()
		}
	}
	if n := fetched(site, "/box7"); n != 2 {
		t.Errorf("two servers asked %d times", n)
	}
	// A second post with the link, and opening it, ask nobody.
	again := bob.Post(t, store.Public, "Again: "+site.URL("/box7#page3"))
	c.SettleFor(2*time.Minute, time.Minute)
	if card, ok := cardOf(t, bob, again.ID); !ok || card.Title == "" || fetched(site, "/box7") != 2 {
		t.Errorf("the second post has %+v; asked %d times", card, fetched(site, "/box7"))
	}
	if err := bob.OpenCard(ctx(), again.ID); err != nil {
		t.Error(err)
	}
	c.Advance(15 * 24 * time.Hour)
	if err := bob.OpenCard(ctx(), again.ID); err != nil {
		t.Error(err)
	}
	c.SettleFor(2*time.Minute, time.Minute)
	if n := fetched(site, "/box7"); n != 3 {
		t.Errorf("a preview of 15 days was asked for %d times when its post was opened, want 1 more", n-2)
	}
}

func TestPostsWithoutAPreview(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	site := library(t, c)
	bob.Follows(t, alice)
	alice.Post(t, store.Direct, "A letter for @"+bob.Handle()+": "+site.URL("/box7"))
	alice.Post(t, store.Public, "@"+bob.Handle()+" #beans "+alice.Origin().URL("/about"))
	set := alice.Settings()
	set.LinkPreviews = false
	if err := alice.SaveSettings(ctx(), set); err != nil {
		t.Fatal(err)
	}
	p := alice.Post(t, store.Public, "Off: "+site.URL("/box7"))
	if err := alice.OpenCard(ctx(), p.ID); err != nil {
		t.Fatal(err)
	}
	set = bob.Settings()
	set.LinkPreviews = false
	if err := bob.SaveSettings(ctx(), set); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(2*time.Minute, time.Minute)
	if gets := site.Gets(); len(gets) != 0 {
		t.Errorf("somebody asked for %v", gets)
	}
}

func TestAnEditChangesThePreview(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	site := library(t, c)
	site.Serve("/other", fedtest.Doc{Type: "text/html", Body: "<title>The other page</title>"})
	p := alice.Post(t, store.Public, "See "+site.URL("/box7"))
	c.SettleFor(2*time.Minute, time.Minute)
	if _, err := alice.Edit(ctx(), p.ID, federation.Draft{Text: "See " + site.URL("/other")}); err != nil {
		t.Fatal(err)
	}
	if _, ok := cardOf(t, alice, p.ID); ok {
		t.Error("the preview of the old link is still there")
	}
	c.SettleFor(2*time.Minute, time.Minute)
	if card, _ := cardOf(t, alice, p.ID); card.Title != "The other page" || card.ImageName != "" {
		t.Errorf("%+v", card)
	}
	if _, err := alice.Edit(ctx(), p.ID, federation.Draft{Text: "Nothing to see."}); err != nil {
		t.Fatal(err)
	}
	if _, ok := cardOf(t, alice, p.ID); ok {
		t.Error("a post without a link has a preview")
	}
}

// T23: what leads to a private address, or anywhere by a redirect, is judged by the
// one client; T26: of a page without end the beginning is read.
func TestT23_T26_PreviewsOfHostilePages(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	site := c.Stranger("evil")
	secret := c.Stranger("secret")
	head := func(more string) string { return `<head><meta property="og:title" content="Title">` + more + `</head>` }
	large := head("") + strings.Repeat("<p>x", 2<<20)
	pages := map[string]fedtest.Doc{
		"/json":     {Type: "application/json", Body: `{"title":"x"}`},
		"/picture":  {Type: "image/png", Body: head("")},
		"/untitled": {Type: "text/html", Body: "<p>Words."},
		"/500":      {Status: 500, Type: "text/html", Body: head("")},
		"/private":  {Status: 302, Header: map[string]string{"Location": "http://10.0.0.1/"}},
		"/data":     {Status: 302, Header: map[string]string{"Location": "data:text/html,<title>x</title>"}},
		"/self":     {Status: 302, Header: map[string]string{"Location": "/self"}},
		"/home":     {Status: 302, Header: map[string]string{"Location": alice.Origin().URL("/inbox")}},
		"/loop1":    {Status: 302, Header: map[string]string{"Location": "/loop2"}},
		"/loop2":    {Status: 302, Header: map[string]string{"Location": "/loop1"}},
	}
	shown := map[string]fedtest.Doc{
		"/large":        {Type: "text/html", Body: large},
		"/away":         {Status: 302, Header: map[string]string{"Location": secret.URL("/page")}},
		"/image":        {Type: "text/html", Body: head(`<meta property="og:image" content="http://10.0.0.1/x.png">`)},
		"/image-data":   {Type: "text/html", Body: head(`<meta property="og:image" content="data:image/png;base64,AAAA">`)},
		"/image-html":   {Type: "text/html", Body: head(`<meta property="og:image" content="/json">`)},
		"/image-script": {Type: "text/html", Body: head(`<meta property="og:image" content="javascript:alert(1)">`)},
	}
	secret.Serve("/page", fedtest.Doc{Type: "text/html", Body: head("")})
	posts := map[string]store.Post{}
	for path, doc := range pages {
		site.Serve(path, doc)
	}
	for path, doc := range shown {
		site.Serve(path, doc)
	}
	for _, list := range []map[string]fedtest.Doc{pages, shown} {
		for path := range list {
			posts[path] = alice.Post(t, store.Public, "Look: "+site.URL(path))
		}
	}
	c.SettleFor(2*time.Minute, 30*time.Second)
	for path := range pages {
		if card, ok := cardOf(t, alice, posts[path].ID); ok {
			t.Errorf("%s has a preview: %+v", path, card)
		}
	}
	for path := range shown {
		card, ok := cardOf(t, alice, posts[path].ID)
		if !ok || card.Title != "Title" || card.ImageName != "" {
			t.Errorf("%s: %v %+v", path, ok, card)
		}
	}
	asked := len(site.Gets())
	for path := range pages { // the failure is remembered
		if err := alice.OpenCard(ctx(), posts[path].ID); err != nil {
			t.Error(err)
		}
	}
	c.SettleFor(2*time.Minute, time.Minute)
	if n := len(site.Gets()); n != asked {
		t.Errorf("what failed was asked for again at once: %v", site.Gets()[asked:])
	}
	site.Serve("/500", fedtest.Doc{Type: "text/html", Body: head("")})
	c.Advance(25 * time.Hour)
	if err := alice.OpenCard(ctx(), posts["/500"].ID); err != nil {
		t.Error(err)
	}
	c.SettleFor(2*time.Minute, time.Minute)
	if _, ok := cardOf(t, alice, posts["/500"].ID); !ok {
		t.Error("a day later, what had failed was not tried again")
	}
}

// T31: fresh names of one domain cost at most ten requests in an hour, pages of one
// domain at most thirty.
func TestT31PreviewsAreBoundedByDomain(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	evil := c.Stranger("evil")
	evil.Handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<title>T</title>")
	})
	post := func(from, n int, address func(i int) string) {
		for i := from; i < from+n; i++ {
			if _, err := alice.Publish(ctx(), federation.Draft{Text: address(i), Visibility: store.Public}); err != nil {
				t.Fatal(err)
			}
		}
		c.SettleFor(2*time.Minute, time.Minute)
	}
	names := func(i int) string { return strings.Replace(evil.URL("/"), "://", fmt.Sprintf("://s%d.", i), 1) }
	post(0, 25, names)
	if n := len(evil.Gets()); n != 10 {
		t.Errorf("25 names of one domain were asked %d times, want 10", n)
	}
	c.Advance(2 * time.Hour)
	evil.Forget()
	post(0, 1, func(int) string { return evil.URL("/known") })
	post(0, 60, func(i int) string { return evil.URL(fmt.Sprintf("/p%d", i)) })
	if n := len(evil.Gets()); n < 25 || n > 32 {
		t.Errorf("61 pages of one domain were asked for %d times, want about 30", n)
	}
}

// A page can name anybody as its author; only a person whose profile names the site
// is shown as such (GHSA-rwcw-vq68-g34p).
func TestT20AuthorsVouchForTheSite(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	site, layla := c.Stranger("warraq"), c.Stranger("layla")
	page := fedtest.Doc{Type: "text/html", Body: `<title>T</title><meta name="author" content="The staff"><meta name="fediverse:creator" content="@layla@` + layla.Host + `">`}
	site.Serve("/a", page)
	site.Serve("/b", page)
	known := lookUp(t, alice, layla.ActorID())
	one := alice.Post(t, store.Public, site.URL("/a"))
	c.SettleFor(2*time.Minute, time.Minute)
	if card, _ := cardOf(t, alice, one.ID); card.AuthorID != 0 || card.Author != "The staff" || card.AuthorURL != "" {
		t.Errorf("without her word the page speaks for layla: %+v", card)
	}
	doc := layla.Actor()
	doc["attributionDomains"] = []any{site.Host}
	layla.Serve("/users/layla", doc)
	c.Advance(2 * time.Hour)
	if err := alice.OpenPerson(ctx(), known.ID); err != nil {
		t.Log(err, layla.Gets()) // she has no outbox
	}
	two := alice.Post(t, store.Public, site.URL("/b"))
	c.SettleFor(2*time.Minute, time.Minute)
	if card, _ := cardOf(t, alice, two.ID); card.AuthorID != known.ID || card.Author != "layla" {
		t.Errorf("with her word: %+v; %v", card, stored(t, alice, known.ID).Extra.CreditedBy)
	}
}

func TestAPreviewOutlivesATroubledPage(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	site := library(t, c)
	p := alice.Post(t, store.Public, site.URL("/box7"))
	c.SettleFor(2*time.Minute, time.Minute)
	site.Handle(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusServiceUnavailable) })
	c.Advance(20 * 24 * time.Hour)
	if err := alice.OpenCard(ctx(), p.ID); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(2*time.Minute, time.Minute)
	if card, ok := cardOf(t, alice, p.ID); !ok || card.Failed != 1 || card.ImageName == "" || !slices.Contains(site.Gets(), "/box7") {
		t.Errorf("%v %+v", ok, card)
	}
	if _, err := alice.Delete(ctx(), p.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := cardOf(t, alice, p.ID); ok {
		t.Error("a deleted post has a preview")
	}
}
