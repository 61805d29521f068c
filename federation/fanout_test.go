package federation_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

// queueToStrangers queues one Delete of nothing for the inbox of each stranger.
func queueToStrangers(t testing.TB, s *fedtest.Server, inboxes []string) {
	t.Helper()
	err := s.Store().Write(ctx(), func(tx *store.Tx) error {
		var to []store.InboxTarget
		for _, url := range inboxes {
			host, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
			id, err := tx.EnsureHost(host)
			if err != nil {
				return err
			}
			to = append(to, store.InboxTarget{URL: url, HostID: id})
		}
		return tx.QueueOutgoing(&store.Outgoing{Kind: "Delete", URI: s.ActorURI() + "#x", Payload: []byte(`{"type":"Delete"}`)}, to)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// run starts the workers and returns a function that stops them.
func run(t testing.TB, s *fedtest.Server) (stop func()) {
	t.Helper()
	c, cancel := context.WithCancel(ctx())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(c) }()
	return func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Error("the workers did not stop within 5 seconds")
		}
	}
}

// wait takes n values of a channel, or fails.
func wait[T any](t testing.TB, ch <-chan T, n int, what string) {
	t.Helper()
	limit := time.After(20 * time.Second)
	for i := range n {
		select {
		case <-ch:
		case <-limit:
			t.Fatalf("%s: %d of %d", what, i, n)
		}
	}
}

// Sixty servers of which six hang, and one of the six has more inboxes than fit
// on a page: the healthy ones are reached while the hanging ones are pending.
func TestHangingServersHoldUpNobody(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	reached, hanging, release := make(chan string, 100), make(chan string, 10_000), make(chan struct{})
	good, bad := c.Stranger("good"), c.Stranger("bad")
	good.Handle(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		reached <- r.Host
	})
	bad.Handle(func(w http.ResponseWriter, r *http.Request) {
		hanging <- r.Host
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	var healthy, hang []string
	for i := range 60 { // many names of two listeners: a key for each server would take longer than the test
		if i%10 == 0 {
			hang = append(hang, fmt.Sprintf("http://s%d.%s/inbox", i, bad.Host))
		} else {
			healthy = append(healthy, fmt.Sprintf("http://s%d.%s/inbox", i, good.Host))
		}
	}
	many := make([]string, 0, 2500)
	for i := range 2500 {
		many = append(many, fmt.Sprintf("%s/%d", hang[0], i))
	}
	queueToStrangers(t, alice, slices.Concat(many, hang))
	c.Advance(time.Second) // these are due longer
	queueToStrangers(t, alice, healthy)
	stop := run(t, alice)
	wait(t, hanging, len(hang), "hanging servers that were tried")
	wait(t, reached, len(healthy), "healthy servers reached while others hang")
	close(release)
	stop()
}

// T33: a job that fails whatever one does is set aside after its tries, and what
// came after it goes on meanwhile and afterwards.
func TestT33_PoisonJobIsSetAside(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	bob.Serve("/n/poison", fedtest.Doc{Status: http.StatusInternalServerError})
	bob.Send(alice, bob.Activity("Create", bob.URL("/n/poison")))
	bob.Send(alice, bob.Activity("Create", bob.Note("/n/after", "<p>after it</p>")))
	carl := c.Stranger("carl")
	if status := carl.Send(alice, carl.Activity("Follow", alice.ActorURI())); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	c.Settle()
	if len(carl.Received("Accept")) != 1 {
		t.Error("another's Follow waits for the poison")
	}
	if _, ok := alice.Has(t, bob.URL("/n/after")); ok {
		t.Error("bob's next post overtook the first")
	}
	c.SettleFor(2*time.Hour, 5*time.Minute) // the five tries take up to 52 minutes, and each waits for a step
	if _, ok := alice.Has(t, bob.URL("/n/after")); !ok {
		t.Error("bob's next post was lost with the poison")
	}
	dead, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Job, error) { return tx.DeadJobs(10) })
	if err != nil || len(dead) != 1 || dead[0].Kind != "inbox" || dead[0].Error == "" {
		t.Errorf("set aside are %+v, %v", dead, err)
	}
}

// T12: whoever forwards a Delete of a private post, whose server answers us 404
// as it must, has nothing deleted here.
func TestT12_ForwardedDeleteOfAPrivatePost(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, eve := c.Stranger("bob"), c.Stranger("eve")
	followStranger(t, alice, bob)
	followStranger(t, alice, eve)
	for _, path := range []string{"/n/private", "/n/public"} {
		note := bob.Note(path, "<p>hello</p>")
		if path == "/n/private" {
			note["to"], note["cc"] = []any{bob.ActorID() + "/followers"}, []any{}
		}
		bob.Send(alice, bob.Activity("Create", note))
		forwarded := bob.Activity("Delete", map[string]any{"id": bob.URL(path), "type": "Tombstone"})
		forwarded["signature"] = map[string]any{"type": "RsaSignature2017"}
		if status := eve.Send(alice, forwarded); status != http.StatusAccepted {
			t.Fatalf("answered %d", status)
		}
	}
	c.Settle()
	if _, ok := alice.Has(t, bob.URL("/n/private")); !ok {
		t.Error("a stranger had a private post deleted")
	}
	if _, ok := alice.Has(t, bob.URL("/n/public")); ok {
		t.Error("a public post whose server says 404 stayed")
	}
}

