package fedtest_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dassie/store"
)

// packingSeen are members of an archive that show, in the file that is being written, how
// far it is: the posts, the likes, what only dassie keeps, the media, the page.
var packingSeen = []string{"outbox.json", "likes.json", "dassie/posts.jsonl", "media_attachments/", "index.html"}

// TestKillNineWhileAnArchiveIsPacked kills the server in each phase of packing: the
// archive that was asked for is there in the end, whole and once, and nothing half
// written stays.
func TestKillNineWhileAnArchiveIsPacked(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 kills the real program there")
	}
	if testing.Short() {
		t.Skip("starts and kills the real program")
	}
	p := build(t)
	ctx := context.Background()
	archives := func(do func(*store.Tx) error) (all []store.Archive) {
		t.Helper()
		st, err := store.Open(p.data, store.Options{Readers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer st.Close()
		if err := st.Write(ctx, func(tx *store.Tx) (err error) {
			if err := do(tx); err != nil {
				return err
			}
			all, err = tx.Archives()
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	const films, posts = 4, 2000
	archives(func(tx *store.Tx) error {
		for i := range films {
			name := fmt.Sprintf("%02x%02x%060x", i, i, i)
			dir := filepath.Join(p.data, "media", name[:2], name[2:4])
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(dir, name), make([]byte, 3<<20), 0o600); err != nil {
				return err
			}
			if err := tx.AddMedia(&store.Media{File: name, MIME: "video/mp4", Size: 3 << 20}); err != nil {
				return err
			}
		}
		r := rand.NewChaCha8([32]byte{})
		for range posts {
			noise := make([]byte, 400) // does not pack well, so that each phase shows on the disk
			r.Read(noise)
			post := store.Post{ID: tx.NewID(), ActorID: store.OwnerID, Content: fmt.Sprintf("<p>%x</p>", noise), PublishedAt: tx.Now()}
			post.URI = fmt.Sprintf("http://%s/posts/%d", p.host, post.ID)
			if err := tx.InsertPost(&post); err != nil {
				return err
			}
			if _, err := tx.React(&store.Reaction{PostID: post.ID, ActorID: store.OwnerID, At: tx.Now()}); err != nil {
				return err
			}
		}
		_, err := tx.AskArchive()
		return err
	})
	for _, member := range packingSeen {
		p.up()
		if !eventually(60*time.Second, func() bool {
			parts, _ := filepath.Glob(filepath.Join(p.data, "archives", "*.part"))
			if len(parts) != 1 {
				return false
			}
			written, _ := os.ReadFile(parts[0])
			return bytes.Contains(written, []byte(member))
		}) {
			p.end(syscall.SIGKILL)
			text, _ := os.ReadFile(p.log.Name())
			t.Fatalf("%s was never seen in what is being written:\n%s", member, text)
		}
		p.end(syscall.SIGKILL)
		if parts, _ := filepath.Glob(filepath.Join(p.data, "archives", "*.part")); len(parts) != 1 {
			t.Fatalf("it was killed after it was written, not at %s", member)
		}
	}
	p.start()
	var all []store.Archive
	if !eventually(60*time.Second, func() bool {
		all = archives(func(*store.Tx) error { return nil })
		return len(all) == 1 && all[0].State == store.ArchiveReady
	}) {
		text, _ := os.ReadFile(p.log.Name())
		t.Fatalf("archives: %+v\n%s", all, text)
	}
	p.end(syscall.SIGTERM)
	entries, err := os.ReadDir(filepath.Join(p.data, "archives"))
	if err != nil {
		t.Fatal(err)
	}
	whole := 0
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".part") {
			t.Errorf("%s was left", e.Name())
			continue
		}
		z, err := zip.OpenReader(filepath.Join(p.data, "archives", e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if last := z.File[len(z.File)-1].Name; last != "dassie/manifest.json" {
			t.Errorf("the last member is %s", last)
		}
		z.Close()
		whole++
	}
	if whole != 1 || all[0].Posts != posts || all[0].Files != films || all[0].Missing != 0 {
		t.Errorf("%d whole files; %+v", whole, all[0])
	}
}
