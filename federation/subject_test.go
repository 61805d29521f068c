package federation_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

var answerLink = regexp.MustCompile(`/privacy/ask/([A-Z2-7]{26})`)

func subjectRequests(t *testing.T, s *fedtest.Server) []store.SubjectRequest {
	t.Helper()
	list, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) ([]store.SubjectRequest, error) { return tx.SubjectRequests(50) })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// keptOf counts what alice keeps about somebody: what would go, and what stays.
func keptOf(t *testing.T, s *fedtest.Server, actorID int64) (goes, stays map[string]int) {
	t.Helper()
	goes, stays = map[string]int{}, map[string]int{}
	list, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) ([]store.SubjectCount, error) { return tx.SubjectCounts(actorID, "") })
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if c.Why == "" {
			goes[c.Name] = c.Count
		} else {
			stays[c.Name] = c.Count
		}
	}
	return goes, stays
}

// The answer to a request goes to the handle alone, as a private mention with a link.
func TestAnAnswerGoesToTheHandleAlone(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	carol.Follows(t, alice)
	if err := alice.AskSubject(ctx(), "@"+strings.ToUpper(bob.Name)+"@"+bob.Domain, store.SubjectCopy, "Please."); err != nil {
		t.Fatal(err)
	}
	q := subjectRequests(t, alice)[0]
	c.Settle()
	if n := len(bob.Received("Create")); n > 0 || len(bob.Gets()) > 0 {
		t.Errorf("asking alone made alice ask or tell bob: %d, %v", n, bob.Gets())
	}
	if err := alice.AnswerSubject(ctx(), q.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	got := bob.Received("Create")
	if len(got) != 1 || !strings.Contains(got[0].Body, "/privacy/ask/") || !strings.Contains(got[0].Body, "what "+alice.Host+" keeps about you") {
		t.Fatalf("bob got %v", got)
	}
	if len(carol.Received("Create")) > 0 {
		t.Error("carol, who follows, got the link too")
	}
	if q = subjectRequests(t, alice)[0]; q.State != store.SubjectAnswered || q.ActorID == 0 || q.Open() {
		t.Errorf("the request is %+v", q)
	}
	// To whom nothing can be sent, that is said.
	c.Advance(2 * time.Minute)
	for what, prepare := range map[string]func() error{
		"blocked": func() error { return alice.Block(ctx(), q.ActorID) },
		"server blocked": func() error {
			return alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.BlockHost(bob.Domain) })
		},
	} {
		if err := prepare(); err != nil {
			t.Fatal(err)
		}
		if err := alice.AnswerSubject(ctx(), q.ID); reply.CodeOf(err) != reply.Unprocessable || !strings.Contains(reply.Message(err), "another way") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := alice.AskSubject(ctx(), "@nobody@gone.localhost:1", store.SubjectCopy, ""); err != nil {
		t.Fatal(err)
	}
	if err := alice.AnswerSubject(ctx(), subjectRequests(t, alice)[0].ID); err == nil || reply.CodeOf(err) == reply.Internal {
		t.Errorf("to nobody: %v", err)
	}
}

// Pressed twice, also at once, the button sends one message whose link is good; later a
// new link can be sent, and the one before is void.
func TestAnAnswerPressedTwiceIsSentOnce(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	if err := alice.AskSubject(ctx(), "@"+bob.Handle(), store.SubjectCopy, ""); err != nil {
		t.Fatal(err)
	}
	q := subjectRequests(t, alice)[0]
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := alice.AnswerSubject(ctx(), q.ID); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c.Settle()
	links := func() (list []string) {
		for _, got := range bob.Received("Create") {
			list = append(list, answerLink.FindStringSubmatch(got.Body)[1])
		}
		return list
	}
	good := func(secret string) bool {
		_, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.SubjectRequest, error) { return tx.SubjectRequestByLink(secret) })
		return err == nil
	}
	first := links()
	if len(first) != 1 || !good(first[0]) {
		t.Fatalf("bob got %v", first)
	}
	c.Advance(2 * time.Minute)
	if err := alice.AnswerSubject(ctx(), q.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if again := links(); len(again) != 2 || good(first[0]) || !good(again[1]) {
		t.Errorf("sent anew: %v", again)
	}
}

