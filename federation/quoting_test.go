package federation_test

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// quotes publishes a post that quotes one that is known at the server.
func quotes(t *testing.T, at *fedtest.Server, c *fedtest.Cluster, quotedURI, text string) store.Post {
	t.Helper()
	quoted, ok := at.Has(t, quotedURI)
	if !ok {
		t.Fatalf("%s does not have %s", at.Name, quotedURI)
	}
	p, err := at.Publish(ctx(), federation.Draft{Text: text, QuoteID: quoted.ID})
	if err != nil {
		t.Fatalf("%s quotes: %v", at.Name, err)
	}
	c.Settle()
	return p
}

// shown is how a server shows what a post quotes.
func shown(t *testing.T, at *fedtest.Server, uri string) federation.QuoteView {
	t.Helper()
	p, ok := at.Has(t, uri)
	if !ok {
		t.Fatalf("%s does not have %s", at.Name, uri)
	}
	views, err := store.Get(ctx(), at.Store(), func(tx *store.Tx) (map[int64]federation.QuoteView, error) {
		return at.QuoteViews(tx, []store.Post{p})
	})
	if err != nil {
		t.Fatal(err)
	}
	return views[p.ID]
}

func policy(t *testing.T, at *fedtest.Server, p store.QuotePolicy) {
	t.Helper()
	set := at.Settings()
	set.QuotePolicy = p
	if err := at.SaveSettings(ctx(), set); err != nil {
		t.Fatal(err)
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func stampsOf(t *testing.T, at *fedtest.Server, postID int64) []store.Stamp {
	t.Helper()
	list, err := store.Get(ctx(), at.Store(), func(tx *store.Tx) ([]store.Stamp, error) { return tx.StampsOf("quote", postID, 10) })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAQuoteWithConsentIsShownEverywhere(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	carol.Follows(t, bob)
	original := alice.Post(t, store.Public, "Potatoes are up.")
	carolKnew := len(carol.Home(t))
	p := quotes(t, bob, c, original.URI, "She says so herself:")

	if v := shown(t, bob, p.URI); v.State != federation.ShownAccepted || v.Post.URI != original.URI {
		t.Errorf("the quoter sees %+v", v)
	}
	if v := shown(t, carol, p.URI); v.State != federation.ShownAccepted || v.Post.Content != original.Content {
		t.Errorf("a reader of the quoter sees %+v", v)
	}
	if v := shown(t, alice, p.URI); v.State != federation.ShownAccepted || v.Post.ID != original.ID {
		t.Errorf("the quoted author sees %+v", v)
	}
	if len(carol.Home(t)) != carolKnew+1 {
		t.Error("what was only quoted came into the home timeline")
	}
	if got := alice.Notified(t); strings.Join(got, " ") != "quote follow" {
		t.Errorf("the quoted author was notified of %v", got)
	}
	kept, _ := alice.Has(t, p.URI)
	if !kept.Kept {
		t.Error("a quote that the owner was told of may be swept away")
	}
	again := carol.Received("Update")
	if len(again) != 1 || !strings.Contains(again[0].Body, `"quoteAuthorization":"http://`+alice.Host+`/stamps/`) {
		t.Errorf("the stamp was not handed on: %+v", again)
	}
	if !strings.Contains(p.Content, `<p class="quote-inline">RE: <a href="`+original.URL+`"`) {
		t.Errorf("servers without quotes see %s", p.Content)
	}
	if edited, _ := bob.Has(t, p.URI); !edited.EditedAt.IsZero() {
		t.Error("consent made the post look edited")
	}
}

func TestTheRequestAndItsAnswerAsOthersReadThem(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	original := alice.Post(t, store.Public, "Potatoes are up.")
	p := quotes(t, bob, c, original.URI, "Look:")
	asked := alice.Received("QuoteRequest")
	if len(asked) != 1 || asked[0].Status != 202 {
		t.Fatalf("%+v", asked)
	}
	for _, want := range []string{
		`"type":"QuoteRequest"`, `"object":"` + original.URI + `"`, `"instrument":{"id":"` + p.URI + `"`, `"to":["` + alice.ActorURI() + `"]`,
		`"quote":"` + original.URI + `"`, `"quoteUri":"` + original.URI + `"`, `"_misskey_quote":"` + original.URI + `"`,
		`"canQuote":{"automaticApproval":["https://www.w3.org/ns/activitystreams#Public"]}`,
	} {
		if !strings.Contains(asked[0].Body, want) {
			t.Errorf("the request lacks %s: %s", want, asked[0].Body)
		}
	}
	answers := bob.Received("Accept")
	body := answers[len(answers)-1].Body
	for _, want := range []string{
		`"object":{"actor":"` + bob.ActorURI() + `","id":"http://` + bob.Host + `/activities/`, `"instrument":"` + p.URI + `"`,
		`"object":"` + original.URI + `"`, `"type":"QuoteRequest"}`, `"result":"http://` + alice.Host + `/stamps/`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the answer lacks %s: %s", want, body)
		}
	}
}

func TestAQuoteMayBeRefused(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	carol.Follows(t, bob)
	original := alice.Post(t, store.Public, "For now.")
	policy(t, alice, store.QuoteNobody) // of later posts
	if _, err := alice.SetQuotePolicy(ctx(), original.ID, store.QuoteNobody); err != nil {
		t.Fatal(err)
	}
	// The Update with the new policy has not arrived yet when bob quotes.
	quoted, _ := bob.Has(t, original.URI)
	p, err := bob.Publish(ctx(), federation.Draft{Text: "Anyway", QuoteID: quoted.ID})
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if v := shown(t, bob, p.URI); v.State != federation.ShownRefused {
		t.Errorf("the quoter sees %+v", v)
	}
	if v := shown(t, carol, p.URI); v.State != federation.ShownPending || v.Post.ID != 0 {
		t.Errorf("a reader sees %+v", v)
	}
	if got := alice.Notified(t); strings.Join(got, " ") != "follow" {
		t.Errorf("alice was told of a quote that she does not allow: %v", got)
	}
	last := carol.Received("Update")
	if len(last) == 0 || strings.Contains(last[len(last)-1].Body, `"_misskey_quote":"http`) || !strings.Contains(last[len(last)-1].Body, `"quote":`) {
		t.Errorf("servers that know no consent still show it: %+v", last)
	}
	// By now bob's server knows the policy, and says so before anything is sent.
	if _, err := bob.Publish(ctx(), federation.Draft{Text: "Again", QuoteID: quoted.ID}); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("a forbidden quote: %v", err)
	}
}

func TestConsentTakenBackIsTakenBackEverywhere(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	carol.Follows(t, bob)
	original := alice.Post(t, store.Public, "Potatoes are up.")
	p := quotes(t, bob, c, original.URI, "Ha:")
	stamps := stampsOf(t, alice, original.ID)
	if len(stamps) != 1 {
		t.Fatalf("%+v", stamps)
	}
	if err := alice.RevokeQuote(ctx(), stamps[0].ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	for _, at := range c.Servers {
		if v := shown(t, at, p.URI); v.State != federation.ShownRevoked || at != bob && v.Post.ID != 0 {
			t.Errorf("%s sees %+v", at.Name, v)
		}
	}
	if len(stampsOf(t, alice, original.ID)) != 0 {
		t.Error("the consent still stands")
	}
	mallory := c.Stranger("mallory")
	if status, _ := mallory.Fetch("http://"+alice.Host+"/stamps/"+decimal(stamps[0].ID), false); status != 404 {
		t.Errorf("the stamp that was taken back answers %d", status)
	}
	if err := alice.RevokeQuote(ctx(), stamps[0].ID); err != nil {
		t.Errorf("taking it back twice: %v", err)
	}
	if err := alice.RevokeQuote(ctx(), 4711); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("taking back what never was: %v", err)
	}
}

func TestQuotingOneself(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	policy(t, alice, store.QuoteNobody)
	first := alice.Post(t, store.Public, "I said this.")
	p := quotes(t, alice, c, first.URI, "And I was right.")
	for _, at := range c.Servers {
		if v := shown(t, at, p.URI); v.State != federation.ShownAccepted || v.Post.URI != first.URI {
			t.Errorf("%s sees %+v", at.Name, v)
		}
	}
	private := alice.Post(t, store.Followers, "Between us.")
	if _, err := alice.Publish(ctx(), federation.Draft{Text: "No", QuoteID: private.ID}); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("a followers-only post quoted for everybody: %v", err)
	}
	if _, err := alice.Publish(ctx(), federation.Draft{Text: "Yes", QuoteID: private.ID, Visibility: store.Followers}); err != nil {
		t.Errorf("a followers-only post quoted for followers: %v", err)
	}
	direct, err := alice.Publish(ctx(), federation.Draft{Text: "@" + bob.Handle() + " psst", Visibility: store.Direct})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alice.Publish(ctx(), federation.Draft{Text: "No", QuoteID: direct.ID, Visibility: store.Followers}); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("a direct post was quoted: %v", err)
	}
}

