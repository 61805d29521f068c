package browsertest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// TestHalfKnownThread is UX.md's journey 4: a thread of twelve replies of which
// five are known says so, is fetched, stands there as a tree, and is answered.
func TestHalfKnownThread(t *testing.T) {
	long(t)
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, l look, scripts bool) {
		s := newStreet(t, "alice", "bob", "carol")
		alice, carol := s.at("alice"), s.at("carol")
		root, replies := s.converse()
		// Alice met five of them one by one: two branches of the eight.
		for _, p := range append([]store.Post{root}, replies[0], replies[1], replies[2], replies[3], replies[5]) {
			if _, err := alice.Lookup(context.Background(), p.URI); err != nil {
				t.Fatal(err)
			}
		}
		here := s.known(alice, root, replies)
		if len(here) != 6 {
			t.Fatalf("alice knows %d of the posts", len(here))
		}
		// What Bob's server tells of their replies, where the look-ups did not ask.
		s.tell(alice, map[string]int{root.URI: 8, replies[0].URI: 2, replies[1].URI: 2})

		p := s.window("alice", l, scripts)
		page := "/me/post/" + fmt.Sprint(here[root.URI])
		p.open(page)
		p.sees("We know 5 of about 12 replies.", "Fetch missing replies", "About 7 more replies exist that never reached this server.", "Open the original")
		p.press("Fetch missing replies")
		p.sees("Looking.", "Reload this page")
		s.Settle()
		p.press("Reload this page")
		p.misses("We know", "never reached this server", "Looking.")
		shape := eval[[]int](p, `() => [document.querySelectorAll(".tree article").length, document.querySelectorAll(".tree > li").length, document.querySelectorAll(".tree > li > ol > li").length]`)
		if fmt.Sprint(shape) != "[12 8 4]" {
			t.Fatalf("the tree has %v posts, branches and answers to branches", shape)
		}
		p.sees("Answer 11 of 12")

		// The answer goes to one in the middle of the tree.
		here = s.known(alice, root, replies)
		p.pressNear("Reply", fmt.Sprintf("#p-%d", here[replies[4].URI]))
		text := eval[string](p, `() => document.querySelector("[name=text]").value`)
		if !strings.HasPrefix(text, "@"+carol.Handle()+" ") {
			t.Fatalf("the text begins with %q", text)
		}
		p.fill("text", text+"Four if it rains.")
		p.press("Reply")
		p.sees("Posted.", "Four if it rains.")
		s.Settle()
		mine, err := store.Get(context.Background(), alice.Store(), func(tx *store.Tx) ([]store.Post, error) {
			return tx.OwnPosts(store.Page{Limit: 1}, store.Public, true, false)
		})
		if err != nil || len(mine) != 1 {
			t.Fatalf("alice wrote %d posts, %v", len(mine), err)
		}
		there, ok := carol.Has(t, mine[0].URI)
		if !ok || there.ParentURI != replies[4].URI || there.ParentID == 0 {
			t.Errorf("at carol's it is here: %v, below %s", ok, there.ParentURI)
		}
	})
}

// converse makes a post of Bob's with eight answers, two of which have two answers
// each: by Bob and Carol in turn.
func (s *street) converse() (root store.Post, replies []store.Post) {
	s.t.Helper()
	bob, carol := s.at("bob"), s.at("carol")
	carol.Follows(s.t, bob)
	bob.Follows(s.t, carol)
	root = bob.Post(s.t, store.Public, "Which leeks stand the frost?")
	below := func(by *fedtest.Server, parent store.Post, n int) {
		s.t.Helper()
		s.Advance(time.Minute)
		at, ok := by.Has(s.t, parent.URI)
		if !ok {
			s.t.Fatalf("%s does not have %s", by.Name, parent.URI)
		}
		replies = append(replies, by.Post(s.t, store.Public, fmt.Sprintf("Answer %d of 12", n), at.ID))
	}
	below(bob, root, 0)
	below(bob, root, 1)
	for i, parent := range []int{0, 0, 1, 1} {
		below([]*fedtest.Server{bob, bob, carol, bob}[i], replies[parent], 2+i)
	}
	for i := range 6 {
		below([]*fedtest.Server{bob, carol}[i%2], root, 6+i)
	}
	return root, replies
}

