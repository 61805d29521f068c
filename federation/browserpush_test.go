package federation_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// browser is one that alice is logged in with.
func browser(t *testing.T, alice *fedtest.Server, name string) []byte {
	t.Helper()
	s := store.Session{Hash: []byte(name + strings.Repeat("x", 32)), CSRF: "x", CreatedAt: alice.Now(), UsedAt: alice.Now(), Agent: name}
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.AddSession(s) }); err != nil {
		t.Fatal(err)
	}
	return s.Hash
}

func tell(t *testing.T, alice *fedtest.Server, session []byte, svc *pushService, words bool, kinds ...string) {
	t.Helper()
	if err := alice.SubscribeBrowser(ctx(), session, svc.wish(true, "", kinds...), words); err != nil {
		t.Fatal(err)
	}
}

// A browser is told of which kind a notice is, and more only where the owner wants it:
// it stands on a locked screen.
func TestABrowserIsToldWithoutWords(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	quiet, open := newPushService(t), newPushService(t)
	one := browser(t, alice, "Firefox")
	tell(t, alice, one, quiet, false, "mention")
	tell(t, alice, browser(t, alice, "Safari"), open, true, "mention", "follow")
	bob.Follows(t, alice)
	bob.Post(t, store.Direct, "Lunch, @"+alice.Handle()+"?")
	c.Settle()

	list := quiet.told()
	if len(list) != 1 || list[0]["title"] != "New mention" || list[0]["body"] != nil || list[0]["path"] != "/me/inbox" || list[0]["encoding"] != "aes128gcm" {
		t.Fatalf("told %v", list)
	}
	if text := jsonOf(t, list); strings.Contains(text, "Lunch") || strings.Contains(text, "bob") {
		t.Errorf("words where none are wanted: %s", text)
	}
	list = open.told()
	if len(list) != 2 || list[0]["title"] != "bob is now following you" || list[1]["title"] != "bob mentioned you" || !strings.HasPrefix(list[1]["body"].(string), "Lunch, @") {
		t.Errorf("told %v", list)
	}

	// Without an address the one that is known stays, and another choice counts.
	if err := alice.SubscribeBrowser(ctx(), one, federation.PushWish{Alerts: map[string]bool{"follow": true}}, false); err != nil {
		t.Fatal(err)
	}
	bob.Post(t, store.Public, "Dinner, @"+alice.Handle()+"?")
	c.Settle()
	if list = quiet.told(); len(list) != 0 {
		t.Errorf("told of what is not wanted any more: %v", list)
	}
	if err := alice.UnsubscribeBrowser(ctx(), one); err != nil {
		t.Fatal(err)
	}
	if err := alice.SubscribeBrowser(ctx(), one, federation.PushWish{}, false); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("without an address: %v", err)
	}
}

// T51: nothing goes to a browser whose session has ended, not even what waited.
func TestT51_ABrowserThatIsLoggedOutIsToldNothing(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	session, svc := browser(t, alice, "Firefox"), newPushService(t)
	tell(t, alice, session, svc, true, "mention")
	svc.answer(503)
	bob.Post(t, store.Public, "Hello @"+alice.Handle())
	c.Settle()
	svc.answer(0)
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error { return tx.DropSession(session) }); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(6*time.Hour, time.Hour)
	bob.Post(t, store.Public, "Hello again @"+alice.Handle())
	c.Settle()
	if svc.asked != 0 {
		t.Errorf("asked %d times, told %v", svc.asked, svc.told())
	}
	if err := alice.SubscribeBrowser(ctx(), session, svc.wish(true, "", "mention"), false); err == nil {
		t.Error("a session that has ended subscribed")
	}
}

// The browser that logged in anew has one address, not two.
func TestABrowserIsToldOnce(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	svc := newPushService(t)
	tell(t, alice, browser(t, alice, "before"), svc, false, "mention")
	tell(t, alice, browser(t, alice, "after"), svc, false, "mention")
	bob.Post(t, store.Public, "Hello @"+alice.Handle())
	c.Settle()
	if list := svc.told(); len(list) != 1 {
		t.Errorf("told %v", list)
	}
}

func TestTheTestOfABrowser(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, svc := c.Servers[0], newPushService(t)
	session := browser(t, alice, "Firefox")
	if err := alice.TestBrowserPush(ctx(), session); reply.CodeOf(err) != reply.Conflict {
		t.Errorf("without an address: %v", err)
	}
	tell(t, alice, session, svc, false, "mention")
	if err := alice.TestBrowserPush(ctx(), session); err != nil {
		t.Error(err)
	}
	if list := svc.told(); len(list) != 1 || list[0]["title"] != "This is a test" {
		t.Errorf("told %v", list)
	}
	svc.answer(http.StatusForbidden)
	if err := alice.TestBrowserPush(ctx(), session); err == nil || !strings.Contains(reply.Message(err), "push.localhost did not take") {
		t.Errorf("refused: %v", err)
	}
	svc.answer(http.StatusGone)
	if err := alice.TestBrowserPush(ctx(), session); err == nil || !strings.Contains(reply.Message(err), "switched off here") {
		t.Errorf("gone: %v", err)
	}
	if err := alice.TestBrowserPush(ctx(), session); reply.CodeOf(err) != reply.Conflict {
		t.Errorf("still there: %v", err)
	}
	w := svc.wish(true, "", "mention")
	w.Endpoint = "https://127.0.0.1/inside"
	w.Auth = "short"
	if err := alice.SubscribeBrowser(ctx(), session, w, false); reply.CodeOf(err) != reply.Unprocessable {
		t.Errorf("bad keys: %v", err)
	}
}
