package federation_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dassie/federation"
	"dassie/federation/fedtest"
	"dassie/store"
)

func reports(t *testing.T, s *fedtest.Server, own bool) []store.Report {
	t.Helper()
	return lookAt(t, s, func(tx *store.Tx) ([]store.Report, error) { return tx.Reports(own, store.Page{Limit: 500}) })
}

// instanceActor makes a stranger's own actor one of a server.
func instanceActor(s *fedtest.Stranger) {
	s.Serve("/users/"+s.Name, merge(s.Actor(), "type", "Application"))
}

func TestAReportArrivesFromAServer(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	first := alice.Post(t, store.Public, "One")
	second := alice.Post(t, store.Followers, "Two")
	mod := c.Stranger("mod")
	instanceActor(mod)
	flag := mod.Activity("Flag", []any{alice.ActorURI(), first.URI, map[string]any{"id": second.URI, "type": "Note"}, alice.Origin().URL("/posts/99"), mod.URL("/n/1")})
	flag["content"] = "Please look.\nTwice.\x07\u202e"
	if status := mod.Send(alice, flag); status != http.StatusAccepted {
		t.Fatalf("answered %d", status)
	}
	c.Settle()
	mod.Send(alice, flag) // by the other inbox
	c.Settle()
	list := reports(t, alice, false)
	if len(list) != 1 {
		t.Fatalf("%d reports", len(list))
	}
	r := list[0]
	if r.Text != "Please look.\nTwice." || !slices.Equal(r.Posts, []string{first.URI, second.URI}) || r.AboutID != store.OwnerID || !r.DoneAt.IsZero() {
		t.Errorf("stored %+v", r)
	}
	if from := lookAt(t, alice, func(tx *store.Tx) (store.Actor, error) { return tx.Actor(r.ActorID) }); from.URI != mod.ActorID() || from.Kind != "Application" {
		t.Errorf("it came from %+v", from)
	}
	if kinds := alice.Notified(t); !slices.Equal(kinds, []string{"admin.report"}) {
		t.Errorf("notified of %v", kinds)
	}
	if err := alice.CloseReport(ctx(), r.ID, "Talked to them."); err != nil {
		t.Fatal(err)
	}
	if r := reports(t, alice, false)[0]; r.DoneAt.IsZero() || r.Answer != "Talked to them." {
		t.Errorf("after closing: %+v", r)
	}
	if err := alice.CloseReport(ctx(), 4711, ""); err == nil {
		t.Error("a report that is not there was closed")
	}
}

func TestShapesOfReports(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	mine := alice.Post(t, store.Public, "Mine")
	mod, carl := c.Stranger("mod"), c.Stranger("carl")
	for name, shape := range map[string]struct {
		flag  map[string]any
		posts []string
		text  string
	}{
		"GoToSocial, the account alone": {mod.Activity("Flag", alice.ActorURI()), nil, ""},
		"Misskey, the post in the text": {merge(mod.Activity("Flag", []any{alice.ActorURI()}), "content", "Note: "+mine.URI+"\n-----\nspam"), []string{mine.URI}, "Note: " + mine.URI + "\n-----\nspam"},
		"its page in the text":          {merge(mod.Activity("Flag", alice.ActorURI()), "content", "See "+mine.URL+"."), []string{mine.URI}, "See " + mine.URL + "."},
		"Lemmy, one post and a summary": {merge(mod.Activity("Flag", mine.URI), "summary", "report this post"), []string{mine.URI}, "report this post"},
		"Mbin, the post before":         {merge(mod.Activity("Flag", []any{mine.URI, alice.ActorURI()}), "content", "x"), []string{mine.URI}, "x"},
		"no id":                         {withoutID(merge(mod.Activity("Flag", alice.ActorURI()), "content", "no id")), nil, "no id"},
	} {
		before := len(reports(t, alice, false))
		if status := mod.Send(alice, shape.flag); status != http.StatusAccepted {
			t.Errorf("%s: %d", name, status)
		}
		c.Settle()
		list := reports(t, alice, false)
		if len(list) != before+1 || !slices.Equal(list[0].Posts, shape.posts) || list[0].Text != shape.text {
			t.Errorf("%s: %d reports, %+v", name, len(list)-before, list)
		}
	}
	before := len(reports(t, alice, false))
	for name, flag := range map[string]map[string]any{
		"of somebody else":        carl.Activity("Flag", []any{mod.ActorID(), mod.URL("/n/1")}),
		"of a post that is none":  carl.Activity("Flag", []any{alice.Origin().URL("/posts/99")}),
		"of nothing":              carl.Activity("Flag", []any{}),
		"of a name that is alike": carl.Activity("Flag", alice.Origin().URL("")+".evil.example/users/x"),
	} {
		if status := carl.Send(alice, flag); status >= 500 {
			t.Errorf("%s: %d", name, status)
		}
		c.Settle()
		if n := len(reports(t, alice, false)); n != before {
			t.Errorf("%s was kept", name)
		}
	}
}

