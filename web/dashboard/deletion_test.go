package dashboard

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/federation"
	"dassie/store"
)

func TestDeleteAndWriteAnew(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Follows(t, h.Server)
	h.Follows(t, bob)
	parent := bob.Post(t, store.Public, "Which seed?")
	h.cluster.Settle()
	here, _ := h.Has(t, parent.URI)
	alt := "Six paper pots"
	file, err := h.Upload(ctx, bytes.NewReader(photo(t, 7)), "sill.png")
	if err != nil {
		t.Fatal(err)
	}
	p, err := h.Publish(ctx, federation.Draft{Text: "*Kale* or leek", Markdown: true, Summary: "Seeds", Visibility: store.Unlisted, Language: "nl", ParentID: here.ID, QuoteID: here.ID,
		Media: []federation.Attached{{ID: file.ID, Alt: &alt}}, Poll: &federation.PollDraft{Options: []string{"Kale", "Leek"}, Lasts: 3 * 24 * time.Hour, Multiple: true}})
	if err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.open("/me").says(t, `href="/me/post/`+decimal(p.ID)+`/redraft"`)
	h.open("/me/post/"+decimal(p.ID)+"/redraft").says(t, "Delete this post and write it anew?", "1 server that holds a copy", "Its replies, boosts and likes do not come along", "Delete and write anew</button>")
	form := h.sent("/me/post/" + decimal(p.ID) + "/redraft")
	form.says(t, "Deleted, and here to write anew.", "*Kale* or leek</textarea>", `value="Seeds"`, `value="quiet" checked`, `<option value="nl" selected>`, "Which seed?", "You quote",
		"Six paper pots</textarea>", `value="Kale"`, `name="multiple" value="yes" checked`, `<option value="259200" selected>`)
	h.cluster.Settle()
	if n := len(bob.Received("Delete")); n != 1 || len(h.own()) != 0 {
		t.Fatalf("%d Deletes, %d posts", n, len(h.own()))
	}
	u := h.unsent(store.UnsentDraft)[0]
	old := file.Name
	h.sent("/me/write", "do", "post", "key", "k", "draft", decimal(u.ID), "text", "*Kale*", "audience", "quiet", "reply", decimal(here.ID), "media", decimal(file.ID), "alt-"+decimal(file.ID), alt)
	mine := h.own()
	if len(mine) != 1 || mine[0].ID == p.ID || len(mine[0].Extra.Attachments) != 1 || strings.Contains(mine[0].Extra.Attachments[0].URL, old) {
		t.Errorf("%+v", mine)
	}
	if len(h.unsent(store.UnsentDraft)) != 0 {
		t.Error("the draft stays")
	}
	if again := h.submit("/me/post/" + decimal(p.ID) + "/redraft"); again.status != http.StatusNotFound {
		t.Errorf("twice: %d", again.status)
	}
}

func TestADeletionSaysWhereItWent(t *testing.T) {
	h := newHouse(t, "bob", "carol", "dave")
	for _, name := range []string{"bob", "carol", "dave"} {
		h.other(name).Follows(t, h.Server)
	}
	p, err := h.Publish(ctx, federation.Draft{Text: "Oh no"})
	if err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.other("dave").Misbehave(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	said := h.sent("/me/post/" + decimal(p.ID) + "/delete")
	at := "/me/post/" + decimal(p.ID) + "/delivery"
	said.says(t, "3 servers are being asked to delete it too", `href="`+at+`"`, "Which servers did")
	h.cluster.Settle()
	h.open(at).says(t, "Where its deletion went", "Delete sent to 3 servers; 2 accepted.", "dave", "Accepting is not proof of deletion.")
	h.open("/me/deliveries").says(t, "Deleted posts", "Delete sent to 3 servers; 2 accepted.", `href="`+at+`"`)
	h.other("dave").Misbehave(nil)
	h.cluster.SettleFor(time.Hour, time.Minute)
	h.open(at).says(t, "Delete sent to 3 servers; all accepted.")
	if q := h.do("GET", "/me/post/99/delivery", nil); q.status != http.StatusNotFound {
		t.Errorf("a post that never was: %d", q.status)
	}
}
