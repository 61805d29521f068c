package archive_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"
)

// said are the posts of an archive without what is another's in a copy: addresses and
// numbers, what others did, and what became of it at servers.
func said(t *testing.T, p packed, s *fedtest.Server) (list []string) {
	t.Helper()
	at := map[string]string{} // addresses here -> those of old
	var posts []map[string]any
	for line := range strings.Lines(string(p["dassie/posts.jsonl"])) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		uri := v["uri"].(string)
		at[uri] = uri
		extra, _ := v["extra"].(map[string]any)
		if origin, ok := extra["origin"].([]any); ok {
			at[uri] = origin[len(origin)-1].(string)
		}
		posts = append(posts, v)
	}
	for _, v := range posts {
		v["uri"] = at[v["uri"].(string)]
		for _, key := range []string{"in_reply_to", "boost_of"} {
			if old, ok := at[fmt.Sprint(v[key])]; ok {
				v[key] = old
			}
		}
		for _, key := range []string{"url", "likes", "boosts", "replies", "servers", "fetched_by", "quote"} {
			delete(v, key)
		}
		bare(v)
		edits, _ := v["edits"].([]any)
		for _, e := range edits {
			bare(e.(map[string]any))
			if extra, ok := e.(map[string]any)["extra"].(map[string]any); ok {
				delete(extra, "attachments") // files that a post has no more do not come
			}
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.ReplaceAll(string(b), s.Service.ActorURI(), "ACTOR")
		list = append(list, strings.ReplaceAll(text, s.Origin().URL("/tags/"), "TAGS/"))
	}
	slices.Sort(list)
	return list
}

// bare takes the numbers and addresses of this server out of a post.
func bare(v map[string]any) {
	files, _ := v["files"].([]any)
	for _, f := range files {
		delete(f.(map[string]any), "id")
	}
	extra, _ := v["extra"].(map[string]any)
	for _, key := range []string{"origin", "context", "emojis", "quote"} {
		delete(extra, key)
	}
	list, _ := extra["attachments"].([]any)
	for _, a := range list {
		for _, key := range []string{"id", "url", "preview", "blur"} {
			delete(a.(map[string]any), key)
		}
	}
	if len(extra) == 0 {
		delete(v, "extra")
	}
	if poll, ok := extra["poll"].(map[string]any); ok {
		delete(poll, "ends")
		delete(poll, "closed")
	}
}

func TestAnArchiveOfAnotherAccountOfOursLandsWithAllThatIsSaidInIt(t *testing.T) {
	seeds := int64(1)
	if os.Getenv("DASSIE_LONG") != "" {
		seeds = 4
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			c, alice := randomAccount(t, 20+seed)
			file := zipped(t, c, alice)
			want := said(t, unzipped(t, file), alice)
			dora := c.Add("dora")
			for _, other := range c.Servers {
				other.Forget()
			}
			plan, result := take(t, taker(t, c, dora, t.TempDir()), dora, file)
			if plan.Same || result.Taken["posts"] != len(want) {
				t.Fatalf("%d posts were to come; plan %+v, result %+v", len(want), plan, result)
			}
			for _, part := range plan.Parts {
				if result.Taken[part.Key] != part.Count && part.Key != "people" {
					t.Errorf("%s: the preview says %d, %d came", part.Name, part.Count, result.Taken[part.Key])
				}
			}
			c.SettleFor(5*time.Minute, 31*time.Second)
			for _, other := range c.Servers[:4] {
				for _, r := range other.Received("") {
					if strings.Contains(r.Body, `"actor":"`+dora.Service.ActorURI()) && r.Type != "Follow" && r.Type != "Undo" {
						t.Errorf("%s was sent %s", other.Name, r.Body)
					}
				}
			}
			zippedAgain := zipped(t, c, dora)
			again := unzipped(t, zippedAgain)
			got := said(t, again, dora)
			for i := range max(len(want), len(got)) {
				if i >= len(want) || i >= len(got) || want[i] != got[i] {
					t.Errorf("a post %s", difference(strings.Join(want[min(i, len(want)):], "\n"), strings.Join(got[min(i, len(got)):], "\n")))
					break
				}
			}
			dora.Afresh(t)
			take(t, taker(t, c, dora, t.TempDir()), dora, zippedAgain)
			if was, is := comparable(t, again, dora), comparable(t, unzipped(t, zipped(t, c, dora)), dora); was["dassie/posts.jsonl"] != is["dassie/posts.jsonl"] {
				t.Errorf("restored from its own archive: %s", difference(was["dassie/posts.jsonl"], is["dassie/posts.jsonl"]))
			}
			err := dora.Store().Read(ctx(), func(tx *store.Tx) error {
				posts, err := tx.OwnPosts(store.Page{Min: 1, Limit: 500}, store.Direct, true, true)
				for _, p := range posts {
					if !strings.HasPrefix(p.URI, dora.Origin().URL("/posts/")) || len(p.Extra.Origin) == 0 {
						t.Errorf("%s came from %v", p.URI, p.Extra.Origin)
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// However many people and conversations an archive names among its choices, all of them
// are taken, in slices.
func TestManyChoicesOfAnArchiveComeInSlices(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	post := alice.Post(t, store.Public, "To be muted")
	c.Settle()
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		id, err := tx.ActorIDByURI(bob.ActorURI())
		if err != nil {
			return err
		}
		return errors.Join(tx.AllowNotices(id), tx.MuteThread(post.ID))
	})
	if err != nil {
		t.Fatal(err)
	}
	files := unzipped(t, zipped(t, c, alice))
	m := files.json(t, "dassie/choices.json")
	for _, key := range []string{"notices_always_from", "muted_conversations"} {
		was := m[key].([]any)
		if len(was) != 1 {
			t.Fatalf("%s: %v", key, was)
		}
		var many []any
		for n := range 1234 {
			many = append(many, fmt.Sprintf("https://nobody.example/%d", n))
		}
		m[key] = append(many, was...)
	}
	if files["dassie/choices.json"], err = json.Marshal(m); err != nil {
		t.Fatal(err)
	}
	var members []member
	for name, body := range files {
		members = append(members, member{name, body})
	}
	alice.Afresh(t)
	take(t, taker(t, c, alice, t.TempDir()), alice, zipOf(t, members...))
	again := unzipped(t, zipped(t, c, alice)).json(t, "dassie/choices.json")
	for key, want := range map[string]string{"notices_always_from": bob.ActorURI(), "muted_conversations": post.URI} {
		if got := fmt.Sprint(again[key]); got != "["+want+"]" {
			t.Errorf("%s: %s, want %s", key, got, want)
		}
	}
}

// What stays out is said after an import as before it, and once.
func TestWhatStaysOutIsSaidAfterAnImportToo(t *testing.T) {
	plan := archive.Plan{Left: []archive.Left{{Why: "Followers.", Count: 3}, {Why: "Files.", Count: 2}, {Why: "Keys."}}}
	got := plan.Missing(archive.Result{Left: []archive.Left{{Why: "Files.", Count: 1}, {Why: "Gone.", Count: 4}}})
	want := []archive.Left{{Why: "Files.", Count: 1}, {Why: "Gone.", Count: 4}, {Why: "Followers.", Count: 3}, {Why: "Keys."}}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
