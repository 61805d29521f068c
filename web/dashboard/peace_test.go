package dashboard

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
	"dassie/web/auth"
)

func TestBlockAndUnblock(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob, carol := h.other("bob"), h.other("carol")
	h.Follows(t, bob, carol)
	bob.Follows(t, h.Server)
	h.cluster.Advance(time.Minute)
	p := bob.Post(t, store.Public, "Loud and @"+h.Handle())
	carol.Follows(t, bob)
	if _, err := h.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	id := h.known(bob).ID
	path := personPath(id)
	seen, _ := h.Has(t, p.URI)
	h.open("/me").says(t, "Loud and")
	h.open("/me/inbox").says(t, "Loud and")
	// On a phone there is no column beside the page.
	page, _, _ := strings.Cut(h.open(path).body, "</main>")
	for _, link := range []string{path + "/block", path + "/report"} {
		if !strings.Contains(page, `href="`+link+`"`) {
			t.Errorf("%s is not in the page itself", link)
		}
	}
	h.open(path+"/block").says(t, "Block bob?", "They follow you and you follow them: both end", "Nothing they send is taken")
	h.sent(path+"/block").says(t, "Blocked.", "You blocked them", "their posts are hidden", ">Unblock</button>")
	for _, page := range []string{"/me", "/me/inbox", path, "/me/search?q=loud"} {
		h.open(page).hides(t, "Loud and")
	}
	if p := h.do("GET", postPath(seen.ID), nil); p.status != http.StatusNotFound || !strings.Contains(p.body, "Unblock them") {
		t.Errorf("a post of somebody blocked: %d %s", p.status, p.main())
	}
	h.open("/me/blocked").says(t, "@"+bob.Handle(), "Unblock")
	h.open("/me/search?q=%40"+bob.Handle()).says(t, "@"+bob.Handle())
	if p := h.do("GET", personPath(store.OwnerID)+"/block", nil); p.status != http.StatusNotFound {
		t.Errorf("block yourself: %d", p.status)
	}
	h.sent(path+"/unblock", "back", "/me/blocked").says(t, "You blocked nobody")
	h.open(path).says(t, ">Follow</button>", "Loud and")
}

// T48: what people on a blocked server wrote is hidden too, and comes back with it.
func TestT48_BlockedServersAreHidden(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	bob.Post(t, store.Public, "Loud leeks")
	if _, err := h.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	pages := []string{"/me", personPath(h.known(bob).ID), "/me/search?q=leeks"}
	for _, page := range pages {
		h.open(page).says(t, "Loud leeks")
	}
	h.submit("/me/requests/" + decimal(h.known(bob).ID) + "/block")
	for _, page := range pages {
		h.open(page).hides(t, "Loud leeks")
	}
	if err := h.UnblockHost(ctx, bob.Host); err != nil {
		t.Fatal(err)
	}
	h.open("/me").says(t, "Loud leeks")
}

func TestReportForm(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	p := bob.Post(t, store.Public, "Buy these leeks")
	seen, _ := h.Has(t, p.URI)
	path := personPath(h.known(bob).ID) + "/report"
	h.open("/me").says(t, path+"?post="+decimal(seen.ID))
	h.open(path+"?post="+decimal(seen.ID)).says(t, "Report bob", "Buy these leeks", `value="`+decimal(seen.ID)+`" id="post-`+decimal(seen.ID)+`" checked`, "Send it to the people who run "+bob.Host)
	long := h.submit(path, "text", strings.Repeat("x", 3001), "category", "spam", "post", decimal(seen.ID))
	if long.status != http.StatusUnprocessableEntity {
		t.Errorf("a report too long answers %d", long.status)
	}
	long.says(t, "Use at most 3,000 characters.", strings.Repeat("x", 3001), "checked")
	h.sent(path, "text", "Too many leeks", "category", "spam", "post", decimal(seen.ID)).says(t, "Reported.", "kept here")
	h.cluster.Settle()
	if n := len(bob.Received("Flag")); n != 0 {
		t.Errorf("%d reports went out without the tick", n)
	}
	for range 2 { // the button is pressed twice
		h.sent(path, "text", "Still too many", "category", "other", "forward", "yes").says(t, "Reported.", "Their server is being told")
	}
	gone := h.submit(path, "text", "Words that took an hour", "category", "spam", "post", decimal(seen.ID), "post", "4711")
	if gone.status != http.StatusNotFound {
		t.Errorf("a report of a post that is gone answers %d", gone.status)
	}
	gone.says(t, "Words that took an hour", "One of these posts is not here", `value="spam" selected`)
	h.cluster.Settle()
	if n := len(bob.Received("Flag")); n != 1 {
		t.Errorf("%d reports went out", n)
	}
	h.open("/me/reports?k=own").says(t, "Too many leeks", "kept here", "Still too many", "sent to their server", "Buy these leeks")
	h.open("/me/reports").says(t, "Nobody reported you")
}

