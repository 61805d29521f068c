package mastodon

import (
	"strings"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

// Apps of the owner see who is a stranger on a silenced server, and see nothing of
// them in timelines; strangers who ask without a token are not told.
func TestSilencedStrangersInApps(t *testing.T) {
	h := newHouse(t)
	tea := store.Post{URI: "https://carol.example/posts/tags", ActorID: h.Carol.ID, Content: "<p>Green #tea</p>", PublishedAt: storetest.Start.Add(50 * time.Minute), Extra: store.PostExtra{Tags: []string{"tea"}}}
	boost := store.Post{URI: "https://bob.example/boost/tea", ActorID: h.Bob.ID, BoostOf: h.Tea.ID, PublishedAt: storetest.Start.Add(51 * time.Minute)}
	h.write(func(tx *store.Tx) error {
		if err := tx.InsertPost(&tea); err != nil {
			return err
		}
		if err := tx.InsertPost(&boost); err != nil {
			return err
		}
		_, err := tx.IndexBatch(100, store.Post.HTML)
		if err != nil {
			return err
		}
		return tx.AddHome(boost.ID, false)
	})
	seen := func() (n int) {
		for _, path := range []string{"/api/v1/timelines/home", "/api/v1/timelines/public", "/api/v1/timelines/tag/tea"} {
			for _, s := range read[[]object](h, "GET", path, "") {
				inner, _ := s["reblog"].(object)
				if s["account"].(object)["username"] == "carol" || inner != nil && inner["account"].(object)["username"] == "carol" {
					n++
				}
			}
		}
		return n
	}
	if n := seen(); n < 4 {
		t.Fatalf("before, carol is seen %d times", n)
	}
	if _, err := h.svc.SilenceServer(t.Context(), h.Carol.Domain); err != nil {
		t.Fatal(err)
	}
	if n := seen(); n != 0 {
		t.Errorf("she is seen %d times", n)
	}
	account := "/api/v1/accounts/" + id(h.Carol.ID)
	if acc := read[object](h, "GET", account, ""); acc["limited"] != true {
		t.Errorf("limited is %v", acc["limited"])
	}
	if acc := read[object](h, "GET", "/api/v1/accounts/"+id(h.Bob.ID), ""); acc["limited"] != nil {
		t.Errorf("of somebody followed elsewhere limited is %v", acc["limited"])
	}
	if s := read[[]object](h, "GET", account+"/statuses", ""); len(s) == 0 {
		t.Error("her own page is empty")
	}
	if body := h.ask("GET", "/api/v1/instance/domain_blocks", "").Body.String(); strings.Contains(body, "carol.example") {
		t.Errorf("visitors read of it: %s", body)
	}
	h.guest = h.newClientToken("read")
	if body := func() string { _, body := h.stranger(account); return body }(); strings.Contains(body, "limited") {
		t.Errorf("strangers read of it: %s", body)
	}
	if err := h.svc.UnsilenceServer(t.Context(), h.Carol.Domain); err != nil {
		t.Fatal(err)
	}
	if n := seen(); n < 4 {
		t.Errorf("after the undo she is seen %d times", n)
	}
}
