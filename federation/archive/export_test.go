package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"html"
	"image"
	"image/png"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"
)

var ctx = context.Background

// packed is an archive as somebody finds it who unzips it.
type packed map[string][]byte

func pack(t *testing.T, c *fedtest.Cluster, s *fedtest.Server) (packed, archive.Summary) {
	t.Helper()
	var file bytes.Buffer
	sum, err := archive.Source{Service: s.Service, Store: s.Store(), Media: s.Media(), Now: c.Now, Program: "dassie test"}.Write(ctx(), &file, nil)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if sum.Bytes != int64(file.Len()) {
		t.Errorf("%d bytes told, %d written", sum.Bytes, file.Len())
	}
	p := packed{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if p[f.Name] != nil {
			t.Errorf("%s is there twice", f.Name)
		}
		if p[f.Name], err = io.ReadAll(r); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		r.Close()
	}
	return p, sum
}

func (p packed) json(t *testing.T, name string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(p[name], &v); err != nil {
		t.Fatalf("%s: %v: %s", name, err, p[name])
	}
	return v
}

func (p packed) csv(t *testing.T, name string) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(p[name]))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil || p[name] == nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rows
}

func picture(t *testing.T) io.Reader {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	return &b
}

// everything makes an owner who did a bit of everything.
func everything(t *testing.T) (*fedtest.Cluster, *fedtest.Server, map[string]store.Post) {
	t.Helper()
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	alice.Follows(t, bob)
	up, err := alice.Upload(ctx(), picture(t), "holiday.png")
	if err != nil {
		t.Fatal(err)
	}
	posts := map[string]store.Post{}
	posts["public"] = alice.Post(t, store.Public, "Tulips & *frost*")
	posts["quiet"] = alice.Post(t, store.Unlisted, "Quietly")
	posts["followers"] = alice.Post(t, store.Followers, "For followers")
	posts["private"] = alice.Post(t, store.Direct, "Hello @"+bob.Handle())
	alt := "A white square"
	d := federation.Draft{Text: "With a picture", Visibility: store.Public, Media: []federation.Attached{{ID: up.ID, Alt: &alt}}}
	p, err := alice.Publish(ctx(), d)
	if err != nil {
		t.Fatal(err)
	}
	posts["picture"] = p
	if posts["public"], err = alice.Edit(ctx(), posts["public"].ID, federation.Draft{Text: "Tulips & <b>frost</b>", Summary: "Weather"}); err != nil {
		t.Fatal(err)
	}
	theirs := bob.Post(t, store.Public, "By bob")
	bob.Post(t, store.Direct, "Psst @"+alice.Handle())
	c.Settle()
	got, ok := alice.Has(t, theirs.URI)
	if !ok {
		t.Fatal("bob's post did not arrive")
	}
	posts["theirs"] = got
	for _, do := range []func() error{
		func() error { _, err := alice.Boost(ctx(), got.ID, store.Public); return err },
		func() error { _, err := alice.Like(ctx(), got.ID); return err },
		func() error { _, err := alice.Save(ctx(), got.ID); return err },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	c.Settle()
	return c, alice, posts
}

func TestAnArchiveHasWhatMastodonsHave(t *testing.T) {
	c, alice, posts := everything(t)
	p, sum := pack(t, c, alice)
	actor := p.json(t, "actor.json")
	if actor["outbox"] != "outbox.json" || actor["likes"] != "likes.json" || actor["bookmarks"] != "bookmarks.json" || actor["preferredUsername"] != "alice" {
		t.Errorf("actor.json: %v", actor)
	}
	out := p.json(t, "outbox.json")
	items, _ := out["orderedItems"].([]any)
	if out["id"] != "outbox.json" || out["type"] != "OrderedCollection" || out["totalItems"] != float64(len(items)) || len(items) != 6 || out["@context"] == nil {
		t.Fatalf("outbox.json: %v", out)
	}
	var seen []string
	for _, item := range items {
		a := item.(map[string]any)
		if a["@context"] != nil {
			t.Error("an item has a context of its own")
		}
		if a["type"] == "Announce" {
			seen = append(seen, a["object"].(string))
			continue
		}
		note := a["object"].(map[string]any)
		seen = append(seen, note["id"].(string))
		if list, _ := note["attachment"].([]any); len(list) == 1 {
			at := list[0].(map[string]any)["url"].(string)
			if !strings.HasPrefix(at, "media_attachments/files/") || !strings.Contains(at, "/original/") || len(p[at]) == 0 {
				t.Errorf("the picture is said to be at %q", at)
			}
		}
	}
	for _, name := range []string{"public", "quiet", "followers", "private", "picture", "theirs"} {
		if !slices.Contains(seen, posts[name].URI) {
			t.Errorf("the %s post is not in the outbox", name)
		}
	}
	for _, name := range []string{"likes.json", "bookmarks.json"} {
		list := p.json(t, name)
		if items, _ := list["orderedItems"].([]any); list["id"] != name || len(items) != 1 || items[0] != posts["theirs"].URI || list["totalItems"] != 1.0 {
			t.Errorf("%s: %v", name, list)
		}
	}
	if sum.Posts != 6 || sum.Likes != 1 || sum.Bookmarks != 1 || sum.Files != 1 || len(sum.Missing) != 0 {
		t.Errorf("summary %+v", sum)
	}
}

func TestAnArchiveHasTheListsAsMastodonExportsThem(t *testing.T) {
	c, alice, posts := everything(t)
	bob := alice.Find(t, c.Servers[1])
	for _, do := range []func() error{
		func() error { return alice.Mute(ctx(), bob.ID, 0, true) },
		func() error { _, err := alice.BlockServer(ctx(), "spam.example"); return err },
		func() error {
			l, err := alice.SaveList(ctx(), store.List{Title: "=1+1"})
			if err != nil {
				return err
			}
			return alice.AddToList(ctx(), l.ID, bob.ID)
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := pack(t, c, alice)
	handle := c.Servers[1].Handle()
	for name, want := range map[string][][]string{
		"following_accounts.csv": {{"Account address", "Show boosts", "Notify on new posts", "Languages"}, {handle, "true", "false", ""}},
		"followers.csv":          {{"Account address"}, {handle}},
		"muted_accounts.csv":     {{"Account address", "Hide notifications"}, {handle, "true"}},
		"blocked_accounts.csv":   nil,
		"blocked_domains.csv":    {{"spam.example"}},
		"lists.csv":              {{"'=1+1", handle}},
		"bookmarks.csv":          {{posts["theirs"].URI}},
	} {
		if p[name] == nil {
			if len(want) == 0 {
				p[name] = []byte{}
			}
		}
		got := p.csv(t, name)
		if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// T64: an archive has no key, and nothing else that is secret.
func TestT64_AnArchiveHoldsNoSecret(t *testing.T) {
	c, alice, _ := everything(t)
	var secrets []string
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		secrets = append(secrets, "$argon2id$v=19$secret", "PRIVATE KEY", "203.0.113.9")
		if err := tx.SetPassword("$argon2id$v=19$secret"); err != nil {
			return err
		}
		return tx.LogSecurity("log-in", "Firefox", "203.0.113.9")
	})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := pack(t, c, alice)
	for name, body := range p {
		for _, s := range secrets {
			if bytes.Contains(body, []byte(s)) {
				t.Errorf("%s holds %q", name, s)
			}
		}
	}
	if !bytes.Contains(p["dassie/security_log.jsonl"], []byte("Firefox")) {
		t.Error("the security log is not in it")
	}
}

// What is written and has not gone out is in it, whatever it waits for.
func TestAnArchiveHasWhatWaits(t *testing.T) {
	c, alice, _ := everything(t)
	err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		for i, kind := range []store.UnsentKind{store.UnsentDraft, store.UnsentScheduled, store.UnsentHeld} {
			u := store.Unsent{Kind: kind, Draft: store.UnsentText{Text: []string{"A draft", "For later", "In its undo window"}[i]}}
			if kind != store.UnsentDraft {
				u.DueAt = c.Now().Add(time.Hour)
			}
			if err := tx.SaveUnsent(&u); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := pack(t, c, alice)
	var list []struct {
		Kind  string
		Due   time.Time
		Draft struct{ Text string }
	}
	if err := json.Unmarshal(p["dassie/drafts.json"], &list); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, u := range list {
		got[u.Kind] = u.Draft.Text
		if u.Due.IsZero() != (u.Kind == "draft") {
			t.Errorf("%s is due %v", u.Kind, u.Due)
		}
	}
	if got["draft"] != "A draft" || got["scheduled"] != "For later" || got["held"] != "In its undo window" {
		t.Errorf("drafts.json has %v", got)
	}
}

// More than the disk has is refused before anything is written.
func TestAnArchiveThatDoesNotFitIsRefusedFirst(t *testing.T) {
	c, alice, _ := everything(t)
	if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
		return tx.AddMedia(&store.Media{File: "0123456789abcdef", MIME: "video/mp4", Size: 1 << 60})
	}); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "archives")
	k := archive.NewKeeper(archive.Source{Service: alice.Service, Store: alice.Store(), Media: alice.Media(), Now: c.Now}, dir, slog.New(slog.DiscardHandler))
	if err := k.Ask(ctx(), "Firefox"); err != nil {
		t.Fatal(err)
	}
	if _, err := k.RunDue(ctx()); err != nil {
		t.Fatal(err)
	}
	all, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Archive, error) { return tx.Archives() })
	if err != nil || len(all) != 1 || all[0].State != store.ArchiveFailed || !strings.Contains(all[0].Error, "MB must stay free. Make room and ask again.") {
		t.Errorf("%+v, %v", all, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("written were %v, %v", files, err)
	}
}

