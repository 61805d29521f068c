package federation_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// boost makes an owner boost a post that is known there, and settles.
func boost(t *testing.T, c *fedtest.Cluster, s *fedtest.Server, uri string, v store.Visibility) store.Post {
	t.Helper()
	p, ok := s.Has(t, uri)
	if !ok {
		t.Fatalf("%s does not have %s", s.Name, uri)
	}
	b, err := s.Boost(ctx(), p.ID, v)
	if err != nil {
		t.Fatalf("%s boosts: %v", s.Name, err)
	}
	c.Settle()
	return b
}

func inHome(t *testing.T, s *fedtest.Server, uri string) bool {
	t.Helper()
	return slices.ContainsFunc(s.Home(t), func(p store.Post) bool { return p.URI == uri })
}

func TestABoostReachesFollowersAndTheAuthor(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	carol.Follows(t, bob) // and nobody knows alice there
	bob.Follows(t, alice)
	p := alice.Post(t, store.Public, "Worth showing around")
	c.Advance(time.Minute)
	b := boost(t, c, bob, p.URI, store.Public)
	if b.URI != bob.Origin().URL("/posts/"+fmt.Sprint(b.ID))+"/activity" || !inHome(t, bob, b.URI) {
		t.Errorf("bob's boost is %+v, in his home %v", b, inHome(t, bob, b.URI))
	}
	again := boost(t, c, bob, p.URI, store.Public)
	if again.ID != b.ID {
		t.Error("boosting twice made two boosts")
	}
	atCarol, ok := carol.Has(t, p.URI)
	if !ok || !strings.Contains(atCarol.Content, "Worth showing around") {
		t.Fatal("the boosted post did not reach carol")
	}
	shown, ok := carol.Has(t, b.URI)
	if !ok || shown.BoostOf != atCarol.ID || shown.Visibility != store.Public || !shown.PublishedAt.Equal(b.PublishedAt.Truncate(time.Second)) || !inHome(t, carol, b.URI) {
		t.Errorf("at carol the boost is %+v, in home %v", shown, inHome(t, carol, b.URI))
	}
	mine, _ := alice.Has(t, p.URI)
	if mine.Boosts != 1 || !slices.Contains(alice.Notified(t), "reblog") {
		t.Errorf("alice's post counts %d boosts, she was notified of %v", mine.Boosts, alice.Notified(t))
	}
	if slices.Contains(carol.Notified(t), "reblog") {
		t.Error("carol was notified of a boost of somebody else's post")
	}
	if len(alice.Received("Announce")) != 1 || len(carol.Received("Announce")) != 1 {
		t.Errorf("alice got %d, carol %d Announces", len(alice.Received("Announce")), len(carol.Received("Announce")))
	}

	after, err := bob.Unboost(ctx(), b.ID) // the boost's own id means the same
	if err != nil || after.Boosts != 0 {
		t.Fatalf("bob takes it back: %v, %d boosts", err, after.Boosts)
	}
	if _, err := bob.Unboost(ctx(), after.ID); err != nil {
		t.Errorf("taking it back twice: %v", err)
	}
	c.Settle()
	for _, s := range c.Servers {
		if _, ok := s.Has(t, b.URI); ok || inHome(t, s, b.URI) {
			t.Errorf("%s still has the boost", s.Name)
		}
	}
	if mine, _ := alice.Has(t, p.URI); mine.Boosts != 0 || slices.Contains(alice.Notified(t), "reblog") {
		t.Errorf("after the Undo: %d boosts, notified of %v", mine.Boosts, alice.Notified(t))
	}
	for _, r := range carol.Received("Undo") {
		if !strings.Contains(r.Body, `"type":"Announce"`) || !strings.Contains(r.Body, p.URI) {
			t.Errorf("the Undo does not hold the whole Announce: %s", r.Body)
		}
	}
	if n := len(carol.Received("Undo")); n != 1 {
		t.Errorf("carol got %d Undos", n)
	}
}

