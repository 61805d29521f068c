package dashboard

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"dassie/store"
)

func TestPostInFourAudiences(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.Find(t, h.other("bob"))
	for word, want := range map[string]store.Visibility{"everyone": store.Public, "quiet": store.Unlisted, "followers": store.Followers, "named": store.Direct} {
		text := "Leeks for " + word + " @" + bob.Handle()
		p := h.sent("/me/write", "do", "post", "text", text, "audience", word, "lang", "en", "key", "k-"+word)
		p.says(t, "Leeks for "+word, "Posted.")
		posts := h.own()
		if posts[0].Visibility != want || posts[0].Source != text {
			t.Errorf("%s: stored as %d %q", word, posts[0].Visibility, posts[0].Source)
		}
		if !strings.HasSuffix(p.location, "#p-"+decimal(posts[0].ID)) {
			t.Errorf("%s: led back to %s", word, p.location)
		}
	}
}

func TestDoubleSubmitMakesOnePost(t *testing.T) {
	h := newHouse(t)
	var places []string
	for range 2 {
		places = append(places, h.sent("/me/write", "do", "post", "text", "once", "audience", "everyone", "key", "same").location)
	}
	if len(h.own()) != 1 || places[0] != places[1] {
		t.Errorf("%d posts, at %v", len(h.own()), places)
	}
}

func TestTextIsNeverLost(t *testing.T) {
	h := newHouse(t)
	long := strings.Repeat("seed ", 2000)
	for name, form := range map[string][]string{
		"too long":        {"do", "post", "text", long, "audience", "everyone"},
		"far too long":    {"do", "post", "text", strings.Repeat("leek ", 60000), "audience", "everyone"},
		"nobody named":    {"do", "post", "text", "for whom", "audience", "named"},
		"no audience":     {"do", "post", "text", "to whom", "audience", "the moon"},
		"strange button":  {"do", "explode", "text", "kept", "audience", "everyone"},
		"foreign reply":   {"do", "post", "text", "kept too", "audience", "everyone", "reply", "12345"},
		"foreign edit":    {"do", "post", "text", "kept as well", "audience", "everyone", "edit", "12345"},
		"id of no kind":   {"do", "post", "text", "kept again", "audience", "everyone", "reply", "-4"},
		"longer than all": {"do", "draft", "text", strings.Repeat("bean ", 20000), "audience", "everyone"},
	} {
		p := h.submit("/me/write", form...)
		if p.status < 400 || p.status >= 500 {
			t.Errorf("%s: answered %d", name, p.status)
		}
		if !strings.Contains(p.body, ">"+form[3]+"</textarea>") {
			t.Errorf("%s: the text is not there: %.200s", name, p.body)
		}
		p.says(t, `role="alert"`)
	}
	empty := h.submit("/me/write", "do", "post", "text", "  ", "audience", "everyone")
	if empty.status != http.StatusUnprocessableEntity {
		t.Errorf("an empty post answers %d", empty.status)
	}
	empty.says(t, "Write something first")
	if n := len(h.own()); n != 0 {
		t.Errorf("%d posts were made", n)
	}
}