func TestAnArchivesPageShowsEverything(t *testing.T) {
	c, alice, posts := everything(t)
	p, _ := pack(t, c, alice)
	page := string(p["index.html"])
	for _, want := range []string{"Tulips", "For followers", "Psst", "By bob", posts["theirs"].URI, "A white square", "Weather", "default-src &#39;none&#39;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if strings.Contains(page, "ZgotmplZ") {
		t.Error("the page has something that the template refused")
	}
	manifest := p.json(t, "dassie/manifest.json")
	if manifest["handle"] != alice.Handle() || !strings.Contains(manifest["note"].(string), "no key") {
		t.Errorf("manifest %v", manifest)
	}
}

// The page shows and finds everything that is in the other members (it is what
// somebody opens who has no program for those).
func TestAnArchivesPageShowsWhatItsMembersHave(t *testing.T) {
	c, alice := randomAccount(t, 5)
	if _, err := alice.SaveList(ctx(), store.List{Title: "true"}); err != nil { // nobody is in it
		t.Fatal(err)
	}
	p, _ := pack(t, c, alice)
	page := html.UnescapeString(string(p["index.html"]))
	missing := func(where, text string) {
		t.Helper()
		text = html.UnescapeString(strings.TrimSpace(text))
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			text = at.UTC().Format("2 January 2006, 15:04")
		}
		if !strings.Contains(page, text) && !strings.HasSuffix(text, "/activity") { // the address of a boost is nowhere
			t.Errorf("%s: the page does not have %q", where, text)
		}
	}
	for _, name := range []string{"following_accounts.csv", "followers.csv", "muted_accounts.csv", "blocked_accounts.csv", "blocked_domains.csv", "lists.csv", "bookmarks.csv"} {
		rows := p.csv(t, name)
		if len(rows) == 0 {
			t.Errorf("%s is empty", name)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "true" && cell != "false" && !strings.HasPrefix(cell, "'") && row[0] != "Account address" {
					missing(name, cell)
				}
			}
		}
	}
	for name, fields := range map[string][]string{
		"dassie/posts.jsonl":        {"uri", "content", "content_warning", "in_reply_to", "boost_of", "edits.content", "edits.extra.attachments.alt", "edits.extra.poll.options.name", "servers.host", "files.file", "files.description", "quote.uri", "quote.state"},
		"dassie/relations.jsonl":    {"name", "text", "at", "until"},
		"dassie/messages.jsonl":     {"uri", "from", "content"},
		"dassie/marks.jsonl":        {"post"},
		"dassie/votes.jsonl":        {"post", "names"},
		"dassie/emojis.jsonl":       {"shortcode"},
		"dassie/security_log.jsonl": {"what", "detail"},
		"dassie/notes.json":         {"about", "text"},
		"dassie/filters.json":       {"title", "words.word", "posts"},
		"dassie/drafts.json":        {"draft.text", "in_reply_to", "quote", "files.file"},
		"dassie/profile.json":       {"name", "bio", "fields.name", "fields.value", "aliases", "followed_hashtags", "recommended", "pinned"},
		"dassie/choices.json":       {"notices_always_from", "muted_conversations", "notices.new_accounts"},
		"dassie/settings.json":      {"rules", "contact", "language", "timezone", "minimum_age"},
	} {
		n := 0
		dec := json.NewDecoder(bytes.NewReader(p[name]))
		for dec.More() {
			var v any
			if err := dec.Decode(&v); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for _, field := range fields {
				for _, text := range textsAt(v, strings.Split(field, ".")) {
					n++
					missing(name+" "+field, text)
				}
			}
		}
		if n == 0 {
			t.Errorf("%s has nothing to look for", name)
		}
	}
	for _, want := range []string{`<td dir="auto">true</td>`, "to people in the list", "to anybody you follow"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %s", want)
		}
	}
}

// textsAt are the texts at a path of keys, through all lists on the way.
func textsAt(v any, path []string) (all []string) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			all = append(all, textsAt(item, path)...)
		}
	case map[string]any:
		if len(path) > 0 {
			return textsAt(v[path[0]], path[1:])
		}
	case string:
		return []string{v}
	}
	return all
}
