package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

func TestAFilterIsMadeTriedChangedAndDeleted(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	h.open("/me/filters").says(t, "<title>Filters · ", "No filters yet", "Nobody is told", `value="warn" checked`)
	bob.Post(t, store.Public, "All about the football match")
	h.cluster.Advance(time.Minute)
	bob.Post(t, store.Public, "All about bread")

	bad := h.submit("/me/filters", "title", " ", "words", "football", "where", "home", "action", "warn", "until", "good")
	if bad.status != http.StatusUnprocessableEntity {
		t.Errorf("a filter without a title answers %d", bad.status)
	}
	bad.says(t, "Give the filter a title.", ">football</textarea>")
	h.submit("/me/filters", "title", "x", "words", "a", "action", "warn", "until", "good").says(t, "Choose at least one place")

	made := h.sent("/me/filters", "title", "Sports", "words", "Football\r\n\r\nfootball\n  the   cup", "where", "home", "action", "warn", "until", "7d", "whole", "yes", "was", "yes")
	at := strings.TrimSuffix(made.location, "?done=saved")
	made.says(t, "Saved.", "1 of the last 2 posts in Home.", "All about the <mark>football</mark> match", ">Football\nfootball\nthe cup</textarea>", "Until ")
	h.open("/me/filters").says(t, "Sports", "“Football”, “football” and “the cup”: covered, until ", "Home, Catch up and lists")
	home := h.open("/me")
	home.says(t, "Hidden by your filter “Sports” (matches: Football, football)", "Change the filter", `href="`+at+`"`, "All about the football match", "All about bread")
	if strings.Count(home.body, "Hidden by your filter") != 1 {
		t.Error("not one post is covered")
	}
	h.open("/me/catchup?h=1").says(t, "Hidden by your filter “Sports” (matches: Football, football)")

	h.sent(at, "title", "Sports", "words", "football", "where", "home", "where", "thread", "where", "account", "action", "hide", "until", "keep", "whole", "yes", "was", "yes")
	for path, hides := range map[string]bool{"/me": true, "/me/catchup?h=1": true, "/me/person/" + decimal(h.known(bob).ID): true, "/me/search?q=football": false} {
		p := h.open(path)
		if has := strings.Contains(p.body, "football match"); has == hides {
			t.Errorf("%s: shown is %v", path, has)
		}
	}
	h.sent(at, "title", "Sports", "words", "football", "where", "public", "action", "blur", "until", "good")
	h.open("/me").says(t, "All about the football match")
	h.open(at).hides(t, "keep")

	h.open(at+"/delete").says(t, "Delete the filter “Sports”?", "is shown again")
	h.sent(at+"/delete").says(t, "Filter deleted.", "No filters yet")
	if p := h.do("GET", at, nil); p.status != http.StatusNotFound {
		t.Errorf("a deleted filter answers %d", p.status)
	}
}

// In the inbox and in conversations a line stands for what a filter hides, so that
// nothing that is counted is lost.
func TestWhatAFilterHidesIsALineInInboxAndConversation(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	own := h.Post(t, store.Public, "A question, @"+bob.Handle())
	h.cluster.Settle()
	there, ok := bob.Has(t, own.URI)
	if !ok {
		t.Fatal("bob has no question to answer")
	}
	bob.Post(t, store.Public, "An answer about football, @"+h.Handle(), there.ID)
	h.cluster.Settle()
	h.open("/me/inbox").says(t, "An answer about football")
	h.sent("/me/filters", "title", "Sports", "words", "football", "where", "notifications", "where", "thread", "action", "hide", "until", "good")
	inbox := h.open("/me/inbox")
	inbox.says(t, "Hidden by your filter “Sports”")
	inbox.hides(t, "An answer about football")
	thread := h.open(postPath(own.ID))
	thread.says(t, "Hidden by your filter “Sports” (matches: football).", "Show it")
	thread.hides(t, "An answer about football")
}

