package dashboard

import (
	"net/http"
	"testing"
	"time"

	"dassie/store"
)

func TestAPostSaysWhatIsMissingAndLooksForIt(t *testing.T) {
	h := newHouse(t, "bob", "carol")
	bob, carol := h.other("bob"), h.other("carol")
	root := bob.Post(t, store.Public, "Who is awake?")
	if _, err := carol.Lookup(ctx, root.URI); err != nil {
		t.Fatal(err)
	}
	at, _ := carol.Has(t, root.URI)
	answer := carol.Post(t, store.Public, "I am awake", at.ID)
	found, err := h.Lookup(ctx, root.URI)
	if err != nil {
		t.Fatal(err)
	}
	// What bob's server says of the number of replies; so far nothing else came.
	if err := h.Store().Write(ctx, func(tx *store.Tx) error { return tx.SetCounts(found.Post.ID, 2, 0, 0) }); err != nil {
		t.Fatal(err)
	}
	path := "/me/post/" + decimal(found.Post.ID)
	carol.Misbehave(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	h.open(path).says(t, "We know 0 of about 2 replies.", "Their servers are being asked now.", "Fetch missing replies")
	h.cluster.Settle()
	h.open(path).says(t, "We know 0 of about 1 reply.", "1 server did not answer: "+carol.Host+", tried just now.", carol.Host+" answered with an error (503).",
		"About 1 more reply exists that never reached this server.", "Fetch missing replies", path+"/thread")
	h.sent(path+"/thread").says(t, "Nobody was asked.")
	carol.Misbehave(nil)
	h.cluster.Advance(20 * time.Minute)
	h.sent(path+"/thread").says(t, "Looking.", "Their servers are being asked now.")
	h.cluster.Settle()
	p := h.open(path)
	p.says(t, "I am awake")
	p.hides(t, "Fetch missing replies", "did not answer", "of about")
	if got, ok := h.Has(t, answer.URI); !ok || got.ParentID != found.Post.ID {
		t.Error("the answer is not stored where it belongs")
	}
	if p := h.submit("/me/post/77777777777/thread"); p.status != http.StatusNotFound {
		t.Errorf("a post that never was: %d", p.status)
	}
}
