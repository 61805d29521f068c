package federation_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

func says(t *testing.T, s *fedtest.Server, fields ...string) {
	t.Helper()
	p := federation.Profile{Name: "Alice"}
	for i := 0; i+1 < len(fields); i += 2 {
		p.Fields = append(p.Fields, store.Field{Name: fields[i], Source: fields[i+1]})
	}
	if err := s.UpdateProfile(ctx(), p); err != nil {
		t.Fatal(err)
	}
}

func links(t *testing.T, s *fedtest.Server, actorID int64) map[string]store.VerifiedLink {
	t.Helper()
	found, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) (map[string]store.VerifiedLink, error) { return tx.VerifiedLinks(actorID) })
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestOwnLinksAreVerifiedOnSaveAndEveryWeek(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	site := c.Stranger("blog")
	profile := alice.Origin().URL("/@alice")
	site.Serve("/", fedtest.Doc{Type: "text/html", Body: `<a href="` + profile + `" rel="me">me</a>`})
	says(t, alice, "Blog", site.URL("/"), "Other", "words only")
	c.Settle()
	told := len(bob.Received("Update"))
	me := stored(t, alice, store.OwnerID)
	if f := me.Extra.Fields; len(f) != 2 || f[0].Verified.IsZero() || !f[1].Verified.IsZero() {
		t.Fatalf("the fields are %+v; %+v", f, links(t, alice, store.OwnerID))
	}
	since := me.Extra.Fields[0].Verified
	// Our mark is no change of the profile.
	if told != 1 || len(bob.Received("Update")) != told {
		t.Errorf("bob was told %d times", len(bob.Received("Update")))
	}
	if v := stored(t, bob, person(t, bob, alice).ID).Extra.Fields[0]; strings.Contains(v.Value, "erified") {
		t.Errorf("on the wire the field is %+v", v)
	}
	n := fetched(site, "/")
	c.SettleFor(8*24*time.Hour, 12*time.Hour)
	if m := fetched(site, "/"); m != n+1 {
		t.Errorf("in eight days it was asked for %d times", m-n)
	}
	says(t, alice, "My blog", site.URL("/"))
	if f := stored(t, alice, store.OwnerID).Extra.Fields[0]; !f.Verified.Equal(since) {
		t.Errorf("a new label took the mark: %+v", f)
	}
	// Out of order for a while: the mark stays, and the reason is told.
	site.Handle(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "", http.StatusServiceUnavailable) })
	if err := alice.CheckLinks(ctx()); err != nil {
		t.Fatal(err)
	}
	if v := links(t, alice, store.OwnerID)[site.URL("/")]; v.VerifiedAt.IsZero() || v.Error != "the page answered 503" {
		t.Errorf("%+v", v)
	}
	// The link is taken away there: the mark goes.
	site.Handle(nil)
	site.Serve("/", fedtest.Doc{Type: "text/html", Body: `<p>Nothing.`})
	if err := alice.CheckLinks(ctx()); err != nil {
		t.Fatal(err)
	}
	if f := stored(t, alice, store.OwnerID).Extra.Fields[0]; !f.Verified.IsZero() {
		t.Errorf("the mark outlived the link: %+v", f)
	}
	says(t, alice, "Words", "no link any more")
	if left := links(t, alice, store.OwnerID); len(left) != 0 {
		t.Errorf("still known: %+v", left)
	}
}

