package mastodon

import (
	"testing"

	"dassie/store"
)

const cardKeys = `url title description language type author_name author_url provider_name provider_url html width height image
	image_description embed_url blurhash published_at authors`

// linkTo gives a post a link with a preview.
func (h *house) linkTo(p store.Post, c store.LinkCard) {
	h.t.Helper()
	h.write(func(tx *store.Tx) error {
		c.URL, c.FetchedAt = "https://warraq.example/box7", tx.Now()
		if c.Image != "" {
			m := store.RemoteMedia{URL: c.Image, Shape: "card", Name: c.ImageName, Size: 9, FetchedAt: tx.Now(), UsedAt: tx.Now()}
			if err := tx.SaveRemoteMedia(m); err != nil {
				return err
			}
		}
		if err := tx.SaveLinkCard(c); err != nil {
			return err
		}
		return tx.SetPostLink(p.ID, c.URL)
	})
}

func TestPreviewCard(t *testing.T) {
	h := newHouse(t)
	path := "/api/v1/statuses/" + id(h.Walk.ID)
	if s := read[object](h, "GET", path, ""); s["card"] != nil {
		t.Fatalf("card %v", s["card"])
	}
	h.linkTo(h.Walk, store.LinkCard{Title: "Notes on box seven", Description: "Forty-one names.", Author: "Bob", AuthorURL: "https://bob.example/@bob", AuthorID: h.Bob.ID,
		Image: "https://warraq.example/box.png", ImageName: "abc.png", ImageAlt: "A page", Width: 400, Height: 300})
	s := read[object](h, "GET", path, "")
	hasKeys(t, "PreviewCard", s["card"], cardKeys)
	card := s["card"].(object)
	author := card["authors"].([]any)[0].(object)
	if card["type"] != "link" || card["title"] != "Notes on box seven" || card["provider_name"] != "warraq.example" || card["provider_url"] != "https://warraq.example/" ||
		card["image"] != "https://alice.example/media/abc.png" || card["width"] != 400.0 || card["language"] != nil || card["html"] != "" || card["author_name"] != "Bob" {
		t.Errorf("%v", card)
	}
	hasKeys(t, "author", author, "name url account")
	if acc := author["account"].(object); acc["acct"] != "bob@bob.example" {
		t.Errorf("author %v", author)
	}
	// In a list it is the same, and a site's own word for its author names nobody here.
	h.linkTo(h.Walk, store.LinkCard{Title: "Notes", Site: "Warraq", Author: "The staff"})
	for _, s := range read[[]object](h, "GET", "/api/v1/timelines/home", "") {
		if s["id"] != id(h.Walk.ID) {
			continue
		}
		card := s["card"].(object)
		author := card["authors"].([]any)[0].(object)
		if card["provider_name"] != "Warraq" || author["account"] != nil || author["name"] != "The staff" || card["image"] != nil || card["width"] != 0.0 {
			t.Errorf("%v", card)
		}
	}
	set := h.svc.Settings()
	set.LinkPreviews = false
	if err := h.svc.SaveSettings(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	if s := read[object](h, "GET", path, ""); s["card"] != nil {
		t.Errorf("switched off, there still is %v", s["card"])
	}
}
