package browsertest

import (
	"archive/zip"
	"bytes"
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
// once.
func TestAStrangerAsksWhatIsKept(t *testing.T) {
	long(t)
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
		p.sees("Sent.", "not used yet")
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
