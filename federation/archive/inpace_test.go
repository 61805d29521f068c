package archive_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"
)

// waiting counts what archives and lists wait for.
func waiting(t *testing.T, s *fedtest.Server) (n int) {
	t.Helper()
	err := s.Store().Read(ctx(), func(tx *store.Tx) error {
		all, err := tx.Imports()
		for _, row := range all {
			k, err := tx.CountImportWants(row.ID)
			if err != nil {
				return err
			}
			n += k
		}
		lists, err2 := tx.CSVImports()
		for _, i := range lists {
			counts, err := tx.CSVCounts(i.ID)
			if err != nil {
				return err
			}
			for _, k := range counts {
				if k.State == store.CSVWaiting {
					n += k.N
				}
			}
		}
		if err == nil {
			err = err2
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Two archives and a list that come in side by side ask other servers one after the
// other, and none of them waits for the end of the others.
func TestArchivesAndListsAskAtOnePace(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dan", "eve")
	alice := c.Servers[0]
	var liked, saved []any
	for n := range 4 {
		liked = append(liked, c.Servers[1+n%2].Post(t, store.Public, fmt.Sprint("Liked ", n)).URI)
		saved = append(saved, c.Servers[3].Post(t, store.Public, fmt.Sprint("Saved ", n)).URI)
	}
	c.Settle()
	list, err := alice.ReadCSV(ctx(), strings.NewReader("Account address\n"+c.Servers[3].Handle()+"\n"+c.Servers[4].Handle()+"\n"), "following_accounts.csv", store.CSVUnknown)
	if err != nil {
		t.Fatal(err)
	}
	k := taker(t, c, alice, t.TempDir())
	take(t, k, alice, zipOf(t, actorJSON(), member{"outbox.json", collectionOf()}, member{"likes.json", collectionOf(liked...)}))
	take(t, k, alice, zipOf(t, actorJSON(), member{"outbox.json", collectionOf()}, member{"bookmarks.json", collectionOf(saved...)}))
	if err := alice.BeginCSV(ctx(), list.ID, false); err != nil {
		t.Fatal(err)
	}
	const all = 10
	before, last, began := all, time.Time{}, c.Now()
	for before > 0 && c.Now().Sub(began) < 5*time.Minute {
		c.Settle()
		now := waiting(t, alice)
		if before-now > 1 || now < before && !last.IsZero() && c.Now().Sub(last) < 6*time.Second {
			t.Errorf("%d were asked for after %s", before-now, c.Now().Sub(last))
		}
		if now < before {
			before, last = now, c.Now()
		}
		c.Advance(time.Second)
	}
	if took := last.Sub(began); before != 0 || took > 150*time.Second {
		t.Errorf("%d still wait after %s", before, took)
	}
}

// Whoever stops an import, or takes it off the list, is not followed by what it wanted.
func TestAnImportThatIsStoppedAsksForNothingMore(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	var liked []any
	for n := range 5 {
		liked = append(liked, bob.Post(t, store.Public, fmt.Sprint("Liked ", n)).URI)
	}
	k := taker(t, c, alice, t.TempDir())
	take(t, k, alice, zipOf(t, actorJSON(), member{"outbox.json", collectionOf()}, member{"likes.json", collectionOf(liked...)}))
	c.Settle()
	all, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Import, error) { return tx.Imports() })
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Cancel(ctx(), all[0].ID); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(2*time.Minute, 5*time.Second)
	likes, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Reaction, error) {
		return tx.LikesBy(store.OwnerID, store.Page{Limit: 9})
	})
	if err != nil || len(likes) != 1 {
		t.Errorf("%d posts are liked, %v", len(likes), err)
	}
}

// An import by a command can be stopped in the browser, and says so.
func TestAnImportByACommandIsStoppedInTheBrowser(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	dir := t.TempDir()
	k := taker(t, c, alice, dir)
	file := filepath.Join(dir, "old.zip")
	if err := os.WriteFile(file, mastodonArchive(t, nil, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	var stopped int64
	_, err := archive.ImportCommand(ctx(), alice.Store(), dir, file, "test", false, func(string) {
		all, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Import, error) { return tx.Imports() })
		if err != nil {
			t.Fatal(err)
		}
		if len(all) > 0 && stopped == 0 {
			stopped = all[0].ID
			if err := k.Cancel(ctx(), stopped); err != nil {
				t.Fatal(err)
			}
		}
	})
	if err == nil || !strings.Contains(err.Error(), "stopped in the browser") {
		t.Errorf("error %v", err)
	}
	if row := importOf(t, alice, stopped); row.State != store.ImportCancelled {
		t.Errorf("it ended as %+v", row)
	}
	report, err := archive.ImportCommand(ctx(), alice.Store(), dir, file, "test", false, func(string) {})
	if err != nil || !slices.Contains(report, "came: Posts: 10") {
		t.Errorf("called again: %q, %v", report, err)
	}
}

// The deletion of the account ends what is coming in: nothing is written into it any more.
func TestTheEndOfTheAccountEndsImports(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	dir := t.TempDir()
	k := taker(t, c, alice, dir)
	content := mastodonArchive(t, nil, nil)
	begun, waits := look(t, k, alice, content), look(t, k, alice, content)
	if err := k.Begin(ctx(), begun.ID, nil, "a test"); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "old.zip")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := archive.ImportCommand(ctx(), alice.Store(), dir, file, "test", false, func(string) {
		if imports, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) ([]store.Import, error) { return tx.Imports() }); err != nil {
			t.Fatal(err)
		} else if len(imports) == 3 && alice.Ending() == nil {
			if err := alice.DeleteAccount(ctx(), alice.Handle(), nil); err != nil {
				t.Fatal(err)
			}
		}
	})
	if !errors.Is(err, store.ErrFarewell) {
		t.Errorf("the command ended with %v", err)
	}
	sizes := func() int {
		s, err := store.Get(ctx(), alice.Store(), func(tx *store.Tx) (store.ArchiveSizes, error) { return tx.ArchiveSizes() })
		if err != nil {
			t.Fatal(err)
		}
		return s.Posts
	}
	came := sizes()
	run(t, k)
	if now := sizes(); now != came || now >= 10 {
		t.Errorf("%d posts came, and %d after the end", came, now-came)
	}
	for _, id := range []int64{begun.ID, waits.ID} {
		if row := importOf(t, alice, id); row.State != store.ImportCancelled {
			t.Errorf("it stands as %+v", row)
		}
	}
}
