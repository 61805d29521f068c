package federation_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// Somebody who moved since the list was written is followed, and put into lists, at
// the new account, if that names the old one; else it is said where to look (T18).
func TestT18_WhoMovedIsFollowedAtTheNewAccount(t *testing.T) {
	c := fedtest.New(t, "alice", "home")
	alice, home := c.Servers[0], c.Servers[1]
	old, liar, stuck := c.Stranger("old"), c.Stranger("liar"), c.Stranger("stuck")
	if err := home.SetAliases(ctx(), []string{old.ActorID()}); err != nil {
		t.Fatal(err)
	}
	old.Serve("/users/old", merge(old.Actor(), "movedTo", home.ActorURI()))
	liar.Serve("/users/liar", merge(liar.Actor(), "movedTo", home.ActorURI()))
	stuck.Serve("/users/stuck", merge(stuck.Actor(), "movedTo", "http://gone.localhost:9/users/x"))
	follows := readCSV(t, alice, "following_accounts.csv", fmt.Sprintf("Account address,Show boosts\nold@%s,false\nliar@%s,true\nstuck@%s,true\n", old.Host, liar.Host, stuck.Host))
	lists := readCSV(t, alice, "lists.csv", "Bakers,old@"+old.Host+"\n")
	begin(t, alice, follows, false)
	begin(t, alice, lists, false)
	c.SettleFor(10*time.Minute, 15*time.Second)
	if f := followingOf(t, alice, home); f.State != store.FollowAccepted || f.Boosts {
		t.Errorf("the follow at the new account is %+v", f)
	}
	if n := len(old.Received("Follow")) + len(liar.Received("Follow")); n != 0 {
		t.Errorf("%d follows went to accounts that are left", n)
	}
	if got := progress(t, alice, follows); got.Taken != 1 || got.Accepted != 1 || got.Refused != 1 || got.Waiting != 1 {
		t.Errorf("follows: %+v", got)
	}
	left := lookAt(t, alice, func(tx *store.Tx) ([]store.CSVRow, error) { return tx.CSVLeft(follows.ID, 0, 10) })
	if len(left) != 1 || left[0].Line != 3 || !strings.Contains(left[0].Reason, "They moved to @"+home.Handle()) {
		t.Errorf("left: %+v", left)
	}
	if got := progress(t, alice, lists); got.Taken != 1 || csvState(t, alice, lists) != store.CSVDone {
		t.Errorf("lists: %+v", got)
	}
	all := lookAt(t, alice, func(tx *store.Tx) ([]store.List, error) { return tx.ListsOf(person(t, alice, home).ID) })
	if len(all) != 1 || all[0].Title != "Bakers" {
		t.Errorf("the new account is in %+v", all)
	}
}

// Lists of people whose follows were sent meanwhile ask nobody, and each place in them
// takes no turn of its own.
func TestPlacesInListsTakeNoTurnOnceTheirPeopleAreFollowed(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	var follows, lists strings.Builder
	follows.WriteString("Account address,Show boosts\n")
	for n := range 4 {
		st := c.Stranger(fmt.Sprintf("srv%d", n))
		st.Handle(func(w http.ResponseWriter, r *http.Request) { answerForAll(st, w, r) })
		fmt.Fprintf(&follows, "p@%s,true\n", st.Host)
		for k := range 5 {
			fmt.Fprintf(&lists, "List %d,p@%s\n", k, st.Host)
		}
	}
	f, l := readCSV(t, alice, "following_accounts.csv", follows.String()), readCSV(t, alice, "lists.csv", lists.String())
	if p := preview(t, alice, l, false); p.Slow != 20 || p.Takes != 4*federation.CSVGap {
		t.Errorf("20 places of 4 people: %+v", p)
	}
	begin(t, alice, l, false)
	begin(t, alice, f, false)
	if p := progress(t, alice, l); p.Left != 4*federation.CSVGap {
		t.Errorf("20 places of 4 people whose follows wait take %s", p.Left)
	}
	c.SettleFor(2*time.Minute, 15*time.Second)
	if got := progress(t, alice, l); got.Taken != 20 || got.Sent != 0 || csvState(t, alice, l) != store.CSVDone {
		t.Errorf("places: %+v", got)
	}
}

// All the lists that Mastodon gives can lie here side by side before one is begun, and
// the names that others give them are known.
func TestManyListsWaitForTheOwner(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	for name, kind := range map[string]store.CSVKind{
		"following_accounts.csv": store.CSVFollowing, "following-2026-01-02-03-04-05.csv": store.CSVFollowing, "lists.csv": store.CSVLists, "user-lists-2026.csv": store.CSVLists,
		"blocked_accounts.csv": store.CSVBlocks, "blocking-2026.csv": store.CSVBlocks, "muted_accounts.csv": store.CSVMutes, "mute-2026.csv": store.CSVMutes,
	} {
		text := "p@far.example\n"
		if kind == store.CSVLists {
			text = "Bakers," + text
		}
		if i := readCSV(t, alice, name, text); i.Kind != kind {
			t.Errorf("%s is read as %d", name, i.Kind)
		}
	}
	if all := lookAt(t, alice, func(tx *store.Tx) ([]store.CSVImport, error) { return tx.CSVImports() }); len(all) != 8 {
		t.Errorf("%d of 8 lists are left", len(all))
	}
}

