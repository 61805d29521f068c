package dashboard

import (
	"archive/zip"
	"bytes"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/store"
)

// asksFor files a request as the public form does.
func (h *house) asksFor(handle, kind, words string) string {
	h.t.Helper()
	if err := h.AskSubject(ctx, handle, kind, words); err != nil {
		h.t.Fatal(err)
	}
	list, err := store.Get(ctx, h.Store(), func(tx *store.Tx) ([]store.SubjectRequest, error) { return tx.SubjectRequests(1) })
	if err != nil {
		h.t.Fatal(err)
	}
	return askedPath + "/" + decimal(list[0].ID)
}

func TestARequestForACopyIsSeenAndAnswered(t *testing.T) {
	h := newHouse(t, "bob")
	h.followed("bob")
	bob := h.other("bob")
	h.open(askedPath).says(t, "Nobody asks.")
	h.open("/me").hides(t, "request about data")
	path := h.asksFor(bob.Handle(), store.SubjectCopy, `Please. <script>alert(1)</script>`)
	h.open("/me").says(t, "1 request about data waits.", askedPath)
	h.open("/me/inbox").says(t, "1 request about data waits.")
	page := h.open(askedPath)
	page.says(t, "Wants a <b>copy</b>", "answer by", "Please. &lt;script&gt;", ">bob</bdi>", "/kept\">What is kept</a>")
	if found := alive(page.body); found != "" {
		t.Errorf("the page holds %q", found)
	}
	h.cluster.Advance(31 * 24 * time.Hour)
	h.open(askedPath).says(t, `<span class="warnw">answer by`)
	h.sent(path+"/answer").says(t, "Sent.", "not used yet")
	h.open("/me").hides(t, "request about data")
	h.cluster.Settle()
	if got := bob.Received("Create"); len(got) != 1 || !strings.Contains(got[0].Body, "/privacy/ask/") {
		t.Errorf("bob got %d messages", len(got))
	}
	h.sent(h.asksFor("@spam@megahost.example", store.SubjectCopy, "")+"/aside").says(t, "Put aside.")
}

// An answer that cannot be sent says so beside its request, which stays.
func TestAnAnswerThatCannotBeSentSaysWhy(t *testing.T) {
	h := newHouse(t, "bob")
	h.followed("bob")
	bob := h.other("bob")
	path := h.asksFor(bob.Handle(), store.SubjectCopy, "")
	if err := h.Block(ctx, h.known(bob).ID); err != nil {
		t.Fatal(err)
	}
	p := h.submit(path + "/answer")
	if p.status != http.StatusUnprocessableEntity {
		t.Errorf("answers %d", p.status)
	}
	p.says(t, "is blocked here", "another way", "Send the copy")
	if z := h.open(path + "/copy"); z.header.Get("Content-Type") != "application/zip" {
		t.Errorf("%v", z.header)
	}
	unknown := h.asksFor("@nobody@nowhere.example", store.SubjectCopy, "")
	h.open(askedPath).says(t, "Nothing is kept about this handle.")
	z := h.open(unknown + "/copy")
	r, err := zip.NewReader(bytes.NewReader([]byte(z.body)), int64(len(z.body)))
	if err != nil || len(r.File) != 2 { // the words on it, and the request itself
		t.Errorf("%v, %d files", err, len(r.File))
	}
	h.sent(h.asksFor("@nobody@nowhere.example", store.SubjectErase, "")+"/done").says(t, "Erased.")
}

// A handle that nobody here knows may stand in a list that was brought in.
func TestAHandleThatNobodyKnowsIsErasedFromLists(t *testing.T) {
	h := newHouse(t)
	in := store.CSVImport{State: store.CSVDone, Kind: store.CSVBlocks, File: "blocks.csv"}
	if err := h.Store().Write(ctx, func(tx *store.Tx) error {
		if err := tx.SaveCSVImport(&in); err != nil {
			return err
		}
		if err := tx.LogSecurity("block", "@nobody@nowhere.example", ""); err != nil {
			return err
		}
		return tx.AddCSVRows([]store.CSVRow{{ImportID: in.ID, Line: 2, Key: "nobody@nowhere.example", Host: "nowhere.example"}})
	}); err != nil {
		t.Fatal(err)
	}
	path := h.asksFor("@nobody@nowhere.example", store.SubjectErase, "")
	page := h.open(askedPath)
	page.says(t, "Nobody is known here under this handle. Filed under it: 1 line of a list that you brought in, 1 line of the security log, which stays", "Erase and close")
	page.hides(t, "Nothing is kept")
	h.sent(path+"/done").says(t, "Erased.")
	h.asksFor("@nobody@nowhere.example", store.SubjectErase, "")
	page = h.open(askedPath)
	page.says(t, "Filed under it: 1 line of the security log, which stays", "Close as erased")
	page.hides(t, "list that you brought in")
}

