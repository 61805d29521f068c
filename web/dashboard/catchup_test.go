package dashboard

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"dassie/assets"
	"dassie/federation/fedtest"
	"dassie/store"
)

// morning is what waits for Alice: Bob and Carol wrote, both boosted Dave, whom
// she does not follow, and Carol boosted Bob.
func morning(t *testing.T) (h *house, bob, carol *fedtest.Server) {
	t.Helper()
	h, bob = reader(t, "carol", "dave")
	carol = h.other("carol")
	h.Follows(t, carol)
	h.writes(bob, "Yesterday's words")
	h.read(h.open("/me"))
	h.cluster.Advance(13 * time.Hour)
	first := h.writes(bob, "Long ago")
	h.cluster.Advance(9 * time.Hour)
	for i := range 3 {
		h.writes(carol, "Carol number "+strconv.Itoa(i))
	}
	at, _ := h.Has(t, first.URI)
	if _, err := h.Like(ctx, at.ID); err != nil {
		t.Fatal(err)
	}
	here, err := carol.Lookup(ctx, first.URI)
	if err != nil {
		t.Fatal(err)
	}
	h.cluster.Advance(time.Second)
	carol.Post(t, store.Public, "An answer to Bob", here.Post.ID)
	daves := h.writes(h.other("dave"), "The words of Dave")
	for _, who := range []*fedtest.Server{bob, carol} {
		for _, p := range []store.Post{daves, first} {
			found, err := who.Lookup(ctx, p.URI)
			if err != nil {
				t.Fatal(err)
			}
			if who == bob && p.ID == first.ID {
				continue
			}
			h.cluster.Advance(time.Second)
			if _, err := who.Boost(ctx, found.Post.ID, store.Public); err != nil {
				t.Fatal(err)
			}
			h.cluster.Settle()
		}
	}
	return h, bob, carol
}

func TestCatchUp(t *testing.T) {
	h, _, _ := morning(t)
	p := h.open("/me/catchup")
	p.says(t, "6 posts since your last visit", "That is everything.", "Mark all as read", "Since your last visit")
	p.inOrder(t, `id="posts"`, "An answer to Bob", "Carol number 2", "Carol number 0", "Long ago", "1 boosted post, each once", "The words of Dave", "Boosted by", "carol", "bob", "That is everything.")
	for _, words := range []string{"The words of Dave", "Long ago", "Carol number 1"} {
		if n := strings.Count(p.body, words); n != 1 {
			t.Errorf("%q is there %d times", words, n)
		}
	}
	p.hides(t, "Yesterday")
	h.read(p).says(t, "Nothing new since")
}

func TestCatchUpChoices(t *testing.T) {
	h, _, _ := morning(t)
	for _, tc := range []struct {
		query string
		want  []string // in this order
		not   []string
	}{
		{"?h=12", []string{"An answer", "Carol number 2", "Long ago", "words of Dave"}, []string{"Yesterday"}},
		{"?h=1", []string{"1 h</a>", "Carol number 0", "That is everything.", "Your last visit was before that."}, []string{"Yesterday", "Mark all as read"}},
		{"?h=24&show=original", []string{"Carol number 2", "Carol number 0", "Long ago"}, []string{"An answer", "words of Dave"}},
		{"?show=replies", []string{"An answer to Bob"}, []string{"Carol number", "words of Dave"}},
		{"?show=boosts", []string{"words of Dave", "Boosted by", "Long ago", "Boosted by"}, []string{"Carol number", "each once"}},
		{"?show=media", []string{"None of the 6 posts is of this kind."}, []string{"That is everything"}},
		{"?by=oldest", []string{"Long ago", "Carol number 0", "Carol number 2", "An answer"}, nil},
		{"?by=boosts", []string{"Long ago", "An answer"}, nil},
		{"?by=likes", []string{"Long ago", "An answer"}, nil},
		{"?group=author", []string{`aria-label="Authors"`, "carol</bdi> <span class=\"n\">4", "bob</bdi> <span class=\"n\">1", "<h2", "carol", "4 posts", "An answer", "<h2", "bob", "1 post", "Long ago", "each once", "words of Dave"}, nil},
		{"?h=7&show=x&by=%3Cb%3E&group=x", []string{"6 posts since your last visit", "An answer"}, []string{"<b>\""}},
	} {
		p := h.open("/me/catchup" + tc.query)
		t.Run(tc.query, func(t *testing.T) {
			p.inOrder(t, tc.want...)
			p.hides(t, tc.not...)
		})
	}
}

