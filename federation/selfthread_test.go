package federation_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// What Preview says is, byte for byte, what other servers get.
func TestAPreviewIsWhatLeaves(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	bob.Follows(t, alice)
	quoted := bob.Post(t, store.Public, "Frost tonight")
	at, _ := alice.Has(t, quoted.URI)
	addEmoji(t, alice, "leek", picture(t, 3, 60))
	m := upload(t, alice, "sill.png", 7)
	d := federation.Draft{Text: "**Hi** @" + bob.Handle() + " #Seeds :leek: https://example.org/?a=1&b=2\n\n- one\n- two", Markdown: true, Summary: "About :leek:",
		QuoteID: at.ID, Media: []federation.Attached{saying(m, "Seedlings", 0.5, -1)}, Thread: []string{"Second :leek:", "Third @" + bob.Handle()}}
	seen, err := alice.Preview(ctx(), d)
	if err != nil {
		t.Fatal(err)
	}
	p := publish(t, alice, d)
	c.Settle()
	list, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Post, error) {
		return tx.OwnPosts(store.Page{Limit: 10}, store.Direct, true, false)
	})
	if err != nil || len(list) != 3 || list[2].ID != p.ID {
		t.Fatalf("%d posts, %v", len(list), err)
	}
	slices.Reverse(list)
	for i, was := range append([]store.Post{seen.Post}, seen.Thread...) {
		now := list[i]
		if was.Content != now.Content || was.Summary != now.Summary || was.Language != now.Language || !reflect.DeepEqual(was.Extra.Emojis, now.Extra.Emojis) ||
			!reflect.DeepEqual(was.Extra.Attachments, now.Extra.Attachments) || !reflect.DeepEqual(was.Extra.Tags, now.Extra.Tags) {
			t.Errorf("previewed %+v,\npublished %+v", was, now)
		}
		var sent struct{ Object struct{ ID, Content string } }
		if err := json.Unmarshal([]byte(bob.Received("Create")[i].Body), &sent); err != nil || sent.Object.ID != now.URI || sent.Object.Content != was.Content {
			t.Errorf("previewed:\n%s\nbob got:\n%s", was.Content, sent.Object.Content)
		}
	}
}

func TestAThreadIsPublishedWholeOrNotAtAll(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	for name, d := range map[string]federation.Draft{
		"too long": {Text: "First", Thread: []string{"Second", strings.Repeat("leek ", 1001)}},
		"empty":    {Text: "First", Thread: []string{"Second", "  \n "}},
		"too many": {Text: "First", Thread: slices.Repeat([]string{"more"}, 25)},
		"nobody":   {Text: "First", Visibility: store.Direct, Thread: []string{"For @" + bob.Handle()}},
	} {
		if _, err := alice.Publish(ctx(), d); reply.CodeOf(err) != reply.Unprocessable {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(alice.Home(t)) != 0 {
		t.Fatal("something was published")
	}
	// A private thread stays with those whom its first post names.
	d := federation.Draft{Text: "@" + bob.Handle() + " first", Visibility: store.Direct, Thread: []string{"second"}, Key: "k"}
	first := publish(t, alice, d)
	if again := publish(t, alice, d); again.ID != first.ID {
		t.Error("the same key made another thread")
	}
	c.Settle()
	if got := bob.Received("Create"); len(got) != 2 {
		t.Fatalf("bob got %d posts", len(got))
	}
	for _, got := range bob.Received("Create") {
		if !strings.Contains(got.Body, `"to":["`+bob.ActorURI()+`"],"cc":[]`) {
			t.Errorf("bob got %s", got.Body)
		}
	}
}
