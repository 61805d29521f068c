package dashboard

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

func TestSaveFromACard(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.open("/me/saved").says(t, "Nothing saved yet", "Nobody is told")
	h.open("/me/saved?k=liked").says(t, "You like nothing yet")
	h.open("/me/saved?k=pinned").says(t, "Nothing is pinned")
	h.Follows(t, bob)
	theirs := bob.Post(t, store.Public, "Frost on the beds")
	p, _ := h.Has(t, theirs.URI)
	own := h.Post(t, store.Public, "My own words")
	path := postPath(p.ID)
	h.open("/me").form(t, path+"/save")
	after := h.sent(path+"/save", "back", "/me"+anchor(p.ID))
	if form := after.form(t, path+"/unsave"); after.location != "/me"+anchor(p.ID) || !strings.Contains(form, ">Saved<") {
		t.Errorf("it leads to %s, the form is %s", after.location, form)
	}
	h.open(path).form(t, path+"/unsave")
	h.sent(postPath(own.ID) + "/save")
	h.sent(postPath(own.ID) + "/pin")
	h.sent(path + "/like")
	saved := h.open("/me/saved")
	saved.says(t, "Frost on the beds", "My own words", `aria-current="page">Saved`)
	if strings.Index(saved.body, "My own words") > strings.Index(saved.body, "Frost") {
		t.Error("what was saved last does not stand first")
	}
	liked := h.open("/me/saved?k=liked")
	liked.says(t, "Frost on the beds")
	liked.hides(t, "My own words")
	pinned := h.open("/me/saved?k=pinned")
	pinned.says(t, "My own words")
	pinned.hides(t, "Frost")
	h.sent(path+"/unsave", "back", "/me/saved").hides(t, "Frost")
	h.sent(path + "/save")
	if _, err := bob.Delete(ctx, theirs.ID); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	h.open("/me/saved").hides(t, "Frost")
	if p := h.submit(path + "/save"); p.status != http.StatusNotFound {
		t.Errorf("saving what is gone answers %d", p.status)
	}
}

// A boost is saved as its post, and the post is saved wherever it is shown.
func TestABoostedPostIsSaved(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob, carol := h.other("bob"), h.other("carol")
	h.Follows(t, bob)
	bob.Follows(t, carol)
	theirs := carol.Post(t, store.Public, "Carol wrote it")
	at, _ := bob.Has(t, theirs.URI)
	if _, err := bob.Boost(ctx, at.ID, store.Public); err != nil {
		t.Fatal(err)
	}
	h.cluster.Settle()
	p, ok := h.Has(t, theirs.URI)
	if !ok {
		t.Fatal("the boosted post did not arrive")
	}
	h.sent(postPath(p.ID) + "/save")
	h.open("/me").form(t, postPath(p.ID)+"/unsave")
	h.open("/me/saved").says(t, "Carol wrote it")
	if err := h.Block(ctx, p.ActorID); err != nil {
		t.Fatal(err)
	}
	blocked := h.open("/me/saved")
	blocked.hides(t, "Carol wrote it")
}

func TestSavedIsPaged(t *testing.T) {
	h := newHouse(t)
	var posts []store.Post
	for i := range savedCards + 5 {
		h.cluster.Advance(time.Minute)
		posts = append(posts, h.Post(t, store.Public, fmt.Sprintf("Note %02d of many", i)))
	}
	for i := len(posts) - 1; i >= 0; i-- { // the oldest post is saved last
		if _, err := h.Save(ctx, posts[i].ID); err != nil {
			t.Fatal(err)
		}
	}
	first := h.open("/me/saved")
	first.says(t, "Note 00 of many", "Note 19 of many")
	first.hides(t, "Note 20 of many")
	_, rest, _ := strings.Cut(first.body, `rel="next" href="`)
	next, _, _ := strings.Cut(rest, `"`)
	second := h.open(next)
	second.says(t, "Note 20 of many", "Note 24 of many")
	second.hides(t, "Note 19 of many")
	_, rest, _ = strings.Cut(second.body, `rel="prev" href="`)
	prev, _, _ := strings.Cut(rest, `"`)
	h.open(prev).says(t, "Note 00 of many", "Note 19 of many")
}
