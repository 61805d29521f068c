package fedtest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dassie/federation/ap"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/store/storetest"
)

// TestKillNineWhileListsComeIn kills the server again and again while lists are put in
// force, one of them in place of what is here. In the end everybody in them is muted,
// blocked or in a list, nobody else, and whoever had to be told was told of one thing.
func TestKillNineWhileListsComeIn(t *testing.T) {
	if os.Getenv("DASSIE_LONG") == "" {
		t.Skip("kills the real program many times: DASSIE_LONG=1 runs it")
	}
	const people = 3000
	p := build(t)
	c := fedtest.NewAt(t, time.Now())
	bob := c.Stranger("bob")
	bob.Handle(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/.well-known/webfinger":
			w.Header().Set("Content-Type", "application/jrd+json")
			fmt.Fprintf(w, `{"subject":"acct:bob@%s","links":[{"rel":"self","type":"application/activity+json","href":%q}]}`, bob.Host, bob.ActorID())
		case r.Method == http.MethodGet:
			bob.Write(w, bob.Actor())
		default:
			w.WriteHeader(http.StatusAccepted)
		}
	})
	p.meets(people)
	bring := func(file string, from, to int, line string, flags ...string) {
		var b bytes.Buffer
		for n := from; n < to; n++ {
			fmt.Fprintf(&b, line+"\n", fmt.Sprintf("p%d@far.example", n))
		}
		if file == "following_accounts.csv" {
			fmt.Fprintf(&b, line+"\n", "bob@"+bob.Host)
		}
		path := filepath.Join(t.TempDir(), file)
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		p.run(p.bin, append([]string{"import", "-data", p.data, path}, flags...)...)
	}
	bring("muted_accounts.csv", people/2, people, "%s,true", "-overwrite") // the first half is muted now
	bring("lists.csv", 0, people, "Bakers,%s")
	bring("following_accounts.csv", 0, 0, "%s,true")
	for range 12 {
		p.start()
		time.Sleep(time.Duration(rand.IntN(250)) * time.Millisecond) // another process, killed at any moment
		p.end(syscall.SIGKILL)
	}
	p.start()
	ended := func() bool {
		return p.reads(func(tx *store.Tx) (int, error) {
			all, err := tx.CSVRunning()
			return len(all), err
		}) == 0
	}
	if !eventually(3*time.Minute, ended) {
		t.Fatal("the lists did not come to their end")
	}
	p.end(syscall.SIGKILL)
	if n := p.reads(func(tx *store.Tx) (int, error) {
		list, err := tx.MuteList(0, 2*people)
		for _, m := range list {
			if a, err := tx.Actor(m.ActorID); err != nil || len(a.Username) < 5 || a.Username < fmt.Sprintf("p%d", people/2) {
				t.Errorf("muted is %s: %v", a.Username, err)
			}
		}
		return len(list), err
	}); n != people/2 {
		t.Errorf("%d people are muted, want %d", n, people/2)
	}
	if n := p.reads(func(tx *store.Tx) (n int, err error) {
		counts, err := tx.CountListed()
		for _, c := range counts {
			n += c
		}
		if len(counts) != 1 {
			t.Errorf("%d lists, want one", len(counts))
		}
		return n, err
	}); n != people {
		t.Errorf("%d people are in the list, want %d", n, people)
	}
	ids := map[string]bool{}
	for _, r := range bob.Received("Follow") {
		id, _, _ := strings.Cut(r.Body[strings.Index(r.Body, `"id":"`)+6:], `"`)
		ids[id] = true
	}
	if len(ids) != 1 || !ap.IsURL(oneOf(ids)) {
		t.Errorf("bob was asked by %v", ids)
	}
}

func oneOf(set map[string]bool) string {
	for id := range set {
		return id
	}
	return ""
}

// reads asks the database of the program beside it.
func (p *program) reads(ask func(tx *store.Tx) (int, error)) int {
	p.t.Helper()
	st, err := store.Open(p.data, store.Options{Readers: 1})
	if err != nil {
		p.t.Fatal(err)
	}
	defer st.Close()
	n, err := store.Get(p.t.Context(), st, ask)
	if err != nil {
		p.t.Fatal(err)
	}
	return n
}

// meets stores people whom the owner follows, the first half of them muted.
func (p *program) meets(people int) {
	p.t.Helper()
	st, err := store.Open(p.data, store.Options{})
	if err != nil {
		p.t.Fatal(err)
	}
	defer st.Close()
	for from := 0; from < people; from += 500 {
		err := st.Write(p.t.Context(), func(tx *store.Tx) error {
			for n := from; n < from+500; n++ {
				a, err := storetest.Person(tx, fmt.Sprintf("p%d", n), "far.example")
				if err != nil {
					return err
				}
				if err := tx.SaveFollowing(store.Following{ActorID: a.ID, State: store.FollowAccepted, FollowURI: a.URI + "#follow", Boosts: true}); err != nil {
					return err
				}
				if n < people/2 {
					if err := tx.SaveMute(store.Mute{ActorID: a.ID, Notices: true}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			p.t.Fatal(err)
		}
	}
}
