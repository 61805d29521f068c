package dashboard

import (
	"net/http"
	"testing"

	"dassie/federation"
	"dassie/store"
)

func TestReactToAPost(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	h.Follows(t, bob)
	theirs := bob.Post(t, store.Public, "Seeds are in")
	p, _ := h.Has(t, theirs.URI)
	path := postPath(p.ID)
	h.open("/me").says(t, `href="`+path+`/react">React…</a>`)
	choose := h.open(path + "/react")
	choose.says(t, "Seeds are in", "🌱", "Thumbs up", "Servers that know no reactions show it as a like")
	choose.hides(t, "Take back")
	for _, bad := range []string{"", "ok", attacks[0], ":leek:"} {
		back := h.submit(path+"/react", "emoji", bad)
		if back.status != http.StatusUnprocessableEntity {
			t.Errorf("reacting with %q answers %d", bad, back.status)
		}
		back.says(t, "Choose one emoji", `role="alert"`)
		if bad := alive(back.body); bad != "" {
			t.Errorf("it runs %s", bad)
		}
	}
	after := h.sent(path+"/react", "emoji", "🌱", "back", "/me"+anchor(p.ID))
	if after.location != "/me"+anchor(p.ID) {
		t.Errorf("it leads to %s", after.location)
	}
	after.says(t, `<li class="mine"><bdi>🌱</bdi> 1`)
	h.cluster.Settle()
	mine := bob.Home(t)[0]
	if mine.Likes != 1 {
		t.Errorf("bob's has %d likes", mine.Likes)
	}
	h.open(path+"/react").says(t, "Take back 🌱", `aria-pressed="true"`)
	h.sent(path+"/unlike").hides(t, "<bdi>🌱</bdi>")
	for what, p := range map[string]page{"asked for": h.do("GET", "/me/post/99/react", nil), "reacted to": h.submit("/me/post/99/react", "emoji", "🌱")} {
		if p.status != http.StatusNotFound {
			t.Errorf("a post that never was, %s: %d", what, p.status)
		}
	}
}

func TestWhoLikesAndBoosted(t *testing.T) {
	h := newHouse(t)
	h.Post(t, store.Public, "Second sowing")
	mine := h.own()[0]
	path := postPath(mine.ID)
	h.open(path+"/likes").says(t, "Nobody likes this post")
	ann, ben := h.cluster.Stranger("ann"), h.cluster.Stranger("ben")
	h.acts(ann, "Like", mine.URI, nil)
	h.acts(ben, "EmojiReact", mine.URI, map[string]any{"content": "👌"})
	h.acts(ben, "Announce", mine.URI, nil)
	h.open(path).says(t, `href="`+path+`/likes">2<`, `href="`+path+`/boosts">1<`, "<bdi>👌</bdi> 1")
	h.open("/me").hides(t, path+"/likes")
	h.open(path+"/likes").says(t, ">ann<", ">ben<", "<bdi>👌</bdi>", `Likes and reactions <span class="n">2<`)
	boosts := h.open(path + "/boosts")
	boosts.says(t, ">ben<")
	boosts.hides(t, ">ann<")
	if p := h.do("GET", "/me/post/99/likes", nil); p.status != http.StatusNotFound {
		t.Errorf("a post that never was answers %d", p.status)
	}
}

func TestEarlierVersionsOfAPost(t *testing.T) {
	h := newHouse(t)
	h.Post(t, store.Public, "It is cold")
	mine := h.own()[0]
	path := postPath(mine.ID)
	if p := h.do("GET", path+"/edits", nil); p.status != http.StatusNotFound {
		t.Errorf("a post with one version answers %d", p.status)
	}
	h.cluster.Advance(1e9)
	for _, text := range []string{"It is very cold", "It was warm after all"} {
		if _, err := h.Edit(ctx, mine.ID, federation.Draft{Text: text, Markdown: true}); err != nil {
			t.Fatal(err)
		}
		h.cluster.Advance(1e9)
	}
	h.open(path).says(t, `href="`+path+`/edits">Edited twice</a>`)
	h.open(path+"/edits").says(t, "Earlier versions", "It is cold", "It is very cold", "It was warm after all")
}

func TestARefusedVoteMarksThePoll(t *testing.T) {
	h := newHouse(t, "bob")
	h.Follows(t, h.other("bob"))
	path := h.pollOf("bob", federation.PollDraft{Options: []string{"Kale", "Leek"}})
	back := h.submit(path + "/vote")
	if back.status != http.StatusUnprocessableEntity {
		t.Errorf("answered %d", back.status)
	}
	back.says(t, "Choose an answer first.", `aria-describedby="v-`, ">Vote</button>", "Which seed?")
	h.submit(path+"/vote", "choice", "0", "choice", "1").says(t, "Only one answer can be chosen", ` required checked>`)
	h.sent(path+"/vote", "choice", "0")
	h.submit(path+"/vote", "choice", "1").says(t, "You have voted in this poll already.", "<meter")
	refused := h.submit("/me/write", "do", "post", "text", "Which?", "audience", "everyone", "option", "Kale", "lasts", "3600")
	refused.says(t, `id="poll-error"`, "A poll has 2 to 10 answers.")
	refused.hides(t, `id="text-error"`)
}
