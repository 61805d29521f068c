package browsertest

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

var answerLink = regexp.MustCompile(`/privacy/ask/[A-Z2-7]{26}`)

// TestAStrangerAsksWhatIsKept goes from the form to the copy, which is handed out
// once, and from there to the erasure.
func TestAStrangerAsksWhatIsKept(t *testing.T) {
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, l look, scripts bool) {
		s := newStreet(t, "alice", "bob")
		alice, bob := s.at("alice"), s.at("bob")
		alice.Follows(t, bob)
		s.Advance(time.Minute)
		bob.Post(t, store.Public, "Bees in the chimney again")
		s.Settle()
		stranger := newTab(t, "http://"+alice.Host, l)
		stranger.scripts(scripts)
		p := s.window("alice", l, scripts)

		stranger.open("/privacy-policy")
		stranger.press("ask here")
		stranger.fill("handle", "@bob")
		stranger.press("Ask")
		stranger.sees("A handle has two parts")
		stranger.fill("handle", "@"+bob.Handle())
		stranger.fill("words", "Thank you.")
		stranger.press("Ask")
		stranger.sees("Filed.", "look there")

		p.open("/me")
		p.press("See who asks")
		p.sees("Wants a copy.", "Thank you.", "answer by")
		p.press("Send the copy")
		p.sees("Sent.", "not opened yet")
		s.Settle()
		link := s.linkAt(bob)
		stranger.open(link)
		stranger.sees("1 post or boost", "1 follow of you by the owner")
		names := fetchCopy(t, alice.Host, link)
		if !names["posts.json"] || !names["README.txt"] {
			t.Errorf("the copy has %v", names)
		}
		stranger.open(link)
		stranger.sees("The copy was fetched on")
		p.open("/me/data/requests")
		p.sees("They fetched the copy.")

		stranger.open("/privacy/ask")
		stranger.fill("handle", "@"+bob.Handle())
		stranger.choose("kind", "erase")
		stranger.press("Ask")
		stranger.sees("Filed.")
		p.open("/me/data/requests")
		p.press("Ask them to confirm")
		p.sees("Asked them to confirm")
		s.Settle()
		link = s.linkAt(bob)
		stranger.open(link)
		stranger.press("Yes, erase it")
		stranger.sees("Confirmed.")
		p.open("/me/data/requests")
		p.sees("Confirmed by who has the handle.")
		p.press("Erase…")
		p.sees("This goes, and cannot be brought back:", "1 post or boost", "You follow them, or asked to: that ends")
		p.press("Erase")
		p.sees("It is being erased.")
		s.Settle()
		stranger.open(link)
		stranger.sees("Erased.")
		p.open("/me/data/requests")
		p.sees("Erased.")
		if _, err := store.Get(context.Background(), alice.Store(), func(tx *store.Tx) (store.Post, error) {
			a, err := tx.ActorByURI(bob.ActorURI())
			if err != nil {
				return store.Post{}, err
			}
			posts, err := tx.PostsBy(a.ID, store.Page{Limit: 1})
			if err != nil || len(posts) == 0 {
				return store.Post{}, store.ErrNotFound
			}
			return posts[0], nil
		}); err != store.ErrNotFound {
			t.Errorf("a post of bob's is still there: %v", err)
		}
	})
}

// linkAt is the link in the newest private mention that somebody got.
func (s *street) linkAt(of *fedtest.Server) string {
	s.t.Helper()
	got := of.Received("Create")
	if len(got) == 0 {
		s.t.Fatalf("%s got no message", of.Name)
	}
	link := answerLink.FindString(got[len(got)-1].Body)
	if link == "" {
		s.t.Fatalf("no link in %s", got[len(got)-1].Body)
	}
	return link
}

// fetchCopy presses the button of an answer, as a browser that saves the file.
func fetchCopy(t *testing.T, host, link string) map[string]bool {
	t.Helper()
	_, port, _ := strings.Cut(host, ":")
	r, err := http.NewRequest("POST", "http://127.0.0.1:"+port+link, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%s: %v", answer.Status, err)
	}
	names := map[string]bool{}
	for _, f := range z.File {
		names[f.Name] = true
	}
	return names
}
