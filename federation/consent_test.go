package federation_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// asks sends a request for consent in GoToSocial's shape: the instrument inlined.
func asks(s *fedtest.Stranger, at *fedtest.Server, kind, object string, instrument any) int {
	act := s.Activity(kind, object)
	act["@context"] = []any{"https://gotosocial.org/ns", "https://www.w3.org/ns/activitystreams"}
	act["to"], act["instrument"] = at.ActorURI(), instrument
	return s.Send(at, act)
}

// lastSent is the last activity of a type that a stranger got.
func lastSent(t *testing.T, s *fedtest.Stranger, kind string) map[string]any {
	t.Helper()
	got := s.Received(kind)
	if len(got) == 0 {
		t.Fatalf("%s got no %s", s.Name, kind)
	}
	var doc map[string]any
	if err := json.Unmarshal([]byte(got[len(got)-1].Body), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestGoToSocialsRequestsAreAnswered(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, gts := c.Servers[0], c.Stranger("gts")
	p := alice.Post(t, store.Public, "Potatoes are up.")
	reply := gts.Note("/statuses/1", "<p>hey what's up</p>")
	reply["inReplyTo"] = p.URI
	like := map[string]any{"id": gts.URL("/likes/1"), "type": "Like", "actor": gts.ActorID(), "object": p.URI}
	boost := map[string]any{"id": gts.URL("/boosts/1"), "type": "Announce", "actor": gts.ActorID(), "object": p.URI, "to": []any{public}}
	for kind, of := range map[string]struct {
		instrument map[string]any
		stamp      string
	}{
		"ReplyRequest": {reply, "ReplyAuthorization"}, "LikeRequest": {like, "LikeAuthorization"}, "AnnounceRequest": {boost, "AnnounceAuthorization"},
	} {
		if status := asks(gts, alice, kind, p.URI, of.instrument); status != http.StatusAccepted {
			t.Errorf("%s was answered %d", kind, status)
		}
		c.Settle()
		accept := lastSent(t, gts, "Accept")
		inner, _ := accept["object"].(map[string]any)
		if inner["type"] != kind || inner["actor"] != gts.ActorID() || inner["object"] != p.URI || inner["instrument"] != of.instrument["id"] || inner["id"] == nil {
			t.Errorf("%s: the answer embeds %v", kind, inner)
		}
		result, _ := accept["result"].(string)
		status, body := gts.Fetch(result, false)
		var doc map[string]any
		if err := json.Unmarshal([]byte(body), &doc); err != nil || status != 200 {
			t.Fatalf("%s: the stamp answers %d %s", kind, status, body)
		}
		if doc["type"] != of.stamp || doc["id"] != result || doc["attributedTo"] != alice.ActorURI() ||
			doc["interactingObject"] != of.instrument["id"] || doc["interactionTarget"] != p.URI {
			t.Errorf("%s: the stamp says %v", kind, doc)
		}
	}
	if n := len(alice.Notified(t)); n != 0 {
		t.Errorf("asking alone made %d notifications", n)
	}
}

func TestTheSameRequestGetsTheSameStamp(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, gts := c.Servers[0], c.Stranger("gts")
	p := alice.Post(t, store.Public, "Potatoes are up.")
	var results []any
	for range 2 {
		asks(gts, alice, "LikeRequest", p.URI, gts.URL("/likes/1"))
		c.Settle()
		results = append(results, lastSent(t, gts, "Accept")["result"])
	}
	if results[0] != results[1] || len(gts.Received("Accept")) != 2 {
		t.Errorf("%v", results)
	}
}

func TestRequestsAboutPrivatePosts(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, reader, nosy := c.Servers[0], c.Stranger("reader"), c.Stranger("nosy")
	reader.Send(alice, reader.Activity("Follow", alice.ActorURI()))
	c.Settle()
	followers := alice.Post(t, store.Followers, "Between us.")
	before := len(reader.Received(""))
	for _, kind := range []string{"LikeRequest", "ReplyRequest"} {
		asks(reader, alice, kind, followers.URI, reader.URL("/"+kind))
		c.Settle()
		if inner := lastSent(t, reader, "Accept")["object"].(map[string]any); inner["type"] != kind {
			t.Errorf("a reader's %s: %v", kind, inner)
		}
	}
	private := lastSent(t, reader, "Accept")["result"].(string)
	for _, kind := range []string{"QuoteRequest", "AnnounceRequest"} {
		asks(reader, alice, kind, followers.URI, reader.URL("/"+kind))
		c.Settle()
		if inner := lastSent(t, reader, "Reject")["object"].(map[string]any); inner["type"] != kind {
			t.Errorf("a reader's %s: %v", kind, inner)
		}
	}
	if n := len(reader.Received("")) - before; n != 4 {
		t.Errorf("%d answers to 4 requests", n)
	}
	// T42: whoever may not know of the post hears nothing, and sees no stamp about it.
	for _, uri := range []string{followers.URI, alice.Origin().URL("/posts/4711")} {
		for _, kind := range []string{"QuoteRequest", "LikeRequest", "ReplyRequest", "AnnounceRequest"} {
			if status := asks(nosy, alice, kind, uri, nosy.URL("/x")); status != http.StatusAccepted {
				t.Errorf("%s of %s: %d", kind, uri, status)
			}
		}
	}
	c.Settle()
	if got := nosy.Received(""); len(got) != 0 {
		t.Errorf("a stranger was told %s", got[0].Body)
	}
	for who, want := range map[*fedtest.Stranger]int{reader: 200, nosy: 404} {
		if status, _ := who.Fetch(private, true); status != want {
			t.Errorf("%s gets the stamp: %d", who.Name, status)
		}
	}
	_, secret := nosy.Fetch(private, true)
	if status, body := nosy.Fetch(alice.Origin().URL("/stamps/4711"), true); status != 404 || body != secret {
		t.Errorf("a stamp that never was: %d %q, a private one %q", status, body, secret)
	}
	if status, _ := reader.Fetch(private, false); status != 404 {
		t.Errorf("unsigned: %d", status)
	}
}

func TestForgedRequestsForConsent(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, mallory, victim := c.Servers[0], c.Stranger("mallory"), c.Stranger("victim")
	p := alice.Post(t, store.Public, "Potatoes are up.")
	theirs := victim.Note("/notes/1", "<p>x</p>")
	theirs["quote"] = p.URI
	stolen := mallory.Note("/notes/1", "<p>x</p>")
	stolen["attributedTo"] = victim.ActorID()
	for what, instrument := range map[string]any{
		"the id of somebody else's post": victim.URL("/notes/1"), "somebody else's post": theirs, "an own post by somebody else": stolen,
		"nothing": nil, "no address": "x",
	} {
		if status := asks(mallory, alice, "QuoteRequest", p.URI, instrument); status/100 != 4 {
			t.Errorf("%s: answered %d", what, status)
		}
	}
	act := mallory.Activity("QuoteRequest", p.URI)
	act["actor"], act["instrument"] = victim.ActorID(), victim.URL("/notes/1")
	if status := mallory.Send(alice, act); status != http.StatusUnauthorized {
		t.Errorf("in somebody else's name: %d", status)
	}
	c.Settle()
	if len(stampsOf(t, alice, p.ID)) != 0 || len(mallory.Received("")) != 0 || len(victim.Received("")) != 0 {
		t.Error("a forged request was answered")
	}
	if status := asks(mallory, alice, "QuoteRequest", victim.URL("/notes/9"), mallory.URL("/notes/2")); status != http.StatusAccepted {
		t.Errorf("a request about nobody's post here: %d", status)
	}
	c.Settle()
	if len(mallory.Received("")) != 0 {
		t.Error("a request about somebody else's post was answered")
	}
}

// The inlined post is no proof of anything: what counts is what its server has.
func TestOnlyTheIdOfAnInlinedQuoteIsBelieved(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, quoter := c.Servers[0], c.Stranger("quoter")
	p := alice.Post(t, store.Public, "Potatoes are up.")
	said := quoter.Note("/notes/1", "<p>What is said in the request</p>")
	said["quote"] = p.URI
	served := quoter.Note("/notes/1", "<p>What is served</p>")
	served["quote"] = p.URI
	quoter.Serve("/notes/1", served)
	asks(quoter, alice, "QuoteRequest", p.URI, said)
	c.Settle()
	got, ok := alice.Has(t, quoter.URL("/notes/1"))
	if !ok || got.Content != "<p>What is served</p>" {
		t.Errorf("stored: %v %q", ok, got.Content)
	}
	if v := shown(t, alice, got.URI); v.State != federation.ShownAccepted {
		t.Errorf("%+v", v)
	}
	if got := alice.Notified(t); strings.Join(got, " ") != "quote" {
		t.Errorf("notified of %v", got)
	}
	// Consent for a post that then quotes nothing, or cannot be read.
	other := quoter.Note("/notes/2", "<p>Nothing of the kind</p>")
	quoter.Serve("/notes/2", other)
	asks(quoter, alice, "QuoteRequest", p.URI, quoter.URL("/notes/2"))
	c.Settle()
	if got := alice.Notified(t); len(got) != 1 {
		t.Errorf("notified of what quotes nothing: %v", got)
	}
	asks(quoter, alice, "QuoteRequest", p.URI, quoter.URL("/notes/private"))
	c.Settle()
	list, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Notification, error) {
		return tx.Notifications(store.Page{Limit: 1}, nil, nil)
	})
	if err != nil || len(list) != 1 || list[0].PostID != p.ID {
		t.Errorf("a quote that cannot be fetched: %+v, %v", list, err)
	}
}

