package browsertest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

// TestEachThingOfWriting: what the write page has and no journey uses yet, with scripts
// and without: a poll behind a warning in another language, who gets it, the exact
// preview, who may quote it, a quote, an edit with its history, pin, a film and a sound,
// two posts in a row with an emoji of one's own, a post at a time, delete and write
// anew, and how far a deletion is.
func TestEachThingOfWriting(t *testing.T) {
	long(t)
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, l look, scripts bool) {
		s := newStreet(t, "alice", "bob")
		alice, bob := s.at("alice"), s.at("bob")
		bob.Follows(t, alice)
		alice.Follows(t, bob)
		theirs := bob.Post(t, store.Public, "Leeks are onions that went to university.")
		p := s.window("alice", l, scripts)

		p.open("/me/write")
		p.sees("1 follower on 1 server", "as soon as you press Post to everyone.")
		p.fill("text", "Which *one* first?")
		p.fill("warning", "Seeds")
		p.choose("lang", "nl")
		eval[bool](p, `() => { for (const d of document.querySelectorAll("details")) d.open = true; const o = document.querySelectorAll("[name=option]"); o[0].value = "Spinach"; o[1].value = "Leek"; return true }`)
		p.choose("quotable", "followers")
		p.press("Show who gets it")
		p.sees("1 person on 1 server", bob.Host)
		p.press("Preview")
		if !eval[bool](p, `() => document.querySelector("#preview em")?.textContent === "one" && document.querySelector("#preview").textContent.includes("Seeds")`) {
			t.Error("the preview is not the post")
		}
		p.touch("Followers", "Who can see this")
		p.sees("as soon as you press Post to your followers.")
		p.touch("Everyone", "Who can see this")
		p.press("Post")
		p.sees("Posted.")
		s.Settle()
		post := lastOf(t, alice)
		got, here := bob.Has(t, post.URI)
		if !here || got.Summary != "Seeds" || got.Language != "nl" || got.Extra.Poll == nil || got.Extra.Poll.Options[1].Name != "Leek" {
			t.Fatalf("bob has %+v", got)
		}
		page := "/me/post/" + strconv.FormatInt(post.ID, 10)

		s.Advance(time.Minute)
		p.open("/me/write?edit=" + strings.TrimPrefix(page, "/me/post/"))
		p.sees("An edit goes to the same people.", "An edit keeps the poll as it is")
		p.fill("text", "Which *two* first?")
		p.press("Save changes")
		p.open(page + "/edits")
		p.sees("Earlier versions", "Which two first?", "Which one first?")
		s.Settle()
		if got, _ := bob.Has(t, post.URI); !strings.Contains(got.Content, "two") {
			t.Errorf("bob has %q", got.Content)
		}
		p.open(page)
		p.touch("More", "")
		if scripts { // the card changes in its place
			p.touch("Pin on my profile", "")
		} else {
			p.press("Pin on my profile")
		}
		p.awaits(page, "the pin", func(string) bool {
			return eval[bool](p, `() => [...document.querySelectorAll("button")].some(b => b.textContent === "Unpin")`)
		})

		found, _ := alice.Has(t, theirs.URI)
		p.open("/me/write?quote=" + strconv.FormatInt(found.ID, 10))
		p.sees("You quote", "Leeks are onions")
		p.fill("text", "Quite so")
		p.press("Post")
		s.Settle()
		p.open("/me")
		p.sees("Quite so", "Leeks are onions")
		if q := lastOf(t, alice); q.Extra.QuoteURI != theirs.URI {
			t.Errorf("it quotes %q", q.Extra.QuoteURI)
		}

		s.filmAndSound(p, alice, bob)
		s.twoInARow(p, alice, bob)

		p.open("/me/write")
		p.fill("text", "Good morning")
		at := s.Now().UTC().Add(26 * time.Hour).Format("2006-01-02T15:04")
		eval[bool](p, `(at) => { document.querySelector("[name=when]").value = at; return true }`, at)
		p.press("Post")
		p.sees("Scheduled.", "Good morning")
		n := len(bob.Received("Create"))
		s.Advance(27 * time.Hour)
		s.Settle()
		if len(bob.Received("Create")) != n+1 {
			t.Errorf("%d Creates after the time, %d before", len(bob.Received("Create")), n)
		}

		p.open(page + "/redraft")
		p.sees("1 server that holds a copy")
		p.press("Delete and write anew")
		if text := eval[string](p, `() => document.querySelector("textarea[name=text]").value`); text != "Which *two* first?" {
			t.Errorf("the draft is %q", text)
		}
		p.press("Save draft")
		p.sees("Draft saved")
		s.Settle()
		if _, here := bob.Has(t, post.URI); here {
			t.Error("bob has it still")
		}
		last := "/me/post/" + strconv.FormatInt(lastOf(t, alice).ID, 10)
		p.open(last + "/delete")
		p.press("Delete")
		s.Settle()
		p.awaitsText("/me/deliveries", "Delete sent to 1 server")
	})
}

