package federation_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
)

// Whichever of the two hosts is asked, and about whichever alias, the canonical
// handle is the answer (fedify#920, misskey#7922, bridgy-fed#1031).
func TestSplitDomainHasOneName(t *testing.T) {
	c := fedtest.New(t)
	carol, watcher := c.AddSplit("carol"), c.Stranger("watcher")
	for _, host := range []string{carol.Host, carol.Domain} {
		for _, resource := range []string{
			"acct:carol@" + carol.Domain, "acct:carol@" + carol.Host, "acct:@carol@" + carol.Host, "carol@" + carol.Domain,
			carol.ActorURI(), "http://" + carol.Host + "/@carol", "http://" + carol.Domain + "/@carol",
		} {
			status, body := watcher.Fetch("http://"+host+"/.well-known/webfinger?resource="+resource, false)
			var finger struct{ Subject string }
			if err := json.Unmarshal([]byte(body), &finger); err != nil || status != 200 || finger.Subject != "acct:carol@"+carol.Domain {
				t.Errorf("%s about %s: %d %s", host, resource, status, body)
			}
			if !strings.Contains(body, carol.ActorURI()) {
				t.Errorf("%s about %s: no id in %s", host, resource, body)
			}
		}
	}
	_, body := watcher.Fetch(carol.ActorURI(), false)
	var doc struct{ ID, WebFinger string }
	if err := json.Unmarshal([]byte(body), &doc); err != nil || doc.WebFinger != "carol@"+carol.Domain || doc.ID != carol.ActorURI() {
		t.Errorf("the actor says %+v, %v", doc, err)
	}
	if status, _ := watcher.Fetch("http://"+carol.Domain+strings.TrimPrefix(carol.ActorURI(), "http://"+carol.Host), false); status == 200 {
		t.Error("the actor is also served under the handle's domain, where it is not at home")
	}
}

// People meet under the handle's domain, whichever name they were looked up by.
func TestSplitDomainsFollowAndMention(t *testing.T) {
	for name, asked := range map[string]func(*fedtest.Server) string{
		"by the handle":        func(s *fedtest.Server) string { return "@carol@" + s.Domain },
		"by the server's name": func(s *fedtest.Server) string { return "@carol@" + s.Host },
		"by the id":            func(s *fedtest.Server) string { return s.ActorURI() },
		"by the page":          func(s *fedtest.Server) string { return s.Host + "/@carol" },
	} {
		t.Run(name, func(t *testing.T) {
			c := fedtest.New(t, "alice")
			alice, carol := c.Servers[0], c.AddSplit("carol")
			found, err := alice.Lookup(ctx(), asked(carol))
			if err != nil || found.Actor == nil || found.Actor.Handle() != carol.Handle() || found.Actor.URI != carol.ActorURI() {
				t.Fatalf("found %+v, %v", found.Actor, err)
			}
			if _, err := alice.Follow(ctx(), found.Actor.ID); err != nil {
				t.Fatal(err)
			}
			carol.Follows(t, alice)
			if followState(t, alice, carol) != store.FollowAccepted || followState(t, carol, alice) != store.FollowAccepted {
				t.Fatal("the follows were not accepted")
			}
			p := carol.Post(t, store.Followers, "For followers, @"+alice.Handle())
			if at, ok := alice.Has(t, p.URI); !ok || !slices.Contains(alice.Notified(t), "mention") {
				t.Errorf("carol's post: %v %+v", ok, at)
			}
			q := alice.Post(t, store.Direct, "@"+carol.Handle()+" hello")
			at, ok := carol.Has(t, q.URI)
			if !ok || !slices.Contains(carol.Notified(t), "mention") {
				t.Fatalf("carol was not told: %v", ok)
			}
			if !strings.Contains(at.Content, `href="http://`+carol.Host+`/@carol"`) {
				t.Errorf("the mention leads elsewhere: %s", at.Content)
			}
			byAlias := alice.Post(t, store.Direct, "@carol@"+carol.Host+" by the other name")
			if len(byAlias.Extra.Mentions) != 1 || byAlias.Extra.Mentions[0].URI != carol.ActorURI() {
				t.Errorf("the other name was not understood: %+v", byAlias.Extra.Mentions)
			}
			carol.Post(t, store.Direct, "@"+alice.Handle()+" back", at.ID)
			if !slices.Contains(alice.Notified(t), "mention") {
				t.Error("the answer did not come")
			}
		})
	}
}

// The domain in an actor's webfinger (FEP-2c59) is believed if it says the same.
func TestSplitDomainMustAgree(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob, good := c.Servers[0], c.Stranger("bob"), c.Stranger("good")
	doc := bob.Actor()
	doc["webfinger"] = "good@" + good.Host
	bob.Serve("/users/bob", doc)
	found, err := alice.Lookup(ctx(), bob.ActorID())
	if err != nil || found.Actor.Handle() != "bob@"+bob.Host {
		t.Errorf("found %+v, %v", found.Actor, err)
	}
}
