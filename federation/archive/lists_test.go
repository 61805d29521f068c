package archive_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/archive"
	"dassie/federation/fedtest"
	"dassie/store"
)

// Every list that goes out comes in again at another server, and goes out from there as
// it was: titles that look like formulas too.
func TestT40ListsComeInAsTheyWentOut(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "newhome")
	alice, bob, carol, home := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3]
	alice.Follows(t, bob, carol)
	no, yes := false, true
	if err := alice.Choose(ctx(), alice.Find(t, carol).ID, federation.FollowChoice{Boosts: &no, Notify: &yes, Languages: []string{"pt-BR", "de"}}); err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"=HYPERLINK(1)", "'=quoted", `Work, "stuff"`, "-10"} {
		l, err := alice.SaveList(ctx(), store.List{Title: title})
		if err == nil {
			err = alice.AddToList(ctx(), l.ID, alice.Find(t, bob).ID)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	post := carol.Post(t, store.Public, "To keep")
	here, _ := alice.Has(t, post.URI)
	word := "goal"
	f, err := alice.SaveFilter(ctx(), store.Filter{Title: "Sport", Context: store.FilterHome, Action: store.FilterHide, ExpiresAt: c.Now().Add(time.Hour)}, federation.FilterWordEdit{Word: &word, Whole: &yes})
	if err == nil {
		_, err = alice.FilterPost(ctx(), f.ID, here.ID)
	}
	if err == nil {
		_, err = alice.Save(ctx(), here.ID)
	}
	if err == nil {
		err = alice.Mute(ctx(), alice.Find(t, bob).ID, 0, false)
	}
	if err == nil {
		err = alice.Block(ctx(), alice.Find(t, home).ID)
	}
	if err == nil {
		_, err = alice.BlockServer(ctx(), "bad.example")
	}
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"following_accounts.csv", "lists.csv", "muted_accounts.csv", "blocked_domains.csv", "bookmarks.csv", "custom_filters.json"}
	out := func(s *fedtest.Server, name string) string {
		var b bytes.Buffer
		if err := (archive.Source{Service: s.Service, Store: s.Store(), Now: c.Now}).Table(ctx(), name, &b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	lists := out(alice, "lists.csv")
	for line := range strings.Lines(lists) {
		if strings.ContainsAny(line[:1], "=+-@") {
			t.Errorf("a spreadsheet would run %q", line)
		}
	}
	for _, name := range names {
		i, err := home.ReadCSV(ctx(), strings.NewReader(out(alice, name)), name, store.CSVUnknown)
		if err != nil || i.Notes.Wrong != 0 {
			t.Fatalf("%s: %+v, %v", name, i.Notes, err)
		}
		if err := home.BeginCSV(ctx(), i.ID, false); err != nil {
			t.Fatal(err)
		}
	}
	c.SettleFor(15*time.Minute, 15*time.Second)
	for _, name := range names {
		want, got := lines(out(alice, name)), lines(out(home, name))
		if want != got {
			t.Errorf("%s went out as\n%s\nand comes back as\n%s", name, want, got)
		}
	}
	i, err := home.ReadCSV(ctx(), strings.NewReader(out(alice, "blocked_accounts.csv")), "blocked_accounts.csv", store.CSVUnknown)
	if err != nil || i.Notes.Wrong != 1 { // newhome itself
		t.Errorf("%+v, %v", i, err)
	}
}

// lines puts a list in order: follows have the order in which they were sent.
func lines(text string) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(all)
	return strings.Join(all, "\n")
}
