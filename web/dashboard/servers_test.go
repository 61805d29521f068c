package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

func broken(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "out of order", http.StatusServiceUnavailable)
}

// hostID is the id of somebody's server here.
func (h *house) hostID(name string) int64 {
	h.t.Helper()
	host, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (store.Host, error) { return tx.Host(h.other(name).Host) })
	if err != nil {
		h.t.Fatal(err)
	}
	return host.ID
}

func (h *house) personID(name string) int64 {
	h.t.Helper()
	a, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(h.other(name).ActorURI()) })
	if err != nil {
		h.t.Fatal(err)
	}
	return a.ID
}

// followedBy lets people follow alice.
func (h *house) followedBy(names ...string) {
	h.t.Helper()
	h.Lock(h.t, false)
	for _, name := range names {
		h.other(name).Follows(h.t, h.Server)
	}
}

func TestFollowersByServer(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	h.open("/me/followers").says(t, "Nobody follows you yet")
	h.followedBy("bob", "carol")
	h.cluster.Settle()
	bob := h.other("bob")
	page := h.open("/me/followers")
	page.says(t, "2 people on 2 servers", bob.Host, "Answers", "follows you since", "Remove this server…", "/me/followers/server/"+decimal(h.hostID("bob")))
	page.hides(t, "Gone for long", "Silent just")
	bob.Misbehave(broken)
	h.Post(t, store.Public, "Does it arrive?")
	h.cluster.SettleFor(2*24*time.Hour, 2*time.Hour)
	h.open("/me/followers").says(t, "1 of 2 servers answers.", "1 is silent.", "Silent 2 days", "answered 503")
	h.cluster.SettleFor(8*24*time.Hour, 6*time.Hour)
	for range 8 { // a new post each day finds it out of order
		h.Post(t, store.Public, "Another day.")
		h.cluster.SettleFor(24*time.Hour, 6*time.Hour)
	}
	h.open("/me/followers").says(t, "1 is gone.", "Gone for long", "ends the retries")
	h.open("/me/followers?by=silent").says(t, "server gone since", bob.Handle())
	one := h.open("/me/followers/server/" + decimal(h.hostID("bob")))
	one.says(t, "1 follower", "Gone ", "answered 503", "Remove the chosen…", `name="id" value="`+decimal(h.personID("bob"))+`"`, "/block")
	if p := h.do("GET", "/me/followers/server/4711", nil); p.status != http.StatusNotFound {
		t.Errorf("a server that is not known: %d", p.status)
	}
}

func TestOrdersOfFollowers(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	h.followedBy("bob", "carol")
	h.open("/me/followers?by=new").says(t, "follows you since November 2026", `aria-current="page">Newest`)
	h.Follows(t, h.other("carol"))
	h.other("carol").Post(t, store.Public, "I am here.")
	page := h.open("/me/followers?by=post")
	page.says(t, "last post today", `aria-current="page">Last post`)
	if strings.Index(page.body, "@carol@") > strings.Index(page.body, "@bob@") {
		t.Error("who posted last does not stand first")
	}
	silent := h.open("/me/followers?by=silent")
	silent.says(t, "Of 1 follower we do not know", "Ask their servers", "Nobody, as far as we know.")
	h.sent("/me/followers/ask").says(t, "Asking.", "being asked")
	h.cluster.Settle()
	h.open("/me/followers?by=silent").hides(t, "we do not know")
	h.open("/me/followers?by=new").says(t, "no post that everybody may read")
}

func TestRemoveAServer(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	h.followedBy("bob", "carol")
	path := "/me/followers/server/" + decimal(h.hostID("bob")) + "/remove"
	h.open(path).says(t, "Remove 1 follower on "+h.other("bob").Host+"?", "Their server is told", `class="btn danger first">Remove 1 follower`)
	if n := h.open("/me/followers").body; !strings.Contains(n, "2 people") {
		t.Fatal("asking has removed somebody")
	}
	h.sent(path).says(t, "Removed.", "1 person follows you no longer", "1 person on 1 server")
	h.cluster.Settle()
	if n := len(h.other("bob").Received("Reject")); n != 1 {
		t.Errorf("bob was told %d times", n)
	}
	if p := h.do("GET", path, nil); p.status != http.StatusNotFound {
		t.Errorf("nobody is left to remove: %d", p.status)
	}
}

