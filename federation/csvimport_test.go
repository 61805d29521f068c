package federation_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// readCSV reads a list as it would be uploaded.
func readCSV(t *testing.T, s *fedtest.Server, file, text string) store.CSVImport {
	t.Helper()
	i, err := s.ReadCSV(ctx(), strings.NewReader(text), file, store.CSVUnknown)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return i
}

func preview(t testing.TB, s *fedtest.Server, i store.CSVImport, overwrite bool) federation.CSVPreview {
	t.Helper()
	return lookAt(t, s, func(tx *store.Tx) (federation.CSVPreview, error) { return federation.PreviewCSV(tx, i, overwrite) })
}

func progress(t testing.TB, s *fedtest.Server, i store.CSVImport) federation.CSVProgress {
	t.Helper()
	return lookAt(t, s, func(tx *store.Tx) (federation.CSVProgress, error) { return federation.ProgressOfCSV(tx, i) })
}

func begin(t *testing.T, s *fedtest.Server, i store.CSVImport, overwrite bool) {
	t.Helper()
	if err := s.BeginCSV(ctx(), i.ID, overwrite); err != nil {
		t.Fatal(err)
	}
}

func csvState(t *testing.T, s *fedtest.Server, i store.CSVImport) store.CSVState {
	t.Helper()
	return lookAt(t, s, func(tx *store.Tx) (store.CSVImport, error) { return tx.CSVImport(i.ID) }).State
}

// A list of whom somebody followed: people who are followed already, unknown ones, one
// whose server is down for an hour, one that is gone, a wrong line. The preview says
// what happens; the follows go out slowly, and the server that was down gets its own
// when it is back.
func TestAFollowingListIsSentSlowlyAndAsThePreviewSays(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dora")
	alice, bob, carol, dora := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3]
	alice.Follows(t, bob)
	carol.Lock(t, true)
	dora.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	i := readCSV(t, alice, "following_accounts (1).csv", strings.Join([]string{
		"Account address,Show boosts,Notify on new posts,Languages",
		bob.Handle() + `,false,true,"en, de"`,
		"@" + carol.Handle() + ",true,false,",
		dora.Handle() + ",true,false,",
		carol.Handle() + ",true,false,",
		"nobody@" + carol.Domain + ",true,false,",
		"=cmd(),true,false,",
		`bro"ken@x.example,true`,
		alice.Handle() + ",true,false,",
	}, "\r\n"))
	if i.Kind != store.CSVFollowing || i.Notes.Wrong != 3 || i.Notes.Doubles != 1 {
		t.Fatalf("read as %+v", i)
	}
	for n, line := range []int{7, 8, 9} {
		if p := i.Notes.Problems[n]; p.Line != line || p.Why == "" {
			t.Errorf("problem %+v, want line %d", p, line)
		}
	}
	p := preview(t, alice, i, false)
	if p.Rows != 4 || p.New != 3 || p.Slow != 3 || p.Changed != 1 || p.Same != 0 || p.Going != 0 || p.Servers != 2 || p.Takes != 2*time.Minute {
		t.Errorf("preview: %+v", p)
	}
	carol.Forget()
	begin(t, alice, i, false)
	begin(t, alice, i, false) // sent twice
	c.Settle()
	if f := followingOf(t, alice, bob); f.Boosts || !f.Notify || f.Languages != "de en" {
		t.Errorf("the choice for bob is %+v", f)
	}
	if n := len(carol.Received("Follow")); n != 1 {
		t.Errorf("carol got %d follows in the first moment, want 1", n)
	}
	c.SettleFor(10*time.Second, 5*time.Second)
	if len(dora.Gets()) != 0 {
		t.Error("the next server was asked before its time")
	}
	alice.Restart(t) // it goes on as before
	c.SettleFor(5*time.Minute, 5*time.Second)
	got := progress(t, alice, i)
	if got.Taken != 2 || got.Asked != 1 || got.NotFound != 1 || got.Waiting != 1 || csvState(t, alice, i) != store.CSVRunning {
		t.Errorf("after five minutes: %+v", got)
	}
	dora.Misbehave(nil)
	c.SettleFor(time.Hour, time.Minute)
	got = progress(t, alice, i)
	if got.Taken != 3 || got.Asked != 1 || got.Accepted != 1 || got.Waiting != 0 || csvState(t, alice, i) != store.CSVDone {
		t.Errorf("at the end: %+v", got)
	}
	if n := len(carol.Received("Follow")); n != 1 {
		t.Errorf("carol got %d follows, want 1", n)
	}
	left := lookAt(t, alice, func(tx *store.Tx) ([]store.CSVRow, error) { return tx.CSVLeft(i.ID, 0, 100) })
	if len(left) != 1 || left[0].Line != 6 || left[0].State != store.CSVNotFound || left[0].Reason == "" {
		t.Errorf("left: %+v", left)
	}
}

