package dashboard

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

// form is the part of a page with the form that posts to a path.
func (p page) form(t *testing.T, action string) string {
	t.Helper()
	_, rest, ok := strings.Cut(p.body, `action="`+action+`"`)
	if !ok {
		t.Fatalf("there is no form to %s:\n%s", action, p.main())
	}
	inside, _, _ := strings.Cut(rest, "</form>")
	return inside
}

func TestBoostAndLikeFromACard(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	theirs := bob.Post(t, store.Public, "Frost on the beds")
	p, ok := h.Has(t, theirs.URI)
	if !ok {
		t.Fatal("the post did not arrive")
	}
	path := postPath(p.ID)
	form := h.open("/me").form(t, path+"/boost")
	if !strings.Contains(form, `<span class="w">Boost</span>`) || !strings.Contains(form, `value="/me`+anchor(p.ID)+`"`) {
		t.Errorf("the form is %s", form)
	}
	for _, tc := range []struct{ do, then, word string }{
		{"boost", "unboost", "Boosted"}, {"like", "unlike", "Liked"},
		{"boost", "unboost", "Boosted"}, // twice changes nothing
	} {
		after := h.sent(path+"/"+tc.do, "back", "/me"+anchor(p.ID))
		if after.location != "/me"+anchor(p.ID) {
			t.Errorf("%s leads to %s", tc.do, after.location)
		}
		if form := after.form(t, path+"/"+tc.then); !strings.Contains(form, ">"+tc.word+"<") || !strings.Contains(form, `class="n">1`) {
			t.Errorf("after %s the form is %s", tc.do, form)
		}
	}
	h.cluster.Settle()
	if at, _ := bob.Has(t, theirs.URI); at.Boosts != 1 || at.Likes != 1 {
		t.Errorf("at bob's it has %d boosts and %d likes", at.Boosts, at.Likes)
	}
	thread := h.open(path)
	thread.form(t, path+"/unboost")
	thread.form(t, path+"/unlike")
	if after := h.sent(path + "/unlike"); after.location != path {
		t.Errorf("without a place to go back to it leads to %s", after.location)
	}
	h.sent(path+"/unboost", "back", "//evil.example/").form(t, path+"/boost")
	h.cluster.Settle()
	if at, _ := bob.Has(t, theirs.URI); at.Boosts != 0 || at.Likes != 0 {
		t.Errorf("taken back, at bob's it has %d boosts and %d likes", at.Boosts, at.Likes)
	}
	for _, do := range []string{"boost", "unboost", "like", "unlike"} {
		if p := h.submit("/me/post/99/" + do); p.status != http.StatusNotFound {
			t.Errorf("%s of what never was answers %d", do, p.status)
		}
	}
}

func TestAPrivatePostOffersNoBoost(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	for _, v := range []store.Visibility{store.Followers, store.Direct} {
		theirs := bob.Post(t, v, "@"+h.Handle()+" between us")
		p, ok := h.Has(t, theirs.URI)
		if !ok {
			t.Fatal("the post did not arrive")
		}
		shown := h.open(postPath(p.ID))
		shown.form(t, postPath(p.ID)+"/like")
		shown.hides(t, postPath(p.ID)+"/boost")
		if p := h.submit(postPath(p.ID) + "/boost"); p.status != http.StatusUnprocessableEntity {
			t.Errorf("a forced boost answers %d", p.status)
		}
	}
}

func TestInboxTellsOfBoostsLikesAndReactions(t *testing.T) {
	h := newHouse(t)
	h.Post(t, store.Public, "Second sowing of spinach is up")
	mine := h.own()[0]
	for name, said := range map[string]map[string]any{
		"ben": {"type": "Like"}, "cas": {"type": "Like"}, "dan": {"type": "Announce"},
		"eva": {"type": "EmojiReact", "content": "👌"},
		"fay": {"type": "Like", "content": ":leek:", "tag": map[string]any{"type": "Emoji", "name": ":leek:", "icon": map[string]any{"url": "https://f.example/l.png"}}},
		"guy": {"type": "EmojiReact", "content": attacks[0]},
	} {
		who := h.cluster.Stranger(name)
		a := who.Activity("", mine.URI)
		for k, v := range said {
			a[k] = v
		}
		if status := who.Send(h.Server, a); status != http.StatusAccepted {
			t.Fatalf("%s: answered %d", name, status)
		}
	}
	h.cluster.Settle()
	p := h.open("/me/inbox")
	p.says(t, "liked your post", "boosted your post", "reacted with <bdi>👌</bdi> to your post", `reacted with <bdi><img class="emoji" src="/media/emoji-`, `alt=":leek:"`,
		"Second sowing of spinach is up", `href="`+postPath(mine.ID)+`"`)
	if n := strings.Count(p.body, "liked your post"); n != 1 {
		t.Errorf("three likes of one post stand in %d lines", n)
	}
	if bad := alive(p.body); bad != "" {
		t.Errorf("it runs %s", bad)
	}
	p.hides(t, "f.example")
}

func TestAConversationIsHiddenFromACard(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	p, ok := h.Has(t, bob.Post(t, store.Public, "Frost on the beds").URI)
	if !ok {
		t.Fatal("the post did not arrive")
	}
	h.cluster.Advance(time.Minute)
	bob.Post(t, store.Public, "No frost at all")
	path := postPath(p.ID)
	if form := h.open("/me").form(t, path+"/mute"); !strings.Contains(form, "Hide this conversation") {
		t.Errorf("the form is %s", form)
	}
	after := h.sent(path+"/mute", "back", "/me"+anchor(p.ID))
	after.says(t, "Conversation hidden.", `href="`+path+`"`, "No frost at all")
	after.hides(t, "Frost on the beds")
	h.open("/me/catchup?h=1").hides(t, "Frost on the beds")
	thread := h.open(path)
	thread.says(t, "You hid this conversation.", "Frost on the beds", "Show it again")
	if card := h.open(path + "/card?back=%2Fme"); !strings.Contains(card.form(t, path+"/unmute"), "Show this conversation again") {
		t.Error("the card does not bring it back")
	}
	if back := h.sent(path+"/mute", "back", path+anchor(p.ID)); back.location != path+anchor(p.ID) {
		t.Errorf("from its own page it leads to %s", back.location)
	}
	h.sent(path+"/unmute", "back", path).hides(t, "You hid this conversation")
	h.open("/me").says(t, "Frost on the beds")
	if p := h.submit("/me/post/4711/mute"); p.status != 404 {
		t.Errorf("a post that is not here: %d", p.status)
	}
}
