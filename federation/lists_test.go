package federation_test

import (
	"slices"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// makeList makes a list with people in it.
func makeList(t *testing.T, s *fedtest.Server, l store.List, people ...store.Actor) store.List {
	t.Helper()
	l, err := s.SaveList(ctx(), l)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range people {
		if err := s.AddToList(ctx(), l.ID, a.ID); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func inList(t *testing.T, s *fedtest.Server, l store.List) (uris []string) {
	t.Helper()
	for _, p := range lookAt(t, s, func(tx *store.Tx) ([]store.Post, error) { return tx.ListPosts(l.ID, store.Page{Limit: 100}) }) {
		uris = append(uris, p.URI)
	}
	return uris
}

func TestAListFillsWithWhatItsPeopleWriteAndBoost(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob, carol)
	bob.Follows(t, carol)
	before := bob.Post(t, store.Public, "Before the list")
	c.Advance(time.Minute)
	l := makeList(t, alice, store.List{Title: "  Bakers\n and friends "}, person(t, alice, bob))
	if l.Title != "Bakers and friends" {
		t.Errorf("the title is %q", l.Title)
	}
	p := bob.Post(t, store.Followers, "For the list")
	c.Advance(time.Minute)
	other := carol.Post(t, store.Public, "By somebody else")
	c.Advance(time.Minute)
	b := boost(t, c, bob, other.URI, store.Public)
	if got, want := inList(t, alice, l), []string{b.URI, p.URI, before.URI}; !slices.Equal(got, want) {
		t.Errorf("the list holds %v, want %v", got, want)
	}
	for _, uri := range []string{before.URI, p.URI, other.URI, b.URI} {
		if !inHome(t, alice, uri) {
			t.Errorf("%s is not in home", uri)
		}
	}
	direct := bob.Post(t, store.Direct, "Only for you @"+alice.Handle())
	if slices.Contains(inList(t, alice, l), direct.URI) {
		t.Error("a message is in the list")
	}
	if _, err := bob.Delete(ctx(), p.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Unboost(ctx(), b.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if got, want := inList(t, alice, l), []string{before.URI}; !slices.Equal(got, want) {
		t.Errorf("after deleting, the list holds %v, want %v", got, want)
	}
}

// Who is in an exclusive list is read there alone, from then on.
func TestAnExclusiveListKeepsItsPeopleOutOfHome(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob, carol)
	bob.Follows(t, carol)
	other := carol.Post(t, store.Public, "Carol is in no list")
	c.Advance(time.Minute)
	quiet := makeList(t, alice, store.List{Title: "Quiet", Exclusive: true}, person(t, alice, bob))
	loud := makeList(t, alice, store.List{Title: "Loud"}, person(t, alice, bob))
	if _, err := alice.FollowTag(ctx(), "rye"); err != nil {
		t.Fatal(err)
	}
	p := bob.Post(t, store.Public, "For the list alone #rye")
	c.Advance(time.Minute)
	b := boost(t, c, bob, other.URI, store.Public)
	for _, uri := range []string{p.URI, b.URI} {
		if inHome(t, alice, uri) || !slices.Contains(inList(t, alice, quiet), uri) || !slices.Contains(inList(t, alice, loud), uri) {
			t.Errorf("%s: in home %v, lists %v and %v", uri, inHome(t, alice, uri), inList(t, alice, quiet), inList(t, alice, loud))
		}
	}
	named := bob.Post(t, store.Public, "Named all the same: @"+alice.Handle())
	if inHome(t, alice, named.URI) || !slices.Equal(alice.Notified(t), []string{"mention"}) {
		t.Errorf("named by a person of the list: in home %v, notified of %v", inHome(t, alice, named.URI), alice.Notified(t))
	}
	quiet.Exclusive = false
	if _, err := alice.SaveList(ctx(), quiet); err != nil {
		t.Fatal(err)
	}
	if after := bob.Post(t, store.Public, "For all places"); !inHome(t, alice, after.URI) {
		t.Error("once the list is not exclusive, posts stay out of home")
	}
}

func TestRepliesInAList(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dave", "erin")
	alice, bob, carol, dave, erin := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3], c.Servers[4]
	alice.Follows(t, bob, carol, dave) // and not erin
	bob.Follows(t, alice, carol, dave, erin)
	lists := map[store.ListReplies]store.List{}
	for _, choice := range []store.ListReplies{store.RepliesNone, store.RepliesListed, store.RepliesFollowed} {
		lists[choice] = makeList(t, alice, store.List{Title: "A list", Replies: choice}, person(t, alice, bob), person(t, alice, carol))
	}
	answer := func(to *fedtest.Server) string {
		t.Helper()
		c.Advance(time.Minute)
		parent := to.Post(t, store.Public, "Say something")
		here, ok := bob.Has(t, parent.URI)
		if !ok {
			t.Fatalf("bob does not have %s", parent.URI)
		}
		return bob.Post(t, store.Public, "I answer", here.ID).URI
	}
	none, listed, followed := store.RepliesNone, store.RepliesListed, store.RepliesFollowed
	for _, tc := range []struct {
		what string
		uri  string
		in   []store.ListReplies
	}{
		{"to himself", answer(bob), []store.ListReplies{none, listed, followed}},
		{"to the owner", answer(alice), []store.ListReplies{none, listed, followed}},
		{"to a person of the list", answer(carol), []store.ListReplies{listed, followed}},
		{"to somebody followed", answer(dave), []store.ListReplies{followed}},
		{"to a stranger", answer(erin), nil},
	} {
		for choice, l := range lists {
			if got := slices.Contains(inList(t, alice, l), tc.uri); got != slices.Contains(tc.in, choice) {
				t.Errorf("answer %s, choice %d: in the list %v", tc.what, choice, got)
			}
		}
		if !inHome(t, alice, tc.uri) {
			t.Errorf("answer %s is not in home", tc.what)
		}
	}
	// The same when a list is made afterwards, from what is stored.
	late := makeList(t, alice, store.List{Title: "Late", Replies: listed}, person(t, alice, carol), person(t, alice, bob))
	if got, want := inList(t, alice, late), inList(t, alice, lists[listed]); !slices.Equal(got, want) {
		t.Errorf("a list filled from what is stored holds %v, want %v", got, want)
	}
}

func TestWhoMayBeInAList(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob)
	l := makeList(t, alice, store.List{Title: "People"}, person(t, alice, bob))
	stranger := alice.Find(t, carol)
	if err := alice.AddToList(ctx(), l.ID, stranger.ID); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("a stranger was put into a list: %v", err)
	}
	if err := alice.SetListsOf(ctx(), stranger.ID, []int64{l.ID}); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("a stranger was put into a list: %v", err)
	}
	if err := alice.AddToList(ctx(), l.ID, person(t, alice, bob).ID); err != federation.ErrListed {
		t.Errorf("twice in a list: %v", err)
	}
	if err := alice.AddToList(ctx(), 4711, person(t, alice, bob).ID); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("into a list that is not there: %v", err)
	}
	bob.Post(t, store.Public, "Here")
	if got := inList(t, alice, l); len(got) != 1 {
		t.Errorf("the list holds %v", got)
	}
	if err := alice.SetListsOf(ctx(), person(t, alice, bob).ID, nil); err != nil || len(inList(t, alice, l)) != 0 {
		t.Errorf("taken out of all lists: %v, it holds %v", err, inList(t, alice, l))
	}
	if err := alice.SetListsOf(ctx(), person(t, alice, bob).ID, []int64{l.ID}); err != nil || len(inList(t, alice, l)) != 1 {
		t.Errorf("put back: %v, it holds %v", err, inList(t, alice, l))
	}
	if err := alice.Unfollow(ctx(), person(t, alice, bob).ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if got := inList(t, alice, l); len(got) != 0 {
		t.Errorf("after the unfollow the list holds %v", got)
	}
	for _, title := range []string{"", " \n", string(make([]byte, 3)), "x" + string(slices.Repeat([]rune{'ä'}, 100))} {
		if _, err := alice.SaveList(ctx(), store.List{Title: title}); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("title %q: %v", title, err)
		}
	}
	for i := 1; i < 50; i++ {
		makeList(t, alice, store.List{Title: "One more"})
	}
	if _, err := alice.SaveList(ctx(), store.List{Title: "Too many"}); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("list 51: %v", err)
	}
	if err := alice.DropList(ctx(), l.ID); err != nil {
		t.Error(err)
	}
	if err := alice.DropList(ctx(), l.ID); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("deleted twice: %v", err)
	}
}
