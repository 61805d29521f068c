package web

import (
	"strings"
	"testing"

	"dassie/store"
)

// A thread shows the public answers that are known, as a tree that ends at four
// levels, and neither shows nor counts private ones.
func TestPostPageShowsThePublicThread(t *testing.T) {
	h := newHouse(t)
	eve, _ := h.person("grace", "navy.example")
	root := h.post(store.Public, "ROOT")
	answer := func(parent store.Post, v store.Visibility, text string) store.Post {
		p := store.Post{URI: "https://navy.example/" + text, ActorID: eve.ID, Visibility: v, Content: "<p>" + text + "</p>",
			ParentID: parent.ID, ParentURI: parent.URI, PublishedAt: noon}
		h.write(func(tx *store.Tx) error { return tx.InsertPost(&p) })
		return p
	}
	at := root
	for _, text := range []string{"ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX"} {
		at = answer(at, store.Public, text)
	}
	answer(root, store.Direct, "PRIVATE")
	answer(root, store.Followers, "PRIVATE")
	own := h.post(store.Public, "MINE", func(p *store.Post) { p.ParentID, p.ParentURI = at.ID, at.URI })
	body := h.ask("GET", "/@nora/"+formatID(root.ID), browser).Body.String()
	for _, text := range []string{"ROOT", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "MINE", "<h2>7 replies</h2>"} {
		if !strings.Contains(body, text) {
			t.Errorf("%s is missing", text)
		}
	}
	if strings.Contains(body, "PRIVATE") || strings.Count(body, `class="parent"`) != 3 {
		t.Errorf("private answers, or a tree of the wrong depth: %s", body)
	}
	body = h.ask("GET", "/@nora/"+formatID(own.ID), browser).Body.String()
	if !strings.Contains(body, "ROOT") || !strings.Contains(body, "SIX") {
		t.Error("what stands above a post is missing")
	}
	if list := h.ask("GET", "/@nora", browser).Body.String(); !strings.Contains(list, ">1 reply</a>") {
		t.Error("the profile counts private answers")
	}
}