// T31: forwarded activities name hosts that we never met; ten of a domain are asked.
func TestT31_ForwardedHintsNameManyHosts(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	eve, victim := c.Stranger("eve"), c.Stranger("victim")
	followStranger(t, alice, eve)
	eve.Send(alice, eve.Activity("Create", eve.Note("/n/1", "<p>root</p>")))
	_, port, _ := strings.Cut(victim.Host, ":")
	for i := range 40 {
		host := fmt.Sprintf("http://h%d.victim.localhost:%s", i, port)
		create := eve.Activity("Create", map[string]any{"id": host + "/n", "type": "Note", "attributedTo": host + "/u", "inReplyTo": eve.URL("/n/1")})
		create["id"], create["actor"], create["signature"] = host+"/a", host+"/u", map[string]any{"type": "RsaSignature2017"}
		if status := eve.Send(alice, create); status != http.StatusAccepted {
			t.Fatalf("answered %d", status)
		}
	}
	c.Settle()
	if n := len(victim.Gets()); n == 0 || n > 10 {
		t.Errorf("%d hosts of one domain were asked", n)
	}
}

// A follower whose server answers 404 for an afternoon is still a follower.
func TestAnActorThatAnswers404ForAWhileStays(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	followers := func() int {
		n, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	c.Advance(30 * 24 * time.Hour) // its profile was fetched long ago
	bob.Misbehave(http.NotFound)
	alice.Post(t, store.Public, "Lost?")
	c.SettleFor(6*24*time.Hour, 6*time.Hour)
	if followers() != 1 {
		t.Error("dropped before the week was over")
	}
	c.SettleFor(3*24*time.Hour, 6*time.Hour)
	if followers() != 0 {
		t.Error("kept after more than a week")
	}
}

// A server that says when it wants to be asked again is not asked earlier only
// because it speaks to us meanwhile.
func TestRetryAfterHoldsWhileTheServerSpeaks(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	if status := bob.Send(alice, bob.Activity("Follow", alice.ActorURI())); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	c.Settle()
	c.Advance(5 * time.Minute)
	bob.Handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "1800")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	alice.Post(t, store.Public, "Busy?")
	for i := range 5 {
		c.Advance(5 * time.Minute)
		bob.Send(alice, bob.Activity("Create", bob.Note(fmt.Sprintf("/n/%d", i), "<p>hi</p>")))
		c.Settle()
	}
	if n := len(bob.Received("Create")); n != 1 {
		t.Errorf("it was asked %d times within 25 minutes of its 30", n)
	}
	bob.Handle(nil)
	c.SettleFor(10*time.Minute, time.Minute)
	if n := len(bob.Received("Create")); n != 2 {
		t.Errorf("after its patience it was asked %d times in all", n)
	}
}

// More servers than there are places, all of them answering in their own time:
// nobody is cut for the others' sake.
func TestAFanOutBeyondThePlacesCutsNobody(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	const servers, places = 400, 192
	arrived, release, reached := make(chan struct{}, servers), make(chan struct{}), make(chan struct{}, servers)
	slow := c.Stranger("slow")
	slow.Handle(func(w http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-release
		w.WriteHeader(http.StatusAccepted)
		reached <- struct{}{}
	})
	_, port, _ := strings.Cut(slow.Host, ":")
	var inboxes []string
	for i := range servers {
		inboxes = append(inboxes, fmt.Sprintf("http://s%d.localhost:%s/inbox", i, port))
	}
	queueToStrangers(t, alice, inboxes)
	events, end := alice.Subscribe()
	defer end()
	recorded := make(chan struct{}, servers)
	go func() { // read as they come: a listener that falls behind is dropped
		for range events {
			recorded <- struct{}{}
		}
	}()
	stop := run(t, alice)
	wait(t, arrived, places, "requests under way")
	close(release)
	wait(t, reached, servers, "servers reached")
	wait(t, recorded, servers, "deliveries recorded")
	stop()
	// On a busy machine some time out by the cluster's limit of a second, which is no cut.
	late, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Inbox, error) {
		return tx.DueInboxes(c.Now().Add(100*time.Hour), servers)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range late {
		if strings.Contains(in.Error, "others went first") {
			t.Errorf("%s was cut", in.URL)
		}
	}
}

// Of what others pass on only posts count, so the rest costs nothing.
func TestForwardedLikesAndBoostsCostNoWrite(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, bob := c.Servers[0], c.Stranger("bob")
	followStranger(t, alice, bob)
	bob.Send(alice, bob.Activity("Create", bob.Note("/n/1", "<p>root</p>")))
	c.Settle()
	disk := alice.Disk(t)
	for _, kind := range []string{"Announce", "Like", "Undo", "Flag"} {
		a := merge(bob.Activity(kind, bob.URL("/n/1")), "actor", "http://far.localhost/u", "id", "http://far.localhost/a", "signature", map[string]any{"type": "RsaSignature2017"})
		if status := bob.Send(alice, a); status != http.StatusAccepted {
			t.Fatalf("%s answered %d", kind, status)
		}
	}
	if alice.Disk(t) != disk {
		t.Error("they cost a write")
	}
}
