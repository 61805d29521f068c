package federation_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/federation/httpsig"
	"dassie/store"
)

// digestOf is the digest of FEP-8fcf.
func digestOf(uris ...string) string {
	var d [sha256.Size]byte
	for _, uri := range uris {
		for i, b := range sha256.Sum256([]byte(uri)) {
			d[i] ^= b
		}
	}
	return hex.EncodeToString(d[:])
}

// The example of the FEP itself.
func TestFollowersDigest(t *testing.T) {
	if got := digestOf("https://testing.example.org/users/1", "https://testing.example.org/users/2"); got != "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f" {
		t.Errorf("digest %s", got)
	}
}

func TestFollowersOnlyPostsSayWhoFollows(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	followed(t, c, alice, bob)
	for _, v := range []store.Visibility{store.Public, store.Unlisted, store.Followers} {
		bob.Forget()
		p := alice.Post(t, v, "Hello")
		got := bob.Received("Create")
		if len(got) != 1 {
			t.Fatalf("%d Creates of %s", len(got), p.URI)
		}
		value := got[0].Header.Get("Collection-Synchronization")
		if v != store.Followers {
			if value != "" {
				t.Errorf("a post for %d says %q", v, value)
			}
			continue
		}
		params, err := httpsig.Params(value)
		if err != nil || params["collectionid"] != alice.ActorURI()+"/followers" || params["digest"] != digestOf(bob.ActorID()) {
			t.Errorf("it says %q, %v", value, err)
		}
		if !strings.Contains(got[0].Header.Get("Signature"), "digest content-type collection-synchronization") {
			t.Errorf("that is not signed: %s", got[0].Header.Get("Signature"))
		}
		status, body := bob.Fetch(params["url"], true)
		var list struct {
			Type  string   `json:"type"`
			Items []string `json:"orderedItems"`
		}
		if err := json.Unmarshal([]byte(body), &list); err != nil || status != http.StatusOK || list.Type != "OrderedCollection" || len(list.Items) != 1 || list.Items[0] != bob.ActorID() {
			t.Errorf("the list: %d %s", status, body)
		}
	}
}

// T42: a server learns who follows from there, and of no other.
func TestT42_OthersFollowersAreNotTold(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob, eve, mallory := c.Servers[0], c.Stranger("bob"), c.Stranger("eve"), c.Stranger("mallory")
	followed(t, c, alice, bob)
	address := alice.ActorURI() + "/followers/sync"
	if status, body := eve.Fetch(address, true); status != http.StatusOK || strings.Contains(body, "bob") {
		t.Errorf("another server: %d %s", status, body)
	}
	if status, body := bob.Fetch(address, false); status != http.StatusNotFound {
		t.Errorf("unsigned: %d %s", status, body)
	}
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.BlockHost(mallory.Host) }); err != nil {
		t.Fatal(err)
	}
	if status, _ := mallory.Fetch(address, true); status != http.StatusNotFound {
		t.Errorf("a blocked server: %d", status)
	}
}

// A server that lost its follow learns of it, and takes it back for good.
func TestAServerThatForgotItsFollowTakesItBack(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	at := person(t, bob, alice).ID
	if err := bob.Store().Write(ctx(), func(tx *store.Tx) error { return tx.DropFollowing(at) }); err != nil {
		t.Fatal(err)
	}
	alice.Post(t, store.Public, "Nobody compares")
	if followers(t, alice) != 1 {
		t.Fatal("the follow ended too early")
	}
	alice.Post(t, store.Followers, "For followers")
	if followers(t, alice) != 0 {
		t.Error("alice still sends posts for followers to somebody who does not follow")
	}
}

// syncing is alice who follows bob, whose server says who follows him from hers.
type syncing struct {
	c     *fedtest.Cluster
	alice *fedtest.Server
	bob   *fedtest.Stranger
	t     *testing.T
	n     int
}

func newSyncing(t *testing.T) *syncing {
	c := fedtest.New(t, "alice")
	s := &syncing{c: c, alice: c.Servers[0], bob: c.Stranger("bob"), t: t}
	followStranger(t, s.alice, s.bob)
	return s
}

// says delivers a post that names alice, and so has an effect whether she
// follows or not, with a header about followers.
func (s *syncing) says(header string) {
	s.t.Helper()
	s.n++
	note := s.bob.Note("/n/"+strconv.Itoa(s.n), "<p>hello</p>")
	note["to"] = []any{s.alice.ActorURI()}
	note["tag"] = []any{map[string]any{"type": "Mention", "href": s.alice.ActorURI(), "name": "@alice"}}
	r, body := s.bob.Request(s.alice, s.bob.Activity("Create", note))
	r.Header.Set("Collection-Synchronization", header)
	if err := s.bob.Signer().SignCavage(r, body, s.c.Now()); err != nil {
		s.t.Fatal(err)
	}
	if status := s.c.Do(r); status != http.StatusAccepted {
		s.t.Fatalf("answered %d", status)
	}
	s.c.Settle()
}

