package federation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// ask publishes a poll and settles.
func ask(t *testing.T, c *fedtest.Cluster, by *fedtest.Server, v store.Visibility, poll federation.PollDraft, text ...string) store.Post {
	t.Helper()
	if poll.Lasts == 0 {
		poll.Lasts = time.Hour
	}
	p, err := by.Publish(ctx(), federation.Draft{Text: "Tea or coffee? " + strings.Join(text, " "), Visibility: v, Poll: &poll})
	if err != nil {
		t.Fatalf("%s asks: %v", by.Name, err)
	}
	c.Settle()
	return p
}

// teaOrCoffee is what most of these tests ask.
func teaOrCoffee() federation.PollDraft {
	return federation.PollDraft{Options: []string{"Tea", "Coffee"}}
}

// known is how a server knows a post that must be there.
func known(t *testing.T, at *fedtest.Server, uri string) store.Post {
	t.Helper()
	p, ok := at.Has(t, uri)
	if !ok {
		t.Fatalf("%s does not have %s", at.Name, uri)
	}
	return p
}

// counts is a poll as a server knows it: "Tea 1, Coffee 0 of 1".
func counts(t *testing.T, at *fedtest.Server, uri string) string {
	t.Helper()
	q := known(t, at, uri).Extra.Poll
	if q == nil {
		return "no poll"
	}
	var parts []string
	for _, o := range q.Options {
		parts = append(parts, fmt.Sprint(o.Name, " ", o.Votes))
	}
	return fmt.Sprint(strings.Join(parts, ", "), " of ", q.Voters)
}

func wantCounts(t *testing.T, at *fedtest.Server, uri, want string) {
	t.Helper()
	if got := counts(t, at, uri); got != want {
		t.Errorf("%s counts %s, want %s", at.Name, got, want)
	}
}

// votes gives the vote of a server's owner in another's poll.
func votes(t *testing.T, c *fedtest.Cluster, by *fedtest.Server, uri string, choices ...int) {
	t.Helper()
	if _, err := by.Vote(ctx(), known(t, by, uri).ID, choices); err != nil {
		t.Fatalf("%s votes: %v", by.Name, err)
	}
	c.Settle()
}