// Single posts that an app put into a filter can be taken out.
func TestASinglePostIsTakenOutOfAFilter(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	bob.Post(t, store.Public, "Just this one")
	made := h.sent("/me/filters", "title", "One", "where", "home", "action", "warn", "until", "good")
	at := strings.TrimSuffix(made.location, "?done=saved")
	var one store.FilterPost
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		posts, err := tx.Home(store.Page{Limit: 1})
		if err != nil {
			return err
		}
		one, err = tx.AddFilterPost(number(strings.TrimPrefix(at, "/me/filters/")), posts[0].ID)
		return err
	})
	if err == nil {
		err = h.Reload(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.open("/me").says(t, "Hidden by your filter “One” (matches: this post)")
	h.open(at).says(t, "Single posts", "Just this one", "Take out")
	h.sent(at+"/posts", "one", decimal(one.ID)).hides(t, "Single posts")
	h.open("/me").hides(t, "your filter")
}

// A filter says what it would find before it is kept.
func TestAFilterIsTriedBeforeItIsKept(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	for _, text := range []string{"All about <Football> & more", "Footballs", "Bread"} {
		bob.Post(t, store.Public, text)
		h.cluster.Advance(time.Minute)
	}
	fields := []string{"title", "", "words", "football", "where", "home", "action", "hide", "until", "1d", "whole", "yes", "was", "yes"}
	tried := h.submit("/me/filters", append(fields, "do", "try")...)
	tried.says(t, "What it would find", "1 of the last 3 posts in Home.", "Nothing is saved yet.", "&lt;<mark>Football</mark>&gt; &amp; more", ">football</textarea>", `value="hide" checked`, "No filters yet")
	if tried.status != http.StatusOK {
		t.Errorf("trying answers %d", tried.status)
	}
	h.submit("/me/filters", "words", "football", "do", "try").says(t, "2 of the last 3 posts in Home.", "<mark>Football</mark>s")
	h.submit("/me/filters", "words", "nothing", "do", "try").says(t, "None of the last 3 posts in Home.")
	h.open("/me").says(t, "Football", "Bread")

	made := h.sent("/me/filters", append([]string{"title", "Sports"}, fields[2:]...)...)
	at := strings.TrimSuffix(made.location, "?done=saved")
	made.says(t, "What it finds", "1 of the last 3 posts in Home.")
	changed := h.submit(at, "title", "Sports", "words", "bread", "where", "home", "action", "hide", "until", "keep", "do", "try")
	changed.says(t, "1 of the last 3 posts in Home.", "Nothing is saved yet.", "<mark>Bread</mark>", ">bread</textarea>")
	h.open(at).says(t, ">football</textarea>", "<mark>Football</mark>")

	h.cluster.Advance(25 * time.Hour)
	h.open("/me/filters").says(t, ">Over<")
	h.open(at).says(t, "This filter is over")
	h.open("/me").says(t, "Football")
}

// From a card, one post or a word of it goes into a filter.
func TestAPostOrAWordIsFilteredFromACard(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	p, _ := h.Has(t, bob.Post(t, store.Public, "About football").URI)
	h.cluster.Advance(time.Minute)
	bob.Post(t, store.Public, "About bread")
	path := postPath(p.ID) + "/filter"
	h.open("/me").says(t, `href="`+path+`"`, "Filter…")
	h.open(path).says(t, "This post, whoever boosts it", "About football", "A new filter that covers posts")
	bad := h.submit(path, "what", "word", "word", " ", "filter", "warn")
	if bad.says(t, "Type the word or phrase."); bad.status != http.StatusUnprocessableEntity {
		t.Errorf("no word answers %d", bad.status)
	}
	made := h.sent(path, "what", "word", "word", "bread", "filter", "hide")
	made.says(t, "Saved.", "<mark>bread</mark>", "<bdi>bread</bdi></h1>")
	at := strings.TrimSuffix(made.location, "?done=saved")
	home := h.open("/me")
	home.says(t, "About football")
	home.hides(t, "About bread")
	id := strings.TrimPrefix(at, "/me/filters/")
	h.open(path).says(t, "“bread”: left out")
	h.sent(path, "what", "post", "word", "", "filter", id).says(t, "Single posts", "About football", "Take out")
	h.open("/me").hides(t, "About football")
	h.sent(path, "what", "post", "filter", "warn").says(t, ">Single posts</bdi>")
	for _, wrong := range []string{"/me/post/4711/filter", postPath(h.Post(t, store.Public, "Mine").ID) + "/filter"} {
		if p := h.do("GET", wrong, nil); p.status != http.StatusNotFound {
			t.Errorf("%s answers %d", wrong, p.status)
		}
	}
	if p := h.submit("/me/post/4711/filter", "what", "post", "filter", "warn"); p.status != http.StatusNotFound {
		t.Errorf("a post that is gone: %d", p.status)
	}
}

// What a post quotes is covered as it would be alone.
func TestAQuotedPostIsFilteredAndMuted(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	p, _ := h.Has(t, bob.Post(t, store.Public, "Frost tonight").URI)
	h.sent("/me/write", "do", "post", "text", "He is right", "audience", "everyone", "quote", decimal(p.ID), "quotable", "nobody")
	h.cluster.Settle()
	mine := h.own()[0]
	made := h.sent("/me/filters", "title", "Weather", "words", "frost", "where", "home", "where", "thread", "action", "warn", "until", "good")
	for _, page := range []string{"/me", postPath(mine.ID)} {
		shown := h.open(page)
		_, quote, _ := strings.Cut(shown.body, "He is right")
		quote, _, _ = strings.Cut(quote, "</article>")
		if strings.Contains(quote, "Frost tonight") || !strings.Contains(quote, "Hidden by your filter “Weather” (matches: frost).") || !strings.Contains(quote, `href="`+postPath(p.ID)+`">Open the quoted post`) {
			t.Errorf("%s shows %s", page, quote)
		}
	}
	h.sent(strings.TrimSuffix(made.location, "?done=saved") + "/delete")
	h.open(postPath(mine.ID)).says(t, "Frost tonight")
	h.sent(personPath(h.known(bob).ID)+"/mute", "for", "7d")
	shown := h.open(postPath(mine.ID))
	shown.says(t, "A post by somebody you muted.", "Open the quoted post")
	shown.hides(t, "Frost tonight")
}