// Of a list that is stored in slices every line is there, and what was found in it.
func TestALongListIsStoredWhole(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	i := readCSV(t, alice, "following_accounts.csv", string(longList("following_accounts.csv", 1203))+"p7@s7.many.example\nnobody\n")
	rows := lookAt(t, alice, func(tx *store.Tx) ([]store.CSVRow, error) { return tx.CSVRows(i.ID, 0, 2000) })
	if len(rows) != 1203 || rows[1202].Key != "p1202@s1202.many.example" || i.Notes.Doubles != 1 || i.Notes.Wrong != 1 {
		t.Errorf("%d rows, %+v", len(rows), i.Notes)
	}
	now := lookAt(t, alice, func(tx *store.Tx) (store.CSVImport, error) { return tx.CSVImport(i.ID) })
	if now.State != store.CSVRead || now.Notes.Doubles != 1 {
		t.Errorf("stored as %+v", now)
	}
}

// Whoever moved, and is followed at the new account, is named by a list that has the
// old one.
func TestAListInPlaceOfWhatIsHereKeepsWhoMoved(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	old, to, was := mover(t, c, alice)
	alice.Follows(t, bob)
	makeList(t, alice, store.List{Title: "Bakers"}, was)
	to.Serve("/users/new", aliased(to, old.ActorID()))
	old.Send(alice, move(old, to))
	c.Settle()
	follows := readCSV(t, alice, "following_accounts.csv", "Account address,Show boosts\nold@"+old.Host+",true\n")
	lists := readCSV(t, alice, "lists.csv", "Bakers,old@"+old.Host+"\n")
	if p := preview(t, alice, follows, true); p.Going != 1 || p.Leaving[0].Key != bob.Handle() {
		t.Errorf("of follows would go %+v", p.Leaving)
	}
	if p := preview(t, alice, lists, true); p.Going != 0 {
		t.Errorf("of places in lists would go %+v", p.Leaving)
	}
	to.Forget()
	begin(t, alice, follows, true)
	begin(t, alice, lists, true)
	c.SettleFor(10*time.Minute, 15*time.Second)
	if n := len(to.Received("Undo")) + len(to.Received("Follow")); n != 0 {
		t.Errorf("the new account was told %d times", n)
	}
}

// Two people on two servers who moved to one are asked about there at its pace.
func TestWhoMovedToOneServerIsAskedAboutThereAtItsPace(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice, home := c.Servers[0], c.Stranger("home")
	text, asked := "Account address,Show boosts\n", []time.Time{}
	for n := range 2 {
		old := c.Stranger(fmt.Sprint("old", n))
		name := fmt.Sprint("/users/home", n)
		doc := merge(home.Actor(), "id", home.URL(name), "preferredUsername", fmt.Sprint("home", n), "alsoKnownAs", []any{old.ActorID()})
		home.Serve(name, doc)
		old.Serve("/users/"+fmt.Sprint("old", n), merge(old.Actor(), "movedTo", home.URL(name)))
		text += fmt.Sprintf("old%d@%s,true\n", n, old.Host)
	}
	list := readCSV(t, alice, "following_accounts.csv", text)
	begin(t, alice, list, false)
	seen := 0
	for range 20 {
		c.Settle()
		if n := len(home.Received("Follow")); n > seen {
			seen, asked = n, append(asked, c.Now())
		}
		c.Advance(5 * time.Second)
	}
	if len(asked) != 2 || asked[1].Sub(asked[0]) < federation.CSVHostGap {
		t.Errorf("its server was asked at %v", asked)
	}
}

// Reading a list that is given up leaves no list behind, not even half of one.
func TestAListWhoseReadingEndsLeavesNothing(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	text := longList("following_accounts.csv", 5000)
	for n := range 20 {
		given, cancel := context.WithTimeout(ctx(), time.Duration(n)*time.Millisecond)
		i, err := alice.ReadCSV(given, bytes.NewReader(text), "following_accounts.csv", store.CSVUnknown)
		cancel()
		all := lookAt(t, alice, func(tx *store.Tx) ([]store.CSVImport, error) { return tx.CSVImports() })
		if err != nil && len(all) != 0 {
			t.Fatalf("%v left %+v", err, all)
		}
		if err == nil {
			if err := alice.DropCSV(ctx(), i.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What waits for nothing more writes nothing more, also if its command was killed, and
// what is wanted later is asked for.
func TestAnImportThatWantsNothingMoreIsLeftInPeace(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	row := store.Import{State: store.ImportCommand, Name: "x.zip"}
	want := func(p store.Post) {
		t.Helper()
		if err := alice.Store().Write(ctx(), func(tx *store.Tx) error {
			if row.ID == 0 {
				if err := tx.AddImport(&row); err != nil {
					return err
				}
			}
			return alice.WantImported(tx, store.ImportWant{ImportID: row.ID, Kind: store.WantBookmark, URI: p.URI})
		}); err != nil {
			t.Fatal(err)
		}
		c.SettleFor(time.Minute, 6*time.Second)
		lookAt(t, alice, func(tx *store.Tx) (int, error) {
			if waits, err := tx.JobWaiting(fmt.Sprint("import-wants:", row.ID)); waits || err != nil {
				t.Errorf("a job waits for nothing, %v", err)
			}
			id, err := tx.PostIDByURI(p.URI)
			if err != nil {
				return 0, err
			}
			if saved, err := tx.BookmarkedAmong([]int64{id}); err != nil || !saved[id] {
				t.Errorf("%s is not saved, %v", p.URI, err)
			}
			return 0, nil
		})
	}
	want(bob.Post(t, store.Public, "One"))
	want(bob.Post(t, store.Public, "Two"))
}