func edits(t *testing.T, at *fedtest.Server, uri string) int {
	t.Helper()
	p := known(t, at, uri)
	list, err := store.Get(ctx(), at.Store(), func(tx *store.Tx) ([]store.Edit, error) { return tx.Edits(p.ID) })
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestTwoOwnersVoteInEachOthersPolls(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	bob.Follows(t, alice)
	one := ask(t, c, alice, store.Public, teaOrCoffee())
	many := ask(t, c, bob, store.Public, federation.PollDraft{Options: []string{"Mon", "Tue", "Wed"}, Multiple: true})
	if p := known(t, bob, one.URI); p.Kind != store.KindQuestion || !strings.Contains(p.Content, "Tea or coffee?") || p.Extra.Poll.Multiple {
		t.Fatalf("bob got %+v", p)
	}
	home := len(alice.Home(t))
	votes(t, c, bob, one.URI, 1)
	votes(t, c, alice, many.URI, 2, 0, 2)
	for _, s := range c.Servers {
		wantCounts(t, s, one.URI, "Tea 0, Coffee 1 of 1")
		wantCounts(t, s, many.URI, "Mon 1, Tue 0, Wed 1 of 1")
	}
	if len(alice.Home(t)) != home || slices.Contains(alice.Notified(t), "mention") {
		t.Error("a vote is shown as a post")
	}
	creates := alice.Received("Create")
	vote := creates[len(creates)-1]
	for _, want := range []string{`"name":"Coffee"`, `"inReplyTo":"` + one.URI + `"`, `"to":["` + alice.ActorURI() + `"]`, `"attributedTo":"` + bob.ActorURI() + `"`} {
		if !strings.Contains(vote.Body, want) {
			t.Errorf("the vote lacks %s: %s", want, vote.Body)
		}
	}
	if strings.Contains(vote.Body, `"content"`) || strings.Contains(vote.Body, `"published"`) {
		t.Errorf("the vote says too much: %s", vote.Body)
	}
	if got := len(bob.Received("Create")); got != 3 {
		t.Errorf("bob received %d Creates, want one post and one for each choice", got)
	}
	if p := known(t, bob, one.URI); !p.Kept {
		t.Error("a poll that the owner voted in may be swept")
	}
}

func TestWhatTheOwnerCannotVote(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	one := ask(t, c, alice, store.Public, teaOrCoffee())
	at := known(t, bob, one.URI).ID
	plain := bob.Post(t, store.Public, "No poll.")
	refused := func(by *fedtest.Server, id int64, code reply.Code, choices ...int) {
		t.Helper()
		if _, err := by.Vote(ctx(), id, choices); reply.CodeOf(err) != code {
			t.Errorf("%s votes %v: %v", by.Name, choices, err)
		}
	}
	refused(bob, at, reply.Unprocessable)
	refused(bob, at, reply.Unprocessable, 0, 1)
	refused(bob, at, reply.Unprocessable, 2)
	refused(bob, at, reply.Unprocessable, -1)
	refused(bob, plain.ID, reply.NotFound, 0)
	refused(bob, 4711, reply.NotFound, 0)
	refused(alice, one.ID, reply.Unprocessable, 0)
	votes(t, c, bob, one.URI, 0)
	refused(bob, at, reply.Unprocessable, 1)
	late := ask(t, c, alice, store.Public, teaOrCoffee())
	c.Advance(2 * time.Hour)
	refused(bob, known(t, bob, late.URI).ID, reply.Unprocessable, 0)
	c.Settle()
	wantCounts(t, alice, one.URI, "Tea 1, Coffee 0 of 1")
	wantCounts(t, alice, late.URI, "Tea 0, Coffee 0 of 0")
}

// ballot is a vote as a stranger sends it.
func ballot(s *fedtest.Stranger, poll store.Post, owner string, names ...string) map[string]any {
	var objects []any
	for i, name := range names {
		objects = append(objects, map[string]any{
			"id": fmt.Sprintf("%s#votes/%d-%d", s.ActorID(), poll.ID, i), "type": "Note", "attributedTo": s.ActorID(),
			"name": name, "inReplyTo": poll.URI, "to": owner,
		})
	}
	var object any = objects
	if len(objects) == 1 {
		object = objects[0] // as Mastodon does; GoToSocial sends several in one
	}
	a := s.Activity("Create", object)
	a["to"] = owner
	return a
}

func TestVotesThatCountAndVotesThatDoNot(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	one := ask(t, c, alice, store.Public, teaOrCoffee())
	many := ask(t, c, alice, store.Public, federation.PollDraft{Options: []string{"Mon", "Tue", "Wed"}, Multiple: true})
	s := c.Stranger("zoe")
	send := func(poll store.Post, names ...string) {
		t.Helper()
		if status := s.Send(alice, ballot(s, poll, alice.ActorURI(), names...)); status != 202 {
			t.Fatalf("a vote for %v is answered %d", names, status)
		}
		c.Settle()
	}
	send(one, "Milk")
	wantCounts(t, alice, one.URI, "Tea 0, Coffee 0 of 0")
	send(one, "Tea", "Coffee") // two at once where one may be chosen
	wantCounts(t, alice, one.URI, "Tea 1, Coffee 0 of 1")
	send(one, "Coffee")
	send(one, "Tea")
	wantCounts(t, alice, one.URI, "Tea 1, Coffee 0 of 1")
	send(many, "Mon", "Wed") // GoToSocial's shape
	send(many, "Mon")
	wantCounts(t, alice, many.URI, "Mon 1, Tue 0, Wed 1 of 1")
	send(many, "Tue")
	wantCounts(t, alice, many.URI, "Mon 1, Tue 1, Wed 1 of 1")
	c.Advance(time.Hour)
	late := c.Stranger("late")
	if status := late.Send(alice, ballot(late, one, alice.ActorURI(), "Coffee")); status != 202 || len(late.Gets()) != 1 {
		t.Errorf("a late vote is answered %d and costs more than its key: %v", status, late.Gets())
	}
	c.Settle()
	wantCounts(t, alice, one.URI, "Tea 1, Coffee 0 of 1")
	if got := alice.Notified(t); slices.Contains(got, "mention") || edits(t, alice, one.URI) != 0 {
		t.Errorf("votes notified %v and made %d edits", got, edits(t, alice, one.URI))
	}
	if len(alice.Home(t)) != 2 {
		t.Error("a vote stands in home")
	}
}

// T1: nobody votes for somebody else, and nobody in what they cannot read.
func TestT1_ForgedVotes(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	open := ask(t, c, alice, store.Public, teaOrCoffee())
	closed := ask(t, c, alice, store.Followers, teaOrCoffee())
	direct := ask(t, c, alice, store.Direct, teaOrCoffee(), "@"+bob.Handle())
	mallory := c.Stranger("mallory")
	forge := func(change func(activity, note map[string]any)) map[string]any {
		a := ballot(mallory, open, alice.ActorURI(), "Tea")
		change(a, a["object"].(map[string]any))
		return a
	}
	for what, a := range map[string]map[string]any{
		"bob's vote":       forge(func(a, n map[string]any) { a["actor"], n["attributedTo"] = bob.ActorURI(), bob.ActorURI() }),
		"a note of bob's":  forge(func(a, n map[string]any) { n["attributedTo"] = bob.ActorURI() }),
		"an id of bob's":   forge(func(a, n map[string]any) { n["id"] = bob.ActorURI() + "#votes/1" }),
		"the owner's vote": forge(func(a, n map[string]any) { a["actor"], n["attributedTo"] = alice.ActorURI(), alice.ActorURI() }),
		"hidden in an array": forge(func(a, n map[string]any) {
			n["attributedTo"] = bob.ActorURI()
			a["object"] = []any{mallory.Note("/n/1", "Hi"), n}
		}),
		"for followers only":  ballot(mallory, closed, alice.ActorURI(), "Tea"),
		"for those named":     ballot(mallory, direct, alice.ActorURI(), "Tea"),
		"not an own poll":     ballot(mallory, store.Post{ID: 1, URI: bob.ActorURI()}, alice.ActorURI(), "Tea"),
		"in somebody's reply": forge(func(a, n map[string]any) { n["inReplyTo"] = []any{mallory.URL("/q"), open.URI} }),
	} {
		status := mallory.Send(alice, a)
		if status >= 500 {
			t.Errorf("%s: %d", what, status)
		}
		c.Settle()
	}
	for _, p := range []store.Post{open, closed, direct} {
		wantCounts(t, alice, p.URI, "Tea 0, Coffee 0 of 0")
	}
	// Whoever may read it may vote.
	votes(t, c, bob, closed.URI, 0)
	votes(t, c, bob, direct.URI, 1)
	wantCounts(t, alice, closed.URI, "Tea 1, Coffee 0 of 1")
	wantCounts(t, alice, direct.URI, "Tea 0, Coffee 1 of 1")
}

func TestAVoteOfAStrangerCostsOneLookAtThem(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	one := ask(t, c, alice, store.Public, teaOrCoffee())
	gone := ask(t, c, alice, store.Public, teaOrCoffee())
	if _, err := alice.Delete(ctx(), gone.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	idle := c.Stranger("idle")
	if status := idle.Send(alice, ballot(idle, gone, alice.ActorURI(), "Tea")); status != 202 {
		t.Errorf("a vote in a deleted poll is answered %d", status)
	}
	c.Settle()
	if n, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (bool, error) {
		_, err := tx.ActorIDByURI(idle.ActorID())
		return err == nil, nil
	}); err != nil || n {
		t.Errorf("whoever voted in nothing is stored: %v %v", n, err)
	}
	s := c.Stranger("zoe")
	s.Send(alice, ballot(s, one, alice.ActorURI(), "Coffee"))
	c.Settle()
	wantCounts(t, alice, one.URI, "Tea 0, Coffee 1 of 1")
	if got := len(s.Gets()); got > 3 {
		t.Errorf("the vote cost %d GETs: %v", got, s.Gets())
	}
}

// A line of an archive may say what it wants: each choice that the poll has counts once.
func TestT40_VotesOfAnArchiveAreBoundedByThePoll(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	q := teaOrCoffee()
	q.Multiple = true
	p := known(t, alice, ask(t, c, bob, store.Public, q).URI)
	choices := []int{-1, 2, 1 << 40}
	for n := range 1_000_000 {
		choices = append(choices, n%2)
	}
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return alice.RestoreVotes(tx, p.URI, choices) }); err != nil {
		t.Fatal(err)
	}
	if got := lookAt(t, alice, func(tx *store.Tx) ([]int, error) { return tx.Votes(p.ID, store.OwnerID) }); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("the votes are %v", got)
	}
}