func TestWhatCannotBeQuoted(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	private := alice.Post(t, store.Followers, "Between us.")
	open := alice.Post(t, store.Public, "For all.")
	at := func(uri string) int64 { p, _ := bob.Has(t, uri); return p.ID }
	for what, d := range map[string]federation.Draft{
		"another's followers-only post":           {Text: "x", QuoteID: at(private.URI), Visibility: store.Followers},
		"nothing":                                 {Text: "x", QuoteID: 4711},
		"in a post for few without naming them":   {Text: "x", QuoteID: at(open.URI), Visibility: store.Followers},
		"with a policy that there is not":         {Text: "x", QuotePolicy: "friends"},
		"an open post by direct to somebody else": {Text: "x", QuoteID: at(open.URI), Visibility: store.Direct},
	} {
		if _, err := bob.Publish(ctx(), d); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%s: %v", what, err)
		}
	}
	c.Settle()
	if n := len(alice.Received("QuoteRequest")); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	d := federation.Draft{Text: "@" + alice.Handle() + " look", QuoteID: at(open.URI), Visibility: store.Direct}
	p, err := bob.Publish(ctx(), d)
	if err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if v := shown(t, bob, p.URI); v.State != federation.ShownAccepted {
		t.Errorf("a quote in a direct post to its author: %+v", v)
	}
}