func TestDeletingABoostedPostTakesTheBoostsAlong(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	p := alice.Post(t, store.Followers, "For my followers")
	carol.Follows(t, alice) // too late for the post, in time for the boost
	b := boost(t, c, alice, p.URI, store.Public)
	if b.Visibility != store.Followers {
		t.Errorf("a boost of a followers-only post is %d", b.Visibility)
	}
	if len(carol.Received("Announce")) != 1 {
		t.Fatal("carol did not hear of the boost")
	}
	if _, err := alice.Delete(ctx(), p.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if len(carol.Received("Delete")) != 1 || len(bob.Received("Delete")) != 1 {
		t.Errorf("bob got %d, carol %d Deletes", len(bob.Received("Delete")), len(carol.Received("Delete")))
	}
	if _, ok := alice.Has(t, b.URI); ok || inHome(t, alice, b.URI) {
		t.Error("the boost outlives its post")
	}
}

func TestWhatMayNotBeBoosted(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	for _, tc := range []struct {
		what       string
		who        *fedtest.Server
		visibility store.Visibility
		as         store.Visibility
		code       reply.Code
		got        store.Visibility
	}{
		{"another's followers-only post", bob, store.Followers, store.Followers, reply.Unprocessable, 0},
		{"another's direct post", bob, store.Direct, store.Public, reply.Unprocessable, 0},
		{"an own direct post", alice, store.Direct, store.Public, reply.Unprocessable, 0},
		{"to the people named", bob, store.Public, store.Direct, reply.Unprocessable, 0},
		{"an own followers-only post", alice, store.Followers, store.Public, "", store.Followers},
		{"a quiet post", bob, store.Unlisted, store.Public, "", store.Unlisted},
		{"a public post for followers", bob, store.Public, store.Followers, "", store.Followers},
	} {
		p := alice.Post(t, tc.visibility, "@"+bob.Handle()+" "+tc.what)
		at, ok := tc.who.Has(t, p.URI)
		if !ok {
			t.Fatalf("%s: not there", tc.what)
		}
		b, err := tc.who.Boost(ctx(), at.ID, tc.as)
		if reply.CodeOf(err) != tc.code || err == nil && b.Visibility != tc.got {
			t.Errorf("%s: %v, visibility %d", tc.what, err, b.Visibility)
		}
	}
	if _, err := bob.Boost(ctx(), 4711, store.Public); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("a post that never was: %v", err)
	}
	p := alice.Post(t, store.Public, "Soon blocked")
	if _, err := bob.RejectAndBlock(ctx(), person(t, bob, alice).ID); err != nil {
		t.Fatal(err)
	}
	at, _ := bob.Has(t, p.URI)
	if _, err := bob.Boost(ctx(), at.ID, store.Public); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("a post of a blocked server: %v", err)
	}
}

func TestBoostsOfUnknownPostsComeFromTheirOrigin(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, carl := c.Stranger("bob"), c.Stranger("carl")
	followStranger(t, alice, bob)
	note := carl.Note("/n/1", "<p>what carl wrote</p>")
	carl.Serve("/n/1", note)
	carl.Serve("/@carl/1", note) // another address of the same
	forged := carl.Note("/n/1", "<p>what bob says that carl wrote</p>")

	bob.Send(alice, bob.Activity("Announce", forged))
	c.Settle()
	p, ok := alice.Has(t, carl.URL("/n/1"))
	if !ok || strings.Contains(p.Content, "bob says") || p.Boosts != 1 || len(alice.Home(t)) != 1 {
		t.Errorf("stored %+v, %d in home", p, len(alice.Home(t)))
	}
	fetched := len(carl.Gets())
	for range 3 {
		bob.Send(alice, bob.Activity("Announce", carl.URL("/n/1"))) // again, under other ids
	}
	c.Settle()
	if p, _ := alice.Has(t, carl.URL("/n/1")); p.Boosts != 1 || len(alice.Home(t)) != 1 || len(carl.Gets()) != fetched {
		t.Errorf("announced again: %d boosts, %d in home, %d fetches", p.Boosts, len(alice.Home(t)), len(carl.Gets())-fetched)
	}

	carl.Serve("/n/2", carl.Note("/n/2", "<p>two</p>"))
	carl.Serve("/@carl/2", carl.Note("/n/2", "<p>two</p>"))
	bob.Send(alice, bob.Activity("Announce", carl.URL("/@carl/2")))
	c.Settle()
	if p, ok := alice.Has(t, carl.URL("/n/2")); !ok || p.Boosts != 1 {
		t.Errorf("by the address of its page: %v, %d boosts", ok, p.Boosts)
	}

	private := carl.Note("/n/3", "<p>for followers</p>")
	private["to"], private["cc"] = []any{carl.ActorID() + "/followers"}, []any{}
	carl.Serve("/n/3", private)
	bob.Send(alice, bob.Activity("Announce", carl.URL("/n/3")))
	carl.Serve("/n/4", fedtest.Doc{Status: http.StatusNotFound, Body: "{}"})
	bob.Send(alice, bob.Activity("Announce", carl.URL("/n/4")))
	lie := carl.Note("/n/5", "<p>attributed to another server</p>")
	lie["attributedTo"] = bob.ActorID()
	carl.Serve("/n/5", lie)
	bob.Send(alice, bob.Activity("Announce", carl.URL("/n/5")))
	c.Settle()
	for _, path := range []string{"/n/3", "/n/4", "/n/5"} {
		if _, ok := alice.Has(t, carl.URL(path)); ok {
			t.Errorf("%s was stored", path)
		}
	}
	if n := len(alice.Home(t)); n != 2 {
		t.Errorf("%d posts in home", n)
	}
}