// An answer that quotes, asks and warns comes back whole from every button that
// does not post it, and from every refusal.
func TestEverythingIsKeptAtOnce(t *testing.T) {
	h := newHouse(t, "bob")
	h.Follows(t, h.other("bob"))
	h.other("bob").Post(t, store.Public, "Frost tonight")
	h.other("bob").Post(t, store.Public, "Thaw by noon")
	home := h.Home(t)
	form := func(do, text string) page {
		return h.submit("/me/write", "do", do, "key", "k7", "text", text, "warning", "Weather", "lang", "nl", "audience", "quiet",
			"reply", decimal(home[0].ID), "quote", decimal(home[1].ID), "quotable", "followers",
			"option", "Kale", "option", "", "option", "Leek", "lasts", "21600", "multiple", "yes", "hide", "yes")
	}
	for what, p := range map[string]page{
		"more answers": form("more", "kept"), "options": form("options", "kept"), "preview": form("preview", "kept"), "Enter": form("", "kept"),
		"no such button": form("explode", "kept"), "too long": form("post", "kept"+strings.Repeat(" leek", 1200)), "preview of too long": form("preview", "kept"+strings.Repeat(" leek", 1200)),
	} {
		for _, kept := range []string{">kept", `name="warning" value="Weather"`, `value="nl" selected`, `value="quiet" checked`, `name="key" value="k7"`,
			`name="reply" value="` + decimal(home[0].ID) + `"`, `name="quote" value="` + decimal(home[1].ID) + `"`, `value="followers" selected`, "Thaw by noon", "Frost tonight",
			`name="option" value="Kale"`, `name="option" value="Leek"`, `value="21600" selected`, `name="multiple" value="yes" checked`, `name="hide" value="yes" checked`, "disclose\" open"} {
			if !strings.Contains(p.body, kept) {
				t.Errorf("%s: %s is lost", what, kept)
			}
		}
	}
	if n := len(h.own()); n != 0 {
		t.Errorf("%d posts were made", n)
	}
	draft := form("draft", "kept").location
	if again := form("draft", "kept").location; again != draft {
		t.Errorf("the same draft saved twice is at %s and %s", draft, again)
	}
	h.open(draft).says(t, ">kept", "Weather", "Kale", "Leek", `value="21600" selected`, `name="hide" value="yes" checked`, "Thaw by noon", "Frost tonight", `value="quiet" checked`)
}

// Enter in a one-line field presses the first button of a form: that must neither
// post nor open fields for more answers.
func TestEnterShowsAPreview(t *testing.T) {
	_, form, ok := strings.Cut(newHouse(t).open("/me/write").body, `<form method="post" action="/me/write"`)
	_, button, found := strings.Cut(form, "<button")
	button, _, _ = strings.Cut(button, ">")
	if !ok || !found || !strings.Contains(button, `value="preview"`) {
		t.Errorf("the first button is %q", button)
	}
}

func TestOptionsAndPreviewKeepTheText(t *testing.T) {
	h := newHouse(t)
	h.submit("/me/write", "do", "options", "text", "half a thought", "audience", "quiet").says(t, "half a thought", `value="quiet" checked`)
	p := h.submit("/me/write", "do", "preview", "text", "**bold**", "audience", "everyone", "warning", "Shouting")
	p.says(t, "<strong>bold</strong>", "**bold**", "Shouting")
	if len(h.own()) != 0 {
		t.Error("a preview was published")
	}
}

func TestReplyEditDelete(t *testing.T) {
	h := newHouse(t, "bob")
	h.Follows(t, h.other("bob"))
	h.other("bob").Post(t, store.Public, "Frost tonight")
	home := h.Home(t)
	if len(home) != 1 {
		t.Fatalf("home has %d posts", len(home))
	}
	parent := postPath(home[0].ID)
	h.open("/me").says(t, "Frost tonight", `href="`+parent+`"`)
	h.open(parent).says(t, "Frost tonight", "@"+h.other("bob").Handle()+" </textarea>")
	h.open("/me/write?reply="+decimal(home[0].ID)).says(t, "<h1>Reply</h1>", "Frost tonight")

	h.sent("/me/write", "do", "post", "text", "The kale is pleased", "audience", "everyone", "reply", decimal(home[0].ID)).says(t, "The kale is pleased")
	h.cluster.Settle()
	mine := h.own()[0]
	if mine.ParentID != home[0].ID {
		t.Errorf("the reply answers %d", mine.ParentID)
	}
	path := postPath(mine.ID)
	h.open(path+"/delivery").says(t, "1 of 1 server accepted it.", h.other("bob").Host)
	h.open("/me/write?edit="+decimal(mine.ID)).says(t, "<h1>Edit post</h1>", "The kale is pleased", "An edit goes to the same people")
	h.sent("/me/write", "do", "post", "text", "The kale is very pleased", "edit", decimal(mine.ID)).says(t, "very pleased", "Edited")

	h.open(path+"/delete").says(t, "Delete this post?", "1 server that holds a copy")
	h.sent(path+"/delete").says(t, "Deleted.", "1 server is being asked")
	if p := h.do("GET", path, nil); p.status != http.StatusNotFound {
		t.Errorf("the deleted post answers %d", p.status)
	}
	for _, tail := range []string{"/delete", "/delivery"} {
		if p := h.do("GET", parent+tail, nil); p.status != http.StatusNotFound {
			t.Errorf("GET %s of bob's post answers %d", tail, p.status)
		}
	}
	if p := h.submit(parent + "/delete"); p.status != http.StatusNotFound {
		t.Errorf("deleting bob's post answers %d", p.status)
	}
}

