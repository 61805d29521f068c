package dashboard

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"dassie/federation/fedtest"
	"dassie/store"
)

func (h *house) acts(who *fedtest.Stranger, kind, object string, more map[string]any) {
	h.t.Helper()
	a := who.Activity(kind, object)
	for k, v := range more {
		a[k] = v
	}
	who.Send(h.Server, a)
	h.cluster.Settle()
}

func TestInboxGroupsAndPlace(t *testing.T) {
	h := newHouse(t, "bob")
	h.open("/me/inbox").says(t, "Nothing here yet.")
	h.Post(t, store.Public, "Second sowing of spinach is up")
	mine := h.own()[0]
	var crowd []*fedtest.Stranger
	for i := range 8 {
		crowd = append(crowd, h.cluster.Stranger(fmt.Sprintf("p%d", i)))
	}
	for _, who := range crowd[:7] {
		h.acts(who, "Like", mine.URI, nil)
		h.cluster.Advance(time.Second)
	}
	h.acts(crowd[6], "Announce", mine.URI, nil)
	h.acts(crowd[7], "Announce", mine.URI, nil)
	bob := h.other("bob")
	at, err := bob.Lookup(ctx, mine.URI)
	if err != nil {
		t.Fatal(err)
	}
	bob.Post(t, store.Public, "Put me down for one envelope", at.Post.ID)

	p := h.open("/me/inbox")
	p.says(t, "and 5 others liked your post", "boosted your post", "answered you", "Put me down for one envelope", "Mark all read",
		`Mentions <span class="n">1<`, `Everything <span class="n">10<`, `<a class="bare" href="`+postPath(mine.ID)+`"`)
	p.hides(t, "Read until here")
	for _, form := range []string{"/boost", "/like"} {
		if !strings.Contains(p.body, form+`"`) {
			t.Errorf("the mention has no form to %s", form)
		}
	}
	faces := strings.Count(p.body[:strings.Index(p.body, "others liked")], `class="av s"`) - strings.Count(p.body[:strings.Index(p.body, "boosted your post")], `class="av s"`)
	if faces != 5 {
		t.Errorf("%d faces beside the likes", faces)
	}
	mentions := h.open("/me/inbox?k=mentions")
	mentions.says(t, "Put me down for one envelope")
	mentions.hides(t, "liked your post")

	// What comes while the page is open is not read by pressing its button.
	until := p.form(t, "/me/inbox/read")
	_, until, _ = strings.Cut(until, `name="until" value="`)
	until, _, _ = strings.Cut(until, `"`)
	h.cluster.Advance(time.Minute)
	h.acts(crowd[7], "Like", mine.URI, nil)
	read := h.sent("/me/inbox/read", "until", until, "back", "/me/inbox?k=mentions")
	if read.location != "/me/inbox?k=mentions" {
		t.Errorf("it leads to %s", read.location)
	}
	p = h.open("/me/inbox")
	p.says(t, "Read until here, 12:00", "p7", "liked your post", "and 5 others liked your post", `Everything <span class="n">1<`)
	h.sent("/me/inbox/read").hides(t, "Read until here", "Mark all read")

	// What goes takes its line along.
	if _, err := h.Delete(ctx, mine.ID); err != nil {
		t.Fatal(err)
	}
	h.open("/me/inbox").hides(t, "liked your post", "boosted your post")
}

func TestInboxPagesHoldWholeGroups(t *testing.T) {
	h := newHouse(t)
	var posts []store.Post
	for i := range inboxGroups + 5 {
		h.cluster.Advance(time.Minute)
		posts = append(posts, h.Post(t, store.Public, fmt.Sprintf("Post number %d.", i)))
	}
	a, b := h.cluster.Stranger("ann"), h.cluster.Stranger("ben")
	for _, who := range []*fedtest.Stranger{a, b} {
		for _, p := range posts {
			h.cluster.Advance(time.Second)
			h.acts(who, "Like", p.URI, nil)
		}
	}
	first := h.open("/me/inbox")
	if n := strings.Count(first.body, "liked your post"); n != inboxGroups {
		t.Errorf("the first page has %d lines", n)
	}
	_, older, _ := strings.Cut(first.body, `rel="next" href="`)
	older, _, _ = strings.Cut(older, `"`)
	second := h.open(older)
	if n := strings.Count(second.body, "liked your post"); n != 5 {
		t.Errorf("the second page has %d lines", n)
	}
	for i := range posts {
		text := fmt.Sprintf("Post number %d.", i)
		if n := strings.Count(first.body, text) + strings.Count(second.body, text); n != 1 {
			t.Errorf("%s stands in %d lines", text, n)
		}
	}
	if strings.Contains(first.body+second.body, `<div class="one">`) {
		t.Error("a group was cut in two")
	}
}