func TestBoostsOfPeopleWhoseBoostsAreHiddenAreNotFetched(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, carl := c.Stranger("bob"), c.Stranger("carl")
	a := followStranger(t, alice, bob)
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		f, err := tx.Following(a.ID)
		if err != nil {
			return err
		}
		f.Boosts = false
		return tx.SaveFollowing(f)
	}); err != nil {
		t.Fatal(err)
	}
	carl.Serve("/n/1", carl.Note("/n/1", "<p>x</p>"))
	bob.Send(alice, bob.Activity("Announce", carl.URL("/n/1")))
	bob.Send(alice, bob.Activity("Create", bob.Note("/n/2", "<p>known</p>")))
	bob.Send(alice, bob.Activity("Announce", bob.URL("/n/2")))
	c.Settle()
	p, _ := alice.Has(t, bob.URL("/n/2"))
	if len(carl.Gets()) != 0 || len(alice.Home(t)) != 1 || p.Boosts != 1 {
		t.Errorf("%d fetches, %d in home, %d boosts of the known post", len(carl.Gets()), len(alice.Home(t)), p.Boosts)
	}
}

func TestUndoOfABoostInEveryForm(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, eve := c.Stranger("bob"), c.Stranger("eve")
	followStranger(t, alice, bob)
	followStranger(t, alice, eve)
	p := alice.Post(t, store.Public, "Boost me")
	announce := func() map[string]any {
		a := bob.Activity("Announce", p.URI)
		a["to"] = []any{"https://www.w3.org/ns/activitystreams#Public"}
		return a
	}
	for name, undo := range map[string]func(a map[string]any) any{
		"the whole":                    func(a map[string]any) any { return a },
		"a bare id":                    func(a map[string]any) any { return a["id"] },
		"an object with the id":        func(a map[string]any) any { return map[string]any{"id": a["id"]} },
		"the whole under another id":   func(a map[string]any) any { return bob.Activity("Announce", p.URI) },
		"a Delete with the boost's id": nil,
	} {
		a := announce()
		r, body := bob.Request(alice, a)
		if w := take(alice, r, strings.NewReader(string(body))); w.Code != http.StatusAccepted {
			t.Fatalf("answered %d", w.Code)
		}
		b, ok := alice.Has(t, a["id"].(string))
		if !ok || !slices.Contains(alice.Notified(t), "reblog") {
			t.Fatalf("%s: the boost did not arrive", name)
		}
		eve.Send(alice, eve.Activity("Undo", a["id"]))
		if _, ok := alice.Has(t, b.URI); !ok {
			t.Errorf("%s: somebody else took it back (T12)", name)
		}
		if undo != nil {
			bob.Send(alice, bob.Activity("Undo", undo(a)))
		} else {
			bob.Send(alice, bob.Activity("Delete", a["id"]))
		}
		now, _ := alice.Has(t, p.URI)
		if _, ok := alice.Has(t, b.URI); ok || now.Boosts != 0 || slices.Contains(alice.Notified(t), "reblog") {
			t.Errorf("undone by %s: %d boosts, notified of %v", name, now.Boosts, alice.Notified(t))
		}
		alice.ForgetReplays()
		take(alice, r, strings.NewReader(string(body)))
		if _, ok := alice.Has(t, b.URI); ok {
			t.Errorf("%s: a replay brought the boost back (T6)", name)
		}
	}
	late := announce()
	bob.Send(alice, bob.Activity("Undo", late))
	bob.Send(alice, late)
	if _, ok := alice.Has(t, late["id"].(string)); ok {
		t.Error("a boost that arrived after its Undo stayed")
	}
}

