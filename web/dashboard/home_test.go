package dashboard

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// reader is Alice, who follows Bob.
func reader(t *testing.T, others ...string) (*house, *fedtest.Server) {
	t.Helper()
	h := newHouse(t, append([]string{"bob"}, others...)...)
	h.Follows(t, h.other("bob"))
	return h, h.other("bob")
}

// writes has somebody post a second after whatever was before.
func (h *house) writes(who *fedtest.Server, text string) store.Post {
	h.t.Helper()
	h.cluster.Advance(time.Second)
	return who.Post(h.t, store.Public, text)
}

func (h *house) marker() int64 {
	h.t.Helper()
	id, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (int64, error) { return tx.HomeMarker() })
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

var readTo = regexp.MustCompile(`action="/me/read">.*?name="to" value="(\d+)"`)

// read presses "Mark all as read" on a page.
func (h *house) read(p page) page {
	h.t.Helper()
	m := readTo.FindStringSubmatch(p.body)
	if m == nil {
		h.t.Fatalf("there is nothing to mark as read:\n%s", p.main())
	}
	pairs := []string{"to", m[1], "back", "/me"}
	if late := regexp.MustCompile(`name="late" value="(\d+)"`).FindStringSubmatch(p.body); late != nil {
		pairs = append(pairs, "late", late[1])
	}
	return h.sent("/me/read", pairs...)
}

// inOrder wants words one after the other.
func (p page) inOrder(t *testing.T, words ...string) {
	t.Helper()
	rest := p.body
	for _, w := range words {
		_, after, ok := strings.Cut(rest, w)
		if !ok {
			t.Fatalf("%q does not follow:\n%s", w, p.main())
		}
		rest = after
	}
}

func TestHomeKeepsThePlace(t *testing.T) {
	h, bob := reader(t)
	h.writes(bob, "First words")
	first := h.open("/me")
	first.says(t, "Nothing is marked as read yet.", "Mark all as read")
	first.hides(t, "You were here")
	if h.marker() != 0 {
		t.Error("reading moved the place")
	}
	h.read(first).says(t, "Nothing new since")
	h.cluster.Advance(time.Hour)
	h.writes(bob, "Second words")
	h.writes(bob, "Third words")
	p := h.open("/me")
	p.inOrder(t, "<b>2 new posts</b> since 12:00", `href="#here"`, "Third words", "Second words", `id="here"`, "You were here, 12:00", "First words")
	if before := h.marker(); before == 0 || h.marker() != before {
		t.Error("reading moved the place")
	}
	after := h.read(p)
	after.says(t, "Nothing new since 13:00")
	after.hides(t, "You were here")
}

// The numbers count what is shown: nothing that a filter hides, by a word far down in
// a long post either, nothing of the owner, and what several people boost once.
func TestNewPostsAreCountedAsTheyAreShown(t *testing.T) {
	h, bob := reader(t)
	h.writes(bob, "First words")
	h.read(h.open("/me"))
	h.cluster.Advance(time.Hour)
	top := decimal(h.marker())
	for _, hidden := range []bool{true, false} {
		action := store.FilterWarn
		if hidden {
			action = store.FilterHide
		}
		for _, word := range []string{"leeks", "parsnips"} {
			if hidden {
				word += "hidden"
			}
			f, err := h.SaveFilter(ctx, store.Filter{Title: word, Context: store.FilterHome, Action: action}, federation.FilterWordEdit{Word: &word})
			if err != nil || f.ID == 0 {
				t.Fatal(err)
			}
		}
	}
	h.Post(t, store.Public, "My own")
	h.writes(bob, "Plain")
	h.writes(bob, "Covered leeks")
	h.writes(bob, "Hidden leekshidden")
	h.writes(bob, strings.Repeat("Words of a long post. ", 80)+"parsnipshidden")
	p := h.open("/me")
	p.says(t, "<b>2 new posts</b>", "Plain", "Covered leeks")
	p.hides(t, "leekshidden", "parsnipshidden")
	h.open("/me/news?top="+top).says(t, `"posts":2`)
	h.open("/me/catchup?h=24").hides(t, "leekshidden", "Words of a long post")
}

// T52: nothing but the form moves the place, and only with its token.
func TestT52_ThePlaceMovesByFormAlone(t *testing.T) {
	h, bob := reader(t)
	p := h.writes(bob, "Words")
	at, _ := h.Has(t, p.URI)
	for _, path := range []string{"/me", "/me?to=" + decimal(at.ID), "/me/read?to=" + decimal(at.ID), "/me/news?top=1", "/me/catchup"} {
		h.do("GET", path, nil)
	}
	if got := h.do("POST", "/me/read", url.Values{"to": {decimal(at.ID)}, "csrf": {"guessed"}}); got.status != http.StatusForbidden {
		t.Errorf("a forged form is answered %d", got.status)
	}
	if h.marker() != 0 {
		t.Error("the place moved")
	}
	// A made-up place beyond all posts would hide what comes.
	h.sent("/me/read", "to", "9000000000000000000")
	if h.marker() != at.ID {
		t.Errorf("the place is %d, not the newest post %d", h.marker(), at.ID)
	}
}

