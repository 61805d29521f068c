package federation_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// away makes a server unreachable for a while, as one that is switched off.
func away(s *fedtest.Server, off bool) {
	if !off {
		s.Misbehave(nil)
		return
	}
	s.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
}

// recovered makes an absence good and lets all of its steps run.
func recovered(t *testing.T, c *fedtest.Cluster, s *fedtest.Server, since time.Time) {
	t.Helper()
	if err := s.Recover(ctx(), since); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(3*time.Minute, 10*time.Second)
}

func outbox(s *fedtest.Stranger, posts ...map[string]any) {
	items := []any{}
	for _, p := range posts {
		a := s.Activity("Create", p)
		a["published"] = p["published"]
		items = append(items, a)
	}
	s.Serve("/users/"+s.Name+"/outbox", collection(s, "/users/"+s.Name+"/outbox", items...))
}

func at(n map[string]any, when time.Time) map[string]any {
	n["published"] = when.Format(time.RFC3339)
	return n
}

func TestWhatFollowedPeoplePostedMeanwhileComesQuietly(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	sam, eve := c.Stranger("sam"), c.Stranger("eve")
	followStranger(t, alice, sam)
	followStranger(t, alice, eve)
	c.Settle()
	sam.Send(alice, sam.Activity("Create", sam.Note("/n/before", "before")))
	c.Advance(time.Minute)
	since := c.Now()
	var posts []map[string]any
	for i := range 6 { // newest first
		n := at(sam.Note(fmt.Sprint("/n/", i), "meanwhile"), since.Add(time.Duration(6-i)*20*time.Minute))
		if i == 2 {
			n["tag"] = []any{map[string]any{"type": "Mention", "href": alice.ActorURI(), "name": "@" + alice.Handle()}}
		}
		posts = append(posts, n)
	}
	old := at(sam.Note("/n/old", "long before"), since.Add(-48*time.Hour))
	outbox(sam, append(posts, old)...)
	private := at(eve.Note("/n/private", "for followers"), since.Add(time.Hour))
	private["to"], private["cc"] = []any{eve.ActorID() + "/followers"}, []any{}
	outbox(eve, private, at(eve.Note("/n/1", "meanwhile too"), since.Add(time.Hour)), at(sam.Note("/n/forged", "not eve's"), since.Add(time.Hour)))
	c.Advance(3 * time.Hour)
	// One of them arrives in the usual way before we look: senders try again.
	sam.Send(alice, sam.Activity("Create", posts[0]))
	recovered(t, c, alice, since)
	var home []string
	for _, p := range alice.Home(t) {
		home = append(home, p.URI)
		if p.URI == sam.URL("/n/3") && !p.PublishedAt.Equal(since.Add(time.Hour)) {
			t.Errorf("it stands at %v, not at its own date", p.PublishedAt)
		}
	}
	want := []string{sam.URL("/n/0"), sam.URL("/n/1"), sam.URL("/n/2"), sam.URL("/n/3"), sam.URL("/n/4"), sam.URL("/n/5"), sam.URL("/n/before"), eve.URL("/n/1")}
	slices.Sort(home)
	slices.Sort(want)
	if !slices.Equal(home, want) {
		t.Errorf("home holds %v", home)
	}
	if got := alice.Notified(t); !slices.Equal(got, []string{"mention"}) {
		t.Errorf("notices: %v", got)
	}
	for _, uri := range []string{sam.URL("/n/old"), sam.URL("/n/forged"), eve.URL("/n/private")} {
		if _, ok := alice.Has(t, uri); ok {
			t.Errorf("%s was stored", uri)
		}
	}
	if waiting, dead := jobs(t, alice); waiting != 0 || dead != 0 {
		t.Errorf("%d jobs wait, %d were set aside", waiting, dead)
	}
	recovered(t, c, alice, since) // nothing twice
	if len(alice.Home(t)) != len(want) || len(alice.Notified(t)) != 1 {
		t.Errorf("recovered again: home %d, notices %v", len(alice.Home(t)), alice.Notified(t))
	}
}