func TestReportsAreReadAndAnswered(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	mine := h.Post(t, store.Public, "My leeks")
	found, err := bob.Lookup(ctx, mine.URI)
	if err != nil || found.Post == nil {
		t.Fatal(err)
	}
	attack := `</div><script>alert(1)</script>`
	if _, err := bob.Report(ctx, federation.Complaint{ActorID: found.Post.ActorID, PostIDs: []int64{found.Post.ID}, Text: "Not leeks. " + attack, Forward: true}); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.open("/me/inbox").says(t, "reported you, or posts of yours", `href="/me/reports"`, `Reports <span class="n count"><span>1</span>`)
	h.open("/me/more").says(t, `Reports <span class="count">1</span>`)
	page := h.open("/me/reports")
	page.says(t, "Not leeks.", "My leeks", postPath(mine.ID)+"/delete", ">Close report</button>", "Block their server")
	if found := alive(page.body); found != "" {
		t.Errorf("the page holds %q", found)
	}
	list, err := store.Get(ctx, h.Store(), func(tx *store.Tx) ([]store.Report, error) { return tx.Reports(false, store.Page{}) })
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	here := "/me/reports#r-" + decimal(list[0].ID)
	h.sent("/me/blocked/servers/silence", "server", bob.Host, "back", here).says(t, "Silenced.", bob.Host+"</bdi> is silenced.", ">Mute<")
	h.sent(personPath(list[0].ActorID)+"/mute", "for", "30d", "notices", "yes", "back", here).says(t, "Muted.", "Block their server", ">Close report</button>")
	h.open("/me/reports").hides(t, ">Mute<", ">Silence their server<")
	h.open("/me/safety").says(t, "Muted until", "Strangers of the server silenced")
	ask := h.open("/me/requests/" + decimal(list[0].ActorID) + "/block")
	ask.says(t, "Block "+bob.Host+"?", `href="/me/reports"`)
	ask.hides(t, "Reject")
	answer := "/me/reports/" + decimal(list[0].ID) + "/answer"
	page.says(t, `name="back" value="`+here+`"`)
	done := h.sent(answer, "note", "They are leeks. "+attack, "back", here)
	done.says(t, "</svg> Closed ", "They are leeks.")
	if done.location != here {
		t.Errorf("an answer leads to %s", done.location)
	}
	if found := alive(h.open("/me/reports").body); found != "" {
		t.Errorf("the answered page holds %q", found)
	}
	h.open("/me/reports").hides(t, ">Close report</button>", `Reports <span class="n count">`)
	h.submit(postPath(mine.ID) + "/delete")
	h.open("/me/reports").says(t, "1 post named in it is not here any more.", "Deleted since. When it was reported, it said:", "My leeks")
	if p := h.submit("/me/reports/99/answer", "note", "x"); p.status != http.StatusNotFound {
		t.Errorf("answering nothing: %d", p.status)
	}
	if p := h.submit(answer, "note", strings.Repeat("x", 3001)); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a note too long: %d", p.status)
	}
	h.sent("/me/requests/"+decimal(list[0].ActorID)+"/block").says(t, "Blocked.", "Nothing from that server", ">Reports</h1>")
}

