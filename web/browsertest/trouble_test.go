package browsertest

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"testing"

	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/store/storetest"
)

// TestTrouble is UX.md's journey 7: of forty replies from one server the conversation
// is muted, then who wrote them for seven days, then the server is blocked with the
// numbers before; it is silent, and Safety lists and undoes all of it.
func TestTrouble(t *testing.T) {
	long(t)
	t.Parallel()
	withAndWithoutScripts(t, func(t *testing.T, l look, scripts bool) {
		s := newStreet(t, "alice")
		tr := &trouble{street: s, alice: s.at("alice"), loud: s.Stranger("loud")}
		tr.begin()
		p := s.window("alice", l, scripts)
		p.open("/me/inbox")
		p.sees("You are wrong")
		p.open(tr.thread)
		tr.menu(p, "Mute this conversation")
		p.sees("Muted.", "Nothing in this conversation is told")
		tr.menu(p, "Mute", "Nothing in the inbox either")
		p.sees("Muted.", "They are not told.", "you blocked, muted or silenced")
		p.misses("that is number")
		tr.block(p)
		tr.silent(p)
		tr.undo(p)
	})
}

type trouble struct {
	*street
	alice  *fedtest.Server
	loud   *fedtest.Stranger
	mine   store.Post
	thread string
}

// begin: Alice posts, three people of a server follow her, and forty replies come
// from there.
func (t *trouble) begin() {
	t.t.Helper()
	t.mine = t.alice.Post(t.t, store.Public, "Leeks want a deep hole.")
	t.thread = "/me/post/" + fmt.Sprint(t.mine.ID)
	t.say(0, 40, http.StatusAccepted)
	err := t.alice.Store().Write(context.Background(), func(tx *store.Tx) error {
		for i := range 3 {
			a, err := storetest.Person(tx, "fan"+strconv.Itoa(i), t.loud.Host)
			if err != nil {
				return err
			}
			if err := tx.SaveFollower(store.Follower{ActorID: a.ID, State: store.FollowAccepted, FollowURI: a.URI + "/f", Follow: "{}", AskedAt: tx.Now(), DecidedAt: tx.Now()}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.t.Fatal(err)
	}
}

// say sends replies, which must be answered so.
func (t *trouble) say(from, to, want int) {
	t.t.Helper()
	for i := from; i < to; i++ {
		note := t.loud.Note("/n/"+strconv.Itoa(i), "<p>You are wrong, and that is number "+strconv.Itoa(i)+"</p>")
		note["inReplyTo"], note["tag"] = t.mine.URI, []any{map[string]any{"type": "Mention", "href": t.alice.ActorURI()}}
		if status := t.loud.Send(t.alice, t.loud.Activity("Create", note)); status != want {
			t.t.Fatalf("reply %d is answered %d, want %d", i, status, want)
		}
	}
	t.Settle()
}

// menu goes by the menu of the first reply to what can be done, and does one thing;
// before it some boxes are ticked or not.
func (t *trouble) menu(p *tab, button string, boxes ...string) {
	t.t.Helper()
	first := eval[string](p, `() => (document.querySelector(".tree article") || document.querySelector(".focus article")).id`)
	p.touch("More", "#"+first)
	p.pressNear("Mute or block…", "#"+first)
	p.sees("This conversation", t.loud.Host, "For how long", "Block the server…", "Report…")
	for _, box := range boxes {
		p.touch(box, "")
	}
	p.press(button)
}

func (t *trouble) counts() (followers, notices int) {
	t.t.Helper()
	err := t.alice.Store().Read(context.Background(), func(tx *store.Tx) (err error) {
		if followers, err = tx.CountFollowers(store.FollowAccepted); err != nil {
			return err
		}
		all, err := tx.Notices(store.Page{Limit: 1000}, store.NoticeQuery{})
		notices = len(all)
		return err
	})
	if err != nil {
		t.t.Fatal(err)
	}
	return followers, notices
}

// block: the numbers of the page before are what happens.
func (t *trouble) block(p *tab) {
	t.t.Helper()
	p.open("/me/safety")
	p.sees("Muted until", "7 days left", "Conversation muted")
	p.press("loud")
	p.press("Their server…")
	p.sees("You lose 3 followers.", "3 are removed", "Silence its strangers", "Follows do not")
	said := regexp.MustCompile(`Inbox\s+(\d+) notices`).FindStringSubmatch(p.text())
	if said == nil {
		t.t.Fatalf("no number of notices in %s", p.text())
	}
	followers, notices := t.counts()
	p.press("Block " + t.loud.Host)
	p.sees("Blocked.", "nothing from there is taken or shown")
	t.Settle()
	lost, hidden := t.counts()
	if lost, hidden = followers-lost, notices-hidden; lost != 3 || strconv.Itoa(hidden) != said[1] {
		t.t.Errorf("%d followers lost and %d notices hidden; the page said 3 and %s", lost, hidden, said[1])
	}
}

// silent: nothing more comes, and nothing of what came is shown.
func (t *trouble) silent(p *tab) {
	t.t.Helper()
	t.say(40, 45, http.StatusForbidden)
	for _, path := range []string{"/me", "/me/inbox", t.thread, "/me/search?q=wrong"} {
		p.open(path)
		p.misses("that is number")
	}
	if n := eval[string](p, `() => document.querySelector(".rail [data-n=inbox]").hidden + ""`); n != "true" {
		t.t.Error("the rail counts notices that are not shown")
	}
}

// undo: all that was done stands on one page, with its undo.
func (t *trouble) undo(p *tab) {
	t.t.Helper()
	p.open("/me/safety")
	p.sees("1 blocked, 0 silenced", "1 muted", "Muted until", "Conversation muted", "Server blocked", "3 followers were lost and do not come back")
	p.pressNear("Unblock", t.loud.Host)
	p.sees("Taken back.", "0 blocked")
	p.misses("Server blocked")
	p.pressNear("Unmute", "Conversation muted")
	p.pressNear("Unmute", "Muted until")
	p.sees("Nothing is in force")
	p.open(t.thread)
	p.sees("that is number 1")
	t.say(50, 51, http.StatusAccepted)
	p.open("/me/inbox")
	p.sees("number 50")
}