func TestConversationsOfTheOwnerAreLookedThroughAfterAnAbsence(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	root := bob.Post(t, store.Public, "What do you think?")
	lookUp := func(s *fedtest.Server, uri string) store.Post {
		found, err := s.Lookup(ctx(), uri)
		if err != nil {
			t.Fatal(err)
		}
		return *found.Post
	}
	mine := alice.Post(t, store.Public, "I think so", lookUp(alice, root.URI).ID)
	theirs := lookUp(carol, mine.URI)
	since := c.Now()
	c.Advance(20 * time.Minute)
	away(alice, true)
	quiet := carol.Post(t, store.Public, "I think not", lookUp(carol, root.URI).ID)
	named := carol.Post(t, store.Public, "@"+alice.Handle()+" why?", theirs.ID)
	lookUp(bob, named.URI)
	if _, ok := alice.Has(t, named.URI); ok {
		t.Fatal("it arrived while alice was away")
	}
	c.Advance(3 * time.Hour)
	away(alice, false)
	recovered(t, c, alice, since)
	for _, uri := range []string{quiet.URI, named.URI} {
		if p, ok := alice.Has(t, uri); !ok || p.ParentID == 0 {
			t.Errorf("%s is not here", uri)
		}
	}
	if got := alice.Notified(t); !slices.Equal(got, []string{"mention"}) {
		t.Errorf("notices: %v", got)
	}
}

func TestShortAbsencesAndStrangeClocksRecoverNothing(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	for _, since := range []time.Time{{}, c.Now(), c.Now().Add(-59 * time.Minute), c.Now().Add(100 * time.Hour)} {
		if err := alice.Recover(ctx(), since); err != nil {
			t.Error(err)
		}
	}
	if waiting, _ := jobs(t, alice); waiting != 0 {
		t.Errorf("%d jobs wait", waiting)
	}
}

func TestRecoveryHasABudgetAndItsPlace(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, s := c.Servers[0], c.Stranger("sam")
	followStranger(t, alice, s)
	c.Settle()
	since := c.Now()
	c.Advance(2 * time.Hour)
	asked := 0
	actor := s.Actor()
	s.Handle(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.URL.Path, "/users/sam/outbox"):
			asked++
			items := []any{}
			for i := range 500 {
				items = append(items, s.Activity("Create", s.URL(fmt.Sprintf("/lost/%d-%d", asked, i))))
			}
			answer(w, map[string]any{"type": "OrderedCollectionPage", "next": s.URL(fmt.Sprint("/users/sam/outbox?", asked)), "orderedItems": items})
		case r.URL.Path == "/users/sam":
			answer(w, actor)
		default:
			asked++
			http.NotFound(w, r)
		}
	})
	recovered(t, c, alice, since)
	if asked > 50 {
		t.Errorf("an outbox without end was asked %d times", asked)
	}
	if waiting, dead := jobs(t, alice); waiting != 0 || dead != 0 {
		t.Errorf("%d jobs wait, %d were set aside", waiting, dead)
	}
}

func TestWithoutANetworkTheRecoveryWaits(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, sam, eve := c.Servers[0], c.Stranger("sam"), c.Stranger("eve")
	followStranger(t, alice, sam)
	followStranger(t, alice, eve)
	c.Settle()
	since := c.Now()
	for _, s := range []*fedtest.Stranger{sam, eve} {
		outbox(s, at(s.Note("/n/1", "meanwhile"), since.Add(time.Hour)))
		s.Handle(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	}
	c.Advance(2 * time.Hour)
	if err := alice.Recover(ctx(), since); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(2*time.Minute, 30*time.Second)
	if waiting, _ := jobs(t, alice); waiting != 1 {
		t.Fatalf("%d jobs wait", waiting)
	}
	sam.Handle(nil)
	eve.Handle(nil)
	c.SettleFor(10*time.Minute, time.Minute)
	if n := len(alice.Home(t)); n != 2 {
		t.Errorf("home holds %d posts once the network is back", n)
	}
}

func TestAMachineThatSleptNoticesIt(t *testing.T) {
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	var p federation.Pause
	for _, tick := range []struct {
		after time.Duration
		slept bool
	}{{0, false}, {2 * time.Second, false}, {50 * time.Minute, false}, {2 * time.Hour, true}, {2 * time.Hour, false}, {time.Hour, false}, {5 * time.Hour, true}} {
		if since := p.Over(start.Add(tick.after)); since.IsZero() == tick.slept {
			t.Errorf("at %v: asleep since %v", tick.after, since)
		}
	}
}