// The numbers before an erasure are what it removes, and nothing else of anybody.
func TestAnErasureRemovesWhatItSaid(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	alice.Follows(t, bob, carol)
	hello := alice.Post(t, store.Public, "Hello")
	c.Settle()
	for i := range 60 { // more than a slice
		c.Advance(time.Minute)
		bob.Post(t, store.Public, "Bees, "+strings.Repeat("z", i))
	}
	c.Settle()
	there, ok := bob.Has(t, hello.URI)
	if !ok {
		t.Fatal("bob has no Hello")
	}
	bob.Post(t, store.Public, "@"+alice.Handle()+" hello back", there.ID)
	bob.Post(t, store.Direct, "@"+alice.Handle()+" psst")
	if _, err := bob.Like(ctx(), there.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.Boost(ctx(), there.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	carol.Post(t, store.Public, "@"+alice.Handle()+" and @"+bob.Handle())
	c.Settle()
	alice.Post(t, store.Direct, "@"+bob.Handle()+" my own words")
	c.Settle()
	known := person(t, alice, bob)
	if err := alice.SetNote(ctx(), known.ID, "Owes me honey"); err != nil {
		t.Fatal(err)
	}
	if err := alice.AskSubject(ctx(), bob.Handle(), store.SubjectErase, ""); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(2*time.Hour, time.Hour)
	goes, stays := keptOf(t, alice, known.ID)
	if goes["posts"] < 63 || goes["reactions"] != 1 || goes["note"] != 1 || goes["follows_you"] != 1 || goes["followed"] != 1 || stays["named_by_owner"] != 1 || goes["named_by_others"] != 1 {
		t.Errorf("kept: %v, stays: %v", goes, stays)
	}
	otherGoes, otherStays := keptOf(t, alice, person(t, alice, carol).ID)
	mine := lookAt(t, alice, func(tx *store.Tx) (int, error) { return tx.CountOwnPosts() })
	if err := alice.EraseSubject(ctx(), known.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	leftGoes, leftStays := keptOf(t, alice, known.ID)
	delete(leftGoes, "profile") // emptied: an own post names him
	if len(leftGoes) > 0 {
		t.Errorf("still kept: %v", leftGoes)
	}
	if leftStays["named_by_owner"] != stays["named_by_owner"] {
		t.Errorf("stays: %v, before that %v", leftStays, stays)
	}
	if n := lookAt(t, alice, func(tx *store.Tx) (int, error) { return tx.CountOwnPosts() }); n != mine {
		t.Errorf("alice has %d posts, had %d", n, mine)
	}
	if n := lookAt(t, alice, func(tx *store.Tx) ([]store.Post, error) { return tx.PostsBy(known.ID, store.Page{Limit: 5}) }); len(n) != 0 {
		t.Errorf("posts in the index: %v", n)
	}
	g, s := keptOf(t, alice, person(t, alice, carol).ID)
	if len(g) != len(otherGoes) || g["posts"] != otherGoes["posts"] || len(s) != len(otherStays) {
		t.Errorf("carol has %v %v, had %v %v", g, s, otherGoes, otherStays)
	}
	a, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.Actor(known.ID) })
	if err != nil || a.Name+a.Summary+a.IconURL != "" {
		t.Errorf("the profile says %+v, %v", a, err)
	}
	if q := subjectRequests(t, alice)[0]; q.State != store.SubjectErased {
		t.Errorf("the request is %+v", q)
	}
	// His server knows that the follows ended, both ways.
	if to, from := relations(t, bob, person(t, bob, alice).ID); to || from {
		t.Errorf("at bob's: %v %v", to, from)
	}
	// It comes again only because he writes again.
	bob.Post(t, store.Direct, "@"+alice.Handle()+" me again")
	c.Settle()
	if g, _ := keptOf(t, alice, person(t, alice, bob).ID); g["posts"] != 1 {
		t.Errorf("afterwards: %v", g)
	}
	if err := alice.EraseSubject(ctx(), store.OwnerID); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("of the owner: %v", err)
	}
	if err := alice.EraseSubject(ctx(), 4711); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("of nobody: %v", err)
	}
}

// An erasure that a restart interrupts goes on.
func TestAnErasureSurvivesARestart(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	for range 3 {
		c.Advance(time.Minute)
		bob.Post(t, store.Public, "Bees")
	}
	c.Settle()
	known := person(t, alice, bob)
	if err := alice.EraseSubject(ctx(), known.ID); err != nil {
		t.Fatal(err)
	}
	alice.Restart(t)
	c.Settle()
	if _, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.Actor(known.ID) }); err != store.ErrNotFound {
		t.Errorf("he is still known: %v", err)
	}
}

// Who goes away while another answer is sent does not wait for it.
func TestAnAnswerWaitsNoLongerThanItsReader(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	if err := alice.AskSubject(ctx(), "@"+bob.Handle(), store.SubjectCopy, ""); err != nil {
		t.Fatal(err)
	}
	release := alice.HoldAnswers()
	left, cancel := context.WithCancel(ctx())
	cancel()
	if err := alice.AnswerSubject(left, subjectRequests(t, alice)[0].ID); !errors.Is(err, context.Canceled) {
		t.Errorf("it says %v", err)
	}
	release()
	if err := alice.AnswerSubject(ctx(), subjectRequests(t, alice)[0].ID); err != nil {
		t.Error(err)
	}
}

// An erasure takes the words of the posts from the index for searching, and of the files.
func TestAnErasureTakesTheWordsFromTheIndex(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	for range 3 {
		c.Advance(time.Minute)
		bob.Post(t, store.Public, "Bees QZVWKJHX") // small letters are in the index alone
	}
	c.SettleFor(2*time.Hour, time.Hour)
	inIndex := func() int {
		alice.Restart(t) // which brings the log into the file
		b, err := os.ReadFile(filepath.Join(alice.Store().Dir(), store.FileName))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(b, []byte("zvwkjhx"))
	}
	if inIndex() == 0 {
		t.Fatal("the posts are not indexed")
	}
	if err := alice.EraseSubject(ctx(), person(t, alice, bob).ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if n := inIndex(); n != 0 {
		t.Errorf("the word is there %d times", n)
	}
}