func TestOnlyFollowersMayQuote(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, friend, other := c.Servers[0], c.Stranger("friend"), c.Stranger("other")
	policy(t, alice, store.QuoteFollowers)
	p := alice.Post(t, store.Public, "For friends to quote.")
	friend.Send(alice, friend.Activity("Follow", alice.ActorURI()))
	c.Settle()
	asks(friend, alice, "QuoteRequest", p.URI, friend.URL("/notes/1"))
	asks(other, alice, "QuoteRequest", p.URI, other.URL("/notes/1"))
	c.Settle()
	if lastSent(t, friend, "Accept")["result"] == nil {
		t.Error("a follower got no stamp")
	}
	if lastSent(t, other, "Reject")["result"] != nil {
		t.Error("somebody else got a stamp")
	}
	_, body := other.Fetch(p.URI, false)
	if want := `"canQuote":{"automaticApproval":["` + alice.ActorURI() + `/followers"]}`; !strings.Contains(body, want) {
		t.Errorf("the post does not say %s", want)
	}
	for _, v := range []store.Visibility{store.Followers, store.Public} {
		policy(t, alice, map[store.Visibility]store.QuotePolicy{store.Followers: store.QuotePublic, store.Public: store.QuoteNobody}[v])
		q := alice.Post(t, v, "Not to be quoted.")
		_, body := friend.Fetch(q.URI, true)
		if want := `"canQuote":{"automaticApproval":["` + alice.ActorURI() + `"]}`; !strings.Contains(body, want) {
			t.Errorf("visibility %d does not say %s: %s", v, want, body)
		}
	}
}