// T13: nobody widens what is not theirs by boosting it.
func TestT13_BoostsDoNotWiden(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	eve := c.Stranger("eve")
	followStranger(t, bob, eve)
	followStranger(t, alice, eve)
	bob.Follows(t, alice)
	for _, v := range []store.Visibility{store.Followers, store.Direct} {
		p := alice.Post(t, v, "@"+bob.Handle()+" not for everybody")
		for _, s := range c.Servers {
			a := eve.Activity("Announce", p.URI)
			a["to"] = []any{"https://www.w3.org/ns/activitystreams#Public"}
			eve.Send(s, a)
			c.Settle()
			now, _ := s.Has(t, p.URI)
			if _, ok := s.Has(t, a["id"].(string)); ok || now.Boosts != 0 || now.Visibility != v || slices.Contains(s.Notified(t), "reblog") {
				t.Errorf("%s took eve's boost of a post of visibility %d: %+v", s.Name, v, now)
			}
		}
	}
	// The author may, and it is no wider by it.
	p := alice.Post(t, store.Followers, "Once more for my followers")
	b := boost(t, c, alice, p.URI, store.Public)
	if at, ok := bob.Has(t, b.URI); !ok || at.Visibility != store.Followers {
		t.Errorf("the author's own boost: %v, visibility %d", ok, at.Visibility)
	}
	if status, _ := eve.Fetch(b.URI, true); status != http.StatusNotFound {
		t.Errorf("a boost for followers answers a stranger %d", status)
	}
}