var kind = regexp.MustCompile(`<li><b>([\d,]+)</b> ([^<]*?) ?<`)

// The confirm page says the numbers of the page before it, and the effect is the same.
func TestAnErasureIsConfirmedWithItsNumbers(t *testing.T) {
	h := newHouse(t, "bob")
	path, bob := h.followed("bob")
	bob.Follows(t, h.Server)
	for range 4 {
		h.cluster.Advance(time.Minute)
		bob.Post(t, store.Public, "Bees")
	}
	h.cluster.Advance(time.Minute)
	bob.Post(t, store.Direct, "@"+h.Handle()+" psst")
	h.sent(path+"/note", "text", "Owes me honey")
	if _, err := h.Publish(ctx, federation.Draft{Text: "@" + bob.Handle() + " you do", Visibility: store.Direct}); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.cluster.SettleFor(2*time.Hour, time.Hour)
	h.open(path).says(t, path+"/kept")
	page := h.open(path + "/kept")
	page.says(t, "<b>5</b> posts and boosts", "<b>1</b> note of yours", "<b>1</b> post of yours that names them", "Because what you wrote is yours", "Your note about them and reports are in it")
	ask := h.open(path + "/kept/erase")
	goes, _, _ := strings.Cut(page.body, "Stays when the rest")
	for _, m := range kind.FindAllStringSubmatch(goes, -1) {
		ask.says(t, m[1]+" "+m[2])
	}
	ask.says(t, "This goes, and cannot be brought back: ", "5 posts and boosts", "They follow you and you follow them: both end", "This stays: 1 post of yours that names them. What you wrote is yours", "unless you block them")
	before := h.keptNumbers(bob)
	h.sent(path+"/kept/erase").says(t, "It is being erased.")
	h.open(path+"/kept").says(t, "Being erased.")
	h.cluster.Settle()
	after := h.keptNumbers(bob)
	for name, n := range before {
		if after[name] != 0 && !stays(name) {
			t.Errorf("%s: %d before, %d after", name, n, after[name])
		}
	}
	if n := h.own(); len(n) != 1 {
		t.Errorf("alice has %d posts", len(n))
	}
	for _, p := range []string{"/me/person/1/kept", "/me/person/1/kept/erase", "/me/person/1/kept/copy", "/me/person/4711/kept", "/me/person/4711/kept/copy", "/me/person/4711/kept/erase"} {
		if at := h.do("GET", p, nil); at.status != http.StatusNotFound {
			t.Errorf("%s answers %d", p, at.status)
		}
	}
}

// stays says whether a kind is among those that say why they stay.
func stays(name string) bool {
	return slices.Contains([]string{"named_by_owner", "inbox", "deliveries", "conversations_of_others", "log", "requests"}, name)
}

func (h *house) keptNumbers(of interface{ ActorURI() string }) map[string]int {
	h.t.Helper()
	list, err := store.Get(ctx, h.Store(), func(tx *store.Tx) ([]store.SubjectCount, error) {
		a, err := tx.ActorByURI(of.ActorURI())
		if err != nil {
			return nil, err
		}
		return tx.SubjectCounts(a.ID, "")
	})
	if err != nil {
		h.t.Fatal(err)
	}
	out := map[string]int{}
	for _, c := range list {
		out[c.Name] = c.Count
	}
	return out
}

func TestThePrivacyPagesOwnWordsAreSaved(t *testing.T) {
	h := newHouse(t)
	h.sent("/me/privacy", "proxy", "Example Tunnels Ltd.", "backup", "30", "age", "18, please.", "words", "I *read* it.\r\nAll of it.").says(t, "Saved.", "Example Tunnels Ltd.", `value="30"`, "18, please.", "I *read* it.\nAll of it.")
	set := h.Settings()
	if set.ProxyOperator != "Example Tunnels Ltd." || set.BackupDays != 30 || set.MinimumAge != "18, please." || set.PolicyWords != "I *read* it.\nAll of it." {
		t.Errorf("saved is %+v", set)
	}
	p := h.submit("/me/privacy", "proxy", strings.Repeat("x", 201), "backup", "a year", "age", strings.Repeat("y", 501), "words", strings.Repeat("z", 10001))
	if p.status != http.StatusUnprocessableEntity {
		t.Errorf("answers %d", p.status)
	}
	p.says(t, "Use at most 200 characters.", "Use at most 500 characters.", "Use at most 10,000 characters.", "Give a number of days", strings.Repeat("z", 10001))
	if h.Settings() != set {
		t.Error("it was saved all the same")
	}
	h.open("/me/privacy").hides(t, "Something stands before this server.")
	if err := h.Store().Write(ctx, func(tx *store.Tx) error {
		return tx.SaveStarted(store.Started{TLS: "off", TrustedProxies: "127.0.0.1/32"})
	}); err != nil {
		t.Fatal(err)
	}
	h.open("/me/privacy").says(t, "Something stands before this server.")
	h.sent("/me/privacy", "proxy", "", "backup", "", "age", "", "words", "")
	if h.Settings().BackupDays != 0 || h.Settings().MinimumAge != "" {
		t.Error("nothing is not nothing")
	}
}

