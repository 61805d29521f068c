package dashboard

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/store"
	"dassie/store/storetest"
)

// The numbers of the previews are what happens, with 2,000 followers on 300 servers.
func TestPreviewsOfServerBlocksAreWhatHappens(t *testing.T) {
	h := newHouse(t)
	crowd(t, h)
	before := h.shown()
	ask := h.open("/me/blocked/servers/block?server=s7.example")
	said := promised(ask.body)
	if said["Followers"] == 0 || said["Requests"] == 0 || said["Following"] == 0 || said["Lists"] == 0 || said["Home"] == 0 || said["Inbox"] == 0 || said["Messages"] == 0 {
		t.Fatalf("the page promises %v", said)
	}
	ask.says(t, "You lose ", "@u", "Silence its strangers")
	h.submit("/me/blocked/servers/block", "server", "s7.example")
	h.keeps("one server", said, before)
	h.open("/me/safety").says(t, "s7.example", "does not come back", "Unblock")
	for _, want := range []string{strconv.Itoa(said["Followers"]) + " followers were lost", "you followed " + strconv.Itoa(said["Following"]) + " people"} {
		h.open("/me/safety").says(t, want)
	}
	h.open("/me/blocked/servers/block?server=deep.s7.example").says(t, "since s7.example is", "Nothing more would happen")
	h.sent("/me/blocked/servers/unblock", "server", "s7.example")
	if now := h.shown(); now.home != before.home || now.inbox != before.inbox || now.messages != before.messages || now.followers != before.followers-said["Followers"] {
		t.Errorf("after the undo %+v, before %+v", now, before)
	}

	var list strings.Builder
	list.WriteString("\ufeff#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\r\n")
	for i := 10; i < 90; i++ {
		fmt.Fprintf(&list, "s%d.example,suspend,true,true,\"Spam, and more\",false\r\n", i)
	}
	list.WriteString("s95.example,silence,false,false,,false\ns96.example,noop,false,false,,false\n=cmd|' /C calc'!A0,suspend\ns***.example,suspend,,,,true\n" + h.Host + ",suspend\nmüller.example,suspend\nS10.Example,silence\nx.example,perhaps\n")
	before = h.shown()
	page := h.uploadList("/me/blocked/servers/list", "file", list.String())
	page.says(t, "Take in 82 servers?", "81 servers", "1 server", "Passed over", ", with nothing asked for.", "Twice", "4 lines that cannot be taken", "Line 84: ", "hidden by stars", "This is your own server.", "neither suspend, silence nor noop", "xn--mller-kva.example")
	said = promised(page.body)
	for label := range before.less(before) {
		if said[label] == 0 {
			t.Errorf("the list costs no %s", label)
		}
	}
	rows := regexp.MustCompile(`name="rows" value="([^"]*)"`).FindStringSubmatch(page.body)
	if rows == nil {
		t.Fatal("the page does not hold the list")
	}
	if h.shown() != before {
		t.Error("the preview changed something")
	}
	h.submit("/me/blocked/servers/list/apply", "rows", unescape(rows[1]))
	h.open("/me/blocked/servers").says(t, "A list is being put in force")
	h.cluster.Settle()
	h.keeps("a list", said, before)
	h.open("/me/blocked/servers").says(t, "81 blocked, 1 silenced", "Spam, and more")
	csv := h.do("GET", "/me/blocked/servers.csv", nil)
	if !strings.Contains(csv.body, "s11.example,suspend,true,true,\"Spam, and more\",false\n") || !strings.Contains(csv.body, "s95.example,silence,false,false,,false\n") {
		t.Errorf("the file is %s", csv.body[:300])
	}
	h.uploadList("/me/blocked/servers/list", "file", csv.body).says(t, "Nothing new in this list", "82 servers")
	undo := regexp.MustCompile(`href="(/me/blocked/servers/list/undo\?at=(\d+))"`).FindStringSubmatch(h.open("/me/safety").body)
	if undo == nil {
		t.Fatal("the list cannot be taken back")
	}
	h.open(undo[1]).says(t, "Take back the list of 82 servers?", "followers were lost")
	h.submit("/me/blocked/servers/list/undo", "at", undo[2])
	h.open("/me/blocked/servers").says(t, "0 blocked")
	if now := h.shown(); now.home != before.home || now.inbox != before.inbox || now.messages != before.messages {
		t.Errorf("after the undo %+v, before %+v", now, before)
	}
}

