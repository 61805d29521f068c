package dashboard

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

func (h *house) indexed() {
	h.t.Helper()
	h.cluster.Settle()
	if _, err := h.RunDue(ctx); err != nil {
		h.t.Fatal(err)
	}
}

func TestSearchByWordsNamesAndTags(t *testing.T) {
	h := newHouse(t, "bob")
	path, bob := h.followed("bob")
	h.cluster.Advance(time.Minute)
	bob.Post(t, store.Public, "Rye bread at dawn")
	h.Post(t, store.Public, "Rye at noon")
	h.indexed()
	all := h.open("/me/search?q=rye")
	all.says(t, "Rye bread", "Rye at noon", `<a href="/me/tags/rye"><bdi>#rye</bdi></a>`, `href="/me/search?q=rye&#43;from%3Ame"`, "With media")
	mine := h.open("/me/search?q=rye+from%3Ame")
	mine.says(t, "Rye at noon", `href="/me/search?q=rye" aria-current="true"`)
	mine.hides(t, "Rye bread")
	h.open("/me/search?q="+url.QueryEscape(`"rye bread"`)).hides(t, "Rye at noon")
	h.open("/me/search?q="+url.QueryEscape("rye -bread")).hides(t, "Rye bread")
	h.open("/me/search?q="+url.QueryEscape("from:@nobody@far.example rye")).says(t, "Nobody called @nobody@far.example is known here")
	h.open("/me/search?q="+url.QueryEscape("rye before:2001-01-01")).says(t, "Nothing found")
	h.open("/me/search?q="+url.QueryEscape("rye after:soon")).says(t, "such as after:2026-03-12")
	h.open("/me/search?q=bo").says(t, `href="`+path+`"`, "You follow them")
	h.open("/me/search?q=%40bo").says(t, `href="`+path+`"`)
	if p := h.do("GET", "/me/search?q=%23Rye", nil); p.status != http.StatusSeeOther || p.location != "/me/tags/rye" {
		t.Errorf("a hashtag leads %d to %s", p.status, p.location)
	}
	h.open("/me/search").says(t, "What you can type", "@name@server", "after:2026-03-12")
}

func TestSearchOpensAPostByItsAddress(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	p := bob.Post(t, store.Public, "Found by its address")
	page := h.do("GET", "/me/search?q="+url.QueryEscape(p.URI), nil)
	seen, ok := h.Has(t, p.URI)
	if !ok || page.status != http.StatusSeeOther || page.location != postPath(seen.ID) {
		t.Fatalf("the address leads %d to %s", page.status, page.location)
	}
	h.open(page.location).says(t, "Found by its address")
	h.open("/me/search?q="+url.QueryEscape(bob.ActorURI())).says(t, "@"+bob.Handle(), "Asking <b>"+bob.Host+"</b>")
}

// While another server takes its time, the page already says which one is asked.
func TestSearchSaysWhomItAsksBeforeTheAnswer(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	answer := make(chan struct{})
	bob.Misbehave(func(w http.ResponseWriter, _ *http.Request) {
		<-answer
		w.WriteHeader(http.StatusBadGateway)
	})
	r, err := http.NewRequest("GET", h.web.URL+"/me/search?q=%40"+bob.Handle(), nil)
	if err != nil {
		t.Fatal(err)
	}
	page, err := h.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer page.Body.Close()
	first := make([]byte, 1<<16)
	n := 0
	for !strings.Contains(string(first[:n]), "which has 10 seconds to answer") {
		more, err := page.Body.Read(first[n:])
		if n += more; err != nil {
			t.Fatalf("after %s: %v", first[:n], err)
		}
	}
	if !strings.Contains(string(first[:n]), "Asking <b>"+bob.Host+"</b>") || strings.Contains(string(first[:n]), `id="found"`) {
		t.Errorf("before the answer the page is %s", first[:n])
	}
	close(answer)
	rest, err := io.ReadAll(page.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{`<div id="found">`, bob.Host + " ", "Try again", `href="` + h.Origin().Scheme + "://" + bob.Host + `/@bob" rel="noreferrer">Open it there`, "</html>"} {
		if !strings.Contains(string(rest), words) {
			t.Errorf("the rest does not say %q: %s", words, rest)
		}
	}
}

// T19: what somebody blocked wrote does not come back by a search: not by its
// address, whether it is stored or not, and not by a boost on a friend's page.
func TestT19_NothingOfABlockedPersonComesBackBySearch(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob := h.other("bob")
	path, carol := h.followed("carol")
	before := bob.Post(t, store.Public, "Loud leeks of old")
	h.do("GET", "/me/search?q="+url.QueryEscape(before.URI), nil)
	h.submit(personPath(h.known(bob).ID) + "/block")
	h.cluster.Settle()
	after := bob.Post(t, store.Public, "Loud leeks of today")
	for _, p := range []store.Post{before, after} {
		page := h.open("/me/search?q=" + url.QueryEscape(p.URI))
		page.hides(t, "Loud leeks")
		page.says(t, "You blocked")
	}
	if _, ok := h.Has(t, after.URI); ok {
		t.Error("a look-up stored a post of somebody blocked")
	}
	found, err := carol.Lookup(ctx, after.URI)
	if err != nil {
		t.Fatal(err)
	}
	h.cluster.Advance(time.Minute)
	if _, err := carol.Boost(ctx, found.Post.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	h.indexed()
	for _, page := range []string{path, path + "?k=boosts", "/me/search?q=leeks", "/me/search?q=leeks+from%3A%40" + url.QueryEscape(bob.Handle())} {
		h.open(page).hides(t, "Loud leeks")
	}
}