func TestMovePages(t *testing.T) {
	h := newHouse(t, "bob", "home")
	bob, home := h.other("bob"), h.other("home")
	bob.Follows(t, h.Server)
	p := h.submit("/me/move/aliases", "aliases", "nonsense")
	if p.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong alias answers %d", p.status)
	}
	p.says(t, "neither a handle", "nonsense")
	h.sent("/me/move/aliases", "aliases", "@"+bob.Handle()+"\r\n\r\n").says(t, "Saved.", "@"+bob.Handle())
	if p := h.do("GET", "/me/move?to=%40"+home.Handle(), nil); p.status != http.StatusUnprocessableEntity {
		t.Errorf("moving without an alias there answers %d", p.status)
	} else {
		p.says(t, "does not name this account as its own yet")
	}
	if err := home.SetAliases(ctx, []string{h.ActorURI()}); err != nil {
		t.Fatal(err)
	}
	h.open("/me/move?to=%40"+home.Handle()).says(t, "Move to this account?", "Your 1 follower on 1 server is asked", "Password of this server", ">Move</button>")
	for _, wrong := range []string{"", "not it"} {
		if p := h.submit("/me/move/away", "to", "@"+home.Handle(), "password", wrong); p.status != http.StatusUnprocessableEntity {
			t.Errorf("moving with the password %q answers %d", wrong, p.status)
		} else {
			p.says(t, "The password is wrong", "Move to this account?")
		}
	}
	h.sent("/me/move/away", "to", "@"+home.Handle(), "password", password).says(t, "Moved.", "You moved.", "@"+home.Handle(), ">Come back</button>")
	h.sent("/me/move/away", "to", "@"+home.Handle(), "password", password).says(t, "Moved.") // pressed twice
	h.cluster.Settle()
	if len(bob.Received("Move")) != 1 {
		t.Error("bob's server was not told")
	}
	h.open("/me/move").says(t, "1 of 1 server with followers of yours accepted the move.")
	h.open("/me/write").says(t, "You moved.", "Nothing can be published here", `href="/me/move"`)
	h.open("/me").says(t, "You moved.")
	write := h.submit("/me/write", "do", "post", "text", "From the old place", "audience", "everyone", "key", "k")
	write.says(t, "You moved to another account", "From the old place")
	h.sent("/me/move/back").says(t, "You are back.", "Move away")
	h.submit("/me/move/away", "to", "@"+home.Handle(), "password", password).says(t, "once in 7 days")
}

func TestTooManyWrongPasswordsForAMoveAreAnsweredAsSuch(t *testing.T) {
	h := newHouse(t, "home")
	h.guard = auth.New(h.Store(), h.Origin(), trustAll, auth.Options{Now: h.cluster.Now})
	h.board.guard = h.guard
	home := h.other("home")
	if err := home.SetAliases(ctx, []string{h.ActorURI()}); err != nil {
		t.Fatal(err)
	}
	for range 12 {
		if p := h.submit("/me/move/away", "to", "@"+home.Handle(), "password", "not it"); p.status == http.StatusTooManyRequests {
			if p.header.Get("Retry-After") == "" {
				t.Errorf("nobody says how long to wait: %v", p.header)
			}
			p.says(t, "Wait ", "Move to this account?")
			return
		}
	}
	t.Error("12 wrong passwords were all looked at")
}

func TestSomebodyWhoMoved(t *testing.T) {
	h := newHouse(t, "bob", "home")
	bob, home := h.other("bob"), h.other("home")
	h.Follows(t, bob)
	if err := home.SetAliases(ctx, []string{"@" + bob.Handle()}); err != nil {
		t.Fatal(err)
	}
	if _, err := bob.MoveTo(ctx, "@"+home.Handle()); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.open(personPath(h.known(bob).ID)).says(t, "They moved to", "@"+home.Handle())
	h.open("/me/inbox").says(t, "moved to another account", "Now @"+home.Handle())
	h.open(personPath(h.known(home).ID)).says(t, "You follow them")
}

// Two people who move are two lines: each says where.
func TestTwoWhoMoved(t *testing.T) {
	h := newHouse(t, "bob", "carol", "home")
	home := h.other("home")
	bob, carol := h.other("bob"), h.other("carol")
	h.Follows(t, bob, carol)
	if err := home.SetAliases(ctx, []string{"@" + bob.Handle(), "@" + carol.Handle()}); err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"bob", "carol"} {
		if _, err := h.other(who).MoveTo(ctx, "@"+home.Handle()); err != nil {
			t.Fatal(err)
		}
	}
	h.cluster.Settle()
	if n := strings.Count(h.open("/me/inbox").body, "Now @"+home.Handle()); n != 2 {
		t.Errorf("the inbox says %d times where somebody moved", n)
	}
}