// TestEachThingOfSafety: a list of servers in and out, with what it would do first;
// strangers under a rule, looked through and let in; one person blocked; a report with
// its buttons; all of it on the page that undoes it; with scripts and without.
func TestEachThingOfSafety(t *testing.T) {
	long(t)
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, l look, scripts bool) {
		s := newStreet(t, "alice", "bob")
		alice, bob := s.at("alice"), s.at("bob")
		fan := s.Stranger("fan")
		fan.Send(alice, fan.Activity("Follow", alice.ActorURI()))
		s.Settle()
		p := s.window("alice", l, scripts)

		file := filepath.Join(t.TempDir(), "list.csv")
		if err := os.WriteFile(file, []byte("#domain,#severity\n"+fan.Host+",suspend\nmild.example,silence\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		p.open("/me/blocked/servers/list")
		p.upload("file", file)
		p.press("Show what it would do")
		p.sees("Take in 2 servers?", "You lose 1 follower", "Where follows end")
		p.press("Take in 2 servers")
		s.Settle()
		p.open("/me/blocked/servers")
		p.sees("1 blocked, 1 silenced", "mild.example")
		if list := p.saves("Download this list"); !strings.HasPrefix(list, "#domain,#severity") || !strings.Contains(list, "\n"+fan.Host+",suspend") || !strings.Contains(list, "\nmild.example,silence") {
			t.Errorf("the list that was taken out: %q", list)
		}
		if f, err := store.Get(context.Background(), alice.Store(), func(tx *store.Tx) (int, error) { return tx.CountFollowers(store.FollowAccepted) }); err != nil || f != 0 {
			t.Errorf("%d followers are left, %v", f, err)
		}
		p.open("/me/safety")
		p.press("Undo…")
		p.sees("Take back the list of 2 servers?")
		p.press("Take it back")
		p.open("/me/blocked/servers")
		p.sees("0 blocked")

		p.open("/me/held")
		p.choose("not_followed", "filter")
		p.press("Save rules")
		p.sees("Saved.")
		note := fan.Note("/n/1", "<p>Hello, stranger</p>")
		note["tag"] = []any{map[string]any{"type": "Mention", "href": alice.ActorURI()}}
		fan.Send(alice, fan.Activity("Create", note))
		s.Settle()
		p.open("/me/inbox")
		p.misses("Hello, stranger")
		p.open("/me/held")
		p.sees("fan", "Hello, stranger")
		p.press("Let through: fan")
		s.Settle()
		p.awaitsText("/me/inbox", "Hello, stranger")

		s.blocksAndUndoes(p, alice, bob)

		p.open("/me/blocked/servers/block?server=" + fan.Host)
		p.press("Silence its strangers")
		p.sees("Silenced.")
		if _, err := bob.Follow(context.Background(), known(t, bob, alice)); err != nil {
			t.Fatal(err)
		}
		mine := alice.Post(t, store.Public, "My leeks")
		s.Settle()
		there, _ := bob.Has(t, mine.URI)
		if _, err := bob.Report(context.Background(), federation.Complaint{ActorID: there.ActorID, PostIDs: []int64{there.ID}, Text: "Too many leeks.", Forward: true}); err != nil {
			t.Fatal(err)
		}
		s.Settle()
		p.open("/me/reports")
		p.sees("Too many leeks.", "My leeks")
		p.press("Mute")
		p.sees("Muted.")
		p.open("/me/reports")
		p.press("Silence their server")
		p.sees("is silenced.", "Close report")
		p.open("/me/safety")
		p.sees("Muted until", "Strangers of the server silenced", fan.Host)
		p.pressNear("Undo", fan.Host)
		p.open("/me/blocked/servers")
		p.misses(fan.Host)
	})
}

// lastOf is the owner's last post.
func lastOf(t testing.TB, s *fedtest.Server) store.Post {
	t.Helper()
	list, err := store.Get(context.Background(), s.Store(), func(tx *store.Tx) ([]store.Post, error) {
		return tx.OwnPosts(store.Page{Limit: 1}, store.Direct, true, false)
	})
	if err != nil || len(list) == 0 {
		t.Fatalf("no post: %v", err)
	}
	return list[0]
}

// known is the id of one server's owner on another.
func known(t testing.TB, here, there *fedtest.Server) int64 {
	t.Helper()
	found, err := here.Lookup(context.Background(), there.Handle())
	if err != nil {
		t.Fatal(err)
	}
	return found.Actor.ID
}