func followingOf(t *testing.T, s, of *fedtest.Server) store.Following {
	t.Helper()
	return lookAt(t, s, func(tx *store.Tx) (store.Following, error) { return tx.Following(person(t, s, of).ID) })
}

// No more than the pace allows goes out, in all and to one server, and a stop holds.
func TestFollowsOfAListKeepTheirPace(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	var text strings.Builder
	text.WriteString("Account address,Show boosts\n")
	people := 0
	for n := range 3 {
		st := c.Stranger(fmt.Sprintf("srv%d", n))
		st.Handle(func(w http.ResponseWriter, r *http.Request) { answerForAll(st, w, r) })
		for k := range 6 {
			fmt.Fprintf(&text, "p%d@%s,true\n", k, st.Host)
			people++
		}
	}
	i := readCSV(t, alice, "following_accounts.csv", text.String())
	if p := preview(t, alice, i, false); p.Slow != people || p.Takes != 6*time.Minute {
		t.Errorf("preview: %+v", p)
	}
	begin(t, alice, i, false)
	c.SettleFor(2*time.Minute, 5*time.Second)
	sent := progress(t, alice, i).Taken
	if sent > 9 || sent < 6 {
		t.Errorf("%d follows in two minutes; three servers may have one a minute each", sent)
	}
	if err := alice.StopCSV(ctx(), i.ID, false); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(10*time.Minute, time.Minute)
	if got := progress(t, alice, i); got.Taken != sent || got.Waiting != people-sent {
		t.Errorf("stopped at %d: %+v", sent, got)
	}
	if err := alice.StopCSV(ctx(), i.ID, true); err != nil {
		t.Fatal(err)
	}
	c.SettleFor(10*time.Minute, 15*time.Second)
	if got := progress(t, alice, i); got.Taken != people || csvState(t, alice, i) != store.CSVDone {
		t.Errorf("in the end: %+v", got)
	}
	if err := alice.DropCSV(ctx(), i.ID); err != nil {
		t.Fatal(err)
	}
	if rows := lookAt(t, alice, func(tx *store.Tx) ([]store.CSVRow, error) { return tx.CSVRows(i.ID, -1000, 1000) }); len(rows) != 0 {
		t.Errorf("%d rows are left", len(rows))
	}
}

// answerForAll is a server on which everybody exists.
func answerForAll(st *fedtest.Stranger, w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/.well-known/webfinger" {
		name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Query().Get("resource"), "acct:"), "@")
		w.Header().Set("Content-Type", "application/jrd+json")
		fmt.Fprintf(w, `{"subject":"acct:%s@%s","links":[{"rel":"self","type":"application/activity+json","href":%q}]}`, name, st.Host, st.URL("/users/"+name))
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/users/"); ok && r.Method == http.MethodGet && !strings.Contains(name, "/") {
		doc := st.Actor()
		id := st.URL("/users/" + name)
		doc["id"], doc["preferredUsername"], doc["inbox"] = id, name, id+"/inbox"
		doc["publicKey"].(map[string]any)["id"], doc["publicKey"].(map[string]any)["owner"] = id+"#main-key", id
		st.Write(w, doc)
		return
	}
	if r.Method == http.MethodPost {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	http.NotFound(w, r)
}