func (s *syncing) header(digest string) string {
	return `collectionId="` + s.bob.ActorID() + `/followers", url="` + s.bob.URL("/sync") + `", digest="` + digest + `"`
}

// lists is what bob's server answers when it is asked.
func (s *syncing) lists(uris ...any) {
	s.bob.Serve("/sync", map[string]any{"id": s.bob.URL("/sync"), "type": "OrderedCollection", "orderedItems": uris})
}

func (s *syncing) asked() int {
	n := 0
	for _, path := range s.bob.Gets() {
		if strings.HasPrefix(path, "/sync") {
			n++
		}
	}
	return n
}

func (s *syncing) state() store.FollowState {
	s.t.Helper()
	f, err := store.Get(ctx(), s.alice.Store(), func(tx *store.Tx) (store.Following, error) {
		a, err := tx.ActorByURI(s.bob.ActorID())
		if err != nil {
			return store.Following{}, err
		}
		return tx.Following(a.ID)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return f.State
}

func TestAFollowThatEndedThereEndsHere(t *testing.T) {
	s := newSyncing(t)
	s.lists()
	s.says(s.header(digestOf(s.alice.ActorURI())))
	if s.asked() != 0 {
		t.Error("both sides agree, and the list was fetched")
	}
	s.says(s.header(digestOf()))
	if s.asked() != 1 || s.state() != store.FollowRejected {
		t.Errorf("asked %d times; the follow is in state %d", s.asked(), s.state())
	}
}

func TestADigestThatTheListDoesNotBearOutEndsNothing(t *testing.T) {
	s := newSyncing(t)
	s.lists("http://other.localhost/users/x") // incomplete: it does not add up to what was said
	s.says(s.header(digestOf("http://other.localhost/users/y")))
	if s.asked() != 1 || s.state() != store.FollowAccepted {
		t.Errorf("asked %d times; the follow is in state %d", s.asked(), s.state())
	}
	s.says(s.header(digestOf("http://other.localhost/users/z")))
	if s.asked() != 1 {
		t.Error("a server's list was fetched twice in an hour")
	}
	s.c.Advance(61 * time.Minute)
	s.says(s.header(digestOf("http://other.localhost/users/z")))
	if s.asked() != 2 {
		t.Error("an hour later it was not fetched again")
	}
}

func TestForeignAndOddHeadersAreIgnored(t *testing.T) {
	s := newSyncing(t)
	eve := s.c.Stranger("eve")
	other := digestOf("x")
	for _, header := range []string{
		strings.Replace(s.header(other), s.bob.URL("/sync"), eve.URL("/sync"), 1),
		strings.Replace(s.header(other), s.bob.ActorID()+"/followers", eve.ActorID()+"/followers", 1),
		strings.Replace(s.header(other), "/followers", "/following", 1),
		s.header("abc"), s.header(strings.Repeat("f", 65)), "nonsense", `digest="` + other + `"`, strings.Repeat("x", 9000),
	} {
		s.says(header)
	}
	if s.asked() != 0 || len(eve.Gets()) != 0 {
		t.Errorf("bob was asked %d times, eve for %v", s.asked(), eve.Gets())
	}
}

func TestAFollowThatStandsThereIsAcceptedOrTakenBack(t *testing.T) {
	s := newSyncing(t)
	at := func() int64 {
		a, err := store.Get(ctx(), s.alice.Store(), func(tx *store.Tx) (store.Actor, error) { return tx.ActorByURI(s.bob.ActorID()) })
		if err != nil {
			t.Fatal(err)
		}
		return a.ID
	}()
	// The Accept never came.
	err := s.alice.Store().Write(ctx(), func(tx *store.Tx) error {
		f, err := tx.Following(at)
		if err != nil {
			return err
		}
		f.State = store.FollowAsked
		return tx.SaveFollowing(f)
	})
	if err != nil {
		t.Fatal(err)
	}
	s.lists(s.alice.ActorURI())
	s.says(s.header(digestOf(s.alice.ActorURI())))
	if s.state() != store.FollowAccepted {
		t.Errorf("the follow that bob's server knows of is in state %d", s.state())
	}
	// And one that alice does not know of.
	if err := s.alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.DropFollowing(at) }); err != nil {
		t.Fatal(err)
	}
	s.c.Advance(61 * time.Minute)
	s.says(s.header(digestOf(s.alice.ActorURI())))
	got := s.bob.Received("Undo")
	if len(got) != 1 || !strings.Contains(got[0].Body, `"object":"`+s.bob.ActorID()+`"`) {
		t.Errorf("%d Undos: %v", len(got), got)
	}
}
