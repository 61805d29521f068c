package archive_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dassie/federation/archive"
	"dassie/store"
)

// real is the real program on real data.
type real struct {
	t    *testing.T
	bin  string
	data string
	port string
	cmd  *exec.Cmd
}

func newReal(t *testing.T) *real {
	t.Helper()
	return newRealOf(t, "")
}

// newRealOf makes the account alice of a domain; "" for one of its own.
func newRealOf(t *testing.T, domain string) *real {
	t.Helper()
	if testing.Short() {
		t.Skip("starts and kills the real program")
	}
	dir := t.TempDir()
	p := &real{t: t, bin: filepath.Join(dir, "dassie"), data: filepath.Join(dir, "data")}
	p.run("go", "build", "-o", p.bin, "dassie")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, p.port, _ = net.SplitHostPort(l.Addr().String())
	l.Close()
	if domain == "" {
		domain = "alice.localhost:" + p.port
	}
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(p.bin, "init", "-data", p.data, "-domain", domain, "-name", "alice", "-password-file", password)
	t.Cleanup(func() {
		if p.cmd != nil {
			p.kill(syscall.SIGKILL)
		}
	})
	return p
}

func (p *real) run(name string, args ...string) {
	p.t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		p.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

func (p *real) start() {
	p.t.Helper()
	p.cmd = exec.Command(p.bin, "serve", "-data", p.data, "-listen", "127.0.0.1:"+p.port, "-log-level", "error")
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

func (p *real) kill(sig syscall.Signal) {
	p.cmd.Process.Signal(sig)
	p.cmd.Wait()
	p.cmd = nil
}

// with opens the data beside the program.
func (p *real) with(do func(*store.Store)) {
	p.t.Helper()
	st, err := store.Open(p.data, store.Options{Readers: 1})
	if err != nil {
		p.t.Fatal(err)
	}
	do(st)
	if err := st.Close(); err != nil {
		p.t.Fatal(err)
	}
}

// killedThrough imports an archive while the program is killed again and again: after
// each step that is seen. It returns how often.
func (p *real) killedThrough(file []byte) (kills int, result archive.Result) {
	t := p.t
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	var id int64
	keeper := func(st *store.Store) *archive.Taker {
		return archive.NewTaker(archive.Source{Store: st, Now: time.Now}, filepath.Join(p.data, "imports"), quiet)
	}
	p.with(func(st *store.Store) {
		up, err := keeper(st).Receive(ctx(), bytes.NewReader(file), "mine.zip")
		if err == nil {
			id, err = up.Keep(ctx())
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	r := rand.New(rand.NewSource(1))
	place := func(row store.Import) string {
		return fmt.Sprint(row.State, row.Stage, row.Done*12/max(row.Total, 1))
	}
	seen := ""
	until := time.Now().Add(90 * time.Second)
	for time.Now().Before(until) {
		p.start()
		var row store.Import
		p.with(func(st *store.Store) {
			for row = read(t, st, id); time.Now().Before(until) && place(row) == seen; row = read(t, st, id) {
				time.Sleep(2 * time.Millisecond) // the program is another process
			}
			seen = place(row)
			if row.State == store.ImportLooked {
				if err := keeper(st).Begin(context.Background(), id, nil, "a test"); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Duration(r.Intn(20)) * time.Millisecond)
		})
		p.kill(syscall.SIGKILL)
		if kills++; row.State == store.ImportDone || row.State == store.ImportFailed {
			if row.State == store.ImportFailed {
				t.Fatalf("the import failed: %s", row.Error)
			}
			var err error
			if result, err = archive.ReadResult(row); err != nil {
				t.Fatal(err)
			}
			return kills, result
		}
	}
	t.Fatalf("the import did not end; it stood at %s", seen)
	return kills, result
}

func read(t *testing.T, st *store.Store, id int64) store.Import {
	row, err := store.Get(context.Background(), st, func(tx *store.Tx) (store.Import, error) { return tx.Import(id) })
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func TestKillNineInEachPhaseOfAnImport(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 kills the real program there")
	}
	p := newReal(t)
	const posts, pictures, likes = 600, 40, 120
	r := rand.New(rand.NewSource(2))
	var items, liked []any
	members := []member{actorJSON()}
	for n := range posts {
		more := map[string]any{}
		if n%3 == 1 {
			more["inReplyTo"] = fmt.Sprintf("%s/statuses/%d", oldActor, (n*7)%posts) // before and behind
		}
		if n < pictures {
			at := fmt.Sprintf("media_attachments/files/%d/original/p.jpg", n)
			more["attachment"] = []any{map[string]any{"type": "Document", "mediaType": "image/jpeg", "url": at, "name": fmt.Sprint("Picture ", n)}}
			members = append(members, member{at, bytesOf(photo(r))})
		}
		items = append(items, oldPost(n, more))
	}
	for n := range likes {
		liked = append(liked, fmt.Sprintf("https://gone.invalid/posts/%d", n))
	}
	members = append(members, member{"outbox.json", collectionOf(items...)}, member{"likes.json", collectionOf(liked...)})
	kills, result := p.killedThrough(zipOf(t, members...))
	t.Logf("killed %d times", kills)
	if kills < 8 || result.Taken["posts"] != posts || result.Taken["likes"] != likes || len(result.Left) != 0 {
		t.Errorf("killed %d times; %+v came", kills, result)
	}
	p.with(func(st *store.Store) {
		err := st.Read(ctx(), func(tx *store.Tx) error {
			sizes, err := tx.ArchiveSizes()
			if err != nil || sizes.Posts != posts || sizes.Files != pictures {
				t.Errorf("%+v are stored, want %d posts and %d files; %v", sizes, posts, pictures, err)
			}
			for n := range posts {
				id, err := tx.Imported(fmt.Sprintf("%s/statuses/%d", oldActor, n))
				if err != nil {
					t.Errorf("post %d is lost: %v", n, err)
					continue
				}
				post, err := tx.Post(id)
				if err != nil {
					return err
				}
				if (n%3 == 1 && (n*7)%posts != n) != (post.ParentID != 0) || (n < pictures) != (len(post.Extra.Attachments) == 1) {
					t.Errorf("post %d answers %d and has %d files", n, post.ParentID, len(post.Extra.Attachments))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	if left, _ := os.ReadDir(filepath.Join(p.data, "imports")); len(left) > 1 {
		t.Errorf("%d files stay", len(left))
	}
}

func TestKillNineInEachPhaseOfAnImportOfOurs(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("DASSIE_LONG=1 kills the real program there")
	}
	c, alice := randomAccount(t, 5)
	want := unzipped(t, zipped(t, c, alice))
	p := newReal(t)
	kills, result := p.killedThrough(zipped(t, c, alice))
	t.Logf("killed %d times", kills)
	boosts := countLeft(result.Left, "Boosts")
	if kills < 8 || result.Taken["posts"]+boosts != bytes.Count(want["dassie/posts.jsonl"], []byte("\n")) {
		t.Errorf("killed %d times; %+v came", kills, result)
	}
	p.with(func(st *store.Store) {
		err := st.Read(ctx(), func(tx *store.Tx) error {
			sizes, err := tx.ArchiveSizes()
			if err != nil || sizes.Posts != result.Taken["posts"] {
				t.Errorf("%d posts are stored and %d came, %v", sizes.Posts, result.Taken["posts"], err)
			}
			drafts, err := tx.UnsentList(store.UnsentDraft)
			later, err2 := tx.UnsentList(store.UnsentScheduled)
			if err != nil || err2 != nil || len(drafts)+len(later) != result.Taken["drafts"] {
				t.Errorf("%d drafts and %d scheduled posts are stored, %d came", len(drafts), len(later), result.Taken["drafts"])
			}
			filters, err := tx.Filters()
			if err != nil || len(filters) != result.Taken["filters"] {
				t.Errorf("%d filters are stored, %d came, %v", len(filters), result.Taken["filters"], err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// An archive of this very account comes back whole though the program is killed after
// each step: what was exported before, and is exported then, is the same.
func TestKillNineInEachPhaseOfARestore(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("kills the real program again and again: set DASSIE_LONG")
	}
	c, alice := randomAccount(t, 6)
	file := zipped(t, c, alice)
	p := newRealOf(t, alice.Origin().Host)
	kills, result := p.killedThrough(file)
	t.Logf("killed %d times", kills)
	want := unzipped(t, file)
	if kills < 8 || result.Taken["posts"] != bytes.Count(want["dassie/posts.jsonl"], []byte("\n")) {
		t.Errorf("killed %d times; %+v came", kills, result)
	}
	again := filepath.Join(t.TempDir(), "again.zip")
	p.run(p.bin, "export", "-data", p.data, again)
	b, err := os.ReadFile(again)
	if err != nil {
		t.Fatal(err)
	}
	got := unzipped(t, b)
	me := func(p packed) string { return p.json(t, "actor.json")["id"].(string) }
	for name := range want {
		switch name {
		case "index.html", "actor.json", "dassie/manifest.json", "dassie/security_log.jsonl", "followers.csv": // of another day and key
			continue
		case "following_accounts.csv", "lists.csv", "muted_accounts.csv", "dassie/relations.jsonl", "dassie/people.jsonl", "dassie/drafts.json", "dassie/profile.json": // who is asked anew, and what has its time
			continue
		}
		was, is := strings.ReplaceAll(string(want[name]), me(want), "ACTOR"), strings.ReplaceAll(string(got[name]), me(got), "ACTOR")
		if was != is {
			t.Errorf("%s: %s", name, difference(was, is))
		}
	}
}