// Of the old addresses that an archive gives a post, the newest stay.
func TestT40_OldAddressesOfATakenPostAreBounded(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	var origin []string
	for n := range 1000 {
		origin = append(origin, fmt.Sprintf("https://old.example/%d", n))
	}
	taken := federation.TakenPost{Origin: origin, Post: store.Post{ActorID: store.OwnerID, Kept: true, Content: "<p>x</p>", PublishedAt: c.Now()}}
	if err := alice.TakePosts(ctx(), []federation.TakenPost{taken}, func(*store.Tx, int) error { return nil }); err != nil {
		t.Fatal(err)
	}
	p := lookAt(t, alice, func(tx *store.Tx) (store.Post, error) {
		id, err := tx.Imported(origin[999])
		if err != nil {
			return store.Post{}, err
		}
		return tx.Post(id)
	})
	if !slices.Equal(p.Extra.Origin, origin[984:]) {
		t.Errorf("%d addresses stay, of them the first %v", len(p.Extra.Origin), p.Extra.Origin[0])
	}
}

// What answers an old address of a post counts once, also where an archive has counted
// it already.
func TestAnswersToAnOldAddressAreCountedOnce(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	author := person(t, alice, bob).ID
	for before := range 2 {
		old := fmt.Sprintf("https://old.example/%d", before)
		answer := store.Post{ActorID: author, URI: bob.Origin().URL(fmt.Sprint("/posts/9", before)), ParentURI: old, PublishedAt: c.Now()}
		own := store.Post{ActorID: store.OwnerID, URI: alice.Origin().URL(fmt.Sprint("/posts/9", before)), Replies: before, Kept: true, PublishedAt: c.Now()}
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
			if err := tx.InsertPost(&answer); err != nil {
				return err
			}
			if err := tx.RestorePost(&own); err != nil {
				return err
			}
			return tx.AdoptAnswers(own.ID, old)
		}); err != nil {
			t.Fatal(err)
		}
		if p := lookAt(t, alice, func(tx *store.Tx) (store.Post, error) { return tx.Post(own.ID) }); p.Replies != 1 {
			t.Errorf("%d answers were counted, now %d", before, p.Replies)
		}
	}
}