// More new posts than one page has: the place can be found, both ways of reading
// end with it moved, and what arrives meanwhile waits behind a button.
func TestHomeWithManyNewPosts(t *testing.T) {
	h, bob := reader(t)
	for i := range 66 {
		if i == 21 {
			h.read(h.open("/me"))
			h.cluster.Advance(time.Hour)
		}
		h.writes(bob, "Number "+strconv.Itoa(i)+" of Bob")
	}
	p := h.open("/me")
	p.says(t, "<b>45 new posts</b>", "Number 65 of", "Number 46 of")
	p.hides(t, "You were here", "Number 45 of")
	link := regexp.MustCompile(`<a href="(/me\?after=\d+)#here">Where you were`).FindStringSubmatch(p.body)
	if link == nil {
		t.Fatal("no way to the place")
	}
	up := h.open(link[1])
	up.inOrder(t, "<b>25 new posts</b>", "Number 40 of", "Number 21 of", "You were here")
	up.hides(t, "Number 41 of", "Number 20 of")
	older := func(p page) page {
		t.Helper()
		m := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(p.body)
		if m == nil {
			t.Fatal("no older posts")
		}
		return h.open(strings.ReplaceAll(m[1], "&amp;", "&"))
	}
	second := older(p)
	second.says(t, "<b>45 new posts</b>", "Where you were")
	h.writes(bob, "Meanwhile")
	third := older(second)
	third.inOrder(t, `href="/me"><b>1 new post</b>`, "Number 25 of", "Number 21 of", "You were here", "Number 20 of")
	third.hides(t, "Meanwhile")
	h.read(third).inOrder(t, "<b>1 new post</b>", "Meanwhile", "You were here", "Number 65 of")
	// Marked on the way up, the place moves only to the top of that page.
	h.read(up)
	h.open("/me").says(t, "<b>1 new post</b>")
}

// What comes in below the place is listed until it was seen (DECISIONS 3).
func TestArrivedLate(t *testing.T) {
	h, bob := reader(t, "carol")
	carol := h.other("carol")
	h.Follows(t, carol)
	h.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	h.writes(bob, "Words on a slow ship")
	h.Misbehave(nil)
	h.writes(carol, "Words by air")
	h.read(h.open("/me"))
	h.open("/me").hides(t, "Arrived late")
	h.cluster.SettleFor(time.Hour, time.Minute)
	p := h.open("/me")
	p.inOrder(t, "something arrived late", "Arrived late", "Words on a slow ship", "Words by air")
	h.open("/me/news?top="+decimal(h.marker())).says(t, `"late":1`)
	h.read(p).hides(t, "Arrived late")
	h.open("/me").says(t, "Words on a slow ship") // at its own place
}

func TestNewsCountsWhatHomeWouldShow(t *testing.T) {
	h, bob := reader(t, "carol")
	carol := h.other("carol")
	h.Follows(t, carol)
	first := h.writes(bob, "One")
	at, _ := h.Has(t, first.URI)
	top := decimal(at.ID)
	h.open("/me/news?top="+top).says(t, `"posts":0`, `"inbox":0`, `"time":"12:00"`)
	second := h.writes(bob, "Two, @"+h.Handle())
	bobs, _ := carol.Lookup(ctx, second.URI)
	if _, err := carol.Boost(ctx, bobs.Post.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	// The post and its boost are one card.
	h.open("/me/news?top="+top).says(t, `"posts":1`, `"more":false`, `"inbox":1`)
	if n := h.do("GET", "/me/news?top=x", nil); n.status != http.StatusOK || !strings.Contains(n.body, `"posts":0`) {
		t.Errorf("a wrong top is answered %d %s", n.status, n.body)
	}
}

func TestCardAlone(t *testing.T) {
	h, bob := reader(t)
	p := h.writes(bob, "Words to like")
	at, _ := h.Has(t, p.URI)
	path := postPath(at.ID)
	h.sent(path+"/like", "back", "/me")
	card := h.open(path + "/card?back=" + url.QueryEscape("/me?before=7"))
	card.says(t, `id="p-`+decimal(at.ID)+`"`, path+"/unlike", `name="back" value="/me?before=7#p-`+decimal(at.ID)+`"`)
	card.hides(t, "<html", "<main")
	h.open(path+"/card?back=//evil.example/").hides(t, "evil.example")
	if got := h.do("GET", "/me/post/99/card", nil); got.status != http.StatusNotFound {
		t.Errorf("a post that never was is answered %d", got.status)
	}
}
