package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// followed is alice's page of somebody whom she follows.
func (h *house) followed(name string) (path string, s *fedtest.Server) {
	h.t.Helper()
	s = h.other(name)
	h.Follows(h.t, s)
	return personPath(h.known(s).ID), s
}

func TestPersonSaysHowYouStand(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	path, bob := h.followed("bob")
	carol := h.other("carol")
	since := dayOf(h.cluster.Now())
	bob.Follows(t, h.Server)
	h.Follows(t, carol)
	h.cluster.Advance(time.Minute)
	bob.Post(t, store.Public, "Leeks for @"+carol.Handle())
	h.cluster.Settle()
	page := h.open(path)
	page.says(t, "Follows you since "+since+".", "You follow them since "+since+".", "You share 1 person:", ">carol</bdi>", "<dt>Known</dt><dd>here since "+since, path+"/remove", "Write a note", "What you see", ">Mute</button>")
	if found := alive(page.body); found != "" {
		t.Errorf("the page holds %q", found)
	}
	h.Lock(t, true)
	dora := personPath(h.known(carol).ID)
	carol.Follows(t, h.Server)
	h.open(dora).says(t, "Asked to follow you just now.", `<a href="/me/requests">Answer the request</a>`)
}

func TestNotesToOneself(t *testing.T) {
	h := newHouse(t, "bob")
	path, _ := h.followed("bob")
	attack := `</p><script>alert(1)</script>`
	saved := h.sent(path+"/note", "text", "Met at the market.\nOwes me a leek. "+attack)
	saved.says(t, "Saved.", "Your note", "Met at the market.", "Change note")
	if found := alive(saved.body); found != "" {
		t.Errorf("the page holds %q", found)
	}
	long := h.submit(path+"/note", "text", strings.Repeat("x", 2001))
	if long.status != http.StatusUnprocessableEntity {
		t.Errorf("a long note answers %d", long.status)
	}
	long.says(t, strings.Repeat("x", 2001), "may have 2,000 characters", "Met at the market.")
	h.sent(path+"/note", "text", " ").hides(t, "Met at the market.", "Your note</b>")
	if p := h.submit("/me/person/4711/note", "text", "x"); p.status != http.StatusNotFound {
		t.Errorf("a note about nobody answers %d", p.status)
	}
}

func TestMuteForATime(t *testing.T) {
	h := newHouse(t, "bob")
	path, bob := h.followed("bob")
	h.cluster.Advance(time.Minute)
	bob.Post(t, store.Public, "Loud, @"+h.Handle()+" #loud")
	h.cluster.Settle()
	if _, err := h.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	lists := []string{"/me", "/me/inbox", "/me/search?q=loud", "/me/tags/loud"}
	for _, list := range lists {
		h.open(list).says(t, "Loud,")
	}
	h.open("/me/muted").says(t, "You muted nobody")
	h.sent(path+"/mute", "for", "1h", "notices", "yes").says(t, "Muted.", "1 hour left, notices too", ">Unmute</button>", "You follow them")
	for _, list := range lists {
		h.open(list).hides(t, "Loud,")
	}
	h.open(path).says(t, "Loud,")
	h.open(postPath(h.postOf(bob).ID)).says(t, "Loud,")
	h.submit(postPath(h.postOf(bob).ID) + "/save")
	h.open("/me/saved").says(t, "Loud,")
	h.open("/me/tags/loud").hides(t, "Loud,")
	h.open("/me/search?q=loud+from%3A%40"+bob.Handle()).says(t, "Loud,")
	h.open("/me/muted").says(t, "@"+bob.Handle(), "1 hour left", ">Unmute<span", `href="/me/blocked"`)
	h.open("/me/blocked").says(t, `href="/me/muted"`)
	h.cluster.Advance(61 * time.Minute)
	for _, list := range lists {
		h.open(list).says(t, "Loud,")
	}
	h.open("/me/muted").says(t, "You muted nobody")
	h.sent(path+"/mute", "for", "good").says(t, "until you unmute them")
	h.open("/me/inbox").says(t, "Loud,")
	h.sent(path+"/unmute", "back", "/me/muted").says(t, "You muted nobody")
	if p := h.submit(path+"/mute", "for", "ever"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a mute for no time we know answers %d", p.status)
	}
	if p := h.submit("/me/person/1/mute", "for", "1h"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("muting oneself answers %d", p.status)
	}
}

// postOf is the last post of another server's owner that alice has.
func (h *house) postOf(s *fedtest.Server) store.Post {
	h.t.Helper()
	list, err := store.Get(ctx, h.Store(), func(tx *store.Tx) ([]store.Post, error) { return tx.PostsBy(h.known(s).ID, store.Page{Limit: 1}) })
	if err != nil || len(list) != 1 {
		h.t.Fatalf("%v %v", list, err)
	}
	return list[0]
}

