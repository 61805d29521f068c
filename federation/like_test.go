package federation_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/reply"
)

// reactions lists what is stored of one person's reactions to a post.
func reactions(t *testing.T, s *fedtest.Server, postURI, actorURI string) (emojis []string) {
	t.Helper()
	err := s.Store().Read(ctx(), func(tx *store.Tx) error {
		p, err := tx.PostByURI(postURI)
		if err != nil {
			return err
		}
		a, err := tx.ActorByURI(actorURI)
		if err != nil {
			return err
		}
		list, err := tx.ReactionsOf(p.ID, a.ID)
		for _, r := range list {
			emojis = append(emojis, r.Emoji)
		}
		return err
	})
	if err != nil && err != store.ErrNotFound {
		t.Fatal(err)
	}
	return emojis
}

func TestALikeReachesTheAuthorAndNobodyElse(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	bob.Follows(t, alice)
	carol.Follows(t, bob)
	p := alice.Post(t, store.Public, "Likeable")
	at, _ := bob.Has(t, p.URI)
	for range 2 {
		liked, err := bob.Like(ctx(), at.ID)
		if err != nil || liked.Likes != 1 || !liked.Kept {
			t.Fatalf("bob likes it: %v, %d likes, kept %v", err, liked.Likes, liked.Kept)
		}
	}
	c.Settle()
	if mine, _ := alice.Has(t, p.URI); mine.Likes != 1 || len(alice.Received("Like")) != 1 || !slices.Contains(alice.Notified(t), "favourite") {
		t.Errorf("%d likes, %d Likes received, notified of %v", mine.Likes, len(alice.Received("Like")), alice.Notified(t))
	}
	if n := len(carol.Received("Like")); n != 0 {
		t.Errorf("carol got %d Likes", n)
	}
	eve := c.Stranger("eve")
	if status, body := eve.Fetch(p.URI+"/likes", false); status != http.StatusOK || !strings.Contains(body, `"totalItems":1`) {
		t.Errorf("likes: %d %s", status, body)
	}
	for range 2 {
		if after, err := bob.Unlike(ctx(), at.ID); err != nil || after.Likes != 0 {
			t.Fatalf("bob takes it back: %v, %d likes", err, after.Likes)
		}
	}
	c.Settle()
	if mine, _ := alice.Has(t, p.URI); mine.Likes != 0 || slices.Contains(alice.Notified(t), "favourite") {
		t.Errorf("after the Undo: %d likes, notified of %v", mine.Likes, alice.Notified(t))
	}
	for _, r := range alice.Received("Undo") {
		if !strings.Contains(r.Body, `"type":"Like"`) || !strings.Contains(r.Body, p.URI) {
			t.Errorf("the Undo does not hold the whole Like: %s", r.Body)
		}
	}
	if _, err := bob.Like(ctx(), 4711); reply.CodeOf(err) != reply.NotFound {
		t.Errorf("a post that never was: %v", err)
	}
	own, err := alice.Like(ctx(), p.ID)
	if err != nil || own.Likes != 1 || len(alice.Received("Like")) != 1 {
		t.Errorf("an own post: %v, %d likes", err, own.Likes)
	}
}

// corpusPath is where a captured document of another server lies; they are no
// part of the project.
func corpusPath(name string) string {
	dir := os.Getenv("DASSIE_CORPUS")
	if dir == "" {
		dir = "../../shared/corpus"
	}
	return filepath.Join(dir, name)
}

