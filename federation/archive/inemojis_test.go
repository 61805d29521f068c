package archive_test

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

func ownEmojis(t *testing.T, s *fedtest.Server) map[string]int64 {
	t.Helper()
	list, err := s.OwnEmojis(ctx())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int64{}
	for _, e := range list {
		out[e.Shortcode] = e.ID
	}
	return out
}

func TestEmojisOfAnArchiveNeverTakeAnothersWord(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	for _, code := range []string{"wave", "leaf"} {
		if _, err := alice.AddEmoji(ctx(), code, photoPNG(r)); err != nil {
			t.Fatal(err)
		}
	}
	p := alice.Post(t, store.Public, "Hello :wave: and :leaf:")
	file := zipped(t, c, alice)
	members := unzipped(t, file)
	if n := strings.Count(string(members["dassie/emojis.jsonl"]), "\n"); n != 2 {
		t.Fatalf("%d emojis in the archive: %s", n, members["dassie/emojis.jsonl"])
	}
	c.Advance(time.Hour)

	// Here again, :wave: is by now another picture.
	was := ownEmojis(t, alice)
	alice.Afresh(t)
	other, err := alice.AddEmoji(ctx(), "wave", photoPNG(r))
	if err != nil {
		t.Fatal(err)
	}
	plan, result := take(t, taker(t, c, alice, t.TempDir()), alice, file)
	if part := plan.Parts[0]; part.Key != "emojis" || part.Count != 2 || result.Taken["emojis"] != 2 {
		t.Errorf("the preview says %+v, %+v came", plan.Parts, result)
	}
	if now := ownEmojis(t, alice); now["wave"] != other.ID || now["leaf"] != was["leaf"] || len(now) != 2 {
		t.Errorf("on offer: %v, before %v", now, was)
	}
	got, ok := alice.Has(t, p.URI)
	if want := fmt.Sprintf("/emojis/%d/picture.png", was["wave"]); !ok || len(got.Extra.Emojis) != 2 || got.Extra.Emojis[1].URL != want && got.Extra.Emojis[0].URL != want {
		t.Errorf("the post shows %+v, want %s", got.Extra.Emojis, want)
	}

	// With another account they get ids of its own, if their words are free.
	leaf, err := bob.AddEmoji(ctx(), "leaf", photoPNG(r))
	if err != nil {
		t.Fatal(err)
	}
	plan, result = take(t, taker(t, c, bob, t.TempDir()), bob, file)
	if part := plan.Parts[0]; part.Key != "emojis" || part.Count != 1 || result.Taken["emojis"] != 1 {
		t.Errorf("the preview says %+v, %+v came", plan, result)
	}
	now := ownEmojis(t, bob)
	if now["leaf"] != leaf.ID || now["wave"] == 0 || now["wave"] == was["wave"] {
		t.Errorf("on offer: %v", now)
	}
	posts, err := store.Get(ctx(), bob.Store(), func(tx *store.Tx) ([]store.Post, error) {
		return tx.OwnPosts(store.Page{Limit: 10}, store.Direct, true, true)
	})
	if err != nil || len(posts) != 1 || len(posts[0].Extra.Emojis) != 2 {
		t.Errorf("%+v, %v", posts, err)
	}
}

func TestAPictureThatIsNoneIsNoEmoji(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	e, err := alice.AddEmoji(ctx(), "wave", photoPNG(r))
	if err != nil {
		t.Fatal(err)
	}
	members := unzipped(t, zipped(t, c, alice))
	members[fmt.Sprintf("dassie/emojis/wave-%d.png", e.ID)] = []byte("<svg onload=alert(1)>")
	members["dassie/emojis.jsonl"] = append(members["dassie/emojis.jsonl"], `{"id":-5,"shortcode":"wave","file":"dassie/emojis.jsonl"}
{"id":9223372036854775807,"shortcode":"wave","file":"dassie/emojis.jsonl"}
{"id":7,"shortcode":"../x","file":"dassie/emojis.jsonl"}
{"id":8,"shortcode":"lost","file":"nowhere"}
`...)
	var list []member
	for name, body := range members {
		list = append(list, member{name, body})
	}
	alice.Afresh(t)
	_, result := take(t, taker(t, c, alice, t.TempDir()), alice, zipOf(t, list...))
	if now := ownEmojis(t, alice); len(now) != 0 || len(result.Left) == 0 || result.Left[0].Count != 5 {
		t.Errorf("on offer: %v, %+v", now, result)
	}
}

func TestWhatWasHeldComesBackAsADraft(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	sent, err := alice.Send(ctx(), federation.Draft{Text: "Wait a moment", Visibility: store.Public}, 15*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	u := sent.Held
	file := zipped(t, c, alice)
	alice.Afresh(t)
	take(t, taker(t, c, alice, t.TempDir()), alice, file)
	c.SettleFor(time.Hour, time.Minute)
	list, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Unsent, error) { return tx.UnsentList(store.UnsentDraft) })
	if err != nil || len(list) != 1 || list[0].Draft.Text != u.Draft.Text || !list[0].DueAt.IsZero() || list[0].Draft.Known || !strings.Contains(list[0].Draft.Problem, "Nothing was sent") {
		t.Errorf("%+v, %v", list, err)
	}
	if n := len(bob.Received("Create")); n != 0 {
		t.Errorf("bob got %d posts", n)
	}
}