// Overwriting unfollows exactly those whom the preview counts.
func TestAListInPlaceOfWhatIsHere(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dora")
	alice, bob, carol, dora := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3]
	alice.Follows(t, bob, carol)
	if err := alice.Block(ctx(), alice.Find(t, dora).ID); err != nil {
		t.Fatal(err)
	}
	i := readCSV(t, alice, "following_accounts.csv", bob.Handle()+"\n"+dora.Handle()+"\n")
	if p := preview(t, alice, i, false); p.Going != 0 || p.New != 0 || p.Barred != 1 || p.Same != 1 {
		t.Errorf("preview: %+v", p)
	}
	p := preview(t, alice, i, true)
	if p.Going != 1 || len(p.Leaving) != 1 || p.Leaving[0].Key != carol.Handle() {
		t.Errorf("preview: %+v", p)
	}
	begin(t, alice, i, true)
	c.SettleFor(3*time.Minute, 15*time.Second)
	got := progress(t, alice, i)
	if got.Gone != 1 || got.Same != 1 || got.Refused != 1 || csvState(t, alice, i) != store.CSVDone {
		t.Errorf("at the end: %+v", got)
	}
	list := lookAt(t, alice, func(tx *store.Tx) ([]store.Following, error) { return tx.FollowingList(0, 10) })
	if len(list) != 1 || list[0].ActorID != person(t, alice, bob).ID || len(carol.Received("Undo")) != 1 {
		t.Errorf("alice follows %+v", list)
	}
	if left := lookAt(t, alice, func(tx *store.Tx) ([]store.CSVRow, error) { return tx.CSVLeft(i.ID, 0, 100) }); len(left) != 1 || !strings.Contains(left[0].Reason, "blocked") {
		t.Errorf("left: %+v", left)
	}
}

// Blocks and mutes take effect at once where the person is known, later where not.
func TestBlocksAndMutesOfAListTakeEffectAtOnceWhereKnown(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol", "dora")
	alice, bob, carol, dora := c.Servers[0], c.Servers[1], c.Servers[2], c.Servers[3]
	alice.Find(t, bob)
	if err := alice.Mute(ctx(), alice.Find(t, dora).ID, time.Hour, true); err != nil {
		t.Fatal(err)
	}
	blocks := readCSV(t, alice, "blocked_accounts.csv", bob.Handle()+"\n"+carol.Handle()+"\n")
	mutes := readCSV(t, alice, "muted_accounts.csv", "Account address,Hide notifications\n"+bob.Handle()+",false\n"+dora.Handle()+",true\n")
	if p := preview(t, alice, blocks, false); p.New != 2 || p.Slow != 1 {
		t.Errorf("preview of blocks: %+v", p)
	}
	if p := preview(t, alice, mutes, true); p.New != 1 || p.Slow != 0 || p.Same != 1 || p.Going != 0 {
		t.Errorf("preview of mutes: %+v", p)
	}
	begin(t, alice, blocks, false)
	begin(t, alice, mutes, false)
	c.Settle()
	known := lookAt(t, alice, func(tx *store.Tx) (map[int64]bool, error) { return tx.BlockedAmong(person(t, alice, bob).ID) })
	if len(known) != 1 {
		t.Error("bob is known and not blocked at once")
	}
	list := lookAt(t, alice, func(tx *store.Tx) ([]store.Mute, error) { return tx.MuteList(0, 10) })
	if len(list) != 2 {
		t.Fatalf("mutes: %+v", list)
	}
	for _, m := range list {
		if isDora := m.ActorID == person(t, alice, dora).ID; isDora != !m.Until.IsZero() || isDora != m.Notices {
			t.Errorf("mute %+v", m)
		}
	}
	c.SettleFor(3*time.Minute, 15*time.Second)
	if len(carol.Received("Block")) != 1 || csvState(t, alice, blocks) != store.CSVDone || csvState(t, alice, mutes) != store.CSVDone {
		t.Errorf("carol was not blocked: %+v", progress(t, alice, blocks))
	}
}