// A list that blocks what was silenced gives the silence back with its undo, as it
// was: by hand, or with a list of its own, unless that was taken back as well. So does
// the end of the block of one server.
func TestTheEndOfABlockGivesTheSilenceBack(t *testing.T) {
	h := newHouse(t)
	take := func(bound store.Bound, names ...string) time.Time {
		h.cluster.Advance(time.Minute)
		at := h.Now()
		var list []federation.ListedServer
		for _, n := range names {
			list = append(list, federation.ListedServer{Name: n, Bound: bound, Comment: "why " + strconv.Itoa(int(bound))})
		}
		if _, err := h.ApplyServerList(ctx, list, false); err != nil {
			t.Fatal(err)
		}
		h.cluster.Settle()
		return at
	}
	undo := func(at time.Time) {
		h.submit("/me/blocked/servers/list/undo", "at", strconv.FormatInt(at.UnixMilli(), 10))
	}
	is := func(name string, want store.Bound, list time.Time, comment string) {
		t.Helper()
		r, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (store.ServerRule, error) { return tx.RuleOver(name) })
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		if r.Bound != want || !r.ListAt.Equal(list) || r.Comment != comment {
			t.Errorf("%s: %+v, want %d of the list of %v, %q", name, r, want, list, comment)
		}
	}
	if _, err := h.SilenceServer(ctx, "hand.example"); err != nil {
		t.Fatal(err)
	}
	mild := take(store.Silenced, "a.example", "b.example")
	hard := take(store.Blocked, "a.example", "hand.example", "new.example")
	is("a.example", store.Blocked, hard, "why 2")
	is("deep.hand.example", store.Blocked, hard, "why 2")
	undo(hard)
	is("a.example", store.Silenced, mild, "why 1")
	is("b.example", store.Silenced, mild, "why 1")
	is("deep.hand.example", store.Silenced, time.Time{}, "")
	is("new.example", store.Unbound, time.Time{}, "")
	h.open("/me/blocked/servers").says(t, "0 blocked, 3 silenced")

	hard = take(store.Blocked, "a.example", "hand.example")
	undo(mild)
	is("b.example", store.Unbound, time.Time{}, "")
	undo(hard)
	is("a.example", store.Unbound, time.Time{}, "")
	is("hand.example", store.Silenced, time.Time{}, "")

	h.open("/me/blocked/servers/block?server=hand.example").says(t, "until you take it back it stands in place of that")
	h.submit("/me/blocked/servers/block", "server", "hand.example")
	is("hand.example", store.Blocked, time.Time{}, "")
	h.sent("/me/blocked/servers/unblock", "server", "hand.example")
	is("hand.example", store.Silenced, time.Time{}, "")
	h.sent("/me/blocked/servers/unsilence", "server", "hand.example")
	is("hand.example", store.Unbound, time.Time{}, "")
}