// captured is a document of another server, said by a stranger about a post.
func captured(t *testing.T, path string, by *fedtest.Stranger, about string, n int) map[string]any {
	t.Helper()
	b, err := os.ReadFile(corpusPath(path))
	if err != nil {
		t.Skipf("no captured document at %s: set DASSIE_CORPUS to test with them", corpusPath(path))
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	doc["id"], doc["actor"], doc["object"] = by.URL(fmt.Sprint("/said/", n)), by.ActorID(), about
	return doc
}

func TestReactionsAsOtherServersSendThem(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	for i, tc := range []struct{ path, want string }{
		{"mastodon/activity/undo-like__pl-mastodon-undo-like.json", ""}, // only its Like
		{"pleroma/activity/emojireact__pl-emoji-reaction.json", "👌"},
		{"pleroma/activity/like__pl-custom-emoji-reaction.json", ":hanapog:"},
		{"misskey/activity/like__pl-misskey-like.json", ""}, // an old name of a reaction
		{"friendica/activity/like__lemmy-activities-like-page.json", ""},
		{"lemmy/activity/like__lemmy-activities-voting-like-note.json", ""},
		{"mbin/activity/like__mb-like-likepost.json", ""},
		{"hostile-or-odd/activity/emojireact__pl-emoji-reaction-no-emoji.json", ""},
		{"hostile-or-odd/activity/emojireact__pl-emoji-reaction-too-long.json", ""},
	} {
		p := alice.Post(t, store.Public, "React to "+tc.path)
		doc := captured(t, tc.path, bob, p.URI, i)
		if doc["type"] == "Undo" {
			doc["type"] = "Like"
		}
		for range 2 {
			if status := bob.Send(alice, doc); status != http.StatusAccepted {
				t.Fatalf("%s: answered %d", tc.path, status)
			}
		}
		if got := reactions(t, alice, p.URI, bob.ActorID()); !slices.Equal(got, []string{tc.want}) {
			t.Errorf("%s: stored %q, want %q", tc.path, got, tc.want)
		}
		if now, _ := alice.Has(t, p.URI); now.Likes != 1 {
			t.Errorf("%s: %d likes", tc.path, now.Likes)
		}
		bob.Send(alice, bob.Activity("Undo", doc["id"]))
		if now, _ := alice.Has(t, p.URI); now.Likes != 0 || slices.Contains(alice.Notified(t), "favourite") {
			t.Errorf("%s: after the Undo %d likes, notified of %v", tc.path, now.Likes, alice.Notified(t))
		}
	}
	p := alice.Post(t, store.Public, "Not for everybody's taste")
	if status := bob.Send(alice, captured(t, "lemmy/activity/dislike__lemmy-activities-voting-dislike-page.json", bob, p.URI, 99)); status != http.StatusAccepted {
		t.Errorf("a Dislike is answered %d", status)
	}
	if now, _ := alice.Has(t, p.URI); now.Likes != 0 || len(reactions(t, alice, p.URI, bob.ActorID())) != 0 {
		t.Error("a Dislike counts as a like")
	}
}

func TestOnePersonReactsInManyWaysAndIsToldOfOnce(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	p := alice.Post(t, store.Public, "React to me")
	var first, second map[string]any
	for i, emoji := range strings.Fields("👌 🎉 ❤️ 🦊 🐇 🌱 ☕ ⭐ 🔥 🫠 🧀 🍮 🍵 🧦") {
		a := bob.Activity("EmojiReact", p.URI)
		a["content"] = emoji
		bob.Send(alice, a)
		if i == 0 {
			first = a
		} else if i == 1 {
			second = a
		}
	}
	if n := len(reactions(t, alice, p.URI, bob.ActorID())); n != store.MaxReactions {
		t.Errorf("%d reactions of one person are stored", n)
	}
	if now, _ := alice.Has(t, p.URI); now.Likes != 1 || !slices.Equal(alice.Notified(t), []string{"favourite"}) {
		t.Errorf("%d likes, notified of %v", now.Likes, alice.Notified(t))
	}
	bob.Send(alice, bob.Activity("Undo", first))
	left := reactions(t, alice, p.URI, bob.ActorID())
	if slices.Contains(left, "👌") || !slices.Contains(left, "🎉") || len(left) != store.MaxReactions-1 {
		t.Errorf("left are %q", left)
	}
	delete(second, "id") // misskey#8655: some name what they undo by its content alone
	bob.Send(alice, bob.Activity("Undo", second))
	if left := reactions(t, alice, p.URI, bob.ActorID()); slices.Contains(left, "🎉") || len(left) != store.MaxReactions-2 {
		t.Errorf("left are %q", left)
	}
	if now, _ := alice.Has(t, p.URI); now.Likes != 1 || !slices.Contains(alice.Notified(t), "favourite") {
		t.Errorf("%d likes, notified of %v", now.Likes, alice.Notified(t))
	}
}

func TestLikesOutOfOrderAndOfOthersPosts(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob, eve := c.Stranger("bob"), c.Stranger("eve")
	followStranger(t, alice, bob)
	followStranger(t, alice, eve)
	p := alice.Post(t, store.Public, "Like me")
	like := bob.Activity("Like", p.URI)
	bob.Send(alice, bob.Activity("Undo", like))
	bob.Send(alice, like)
	if now, _ := alice.Has(t, p.URI); now.Likes != 0 || len(alice.Notified(t)) != 0 {
		t.Errorf("a like that arrived after its Undo counts: %d, %v", now.Likes, alice.Notified(t))
	}

	like = bob.Activity("Like", p.URI)
	r, body := bob.Request(alice, like)
	take(alice, r, strings.NewReader(string(body)))
	for _, undo := range []any{like["id"], map[string]any{"type": "Like", "id": like["id"], "actor": eve.ActorID(), "object": p.URI}, like} {
		eve.Send(alice, eve.Activity("Undo", undo))
	}
	if now, _ := alice.Has(t, p.URI); now.Likes != 1 {
		t.Error("somebody else took a like back (T12)")
	}
	bob.Send(alice, bob.Activity("Undo", like))
	alice.ForgetReplays()
	take(alice, r, strings.NewReader(string(body)))
	if now, _ := alice.Has(t, p.URI); now.Likes != 0 {
		t.Error("a replay brought a like back (T6)")
	}

	bob.Send(alice, bob.Activity("Create", bob.Note("/n/1", "<p>bob's own</p>")))
	disk := alice.Disk(t)
	eve.Send(alice, eve.Activity("Like", bob.URL("/n/1")))
	if got := reactions(t, alice, bob.URL("/n/1"), eve.ActorID()); len(got) != 0 || alice.Disk(t) != disk {
		t.Errorf("a like of somebody else's post is stored: %q", got)
	}
}

func TestPrivatePostsAreLikedByTheirReadersAlone(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	eve := c.Stranger("eve")
	followStranger(t, alice, eve) // known here, but no follower
	bob.Follows(t, alice)
	for _, tc := range []struct {
		visibility store.Visibility
		text       string
		bob        int
	}{
		{store.Followers, "for followers", 1}, {store.Direct, "@" + bob.Handle() + " for you", 1},
	} {
		p := alice.Post(t, tc.visibility, tc.text)
		eve.Send(alice, eve.Activity("Like", p.URI))
		if now, _ := alice.Has(t, p.URI); now.Likes != 0 || slices.Contains(alice.Notified(t), "favourite") {
			t.Errorf("%s: who cannot have read it likes it", tc.text)
		}
		at, _ := bob.Has(t, p.URI)
		if _, err := bob.Like(ctx(), at.ID); err != nil {
			t.Fatal(err)
		}
		c.Settle()
		if now, _ := alice.Has(t, p.URI); now.Likes != tc.bob {
			t.Errorf("%s: %d likes", tc.text, now.Likes)
		}
		if _, err := bob.Unlike(ctx(), at.ID); err != nil {
			t.Fatal(err)
		}
		c.Settle()
	}
}

func TestALikeByAStrangerOfAnOwnPostIsTold(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	p := alice.Post(t, store.Public, "Known far away")
	if status := bob.Send(alice, bob.Activity("Like", p.URI)); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	c.Settle()
	if now, _ := alice.Has(t, p.URI); now.Likes != 1 || !slices.Equal(alice.Notified(t), []string{"favourite"}) {
		t.Errorf("%d likes, notified of %v", now.Likes, alice.Notified(t))
	}
	r, body := bob.Request(alice, bob.Activity("Like", p.URI))
	r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), `signature="`, `signature="AAAA`, 1))
	if w := take(alice, r, strings.NewReader(string(body))); w.Code != http.StatusUnauthorized {
		t.Errorf("a forged like of an own post was answered %d", w.Code)
	}
}

func TestWhatSomebodyWhoIsGoneLikedAndBoostedIsNotCounted(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	bob := c.Stranger("bob")
	followStranger(t, alice, bob)
	p := alice.Post(t, store.Public, "Count me")
	for _, kind := range []string{"Like", "Announce"} {
		bob.Send(alice, bob.Activity(kind, p.URI))
	}
	c.Settle()
	if now, _ := alice.Has(t, p.URI); now.Likes != 1 || now.Boosts != 1 {
		t.Fatalf("%d likes, %d boosts", now.Likes, now.Boosts)
	}
	bob.Send(alice, bob.Activity("Delete", bob.ActorID()))
	c.SettleFor(time.Second, time.Second)
	if now, _ := alice.Has(t, p.URI); now.Likes != 0 || now.Boosts != 0 {
		t.Errorf("after they are gone: %d likes, %d boosts", now.Likes, now.Boosts)
	}
}