// Lists wait for the follows of their people; whoever is followed already is in them
// at once.
func TestListsOfAListWaitForTheirFollows(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob)
	makeList(t, alice, store.List{Title: "Old"}, person(t, alice, bob))
	makeList(t, alice, store.List{Title: "Bakers"})
	follows := readCSV(t, alice, "following_accounts.csv", "Account address,Show boosts\n"+bob.Handle()+",true\n"+carol.Handle()+",false\n")
	lists := readCSV(t, alice, "lists.csv", "Bakers,"+bob.Handle()+"\nBakers,"+carol.Handle()+"\n'=Sums,"+carol.Handle()+"\n")
	p := preview(t, alice, lists, true)
	if lists.Kind != store.CSVLists || p.New != 3 || p.Slow != 2 || p.NewLists != 1 || p.Going != 1 {
		t.Errorf("preview: %+v", p)
	}
	begin(t, alice, lists, true)
	begin(t, alice, follows, false)
	c.Settle()
	titles := map[string]int{}
	read := func() {
		clear(titles)
		all := lookAt(t, alice, func(tx *store.Tx) ([]store.List, error) { return tx.Lists() })
		counts := lookAt(t, alice, func(tx *store.Tx) (map[int64]int, error) { return tx.CountListed() })
		for _, l := range all {
			titles[l.Title] = counts[l.ID]
		}
	}
	if read(); len(titles) != 2 || titles["Bakers"] != 1 {
		t.Errorf("lists at once: %v", titles)
	}
	c.SettleFor(5*time.Minute, 15*time.Second)
	if read(); titles["Bakers"] != 2 || titles["=Sums"] != 1 || csvState(t, alice, lists) != store.CSVDone {
		t.Errorf("lists in the end: %v, %+v", titles, progress(t, alice, lists))
	}
	if f := followingOf(t, alice, carol); f.Boosts || len(carol.Received("Follow")) != 1 {
		t.Errorf("carol is followed as %+v, asked %d times", f, len(carol.Received("Follow")))
	}
}

// Bookmarks that are here are saved at once, others fetched; one that was deleted is
// named.
func TestBookmarksOfAListAreFetched(t *testing.T) {
	c := fedtest.New(t, "alice", "bob", "carol")
	alice, bob, carol := c.Servers[0], c.Servers[1], c.Servers[2]
	alice.Follows(t, bob)
	here := bob.Post(t, store.Public, "Here")
	own := alice.Post(t, store.Public, "Mine")
	there := carol.Post(t, store.Public, "There")
	old := bob.Post(t, store.Public, "To go")
	saved, _ := alice.Has(t, old.URI)
	if _, err := alice.Save(ctx(), saved.ID); err != nil {
		t.Fatal(err)
	}
	i := readCSV(t, alice, "bookmarks.csv", strings.Join([]string{"#uri", here.URI, own.URI, there.URI, there.URI + "99", "not an address", "http://" + carol.Host + "/"}, "\n"))
	p := preview(t, alice, i, true)
	if p.New != 4 || p.Slow != 2 || p.Going != 1 || i.Notes.Wrong != 2 {
		t.Errorf("preview: %+v, %+v", p, i.Notes)
	}
	begin(t, alice, i, true)
	c.SettleFor(5*time.Minute, 15*time.Second)
	if got := progress(t, alice, i); got.Taken != 3 || got.NotFound != 1 || got.Gone != 1 || csvState(t, alice, i) != store.CSVDone {
		t.Errorf("at the end: %+v", got)
	}
	if n := lookAt(t, alice, func(tx *store.Tx) (int, error) { return tx.CountBookmarks() }); n != 3 {
		t.Errorf("%d bookmarks, want 3", n)
	}
}

