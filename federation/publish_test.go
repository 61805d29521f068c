package federation_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// someone stores a person of another server, without the network.
func someone(t *testing.T, s *fedtest.Server, name, host string) store.Actor {
	t.Helper()
	a, err := store.Put(ctx(), s.Store(), func(tx *store.Tx) (store.Actor, error) {
		id, err := tx.EnsureHost(host)
		if err != nil {
			return store.Actor{}, err
		}
		uri := "https://" + host + "/users/" + name
		a := store.Actor{
			URI: uri, HostID: id, Username: name, Domain: host, Kind: "Person", URL: "https://" + host + "/@" + name,
			Inbox: uri + "/inbox", SharedInbox: "https://" + host + "/inbox", FollowersURI: uri + "/followers", FetchedAt: s.Now(),
		}
		return a, tx.SaveActor(&a)
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// following makes somebody an accepted follower, or one who asks.
func following(t *testing.T, s *fedtest.Server, a store.Actor, state store.FollowState) {
	t.Helper()
	err := s.Store().Write(ctx(), func(tx *store.Tx) error {
		return tx.SaveFollower(store.Follower{ActorID: a.ID, State: state, FollowURI: a.URI + "#follow", Follow: "{}", AskedAt: s.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// arrived stores a post of somebody else.
func arrived(t *testing.T, s *fedtest.Server, by store.Actor, v store.Visibility) store.Post {
	t.Helper()
	p, err := store.Put(ctx(), s.Store(), func(tx *store.Tx) (store.Post, error) {
		p := store.Post{URI: fmt.Sprintf("%s/posts/%d", by.URI, tx.NewID()), ActorID: by.ID, Visibility: v, Content: "<p>Hello</p>", PublishedAt: s.Now()}
		return p, tx.InsertPost(&p)
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// waitingInboxes lists the inboxes that something waits for, sorted.
func waitingInboxes(t *testing.T, s *fedtest.Server) []string {
	t.Helper()
	due, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) ([]store.Inbox, error) { return tx.DueInboxes(s.Now().Add(time.Hour), 1000) })
	if err != nil {
		t.Fatal(err)
	}
	var urls []string
	for _, in := range due {
		urls = append(urls, strings.TrimPrefix(in.URL, "https://"))
	}
	slices.Sort(urls)
	return urls
}

func TestVisibilityDecidesToWhichInboxesAPostGoes(t *testing.T) {
	for _, tc := range []struct {
		v    store.Visibility
		want []string
	}{
		{store.Public, []string{"b.example/inbox", "c.example/inbox", "d.example/inbox"}},
		{store.Unlisted, []string{"b.example/inbox", "c.example/inbox", "d.example/inbox"}},
		{store.Followers, []string{"b.example/inbox", "c.example/inbox", "d.example/inbox"}},
		{store.Direct, []string{"d.example/users/dora/inbox"}},
	} {
		t.Run(fmt.Sprint(tc.v), func(t *testing.T) {
			alice := fedtest.New(t, "alice").Servers[0]
			following(t, alice, someone(t, alice, "bob", "b.example"), store.FollowAccepted)
			following(t, alice, someone(t, alice, "bea", "b.example"), store.FollowAccepted) // shares bob's inbox
			following(t, alice, someone(t, alice, "carl", "c.example"), store.FollowAccepted)
			following(t, alice, someone(t, alice, "eve", "e.example"), store.FollowAsked)
			following(t, alice, someone(t, alice, "fay", "sub.f.example"), store.FollowAccepted)
			dora := someone(t, alice, "dora", "d.example")
			if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.BlockHost("f.example") }); err != nil {
				t.Fatal(err)
			}
			p, err := alice.Publish(ctx(), federation.Draft{Text: "Hello @dora@d.example and @fay@sub.f.example #Tulips", Visibility: tc.v})
			if err != nil {
				t.Fatal(err)
			}
			if got := waitingInboxes(t, alice); !slices.Equal(got, tc.want) {
				t.Errorf("it goes to %v, want %v", got, tc.want)
			}
			if len(p.Extra.Mentions) != 1 || p.Extra.Mentions[0].URI != dora.URI {
				t.Errorf("it names %v", p.Extra.Mentions)
			}
			if !slices.Equal(p.Extra.Tags, []string{"Tulips"}) || p.Language != "en" || p.URI == "" || p.URL == "" {
				t.Errorf("the row is %+v", p)
			}
			if len(alice.Home(t)) != 1 {
				t.Error("it is not in the own home timeline")
			}
		})
	}
}

func TestTheSameKeyPublishesOnce(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	d := federation.Draft{Text: "Once", Key: "k1"}
	var wg sync.WaitGroup
	ids := make([]int64, 20)
	for i := range ids {
		wg.Go(func() {
			p, err := alice.Publish(ctx(), d)
			if err != nil {
				t.Error(err)
			}
			ids[i] = p.ID
		})
	}
	wg.Wait()
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 1 || len(alice.Home(t)) != 1 {
		t.Errorf("20 doubles made %d posts", len(alice.Home(t)))
	}
	d.Text = "The text of a repeated request does not count"
	again, err := alice.Publish(ctx(), d)
	if err != nil || again.ID != ids[0] {
		t.Errorf("the second call answered %d, %v", again.ID, err)
	}
	if _, err := alice.Delete(ctx(), ids[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.Publish(ctx(), d); reply.CodeOf(err) != reply.Conflict {
		t.Errorf("repeating the request for a deleted post gives %v", err)
	}
	d.Key = "k2"
	if p, err := alice.Publish(ctx(), d); err != nil || p.ID == ids[0] {
		t.Errorf("another key: %v, %v", p.ID, err)
	}
}

func TestWhatCannotBePublishedIsSaidInWords(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := someone(t, alice, "bob", "b.example")
	private, direct := arrived(t, alice, bob, store.Followers), arrived(t, alice, bob, store.Direct)
	own, err := alice.Publish(ctx(), draft("For followers", store.Followers))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		d     federation.Draft
		words string
	}{
		{"nothing", federation.Draft{Text: " \n\t "}, "Write something"},
		{"nothing visible", federation.Draft{Text: "<!-- -->", Markdown: true, Summary: ""}, ""},
		{"too long", federation.Draft{Text: strings.Repeat("ä", 5001)}, "5001 characters"},
		{"too long with the warning", federation.Draft{Text: strings.Repeat("a", 4990), Summary: "eleven more"}, "5001 characters"},
		{"direct to nobody", federation.Draft{Text: "psst", Visibility: store.Direct}, "Name at least one person"},
		{"direct to oneself", federation.Draft{Text: "psst @alice", Visibility: store.Direct}, "Name at least one person"},
		{"direct to somebody who cannot be found", federation.Draft{Text: "psst @nobody@127.0.0.1:1", Visibility: store.Direct}, "Name at least one person"},
		{"no such audience", federation.Draft{Text: "x", Visibility: 9}, "Choose who may read"},
		{"parent gone", federation.Draft{Text: "x", ParentID: 77}, "not here any more"},
		{"answering another's followers-only post to all", federation.Draft{Text: "x", ParentID: private.ID}, "people named only"},
		{"… to followers", federation.Draft{Text: "x", ParentID: private.ID, Visibility: store.Followers}, "people named only"},
		{"answering a direct post to followers", federation.Draft{Text: "x", ParentID: direct.ID, Visibility: store.Followers}, "people named"},
		{"answering an own followers-only post to all", federation.Draft{Text: "x", ParentID: own.ID, Visibility: store.Unlisted}, "followers only"},
		{"endless key", federation.Draft{Text: "x", Key: strings.Repeat("k", 256)}, "longer than 255"},
	} {
		_, err := alice.Publish(ctx(), tc.d)
		if tc.words == "" {
			continue
		}
		if code := reply.CodeOf(err); code == reply.Internal || code == "" || !strings.Contains(reply.Message(err), tc.words) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	c.Advance(-48 * time.Hour)
	if _, err := alice.Publish(ctx(), draft("Back in time", store.Public)); !strings.Contains(reply.Message(err), "clock") {
		t.Errorf("with the clock two days back: %v", err)
	}
	c.Advance(40 * time.Hour)
	later, err := alice.Publish(ctx(), draft("A little back in time", store.Public))
	if err != nil || later.ID <= own.ID {
		t.Errorf("with the clock eight hours back: id %d after %d, %v", later.ID, own.ID, err)
	}
}

func TestAPostMayHave5000CharactersAndLinksCount23(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	long := strings.Repeat("a", 4976) + " https://example.org/" + strings.Repeat("b", 900)
	if _, err := alice.Publish(ctx(), federation.Draft{Text: long}); err != nil {
		t.Error(err)
	}
}

func TestT44_RepliesToAFollowersOnlyPostOfSomeoneElseStayThere(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	bob, dora := someone(t, alice, "bob", "b.example"), someone(t, alice, "dora", "d.example")
	following(t, alice, someone(t, alice, "carl", "c.example"), store.FollowAccepted)
	following(t, alice, bob, store.FollowAccepted)
	parent := arrived(t, alice, bob, store.Followers)
	p, err := alice.Publish(ctx(), federation.Draft{Text: "Between us and @dora@d.example", Visibility: store.Direct, ParentID: parent.ID})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := waitingInboxes(t, alice), []string{"b.example/users/bob/inbox", "d.example/users/dora/inbox"}; !slices.Equal(got, want) {
		t.Errorf("it goes to %v, want %v", got, want)
	}
	if len(p.Extra.Mentions) != 2 || p.Extra.Mentions[0].ActorID != bob.ID || p.Extra.Mentions[1].ActorID != dora.ID {
		t.Errorf("it names %v", p.Extra.Mentions)
	}
	kept, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Post, error) { return tx.Post(parent.ID) })
	if err != nil || !kept.Kept || kept.Replies != 1 {
		t.Errorf("the parent is %+v, %v", kept, err)
	}
}

func TestAReplyIsNeverMorePublicThanItsParent(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	bob := someone(t, alice, "bob", "b.example")
	quiet := arrived(t, alice, bob, store.Unlisted)
	p, err := alice.Publish(ctx(), federation.Draft{Text: "Loud answer", ParentID: quiet.ID})
	if err != nil || p.Visibility != store.Unlisted || p.ParentURI != quiet.URI {
		t.Errorf("visibility %d, parent %q, %v", p.Visibility, p.ParentURI, err)
	}
	if got := waitingInboxes(t, alice); !slices.Equal(got, []string{"b.example/inbox"}) {
		t.Errorf("the author who was not named in the text gets it at %v", got)
	}
}

func TestPeopleNamedAreLookedUpOverTheNetwork(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	p := alice.Post(t, store.Public, "Hello @"+bob.Handle()+" and @nobody@"+bob.Host+" and @alice")
	if !strings.Contains(p.Content, `class="u-url mention"`) || strings.Contains(p.Content, "@<span>nobody") {
		t.Errorf("content %s", p.Content)
	}
	if got := bob.Notified(t); !slices.Equal(got, []string{"mention"}) {
		t.Errorf("bob was notified of %v", got)
	}
	if len(p.Extra.Mentions) != 1 {
		t.Errorf("it names %v", p.Extra.Mentions)
	}
	many := ""
	for i := range 40 {
		many += fmt.Sprintf("@p%d@%s ", i, bob.Host)
	}
	bob.Forget()
	alice.Post(t, store.Public, many)
	if n := len(bob.Gets()); n > 20 {
		t.Errorf("40 unknown names made %d requests", n)
	}
}

func TestPreviewSaysWhomADraftReaches(t *testing.T) {
	alice := fedtest.New(t, "alice").Servers[0]
	bob, dora := someone(t, alice, "bob", "b.example"), someone(t, alice, "dora", "d.example")
	following(t, alice, bob, store.FollowAccepted)
	following(t, alice, someone(t, alice, "bea", "b.example"), store.FollowAccepted)
	got, err := alice.Preview(ctx(), federation.Draft{Text: "**Hi** @dora@d.example @bob@b.example", Markdown: true})
	if err != nil || !strings.Contains(got.Post.Content, "<strong>Hi</strong>") {
		t.Errorf("%q, %v", got.Post.Content, err)
	}
	reach := got.Reach
	if reach.People != 3 || reach.Servers != 2 || len(reach.Named) != 2 || reach.Named[0].ID != dora.ID {
		t.Errorf("reach %+v", reach)
	}
	if got, err = alice.Preview(ctx(), federation.Draft{Text: "psst", Visibility: store.Direct}); err != nil || got.Reach.People+got.Reach.Servers != 0 {
		t.Errorf("a direct draft that names nobody yet: %+v, %v", got.Reach, err)
	}
	if len(alice.Home(t)) != 0 || len(waitingInboxes(t, alice)) != 0 {
		t.Error("a preview left something behind")
	}
}