// T20: a link counts only by a link back from exactly that address.
func TestT20LinksAreVerifiedByALinkBackAlone(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	site, other := c.Stranger("blog"), c.Stranger("other")
	back := `<a rel="me" href="` + alice.Origin().URL("/@alice") + `">me</a>`
	other.Serve("/", fedtest.Doc{Type: "text/html", Body: back})
	html := func(body string) fedtest.Doc { return fedtest.Doc{Type: "text/html", Body: body} }
	to := func(where string) fedtest.Doc {
		return fedtest.Doc{Status: 302, Header: map[string]string{"Location": where}}
	}
	site.Serve("/back", html(back))
	for path, tc := range map[string]struct {
		doc fedtest.Doc
		why string // "" if it is verified
	}{
		"/ok":      {html(back), ""},
		"/actor":   {html(`<link rel="me" href="` + alice.ActorURI() + `">`), ""},
		"/none":    {html("<p>Hello."), `the page has no link back with rel="me"`},
		"/else":    {html(`<a rel="me" href="` + bob.Origin().URL("/@bob") + `">`), `the page has no link back with rel="me"`},
		"/moved":   {to("/back"), "the address leads on to another one; put that one here"},
		"/away":    {to(other.URL("/")), "the address leads on to another one; put that one here"},
		"/private": {to("http://10.0.0.1/"), "its address cannot be reached from here by rule"},
		"/large":   {html(back + strings.Repeat("x", 1<<20)), "the page is larger than 1 MB"},
		"/json":    {fedtest.Doc{Type: "application/json", Body: back}, "there is no web page at this address"},
		"/gone":    {fedtest.Doc{Status: 404, Type: "text/html", Body: back}, "the page answered 404"},
	} {
		site.Serve(path, tc.doc)
		says(t, alice, "Link", site.URL(path))
		c.Settle()
		v := links(t, alice, store.OwnerID)[site.URL(path)]
		if v.Error != tc.why || v.VerifiedAt.IsZero() == (tc.why == "") {
			t.Errorf("%s: verified %v, %q, want %q", path, v.VerifiedAt, v.Error, tc.why)
		}
		if f := stored(t, alice, store.OwnerID).Extra.Fields[0]; f.Verified.IsZero() == (tc.why == "") {
			t.Errorf("%s: the field is marked %v", path, f.Verified)
		}
	}
	says(t, alice, "Mine", alice.Origin().URL("/@alice"))
	c.Settle()
	if v := links(t, alice, store.OwnerID)[alice.Origin().URL("/@alice")]; v.Error != "it is an address of this server" {
		t.Errorf("%+v", v)
	}
	says(t, alice, "Bank", "https://bank.example/ is my bank")
	c.Settle()
	if all := links(t, alice, store.OwnerID); len(all) != 0 {
		t.Errorf("a link within a sentence was looked at: %+v", all)
	}
}

// T20: of somebody else's profile, a verified link shows its address, whatever the
// profile wrote there, and another server's page proves nothing.
func TestT20VerifiedLinksOfOthersShowWhereTheyLead(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	eve, site := c.Stranger("eve"), c.Stranger("site")
	site.Serve("/", fedtest.Doc{Type: "text/html", Body: `<a rel="me" href="` + eve.ActorID() + `">`})
	site.Serve("/bob", fedtest.Doc{Type: "text/html", Body: `<a rel="me" href="` + site.URL("/@bob") + `">`})
	long := site.URL("/") + "?" + strings.Repeat("official-", 60)
	field := func(name, href, text string) any {
		return map[string]any{"type": "PropertyValue", "name": name, "value": `<a href="` + href + `" rel="me">` + text + `</a>`}
	}
	doc := eve.Actor()
	doc["url"] = site.URL("/@bob") // she says that bob's page is hers
	doc["attachment"] = []any{
		field("Site", site.URL("/"), "Official site of the bank"),
		field("Bidi", site.URL("/bidi"), "\u202emoc.knab"),
		field("Stolen", site.URL("/bob"), "Bob"),
		field("Long", long, `<span class="invisible">`+site.URL("/")+`</span>bank.example`),
		field("Fifth", site.URL("/fifth"), "not looked at"),
	}
	eve.Serve("/users/eve", doc)
	a := lookUp(t, alice, eve.ActorID())
	c.Settle()
	if n := len(site.Gets()); n != 0 {
		t.Errorf("links of somebody were asked for before the owner looked: %v", site.Gets())
	}
	open := func() []store.Field {
		t.Helper()
		if err := alice.OpenPerson(ctx(), a.ID); err != nil {
			t.Log(err) // no posts
		}
		c.Settle()
		return stored(t, alice, a.ID).Extra.Fields
	}
	for _, at := range []time.Duration{0, 2 * time.Hour} { // the second time the profile is fetched anew
		c.Advance(at)
		f := open()
		if f[0].Verified.IsZero() || f[3].Verified.IsZero() {
			t.Fatalf("not verified: %+v; %+v", f, links(t, alice, a.ID))
		}
		if strings.Contains(f[0].Value, "Official") || !strings.Contains(f[0].Value, site.Host) {
			t.Errorf("the mark stands beside %s", f[0].Value)
		}
		if strings.Contains(f[3].Value, "bank.example") || !strings.Contains(f[3].Value, ">"+site.Host) {
			t.Errorf("the mark stands beside %s", f[3].Value)
		}
		for _, i := range []int{1, 2, 4} {
			if !f[i].Verified.IsZero() || strings.ContainsAny(f[i].Value, "\u202e") {
				t.Errorf("%+v", f[i])
			}
		}
	}
	if n := fetched(site, "/"); n != 1 {
		t.Errorf("the page was asked for %d times within a week", n)
	}
	if n := fetched(site, "/fifth"); n != 0 {
		t.Error("more than four links were looked at")
	}
}