func TestDrafts(t *testing.T) {
	h := newHouse(t)
	p := h.sent("/me/write", "do", "draft", "text", "On saving seed", "audience", "followers", "warning", "Seeds")
	p.says(t, "On saving seed", "Draft saved", `value="followers" checked`)
	u, err := url.Parse(p.location)
	if err != nil {
		t.Fatal(err)
	}
	id := u.Query().Get("draft")
	h.open("/me/drafts").says(t, "On saving seed")
	h.open("/me").says(t, "Unfinished", "On saving seed")
	h.open("/me/drafts/"+id+"/delete").says(t, "Delete this draft?")
	h.sent("/me/write", "do", "post", "text", "On saving seed, done", "audience", "everyone", "draft", id)
	h.open("/me/drafts").says(t, "No drafts.")

	second, err := url.Parse(h.sent("/me/write", "do", "draft", "text", "Another", "audience", "everyone").location)
	if err != nil {
		t.Fatal(err)
	}
	h.sent("/me/drafts/"+second.Query().Get("draft")+"/delete").says(t, "Draft deleted.", "No drafts.")
}

// Of a server that counts as dead, the page says so, and what will happen.
func TestDeliveryPageNamesDeadServers(t *testing.T) {
	h := newHouse(t, "bob")
	bob := h.other("bob")
	bob.Follows(t, h.Server)
	bob.Misbehave(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	for range 9 {
		h.Post(t, store.Public, "Anybody there?")
		h.cluster.SettleFor(24*time.Hour, 6*time.Hour)
	}
	h.cluster.SettleFor(5*24*time.Hour, 12*time.Hour)
	p := h.Post(t, store.Public, "Still nobody?")
	h.open(postPath(p.ID)+"/delivery").says(t, "Never sent yet.", "Nothing arrived at this server on seven days, so it is left alone",
		"at once when it speaks to us", "one more try in 3 days")
}

// For whom posts usually are is chosen once.
func TestNewPostsAreForWhomTheOwnerSays(t *testing.T) {
	h := newHouse(t)
	own := h.Post(t, store.Public, "A post")
	h.open("/me/settings").says(t, "New posts", `value="everyone" selected`)
	set := h.Settings()
	h.sent("/me/settings", "new_posts", "followers", "covered", "yes", "language", set.Language, "timezone", set.Timezone).says(t, `value="followers" selected`)
	for _, path := range []string{"/me/write", "/me", "/me/write?reply=" + decimal(own.ID)} {
		if body := h.open(path).body; !checkedAudience.MatchString(body) {
			t.Errorf("%s does not offer followers first", path)
		}
	}
	h.sent("/me/settings", "new_posts", "named", "language", set.Language, "timezone", set.Timezone)
	if set := h.Settings(); set.PostVisibility != store.Followers || set.PostSensitive {
		t.Errorf("%+v", set)
	}
}

var checkedAudience = regexp.MustCompile(`name="audience"[^>]*value="followers"[^>]*checked|<option value="followers" selected`)