func TestRemoveChosenFollowers(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	h.followedBy("bob", "carol")
	bob, carol := decimal(h.personID("bob")), decimal(h.personID("carol"))
	h.open("/me/followers/remove?id="+bob+"&id="+carol+"&id=99").says(t, "Remove 2 followers?", "@bob@", "@carol@", `name="id" value="`+bob+`"`)
	if p := h.do("GET", "/me/followers/remove", nil); p.location != "/me/followers?done=nobody" {
		t.Errorf("nobody was chosen: %d %s", p.status, p.location)
	}
	h.sent("/me/followers/remove", "id", bob).says(t, "Removed.", "1 person on 1 server")
	if p := h.do("GET", "/me/followers/remove?id="+bob, nil); p.status != http.StatusNotFound {
		t.Errorf("who does not follow cannot be removed: %d", p.status)
	}
}

func TestFollowersAsCSV(t *testing.T) {
	h := newHouse(t, "bob")
	h.followedBy("bob")
	p := h.open("/me/followers.csv")
	if p.body != "Account address\n"+h.other("bob").Handle()+"\n" || p.header.Get("Content-Type") != "text/csv; charset=utf-8" || p.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("%q %v", p.body, p.header)
	}
}

func TestT40NoCellIsAFormula(t *testing.T) {
	for handle, want := range map[string]string{
		"bob@b.example": "bob@b.example", "=cmd@b.example": "'=cmd@b.example", "-1@b.example": "'-1@b.example", "a,b@c.example": `"a,b@c.example"`, `a"b`: `"a""b"`,
	} {
		if got := cell(handle); got != want {
			t.Errorf("%s: %s, want %s", handle, got, want)
		}
	}
}

func TestDeliveriesByServer(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	h.open("/me/deliveries").says(t, "Nothing waits.", "Nobody follows you yet.")
	h.followedBy("bob", "carol")
	h.open("/me/deliveries").says(t, "Nothing waits.", "All 2 servers answer.", "#i-ok")
	bob := h.other("bob")
	bob.Misbehave(broken)
	p := h.Post(t, store.Public, "Does it arrive?")
	h.cluster.SettleFor(30*time.Minute, time.Minute)
	at := "/me/deliveries/" + decimal(h.hostID("bob"))
	h.open("/me/deliveries").says(t, "1 delivery to 1 server", bob.Host, "1 post or edit.", "It answered 503", "being worked on", "Tried ", "Next try", "Try now", "Drop…", "1 follower")
	h.sent(at+"/retry", "back", "/me/deliveries").says(t, "Trying now.", "due now")
	bob.Misbehave(nil)
	h.cluster.Settle()
	h.open("/me/deliveries").says(t, "Nothing waits.")
	if _, ok := bob.Has(t, p.URI); !ok {
		t.Error("it did not arrive")
	}
	if got := h.submit("/me/deliveries/4711/retry"); got.status != http.StatusNotFound {
		t.Errorf("a server that is not known: %d", got.status)
	}
}

func TestDropDeliveries(t *testing.T) {
	h := newHouse(t, "bob")
	h.followedBy("bob")
	bob := h.other("bob")
	gone := h.Post(t, store.Public, "Regret.")
	bob.Misbehave(broken)
	p := h.Post(t, store.Public, "Waits.")
	if _, err := h.Delete(ctx, gone.ID); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	at := "/me/deliveries/" + decimal(h.hostID("bob")) + "/drop"
	h.open(at).says(t, "Drop what waits for "+bob.Host, "1 post or edit", "1 deletion waits on", "Drop the deletions too…")
	h.open(at+"?deletions=yes").says(t, "stays on "+bob.Host+" for good", "cannot be made good", `name="deletions" value="yes"`)
	h.sent(at).says(t, "Dropped.", "1 delivery was given up", "1 deletion.")
	h.open(postPath(p.ID)+"/delivery").says(t, "1 was given up", "stopped by you: a copy may be there")
	h.sent(at, "deletions", "yes").says(t, "Dropped.", "Nothing waits.")
	h.open(at).says(t, "Nothing waits that could be dropped.")
	h.sent(at).says(t, "Nothing was dropped.")
}

