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
	begin(t, alice, l, false)
	begin(t, alice, f, false)
	if p := progress(t, alice, l); p.Left != 24*federation.CSVGap {
		t.Errorf("20 places behind 4 follows take %s", p.Left)
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
