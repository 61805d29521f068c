package federation_test

import (
	"net/http"
	"testing"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

func TestNamesOfServersAsTheyAreTyped(t *testing.T) {
	for text, want := range map[string]string{
		" Social.Example ": "social.example", "@bob@social.example": "social.example", "https://social.example/@bob": "social.example", "social.example.": "social.example",
		"müller.example": "xn--mller-kva.example",
	} {
		if got, err := federation.ServerName(text); err != nil || got != want {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "two words", "https://", "a/b", "<b>", "..", "social.example:x"} {
		if got, err := federation.ServerName(text); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%q is taken as %q, %v", text, got, err)
		}
	}
}

// A crowd of followers is more than one slice.
func TestABlockedServerLosesItsFollowsBothWays(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	eve := c.Stranger("eve")
	crowd(t, alice, eve, 120)
	alice.Follows(t, bob)
	bob.Follows(t, alice)
	eve.Forget()
	if name, err := alice.BlockServer(ctx(), "@someone@"+eve.Host); err != nil || name != eve.Host {
		t.Fatal(name, err)
	}
	c.Settle()
	if n := followersOf(t, alice); n != 1 {
		t.Errorf("%d followers are left", n)
	}
	if n := len(eve.Received("Reject")); n != 120 {
		t.Errorf("%d of 120 were told", n)
	}
	if status := eve.TrySend(alice, eve.Activity("Create", eve.Note("/n/1", "<p>Hi</p>"))); status != http.StatusForbidden {
		t.Errorf("a post from there is answered %d", status)
	}
	if _, err := alice.BlockServer(ctx(), bob.Host); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	if to, from := relations(t, alice, person(t, alice, bob).ID); to || from {
		t.Errorf("follows with bob are left: %v %v", to, from)
	}
	if n := len(bob.Received("Reject")) + len(bob.Received("Undo")); n != 2 {
		t.Errorf("bob's server was told %d things", n)
	}
	for _, own := range []string{alice.Host, alice.Handle(), alice.Origin().URL("/")} {
		if _, err := alice.BlockServer(ctx(), own); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%s: %v", own, err)
		}
	}
	if err := alice.UnblockHost(ctx(), bob.Host); err != nil {
		t.Fatal(err)
	}
	blocked := lookAt(t, alice, func(tx *store.Tx) ([]store.Host, error) { return tx.BlockedHostPage(store.Page{Limit: 10}) })
	if len(blocked) != 1 || blocked[0].Name != eve.Host {
		t.Errorf("%v", blocked)
	}
}