// T19: nothing comes back from a blocked server because a friend boosts it.
func TestT19_BoostsOfBlockedServers(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, evil := c.Stranger("bob"), c.Stranger("evil")
	followStranger(t, alice, bob)
	known := followStranger(t, alice, evil)
	evil.Send(alice, evil.Activity("Create", evil.Note("/n/1", "<p>stored before the block</p>")))
	if _, err := alice.RejectAndBlock(ctx(), known.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	evil.Serve("/n/2", evil.Note("/n/2", "<p>after it</p>"))
	fetched, disk := len(evil.Gets()), alice.Disk(t)
	for _, path := range []string{"/n/1", "/n/2"} {
		bob.Send(alice, bob.Activity("Announce", evil.URL(path)))
		bob.Send(alice, bob.Activity("Announce", evil.Note(path, "<p>embedded</p>")))
		bob.Send(alice, bob.Activity("Announce", evil.Activity("Create", evil.Note(path, "<p>wrapped</p>"))))
	}
	if alice.Disk(t) != disk {
		t.Error("a boost of what is blocked costs a write")
	}
	c.Settle()
	if _, ok := alice.Has(t, evil.URL("/n/2")); ok || len(evil.Gets()) != fetched {
		t.Errorf("stored %v, %d fetches", ok, len(evil.Gets())-fetched)
	}
	if p, _ := alice.Has(t, evil.URL("/n/1")); p.Boosts != 0 || len(alice.Home(t)) != 0 {
		t.Errorf("%d boosts, %d in home", p.Boosts, len(alice.Home(t)))
	}
}

// T31: whom we follow cannot make us ask any number of new servers.
func TestT31_BoostsOfManySubdomains(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, evil := c.Stranger("bob"), c.Stranger("evil")
	followStranger(t, alice, bob)
	_, port, _ := strings.Cut(evil.Host, ":")
	for i := range 30 {
		bob.Send(alice, bob.Activity("Announce", fmt.Sprintf("http://s%d.evil.localhost:%s/n/%d", i, port, i)))
	}
	c.Settle()
	if n := len(evil.Gets()); n > 10 || n == 0 {
		t.Errorf("%d new servers of one domain were asked", n)
	}
}

// What relays and strangers boost or like, and nobody here knows, costs neither a
// write nor a request.
func TestFloodsOfStrangersCostNothing(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	relay, carl, met := c.Stranger("relay"), c.Stranger("carl"), c.Stranger("met")
	if _, err := alice.Lookup(ctx(), met.Name+"@"+met.Host); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	carl.Serve("/n/1", carl.Note("/n/1", "<p>x</p>"))
	gone := alice.Origin().URL("/posts/4711")
	disk, asked := alice.Disk(t), len(met.Gets())
	for _, who := range []*fedtest.Stranger{relay, met} {
		for i := range 20 {
			for _, a := range []map[string]any{
				who.Activity("Announce", carl.URL(fmt.Sprint("/n/", i))), who.Activity("Announce", gone),
				who.Activity("Announce", carl.Activity("Create", carl.Note("/n/1", "<p>x</p>"))),
				who.Activity("Like", carl.URL(fmt.Sprint("/n/", i))), who.Activity("EmojiReact", gone), who.Activity("Dislike", carl.URL("/n/1")),
				who.Activity("View", carl.URL("/n/1")), who.Activity("Undo", who.Activity("Dislike", carl.URL("/n/1"))),
			} {
				if who == relay && a["type"] == "Undo" {
					continue // an Undo is read by who did something before
				}
				if status := who.Send(alice, a); status != http.StatusAccepted {
					t.Fatalf("%s of %s answered %d", a["type"], who.Name, status)
				}
			}
		}
	}
	if n, err := alice.RunDue(ctx()); n != 0 || err != nil {
		t.Errorf("%d things to do, %v", n, err)
	}
	if alice.Disk(t) != disk {
		t.Error("they cost a write")
	}
	if len(relay.Gets()) != 0 || len(carl.Gets()) != 0 {
		t.Errorf("they cost requests: %v %v", relay.Gets(), carl.Gets())
	}
	if n := len(met.Gets()) - asked; n > 1 { // the key, if it was not kept
		t.Errorf("the known one was asked %d times", n)
	}
}

func TestABoostByAStrangerOfAnOwnPostIsTold(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	p := alice.Post(t, store.Public, "Known far away")
	announce := bob.Activity("Announce", p.URI)
	for range 2 {
		if status := bob.Send(alice, announce); status != http.StatusAccepted {
			t.Fatalf("answered %d", status)
		}
	}
	c.Settle()
	now, _ := alice.Has(t, p.URI)
	if now.Boosts != 1 || !slices.Equal(alice.Notified(t), []string{"reblog"}) || inHome(t, alice, announce["id"].(string)) {
		t.Errorf("%d boosts, notified of %v", now.Boosts, alice.Notified(t))
	}
	if status, body := bob.Fetch(p.URI+"/shares", false); status != http.StatusOK || !strings.Contains(body, `"totalItems":1`) {
		t.Errorf("shares: %d %s", status, body)
	}
	if status, body := bob.Fetch(p.URI, false); status != http.StatusOK || !strings.Contains(body, `"totalItems":1`) {
		t.Errorf("the post: %d %s", status, body)
	}
}

// What a server says about its own post has counted already what comes from it.
func TestCountsOfOthersPostsAreNotCountedTwice(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, carol := c.Stranger("bob"), c.Stranger("carol")
	followStranger(t, alice, bob)
	collection := func(path string, n int) map[string]any {
		return map[string]any{"id": carol.URL(path), "type": "Collection", "totalItems": n}
	}
	carol.Serve("/n/1", merge(carol.Note("/n/1", "<p>x</p>"), "shares", collection("/n/1/shares", 3), "replies", collection("/n/1/replies", 2)))
	announce := bob.Activity("Announce", carol.URL("/n/1"))
	bob.Send(alice, announce)
	c.Settle()
	counts := func(what string, replies, boosts int) {
		t.Helper()
		if p, _ := alice.Has(t, carol.URL("/n/1")); p.Replies != replies || p.Boosts != boosts {
			t.Errorf("%s: %d replies and %d boosts, want %d and %d", what, p.Replies, p.Boosts, replies, boosts)
		}
	}
	counts("the boost that brought it", 2, 3)
	for i := range 3 {
		bob.Send(alice, bob.Activity("Create", merge(bob.Note(fmt.Sprint("/r/", i), "<p>r</p>"), "inReplyTo", carol.URL("/n/1"))))
	}
	c.Settle()
	counts("three replies known here", 3, 3)
	p, _ := alice.Has(t, carol.URL("/n/1"))
	boost(t, c, alice, p.URI, store.Public)
	counts("the owner's boost, which its server did not know of", 3, 4)
	if _, err := alice.Unboost(ctx(), p.ID); err != nil {
		t.Fatal(err)
	}
	bob.Send(alice, bob.Activity("Undo", announce))
	counts("both taken back", 3, 2)
}
