package federation_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
)

// take hands a request to the inbox without a network between.
func take(s *fedtest.Server, r *http.Request, body io.Reader) *httptest.ResponseRecorder {
	in := httptest.NewRequest(http.MethodPost, r.URL.String(), body)
	in.Header = r.Header
	w := httptest.NewRecorder()
	s.ServeInbox(w, in)
	return w
}

// T59: a flood is answered 429 with Retry-After, by address and by host, while
// others are served; forged requests do not use up the share of the host they name.
func TestT59_FloodsAreThrottled(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, carl := c.Stranger("bob"), c.Stranger("carl")
	followStranger(t, alice, bob)
	followStranger(t, alice, carl)
	alice.CountBy(func(r *http.Request) string { return r.Header.Get("X-From") })
	flood := func(r *http.Request, body []byte, n int) (last *httptest.ResponseRecorder, accepted int) {
		for range n {
			if last = take(alice, r, bytes.NewReader(body)); last.Code == http.StatusAccepted {
				accepted++
			}
		}
		return last, accepted
	}

	r, body := bob.Request(alice, bob.Activity("Create", bob.Note("/n/1", "<p>1</p>")))
	forged := r.Clone(ctx())
	forged.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), `signature="`, `signature="AAAA`, 1))
	for address := range 30 {
		forged.Header.Set("X-From", fmt.Sprint("bad-", address))
		last, accepted := flood(forged, body, 320)
		if accepted > 0 || last.Code != http.StatusTooManyRequests || last.Header().Get("Retry-After") == "" {
			t.Fatalf("320 forgeries: %d taken, then %d, Retry-After %q", accepted, last.Code, last.Header().Get("Retry-After"))
		}
	}
	if w := take(alice, r, bytes.NewReader(body)); w.Code != http.StatusAccepted {
		t.Errorf("after 9,600 forgeries in its name the real server was answered %d", w.Code)
	}
	last, accepted := flood(r, body, 6100)
	if last.Code != http.StatusTooManyRequests || last.Header().Get("Retry-After") == "" || accepted > 6000 || accepted < 5900 {
		t.Errorf("6,100 at once: %d taken, then %d, Retry-After %q", accepted, last.Code, last.Header().Get("Retry-After"))
	}
	if status := carl.Send(alice, carl.Activity("Create", carl.Note("/n/1", "<p>2</p>"))); status != http.StatusAccepted {
		t.Errorf("another server was answered %d meanwhile", status)
	}
	c.Advance(time.Minute)
	r, body = bob.Request(alice, bob.Activity("Create", bob.Note("/n/2", "<p>later</p>")))
	if w := take(alice, r, bytes.NewReader(body)); w.Code != http.StatusAccepted {
		t.Errorf("a minute later it was answered %d", w.Code)
	}
}

// slowBody hands out a large body, and waits for a signal before its end.
type slowBody struct {
	left    int
	half    chan<- struct{}
	release <-chan struct{}
	told    bool
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.left < 100_000 && !b.told {
		b.told = true
		b.half <- struct{}{}
		<-b.release
	}
	if b.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), b.left)
	clear(p[:n])
	b.left -= n
	return n, nil
}

