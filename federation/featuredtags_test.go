package federation_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// collectionTags asks for the collection of hashtags as another server does.
func collectionTags(t *testing.T, asker *fedtest.Stranger, s *fedtest.Server) (names []string) {
	t.Helper()
	status, body := asker.Fetch(s.ActorURI()+"/tags", false)
	var doc struct {
		Type       string
		TotalItems int
		Items      []struct{ Type, Name, Href string }
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil || status != http.StatusOK || doc.Type != "Collection" {
		t.Fatalf("%d %v %s", status, err, body)
	}
	for _, item := range doc.Items {
		if item.Type != "Hashtag" || item.Href != s.Origin().URL("/tags/"+item.Name[1:]) {
			t.Errorf("%+v", item)
		}
		names = append(names, item.Name)
	}
	if doc.TotalItems != len(names) {
		t.Errorf("%d of %v", doc.TotalItems, names)
	}
	return names
}

func TestFeaturedHashtagsAreListedAndTold(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	eve := c.Stranger("eve")
	bob.Follows(t, alice)
	for _, tag := range []string{"#Rye", "barley", "rye"} {
		if _, err := alice.FeatureTag(ctx(), tag); err != nil {
			t.Fatal(err)
		}
	}
	c.Settle()
	if names := collectionTags(t, eve, alice); !slices.Equal(names, []string{"#barley", "#rye"}) {
		t.Errorf("%v", names)
	}
	told := bob.Received("Add")
	if len(told) != 2 || told[0].Status != http.StatusAccepted || !strings.Contains(told[0].Body, `"Hashtag"`) || !strings.Contains(told[0].Body, alice.ActorURI()+"/featured") {
		t.Errorf("bob was told %+v", told)
	}
	if _, err := alice.UnfeatureTag(ctx(), "RYE"); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.UnfeatureTag(ctx(), "oats"); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if names := collectionTags(t, eve, alice); !slices.Equal(names, []string{"#barley"}) || len(bob.Received("Remove")) != 1 {
		t.Errorf("%v, told %d times", names, len(bob.Received("Remove")))
	}
	if _, err := alice.FeatureTag(ctx(), "no tag"); reply.CodeOf(err) != reply.Unprocessable {
		t.Error(err)
	}
}

func TestAFollowForSomeLanguages(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, eve := c.Servers[0], c.Stranger("eve")
	a := followStranger(t, alice, eve)
	if _, err := alice.FollowAs(ctx(), a.ID, federation.FollowChoice{Languages: []string{"pt", "de"}}); err != nil {
		t.Fatal(err)
	}
	for i, p := range []struct {
		language string
		shown    bool
	}{{"de", true}, {"en", false}, {"pt-BR", true}, {"", true}, {"den", false}} {
		note := eve.Note("/n/"+string(rune('a'+i)), "<p>Words</p>")
		note["published"] = c.Now().Format(time.RFC3339)
		if p.language != "" {
			note["contentMap"] = map[string]any{p.language: "<p>Words</p>"}
		}
		if status := eve.Send(alice, eve.Activity("Create", note)); status != http.StatusAccepted {
			t.Fatalf("answered %d", status)
		}
		c.Settle()
		uri := note["id"].(string)
		if _, here := alice.Has(t, uri); !here || inHome(t, alice, uri) != p.shown {
			t.Errorf("%q: here %v, in home %v", p.language, here, inHome(t, alice, uri))
		}
	}
	if err := alice.Choose(ctx(), a.ID, federation.FollowChoice{Languages: []string{}}); err != nil {
		t.Fatal(err)
	}
	note := eve.Note("/n/z", "<p>Words</p>")
	note["contentMap"], note["published"] = map[string]any{"en": "<p>Words</p>"}, c.Now().Format(time.RFC3339)
	eve.Send(alice, eve.Activity("Create", note))
	c.Settle()
	if !inHome(t, alice, note["id"].(string)) {
		t.Error("all languages are wanted again")
	}
	for _, bad := range [][]string{{"<b>"}, {""}, strings.Split(strings.Repeat("aa bb cc dd ee ff gg hh ii jj kk ll mm nn oo pp qq rr ss tt uu ", 1), " ")} {
		if _, err := alice.FollowAs(ctx(), a.ID, federation.FollowChoice{Languages: bad}); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestRecommendedPeopleAreFollowed(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	b := alice.Find(t, bob)
	if err := alice.Endorse(ctx(), b.ID); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("before the follow: %v", err)
	}
	alice.Follows(t, bob)
	count := func() int { return lookAt(t, alice, (*store.Tx).CountEndorsements) }
	for range 2 {
		if err := alice.Endorse(ctx(), b.ID); err != nil || count() != 1 {
			t.Fatal(err, count())
		}
	}
	if err := alice.Unfollow(ctx(), b.ID); err != nil || count() != 0 {
		t.Error(err, count())
	}
}