// On somebody else's page, boosts of a muted person's posts stay hidden.
func TestBoostsOfMutedPeopleAreHiddenElsewhere(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	path, bob := h.followed("bob")
	carol := h.other("carol")
	loud := carol.Post(t, store.Public, "Loud leeks")
	bob.Follows(t, carol)
	found, err := bob.Lookup(ctx, loud.URI)
	if err != nil {
		t.Fatal(err)
	}
	h.cluster.Advance(time.Minute)
	if _, err := bob.Boost(ctx, found.Post.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.open("/me").says(t, "Loud leeks")
	h.open(path+"?k=boosts").says(t, "Loud leeks")
	h.sent(personPath(h.known(carol).ID)+"/mute", "for", "7d")
	h.open("/me").hides(t, "Loud leeks")
	h.open(path+"?k=boosts").hides(t, "Loud leeks")
}

func TestWhatYouSeeOfThem(t *testing.T) {
	h := newHouse(t, "bob")
	path, bob := h.followed("bob")
	h.sent(path+"/choose", "notify", "yes").says(t, "Saved.", `name="notify" value="yes" checked`)
	h.open(path).hides(t, `name="boosts" value="yes" checked`)
	h.cluster.Advance(time.Minute)
	bob.Post(t, store.Public, "News of leeks")
	h.cluster.Settle()
	h.open("/me/inbox").says(t, "posted", "News of leeks")
	h.sent(path + "/unfollow")
	if p := h.submit(path+"/choose", "notify", "yes"); p.status != http.StatusConflict {
		t.Errorf("choosing of somebody who is not followed answers %d", p.status)
	}
}

func TestPostsOfAPersonByKind(t *testing.T) {
	h := newHouse(t, "bob")
	path, bob := h.followed("bob")
	h.cluster.Advance(time.Minute)
	own := h.Post(t, store.Public, "A question for bob")
	found, err := bob.Lookup(ctx, own.URI)
	if err != nil {
		t.Fatal(err)
	}
	bob.Post(t, store.Public, "An answer by bob", found.Post.ID)
	for range 25 {
		h.cluster.Advance(time.Minute)
		bob.Post(t, store.Public, "A post by bob")
	}
	h.cluster.Settle()
	first := h.open(path)
	first.says(t, "A post by bob", "Posts and replies", path+"?before=")
	first.hides(t, "An answer by bob")
	if n := strings.Count(first.body, "<article"); n != 20 {
		t.Errorf("the first page has %d posts", n)
	}
	older := pagerLink(t, first, "next")
	if n := strings.Count(h.open(older).body, "<article"); n != 5 {
		t.Errorf("the second page has %d posts", n)
	}
	second := h.open(pagerLink(t, h.open(path+"?k=replies"), "next"))
	second.says(t, "An answer by bob", `href="`+path+`?k=replies" aria-current="page"`)
	h.open(path+"?k=media").says(t, "We know no posts of theirs of this kind")
}

func pagerLink(t *testing.T, p page, rel string) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.body, `<a rel="`+rel+`" href="`)
	if !ok {
		t.Fatalf("there is no %s page", rel)
	}
	link, _, _ := strings.Cut(rest, `"`)
	return strings.ReplaceAll(link, "&amp;", "&")
}

func TestPersonInTrouble(t *testing.T) {
	h := newHouse(t, "bob")
	path, bob := h.followed("bob")
	h.cluster.Advance(2 * time.Hour)
	bob.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	h.open(path).says(t, bob.Host+" is busy or broken", "This is what we knew before.", "We last heard from it 2 hours ago.")
	if err := h.Store().Write(ctx, func(tx *store.Tx) error { return tx.BlockHost(bob.Host) }); err != nil {
		t.Fatal(err)
	}
	blocked := h.open(path)
	blocked.says(t, "You blocked <b>"+bob.Domain+"</b>", "You blocked their server, so their posts are hidden.")
	blocked.hides(t, ">Follow</button>")
	if err := h.Store().Write(ctx, func(tx *store.Tx) error { return tx.ActorGone(h.known(bob).ID) }); err != nil {
		t.Fatal(err)
	}
	gone := h.open(path)
	gone.says(t, "this account is deleted")
	gone.hides(t, ">Follow</button>")
	h.open("/me/person/1").hides(t, ">Mute</button>", "Block…")
}

func TestLanguagesAndRecommendations(t *testing.T) {
	h := newHouse(t, "bob")
	path, _ := h.followed("bob")
	h.sent(path+"/choose", "boosts", "yes", "languages", "pt, de").says(t, "Saved.", `value="de pt"`)
	bad := h.submit(path+"/choose", "boosts", "yes", "languages", "<b>")
	if bad.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong language answers %d", bad.status)
	}
	bad.says(t, "such as de or pt-BR", `value="&lt;b&gt;"`)
	h.sent(path+"/choose", "boosts", "yes", "languages", "").hides(t, `value="de pt"`)

	h.sent(path+"/recommend", "do", "on").says(t, "Take off your profile")
	h.sent(path+"/recommend", "do", "off").says(t, "Recommend on your profile")
	h.sent(path + "/unfollow")
	h.open(path).hides(t, "on your profile")
	if p := h.submit(path+"/recommend", "do", "on"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("recommending somebody who is not followed answers %d", p.status)
	}
}
