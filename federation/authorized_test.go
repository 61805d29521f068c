package federation_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"dassie/federation/fedtest"
	"dassie/federation/httpsig"
	"dassie/store"
)

func authorize(t *testing.T, servers ...*fedtest.Server) {
	t.Helper()
	for _, s := range servers {
		set := s.Settings()
		set.AuthorizedFetch = true
		if err := s.SaveSettings(ctx(), set); err != nil {
			t.Fatal(err)
		}
	}
}

// Two servers that both ask for signatures would wait for one another for ever,
// were it not for the instance actor (fedify#124).
func TestTwoServersWithAuthorizedFetchUnderstandEachOther(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	authorize(t, alice, bob)
	old := bob.Post(t, store.Public, "From before")
	alice.Follows(t, bob)
	bob.Follows(t, alice)
	if followState(t, alice, bob) != store.FollowAccepted || followState(t, bob, alice) != store.FollowAccepted {
		t.Fatal("the follows were not accepted")
	}
	if a := person(t, alice, bob); a.FollowersURI == "" || a.Outbox == "" {
		t.Errorf("alice has only the stub of bob: %+v", a)
	}
	if _, ok := alice.Has(t, old.URI); !ok {
		t.Error("the earlier posts did not come along")
	}
	for _, v := range []store.Visibility{store.Public, store.Followers} {
		p := bob.Post(t, v, "Hello")
		if _, ok := alice.Has(t, p.URI); !ok {
			t.Errorf("a post for %d did not arrive", v)
		}
	}
}

// A server that fetches unsigned can still check what alice sends and write to her.
func TestUnsignedServersGetTheKeysAndTheInbox(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, old := c.Servers[0], c.Stranger("old")
	authorize(t, alice)
	status, body := old.Fetch(alice.ActorURI(), false)
	if status != http.StatusOK || !strings.Contains(body, `"inbox":"http://`+alice.Host+`/inbox"`) || strings.Contains(body, "followers") {
		t.Errorf("unsigned: %d %s", status, body)
	}
	followed(t, c, alice, old)
	if len(old.Received("Accept")) != 1 {
		t.Error("no Accept")
	}
	p := alice.Post(t, store.Public, "Hello")
	if status, _ := old.Fetch(p.URI, false); status != http.StatusUnauthorized {
		t.Errorf("an unsigned fetch of a post: %d", status)
	}
	if status, _ := old.Fetch(p.URI, true); status != http.StatusOK {
		t.Errorf("a signed one: %d", status)
	}
	c.Settle()
	if got := holders(t, alice, p); got != 1 {
		t.Errorf("%d servers are noted as readers", got)
	}
}

func holders(t *testing.T, s *fedtest.Server, p store.Post) int {
	t.Helper()
	n, err := s.Delete(ctx(), p.ID)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestT32_FetchesThatMustBeSignedAreBoundedToo(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, eve, victim := c.Servers[0], c.Stranger("eve"), c.Stranger("victim")
	authorize(t, alice)
	p := alice.Post(t, store.Public, "Hello")
	alice.CountBy(func(*http.Request) string { return "192.0.2.7" })
	throttled := 0
	for i := range 400 {
		r, err := http.NewRequest(http.MethodGet, p.URI, nil)
		if err != nil {
			t.Fatal(err)
		}
		signer := httpsig.Signer{KeyID: victim.URL(fmt.Sprintf("/users/u%d#main-key", i)), Key: eve.Key}
		if err := signer.SignCavage(r, nil, c.Now()); err != nil {
			t.Fatal(err)
		}
		switch status := c.Do(r); status {
		case http.StatusUnauthorized:
		case http.StatusTooManyRequests:
			throttled++
		default:
			t.Fatalf("answered %d", status)
		}
	}
	if n := len(victim.Gets()); n > 300 || throttled < 100 {
		t.Errorf("the victim was asked %d times, %d requests were throttled", n, throttled)
	}
}