// The owner sees with which app a post was written, whether others do or not.
func TestTheOwnerSeesTheApp(t *testing.T) {
	h := newHouse(t)
	p, err := h.Publish(ctx, federation.Draft{Text: "From the tram", App: "Tram <app>", Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []bool{false, true} {
		set := h.Settings()
		set.ShowApp = shown
		if err := h.SaveSettings(ctx, set); err != nil {
			t.Fatal(err)
		}
		h.open(postPath(p.ID)).says(t, "with <bdi>Tram &lt;app&gt;</bdi>")
	}
}

// Every clause of the promise has its line, and a setting that is a choice changes it.
func TestThePromiseHasEveryClause(t *testing.T) {
	h := newHouse(t, "bob")
	page := h.open("/me/data/promise")
	for i := 1; i <= 30; i++ {
		page.says(t, `<li id="c-`+strconv.Itoa(i)+`"><p><b>`+strconv.Itoa(i)+". ")
	}
	page.hides(t, `id="c-31"`)
	for words, flip := range map[string]func(*store.Settings){
		"Nobody but you sees the lists.":          func(s *store.Settings) { s.ShowLists = false },
		"New posts are for followers":             func(s *store.Settings) { s.PostVisibility = store.Followers },
		"Whoever asks follows at once.":           func(s *store.Settings) { s.ApproveFollowers = false },
		"They go after 41 days.":                  func(s *store.Settings) { s.KeepAddressDays = 41 },
		"Search engines are let in":               func(s *store.Settings) { s.SearchEngines = true },
		"so are collectors for AI.":               func(s *store.Settings) { s.AICrawlers = true },
		"You may be listed and suggested.":        func(s *store.Settings) { s.Discoverable = true },
		"find your public posts in their search":  func(s *store.Settings) { s.Indexable = true },
		"Everybody sees the app’s name.":          func(s *store.Settings) { s.ShowApp = true },
		"is written down, and goes after 41 days": func(s *store.Settings) { s.KeepLogDays = 41 },
		"You say nothing of it.":                  func(s *store.Settings) { s.MinimumAge = "" },
	} {
		set := h.Settings()
		if words == "Whoever asks follows at once." {
			before := set
			before.ApproveFollowers = true
			if err := h.SaveSettings(ctx, before); err != nil {
				t.Fatal(err)
			}
		}
		h.open("/me/data/promise").hides(t, words)
		set = h.Settings()
		flip(&set)
		if err := h.SaveSettings(ctx, set); err != nil {
			t.Fatal(err)
		}
		h.open("/me/data/promise").says(t, words)
	}
}

// What is no setting but a choice shows on the promise too: mail, the second factor, what
// is pinned, which apps are in, and the owner's own words.
func TestThePromiseSaysWhatStandsNow(t *testing.T) {
	h := newHouse(t, "bob")
	s := h.postOffice(t)
	promise := func() page { return h.open("/me/data/promise") }
	promise().says(t, "No mail goes out: no address is confirmed.", "You have none yet. With one,", "0 posts are pinned.", "0 apps are let in.", "it is shown to nobody", "None is packed")
	if said := (&view{d: h.board}).promisedUsed(promiseNumbers{})[0].Now; !strings.HasPrefix(said, "No mail goes out: no mail server is named.") {
		t.Errorf("without a mail server it says %q", said)
	}
	h.confirms(t, s, mailbox)
	p := h.Post(t, store.Public, "Pinned")
	if _, err := h.Pin(ctx, p.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.Store().Write(ctx, func(tx *store.Tx) error {
		if err := tx.BeginSecondFactor("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"); err != nil {
			return err
		}
		return tx.ConfirmSecondFactor(nil)
	}); err != nil {
		t.Fatal(err)
	}
	promise().says(t, "You are told by mail of what you chose.", "Yours is asked for beside the password", "1 post is pinned.")
	h.cluster.Advance(72 * time.Hour)
	before := promise()
	h.sent("/me/privacy", "proxy", "", "backup", "7", "age", "", "words", "My own words")
	after := promise()
	since := func(p page) string {
		_, text, _ := strings.Cut(p.main(), "since when it reads as it does:")
		text, _, _ = strings.Cut(text, "<")
		return text
	}
	if since(before) == since(after) || since(after) == "" {
		t.Errorf("the day of the last change is %q, before %q", since(after), since(before))
	}
}