// A post leads back to its line, with the choices as they were.
func TestCatchUpAndBack(t *testing.T) {
	h, bob, _ := morning(t)
	_ = bob
	p := h.open("/me/catchup?group=author&by=likes")
	m := regexp.MustCompile(`id="c-(\d+)"><a href="(/me/post/\d+\?from=[^"]+)"`).FindStringSubmatch(p.body)
	if m == nil {
		t.Fatal("no line leads to a post")
	}
	post := h.open(m[2])
	back := "/me/catchup?by=likes&amp;group=author&amp;h=0#c-" + m[1]
	post.says(t, `<a class="back" href="`+back+`"`, "Catch up</a>")
	for _, from := range []string{"//evil.example/me/catchup?", "https://evil.example/", "/me/catchup?#x", "/me", "javascript:alert(1)"} {
		h.open("/me/post/"+m[1]+"?from="+url.QueryEscape(from)).says(t, `<a class="back" href="/me"`)
	}
}

func TestCatchUpWithNothing(t *testing.T) {
	h := newHouse(t)
	p := h.open("/me/catchup")
	p.says(t, "0 posts since", "12 h", "Nothing came into Home in this time.")
	p.hides(t, "That is everything", "Since your last visit", "Mark all as read")
}

// T48: who is blocked is not here either, by post or by boost.
func TestT48_CatchUpHidesTheBlocked(t *testing.T) {
	h, bob, _ := morning(t)
	if err := h.Block(ctx, h.Find(t, bob).ID); err != nil {
		t.Fatal(err)
	}
	p := h.open("/me/catchup")
	p.hides(t, "Long ago", ">bob<")
	p.says(t, "The words of Dave", "An answer to Bob")
}

// The page is bounded, and says so where it is cut.
func TestCatchUpIsBounded(t *testing.T) {
	h, bob := reader(t)
	p := h.writes(bob, "Words")
	at, _ := h.Has(t, p.URI)
	err := h.Store().Write(ctx, func(tx *store.Tx) error {
		for i := range catchUpRows {
			more := at
			more.ID, more.URI = 0, "https://bob.example/"+strconv.Itoa(i)
			if err := tx.InsertPost(&more); err != nil {
				return err
			}
			if err := tx.AddHome(more.ID, false); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	page := h.open("/me/catchup?group=author")
	page.says(t, "2,000 posts since", "There are more: only the newest are here", "That is as far as this page goes.")
	page.hides(t, "That is everything", "Mark all as read")
	t.Logf("%d posts: %d bytes in %v", catchUpRows, len(page.body), time.Since(began))
}

// The map says what the script does, and the other way round.
func TestTheMapOfTheKeysIsTrue(t *testing.T) {
	h := newHouse(t)
	p := h.open("/me/keys")
	p.says(t, "They are switched on", "<kbd>g</kbd> then <kbd>h</kbd>")
	h.sent("/me/settings", "language", "en", "timezone", "UTC").says(t, `data-keys="off"`)
	h.open("/me/keys").says(t, "They are switched off", `data-keys="off"`)
	h.sent("/me/settings", "language", "en", "timezone", "UTC", "keys", "yes").hides(t, "data-keys")

	var mapped []string
	for _, g := range keyMap {
		for _, k := range g.Keys {
			mapped = append(mapped, strings.Join(k.Keys, " "))
			if m := regexp.MustCompile(`; (\S) does the same`).FindStringSubmatch(k.Does); m != nil {
				mapped = append(mapped, m[1])
			}
		}
	}
	done := scriptKeys(t)
	slices.Sort(mapped)
	slices.Sort(done)
	if !slices.Equal(mapped, done) {
		t.Errorf("the map has\n%q, the script does\n%q", mapped, done)
	}
}

// scriptKeys reads the keys out of the script.
func scriptKeys(t *testing.T) (list []string) {
	t.Helper()
	script := string(assets.Static()[assets.StaticPath("app.js")].Body)
	part := func(from, to string) string {
		_, rest, ok := strings.Cut(script, from)
		inside, _, closed := strings.Cut(rest, to)
		if !ok || !closed {
			t.Fatalf("the script has no %q", from)
		}
		return inside
	}
	for _, m := range regexp.MustCompile(`(?m)^\t"?([^\s":])"?: \(\) =>`).FindAllStringSubmatch(part("const keys = {", "\n}"), -1) {
		list = append(list, m[1])
	}
	for _, m := range regexp.MustCompile(`(\w): "/me`).FindAllStringSubmatch(part("const places = {", "}"), -1) {
		list = append(list, "g "+m[1])
	}
	for _, m := range regexp.MustCompile(`keys\.(\w) =`).FindAllStringSubmatch(script, -1) {
		list = append(list, m[1])
	}
	return append(list, "1", "Esc") // 1 to 7 in a loop, Escape before the table
}