// T58: five hundred senders that stop in the midst of a megabyte hold little
// memory, and others are served.
func TestT58_SlowLargeBodiesHoldLittleMemory(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r, _ := bob.Request(alice, bob.Activity("Create", bob.Note("/n/1", "<p>1</p>")))
	half, release, answers := make(chan struct{}, 600), make(chan struct{}), make(chan int, 600)
	for range 500 {
		go func() {
			answers <- take(alice, r, &slowBody{left: 1 << 20, half: half, release: release}).Code
		}()
	}
	refused := 0
	for held := 0; held+refused < 500; {
		select {
		case <-half:
			held++
		case status := <-answers:
			if status != http.StatusTooManyRequests {
				t.Fatalf("answered %d", status)
			}
			refused++
		case <-time.After(20 * time.Second):
			t.Fatalf("%d refused, %d held", refused, held)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&during)
	if rise := int64(during.HeapAlloc) - int64(before.HeapAlloc); rise > 32<<20 {
		t.Errorf("they hold %d MiB", rise>>20)
	}
	if status := bob.Send(alice, bob.Activity("Create", bob.Note("/n/2", "<p>2</p>"))); status != http.StatusAccepted {
		t.Errorf("a small post was answered %d meanwhile", status)
	}
	close(release)
	wait(t, answers, 500-refused, "answers after the release")
}

// T15: one host has one spelling; what is spelled otherwise is the same actor or
// is refused, and no name opens a way around a block.
func TestT15_OneHostOneName(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, evil := c.Stranger("bob"), c.Stranger("evil")
	actor := followStranger(t, alice, bob)
	_, port, _ := strings.Cut(bob.Host, ":")
	for _, query := range []string{
		"@bob@BOB.localhost:" + port, "bob@bob.LOCALHOST:" + port, "http://BOB.localhost:" + port + "/users/bob",
		"bob@bob.localhost.:" + port, "bob@b\u043eb.localhost:" + port, "bob@xn--bb-fmc.localhost:" + port,
		"http://bob.localhost:" + port + "@" + evil.Host + "/users/bob", `http://bob.localhost:` + port + `\@` + evil.Host + "/users/bob",
		"http://user@bob.localhost:" + port + "/users/bob", "http://bob.localhost.:" + port + "/users/bob",
	} {
		if found, err := alice.Lookup(ctx(), query); err == nil && (found.Actor == nil || found.Actor.ID != actor.ID) {
			t.Errorf("%s is somebody else: %+v", query, found.Actor)
		}
	}
	if n := len(evil.Gets()); n != 0 {
		t.Errorf("userinfo led to another server %d times", n)
	}
	if _, err := alice.RejectAndBlock(ctx(), actor.ID); err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{bob.Host, strings.ToUpper(bob.Host), "sub." + bob.Host, "bob.localhost.:" + port} {
		signer := bob.Signer()
		signer.KeyID = "http://" + host + "/users/bob#main-key"
		activity := bob.Activity("Follow", alice.ActorURI())
		activity["actor"] = "http://" + host + "/users/bob"
		r, body := bob.Request(alice, activity)
		r.Header.Del("Signature")
		if err := signer.SignCavage(r, body, c.Now()); err != nil {
			t.Fatal(err)
		}
		if status := c.Do(r); !refused(status) {
			t.Errorf("blocked, and signed as %s: answered %d", host, status)
		}
	}
}

// What other servers send all day long and nobody here asked for: accounts that
// delete themselves, boosts of a relay, what PeerTube says of each view.
var unasked = []struct {
	kind  string
	about func(s, victim *fedtest.Stranger) any
}{
	{"Delete", func(s, _ *fedtest.Stranger) any { return s.ActorID() }},
	{"Delete", func(s, _ *fedtest.Stranger) any { return map[string]any{"type": "Person", "id": s.ActorID()} }},
	{"Announce", func(_, victim *fedtest.Stranger) any { return victim.URL("/n/1") }},
	{"Announce", func(_, victim *fedtest.Stranger) any { return victim.Note("/n/1", "<p>relayed</p>") }},
	{"Announce", func(_, victim *fedtest.Stranger) any {
		return victim.Activity("Create", victim.Note("/n/1", "<p>relayed</p>"))
	}},
	{"View", func(_, victim *fedtest.Stranger) any { return victim.URL("/v/1") }},
	{"Listen", func(_, victim *fedtest.Stranger) any { return victim.URL("/v/1") }},
	{"Read", func(_, victim *fedtest.Stranger) any { return victim.URL("/v/1") }},
	{"Arrive", func(_, victim *fedtest.Stranger) any { return victim.URL("/v/1") }},
	{"Travel", func(_, victim *fedtest.Stranger) any { return victim.URL("/v/1") }},
	{"Join", func(_, victim *fedtest.Stranger) any { return victim.URL("/v/1") }},
	{"Offer", func(_, victim *fedtest.Stranger) any { return victim.URL("/v/1") }},
	{"Dislike", func(_, victim *fedtest.Stranger) any { return victim.URL("/v/1") }},
	{"Lock", func(_, victim *fedtest.Stranger) any { return victim.URL("/v/1") }},
	{"Hiccup", func(_, victim *fedtest.Stranger) any { return victim.URL("/v/1") }},
}

func TestFloodsOfStrangersCostNeitherWriteNorFetch(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	relay, victim := c.Stranger("relay"), c.Stranger("victim")
	victim.Serve("/n/1", victim.Note("/n/1", "<p>relayed</p>"))
	before := alice.Disk(t)
	for range 3 {
		for _, u := range unasked {
			activity := relay.Activity(u.kind, u.about(relay, victim))
			activity["to"] = []any{"https://www.w3.org/ns/activitystreams#Public"}
			if status := relay.Send(alice, activity); status != http.StatusAccepted {
				t.Errorf("%s: answered %d", u.kind, status)
			}
			c.Settle()
		}
	}
	if alice.Disk(t) != before {
		t.Error("something was written")
	}
	if n := len(relay.Gets()) + len(victim.Gets()); n != 0 {
		t.Errorf("%d fetches: %v %v", n, relay.Gets(), victim.Gets())
	}
}

// The same from somebody who is known here, but not followed: their key is here,
// and still nothing is written and nobody asked. Only that the server speaks is
// noted, and that an account deleted itself.
func TestFloodsOfTheKnownCostNothingEither(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	relay, victim := c.Stranger("relay"), c.Stranger("victim")
	if _, err := alice.Lookup(ctx(), relay.Name+"@"+relay.Host); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	asked, before := len(relay.Gets()), alice.Disk(t)
	for range 3 {
		for _, u := range unasked {
			if u.kind == "Delete" {
				continue
			}
			if status := relay.Send(alice, relay.Activity(u.kind, u.about(relay, victim))); status != http.StatusAccepted {
				t.Errorf("%s: answered %d", u.kind, status)
			}
			c.Settle()
		}
	}
	if alice.Disk(t) != before {
		t.Error("something was written")
	}
	if n := len(relay.Gets()) - asked + len(victim.Gets()); n != 0 {
		t.Errorf("%d fetches: %v %v", n, relay.Gets()[asked:], victim.Gets())
	}
	// A Delete of the account itself has an effect: the fingerprint shows it.
	if status := relay.Send(alice, relay.Activity("Delete", relay.ActorID())); status != http.StatusAccepted {
		t.Errorf("answered %d", status)
	}
	if alice.Disk(t) == before {
		t.Error("what is written does not show")
	}
}