// Servers go the way of the page for their blocks, with and without columns.
func TestServersOfAListAreBlocked(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	bob.Follows(t, alice)
	if _, err := alice.BlockServer(ctx(), "old.example"); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.SilenceServer(ctx(), "quiet.example"); err != nil {
		t.Fatal(err)
	}
	bare := readCSV(t, alice, "blocked_domains.csv", "bad.example\nbob@"+bob.Domain+"\n")
	if p := preview(t, alice, bare, true); p.New != 1 || p.Going != 1 || bare.Notes.Wrong != 1 {
		t.Errorf("preview: %+v, %+v", p, bare.Notes) // who is silenced stays: the file does not speak of it
	}
	i := readCSV(t, alice, "x.csv", "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n"+
		bob.Domain+",suspend,true,true,'=sum,false\nmeh.example,silence,false,false,,false\nno.example,noop,false,false,,false\n")
	p := preview(t, alice, i, true)
	if i.Kind != store.CSVDomains || p.New != 2 || p.Cost.Followers != 1 || p.Going != 2 || i.Notes.Skipped != 1 {
		t.Errorf("preview: %+v, %+v", p, i.Notes)
	}
	begin(t, alice, i, true)
	c.Settle()
	if n := followersOf(t, alice); n != 0 || csvState(t, alice, i) != store.CSVDone {
		t.Errorf("%d followers are left", n)
	}
	rules := lookAt(t, alice, func(tx *store.Tx) ([]store.ServerRule, error) { return tx.ServerRules(store.Page{Limit: 10}) })
	if len(rules) != 2 {
		t.Errorf("in force: %+v", rules)
	}
	for _, r := range rules {
		if r.Bound == store.Blocked && r.Comment != "=sum" {
			t.Errorf("the comment is %q", r.Comment)
		}
	}
}

// Mastodon's filters, and those of our own archives; adding keeps what is here.
func TestFiltersOfAList(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	post := bob.Post(t, store.Public, "Filtered")
	word := "sport"
	if _, err := alice.SaveFilter(ctx(), store.Filter{Title: "zeta", Context: store.FilterHome}, federation.FilterWordEdit{Word: &word}); err != nil {
		t.Fatal(err)
	}
	if _, err := alice.SaveFilter(ctx(), store.Filter{Title: "to go", Context: store.FilterHome}); err != nil {
		t.Fatal(err)
	}
	text := `{"custom_filters":[{"title":"alpha","expires_at":"2030-01-02 03:04:05 UTC","context":["notifications"],"action":"warn","keywords_attributes":[],"statuses":[]},
		{"title":"zeta","expires_at":null,"context":["home","public"],"action":"hide","keywords_attributes":[{"keyword":"foo","whole_word":false},{"keyword":"bar baz","whole_word":true}],"statuses":[` + fmt.Sprintf("%q", post.URI) + `]},
		{"title":"nowhere","context":["moon"],"action":"warn"}]}`
	i := readCSV(t, alice, "custom_filters.json", text)
	if p := preview(t, alice, i, false); i.Notes.Wrong != 1 || p.Rows != 3 || p.New != 2 || p.Changed != 1 || p.Going != 0 {
		t.Errorf("preview: %+v, %+v", p, i.Notes)
	}
	begin(t, alice, i, false)
	c.Settle()
	all := lookAt(t, alice, func(tx *store.Tx) ([]store.Filter, error) { return tx.Filters() })
	if len(all) != 3 || len(all[0].Words) != 3 || all[0].Context != store.FilterHome || len(all[0].Posts) != 1 || all[2].ExpiresAt.Year() != 2030 {
		t.Errorf("filters: %+v", all)
	}
	again := readCSV(t, alice, "custom_filters.json", text)
	if p := preview(t, alice, again, false); p.Same != 3 || p.New+p.Changed != 0 {
		t.Errorf("preview of the same again: %+v", p)
	}
	if p := preview(t, alice, again, true); p.Changed != 1 || p.Going != 1 {
		t.Errorf("preview in place: %+v", p)
	}
	begin(t, alice, again, true)
	c.Settle()
	all = lookAt(t, alice, func(tx *store.Tx) ([]store.Filter, error) { return tx.Filters() })
	if len(all) != 2 || len(all[0].Words) != 2 || all[0].Context != store.FilterHome|store.FilterPublic || all[0].Action != store.FilterHide || len(alice.Filters()) != 2 {
		t.Errorf("filters: %+v", all)
	}
}