func TestAnEditKeepsTheQuote(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	carol.Follows(t, bob)
	original := alice.Post(t, store.Public, "Potatoes are up.")
	p := quotes(t, bob, c, original.URI, "Look")
	c.Advance(time.Minute)
	if _, err := bob.Edit(context.Background(), p.ID, federation.Draft{Text: "Look there"}); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	got, _ := carol.Has(t, p.URI)
	if !strings.Contains(got.Content, "Look there") || !strings.Contains(got.Content, "quote-inline") {
		t.Errorf("the edit arrived as %s", got.Content)
	}
	if v := shown(t, carol, p.URI); v.State != federation.ShownAccepted {
		t.Errorf("after the edit carol sees %+v", v)
	}
}

// Whoever quoted a post is told each time that its words become others; the notice is
// about the quote, which is the owner's.
func TestTheQuoterIsToldOfAnEdit(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	original := alice.Post(t, store.Public, "Potatoes are up.")
	p := quotes(t, bob, c, original.URI, "Look")
	quotes(t, bob, c, alice.Post(t, store.Public, "So are the beans.").URI, "And there")
	edit := func(text string) {
		t.Helper()
		c.Advance(time.Minute)
		if _, err := alice.Edit(context.Background(), original.ID, federation.Draft{Text: text}); err != nil {
			t.Fatal(err)
		}
		c.Settle()
	}
	told := func() (about []int64) {
		t.Helper()
		list, err := store.Get(ctx(), bob.Store(), func(tx *store.Tx) ([]store.Notification, error) {
			return tx.Notices(store.Page{Limit: 10}, store.NoticeQuery{Kinds: []string{"quoted_update"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			about = append(about, n.PostID)
		}
		return about
	}
	edit("Potatoes were up.")
	edit("Potatoes were eaten.")
	if got := told(); len(got) != 1 || got[0] != p.ID {
		t.Errorf("told about %v, not once about %d", got, p.ID)
	}
	if err := alice.RevokeQuote(ctx(), stampsOf(t, alice, original.ID)[0].ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	edit("Potatoes are no more.")
	if got := told(); len(got) != 1 {
		t.Errorf("told of what is not quoted any more: %v", got)
	}
}