// known says under which ids a server has what of a conversation.
func (s *street) known(at *fedtest.Server, root store.Post, replies []store.Post) map[string]int64 {
	s.t.Helper()
	here := map[string]int64{}
	for _, p := range append([]store.Post{root}, replies...) {
		if q, ok := at.Has(s.t, p.URI); ok {
			here[p.URI] = q.ID
		}
	}
	return here
}

// tell sets how many replies other servers say that posts have.
func (s *street) tell(at *fedtest.Server, counts map[string]int) {
	s.t.Helper()
	err := at.Store().Write(context.Background(), func(tx *store.Tx) error {
		for uri, n := range counts {
			p, err := tx.PostByURI(uri)
			if err != nil {
				return err
			}
			if err := tx.SetCounts(p.ID, n, 0, 0); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestFollowRequests is UX.md's journey 5: two people ask, the page shows how they
// differ, and both are decided by ticking.
func TestFollowRequests(t *testing.T) {
	long(t)
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, l look, scripts bool) {
		s := newStreet(t, "alice", "bob", "dave")
		alice, bob, dave := s.at("alice"), s.at("bob"), s.at("dave")
		alice.Follows(t, bob)
		s.Advance(200 * 24 * time.Hour)
		dave.Find(t, bob)
		dave.Post(t, store.Public, "@"+bob.Handle()+" the dahlias are up")
		carol := s.move("carol")
		s.Advance(2*24*time.Hour + time.Hour)
		alice.Lock(t, true)
		for _, who := range []*fedtest.Server{carol, dave} {
			who.Follows(t, alice)
			s.Advance(time.Minute)
			s.Settle() // what is known of them is gathered a moment later
		}

		p := s.window("alice", l, scripts)
		p.open("/me/requests")
		p.sees("2 waiting", "You approve followers by hand")
		about := func(name string) string {
			return eval[string](p, `n => [...document.querySelectorAll("section.band")].find(e => e.ariaLabel.endsWith(n)).innerText.replace(/\s+/g, " ")`, name)
		}
		for _, want := range []string{"2 days old", "Posts None", "You share Nobody", "None of your followers are there.", "Earlier talk None"} {
			if text := about("carol"); !strings.Contains(text, want) {
				t.Errorf("of Carol it does not say %q: %s", want, text)
			}
		}
		for _, want := range []string{"6 months old", "Posts 1", "the dahlias are up", "You share bob"} {
			if text := about("dave"); !strings.Contains(text, want) {
				t.Errorf("of Dave it does not say %q: %s", want, text)
			}
		}
		p.press("Choose several")
		p.touch("carol", "")
		p.press("Reject")
		p.sees("Rejected.", "1 waiting")
		p.press("Choose several")
		p.touch("dave", "")
		p.press("Accept")
		p.sees("Accepted.", "Nobody is waiting")
		s.Settle()
		if n := len(carol.Received("Reject")); n != 1 || len(carol.Received("Accept")) != 0 {
			t.Errorf("carol's server got %d Rejects and %d Accepts", n, len(carol.Received("Accept")))
		}
		if n := len(dave.Received("Accept")); n != 1 || len(dave.Received("Reject")) != 0 {
			t.Errorf("dave's server got %d Accepts and %d Rejects", n, len(dave.Received("Reject")))
		}
		for _, c := range []struct {
			who  *fedtest.Server
			want bool
		}{{carol, false}, {dave, true}} {
			follows, err := store.Get(context.Background(), c.who.Store(), func(tx *store.Tx) (bool, error) {
				a, err := tx.ActorByURI(alice.ActorURI())
				if err != nil {
					return false, err
				}
				return tx.Follows(a.ID)
			})
			if err != nil || follows != c.want {
				t.Errorf("%s follows alice: %v, %v", c.who.Name, follows, err)
			}
		}
		log, err := store.Get(context.Background(), alice.Store(), func(tx *store.Tx) ([]store.SecurityEvent, error) { return tx.SecurityLog(20) })
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, e := range log {
			said += e.Kind + " " + e.Detail + "\n"
		}
		for _, want := range []string{"request rejected @" + carol.Handle(), "request accepted @" + dave.Handle()} {
			if !strings.Contains(said, want) {
				t.Errorf("the log does not say %q:\n%s", want, said)
			}
		}
	})
}
