package mastodon

import (
	"context"
	"fmt"
	"net/url"
	"testing"
	"time"

	"dassie/store"
	"dassie/store/storetest"
)

func TestSearchGoesOnByOffset(t *testing.T) {
	h := newHouse(t)
	ids := h.garden(60)
	for n := 1; n > 0; {
		var err error
		if n, err = h.svc.RunDue(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	seen := map[any]bool{}
	for at := 0; at < 60; at += 15 {
		found := read[object](h, "GET", fmt.Sprintf("/api/v2/search?q=kale&type=statuses&limit=15&offset=%d", at), "")
		for _, s := range found["statuses"].([]any) {
			if got := s.(object)["id"]; seen[got] {
				t.Errorf("%v comes twice", got)
			} else {
				seen[got] = true
			}
		}
	}
	if want := len(ids) - len(ids)/5; len(seen) != want { // boosts have no text
		t.Errorf("found %d of %d", len(seen), want)
	}
	for _, path := range []string{"q=kale&type=statuses&offset=4000", "q=gardener1&type=accounts&following=true", "q=@carol@carol.example&following=true"} {
		found := read[object](h, "GET", "/api/v2/search?"+path, "")
		if len(found["statuses"].([]any))+len(found["accounts"].([]any)) != 0 {
			t.Errorf("%s: %v", path, found)
		}
	}
	if found := read[object](h, "GET", "/api/v2/search?q=bob&type=accounts&following=true", ""); len(found["accounts"].([]any)) != 1 {
		t.Errorf("%v", found)
	}
}

func TestPostsByTheirLink(t *testing.T) {
	h := newHouse(t)
	const link = "https://allotments.example/kale"
	h.write(func(tx *store.Tx) error {
		if err := tx.SaveLinkCard(store.LinkCard{URL: link, Title: "Kale", FetchedAt: storetest.Start.Add(time.Minute)}); err != nil {
			return err
		}
		secret := store.Post{URI: "https://bob.example/secret", ActorID: h.Bob.ID, Visibility: store.Followers, PublishedAt: storetest.Start}
		if err := tx.InsertPost(&secret); err != nil {
			return err
		}
		for _, p := range []int64{h.Walk.ID, h.Tea.ID, secret.ID} {
			if err := tx.SetPostLink(p, link); err != nil {
				return err
			}
		}
		return nil
	})
	if list := read[[]object](h, "GET", "/api/v1/timelines/link?url="+link, ""); len(list) != 2 || list[0]["id"] != id(max(h.Walk.ID, h.Tea.ID)) {
		t.Errorf("%v", list)
	}
	for _, path := range []string{"timelines/link?url=x", "timelines/link", "trends", "trends/tags", "trends/statuses", "trends/links"} {
		if none := read[[]object](h, "GET", "/api/v1/"+path, ""); none == nil || len(none) != 0 {
			t.Errorf("%s: %v", path, none)
		}
	}
}

// An app finds an old post that was imported by the addresses that it had, whether it
// asks for look-ups at other servers or not.
func TestAnImportedPostIsFoundByItsOldAddress(t *testing.T) {
	h := newHouse(t)
	const was = "https://old.example/users/alice/statuses/7"
	h.write(func(tx *store.Tx) error { return tx.AddImported(1, h.Hello.ID, was, "") })
	for _, more := range []string{"", "&resolve=true"} {
		found := read[object](h, "GET", "/api/v2/search?type=statuses&q="+url.QueryEscape(was)+more, "")["statuses"].([]any)
		if len(found) != 1 || found[0].(object)["id"] != id(h.Hello.ID) {
			t.Errorf("with %q: %v", more, found)
		}
	}
}