func TestReceiptsOfAPost(t *testing.T) {
	h := newHouse(t, "bob", "carol", "dave")
	h.followedBy("bob", "carol")
	bob := h.other("bob")
	bob.Misbehave(broken)
	p := h.Post(t, store.Public, "Where did it go?")
	at := postPath(p.ID) + "/delivery"
	page := h.open(at)
	page.says(t, "1 of 2 servers accepted it.", "1 did not answer.", "Not there yet", "No answer", "Answered 503", "Try now", "Stop trying",
		"1 server, median answer", "first sent in", "2 servers with followers", "Queue: 1 waiting")
	if strings.Index(page.body, bob.Host) > strings.Index(page.body, h.other("carol").Host) {
		t.Error("the exceptions do not stand first")
	}
	host := decimal(h.hostID("bob"))
	h.open("/me/deliveries/"+host+"/drop?post="+decimal(p.ID)).says(t, "Stop trying to send this post to "+bob.Host, `name="post"`)
	bob.Misbehave(nil)
	h.sent(at+"/retry").says(t, "Trying now.")
	h.cluster.Settle()
	all := h.open(at)
	all.says(t, "All 2 servers accepted it.")
	all.hides(t, "Not there yet")
	h.cluster.SettleFor(time.Minute, 10*time.Second)
	if _, err := h.other("dave").Lookup(ctx, p.URI); err != nil {
		t.Fatal(err)
	}
	h.cluster.SettleFor(10*time.Second, 5*time.Second)
	h.open(at).says(t, "Fetched again since", h.other("dave").Host, "nobody there follows you")
	if p := h.do("GET", postPath(4711)+"/delivery", nil); p.status != http.StatusNotFound {
		t.Errorf("a post that is not there: %d", p.status)
	}
}

func TestPreviewsOnCards(t *testing.T) {
	h := newHouse(t)
	site := h.cluster.Stranger("warraq")
	site.Serve("/box7", siteDoc(`<title>&lt;b&gt;Notes&lt;/b&gt; on box "seven"</title><meta name=description content="Forty-one names of beans.">`))
	p := h.Post(t, store.Public, "Read "+site.URL("/box7"))
	h.open(postPath(p.ID)).hides(t, "linkcard")
	h.cluster.SettleFor(2*time.Minute, time.Minute)
	for _, path := range []string{"/me", postPath(p.ID)} { // T34: what the page says is text
		h.open(path).says(t, `class="linkcard"`, `Notes on box &#34;seven&#34;`, "Forty-one names of beans.", `<bdi class="muted small" dir="ltr">`+site.Host)
	}
	form := []string{"language", "en", "timezone", "UTC", "quotable", "public"}
	h.open("/me/settings").says(t, "Fetch previews of links", `name="link_previews" value="yes" checked`)
	h.sent("/me/settings", form...)
	if h.Settings().LinkPreviews {
		t.Error("it cannot be switched off")
	}
	h.open(postPath(p.ID)).hides(t, "linkcard")
	h.sent("/me/settings", append(form, "link_previews", "yes")...)
	h.open(postPath(p.ID)).says(t, "linkcard")
}

func TestVerifiedLinksOnTheProfilePage(t *testing.T) {
	h := newHouse(t)
	site := h.cluster.Stranger("garden")
	site.Serve("/", siteDoc("<p>Nothing yet."))
	h.open("/me/profile").says(t, "a link and nothing else", `&lt;a rel=&#34;me&#34; href=&#34;`+h.Origin().URL("/@alice"))
	h.sent("/me/profile", "display", "Alice", "field_name", "Garden", "field_value", site.URL("/"))
	h.open("/me/profile").says(t, "Not looked at yet.", "Check now")
	h.sent("/me/profile/links").says(t, "Checked.", "Not verified:", "no link back with rel=")
	site.Serve("/", siteDoc(`<a rel="me" href="`+h.Origin().URL("/@alice")+`">`))
	h.sent("/me/profile/links").says(t, "Verified since", "Looked at <time")
	h.open("/me/person/1").says(t, "verified")
}