func TestConsentIsNotGivenTwice(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, quoter := c.Servers[0], c.Stranger("quoter")
	p := alice.Post(t, store.Public, "Potatoes are up.")
	note := quoter.Note("/notes/1", "<p>x</p>")
	note["quote"] = p.URI
	quoter.Serve("/notes/1", note)
	asks(quoter, alice, "QuoteRequest", p.URI, quoter.URL("/notes/1"))
	c.Settle()
	result := lastSent(t, quoter, "Accept")["result"].(string)
	if err := alice.RevokeQuote(ctx(), stampsOf(t, alice, p.ID)[0].ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	gone := lastSent(t, quoter, "Delete")
	if o, _ := gone["object"].(map[string]any); o["id"] != result || o["type"] != "QuoteAuthorization" || o["interactingObject"] != nil {
		t.Errorf("the Delete is about %v", gone["object"])
	}
	asks(quoter, alice, "QuoteRequest", p.URI, quoter.URL("/notes/1"))
	c.Settle()
	if inner, _ := lastSent(t, quoter, "Reject")["object"].(map[string]any); inner["instrument"] != quoter.URL("/notes/1") {
		t.Errorf("rejected: %v", inner)
	}
}

// An answer counts only from the author of what is quoted (T14), names a stamp of
// its own server (T17), and may have any @context (llun/activities.next#1538).
func TestT14_AnswersToOurQuoteRequests(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, author, mallory := c.Servers[0], c.Stranger("author"), c.Stranger("mallory")
	author.Serve("/notes/1", author.Note("/notes/1", "<p>The original</p>"))
	found, err := alice.Lookup(ctx(), author.URL("/notes/1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alice.Lookup(ctx(), mallory.ActorID()); err != nil {
		t.Fatal(err)
	}
	p, err := alice.Publish(ctx(), federation.Draft{Text: "Look", QuoteID: found.Post.ID})
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	request := lastSent(t, author, "QuoteRequest")
	author.Serve("/s", stamp(author.URL("/s"), author.ActorID(), p.URI, author.URL("/notes/1")))
	mallory.Serve("/s", stamp(mallory.URL("/s"), author.ActorID(), p.URI, author.URL("/notes/1")))
	answers := func(by *fedtest.Stranger, kind string, object any, result string) federation.Shown {
		t.Helper()
		act := by.Activity(kind, object)
		act["@context"] = []any{"https://example.com/unheard-of", map[string]any{"x": "y"}}
		if result != "" {
			act["result"] = result
		}
		if status := by.Send(alice, act); status != http.StatusAccepted {
			t.Errorf("%s by %s was answered %d", kind, by.Name, status)
		}
		c.Settle()
		return shown(t, alice, p.URI).State
	}
	whole := map[string]any{"type": "QuoteRequest", "id": request["id"], "actor": alice.ActorURI(), "object": author.URL("/notes/1"), "instrument": p.URI}
	otherPost := map[string]any{"type": "QuoteRequest", "actor": alice.ActorURI(), "object": author.URL("/notes/2"), "instrument": p.URI}
	for what, got := range map[string]federation.Shown{
		"mallory accepts":             answers(mallory, "Accept", whole, mallory.URL("/s")),
		"mallory hands the stamp on":  answers(mallory, "Accept", request["id"], author.URL("/s")),
		"mallory rejects":             answers(mallory, "Reject", whole, ""),
		"a stamp elsewhere":           answers(author, "Accept", whole, mallory.URL("/s")),
		"no stamp":                    answers(author, "Accept", whole, ""),
		"consent to quote other post": answers(author, "Accept", otherPost, author.URL("/s")),
	} {
		if got != federation.ShownPending {
			t.Errorf("%s: %s", what, got)
		}
	}
	if got := answers(author, "Reject", whole["id"], ""); got != federation.ShownRefused {
		t.Errorf("rejected by id: %s", got)
	}
	delete(whole, "id") // by what it embeds
	if got := answers(author, "Accept", whole, author.URL("/s")); got != federation.ShownAccepted {
		t.Errorf("accepted after all: %s", got)
	}
	if got := answers(author, "Reject", whole, ""); got != federation.ShownRevoked {
		t.Errorf("rejected afterwards: %s", got)
	}
}

func TestPoliciesOfOthersAreRead(t *testing.T) {
	r := newReading(t)
	for what, c := range map[string]struct {
		policy any
		like   store.Permission
		quote  store.Permission
	}{
		"nothing":           {nil, store.Untold, store.Untold},
		"GoToSocial 0.17":   {map[string]any{"canLike": map[string]any{"always": public}, "canReply": map[string]any{"approvalRequired": []any{public}}}, store.Allowed, store.Untold},
		"nobody":            {map[string]any{"canLike": map[string]any{"always": r.quoter.ActorID()}, "canQuote": map[string]any{"automaticApproval": []any{r.quoter.ActorID()}}}, store.Denied, store.Denied},
		"followers":         {map[string]any{"canQuote": map[string]any{"automaticApproval": r.quoter.ActorID() + "/followers"}}, store.Untold, store.Allowed},
		"asks all but one":  {map[string]any{"canQuote": map[string]any{"manualApproval": public, "automaticApproval": []any{r.alice.ActorURI()}}}, store.Untold, store.Allowed},
		"asks":              {map[string]any{"canQuote": map[string]any{"manualApproval": []any{"as:Public"}}}, store.Untold, store.Asks},
		"empty":             {map[string]any{"canQuote": map[string]any{}, "canLike": map[string]any{"automaticApproval": []any{}}}, store.Untold, store.Untold},
		"of another shape":  {[]any{"x", 5.0, map[string]any{"canQuote": "no"}}, store.Untold, store.Untold},
		"followed by other": {map[string]any{"canQuote": map[string]any{"automaticApproval": r.quoter.ActorID() + "/following"}}, store.Untold, store.Denied},
	} {
		uri := r.posts(map[string]any{"interactionPolicy": c.policy})
		p, _ := r.alice.Has(t, uri)
		bond := store.Bond{Follows: true}
		if got := r.alice.MayQuote(p, bond); got != c.quote {
			t.Errorf("%s: may quote %q, want %q", what, got, c.quote)
		}
		var like *store.Grant
		if p.Extra.Policy != nil {
			like = p.Extra.Policy.Like
		}
		if got := like.For(bond); got != c.like {
			t.Errorf("%s: may like %q, want %q", what, got, c.like)
		}
	}
}

// GoToSocial before 0.20 takes what a policy does not name for forbidden.
func TestThePolicyNamesWhatIsOpenToAll(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, eve := c.Servers[0], c.Stranger("eve")
	eve.Send(alice, eve.Activity("Follow", alice.ActorURI()))
	c.Settle()
	const public = "https://www.w3.org/ns/activitystreams#Public"
	for v, boosts := range map[store.Visibility]string{store.Public: public, store.Followers: alice.ActorURI()} {
		_, body := eve.Fetch(alice.Post(t, v, "Hello").URI, true)
		var doc struct {
			Policy map[string]map[string][]string `json:"interactionPolicy"`
		}
		if err := json.Unmarshal([]byte(body), &doc); err != nil {
			t.Fatal(err)
		}
		for key, who := range map[string]string{"canLike": public, "canReply": public, "canAnnounce": boosts} {
			for _, word := range []string{"automaticApproval", "always"} {
				if got := doc.Policy[key][word]; len(got) != 1 || got[0] != who {
					t.Errorf("visibility %d: %s says %s: %v", v, key, word, got)
				}
			}
		}
	}
}

// Old stamps make room for new ones, so one server's requests may not be all there are.
func TestConsentGivenToOneDomainIsBounded(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, eve, friend := c.Servers[0], c.Stranger("eve"), c.Stranger("friend")
	p := alice.Post(t, store.Public, "Hello")
	asks(eve, alice, "LikeRequest", p.URI, eve.URL("/likes/0"))
	c.Settle()
	var group errgroup.Group
	group.SetLimit(48) // one after the other each would wait for company on its way to the disk
	for i := range 1010 {
		group.Go(func() error {
			act := merge(eve.Activity("LikeRequest", p.URI), "instrument", eve.URL(fmt.Sprint("/likes/", i)))
			if status := eve.TrySend(alice, act); status != http.StatusAccepted {
				return fmt.Errorf("answered %d", status)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	stamps := func() int {
		return len(lookAt(t, alice, func(tx *store.Tx) ([]store.Stamp, error) { return tx.StampsOf("like", p.ID, 2000) }))
	}
	if n := stamps(); n != 1000 {
		t.Errorf("%d stamps for one server", n)
	}
	if _, err := alice.Lookup(ctx(), friend.Name+"@"+friend.Host); err != nil { // known, so answered at once
		t.Fatal(err)
	}
	asks(friend, alice, "LikeRequest", p.URI, friend.URL("/likes/1"))
	if n := stamps(); n != 1001 {
		t.Errorf("another server got no consent: there are %d stamps", n)
	}
}
