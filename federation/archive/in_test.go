package archive_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"
)

func source(c *fedtest.Cluster, s *fedtest.Server) archive.Source {
	return archive.Source{Service: s.Service, Store: s.Store(), Media: s.Media(), Now: c.Now, Program: "dassie test"}
}

func taker(t testing.TB, c *fedtest.Cluster, s *fedtest.Server, dir string) *archive.Taker {
	t.Helper()
	return archive.NewTaker(source(c, s), dir, slog.New(slog.NewTextHandler(io.Discard, nil)))
}

// zipped is the archive of a server as one file.
func zipped(t testing.TB, c *fedtest.Cluster, s *fedtest.Server) []byte {
	t.Helper()
	var file bytes.Buffer
	if _, err := source(c, s).Write(ctx(), &file, nil); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// unzipped is what is in it.
func unzipped(t testing.TB, file []byte) packed {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	p := packed{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if p[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		r.Close()
	}
	return p
}

// look uploads an archive and makes its preview.
func look(t testing.TB, k *archive.Taker, s *fedtest.Server, file []byte) store.Import {
	t.Helper()
	up, err := k.Receive(ctx(), bytes.NewReader(file), `C:\archives\mine.zip`)
	if err != nil {
		t.Fatal(err)
	}
	id, err := up.Keep(ctx())
	if err != nil {
		t.Fatal(err)
	}
	run(t, k)
	return importOf(t, s, id)
}

func run(t testing.TB, k *archive.Taker) {
	t.Helper()
	for {
		busy, err := k.RunDue(ctx())
		if err != nil {
			t.Fatal(err)
		}
		if !busy {
			return
		}
	}
}

func importOf(t testing.TB, s *fedtest.Server, id int64) store.Import {
	t.Helper()
	row, err := store.Get(ctx(), s.Store(), func(tx *store.Tx) (store.Import, error) { return tx.Import(id) })
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// take imports an archive and returns the preview and what came of it.
func take(t testing.TB, k *archive.Taker, s *fedtest.Server, file []byte) (archive.Plan, archive.Result) {
	t.Helper()
	row := look(t, k, s, file)
	if row.State != store.ImportLooked {
		t.Fatalf("the preview ended as %+v", row)
	}
	plan, err := archive.ReadPlan(row)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Begin(ctx(), row.ID, nil, "a test"); err != nil {
		t.Fatal(err)
	}
	run(t, k)
	if row = importOf(t, s, row.ID); row.State != store.ImportDone || row.Done != row.Total || row.File != "" {
		t.Fatalf("the import ended as %+v", row)
	}
	result, err := archive.ReadResult(row)
	if err != nil {
		t.Fatal(err)
	}
	return plan, result
}

// comparable is what an archive says, without what another key and another day change.
// Followers follow the account that was, so their list comes back empty, as the preview
// says; the security log grows by the import.
func comparable(t *testing.T, p packed, s *fedtest.Server) map[string]string {
	t.Helper()
	out := map[string]string{}
	for name, body := range p {
		text := strings.ReplaceAll(string(body), s.Service.ActorURI(), "ACTOR")
		switch name {
		case "followers.csv", "dassie/security_log.jsonl":
			continue
		case "index.html":
			text = asked.ReplaceAllString(madeWords.ReplaceAllString(text, ""), "")
		case "following_accounts.csv", "dassie/relations.jsonl": // whom the owner follows is asked anew, so the order is another
			text = ordered(text)
		case "dassie/profile.json": // and so is that of those recommended
			m := p.json(t, name)
			list, _ := m["recommended"].([]any)
			slices.SortFunc(list, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
			b, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			text = string(b)
		case "dassie/manifest.json":
			text = without(t, text, "made")
		case "actor.json":
			text = without(t, text, "publicKey", "assertionMethod", "updated")
		}
		out[name] = text
	}
	return out
}

// madeWords say when an archive was made.
var madeWords = regexp.MustCompile(`as of <time[^>]*>[^<]*`)

// asked are the parts of the page that shows an archive whose lists are compared by
// themselves.
var asked = regexp.MustCompile(`(?s)<section id="(following|followers|servers|security)">.*?</section>`)

// ordered sorts the lines of follows and of servers, and leaves the others in their
// order.
func ordered(text string) string {
	var follows, others []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "{") && !strings.HasPrefix(line, `{"kind":"follow"`) && !strings.HasPrefix(line, `{"kind":"server"`) {
			others = append(others, line)
		} else {
			follows = append(follows, line)
		}
	}
	slices.Sort(follows)
	return strings.Join(follows, "") + strings.Join(others, "")
}

// without is an object of JSON but for some of its fields.
func without(t *testing.T, text string, keys ...string) string {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		delete(fields, key)
	}
	b, err := json.MarshalIndent(fields, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAnArchiveOfThisAccountComesBackAsItWas(t *testing.T) {
	for seed := range int64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			c, alice := randomAccount(t, seed)
			file := zipped(t, c, alice)
			before := unzipped(t, file)
			want := comparable(t, before, alice)
			c.Advance(time.Hour)
			alice.Afresh(t)
			for _, other := range c.Servers[1:] {
				other.Forget()
			}
			k := taker(t, c, alice, t.TempDir())
			plan, result := take(t, k, alice, file)
			if !plan.Same {
				t.Error("the archive is not known to be of this account")
			}
			for _, part := range plan.Parts {
				if result.Taken[part.Key] != part.Count {
					t.Errorf("%s: the preview says %d, %d came", part.Name, part.Count, result.Taken[part.Key])
				}
			}
			c.Settle()
			for _, other := range c.Servers[1:] {
				for _, kind := range []string{"Create", "Announce", "Like", "Update", "Add", "Block", "Delete"} {
					if n := len(other.Received(kind)); n != 0 {
						t.Errorf("%s was sent %d %s", other.Name, n, kind)
					}
				}
			}
			c.SettleFor(10*time.Minute, 31*time.Second) // until all whom alice follows were asked
			after := unzipped(t, zipped(t, c, alice))
			got := comparable(t, after, alice)
			for name := range want {
				if got[name] != want[name] {
					t.Errorf("%s: %s", name, difference(want[name], got[name]))
				}
			}
			for name := range got {
				if _, ok := want[name]; !ok {
					t.Errorf("%s is new", name)
				}
			}
			for line := range strings.Lines(string(before["dassie/security_log.jsonl"])) {
				if !bytes.Contains(after["dassie/security_log.jsonl"], []byte(line)) {
					t.Errorf("the security log lacks %s", line)
				}
			}
		})
	}
}

