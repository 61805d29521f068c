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
	made.says(t, "Saved.", "1 of the last 2 posts in Home.", "All about the football match", ">Football\nfootball\nthe cup</textarea>", "Until ")
	h.open("/me/filters").says(t, "Sports", "“Football”, “football” and “the cup”: covered, until ", "Home, Catch up and lists")
	home := h.open("/me")
	home.says(t, "Your filter “Sports”", "All about the football match", "All about bread")
	if strings.Count(home.body, "Your filter") != 1 {
		t.Error("not one post is covered")
	}
	h.open("/me/catchup?h=1").says(t, "Your filter “Sports”")

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
	thread.says(t, "A post that your filter “Sports” hides.", "Show it")
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
	h.open("/me").says(t, "Your filter “One”")
	h.open(at).says(t, "Single posts", "Just this one", "Take out")
	h.sent(at+"/posts", "one", decimal(one.ID)).hides(t, "Single posts")
	h.open("/me").hides(t, "Your filter")
}
