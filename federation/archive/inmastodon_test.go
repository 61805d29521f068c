package archive_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"
)

const oldActor = "https://old.example/users/alice"

// member is a file for an archive.
type member struct {
	name string
	body []byte
}

func zipOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, m := range members {
		w, err := z.Create(m.name)
		if err == nil {
			_, err = w.Write(m.body)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func collectionOf(items ...any) []byte {
	b, err := json.Marshal(map[string]any{"@context": "https://www.w3.org/ns/activitystreams", "id": "x.json", "type": "OrderedCollection", "totalItems": len(items), "orderedItems": items})
	if err != nil {
		panic(err)
	}
	return b
}

func actorJSON() member {
	return member{"actor.json", []byte(`{"@context":["https://www.w3.org/ns/activitystreams"],"id":"` + oldActor + `","type":"Person","preferredUsername":"alice","followers":"` + oldActor + `/followers","inbox":"` + oldActor + `/inbox","outbox":"outbox.json","likes":"likes.json","bookmarks":"bookmarks.json"}`)}
}

// oldPost is one as Mastodon archives it.
func oldPost(n int, more map[string]any) map[string]any {
	id := fmt.Sprintf("%s/statuses/%d", oldActor, n)
	note := map[string]any{
		"id": id, "type": "Note", "attributedTo": oldActor, "published": time.Date(2019, 3, 1, 12, n, 0, 0, time.UTC).Format(time.RFC3339), "url": fmt.Sprintf("https://old.example/@alice/%d", n),
		"to": []string{"https://www.w3.org/ns/activitystreams#Public"}, "cc": []string{oldActor + "/followers"}, "sensitive": false, "summary": nil,
		"content": fmt.Sprintf("<p>Old post %d</p>", n), "attachment": []any{}, "tag": []any{},
	}
	for k, v := range more {
		note[k] = v
	}
	return map[string]any{"id": id + "/activity", "type": "Create", "actor": oldActor, "published": note["published"], "to": note["to"], "cc": note["cc"], "object": note}
}

func bytesOf(r io.Reader) []byte {
	b, err := io.ReadAll(r)
	if err != nil {
		panic(err)
	}
	return b
}

func mastodonArchive(t testing.TB, likes, bookmarks []any) []byte {
	pic := func(at, alt string) map[string]any {
		return map[string]any{"type": "Document", "mediaType": "image/jpeg", "url": at, "name": alt, "focalPoint": []float64{0.5, -0.25}, "width": 40, "height": 30}
	}
	r := rand.New(rand.NewSource(1))
	return zipOf(t, actorJSON(),
		member{"outbox.json", collectionOf(
			oldPost(1, nil),
			oldPost(2, map[string]any{"inReplyTo": oldActor + "/statuses/1", "content": "<p>To myself</p>"}),
			oldPost(3, map[string]any{"inReplyTo": oldActor + "/statuses/9", "content": "<p>Before what it answers</p>"}),
			oldPost(4, map[string]any{"inReplyTo": "https://else.example/posts/7", "content": `<p><span class="h-card"><a href="https://else.example/@bob" class="u-url mention">@<span>bob</span></a></span> I think so <script>alert(1)</script></p>`,
				"tag": []any{map[string]any{"type": "Mention", "href": "https://else.example/users/bob", "name": "@bob@else.example"}}}),
			oldPost(5, map[string]any{"attachment": []any{pic("media_attachments/files/1/2/original/a.jpg", "A gate"), pic("/old-prefix/media_attachments/files/000/003/original/b.jpg", "A hill"), pic("media_attachments/files/gone.jpg", "Gone"), pic("media_attachments/files/bad.jpg", "Bad")}}),
			oldPost(6, map[string]any{"to": []string{"https://else.example/users/bob"}, "cc": []string{}, "content": "<p>Between us</p>", "tag": []any{map[string]any{"type": "Mention", "href": "https://else.example/users/bob", "name": "@bob@else.example"}}}),
			oldPost(7, map[string]any{"to": []string{oldActor + "/followers"}, "cc": []string{}, "summary": "Careful", "sensitive": true, "content": `<p>Hidden <a href="https://old.example/tags/Garden" class="mention hashtag" rel="tag">#<span>Garden</span></a></p>`, "tag": []any{map[string]any{"type": "Hashtag", "name": "#Garden", "href": "https://old.example/tags/garden"}}}),
			map[string]any{"id": oldActor + "/statuses/8/activity", "type": "Announce", "actor": oldActor, "published": "2019-03-01T13:00:00Z", "object": "https://else.example/posts/8"},
			oldPost(9, map[string]any{"content": "<p>Late parent</p>"}),
			oldPost(10, map[string]any{"inReplyTo": oldActor + "/statuses/404", "content": "<p>Orphan</p>"}),
			map[string]any{"type": "Create", "object": map[string]any{"id": "https://evil.example/1", "type": "Note", "attributedTo": "https://evil.example/users/x", "content": "Not mine"}},
			oldPost(11, map[string]any{"type": "Question", "oneOf": []any{map[string]any{"type": "Note", "name": "Yes", "replies": map[string]any{"type": "Collection", "totalItems": 3}}, map[string]any{"type": "Note", "name": "No & <i>never</i>", "replies": map[string]any{"type": "Collection", "totalItems": 4}}}, "endTime": "2019-03-02T12:00:00Z", "votersCount": 7}),
		)},
		member{"likes.json", collectionOf(likes...)},
		member{"bookmarks.json", collectionOf(bookmarks...)},
		member{"media_attachments/files/1/2/original/a.jpg", bytesOf(photo(r))},
		member{"media_attachments/files/000/003/original/b.jpg", bytesOf(photo(r))},
		member{"media_attachments/files/bad.jpg", []byte("no picture")},
	)
}

func TestOldPostsOfMastodonLandSilently(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	liked, saved := bob.Post(t, store.Public, "Liked then"), bob.Post(t, store.Public, "Saved then")
	c.Settle()
	bob.Forget()
	file := mastodonArchive(t, []any{liked.URI, "not an address"}, []any{saved.URI})
	plan, result := take(t, taker(t, c, alice, t.TempDir()), alice, file)
	if plan.Handle != "alice@old.example" || plan.Same {
		t.Errorf("plan %+v", plan)
	}
	for _, part := range plan.Parts {
		if result.Taken[part.Key] != part.Count {
			t.Errorf("%s: the preview says %d, %d came", part.Name, part.Count, result.Taken[part.Key])
		}
	}
	if result.Taken["posts"] != 10 {
		t.Errorf("%d posts came", result.Taken["posts"])
	}
	for why, n := range map[string]int{"Boosts": 1, "somebody else": 1, "not in the archive": 1, "no picture": 1, "no addresses": 1} {
		if got := countLeft(result.Left, why); got != n {
			t.Errorf("%d left out because of %q, want %d: %v", got, why, n, result.Left)
		}
	}
	posts := map[string]store.Post{}
	if err := alice.Store().Read(ctx(), func(tx *store.Tx) error {
		for n := range 12 {
			id, err := tx.Imported(fmt.Sprintf("https://old.example/@alice/%d", n))
			if err != nil {
				continue
			}
			p, err := tx.Post(id)
			if err != nil {
				return err
			}
			posts[fmt.Sprint(n)] = p
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if p := posts["1"]; p.PublishedAt.Year() != 2019 || store.TimeOf(p.ID).Year() != 2019 || !strings.HasPrefix(p.URI, alice.Origin().URL("/posts/")) || p.Visibility != store.Public {
		t.Errorf("an old post is %+v", p)
	}
	if posts["2"].ParentID != posts["1"].ID || posts["3"].ParentID != posts["9"].ID || posts["1"].Replies != 1 {
		t.Errorf("threads are not rebuilt: %d, %d", posts["2"].ParentID, posts["3"].ParentID)
	}
	for n, want := range map[string]string{"4": `href="https://else.example/posts/7"`, "10": `href="` + oldActor + `/statuses/404"`} {
		if p := posts[n]; p.ParentURI != "" || !strings.Contains(p.Content, want) || strings.Contains(p.Content, "script") {
			t.Errorf("post %s: %q answers %q", n, p.Content, p.ParentURI)
		}
	}
	at := posts["5"].Extra.Attachments
	if len(at) != 2 || at[0].Alt != "A gate" || at[0].FocalX != 0.5 || at[1].Alt != "A hill" {
		t.Errorf("files %+v", at)
	}
	if posts["6"].Visibility != store.Direct || posts["7"].Visibility != store.Followers || posts["7"].Summary != "Careful" || len(posts["7"].Extra.Tags) != 1 {
		t.Errorf("audiences: %+v, %+v", posts["6"], posts["7"])
	}
	if q := posts["11"].Extra.Poll; q == nil || !q.Over(c.Now()) || q.Options[1].Votes != 4 || q.Voters != 7 || q.Options[1].Name != "No & never" {
		t.Errorf("the poll is %+v", q)
	}
	if found, err := alice.Lookup(ctx(), oldActor+"/statuses/5"); err != nil || found.Post == nil || found.Post.ID != posts["5"].ID {
		t.Errorf("the old address leads to %+v, %v", found, err)
	}
	c.SettleFor(3*time.Minute, 31*time.Second)
	if err := alice.Store().Read(ctx(), func(tx *store.Tx) error {
		l, err := tx.LikesBy(store.OwnerID, store.Page{Limit: 9})
		if err != nil || len(l) != 1 {
			t.Errorf("%d likes, %v", len(l), err)
		}
		b, err := tx.Bookmarks(store.Page{Limit: 9})
		if err != nil || len(b) != 1 {
			t.Errorf("%d bookmarks, %v", len(b), err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n := len(bob.Received("")); n != 0 {
		t.Errorf("bob was sent %d things", n)
	}
	if list := alice.Notified(t); len(list) > 1 { // bob's follow, from before
		t.Errorf("alice was told %v", list)
	}
	plan, _ = take(t, taker(t, c, alice, t.TempDir()), alice, file)
	if countLeft(plan.Left, "here already") != 10 {
		t.Errorf("the second time, %v are left out", plan.Left)
	}
}

func countLeft(list []archive.Left, why string) (n int) {
	for _, l := range list {
		if strings.Contains(l.Why, why) {
			n += l.Count
		}
	}
	return n
}

func TestWantsOfServersThatAreGoneAreGivenUp(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	liked := bob.Post(t, store.Public, "Liked then")
	bob.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	_, _ = take(t, taker(t, c, alice, t.TempDir()), alice, mastodonArchive(t, []any{liked.URI}, nil))
	c.SettleFor(100*time.Hour, 4*time.Hour)
	all, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Import, error) { return tx.Imports() })
	if err != nil {
		t.Fatal(err)
	}
	n, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (int, error) { return tx.CountImportWants(all[0].ID) })
	if err != nil || n != 0 {
		t.Errorf("%d are still wanted, %v", n, err)
	}
}
