package browsertest

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnArchiveIsImportedWithAPreview: Alice brings her archive of Mastodon, sees what
// would come and what would not, lets it begin, watches it to the end, and finds the old
// posts on her profile under the days on which she wrote them; with scripts and without.
func TestAnArchiveIsImportedWithAPreview(t *testing.T) {
	long(t)
	t.Parallel()
	type way struct {
		name    string
		look    look
		scripts bool
	}
	for _, c := range []way{{"phone", phone, false}, {"with scripts", desktop, true}} {
		t.Run(c.name, func(t *testing.T) {
			newTab(t, "about:blank", c.look) // skips before the demo is started
			j := &journey{TB: t, houses: demo(t)}
			j.alice, j.bob = j.arrive("alice", c.look), j.arrive("bob", c.look)
			j.alice.scripts(c.scripts)
			j.importArchive(t.TempDir())
		})
	}
}

const oldHome = "https://old.example/users/alice"

// oldPost is one as Mastodon archives it.
func oldPost(n int, text string, more map[string]any) map[string]any {
	id, at := fmt.Sprintf("%s/statuses/%d", oldHome, n), fmt.Sprintf("2019-03-%02dT12:00:00Z", n)
	note := map[string]any{
		"id": id, "type": "Note", "attributedTo": oldHome, "published": at, "url": fmt.Sprintf("https://old.example/@alice/%d", n), "content": "<p>" + text + "</p>", "sensitive": false,
		"to": []string{"https://www.w3.org/ns/activitystreams#Public"}, "cc": []string{oldHome + "/followers"}, "attachment": []any{}, "tag": []any{},
	}
	for k, v := range more {
		note[k] = v
	}
	return map[string]any{"id": id + "/activity", "type": "Create", "actor": oldHome, "published": at, "to": note["to"], "cc": note["cc"], "object": note}
}

// writeOldArchive makes one with a thread, a picture, and what cannot come.
func writeOldArchive(t testing.TB, dir string) string {
	t.Helper()
	picture := filepath.Join(dir, "gate.png")
	drawPicture(t, picture)
	drawn, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	list := func(name string, items ...any) []byte {
		b, err := json.Marshal(map[string]any{"@context": "https://www.w3.org/ns/activitystreams", "id": name, "type": "OrderedCollection", "totalItems": len(items), "orderedItems": items})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const kept = "media_attachments/files/1/original/gate.png"
	pictures := []any{
		map[string]any{"type": "Document", "mediaType": "image/png", "url": kept, "name": "A garden gate"},
		map[string]any{"type": "Document", "mediaType": "image/png", "url": "media_attachments/files/2/original/lost.png", "name": "Lost"},
	}
	file := filepath.Join(dir, "archive-20190401.zip")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, m := range []struct {
		name string
		body []byte
	}{
		{"actor.json", []byte(`{"@context":"https://www.w3.org/ns/activitystreams","id":"` + oldHome + `","type":"Person","preferredUsername":"alice","followers":"` + oldHome + `/followers","outbox":"outbox.json"}`)},
		{"outbox.json", list("outbox.json",
			oldPost(1, "The first sowing", nil),
			oldPost(2, "And it came up", map[string]any{"inReplyTo": oldHome + "/statuses/1"}),
			oldPost(3, "Through the gate", map[string]any{"attachment": pictures}),
			map[string]any{"id": oldHome + "/statuses/4/activity", "type": "Announce", "actor": oldHome, "published": "2019-03-04T12:00:00Z", "object": "https://else.example/posts/8"},
			map[string]any{"type": "Create", "object": map[string]any{"id": "https://evil.example/1", "type": "Note", "attributedTo": "https://evil.example/users/x", "content": "Not by Alice"}})},
		{"likes.json", list("likes.json")}, {"bookmarks.json", list("bookmarks.json")}, {kept, drawn},
	} {
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
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func (j *journey) importArchive(dir string) {
	a, visitor := j.alice, newTab(j.TB, j.alice.site, desktop)
	a.open("/me/data/import")
	a.upload("file", writeOldArchive(j.TB, dir))
	a.press("Show what would come")
	path := a.address()[len(a.site):]
	if !strings.HasPrefix(path, "/me/data/import/") {
		j.Fatalf("the preview is at %s:\n%s", path, a.text())
	}
	a.awaitsText(path, "Import this?")
	a.sees("archive-20190401.zip, an archive of @alice@old.example, made by Mastodon", "What comes", "Posts 3", "1 answer to yourself stay threads", "What does not", "Files that are not in the archive. 1", "Posts that somebody else wrote")
	a.pressNear("Import", "#main form")
	a.awaitsText(path, "Imported archive-20190401.zip")
	a.sees("What came", "Posts 3", "What did not", "Boosts", "somebody else wrote")
	a.misses("Import this?", "Stop")

	visitor.open("/archive/2019/03")
	visitor.sees("The first sowing", "And it came up", "Through the gate", "2019")
	visitor.misses("Not by Alice")
	visitor.open("/@alice")
	visitor.sees("The first sowing")
	if alt := eval[string](visitor, `() => (document.querySelector('img[alt="A garden gate"]') || {}).alt || ""`); alt == "" {
		j.Error("the picture of an old post is not on the profile")
	}
	j.bob.open("/me")
	j.bob.misses("The first sowing", "Through the gate") // silent
	a.open("/me/data/import")
	a.sees("archive-20190401.zip", "Imported")
}