// What has no place in the phone's bar has one in the rail, and under More.
func TestEveryPageIsWithinReach(t *testing.T) {
	h := newHouse(t)
	for _, from := range []string{"/me", "/me/more"} {
		page := h.open(from)
		if from == "/me" {
			page.body, _, _ = strings.Cut(page.body, "<main")
		}
		for _, to := range []string{"safety", "reports", "data", "settings", "profile"} {
			page.says(t, `href="/me/`+to+`"`)
		}
	}
	for _, here := range []string{"safety", "reports", "data"} {
		h.open("/me/"+here).says(t, `href="/me/`+here+`" aria-current="page"`)
	}
	h.open("/me/move").says(t, `href="/me/data" aria-current="page"`)
}

// The page of a move says which servers of followers know it, for weeks, and who of
// the followers is here still.
func TestAMoveIsWatchedServerByServer(t *testing.T) {
	h := newHouse(t, "bob", "carol", "dave", "home")
	bob, carol, dave, home := h.cluster.Servers[1], h.cluster.Servers[2], h.cluster.Servers[3], h.cluster.Servers[4]
	for _, s := range []*fedtest.Server{bob, carol, dave} {
		s.Follows(t, h.Server)
	}
	if err := home.SetAliases(ctx, []string{h.ActorURI()}); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	carol.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	dave.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	h.sent("/me/move/away", "to", "@"+home.Handle(), "password", password)
	h.cluster.Settle()
	page := h.open("/me/move")
	page.says(t, "1 of 3 servers with followers of yours accepted the move.", "2 followers have not gone along yet.", carol.Host, "No answer", "Answered 503", "Next try", dave.Host, "Refused", "Answered 400")
	carol.Misbehave(nil)
	h.cluster.SettleFor(6*time.Hour, time.Hour)
	if _, err := h.Store().Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if n := len(carol.Received("Move")); n == 0 {
		t.Error("carol's server was never told")
	}
	h.open("/me/move").says(t, "2 of 3 servers with followers of yours accepted the move.", "1 follower has not gone along yet.")
}

func TestPinAndUnpin(t *testing.T) {
	h := newHouse(t)
	p := h.Post(t, store.Public, "Read this first")
	few := h.Post(t, store.Followers, "For few")
	path := postPath(p.ID)
	h.open("/me").says(t, "Pin on my profile")
	h.sent(path+"/pin", "back", path).says(t, ">Unpin</button>", "Pinned on your profile")
	h.open("/me").says(t, "Pinned on your profile")
	after := h.sent(path+"/unpin", "back", path)
	after.says(t, "Pin on my profile")
	after.hides(t, "Pinned on your profile")
	h.open(postPath(few.ID)).hides(t, "Pin on my profile")
	if p := h.submit(postPath(few.ID) + "/pin"); p.status != http.StatusUnprocessableEntity {
		t.Errorf("pinning a post for followers answers %d", p.status)
	}
	if p := h.submit("/me/post/99/pin"); p.status != http.StatusNotFound {
		t.Errorf("pinning nothing answers %d", p.status)
	}
}

func TestBlockedServers(t *testing.T) {
	h := newHouse(t, "bob")
	path, bob := h.followed("bob")
	h.open("/me/blocked/servers").says(t, "You blocked no server", "Such as social.example")
	ask := h.open("/me/blocked/servers/block?server=" + url.QueryEscape("@bob@"+bob.Host))
	ask.says(t, "Block "+bob.Host+"?", "You stop following 1 person.", `name="server" value="`+bob.Host+`"`)
	h.open(path).hides(t, "You blocked <b>")
	h.sent("/me/blocked/servers/block", "server", bob.Host).says(t, "Blocked.", bob.Host, "Unblock")
	h.open(path).says(t, "nothing from there is taken or shown")
	h.sent("/me/blocked/servers/unblock", "server", bob.Host).says(t, "You blocked no server")
	h.open(path).says(t, ">Follow</button>")
	for _, typed := range []string{"two words", "", "own.example/"} {
		if typed == "own.example/" {
			typed = h.Host
		}
		if p := h.submit("/me/blocked/servers/block", "server", typed); p.status != http.StatusUnprocessableEntity {
			t.Errorf("%q answers %d", typed, p.status)
		}
	}
	if p := h.do("GET", "/me/blocked/servers/block?server=two+words", nil); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `value="two words"`) {
		t.Errorf("%d %s", p.status, p.body)
	}
}
