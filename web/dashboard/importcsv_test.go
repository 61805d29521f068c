package dashboard

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

// bring uploads a file on the page of imports; kind is what the owner says it holds.
func (h *house) bring(kind, file, text string) page {
	h.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("csrf", h.token())
	form.WriteField("kind", kind)
	part, err := form.CreateFormFile("file", file)
	if err == nil {
		_, err = part.Write([]byte(text))
	}
	if err != nil {
		h.t.Fatal(err)
	}
	form.Close()
	r, err := http.NewRequest("POST", h.web.URL+"/me/data/import", &body)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	return h.send(r)
}

func TestAListIsShownBeforeItIsTakenIn(t *testing.T) {
	h := newHouse(t, "bob", "carol", "dora")
	bob, carol, dora := h.other("bob"), h.other("carol"), h.other("dora")
	h.Follows(t, bob, dora)
	form := h.open("/me/data/import")
	form.says(t, `name="kind"`, "one of Mastodon’s lists", "following_accounts.csv")
	if strings.Index(form.body, `name="kind"`) > strings.Index(form.body, `name="file"`) {
		t.Error("what a file holds arrives after the file, when it has been read already")
	}
	odd := h.bring("", "notes.txt", "buy bread\n")
	if odd.status != http.StatusUnprocessableEntity {
		t.Errorf("a shopping list: %d", odd.status)
	}
	odd.says(t, "notes.txt is no archive", "choose above what it holds")
	p := h.bring("", "following_accounts.csv", "Account address,Show boosts\n"+bob.Handle()+",true\n"+carol.Handle()+",true\nrubbish,true\n")
	if p.status != http.StatusSeeOther || !strings.HasPrefix(p.location, csvPath+"/") {
		t.Fatalf("%d, %s: %s", p.status, p.location, p.main())
	}
	at := p.location
	h.open(at).says(t, "Nothing has changed yet", "<b>1 person</b>, whom you do not follow yet.", "<b>1 person</b>, whom you follow already.", "on 1 server.", "That takes a minute or more",
		"Line 4: <bdi>rubbish,true</bdi>", "This is not a handle", "Take in 1 person", at+"?mode=overwrite")
	over := h.open(at + "?mode=overwrite")
	over.says(t, "<b>1 person</b> whom you follow now and who are not in the file", "<bdi>"+dora.Handle()+"</bdi>", "Take in 1, remove 1", `value="overwrite"`)
	h.open("/me/data/import").says(t, "People you follow", "Waits for you", at)
	if n, err := store.Get(ctx, h.Store(), func(tx *store.Tx) (int, error) { return tx.CountFollowing() }); err != nil || n != 2 {
		t.Errorf("the preview changed something: %d, %v", n, err)
	}
	h.sent(at+"/begin", "mode", "overwrite").says(t, "Coming in, ", "Still to come")
	h.sent(at+"/begin", "mode", "overwrite") // pressed twice
	h.cluster.SettleFor(2*time.Minute, 15*time.Second)
	h.open(at).says(t, "Done ", "<b>1 person</b> of those that were asked.", "Gone", "Already so", "1 line")
	if len(carol.Received("Follow")) != 1 || len(dora.Received("Undo")) != 1 {
		t.Errorf("carol got %d follows, dora %d Undos", len(carol.Received("Follow")), len(dora.Received("Undo")))
	}
	h.open("/me/data/import").says(t, "Imported")
	h.sent(at+"/delete").hides(t, "following_accounts.csv</bdi>")
	if p := h.do("GET", at, nil); p.status != http.StatusNotFound {
		t.Errorf("it is still there: %d", p.status)
	}
}

func TestAListThatComesInIsStoppedAndGoesOn(t *testing.T) {
	h := newHouse(t, "bob")
	p := h.bring("blocks", "list.csv", h.other("bob").Handle()+"\nnobody@"+h.other("bob").Host+"\n")
	h.open(p.location).says(t, "Blocked people", "Take in 2 people")
	h.sent(p.location + "/begin")
	h.sent(p.location+"/stop").says(t, "Stopped ", "Go on", "What took effect stays")
	h.cluster.SettleFor(5*time.Minute, time.Minute)
	if n := len(h.other("bob").Received("Block")); n != 0 {
		t.Errorf("bob was blocked after the stop, %d times", n)
	}
	h.sent(p.location+"/stop", "on", "yes").says(t, "Coming in")
	h.cluster.SettleFor(5*time.Minute, time.Minute)
	h.open(p.location).says(t, "Done", "<b>1 person</b>.", "Not found", "What did not take effect", "nobody@", "left.csv")
	left := h.open(p.location + "/left.csv")
	if rows := strings.Split(strings.TrimSpace(left.body), "\n"); len(rows) != 2 || !strings.HasPrefix(rows[1], "2,nobody@") {
		t.Errorf("what is left: %q", left.body)
	}
}

func TestAServerListSaysWhatItCosts(t *testing.T) {
	h := newHouse(t, "bob")
	h.other("bob").Follows(t, h.Server)
	p := h.bring("", "blocked_domains.csv", "#domain\n"+h.other("bob").Domain+"\n")
	h.open(p.location).says(t, "Blocked servers", "You lose 1 follower.", "btn danger")
	h.sent(p.location + "/begin")
	h.cluster.Settle()
	h.open(p.location).says(t, "Done", "In force")
	h.open("/me/safety").says(t, "1 server")
}

func TestT40AListThatIsNoneIsRefusedOnThePage(t *testing.T) {
	h := newHouse(t)
	for _, x := range []struct{ kind, file, text, words string }{
		{"", "table.csv", "bob@far.example\n", "neither its name nor its first line says what it holds"},
		{"", "following_accounts.csv", "", "nothing in this file"},
		{"following", "x.csv", strings.Repeat("x", 11<<20), "A list may have 10 MB"},
		{"filters", "x.csv", "a,b\n", "Filters come as JSON"},
	} {
		if p := h.bring(x.kind, x.file, x.text); p.status < 400 || p.status > 499 {
			t.Errorf("%s: %d", x.words, p.status)
		} else {
			p.says(t, x.words)
		}
	}
	p := h.bring("following", "muted_accounts.csv", "Account address,Hide notifications\nbob@far.example,true\n")
	h.open(p.location).says(t, "This file looks like another list: Muted people")
	if p := h.do("GET", csvPath+"/12345", nil); p.status != http.StatusNotFound {
		t.Errorf("an import that is not there: %d", p.status)
	}
}