func difference(want, got string) string {
	if len(want) > 0 && want[0] > 0x7f {
		return fmt.Sprintf("%d bytes, want %d", len(got), len(want))
	}
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(a), len(b)) {
		var x, y string
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return fmt.Sprintf("line %d\n was %s\n  is %s", i+1, x, y)
		}
	}
	return "the same"
}

func TestAnImportTwiceBringsNothingTwice(t *testing.T) {
	c, alice := randomAccount(t, 7)
	file := zipped(t, c, alice)
	alice.Afresh(t)
	dir := t.TempDir()
	k := taker(t, c, alice, dir)
	take(t, k, alice, file)
	c.SettleFor(10*time.Minute, 31*time.Second)
	once := comparable(t, unzipped(t, zipped(t, c, alice)), alice)
	plan, _ := take(t, k, alice, file)
	for _, part := range plan.Parts {
		if part.Key == "posts" && part.Count != 0 {
			t.Errorf("the preview promises %d posts that are here", part.Count)
		}
	}
	c.SettleFor(10*time.Minute, 31*time.Second)
	twice := comparable(t, unzipped(t, zipped(t, c, alice)), alice)
	for name := range once {
		if once[name] != twice[name] {
			t.Errorf("%s: %s", name, difference(once[name], twice[name]))
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files stay in %s", len(left), dir)
	}
}