func withoutID(m map[string]any) map[string]any {
	delete(m, "id")
	return m
}

// T28: a flood of reports costs little.
func TestT28_ReportsAreBounded(t *testing.T) {
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	mine := alice.Post(t, store.Public, "Mine")
	mod := c.Stranger("mod")
	instanceActor(mod)
	object := []any{alice.ActorURI(), mine.URI}
	for i := range 1500 {
		object = append(object, alice.Origin().URL(fmt.Sprintf("/posts/%d", i+1)), mine.URI)
	}
	for range 30 {
		flag := merge(mod.Activity("Flag", object), "content", strings.Repeat("é", 5000))
		if status := mod.Send(alice, flag); status >= 500 {
			t.Fatalf("answered %d", status)
		}
		c.Settle()
	}
	list := reports(t, alice, false)
	if len(list) != 20 {
		t.Errorf("%d reports of one server in a day", len(list))
	}
	for _, r := range list {
		if len([]rune(r.Text)) != 3000 || len(r.Posts) != 1 {
			t.Errorf("a report has %d characters and %d posts", len([]rune(r.Text)), len(r.Posts))
		}
	}
}

func TestTheOwnersReportGoesOutOnlyIfWanted(t *testing.T) {
	c := fedtest.New(t, "alice", "bob")
	alice, bob := c.Servers[0], c.Servers[1]
	alice.Follows(t, bob)
	p := bob.Post(t, store.Public, "Buy now")
	b := person(t, alice, bob)
	seen, _ := alice.Has(t, p.URI)
	r, err := alice.Report(ctx(), federation.Complaint{ActorID: b.ID, PostIDs: []int64{seen.ID}, Text: "Spam, for myself", Category: "spam"})
	if err != nil || r.Forwarded {
		t.Fatalf("%+v %v", r, err)
	}
	c.Settle()
	if n := len(bob.Received("Flag")); n != 0 {
		t.Fatalf("a report that is not to be forwarded went out %d times", n)
	}
	if r, err = alice.Report(ctx(), federation.Complaint{ActorID: b.ID, PostIDs: []int64{seen.ID}, Text: "Spam, for you", Forward: true}); err != nil || !r.Forwarded {
		t.Fatalf("%+v %v", r, err)
	}
	c.Settle()
	got := bob.Received("Flag")
	if len(got) != 1 || got[0].Status != http.StatusAccepted {
		t.Fatalf("bob's server got %+v", got)
	}
	if body := got[0].Body; !strings.Contains(body, `"actor":"`+alice.Origin().URL("/instance")+`"`) || strings.Contains(body, alice.ActorURI()) ||
		!strings.Contains(got[0].Header.Get("Signature"), alice.Origin().URL("/instance")) {
		t.Errorf("the report names the owner, or not the server: %s %s", body, got[0].Header.Get("Signature"))
	}
	list := reports(t, bob, false)
	if len(list) != 1 || list[0].Text != "Spam, for you" || !slices.Equal(list[0].Posts, []string{p.URI}) {
		t.Errorf("bob reads %+v", list)
	}
	if list := reports(t, alice, true); len(list) != 2 || list[0].AboutID != b.ID || list[1].Category != "spam" {
		t.Errorf("alice keeps %+v", list)
	}
	own := alice.Post(t, store.Public, "Mine")
	for name, bad := range map[string]federation.Complaint{
		"of oneself":       {ActorID: store.OwnerID},
		"of nobody":        {ActorID: 4711},
		"another's post":   {ActorID: b.ID, PostIDs: []int64{own.ID}},
		"a post not here":  {ActorID: b.ID, PostIDs: []int64{4711}},
		"too long":         {ActorID: b.ID, Text: strings.Repeat("x", 3001)},
		"unknown category": {ActorID: b.ID, Category: "rude"},
	} {
		if _, err := alice.Report(ctx(), bad); err == nil {
			t.Errorf("a report %s was taken", name)
		}
	}
}

// The Flags, Blocks, Moves and Adds of the corpus change nothing here and are no
// fault of ours.
func TestCorpusOfPeaceKeeping(t *testing.T) {
	dir := os.Getenv("DASSIE_CORPUS")
	if dir == "" {
		dir = "../../shared/corpus"
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "activity", "*.json"))
	if len(files) == 0 {
		t.Skip("no corpus: set DASSIE_CORPUS")
	}
	c := fedtest.New(t, "alice")
	alice := c.Servers[0]
	mod := c.Stranger("mod")
	followStranger(t, alice, mod)
	tried := 0
	for _, file := range files {
		name := filepath.Base(file)
		kind, _, _ := strings.Cut(name, "__")
		if !slices.Contains([]string{"flag", "block", "undo-block", "move", "add", "remove"}, kind) {
			continue
		}
		tried++
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if status := mod.Send(alice, text); status >= 500 {
			t.Errorf("%s: answered %d", name, status)
		}
		c.Settle()
	}
	if tried == 0 {
		t.Error("the corpus has none")
	}
	if len(reports(t, alice, false)) != 0 {
		t.Error("a report was kept")
	}
}
