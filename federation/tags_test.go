package federation_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

func TestHashtagsAsTheyAreNamed(t *testing.T) {
	for text, want := range map[string]string{"#Rye": "rye", " rye ": "rye", "ＲＹＥ": "rye", "été": "été", "日本": "日本", "a_1": "a_1", "#1a": "1a"} {
		if got, ok := federation.TagName(text); !ok || got != want {
			t.Errorf("%q is %q, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "#", "##rye", "two words", "a/b", "rye-bread", "2026", "_", "<b>", string(slices.Repeat([]rune{'x'}, 101))} {
		if got, ok := federation.TagName(text); ok {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}

// tagNote is a public post with hashtags.
func tagNote(c *fedtest.Cluster, s *fedtest.Stranger, path string, tags ...string) map[string]any {
	note := s.Note(path, "<p>Text</p>")
	var list []any
	for _, tag := range tags {
		list = append(list, map[string]any{"type": "Hashtag", "name": "#" + tag, "href": s.URL("/tags/" + tag)})
	}
	note["tag"], note["published"] = list, c.Now().Format(time.RFC3339)
	return note
}

func TestPostsWithAFollowedHashtagEnterHome(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	eve := c.Stranger("eve")
	if name, err := alice.FollowTag(ctx(), "#ＲＹＥ"); err != nil || name != "rye" {
		t.Fatal(name, err)
	}
	send := func(note map[string]any) string {
		t.Helper()
		if status := eve.Send(alice, eve.Activity("Create", note)); status != http.StatusAccepted {
			t.Fatalf("answered %d", status)
		}
		c.Settle()
		return note["id"].(string)
	}
	uri := send(tagNote(c, eve, "/n/1", "Baking", "Rye"))
	p, ok := alice.Has(t, uri)
	if !ok || !inHome(t, alice, uri) {
		t.Fatalf("it is here %v, in home %v", ok, inHome(t, alice, uri))
	}
	if tags := lookAt(t, alice, func(tx *store.Tx) ([]string, error) { return federation.FollowedTags(tx, p) }); !slices.Equal(tags, []string{"Rye"}) {
		t.Errorf("it is there because of %v", tags)
	}
	if kinds := alice.Notified(t); len(kinds) != 0 {
		t.Errorf("notified of %v", kinds)
	}
	quiet := tagNote(c, eve, "/n/2", "rye")
	quiet["to"], quiet["cc"] = []any{eve.ActorID() + "/followers"}, []any{"https://www.w3.org/ns/activitystreams#Public"}
	old := tagNote(c, eve, "/n/3", "rye")
	old["published"] = c.Now().Add(-4 * 24 * time.Hour).Format(time.RFC3339)
	for _, note := range []map[string]any{quiet, old, tagNote(c, eve, "/n/4", "wheat"), tagNote(c, eve, "/n/5"), tagNote(c, eve, "/n/6", "rye_bread")} {
		if uri := send(note); inHome(t, alice, uri) {
			t.Errorf("%s entered home", uri)
		} else if _, ok := alice.Has(t, uri); ok {
			t.Errorf("%s is stored", uri)
		}
	}
	if _, err := alice.UnfollowTag(ctx(), "Rye"); err != nil {
		t.Fatal(err)
	}
	if uri := send(tagNote(c, eve, "/n/7", "rye")); inHome(t, alice, uri) {
		t.Error("it entered home after the unfollow")
	}
	if !inHome(t, alice, uri) {
		t.Error("what was in home left it with the unfollow")
	}
}

// A post that names the owner, stands in a thread, is quoted or looked up is in
// home too if its hashtag is followed; and one that only a relay passes on.
func TestAFollowedHashtagCountsHoweverThePostCame(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	eve, relay := c.Stranger("eve"), c.Stranger("relay")
	alice.Follows(t, bob)
	bob.Find(t, alice)
	if _, err := alice.FollowTag(ctx(), "rye"); err != nil {
		t.Fatal(err)
	}
	mention := bob.Post(t, store.Public, "Hello @"+alice.Handle()+" #Rye")
	if !inHome(t, alice, mention.URI) {
		t.Error("a mention is not in home")
	}
	note := tagNote(c, eve, "/n/found", "rye")
	eve.Serve("/n/found", note)
	if _, err := alice.Lookup(ctx(), note["id"].(string)); err != nil {
		t.Fatal(err)
	}
	if !inHome(t, alice, note["id"].(string)) {
		t.Error("what was looked up is not in home")
	}
	passed := tagNote(c, eve, "/n/passed", "rye")
	eve.Serve("/n/passed", passed)
	forward := eve.Activity("Create", passed)
	forward["signature"] = map[string]any{"type": "RsaSignature2017"}
	followStranger(t, alice, relay) // only a server that is known may pass on
	relay.Send(alice, forward)
	c.Settle()
	if !inHome(t, alice, passed["id"].(string)) {
		t.Error("what a relay passed on is not in home")
	}
	lie := tagNote(c, eve, "/n/lie", "rye")
	eve.Serve("/n/lie", tagNote(c, eve, "/n/lie", "wheat"))
	forward = eve.Activity("Create", lie)
	forward["signature"] = map[string]any{"type": "RsaSignature2017"}
	relay.Send(alice, forward)
	c.Settle()
	if inHome(t, alice, lie["id"].(string)) {
		t.Error("a relay's word put a post into home")
	}
}

func TestT48_AHashtagBringsNothingOfSomebodyBlocked(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, eve := c.Servers[0], c.Stranger("eve")
	a := followStranger(t, alice, eve)
	if _, err := alice.FollowTag(ctx(), "rye"); err != nil {
		t.Fatal(err)
	}
	if err := alice.Block(ctx(), a.ID); err != nil {
		t.Fatal(err)
	}
	c.Settle()
	note := tagNote(c, eve, "/n/1", "rye")
	eve.Serve("/n/1", note)
	if status := eve.Send(alice, eve.Activity("Create", note)); status != http.StatusForbidden {
		t.Errorf("answered %d", status)
	}
	c.Settle()
	if _, ok := alice.Has(t, note["id"].(string)); ok || len(alice.Home(t)) != 0 {
		t.Error("it is here")
	}
}