// The preview of a block looks through so many of the newest posts of Home, and says so.
func TestThePreviewOfABlockIsBounded(t *testing.T) {
	h := newHouse(t)
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		a, err := storetest.Person(tx, "grace", "s1.example")
		if err != nil {
			return err
		}
		for i := range 10_050 {
			p := store.Post{URI: fmt.Sprintf("https://x.example/%d", i), PublishedAt: tx.Now()}
			p.ActorID = a.ID
			if err := tx.InsertPost(&p); err != nil {
				return err
			}
			if err := tx.AddHome(p.ID, false); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.open("/me/blocked/servers/block?server=s1.example").says(t, "<b>10,000 posts are hidden</b> of the newest 10,000.")
}

func unescape(s string) string {
	return strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&amp;", "&", "&#43;", "+", "\r\n", "\n").Replace(s)
}

// uploadList sends a file in a form.
func (h *house) uploadList(path, field, text string) page {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("csrf", h.token())
	f, err := form.CreateFormFile(field, "list.csv")
	if err != nil {
		h.t.Fatal(err)
	}
	f.Write([]byte(text))
	form.Close()
	r, err := http.NewRequest("POST", h.web.URL+path, &body)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return h.send(r)
}

func TestListsOfServersThatAreNone(t *testing.T) {
	h := newHouse(t)
	for text, want := range map[string]string{
		"": "There is no server in this list", "# remark\n\n": "There is no server in this list", "\xff\xfe\x00a": "not text in UTF-8",
		strings.Repeat("a.example\n", 105000): "A list may have 1 MB",
	} {
		if p := h.uploadList("/me/blocked/servers/list", "file", text); p.status < 400 || !strings.Contains(p.body, want) {
			t.Errorf("%.20q answers %d without %q", text, p.status, want)
		}
	}
	var many strings.Builder
	for i := range 5001 {
		fmt.Fprintf(&many, "m%d.example\n", i)
	}
	if p := h.submit("/me/blocked/servers/list", "text", many.String()); p.status != 422 || !strings.Contains(p.body, "5,000 servers") {
		t.Errorf("too many: %d", p.status)
	}
	h.do("POST", "/me/blocked/servers/list", url.Values{"csrf": {h.token()}, "text": {"*.a.example\nb.example\nhttps://c.example/about\n"}}).says(t, "Take in 3 servers?", "a.example, b.example, c.example")
}

// A list goes on where a restart broke it off.
func TestAListOfServersOutlivesARestart(t *testing.T) {
	h := newHouse(t)
	var list []federation.ListedServer
	for i := range 300 {
		list = append(list, federation.ListedServer{Name: fmt.Sprintf("r%d.example", i), Bound: store.Blocked})
	}
	if n, err := h.ApplyServerList(ctx, list, false); err != nil || n != 300 {
		t.Fatal(n, err)
	}
	h.Restart(t)
	h.cluster.Settle()
	blocked, _, err := func() (a, b int, err error) {
		err = h.Store().Read(ctx, func(tx *store.Tx) error { a, b, err = tx.CountServerRules(); return err })
		return
	}()
	if err != nil || blocked != 300 {
		t.Errorf("%d of 300 are blocked, %v", blocked, err)
	}
}

// From a post all that gives peace is on one page, and Safety lists it, the last first.
func TestTroubleWithAPost(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	bob.Post(t, store.Public, "Leeks are weeds #leeks")
	if _, err := h.RunDue(ctx); err != nil {
		t.Fatal(err)
	}
	p := h.Home(t)[0]
	here := postPath(p.ID) + "/trouble"
	h.open("/me").says(t, here+"?back=%2fme%23p-"+decimal(p.ID), "Mute or block…")
	page := h.open(here + "?back=%2Fme")
	page.says(t, "Mute this conversation", "For how long", personPath(p.ActorID)+"/block?back=/me/safety", "/report?post="+decimal(p.ID), "Silence its strangers", bob.Host, `name="back" value="/me"`)
	h.open(here+"?back=https%3A%2F%2Fevil.example%2F").hides(t, "evil.example")
	h.open("/me/safety").says(t, "Nothing is in force", "All are told")
	h.open("/me/safety?from=9999999999999999999").says(t, "Nothing is in force")

	h.sent(postPath(p.ID)+"/mute", "back", "/me/safety").says(t, "Leeks are weeds", "Conversation muted, begun by")
	h.cluster.Advance(time.Minute)
	h.sent(personPath(p.ActorID)+"/mute", "for", "7d", "back", here).says(t, "Muted.", "7 days left", "Unmute")
	h.cluster.Advance(time.Minute)
	h.sent("/me/blocked/servers/silence", "server", bob.Host, "back", "/me/safety").says(t, "Silenced.", "Strangers of the server silenced", "0 blocked, 1 silenced")
	h.cluster.Advance(time.Minute)
	if _, err := h.SaveFilter(ctx, store.Filter{Title: "Weeds", Context: store.FilterEverywhere}); err != nil {
		t.Fatal(err)
	}
	list := h.open("/me/safety")
	last := -1
	for _, what := range []string{">Weeds<", "Strangers of the server silenced", "Muted until", "Conversation muted"} {
		at := strings.Index(list.body, what)
		if at < last || at < 0 {
			t.Errorf("%q stands at %d, after %d", what, at, last)
		}
		last = at
	}
	h.open("/me/safety?k=thread").says(t, "Muted conversations", "Leeks are weeds")
	h.open("/me/safety?k=thread").hides(t, "Muted until", ">Weeds<")

	h.sent(personPath(p.ActorID)+"/unmute", "back", "/me/safety").hides(t, "Muted until")
	h.open(personPath(p.ActorID)).hides(t, "You silenced the strangers") // she follows him
	h.open("/me/tags/leeks").says(t, "Leeks are weeds")
	h.submit(personPath(p.ActorID) + "/unfollow")
	h.open(personPath(p.ActorID)).says(t, "You silenced the strangers of", "Leeks are weeds")
	h.open("/me/tags/leeks").hides(t, "Leeks are weeds")
	h.open("/me").hides(t, "Leeks are weeds")
	h.sent("/me/blocked/servers/unsilence", "server", bob.Host, "back", personPath(p.ActorID)).says(t, "Taken back.")
	h.open("/me/tags/leeks").says(t, "Leeks are weeds")

	h.sent(personPath(p.ActorID)+"/block", "back", "/me/safety").says(t, "Blocked.", "do not come back", ">Unblock<")
	if p := h.do("GET", here, nil); p.status != http.StatusNotFound {
		t.Errorf("the page of a post that is hidden answers %d", p.status)
	}
	h.sent(personPath(p.ActorID)+"/unblock", "back", "/me/safety")
	h.submit("/me/blocked/servers/block", "server", bob.Host)
	if p := h.do("GET", postPath(p.ID), nil); p.status != http.StatusNotFound || !strings.Contains(p.body, "blocked the server") {
		t.Errorf("a post of a blocked server answers %d", p.status)
	}
	mine := h.Post(t, store.Public, "My own")
	h.open(postPath(mine.ID)+"/trouble").says(t, "This conversation")
	h.open(postPath(mine.ID)+"/trouble").hides(t, "For how long")
}
